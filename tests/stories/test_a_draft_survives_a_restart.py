"""What somebody has begun to write is theirs until they send it or throw it away."""

from __future__ import annotations

from pathlib import Path

from tests.channels.school import ACCOUNT, WORDS, Demo, Page, serving


async def test_a_draft_survives_a_restart(tmp_path: Path) -> None:
    half = {"now": "no", "child-1": "Robin Ashdown, 8B", "said": "“they took it”"}
    with Demo(tmp_path / "data") as demo:
        async with Page.open(demo.url) as page:
            asked_again = await page.seat("teacher").writes_a_concern(half)
            assert {"happened", "images"} <= set(asked_again.faults())
            demo.kill()

        demo.start()
        async with Page.open(demo.url) as page:
            teacher = page.seat("teacher")
            assert WORDS.unfinished_title in teacher.sees, "it is offered, without being asked for"

            form = await teacher.presses(WORDS.carry_on_button)
            assert form.values() == half

            check = await teacher.fills({**half, "child-1-role": "harmed", "happened": "It was taken.", "images": "no"})
            assert check.titles == [WORDS.check_title]
            assert "“they took it”" in check.text


async def test_a_draft_that_was_sent_is_not_offered_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as school, Page.open(school.url) as page:
        await page.seat("teacher").logs_a_concern()

    async with serving(tmp_path) as school, Page.open(school.url) as page:
        teacher = page.seat("teacher")
        assert WORDS.unfinished_title not in teacher.sees
        assert ACCOUNT["child-1"] not in teacher.sees
