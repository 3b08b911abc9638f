# Two commands: `make demo` to see it, `make test` to trust it. Both install what they need into .venv.
VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check --quiet

.PHONY: demo install test bench check chaos load lock clean

demo: install
	$(VENV)/bin/signpost demo

install: $(VENV)/.installed

test: $(VENV)/.testable node_modules/.package-lock.json
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/signpost check
	$(PYTHON) -m pytest

# The matcher beside other ways of matching, on the same questions.
bench: $(VENV)/.testable
	$(PYTHON) tests/matching/bench.py

# Evidence, on loopback: 200 concerns a run while processes are killed; and the figures under load. Minutes each.
chaos: $(VENV)/.testable
	$(PYTHON) -m tests.evidence.chaos

load: $(VENV)/.testable
	$(PYTHON) -m tests.evidence.load
	$(PYTHON) -m tests.evidence.slack_load
	$(PYTHON) -m tests.evidence.teams_load

# Hash-pinned, then this folder itself with nothing fetched.
$(VENV)/.installed: requirements.lock pyproject.toml
	python3 -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	touch $@

$(VENV)/.testable: $(VENV)/.installed tests/requirements.lock
	$(PIP) install --require-hashes -r tests/requirements.lock
	touch $@

# The Slack that the tests talk to. It needs Debian's nodejs and npm; without them those tests are skipped and say so.
node_modules/.package-lock.json: package.json package-lock.json
	if command -v npm >/dev/null; then npm ci --ignore-scripts --no-audit --no-fund --silent && touch $@; \
	else echo "npm is not installed: the tests that talk to Slack will be skipped"; fi

# The locks name no address; --universal keeps them good for every Python and platform we support.
UV := $(PYTHON) -m uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command "make lock" --quiet
lock: install
	$(PIP) install uv==0.13.9
	$(UV) --extra build --output-file requirements.lock
	$(UV) --extra test --constraint requirements.lock --output-file tests/requirements.lock

clean:
	rm -rf $(VENV) node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
