"""The demo, served from a folder of the test's own, with one page open on it; a browser; and everything that anybody logs."""

from __future__ import annotations

import io
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import structlog
from selenium import webdriver

from adapters import logs
from adapters.server import Signpost
from tests.channels.school import Page, School, serving

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --window-size=1400,1000"
)


@pytest.fixture(autouse=True)
def never_a_school_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    """A school in these tests goes by the real clock: on a weekday after half past eight it would prove its routes in the middle of a test.

    The proof itself is tested at the bell, by a clock of the test's own.
    """

    async def sleeps(_: Signpost) -> None:
        return None

    monkeypatch.setattr(Signpost, "prove_each_morning", sleeps)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A real browser."""
    binaries = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    missing = [name for name, path in binaries.items() if path is None]
    if missing:
        pytest.skip(f"needs Debian's {' and '.join(missing)}: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = str(binaries["chromium"])
    for flag in (*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=binaries["chromedriver"])
    running = webdriver.Chrome(options=options, service=service)
    yield running
    running.quit()


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    async with serving(tmp_path) as running:
        yield running


@pytest.fixture
async def page(school: School) -> AsyncIterator[Page]:
    async with Page.open(school.url) as opened:
        yield opened


@pytest.fixture
def talkative() -> Iterator[Callable[[], str]]:
    """Everything logged at DEBUG, by anybody."""
    root, before = logging.getLogger(), (logging.getLogger().handlers[:], logging.getLogger().level)
    said = io.StringIO()
    logs.set_up("DEBUG")
    for handler in root.handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(said)
    yield said.getvalue
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()
