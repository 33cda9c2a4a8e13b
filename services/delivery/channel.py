"""What delivery asks of a channel: to send one message once, and to say what came of it.

A channel knows its own way (a log, mail, chat, a webhook, a supplier's desk), and neither the record nor when to try
again. A new one needs nothing but a `send`; words are made from the log's line that the message names.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from services.records.owed_messages import Behind, OwedMessage

_REASON = re.compile(r"[a-z][a-z_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """It is with the recipient, or with somebody who answers for bringing it there."""

    also: tuple[Behind, ...] | None = ()
    """Messages behind it that it told of too: they are not sent any more. None: it puts nothing into words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryAgain:
    """It could not be sent now: it is kept, and sent later, however often that takes."""

    reason: str
    """A word in snake_case: it is stored and logged, and a provider's text may hold a customer's words."""
    after: timedelta | None = None
    """Real time that the other side asks for; none: delivery's own back-off."""
    may_have_been_sent: bool = False
    """Whether the other side may have it all the same: no answer came, say."""

    def __post_init__(self) -> None:
        _require_word(self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """It can never be sent, however often it is tried: nobody is told, and the recipient's next message comes."""

    reason: str
    """A word in snake_case, as in `TryAgain`."""

    def __post_init__(self) -> None:
        _require_word(self.reason)


Outcome = Sent | TryAgain | Rejected


class Channel(Protocol):
    """One way to tell somebody something."""

    async def send(self, message: OwedMessage) -> Outcome:
        """Try once. Called for several messages at a time, never for two of one ticket and recipient.

        `message.key` goes with it, so that a recipient who gets it twice can see that. It is cancelled when it takes
        too long; that, or whatever it raises, counts as one that may have been sent, and it is tried again.
        """
        ...


def _require_word(reason: str) -> None:
    if not _REASON.fullmatch(reason):
        raise ValueError(f"reason {reason[:40]!r} is no word: write one like 'mailbox_full', of at most 40 characters")
