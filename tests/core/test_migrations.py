"""The tables that migrations make are the tables that the ledger speaks to."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, insert, inspect, select

import bot.ledger
from bot.ledger import tables


@pytest.fixture
async def migrated(ledger, database):
    """A connection to a file that has been brought up to date and let go."""
    await ledger.close()
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="session")
def scripts():
    config = Config()
    config.set_main_option("script_location", str(Path(bot.ledger.__file__).parent / "migrations"))
    return ScriptDirectory.from_config(config)


def test_the_head_of_the_migrations_is_what_the_ledger_speaks_to(migrated):
    context = MigrationContext.configure(migrated, opts={"compare_type": True, "compare_server_default": True})
    assert compare_metadata(context, tables.metadata) == []


def test_constraints_and_indexes_have_the_names_that_the_tables_give_them(migrated):
    found = inspect(migrated)
    for table in tables.metadata.tables.values():
        assert {index["name"] for index in found.get_indexes(table.name)} == {index.name for index in table.indexes}
        named = {found.get_pk_constraint(table.name)["name"]}
        named |= {one["name"] for one in found.get_unique_constraints(table.name)}
        named |= {one["name"] for one in found.get_foreign_keys(table.name)}
        assert named == {constraint.name for constraint in table.constraints if constraint.name}


def test_there_is_one_head_and_one_way_to_it(scripts):
    (head,) = scripts.get_heads()
    way = [script.revision for script in scripts.walk_revisions()]
    assert way[0] == head
    assert all(not script.is_branch_point and not script.is_merge_point for script in scripts.walk_revisions())


def test_a_new_file_is_at_the_head(migrated, scripts):
    assert MigrationContext.configure(migrated).get_current_heads() == tuple(scripts.get_heads())


async def test_opening_again_keeps_what_is_there(school, ledger, another_ledger):
    ref = await school.log()
    await ledger.close()
    again = await another_ledger()
    assert (await again.concern(school.id(ref))).reference == ref


async def test_two_who_open_a_new_file_at_once_both_get_it(another_ledger, tmp_path):
    both = await asyncio.gather(*(another_ledger(tmp_path / "new.db") for _ in range(2)))
    for ledger in both:
        await ledger.ping()


async def test_the_file_is_durable(ledger, database):
    pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    async with ledger._engine.connect() as connection:
        found = {name: (await connection.exec_driver_sql(f"pragma {name}")).scalar_one() for name in pragmas}
    assert found == pragmas
    with closing(sqlite3.connect(database)) as other:
        assert other.execute("pragma integrity_check").fetchone() == ("ok",)


async def test_a_time_comes_back_as_it_was_put_and_in_utc(ledger, clock):
    local = clock.now().astimezone(ZoneInfo("Europe/London"))
    async with ledger._engine.begin() as connection:
        await connection.execute(insert(tables.heard).values(event="e", at=local))
        found = (await connection.execute(select(tables.heard.c.at))).scalar_one()
    assert found == clock.now()
    assert found.utcoffset().total_seconds() == 0
