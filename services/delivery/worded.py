"""Messages of the outbox in words: reads the log around each of them, many in one question, and has them said.

The one place where the record and the words meet. What this release cannot say, another may: then it is not said yet.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from services.delivery.gathered import Gathered
from services.records.errors import RecordError
from services.records.log_lines import Lines, Reach
from services.records.owed_messages import Behind, OwedMessage
from services.words.occasion import AFTERWARDS, HISTORY, LATELY, Occasion
from services.words.occasion import Behind as OfLine
from services.words.words import CannotSayError, Rendered, Words
from workflows.domain.ticket.verdict import ADMISSIONS
from workflows.domain.ticket.words import Audience
from workflows.planning.handover import MERGED_TOLD

REACH = Reach(history=HISTORY, before=LATELY, after=AFTERWARDS, merged=MERGED_TOLD)
LATE_AFTER = timedelta(minutes=15)
"""Real time after which a message says that it comes late."""


class Log(Protocol):
    """The record, as far as words are made from it."""

    async def of(self, messages: Collection[OwedMessage], reach: Reach) -> Mapping[int, Lines | RecordError]:
        """By a message's number the lines around it, or why they cannot be read. Raises `RecordError`."""
        ...


class Owed(Protocol):
    """The outbox, as far as words are made from it."""

    async def behind(self, messages: Collection[OwedMessage]) -> Mapping[int, tuple[Behind, ...]]:
        """By a message's number what the same settle owes its recipient besides. Raises `RecordError`."""
        ...


class Worded:
    """Gives each message its words, for one channel."""

    def __init__(self, log: Log, owed: Owed, words: Words, channel: str) -> None:
        self._log = log
        self._owed = owed
        self._words = words
        self._channel = channel
        self._all = Gathered(self._said)

    async def of(self, message: OwedMessage) -> Rendered:
        """Put a message into words. Raises `CannotSayError` where this release has none, `RecordError`."""
        return await self._all(message)

    async def _said(self, messages: Sequence[OwedMessage]) -> list[Rendered | Exception]:
        found = await self._log.of(messages, REACH)
        behind = await self._owed.behind([each for each in messages if each.kind in ADMISSIONS])
        return [self._one(each, found.get(each.message_id), behind.get(each.message_id, ())) for each in messages]

    def _one(
        self, message: OwedMessage, lines: Lines | RecordError | None, behind: Sequence[Behind]
    ) -> Rendered | Exception:
        if lines is None:
            return CannotSayError("a message whose ticket is not there")
        if isinstance(lines, RecordError):
            return lines
        try:
            return self._words.say(_occasion(message, lines, behind), self._channel)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others of the batch are said
            return error


def _occasion(message: OwedMessage, lines: Lines, behind: Sequence[Behind]) -> Occasion:
    return Occasion(
        kind=message.kind,
        audience=Audience(message.audience),
        recipient=message.recipient,
        key=message.key,
        sequence=message.sequence,
        ticket=lines.ticket,
        policy=lines.policy,
        entries=lines.entries,
        merged=lines.merged,
        now_at=lines.now_at,
        behind=tuple(OfLine(*each) for each in behind),
        is_late=lines.age > LATE_AFTER,
    )
