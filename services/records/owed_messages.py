"""A message in delivery's hands, and what may become of it. Knows neither SQL nor how anything is sent."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from services.records import codec

_FOR_OTHERS = "+others"


def stored_kind(kind: str, *, is_for_others: bool) -> str:
    """The kind as the outbox has it.

    A letter that is for other tickets too is of a kind that releases before those letters have no words for: it waits
    for one that has, and is not told without them.
    """
    return f"{kind}{_FOR_OTHERS}" if is_for_others else kind


def kind_of(stored: str) -> str:
    """The kind that a stored one is."""
    return stored.removesuffix(_FOR_OTHERS)


class Behind(NamedTuple):
    """A message that the same settle owes the same recipient, and that comes after it: its line and its kind."""

    sequence: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedMessage:
    """A message in hand: whoever took it sends it, and nobody else does until the claim runs out."""

    message_id: int
    ticket_id: str
    sequence: int
    """Of the log's line that says what happened: its words are made from that."""
    kind: str
    audience: str
    recipient: str
    """As the outbox has it: the external id for the customer, else a person's, tier's or contact's name."""
    recorded_at: datetime
    """The record's instant."""
    tries: int
    """This one included."""
    unknown_tries: int
    """Earlier tries of which nobody knows the end."""
    claim: str

    @property
    def key(self) -> str:
        """Of this message and no other, however often it is sent; says nothing of whom it is for. 32 hex digits."""
        named = codec.data_to_json([self.ticket_id, self.sequence, self.kind, self.audience, self.recipient])
        return hashlib.sha256(named.encode()).hexdigest()[:32]

    def key_of(self, behind: Behind) -> str:
        """The key of a message behind it."""
        return replace(self, sequence=behind.sequence, kind=behind.kind).key

    @property
    def may_have_been_sent(self) -> bool:
        """Whether sending it now may be sending it twice."""
        return self.unknown_tries > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WasSent:
    """It is on its way: never again."""

    message: OwedMessage
    also: tuple[Behind, ...] = ()
    """Messages behind it that it told of too: they are sent with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WasRejected:
    """It can never be sent: the recipient's next one comes."""

    message: OwedMessage
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsFor:
    """It is tried again after a rest, and the recipient's next ones of that ticket wait with it."""

    message: OwedMessage
    rest: timedelta
    """Real time."""
    reason: str
    may_have_been_sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WasLetGo:
    """Sending it was not begun: whoever comes next takes it."""

    message: OwedMessage


Fate = WasSent | WasRejected | WaitsFor | WasLetGo
"""What became of a message in hand."""
