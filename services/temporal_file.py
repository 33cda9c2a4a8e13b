"""The embedded Temporal server's file: whether it can be used, and what becomes of one that cannot.

It holds timers only. What they are for is in the record, from which they are made anew; so it is set aside, not
mended, and never deleted.
"""

import logging
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

logger = logging.getLogger(__name__)

NAME = "temporal.sqlite3"
BESIDE = ("", "-wal", "-shm")
"""What SQLite keeps beside a file, by the ending of its name."""
BUSY_SECONDS = 1.0
_DAMAGES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FIRST_TABLE = "namespaces"
"""All of the server's tables are made in one transaction; when it dies before, it never makes them."""


def is_there(folder: Path) -> bool:
    """Whether a server has been here before."""
    return (folder / NAME).exists()


def why_unusable(folder: Path, *, is_thorough: bool = False) -> str | None:
    """Say why a server could not work on its file, none when nothing is against it. Raises `OSError`.

    Thorough: all of it is read, which takes about a second for a hundred megabytes.
    """
    file = folder / NAME
    if not is_there(folder):
        return None
    for name in (file.with_name(file.name + ending) for ending in BESIDE):
        if name.exists():
            with name.open("r+b"):  # who may not write it is told so, in the system's words
                pass
    try:
        return _fault(file, is_thorough=is_thorough)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in _DAMAGES:  # somebody looks into it, say: that is no fault of the file
            return None
        return f"it is damaged ({error.sqlite_errorname})"


def set_aside(folder: Path, why: str) -> Path:
    """Rename the file and what is beside it, and say so; its new name."""
    file = folder / NAME
    aside = file.with_name(f"{NAME}.aside-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    for ending in BESIDE:
        if (part := file.with_name(file.name + ending)).exists():
            part.replace(aside.with_name(aside.name + ending))
    logger.warning(
        "temporal's file is set aside, the timers are made anew from the record",
        extra={"file": str(file), "why": why, "aside": str(aside)},
    )
    return aside


def _fault(file: Path, *, is_thorough: bool) -> str | None:
    # Only read: whoever is the last to close a file that may be written cleans up beside it.
    connection = sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    try:
        tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (_FIRST_TABLE,)).fetchall()
        if not tables:
            return "it is empty" if not file.stat().st_size else "it has none of the server's tables"
        if is_thorough and connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            return "it is damaged"
    finally:
        connection.close()
    return None
