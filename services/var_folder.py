"""The folder of everything embedded: one `followthrough up` at a time, and nothing in it that is in the way.

Looks, and says in one line what is wrong; deletes nothing. What is in the files is for those to judge who read them.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from services.process import CannotStart
from services.settings import RECORD_FILE, SettingsError, broken

LOCK = "up.lock"
"""One `up` at a time; in it is the number of the process that holds it, or held it last."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
BLOCK_BYTES = 4096
LONGEST_PATH_BYTES = 480
"""SQLite opens no file whose path is longer than 511 bytes, and names files beside it."""


@contextmanager
def alone_on(folder: Path) -> Iterator[None]:
    """Make the folder and hold its lock: the system lets go of it however this process ends.

    Raises `SettingsError` when it cannot be used, `CannotStart` when another uses it.
    """
    try:
        _require_usable(folder)
        lock = (folder / LOCK).open("a+b", buffering=0)
    except OSError as error:
        raise unusable(folder, error) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n".encode())
        except BlockingIOError:
            lock.seek(0)
            raise CannotStart(
                f"`followthrough up` runs on {str(folder)!r} already, as process "
                f"{lock.read().decode(errors='replace').strip() or 'unknown'}: "
                "stop it, or set FOLLOWTHROUGH_VAR_DIR to another folder"
            ) from None
        except OSError as error:
            raise unusable(folder, error) from None
        yield


def require_whole_record(folder: Path) -> None:
    """See that no file is missing without which SQLite would throw away what another holds of the record."""
    record = folder / RECORD_FILE
    log = record.with_name(f"{record.name}-wal")
    if not record.exists() and log.exists() and log.stat().st_size:
        raise broken(
            "var_dir",
            folder,
            f"{log.name!r} is in it, the last of a record, but {record.name!r} is not: put that back beside it, "
            "or take the first away to begin an empty record",
        )


def unusable(folder: Path, error: OSError) -> SettingsError:
    """Say why the folder, or what is in it, cannot be used."""
    why = (error.strerror or "it cannot be used").lower()
    named = Path(str(error.filename)) if error.filename else folder
    if error.errno in FULL:
        return broken("var_dir", folder, "the disk is full: make room")
    if isinstance(error, FileExistsError):
        what = "a link that leads nowhere" if named.is_symlink() else "no folder"
        return broken("var_dir", folder, f"it is {what}: name a folder that can be written")
    if named.parent == folder and named.exists():
        return broken("var_dir", folder, f"{named.name!r} in it: {why}: see who owns it")
    return broken("var_dir", folder, f"{why}: name a folder that can be written")


def _require_usable(folder: Path) -> None:
    if len(os.fsencode(folder.absolute())) > LONGEST_PATH_BYTES:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder, buffering=0) as trial:
        trial.write(b"0" * BLOCK_BYTES)
