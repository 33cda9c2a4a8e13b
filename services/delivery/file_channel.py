"""Files as a channel: one message a line, JSON, in a file for each day. For a desk that sends by means of its own.

A message counts as sent when it is on the disk. A line may be torn where a machine lost its power, and then stands
alone: whoever reads leaves it out, for the message comes again, under the same key. The files hold what customers are
told: they are their owner's to read, and are removed after some days.
"""

import asyncio
import errno
import json
import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from services.delivery.channel import Outcome, Sent, TryAgain
from services.delivery.gathered import Gathered
from services.records.errors import RecordError
from services.records.owed_messages import Behind, OwedMessage
from services.words.words import CannotSayError, Rendered

NAME = "file"
"""What templates call this channel."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FILE = re.compile(r"(\d{4}-\d\d-\d\d)\.jsonl")


class Wording(Protocol):
    """What gives a message its words."""

    async def of(self, message: OwedMessage) -> Rendered:
        """Raises `CannotSayError`, `RecordError`."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


class FileChannel:
    """Implements `Channel`. Any number of processes may write into one folder."""

    def __init__(self, folder: Path, wording: Wording, *, keep_days: int, now: Callable[[], datetime] = _now) -> None:
        """`keep_days` is real time, in whole days; `now` is the real instant, by whose UTC date a file is called."""
        self._folder = folder
        self._wording = wording
        self._keep = timedelta(days=keep_days)
        self._now = now
        self._day: date | None = None
        self._lines = Gathered(self._write)

    async def send(self, message: OwedMessage) -> Outcome:
        """Write it, and see that it is on the disk."""
        try:
            said = await self._wording.of(message)
        except CannotSayError:
            return TryAgain(reason="no_words_here")
        except RecordError:
            return TryAgain(reason="record_away")
        try:
            await self._lines(line_of(message, said))
        except OSError as error:
            reason = "disk_full" if error.errno in FULL else "file_not_written"
            return TryAgain(reason=reason, may_have_been_sent=True)
        return Sent(also=_also(said))

    async def _write(self, lines: Sequence[bytes]) -> list[Exception | None]:
        """Write what several senders wait for, with one flush to the disk."""
        await asyncio.to_thread(self._append, b"".join(lines))
        return [None] * len(lines)

    def _append(self, text: bytes) -> None:
        today = self._now().date()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{today.isoformat()}.jsonl"
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                text = b"\n" + text  # a line that was torn stands alone
            while text:
                text = text[os.write(descriptor, text) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            _flush_folder(self._folder)
        if today != self._day:
            self._forget(today)
            self._day = today

    def _forget(self, today: date) -> None:
        oldest = (today - self._keep).isoformat()
        for path in self._folder.iterdir():
            named = _FILE.fullmatch(path.name)
            if named and named[1] < oldest:
                path.unlink(missing_ok=True)


def _also(said: Rendered) -> tuple[Behind, ...]:
    return tuple(Behind(*each) for each in said.also)


def line_of(message: OwedMessage, said: Rendered) -> bytes:
    """A message as its line, with the end of it."""
    held = {
        "key": said.key,
        "also": [message.key_of(each) for each in _also(said)],
        "possibly_sent_twice": message.may_have_been_sent,
        "ticket_id": said.ticket_id,
        "sequence": said.sequence,
        "reference": said.reference,
        "kind": said.kind,
        "audience": said.audience.value,
        "recipient": said.recipient,
        "happened_at": said.happened_at.isoformat(),
        "next_news_at": said.next_news_at.isoformat() if said.next_news_at else None,
        "language": said.language,
        "direction": said.direction,
        "zone": said.zone,
        "subject": said.subject,
        "text": said.text,
        "html": said.html,
        "facts": said.facts,
    }
    return (
        json.dumps(held, ensure_ascii=False, default=_plainly, separators=(",", ":")).encode(errors="replace") + b"\n"
    )


def _plainly(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a fact of type {type(value).__name__!r} is no plain data")


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
