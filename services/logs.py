"""Logs as facts with fields, for a person or a log store. Refuses to write the text of an exception.

A fact is written with the standard library alone: `logger.info("ticket opened", extra={"ticket_id": …})`. Drivers
put customers' names into exception texts, so an exception is shown as its type and where it was raised, no more; and
into what they tell of their work, so they are not heard at all.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TextIO

from services.settings import LogFormat, LogLevel

Field = str | int | float | bool | None

LIBRARIES = ("aiosqlite", "alembic", "asyncio", "asyncpg", "grpc", "sqlalchemy", "temporalio")
"""Heard from warning on, however much of our own is wanted: below that they write down what passes through them."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure(level: LogLevel, log_format: LogFormat, stream: TextIO | None = None) -> None:
    """Write every fact to `stream` (default: standard error), in place of whatever was configured before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFacts() if log_format is LogFormat.JSON else TextFacts())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))


class TextFacts(logging.Formatter):
    """One line for a person: time, severity, the fact, its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one fact."""
        fields = " ".join(f"{name}={_quoted(value)}" for name, value in _fields(record))
        line = f"{_written_at(record):%H:%M:%S.%f}"[:-3] + f" {record.levelname.lower():7} {_one_line(record)}"
        return f"{line}  {fields}" if fields else line


class JsonFacts(logging.Formatter):
    """One JSON object a line: `at` (UTC), `level`, `logger`, `fact`, then its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one fact."""
        own = {
            "at": _written_at(record).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "fact": record.getMessage(),
        }
        return json.dumps(dict(_fields(record)) | own, ensure_ascii=False)


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, Field]]:
    for name, value in vars(record).items():
        if name not in _STANDARD and not name.startswith("_"):
            if isinstance(value, datetime):
                yield name, value.isoformat()
            elif value is None or isinstance(value, str | int | float | bool):
                yield name, value
    if record.exc_info and record.exc_info[1] is not None:
        yield "error", " from ".join(_causes(record.exc_info[1]))


def _causes(error: BaseException) -> Iterator[str]:
    """Name an exception and what it came from: types and places, never texts."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        frames = traceback.extract_tb(following.__traceback__)
        place = f"{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else "unknown place"
        yield f"{type(following).__module__}.{type(following).__qualname__} at {place}"
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _written_at(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _one_line(record: logging.LogRecord) -> str:
    return " ".join(record.getMessage().splitlines())


def _quoted(value: Field) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or any(char in text for char in ' "=\n\r\t') else text
