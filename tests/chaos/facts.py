"""What a chaos run left behind, as plain values: what was asked and answered, what the record says, what Temporal says.

Of nobody's making but ours: no type of the engine's stands here. The checker judges these, and tests make them up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What an answer means for whoever asked."""

    DONE = "done"
    REFUSED = "refused"
    """Judged, and the answer is no: nothing changed."""
    UNKNOWN = "unknown"
    """No answer, or one that says to try again: whether it was applied, only the same request tells."""
    WRONG = "wrong"
    """What intake must never answer to a request that is in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one try came to."""

    verdict: Verdict
    body: bytes
    """All of it: the same request must be answered the same for ever."""
    text: str = ""
    """For people: the status and the reason."""
    ticket_id: str = ""
    sequence: int = 0
    """Of the last event of the ticket, as answered."""
    breached: frozenset[tuple[str, int]] = frozenset()
    """The clock runs, by target and number, that the answer showed as breached."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """One request that changes a ticket, however often it was sent."""

    mark: str
    """Its actor: of this request and no other, so that its effect can be found again."""
    kind: str
    """As the record spells it, like `post_update`."""
    ticket_id: str
    """Empty for an opening that was not answered yet."""
    answers: list[Answer] = field(default_factory=list)

    @property
    def final(self) -> Answer | None:
        """The first answer that was one."""
        return next((each for each in self.answers if each.verdict is not Verdict.UNKNOWN), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a ticket's log, as the table has it."""

    ticket_id: str
    sequence: int
    kind: str
    at: datetime
    recorded_at: datetime
    actor: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One line of a ticket's log, as intake showed it during the run."""

    ticket_id: str
    sequence: int
    kind: str
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One command that the record has applied, or something else that a ticket was told."""

    ticket_id: str
    number: int
    kind: str
    mark: str
    at: datetime
    """When it reached the ticket."""
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a ticket stands, as its row says."""

    ticket_id: str
    status: str
    tier: str
    queue: str
    sequence: int
    inputs: int
    wake_at: datetime | None = None
    told_at: datetime | None = None
    stuck: str | None = None
    customer: str = ""
    policy_version: str = ""

    @property
    def is_closed(self) -> bool:
        """Whether nothing will ever be due again."""
        return self.status == "closed"

    @property
    def is_owed(self) -> bool:
        """Whether Temporal does not know of the next wake-up, by the record's own word."""
        return self.wake_at is not None and (self.told_at is None or self.wake_at < self.told_at)

    def wakes_by(self, at: datetime) -> bool:
        """Whether it is looked at by then, if everybody does what the row says."""
        return self.wake_at is not None and self.wake_at <= at


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What was said to the customers of many tickets, and what became of each."""

    announcement_id: str
    problem_id: str
    kind: str
    mark: str
    """Its actor, who stands in each ticket's log."""
    state: str
    changed_at: datetime
    """When it was announced, paused, resumed or ended."""
    tickets: frozenset[str]
    results: Mapping[str, str]
    """By ticket: `told`, or why not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueClosure:
    """A queue that was closed."""

    closure_id: str
    queue: str
    mark: str
    """Its actor."""
    from_at: datetime
    until_at: datetime | None


MessageName = tuple[str, int, str, str, str]
"""Ticket, sequence, kind, audience, recipient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One row of the outbox."""

    name: MessageName
    status: str
    recorded_at: datetime
    """By the record's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """One message that a delivery sent: it prints them."""

    name: MessageName
    key: str
    is_flagged: bool
    """Whether it said that it may have been sent before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """One ticket's workflow, as its latest run's history says."""

    ticket_id: str
    is_running: bool
    fires_at: datetime | None = None
    """The real instant of the timer that is set; none when none is."""
    is_busy: bool = False
    """Whether a task, an activity or a signal is on its way: then it is about to look by itself."""
    moved_at: datetime | None = None
    """The real instant of the last thing that happened in it."""
    failures: tuple[str, ...] = ()
    """Causes of workflow tasks that failed for good reasons or bad."""
    ended: str = ""
    """How it ended, when not by completing."""


Totals = Mapping[tuple[str, tuple[str, ...]], int]
"""By name and labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the checker is told."""

    ladder: tuple[str, ...]
    real_at: datetime
    """When the rows were read, by the database's clock."""
    now: datetime
    """The same, by the record's."""
    grace: timedelta
    """How long past due something may stand, of the record's time, in the instant that the rows were read."""
    speed: float
    reopen_window: timedelta
    """How long a ticket that was closed still takes contacts, of the record's time."""
    asked: tuple[Asked, ...] = ()
    shown: tuple[Shown, ...] = ()
    standings: Mapping[str, Standing] = field(default_factory=dict)
    lines: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    """By ticket, in the order of their sequence."""
    inputs: Mapping[str, tuple[Input, ...]] = field(default_factory=dict)
    totals: Totals = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    printed: tuple[Printed, ...] = ()
    timers: Mapping[str, Timer] = field(default_factory=dict)
    announcements: tuple[Announcement, ...] = ()
    links: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    """By problem and ticket."""
    closures: tuple[QueueClosure, ...] = ()
    newest_policy: str = ""
    """The version of the policy that was stored last: everybody who goes on goes on by it."""
