"""The demo page in a real browser: what a teacher and a DSL see, press and type."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.channels.school import ACCOUNT, DEADLINE, LIBRARY, WORDS, Demo

IMAGE = '<img src="x" onerror="document.title=1"><b>bold</b> **stars** [a](javascript:alert(1)) ## x'


class Browser:
    """Somebody at the demo page. `seat` names whose pane they are in."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    # ---- looking

    def open(self, url: str) -> None:
        self.url = url
        self.driver.get(url)
        self.wait(lambda: self.one('[data-role="status"]').get_attribute("data-state") == "up", "a connection")
        self.wait(lambda: self.all('[data-seat="teacher"] [data-post]'), "the welcome")

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        return WebDriverWait(self.driver, DEADLINE, poll_frequency=0.02).until(
            lambda _: condition(), f"never came: {what}"
        )

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """The text under every element that this selects, hidden or not."""
        return self.run(
            "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent).join('\\n')", selector
        )

    def pane(self, seat: str) -> str:
        return self.text(f'[data-seat="{seat}"] .log')

    def newest(self, seat: str) -> str:
        """What the last post of Signpost's in this pane says."""
        return self.run(
            "return [...document.querySelectorAll(arguments[0])].at(-1)?.textContent ?? ''",
            f'[data-seat="{seat}"] .by-signpost[data-post]',
        )

    def focused(self) -> WebElement:
        return self.driver.switch_to.active_element

    # ---- doing

    def show(self, seat: str) -> None:
        self.one(f'[data-tab="{seat}"]').click()

    def say(self, seat: str, words: str) -> str:
        return self.after(
            seat, lambda: self.one(f'[data-seat="{seat}"] [data-role="composer"]').send_keys(words, Keys.ENTER)
        )

    def press(self, seat: str, label: str) -> str:
        return self.after(seat, self.button(seat, label).click)

    def button(self, seat: str, label: str) -> WebElement:
        """The newest button that says this, once it can be pressed."""

        def found() -> WebElement | None:
            buttons = self.all(f'[data-seat="{seat}"] [data-choice]:not([aria-disabled])')
            return next((b for b in reversed(buttons) if b.text == label), None)

        return self.wait(found, f"the button “{label}”")

    def after(self, seat: str, act: Callable[[], object]) -> str:
        """Do this, and wait for what Signpost says to it."""
        selector = f'[data-seat="{seat}"] .by-signpost[data-post]'
        before = len(self.all(selector))
        act()
        self.wait(
            lambda: len(self.all(selector)) > before and not self.all(f'[data-seat="{seat}"] .unsent > *'), "an answer"
        )
        return self.newest(seat)

    def tab_to(self, selector: str) -> WebElement:
        """Press Tab until this has the focus, as somebody without a mouse does."""
        for _ in range(60):
            if self.run("return document.activeElement.matches(arguments[0])", selector):
                return self.focused()
            self.keys(Keys.TAB)
        raise AssertionError(f"Tab never reaches {selector}")

    def keys(self, *keys: str) -> None:
        ActionChains(self.driver).send_keys(*keys).perform()

    def fill(self, values: dict[str, str]) -> None:
        """Fill in the open form."""
        for key, value in values.items():
            inputs = self.all(f'form[data-form] [name="{key}"]')
            if inputs[0].get_attribute("type") == "radio":
                next(each for each in inputs if each.get_attribute("value") == value).click()
            elif inputs[0].get_attribute("type") in {"date", "time"}:
                self.run(
                    "arguments[0].value = arguments[1]", inputs[0], value
                )  # typing depends on the machine's language
            else:
                inputs[0].clear()
                inputs[0].send_keys(value)

    def press_in_dialog(self, label: str) -> None:
        """Found and pressed at once: the dialog may draw its next page at any moment."""
        self.wait(
            lambda: self.run(
                "const found = [...document.querySelectorAll('.private-body [data-choice]')]"
                ".find((button) => button.textContent === arguments[0]); found?.click(); return Boolean(found)",
                label,
            ),
            f"the button “{label}” in the dialog",
        )

    def printed(self) -> list[str]:
        """The text of each sheet that the browser prints."""
        made = self.driver.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})
        return [sheet.extract_text() for sheet in PdfReader(io.BytesIO(base64.b64decode(made["data"]))).pages]

    def submit(self) -> str:
        return self.after("teacher", self.one('form[data-form] button[value="check"]').click)

    def log_a_concern(self, values: dict[str, str] = ACCOUNT) -> str:
        """Log a concern as a teacher does. Gives its reference."""
        self.say("teacher", "log a concern")
        self.press("teacher", WORDS.about_pupils)
        self.fill(values)
        assert WORDS.check_title in self.submit()
        sent = self.press("teacher", WORDS.send_button)
        reference = sent[sent.index("TA-") :][:12]
        self.wait(lambda: reference in self.pane("dsl"), "the alert")
        return reference

    # ---- what the browser noticed

    def complaints(self) -> list[str]:
        """Errors in the console: broken scripts, refused resources, breaches of the page's policy."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in {"SEVERE", "ERROR"}]

    def calls(self) -> set[str]:
        """Every address that the page asked for, or opened a socket to, since this was last asked."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
        return asked | {e["params"]["url"] for e in events if e["method"] == "Network.webSocketCreated"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with Demo(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running


@pytest.fixture
def browser(driver: webdriver.Chrome, demo: Demo) -> Iterator[Browser]:
    """A page just opened. Whatever a test does, nothing may leave this computer and nothing may break."""
    page = Browser(driver)
    page.calls()
    page.complaints()
    page.open(demo.url)
    if WORDS.unfinished_title in page.say("teacher", "home"):  # by the test before
        page.press("teacher", WORDS.throw_away_button)
    yield page
    assert page.complaints() == []
    elsewhere = {call for call in page.calls() if "://127.0.0.1:" not in call and not call.startswith("data:")}
    assert elsewhere == set()


def test_a_question_typed_is_a_page_read(browser: Browser) -> None:
    answer = browser.say("teacher", "its only banter")

    page = LIBRARY.topics["banter"]
    assert page.title in answer
    assert f"From the policy: {page.source}" in answer
    assert browser.all('[data-seat="teacher"] .post:last-child ol li'), "steps are a list"
    assert "its only banter" in browser.pane("teacher")
    assert browser.one('[data-role="practice"]').text == "Practice: nobody is told"


def test_a_number_to_ring_can_be_rung_from_the_page(browser: Browser) -> None:
    browser.say("teacher", "she says she is going to kill herself tonight")

    card = browser.all('[data-seat="teacher"] .card-urgent')[-1]
    links = [link.get_attribute("href") for link in card.find_elements(By.CSS_SELECTOR, "a")]
    assert links[0] == "tel:999"
    assert f"tel:{LIBRARY.school.people.dsl.phone.replace(' ', '')}" in links
    assert card.is_displayed()


def test_triage_can_be_done_with_the_keyboard_alone(browser: Browser) -> None:
    outcomes = [outcome.title for triage in LIBRARY.triages.values() for outcome in triage.outcomes.values()]
    browser.say("teacher", "home")
    browser.tab_to('[data-choice^="triage:"]')
    said = browser.after("teacher", lambda: browser.keys(Keys.ENTER))

    for answer in ("no-danger", "pupils", "unsure", "unsure", "unsure", "unsure", "unsure", "unsure"):
        assert "question" in said
        browser.tab_to(f'.post:last-child [data-choice$=":{answer}"]')
        said = browser.after("teacher", lambda: browser.keys(Keys.SPACE))
        assert browser.run("return document.activeElement !== document.body"), "the focus is not thrown away"

    assert any(title in said for title in outcomes)


def test_several_boxes_of_a_form_are_one_answer(browser: Browser) -> None:
    browser.log_a_concern()
    browser.button("dsl", WORDS.open_button).click()

    browser.press_in_dialog(WORDS.case.more_button)
    browser.press_in_dialog(WORDS.case.restrict_button)
    boxes = browser.wait(lambda: browser.all(".private-body input[type=checkbox]"), "the boxes")
    for box in boxes[1:3]:
        box.click()
    browser.fill({"text": "A parent works here"})
    browser.one('.private-body button[value="check"]').click()
    browser.press_in_dialog(WORDS.open_button)

    people = LIBRARY.school.people
    kept = f"{people.dsl.name}, {people.deputies[0].name}, {people.head.name}: A parent works here"
    browser.wait(lambda: kept in browser.text(".private-body"), "who it is kept to")


def test_a_form_with_an_error_says_where_and_keeps_the_rest(browser: Browser) -> None:
    browser.say("teacher", "log a concern")
    browser.press("teacher", WORDS.about_pupils)
    browser.fill({**ACCOUNT, "happened": "", "date": "2099-01-01"})
    wrong = browser.submit()

    assert "There is a problem" in wrong
    assert WORDS.form_date_ahead in wrong
    assert "summary" in browser.focused().get_attribute("class"), "the focus goes to what is wrong"
    browser.all(".summary a")[0].click()
    assert browser.focused().get_attribute("name") == "happened"
    assert browser.focused().get_attribute("aria-invalid") == "true"
    assert browser.one('[name="child-1"]').get_attribute("value") == ACCOUNT["child-1"]

    browser.fill({"happened": ACCOUNT["happened"], "date": "2026-01-05"})
    check = browser.submit()
    assert WORDS.check_title in check
    assert "not sent yet" in check
    assert ACCOUNT["happened"] in check
    assert "Sent." in browser.press("teacher", WORDS.send_button)


def test_another_child_can_be_added_and_nothing_typed_is_lost(browser: Browser) -> None:
    browser.say("teacher", "log a concern")
    browser.press("teacher", WORDS.about_pupils)
    browser.fill(ACCOUNT)

    browser.after("teacher", browser.one('form[data-form] button[value="another-child"]').click)

    browser.fill({"child-2": "Alex Fenwick, 8C", "child-2-role": "witness"})
    check = browser.submit()
    assert all(
        words in check
        for words in ("Alex Fenwick, 8C", WORDS.form_role_witness, ACCOUNT["child-1"], ACCOUNT["happened"])
    )


def test_a_concern_is_told_acknowledged_and_the_reporter_hears_of_it(browser: Browser) -> None:
    reference = browser.log_a_concern()

    alert = browser.newest("dsl")
    assert reference in alert
    assert "Sam Carter" in alert
    assert "Robin" not in browser.text('[data-side="right"]')
    assert "bag" not in browser.text('[data-side="right"]')

    browser.show("dsl")
    browser.press("dsl", WORDS.acknowledge_button)

    told = browser.wait(
        lambda: "has been seen" in browser.newest("teacher") and browser.newest("teacher"), "that it was seen"
    )
    assert reference in told
    assert LIBRARY.school.people.dsl.name in told
    browser.wait(lambda: WORDS.alert_acknowledged_by in browser.pane("dsl"), "the alert redrawn in its place")
    assert len([p for p in browser.all('[data-seat="dsl"] .card-alert') if reference in p.text]) == 1


def test_open_shows_the_words_and_escape_leaves_nothing(browser: Browser) -> None:
    reference = browser.log_a_concern()
    browser.show("dsl")
    browser.button("dsl", WORDS.open_button).click()

    browser.wait(lambda: browser.all("dialog[open] .card"), "the dialog")
    assert ACCOUNT["child-1"] in browser.text("dialog")
    assert ACCOUNT["happened"] in browser.text("dialog")
    assert WORDS.entry_opened in browser.text("dialog")

    browser.keys(Keys.ESCAPE)

    browser.wait(lambda: not browser.all("dialog[open]"), "the end of the dialog")
    browser.wait(lambda: not browser.all("dialog .card"), "nothing in it")
    left = browser.run(
        "return document.querySelector('dialog').outerHTML + document.querySelector('[data-side=right]').outerHTML"
    )
    for words in (ACCOUNT["child-1"], "Robin", ACCOUNT["happened"], "the bag"):
        assert words not in left
    assert reference in left, "the alert itself still stands"


def test_a_long_chronology_prints_whole_over_many_pages_and_alone(browser: Browser) -> None:
    reference = browser.log_a_concern()
    browser.show("dsl")
    browser.button("dsl", WORDS.open_button).click()
    browser.wait(lambda: browser.all("dialog[open] .card"), "the dialog")
    for nth in range(12):
        browser.press_in_dialog(WORDS.case.note_button)
        browser.wait(lambda: browser.all(".private-body textarea"), "the form")
        browser.fill({"text": f"note-{nth}-begins " + "a long line of a note. " * 25 + f"note-{nth}-ends"})
        browser.one('.private-body button[value="check"]').click()
        browser.press_in_dialog(WORDS.open_button)
        browser.wait(lambda nth=nth: f"note-{nth}-ends" in browser.text(".private-body"), "the note")
    browser.press_in_dialog(WORDS.case.chronology_button)
    title = LIBRARY.say(WORDS.case.chronology_title, reference=reference)
    browser.wait(lambda: title in browser.text(".private-body"), "the chronology")

    sheets = browser.printed()

    paper = " ".join(" ".join(sheets).split())
    assert len(sheets) >= 3
    for part in ("begins", "ends"):
        assert [paper.count(f"note-{nth}-{part}") for nth in range(12)] == [1] * 12
    for nth in range(len(sheets)):
        assert "note-" in sheets[nth], "no sheet is empty"
    assert paper.startswith("Practice: nobody is told")
    for behind in ("Nothing here leaves this computer", WORDS.acknowledge_button, "Only you can see this"):
        assert behind not in paper


def test_words_typed_as_markup_stay_words(browser: Browser) -> None:
    browser.say("teacher", IMAGE)
    browser.log_a_concern({**ACCOUNT, "child-1": IMAGE, "happened": IMAGE})
    browser.show("dsl")
    browser.button("dsl", WORDS.open_button).click()
    browser.wait(lambda: browser.all("dialog[open] .card"), "the dialog")

    assert browser.run("return document.images.length") == 0
    assert browser.run("return document.querySelectorAll('.typed *').length") == 0, "typed text has no elements in it"
    assert browser.run("return document.scripts.length") == 1
    assert browser.driver.title == "Signpost: practice"
    for where in ('[data-seat="teacher"] .bubble', '[data-seat="teacher"] .facts', "dialog .facts"):
        assert IMAGE in browser.text(where), "and is shown as it was typed"
    browser.keys(Keys.ESCAPE)
    browser.wait(lambda: not browser.all("dialog[open]"), "the end of the dialog")


def test_a_pupils_seat_shows_the_kind_card_alone(browser: Browser) -> None:
    browser.run(
        "const s = document.querySelector('.you-are select'); s.value = 'visitor'; s.dispatchEvent(new Event('change'))"
    )

    said = browser.say("visitor", "what is upskirting")

    assert WORDS.outsider_title in said
    assert not browser.all('[data-seat="visitor"] [data-choice]')


@pytest.fixture
def phone(browser: Browser) -> Iterator[Browser]:
    size = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield browser
    browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_nothing_is_wider_than_a_phone(phone: Browser) -> None:
    def fits() -> bool:
        wide = phone.run("return [document.documentElement.scrollWidth, window.innerWidth, document.body.scrollWidth]")
        assert wide == [360, 360, 360]
        return True

    assert fits()
    phone.say("teacher", "W" * 120)
    assert fits()
    phone.say("teacher", "she says she is going to kill herself tonight")
    assert fits()
    phone.say("teacher", "topics")
    assert fits()
    phone.log_a_concern({**ACCOUNT, "happened": "W" * 120})
    assert fits()
    phone.one('[data-segment="right"]').click()
    phone.show("dsl")
    assert fits()
    phone.button("dsl", WORDS.open_button).click()
    phone.wait(lambda: phone.all("dialog[open] .card"), "the dialog")
    assert fits()
    assert phone.run("const d = document.querySelector('.private-body'); return d.scrollWidth <= d.clientWidth")
    phone.keys(Keys.ESCAPE)
    phone.wait(lambda: not phone.all("dialog[open]"), "the end of the dialog")
    phone.one('[data-segment="left"]').click()


def test_a_decision_asks_about_each_child_under_their_name_as_it_was_typed(phone: Browser) -> None:
    markup = '<b onclick="x">Kit</b> **stars** [a](b), 9C'
    second = {"child-2": markup, "child-2-role": "harmed"}
    phone.say("teacher", "log a concern")
    phone.press("teacher", WORDS.about_pupils)
    phone.fill(ACCOUNT)
    phone.after("teacher", phone.one('form[data-form] button[value="another-child"]').click)
    phone.fill(second)
    phone.submit()
    reference = phone.press("teacher", WORDS.send_button).partition("TA-")[2][:9]
    phone.one('[data-segment="right"]').click()
    phone.show("dsl")
    phone.wait(lambda: reference in phone.newest("dsl"), "the alert")
    phone.button("dsl", WORDS.open_button).click()
    phone.press_in_dialog(WORDS.case.more_button)
    phone.press_in_dialog(WORDS.decide_button)
    phone.wait(lambda: phone.all('.private-body [name="harmed_safe-2"]'), "the second child")
    phone.fill({"harmed_safe-1": "yes", "harmed_done-1": "Walked to the nurse"})
    phone.one('.private-body button[value="check"]').click()
    phone.wait(lambda: phone.all(".private-body .summary"), "what is missing")

    said = phone.all(".private-body .of")
    assert [each.text for each in said[:4]] == [ACCOUNT["child-1"]] * 2 + [markup] * 2
    missing = [each.text for each in phone.all(".private-body .summary a")]
    assert missing[0].startswith(f"{markup}: "), "whose answer is missing is said at the top"
    assert not any(line.startswith(ACCOUNT["child-1"]) for line in missing)
    assert not phone.all(".private-body .typed *"), "typed text has no elements in it"
    assert phone.run("const d = document.querySelector('.private-body'); return d.scrollWidth <= d.clientWidth")
    phone.keys(Keys.ESCAPE)
    phone.wait(lambda: not phone.all("dialog[open]"), "the end of the dialog")
    phone.one('[data-segment="left"]').click()


def test_the_page_asks_nobody_but_this_computer(browser: Browser) -> None:
    browser.log_a_concern()

    loaded = browser.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert {f"{browser.url}page/style.css", f"{browser.url}page/app.js"} <= set(loaded)
    assert all(name.startswith((browser.url, "data:")) for name in loaded)
    assert browser.complaints() == []
    calls = browser.calls()
    assert f"{browser.url.replace('http', 'ws')}talk" in calls, "sockets were looked at too"
    assert all("://127.0.0.1:" in call or call.startswith("data:") for call in calls)


def test_what_is_typed_while_the_server_is_away_is_sent_when_it_is_back(
    driver: webdriver.Chrome, tmp_path: Path
) -> None:
    with Demo(tmp_path / "data") as demo:
        browser = Browser(driver)
        browser.open(demo.url)
        demo.kill()
        browser.wait(
            lambda: browser.one('[data-role="status"]').get_attribute("data-state") == "down", "that it is down"
        )
        assert "999" in browser.one('[data-role="status"]').text, "what to do in danger is said at once"

        browser.one('[data-seat="teacher"] [data-role="composer"]').send_keys("its only banter", Keys.ENTER)
        assert "sending…" in browser.pane("teacher"), "it is not called sent"

        demo.port = int(demo.url.rpartition(":")[2].strip("/"))
        demo.start()
        browser.wait(lambda: LIBRARY.topics["banter"].title in browser.newest("teacher"), "the answer")
        assert "sending…" not in browser.pane("teacher")
