"""The schema: what a process says when it is not there, and that migrations make exactly what the models say."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from services.records import (
    ClockMismatch,
    Named,
    RealClock,
    Records,
    RecordUnavailable,
    ScaledClock,
    SchemaMissing,
    connect,
    migrate,
)
from services.records.engine import open_database
from services.records.faults import meaning_of
from services.records.migrations import __file__ as migrations_file
from services.records.schema import SCHEMA
from services.records.tables import Base
from services.settings import Settings
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.databases import Cluster
from tests.support.record import Outsider, a_policy, an_opening
from tests.support.schema import at_revision


async def test_record_that_is_not_there_says_which_command(tmp_path: Path) -> None:
    """A SQLite file is made by migrating, never by looking for it."""
    path = tmp_path / "var" / "record.sqlite3"

    with pytest.raises(SchemaMissing, match="run `followthrough migrate`"):
        await connect(f"sqlite:///{path}", RealClock())
    assert not path.parent.exists()

    assert await migrate(f"sqlite:///{path}") == SCHEMA
    async with await connect(f"sqlite:///{path}", RealClock()) as records:
        await records.record.open_ticket(a_policy(), an_opening())


@pytest.mark.parametrize("folder", ["what?", "mode=ro&a", "#1", "50%", "a%20b", "ü b"])
async def test_folder_of_any_name_keeps_the_record(tmp_path: Path, folder: str) -> None:
    """The embedded record is where `var_dir` says, and not where a URL's signs would put it."""
    settings = Settings(var_dir=tmp_path / folder)

    await migrate(settings.record_url)
    async with await connect(settings.record_url, RealClock()) as records:
        await records.record.open_ticket(a_policy(), an_opening())

    assert (tmp_path / folder / "record.sqlite3").exists()


async def test_database_without_tables_says_which_command(empty_postgresql_url: str) -> None:
    """An empty database is no record; two processes that migrate it at once do it once."""
    with pytest.raises(SchemaMissing, match="none of the record's tables: run `followthrough migrate`"):
        await connect(empty_postgresql_url, RealClock())

    await asyncio.gather(*(migrate(empty_postgresql_url) for _ in range(3)))

    async with await connect(empty_postgresql_url, RealClock()) as records:
        await records.record.open_ticket(a_policy(), an_opening())


async def test_migrating_twice_changes_nothing(record_url: str, records: Records) -> None:
    """What is there stays there."""
    await records.record.open_ticket(a_policy(), an_opening())

    await migrate(record_url)

    assert (await records.queries.ticket("t-0001")).reference == "R-0001"


async def test_older_schema_says_which_command(record_url: str) -> None:
    """A process never starts on a schema that lacks what it needs."""
    await Outsider(record_url).run("UPDATE alembic_version SET version_num = '0000'")

    with pytest.raises(
        SchemaMissing, match=f"has schema 0000, this release needs {SCHEMA}: run `followthrough migrate`"
    ):
        await connect(record_url, RealClock())


@pytest.mark.parametrize(
    "kept",
    ["UPDATE meta SET value = '9998' WHERE name = 'oldest_schema'", "DELETE FROM meta WHERE name = 'oldest_schema'"],
    ids=["takes something away", "says nothing"],
)
async def test_newer_schema_asks_for_the_newer_release(record_url: str, kept: str) -> None:
    """A process never starts on a schema that takes away what it needs, and never migrates one it does not know."""
    outsider = Outsider(record_url)
    await outsider.run("UPDATE alembic_version SET version_num = '9999'")
    await outsider.run(kept)

    with pytest.raises(SchemaMissing, match=f"has schema 9999 of a newer release, this one knows {SCHEMA}"):
        await connect(record_url, RealClock())
    with pytest.raises(SchemaMissing, match="newer release"):
        await migrate(record_url)


async def test_newer_schema_that_only_adds_is_run_on(record_url: str) -> None:
    """Rolling deploys: migrated first, then one process after the other; one of the old ones may still start."""
    outsider = Outsider(record_url)
    await outsider.run("UPDATE alembic_version SET version_num = '9999'")
    await outsider.run(f"UPDATE meta SET value = '{SCHEMA}' WHERE name = 'oldest_schema'")  # noqa: S608 - a revision
    await outsider.run("ALTER TABLE outbox ADD COLUMN unforeseen TEXT")

    async with await connect(record_url, RealClock()) as records:
        await records.record.open_ticket(a_policy(), an_opening())
    with pytest.raises(SchemaMissing, match="newer release"):
        await migrate(record_url)


