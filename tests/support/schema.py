"""Records as older releases made them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from services.records.engine import open_database
from services.records.migrations import __file__ as migrations_file


async def at_revision(url: str, revision: str) -> None:
    """Make a record as the release of that revision had it."""

    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations_file).parent))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    database = open_database(url)
    async with database.engine.begin() as connection:
        await connection.run_sync(upgrade)
    await database.aclose()
