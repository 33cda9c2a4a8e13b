"""What is asked of a settle and what it gives back: the record's side of the story, in the desk's words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workflows.domain.ticket.verdict import Judged, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Names a request for good: what was judged under it is answered again, not done again (5.5)."""

    caller: str
    request_id: str
    body_hash: bytes
    """Hash of method and content: another body under the same id is refused."""


Encode = Callable[[Judged], bytes]
"""Makes the answer that is stored with the request id; pure, it runs between lock and commit."""


class SettledBy(StrEnum):
    """Who settles."""

    INTAKE = "intake"
    WORKFLOW = "workflow"
    """The ticket's own timer: it knows the next wake-up from then on."""
    KEEPER = "keeper"
    """What it finds counts as rescued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """A wake-up that Temporal does not know of."""

    ticket_id: str
    wake_at: datetime
    is_new: bool
    """Temporal knows of no wake-up at all: a plain start will do."""
    wake_in_seconds: float
    """Real seconds from now, at least a millisecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledPair:
    """What one merge did."""

    survivor: "Settled"
    """Its answer and its refusal are the merge's."""
    other: "Settled | None"
    """The ticket that was merged; none when it was `repeated`, or there was one ticket only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledDuplicate:
    """What resolving a ticket as another's duplicate did."""

    ticket: "Settled"
    """Its answer and its refusal are the request's."""
    survivor: "Settled | None"
    """The ticket that goes on; none when it was `repeated`, or there was one ticket only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What one settle did."""

    ticket_id: str
    judged: Judged | None
    """None when `repeated`."""
    answer: bytes | None
    """What `encode` made, now or the first time; none for a refusal, or when nothing was to be made."""
    refusal: Refusal | None
    repeated: bool
    """The request was judged before: this is its stored answer, and nothing was done."""
    instant: datetime
    """At which it was judged, by the record's clock."""
    wake_at: datetime | None = None
    """The next wake-up; none when only a command can change the ticket, and when `repeated`."""
    wake_in_seconds: float | None = None
    """Real seconds until then, at least a millisecond."""
    told_at: datetime | None = None
    """The wake-up that the workflow knows of."""
    owes_nudge: bool = False
    is_new: bool = False
    """The workflow knows of no wake-up at all."""

    @property
    def nudge(self) -> Nudge | None:
        """What Temporal is to be told after this commit, if anything."""
        if not self.owes_nudge or self.wake_at is None or self.wake_in_seconds is None:
            return None
        return Nudge(
            ticket_id=self.ticket_id,
            wake_at=self.wake_at,
            is_new=self.is_new,
            wake_in_seconds=self.wake_in_seconds,
        )