async def test_record_of_the_first_release_keeps_what_it_has(empty_url: str, story_clock: StoryClock) -> None:
    """0001 to this one: the outbox's rows are still pending, as new ones are, and an old process may insert more."""
    await at_revision(empty_url, "0001")
    outsider = Outsider(empty_url)
    refuse_new = f"has schema 0001, this release needs {SCHEMA}: run `followthrough migrate`"
    with pytest.raises(SchemaMissing, match=refuse_new):
        await connect(empty_url, story_clock)
    await outsider.run(f"INSERT INTO tickets ({', '.join(A_TICKET)}) VALUES ({', '.join(A_TICKET.values())})")  # noqa: S608 - a test's own words
    message = "INSERT INTO outbox (ticket_id, sequence, kind, audience, recipient, recorded_at) VALUES "
    noon = "'2026-11-23T12:00:00.000000Z'"
    await outsider.run(f"{message} ('t-0001', 1, 'opened', 'customer', 'c-1', {noon})")

    assert await migrate(empty_url) == SCHEMA
    assert await migrate(empty_url) == SCHEMA
    await outsider.run(f"{message} ('t-0001', 2, 'escalated', 'tier', 'desk', {noon})")

    async with await connect(empty_url, story_clock) as records:
        await records.record.open_ticket(a_policy(), an_opening(2))
        assert (await records.queries.figures()).pending_messages == 4
        taken = await records.outbox.take(limit=9, lease_seconds=60)
    assert [(message.ticket_id, message.sequence, message.tries) for message in taken] == [
        ("t-0001", 1, 1),
        ("t-0001", 2, 1),
        ("t-0002", 1, 1),
        ("t-0002", 1, 1),
    ]


A_TICKET = {
    "ticket_id": "'t-0001'",
    "reference": "'R-0001'",
    "status": "'closed'",
    "tier": "'desk'",
    "queue": "'home'",
    "priority": "'normal'",
    "policy": "'round-the-clock'",
    "policy_version": "'an-old-one'",
    "customer_id": "'c-1'",
    "version": "1",
    "sequence": "2",
    "inputs": "1",
    "opened_at": "'2026-11-23T12:00:00.000000Z'",
    "advanced_to": "'2026-11-23T12:00:00.000000Z'",
    "settled_at": "'2026-11-23T12:00:00.000000Z'",
    "state": "'{}'",
    "state_version": "1",
}
"""As the first release stored one, as far as it has to be told."""


async def test_tickets_of_an_older_release_take_contacts(empty_url: str, story_clock: StoryClock) -> None:
    """0004 to this one: what is not closed is found by its customer and subject, of two alike the younger (6.3)."""
    await at_revision(empty_url, "0004")
    outsider = Outsider(empty_url)
    about = A_TICKET | {"state": """'{"subject": "Line down"}'"""}
    for number, status in ((1, "open"), (2, "waiting_on_customer"), (3, "closed")):
        named = {"ticket_id": f"'t-000{number}'", "reference": f"'R-000{number}'", "status": f"'{status}'"}
        ticket = about | named
        await outsider.run(f"INSERT INTO tickets ({', '.join(ticket)}) VALUES ({', '.join(ticket.values())})")  # noqa: S608 - a test's own words
    many = about | {"ticket_id": "'u-' || n", "reference": "'U-' || n", "customer_id": "'d-' || n", "status": "'open'"}
    await outsider.run(
        f"INSERT INTO tickets ({', '.join(many)}) "  # noqa: S608 - a test's own words
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1500) "
        f"SELECT {', '.join(many.values())} FROM numbers"
    )

    await migrate(empty_url)

    async with await connect(empty_url, story_clock) as records:
        for customer, ticket_id in (("c-1", "t-0002"), ("d-1", "u-1"), ("d-1500", "u-1500")):
            found = await records.contacts.find(Named(customer_id=customer, subject="RE: line  down"))
            assert found.ticket_ids == (ticket_id,)


