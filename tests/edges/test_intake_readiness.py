"""When intake is ready: the record is read each time, and written now and then; a full disk is read as ever."""

import asyncio

from services.intake.readiness import Readiness
from services.records.errors import RecordUnavailable

NEVER_SECONDS = 3600.0
PATIENCE_SECONDS = 30.0


class Disk:
    """A record that can be read and written, or says why not, or hangs; it counts what it was asked."""

    def __init__(self) -> None:
        self.reading = ""
        self.writing = ""
        self.hangs = False
        self.read = 0
        self.written = 0

    async def instant(self) -> None:
        """Read."""
        self.read += 1
        await self._do(self.reading)

    async def require_writable(self) -> None:
        """Write."""
        self.written += 1
        await self._do(self.writing)

    async def _do(self, why_not: str) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if why_not:
            raise RecordUnavailable(why_not)


def _readiness(disk: Disk, *, write_every_seconds: float, read_seconds: float = PATIENCE_SECONDS) -> Readiness:
    return Readiness(
        disk,
        disk.require_writable,
        read_seconds=read_seconds,
        write_seconds=PATIENCE_SECONDS,
        write_every_seconds=write_every_seconds,
    )


async def test_it_writes_at_first_and_then_only_now_and_then() -> None:
    """A transaction each second would cost callers theirs."""
    disk = Disk()
    readiness = _readiness(disk, write_every_seconds=NEVER_SECONDS)

    assert [await readiness.why_not() for _ in range(3)] == [None] * 3
    assert (disk.read, disk.written) == (3, 1)


async def test_a_full_disk_is_told_and_looked_at_each_time_until_there_is_room() -> None:
    """Whoever makes room need not start anything anew."""
    disk = Disk()
    readiness = _readiness(disk, write_every_seconds=NEVER_SECONDS)
    disk.writing = "the disk is full: make room"

    full = [await readiness.why_not() for _ in range(2)]
    disk.writing = ""
    roomy = [await readiness.why_not() for _ in range(2)]

    assert (full, roomy) == (["the disk is full: make room"] * 2, [None] * 2)
    assert disk.written == 3


async def test_what_cannot_be_read_is_not_written() -> None:
    """After an outage it is written at once, not when its turn comes."""
    disk = Disk()
    readiness = _readiness(disk, write_every_seconds=NEVER_SECONDS)
    await readiness.why_not()
    disk.reading = "nobody listens there"

    away = await readiness.why_not()
    disk.reading = ""

    assert (away, await readiness.why_not()) == ("nobody listens there", None)
    assert disk.written == 2


async def test_it_is_written_again_when_its_turn_comes() -> None:
    """The disk fills while nobody calls."""
    disk = Disk()
    readiness = _readiness(disk, write_every_seconds=0)
    assert await readiness.why_not() is None
    disk.writing = "the disk is full: make room"

    assert await readiness.why_not() == "the disk is full: make room"


async def test_what_gave_no_answer_in_time_is_written_as_soon_as_it_does() -> None:
    """After a database was stopped nobody knows whether it can be written."""
    disk = Disk()
    readiness = _readiness(disk, write_every_seconds=NEVER_SECONDS, read_seconds=0.01)
    assert await readiness.why_not() is None
    disk.hangs = True

    silent = await readiness.why_not()
    disk.hangs = False

    assert (silent, await readiness.why_not()) == ("it gave no answer in time", None)
    assert disk.written == 2


async def test_a_record_that_hangs_is_not_waited_for() -> None:
    """A database that is stopped answers nothing, not even no."""
    disk = Disk()
    disk.hangs = True

    assert await _readiness(disk, write_every_seconds=0, read_seconds=0.01).why_not() == "it gave no answer in time"
