"""What the record knows of problems and of what was announced of them, as plain values. Instants are the record's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.records.errors import RecordError
from services.records.settled import Nudge
from workflows.domain.ticket.verdict import Refusal

TOLD = "told"
"""What became of a ticket of an announcement: its customer was told. Any other word says why not."""
STUCK = "stuck"
"""The rules could not judge it: an operator must look."""
WAITING = "waiting"
"""Nothing became of it yet."""
PASSED_BY = "passed_by"
"""In figures, all that say why not."""


class ProblemKind(StrEnum):
    """What many tickets have in common."""

    FAULT = "fault"
    IMPROVEMENT = "improvement"


class ProblemState(StrEnum):
    """How far a problem is."""

    INVESTIGATING = "investigating"
    KNOWN = "known"
    PLANNED = "planned"
    FIXED = "fixed"
    DECLINED = "declined"


class AnnouncementKind(StrEnum):
    """What an announcement does to each ticket."""

    UPDATE = "update"
    FIX = "fix"


class AnnouncementState(StrEnum):
    """Whether an announcement goes on."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A known fault, or a wish for the product."""

    problem_id: str
    kind: ProblemKind
    state: ProblemState
    title: str
    words: str
    opened_by: str
    opened_at: datetime
    changed_by: str
    changed_at: datetime
    closed_at: datetime | None
    closed_for: str | None
    version: int
    linked_count: int
    """Tickets that are linked to it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A ticket that is linked to a problem."""

    ticket_id: str
    reference: str
    status: str
    linked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What the customers of a problem's tickets are told, and how far that is."""

    announcement_id: str
    problem_id: str
    kind: AnnouncementKind
    words: str
    words_in: Mapping[str, str]
    """The same in other languages, by tag."""
    actor: str
    announced_at: datetime
    tickets_per_second: int
    state: AnnouncementState
    changed_by: str
    ended_at: datetime | None
    ticket_count: int
    outcomes: Mapping[str, int]
    """How many tickets came to what; those that wait are in none."""

    @property
    def told_count(self) -> int:
        """Tickets whose customer was told."""
        return self.outcomes.get(TOLD, 0)

    @property
    def waiting_count(self) -> int:
        """Tickets that nothing became of yet."""
        return self.ticket_count - sum(self.outcomes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedTo:
    """What became of one ticket of an announcement."""

    ticket_id: str
    reference: str
    outcome: str
    at: datetime | None
    instead_of: str | None
    told_in: str | None
    """Reference of the customer's other ticket whose letter told of this one too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProblem:
    """A problem that is to be opened."""

    problem_id: str
    kind: ProblemKind
    state: ProblemState
    title: str
    words: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemChange:
    """What is otherwise from now on; what is none stays."""

    actor: str
    state: ProblemState | None = None
    title: str | None = None
    words: str | None = None
    closed_for: str | None = None
    """Said with closing, and with nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnnouncement:
    """Words that are to be announced."""

    announcement_id: str
    problem_id: str
    kind: AnnouncementKind
    words: str
    actor: str
    tickets_per_second: int
    words_in: Mapping[str, str] = field(default_factory=dict)
    """The same in other languages, by tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """What linking or unlinking tickets came to."""

    problem: Problem
    changed: int
    """Tickets of which it was not so before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a request about problems was answered, now or the first time (5.5)."""

    answer: bytes | None
    refusal: Refusal | None
    tickets: Sequence[str] = ()
    """Those whose logs have grown."""
    nudges: Sequence[Nudge] = ()
    """What Temporal is owed after the commit."""


EncodeProblem = Callable[[Problem], bytes]
EncodeAnnouncement = Callable[[Announcement], bytes]
EncodeLinking = Callable[[Linking], bytes]
"""Each makes the answer that is stored with the request id; pure."""


class ProblemUnknown(RecordError):  # noqa: N818 - the fact, in the desk's words
    """The record has no such problem."""


class TicketsUnknown(RecordError):  # noqa: N818 - the fact, in the desk's words
    """Some of the tickets that were named are not in the record; nothing was done."""

    def __init__(self, ticket_ids: Sequence[str]) -> None:
        super().__init__(f"{len(ticket_ids)} of the tickets named are not in the record")
        self.ticket_ids = tuple(ticket_ids)
