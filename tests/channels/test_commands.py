"""The `signpost` command as an operator types it, each time as a process of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Self

import pytest
import yaml

from adapters import asking
from bot import Vault, new_master_key
from bot.settings import PREFIX
from intents import load_intents
from tests.channels.school import (
    ACCOUNT,
    COMMAND,
    LIBRARY,
    WORDS,
    environment,
    practice_shelf,
    signpost,
    wait_until,
)

TEXTS = (
    "its only banter",
    "zxcvb qwfpg",
    "she says she is going to kill herself tonight",
    "",
    "naïve 😀\n\ttab",
    "its only banter",
)
OWN_WORDS = [(topic, phrase) for topic in LIBRARY.topics for phrase in load_intents().phrases[topic][:12]]


def batch(*lines: str) -> subprocess.CompletedProcess[str]:
    return signpost("ask", "--batch", "-", typed="".join(f"{line}\n" for line in lines))


def asked(text: str) -> str:
    return json.dumps({"text": text})


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Any]]:
    """One batch of everything: `TEXTS`, then a dozen of every topic's own ways of asking."""
    done = batch(*map(asked, TEXTS), *(asked(phrase) for _, phrase in OWN_WORDS))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---- ask


def test_a_question_gets_its_page_with_no_key_no_database_and_no_trace(tmp_path: Path) -> None:
    done = signpost("ask", "its only banter", data=tmp_path / "data")

    assert done.returncode == 0, done.stderr
    page = LIBRARY.topics["banter"]
    assert done.stdout.strip().startswith(page.title)
    assert f"From the policy: {page.source}" in " ".join(done.stdout.split())
    assert not (tmp_path / "data").exists()


def test_urgent_words_are_led_by_whom_to_ring() -> None:
    done = signpost("ask", "she says she is going to kill herself tonight", "--why")

    assert done.stdout.strip().startswith(f"!! {WORDS.ring_now_title}")
    assert "route: " in done.stdout


def test_asking_nothing_says_how_to_ask() -> None:
    done = signpost("ask")

    assert done.returncode == 2
    assert "--batch" in done.stderr
    assert "what to do" in done.stderr


def test_a_batch_gives_one_line_for_each_in_order(answers: list[dict[str, Any]]) -> None:
    assert [line["text"] for line in answers] == [*TEXTS, *(phrase for _, phrase in OWN_WORDS)]


def test_each_line_has_the_promised_form(answers: list[dict[str, Any]]) -> None:
    for line in answers:
        assert set(line) == {"text", "route", "topics", "shown", "urgent", "micros"}
        assert len(line["topics"]) <= 5
        scores = [topic["score"] for topic in line["topics"]]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        assert all(set(topic) == {"id", "score"} for topic in line["topics"])
        assert {topic["id"] for topic in line["topics"]} <= set(LIBRARY.topics)
        assert len(line["shown"]) in {"answer": {1}, "clarify": {2, 3}, "unknown": {0}}[line["route"]]
        assert line["shown"] == [topic["id"] for topic in line["topics"]][: len(line["shown"])]
        assert type(line["urgent"]) is bool
        assert type(line["micros"]) is int


def test_a_batch_says_what_staff_would_see(answers: list[dict[str, Any]]) -> None:
    assert [line["urgent"] for line in answers[: len(TEXTS)]] == [False, False, True, False, False, False]
    assert answers[0]["shown"] == ["banter"]
    assert len(answers[0]["topics"]) == 5, "the five nearest, whatever the route"
    assert answers[1]["route"] == "unknown"
    for line in answers[:60]:
        route = practice_shelf().guidance().route(line["text"])
        assert (line["route"], line["shown"]) == (route.kind, list(route.shown))


def test_every_question_of_a_batch_is_a_fresh_conversation(answers: list[dict[str, Any]]) -> None:
    assert answers[0] | {"micros": 0} == answers[len(TEXTS) - 1] | {"micros": 0}


def test_every_topic_can_be_reached_in_its_own_words(answers: list[dict[str, Any]]) -> None:
    assert len(LIBRARY.topics) == 52
    own = zip(OWN_WORDS, answers[len(TEXTS) :], strict=True)
    reached = {topic for (topic, _), line in own if topic in line["shown"]}

    assert set(LIBRARY.topics) - reached == set()


