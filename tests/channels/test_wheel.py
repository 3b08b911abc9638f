"""What is installed is whole: built into a wheel, put somewhere else and run from there, it works as it does here."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapters", "bot", "intents", "policy_content")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (built,) = folder.glob("signpost-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    options = [
        "--no-deps",
        "--no-index",
        "--no-compile",
        "--disable-pip-version-check",
        "--quiet",
        "--target",
        str(target),
    ]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True, timeout=120)
    return target


def run(installed: Path, folder: Path, code: str, *arguments: str) -> str:
    """What this prints, run in an empty folder with the installed wheel before anything else on the path."""
    bare = {name: value for name, value in os.environ.items() if not name.upper().startswith(("SIGNPOST_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        cwd=folder,
        env={**bare, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_every_file_of_its_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}
    here = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert held == here
    for kind in (
        "policy_content/topics/",
        "policy_content/triage/",
        "intents/phrases/",
        "adapters/web/page/",
        "bot/ledger/migrations/versions/",
    ):
        assert any(name.startswith(kind) for name in held), kind
    assert not any("test" in name for name in held)


_RUN = """
import sys
import bot
from adapters.main import run
print(bot.__file__)
for arguments in (["check"], ["ask", "its only banter"]):
    sys.argv[1:] = arguments
    try:
        run()
    except SystemExit as ended:
        assert not ended.code, ended.code
"""


def test_the_wheel_runs_from_elsewhere(installed: Path, tmp_path: Path) -> None:
    out = run(installed, tmp_path, _RUN)

    assert out.splitlines()[0] == str(installed / "bot" / "__init__.py")
    assert "52 topics" in out
    assert "From the policy" in out
    assert list(tmp_path.iterdir()) == [], "asking leaves nothing behind"


_PRACTISE = """
import asyncio
from pathlib import Path
import aiohttp
from aiohttp import web
from adapters import practice
from adapters.server import Signpost, served
from adapters.shelf import Shelf
from adapters.web.channel import WebChannel
from bot import open_ledger

async def main():
    home = practice.folder(Path("data"))
    shelf = Shelf(None, home, practice.dress)
    channel = WebChannel(shelf.guidance)
    ledger = await open_ledger(f"sqlite+aiosqlite:///{home / 'practice.db'}", practice.vault(home), "TA")
    await ledger.close()
    site = web.Application()
    site.add_routes(channel.routes(None, ledger, lambda: None))
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        for path in ("", "page/style.css", "page/app.js"):
            async with session.get(f"http://127.0.0.1:{runner.addresses[0][1]}/{path}") as got:
                print(got.status, len(await got.text()) > 1000)
    await runner.cleanup()

asyncio.run(main())
"""


def test_the_wheel_makes_its_database_and_serves_its_page(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, _PRACTISE).split("\n")[:3] == ["200 True"] * 3
    assert (tmp_path / "data" / "practice" / "practice.db").stat().st_size > 0
