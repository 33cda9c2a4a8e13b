"""The bare transaction: a settle's own statements, heard once from the driver and run again with other ids.

Nothing here knows the statements. A record says them while it opens and acknowledges one ticket; whatever carries that
ticket's ids is then written anew, so that a replay writes the very same rows, with no judge, no codec and no pool. It
goes statement by statement, as the drivers offer it: on SQLite the record itself changes threads less often.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import aiosqlite
from sqlalchemy import event
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from services.records import Records


class Statement(NamedTuple):
    """What the driver was told."""

    text: str
    values: Sequence[Any]
    is_many: bool = False
    """Whether the values are many rows."""


Script = tuple[Statement, ...]
"""All statements of one opening or one acknowledgement, begin and commit among them."""
Run = Callable[[Script], Awaitable[None]]


def with_ids(script: Script, ids: Mapping[str, str]) -> Script:
    """The same script about another ticket: each of these texts, wherever it occurs, becomes the other."""

    def anew(value: Any) -> Any:  # noqa: ANN401 - whatever a driver takes
        if isinstance(value, str):
            for old, new in ids.items():
                value = value.replace(old, new)
        elif isinstance(value, bytes):
            for old, new in ids.items():
                value = value.replace(old.encode(), new.encode())
        elif isinstance(value, tuple | list):
            return tuple(map(anew, value))
        return value

    return tuple(statement._replace(values=anew(statement.values)) for statement in script)


@asynccontextmanager
async def hearing(records: Records) -> AsyncIterator[Callable[[], Awaitable[Script]]]:
    """A way to ask what that record's driver was told since it was asked last, in order."""
    heard: list[Statement] = []
    # Every connection is made anew, so that none is deaf.
    await records.database.engine.dispose()
    engine = records.database.engine.sync_engine
    if records.database.is_sqlite:
        event.listen(engine, "do_connect", _listening_sqlite(heard))
    else:
        event.listen(engine, "checkout", _listening_postgresql(heard))

    async def since() -> Script:
        await asyncio.sleep(0)  # asyncpg tells in a later turn of the loop
        script = tuple(heard)
        heard.clear()
        return script

    yield since


def _listening_sqlite(heard: list[Statement]) -> Callable[..., None]:
    class Listening(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401 - as sqlite3 has it
            heard.append(Statement(sql, parameters))
            return super().execute(sql, parameters)

        def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:  # noqa: ANN401 - as sqlite3 has it
            heard.append(Statement(sql, parameters, is_many=True))
            return super().executemany(sql, parameters)

        def commit(self) -> None:
            heard.append(Statement("COMMIT", ()))
            super().commit()

    def connect(_dialect: object, _entry: object, _arguments: object, options: dict[str, Any]) -> None:
        options["factory"] = Listening

    return connect


def _listening_postgresql(heard: list[Statement]) -> Callable[..., None]:
    def hear(query: Any) -> None:  # noqa: ANN401 - asyncpg has no types
        heard.append(Statement(query.query, query.args))

    def checkout(connection: Any, _entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:  # noqa: ANN401 - the dialect's own adapter, untyped
        connection.driver_connection.add_query_logger(hear)

    return checkout


@asynccontextmanager
async def replaying(records: Records, clients: int) -> AsyncIterator[Sequence[Run]]:
    """A way to run scripts for each client, on connections that this record set up and keeps out of its pool."""
    async with AsyncExitStack() as held:

        async def connection() -> Any:  # noqa: ANN401 - either driver's
            pooled = await held.enter_async_context(records.database.engine.connect())
            return (await pooled.get_raw_connection()).driver_connection

        if records.database.is_sqlite:
            # One writer at a time, whoever asks: one connection is all that is of use.
            yield [_on_sqlite(await connection(), asyncio.Lock())] * clients
        else:
            yield [_on_postgresql(await connection()) for _ in range(clients)]


def _on_postgresql(driver: Any) -> Run:  # noqa: ANN401 - asyncpg has no types
    async def run(script: Script) -> None:
        for text, values, _ in script:
            if values:
                await driver.fetch(text, *values)
            else:
                await driver.execute(text)

    return run


def _on_sqlite(driver: aiosqlite.Connection, queue: asyncio.Lock) -> Run:
    async def run(script: Script) -> None:
        async with queue:
            for text, values, is_many in script:
                if is_many:
                    await driver.executemany(text, values)
                else:
                    await driver.execute_fetchall(text, values)

    return run
