"""Which schema this release needs, whether a database has it, and the one way to bring it there.

Expand, migrate, contract: a step only adds, and what it replaces goes in a later release. So a release may run on the
schema of the next one, while its processes are replaced one by one; the database says how old a release may be.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text

from services.records import (  # noqa: F401 - their tables are part of the schema
    tables_articles,
    tables_closures,
    tables_problems,
    tables_signals,
)
from services.records.engine import Database, Timeouts, open_database, sqlite_path, url_of
from services.records.errors import RecordFailed, SchemaMissing
from services.records.faults import MIGRATE, spoken_plainly

SCHEMA = "0006"
"""The newest step. Revisions are numbers of four digits, so that older and newer can be told without their files."""
OLDEST_SCHEMA = "0001"
"""A release that knows no newer step than this one may run beside this one, on its schema.

Raised with a step that takes away what such a release uses. Kept in `meta`, where older releases find it.
"""

_MIGRATION_LOCK = 0x666F_6C6C_6F77
"""Two processes never migrate one database at a time. The key is arbitrary and never changes."""
_OLDEST = text("SELECT value FROM meta WHERE name = 'oldest_schema'")
_KEEP_OLDEST = text("""
INSERT INTO meta (name, value) VALUES ('oldest_schema', :oldest) ON CONFLICT (name) DO UPDATE SET value = excluded.value
""")
_PATIENT = Timeouts(
    lock_seconds=60, busy_seconds=60, statement_seconds=3600, idle_in_transaction_seconds=3600, pool_seconds=60
)


async def migrate(url: str) -> str:
    """Bring the database to this release's schema, creating a SQLite file and its folder; return the revision."""
    path = sqlite_path(url_of(url))
    if path is not None:
        with spoken_plainly():
            path.parent.mkdir(parents=True, exist_ok=True)
    database = open_database(url, timeouts=_PATIENT)
    try:
        with spoken_plainly():
            async with database.engine.begin() as connection:
                await connection.run_sync(_upgrade)
    finally:
        await database.aclose()
    return SCHEMA


def require_folder(url: str) -> None:
    """Raise `RecordFailed` unless the folder of a SQLite record is there."""
    path = sqlite_path(url_of(url))
    if path is not None and not path.parent.is_dir():
        raise RecordFailed(f"there is no folder {str(path.parent)!r}: make it, or correct the path")


async def schema_of(url: str) -> str | None:
    """Find the schema of a database; none when it has none of the record's tables, or there is no file."""
    path = sqlite_path(url_of(url))
    if path is not None and not path.exists():
        return None
    database = open_database(url)
    try:
        with spoken_plainly():
            async with database.reading.connect() as connection:
                return await connection.run_sync(_revision)
    finally:
        await database.aclose()


async def require_schema(database: Database) -> None:
    """Raise `SchemaMissing`, which says the command to run, unless this release can run on the database's schema.

    It can on its own, and on a newer one that takes nothing away from it.
    """
    path = sqlite_path(database.engine.url)
    with spoken_plainly():
        if path is not None and not path.exists():
            raise SchemaMissing(f"{str(path)!r} is not there yet: {MIGRATE}")
        async with database.reading.connect() as connection:
            found = await connection.run_sync(_revision)
            oldest = None if found is None or found <= SCHEMA else await connection.scalar(_OLDEST)
    if found is None:
        raise SchemaMissing(f"the database has none of the record's tables: {MIGRATE}")
    if found < SCHEMA:
        raise SchemaMissing(f"the record has schema {found}, this release needs {SCHEMA}: {MIGRATE}")
    if found > SCHEMA and (oldest is None or oldest > SCHEMA):
        raise SchemaMissing(
            f"the record has schema {found} of a newer release, this one knows {SCHEMA}: "
            f"deploy that release; its `followthrough migrate` was run here"
        )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    found = _revision(connection)
    if found is not None and found > SCHEMA:
        raise SchemaMissing(
            f"the record has schema {found} of a newer release, this one knows {SCHEMA}: use that release"
        )
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.execute(_KEEP_OLDEST, {"oldest": OLDEST_SCHEMA})
