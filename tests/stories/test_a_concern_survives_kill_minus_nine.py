"""Once a teacher has a reference, the DSL will be told, whatever happens to the machine."""

from __future__ import annotations

from pathlib import Path

from tests.channels.school import WORDS, Demo, Page, serving


async def test_a_concern_survives_kill_minus_nine(tmp_path: Path) -> None:
    with Demo(tmp_path / "data") as demo:
        async with Page.open(demo.url) as page:
            reference = await page.seat("teacher").logs_a_concern()
            demo.kill()

        demo.start()
        async with Page.open(demo.url) as page:
            alert = await page.seat("dsl").is_told(reference)
            assert "acknowledged" in alert.text
            assert (await page.seat("dsl").presses("Open")).titles[0].startswith(reference)


async def test_what_the_dsl_had_been_shown_is_there_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as school, Page.open(school.url) as page:
        reference = await page.seat("teacher").logs_a_concern()
        await page.seat("dsl").is_told(reference)

    async with serving(tmp_path) as school, Page.open(school.url) as page:
        alert = await page.seat("dsl").is_told(reference)
        assert WORDS.acknowledge_button in alert.labels
        assert len(page.seat("dsl").pane) == 1


async def test_what_was_acknowledged_before_is_still_acknowledged(tmp_path: Path) -> None:
    async with serving(tmp_path) as school, Page.open(school.url) as page:
        await page.seat("teacher").logs_a_concern()
        await page.seat("dsl").is_told("TA-")
        await page.seat("dsl").presses(WORDS.acknowledge_button)
        await page.seat("teacher").is_told("has been seen")

    async with serving(tmp_path) as school, Page.open(school.url) as page:
        alert = await page.seat("dsl").is_told(WORDS.alert_acknowledged_by)
        assert WORDS.acknowledge_button not in alert.labels