async def test_password_is_not_told(postgresql: Cluster) -> None:
    """A URL in an error text has no password in it."""
    url = postgresql.url("postgres").replace("followthrough@", "followthrough:hunter2@")

    with pytest.raises(SchemaMissing) as missing:
        await connect(url, RealClock())

    assert "hunter2" not in str(missing.value)


async def test_table_that_went_missing_says_which_command(record_url: str, records: Records) -> None:
    """A schema that changes under a running process is told in the same words."""
    outsider = Outsider(record_url)
    await outsider.run("ALTER TABLE total_deltas RENAME TO elsewhere")

    with pytest.raises(SchemaMissing, match="run `followthrough migrate`"):
        await records.record.open_ticket(a_policy(), an_opening())


WITHOUT_MODEL = ("article_words", "ix_events_article")
"""What each database has in a form of its own; the tests of articles use them."""


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index ix_events_article")
async def test_migrations_make_what_the_models_say(record_url: str) -> None:
    """A model that changed without a migration, or the other way round, shows here."""

    def is_compared(_: object, name: str | None, *__: object) -> bool:
        return not (name or "").startswith(WITHOUT_MODEL)

    def differences(connection: Connection) -> list[object]:
        opts = {"compare_type": True, "compare_server_default": True, "include_object": is_compared}
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, Base.metadata))

    database = open_database(record_url)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.aclose()


def test_newest_migration_is_the_one_this_release_needs() -> None:
    """The revision that processes ask for is the last step there is, and steps are numbers of four digits."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations_file).parent))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)

    assert script.get_current_head() == SCHEMA
    assert all(len(step.revision) == 4 and step.revision.isdigit() for step in script.walk_revisions())


async def test_clock_of_another_record_is_refused(record_url: str, story_clock: StoryClock) -> None:
    """A record's instants mean nothing by another clock; before the first ticket any clock will do."""
    fast = ScaledClock(origin=MONDAY_NOON, speed=5000.0)
    async with await connect(record_url, RealClock()):
        pass
    async with await connect(record_url, fast) as records:
        await records.record.open_ticket(a_policy(), an_opening())

    with pytest.raises(ClockMismatch, match="set FOLLOWTHROUGH_CLOCK=scaled:2026-11-23T12:00:00Z:5000,"):
        await connect(record_url, story_clock)
    async with await connect(record_url, ScaledClock(origin=MONDAY_NOON, speed=5000.0)):
        pass


async def test_process_of_another_clock_opens_nothing(record_url: str, story_clock: StoryClock) -> None:
    """A process that connected while the record was empty notices that another clock has taken it since."""
    async with await connect(record_url, RealClock()) as first, await connect(record_url, story_clock):
        with pytest.raises(ClockMismatch):
            await first.record.open_ticket(a_policy(), an_opening())


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("mysql://localhost/x", "database 'mysql' is not supported"),
        ("no url at all", "cannot be read"),
    ],
)
async def test_url_that_cannot_be_used(url: str, told: str) -> None:
    """A URL that is no record's is told with the remedy."""
    with pytest.raises(ValueError, match=told):
        await connect(url, RealClock())


async def test_server_that_does_not_listen_is_unavailable(unused_tcp_port: int) -> None:
    """No server is a reason to try again, not a crash."""
    with pytest.raises(RecordUnavailable, match="try again"):
        await connect(f"postgresql://nobody@127.0.0.1:{unused_tcp_port}/nothing", RealClock())


def test_a_sqlite_without_full_text_is_told_with_the_remedy() -> None:
    """A Python may come with a SQLite that cannot look for words: the record says so, and what to do."""
    with sqlite3.connect(":memory:") as connection, pytest.raises(sqlite3.OperationalError) as error:
        connection.execute("CREATE VIRTUAL TABLE words USING fts0 (text)")
    lacking = sqlite3.OperationalError(str(error.value).replace("fts0", "fts5"))
    assert str(meaning_of(lacking)) == (
        "the SQLite of this Python has no FTS5: run a Python whose SQLite has it, or use PostgreSQL"
    )
