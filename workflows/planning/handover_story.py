"""What is told of a ticket to whoever has it next, part by part. Knows neither logs nor layout."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from workflows.domain.ticket.words import PromiseKind
from workflows.planning.local_time import Wall


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing that was said or done."""

    sequence: int
    """Of the line of the log that has the whole of it."""
    effective_at: datetime
    actor: str | None
    """Who; none: the clocks."""
    text: str
    is_owed: bool = False
    """Whether it was promised by a person, and is still to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the story: the latest of its lines, in their order."""

    said: tuple[Said, ...] = ()
    left_out: int = 0
    """How many earlier ones there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the customer was asked, and what came of it."""

    sequence: int
    asked_at: datetime
    actor: str | None
    question: str
    answered_at: datetime | None = None
    """None: it was not answered, or not yet."""
    answer: str = ""
    reminders: int = 0
    """How often they were asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StillPromised:
    """A promise that is neither kept nor over."""

    name: str
    kind: PromiseKind
    owner: str | None
    """Who is to keep it; none: whoever has the ticket."""
    promised_at: datetime
    words: str

    def __str__(self) -> str:
        return promise_named(self.name, self.kind, self.owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedProblem:
    """A known problem that is behind it."""

    problem_id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happened to a ticket, condensed."""

    broken: Part
    """Targets missed and promises not kept; what is still to be done of it is never left out."""
    owed: tuple[StillPromised, ...]
    """What persons promised, was not kept in time, and nobody has done yet, in the order of the log."""
    promised: tuple[StillPromised, ...]
    """What is still to be kept, the earliest first."""
    contacts: Part
    """Each time the customer came."""
    questions: tuple[Question, ...]
    """The latest, in their order."""
    questions_left_out: int
    told: Part
    """What persons told the customer, other than questions."""
    hand_offs: Part
    """Who had it, and why it went on."""
    notes: Part
    time_spent: timedelta
    """Wall-clock, as people logged it."""
    problems: tuple[LinkedProblem, ...]
    """Those that it is linked to now."""
    explanation: str
    """What the customer was told with the latest resolution; empty: it was never resolved."""
    alternative: str
    """What was offered instead with it; empty: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedStory:
    """What happened to a ticket before it was merged into this one (6.7)."""

    ticket_id: str
    reference: str
    subject: str
    description: str
    """What the customer wanted there, in their own words."""
    opened_at: datetime
    story: Story


def by_the_minute(wall: Wall, at: datetime) -> str:
    """Say an instant of the story, rounded down: nobody is helped by its seconds."""
    return wall.day_and_time(at.replace(second=0, microsecond=0))


def promise_named(name: str, kind: PromiseKind, owner: str | None) -> str:
    """Say which promise is meant; the engine's own is the one of news that is nobody's to keep."""
    said = "news" if kind is PromiseKind.NEXT_NEWS and owner is None else repr(name)
    return f"{said}, {owner}'s to keep" if owner else said