def test_a_batch_may_be_a_file_with_empty_lines_and_other_keys(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(
        f'{asked("its only banter")}\n\n  \n{{"id": 7, "text": "upskirting", "gold": ["x"]}}', encoding="utf-8"
    )

    done = signpost("ask", "--batch", file)

    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["its only banter", "upskirting"]


BAD_LINES = {
    "not JSON": "hello",
    "a list": '["text"]',
    "no text": '{"question": "x"}',
    "text that is no text": '{"text": 7}',
    "half a line": '{"text": "x',
    "a nest": "[" * 100_000,
}


@pytest.mark.parametrize("bad", BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_is_named_after_the_good_ones_before_it_were_answered(bad: str) -> None:
    answered = asking.batch(practice_shelf().guidance(), [asked("its only banter"), "", bad, asked("upskirting")])
    assert json.loads(next(answered))["shown"] == ["banter"]

    with pytest.raises(asking.BatchError, match="line 3"):
        next(answered)


def test_a_bad_line_ends_the_batch_with_what_to_do() -> None:
    done = batch(asked("its only banter"), "hello", asked("upskirting"))

    assert done.returncode == 2
    assert "line 2" in done.stderr
    assert "what to do" in done.stderr
    assert "hello" not in done.stderr
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["its only banter"]


def test_a_batch_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "latin.jsonl").write_bytes(b'{"text": "na\xefve"}\n')
    for name, why in (("latin.jsonl", "UTF-8"), ("missing.jsonl", "No such file")):
        done = signpost("ask", "--batch", tmp_path / name)
        assert done.returncode == 2
        assert why in done.stderr


# ---- check, keys, serve


def test_check_finds_the_shipped_content_well() -> None:
    done = signpost("check")

    assert done.returncode == 0, done.stderr
    assert "52 topics" in done.stdout


def test_check_names_file_and_line_of_every_fault(tmp_path: Path) -> None:
    (tmp_path / "topics").mkdir()
    (tmp_path / "topics" / "banter.md").write_text("no front matter\n")
    (tmp_path / "wording.yaml").write_text("practice: x\npractice: y\n")

    done = signpost("check", tmp_path)

    assert done.returncode == 1
    assert "topics/banter.md:1" in done.stderr
    assert "wording.yaml:2" in done.stderr


def test_a_key_that_is_printed_is_a_key_that_is_taken() -> None:
    done = signpost("keys", "new", "autumn-2026")

    assert done.stdout.startswith("autumn-2026:")
    assert can_seal(done.stdout)


def test_no_name_makes_a_key_that_cannot_be_used() -> None:
    for name in ("2026:27", "a,b", "k" * 300):
        done = signpost("keys", "new", name)

        assert done.returncode != 0 or can_seal(done.stdout), name[:20]
        assert "Traceback" not in done.stderr


def can_seal(printed: str) -> bool:
    """Does SIGNPOST_KEYS take this, and can something be sealed and opened with it?"""
    try:
        vault = Vault.from_text(printed)
        wrapped = vault.new_data_key("x/1")
        return vault.open(wrapped, "x/1", "y", vault.seal(wrapped, "x/1", "y", "words")) == "words"
    except ValueError:
        return False


def test_serve_without_a_key_or_people_names_all_that_is_missing_and_makes_nothing(tmp_path: Path) -> None:
    done = signpost("serve", data=tmp_path / "data")

    assert done.returncode == 2
    for missing in ("SIGNPOST_KEYS", "“dsl”", "“deputies”", "“head”", "“chair”", "no chat is connected"):
        assert missing in done.stderr
    assert not (tmp_path / "data").exists(), "least of all a key nobody keeps a copy of"


def test_serve_refuses_content_with_faults_and_keys_that_are_none_in_one_go(tmp_path: Path) -> None:
    (tmp_path / "school.yaml").write_text("name: x\n")

    done = signpost("serve", keys="1:hush-hush", content=tmp_path, data=tmp_path / "data")

    assert done.returncode == 2
    assert "SIGNPOST_KEYS" in done.stderr
    assert "school.yaml" in done.stderr
    assert "hush" not in done.stderr + done.stdout


def test_serve_takes_a_school_with_its_people_named(tmp_path: Path) -> None:
    shipped = yaml.safe_load((Path(__file__).parents[2] / "policy_content" / "school.yaml").read_text(encoding="utf-8"))
    people: dict[str, Any] = {role: {"name": f"A {role}", "phone": "01632 960001"} for role in ("dsl", "head", "chair")}
    people["deputies"] = [{"name": "A deputy", "phone": "01632 960002"}]
    agencies = {
        key: {k: str(v) for k, v in agency.items() if v} | ({"stands": "yes"} if agency.get("stands") else {})
        for key, agency in shipped["agencies"].items()
    }
    school = {**shipped, "review_due": str(shipped["review_due"]), "people": people, "agencies": agencies}
    (tmp_path / "school.yaml").write_text(yaml.safe_dump(school), encoding="utf-8")

    done = signpost("serve", keys=new_master_key("1"), content=tmp_path, data=tmp_path / "data")

    assert done.returncode == 2
    assert "no chat is connected" in done.stderr
    for other in ("nobody is named", "SIGNPOST_KEYS", "content"):
        assert other not in done.stderr


@pytest.mark.parametrize(
    "wrong", [{"port": "hush", "log_level": "hush"}, {"keys_file": "/hush"}], ids=["values", "file"]
)
def test_every_wrong_setting_is_named_and_its_value_is_not_shown(wrong: dict[str, str]) -> None:
    done = signpost("serve", **wrong)

    assert done.returncode == 2
    for name in wrong:
        assert f"{PREFIX}{name.upper()}" in done.stderr
    assert "hush" not in done.stderr
    assert "Traceback" not in done.stderr


# ---- chat


class Chat:
    """`signpost chat` with somebody typing into it."""

    def __init__(self, folder: Path) -> None:
        self.out, self.err, self.read = folder / "chat.out", folder / "chat.err", 0
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [COMMAND, "chat"], stdin=subprocess.PIPE, stdout=out, stderr=err, env=environment(data=folder / "data")
            )

    def __enter__(self) -> Self:
        self.until("teacher> ")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()

    def type(self, line: str, then: str) -> str:
        """Type a line, and wait until this is on the screen. Gives what was printed."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        return self.until(then)

    def until(self, words: str) -> str:
        """What was printed since the last time, up to and with these words."""
        wait_until(lambda: words in self._new() or self.process.poll() is not None, f"“{words}” after:\n{self._new()}")
        new = self._new()
        assert words in new, f"it ended: {self.err.read_text()}"
        end = new.index(words) + len(words)
        self.read += end
        return new[:end]

    def _new(self) -> str:
        return self.out.read_text(encoding="utf-8")[self.read :]


def test_a_whole_concern_can_be_practised_in_a_terminal(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        assert LIBRARY.topics["banter"].title in chat.type("its only banter", "teacher> ")

        asked_first = chat.type("log a concern", "teacher> ")
        assert WORDS.about_title in asked_first
        form = chat.type("1", f"{WORDS.form_now} *")
        assert "not sent" in form
        answers = {
            WORDS.form_now: "no",
            WORDS.form_child.format(number=1): ACCOUNT["child-1"],
            WORDS.form_role.format(number=1): "1",
            WORDS.form_happened: ACCOUNT["happened"],
            WORDS.form_images: "no",
        }
        labels = [
            WORDS.form_now,
            WORDS.form_child.format(number=1),
            WORDS.form_role.format(number=1),
            WORDS.form_happened,
        ]
        labels += [
            getattr(WORDS, f"form_{key}")
            for key in ("said", "date", "time", "where", "known", "done", "told", "images")
        ]
        for label, following in zip(labels, [*labels[1:], "teacher> "], strict=True):
            check = chat.type(answers.get(label, ""), following)
        assert WORDS.check_title in check
        assert ACCOUNT["happened"] in " ".join(check.split())

        sent = chat.type("1", "teacher> ")
        found = sent[sent.index("Your reference is ") :].split()[3]
        alert = sent + ("" if ">>> in the place of: dsl" in sent else chat.until(f"[2] {WORDS.open_button}"))
        assert ">>> in the place of: dsl" in alert
        assert ACCOUNT["child-1"] not in alert[alert.index(">>>") :]

        chat.type("/as dsl", "dsl> ")
        chat.type("1", WORDS.acknowledged_title.format(reference=found))
        chat.until(WORDS.told_title.format(reference=found))
        opened = chat.type("1", WORDS.open_chronology)
        assert ACCOUNT["happened"] in " ".join(opened.split())

        chat.type("/quit", "")
        assert chat.process.wait(20) == 0
        assert "Traceback" not in chat.err.read_text()


def test_the_end_of_the_input_ends_the_chat(tmp_path: Path) -> None:
    done = signpost("chat", typed="its only banter\n/as head\n/as nobody\nhello", data=tmp_path / "data")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Practice: nobody is told")
    assert LIBRARY.topics["banter"].title in done.stdout
    assert "You are now: head" in done.stdout
    assert "There is no such hat" in done.stdout
