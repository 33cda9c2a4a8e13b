"""What a case's rows ask of a ticket: a pure table from VINST's statuses to steps.

Told one case, it says what happened when, counted from its first row. It does not know how the ticket stands by then
(its own deadlines move it too): whether and how a step can be taken is decided when its moment has come.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum
from typing import cast

from services.desk_log.log import Case, Row, VinstStatus


class Step(StrEnum):
    """What somebody does to the ticket; the value is what the summary says."""

    TAKE_ON = "take on"
    """`who` acknowledges."""
    HAND_OVER = "hand over"
    """To the next line; back again from the end of the ladder."""
    ASK = "ask the customer"
    ANSWER = "answer of the customer"
    """The customer answered what was asked."""
    GO_ON = "go on without an answer"
    TO_SUPPLIER = "to the supplier"
    FROM_SUPPLIER = "back from the supplier"
    SOLVE = "solve"
    SIGN_OFF = "sign off"
    WITHDRAW = "withdraw"
    BACK_TO_WORK = "back to work"
    """It was solved or closed, and is worked on again."""


class Silence(StrEnum):
    """Why a row asks for nothing; the value is what the summary says."""

    OPENING = "opening puts it into the first line's queue"
    STILL_QUEUED = "queued again before anybody took it on"
    WAITS_INSIDE = "waiting inside: the clocks run"
    STILL_WITH_SUPPLIER = "still with the supplier"
    STILL_ENDED = "solved or closed already"
    WAY_BACK = "the way back is the hand-over"
    """Never alone: the step that leads back stands before it."""


class LeftOut(StrEnum):
    """Why a row is ignored; the value is what the summary says."""

    UNMATCHED = "unmatched"


class Meaning(Enum):
    """What a status says, in our words (the data's README); also where its case then stands."""

    QUEUED = "queued"
    WORKED_ON = "worked on"
    WAITING_INSIDE = "waiting inside"
    ASKING = "asking the customer"
    WITH_SUPPLIER = "with the supplier"
    SOLVED = "solved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


MEANINGS: Mapping[VinstStatus, Meaning | LeftOut] = {
    VinstStatus.QUEUED: Meaning.QUEUED,
    VinstStatus.ASSIGNED: Meaning.WORKED_ON,
    VinstStatus.IN_PROGRESS: Meaning.WORKED_ON,
    VinstStatus.WAIT_USER: Meaning.ASKING,
    VinstStatus.WAIT_CUSTOMER: Meaning.ASKING,
    VinstStatus.WAIT_VENDOR: Meaning.WITH_SUPPLIER,
    VinstStatus.WAIT: Meaning.WAITING_INSIDE,
    VinstStatus.WAIT_IMPLEMENTATION: Meaning.WAITING_INSIDE,
    VinstStatus.RESOLVED: Meaning.SOLVED,
    VinstStatus.IN_CALL: Meaning.SOLVED,
    VinstStatus.CLOSED: Meaning.CLOSED,
    VinstStatus.CANCELLED: Meaning.WITHDRAWN,
    VinstStatus.UNMATCHED: LeftOut.UNMATCHED,
}

ACCEPTED = frozenset({Meaning.WORKED_ON, Meaning.WAITING_INSIDE, Meaning.ASKING, Meaning.WITH_SUPPLIER})
"""`who` has the case."""
AT_WORK = ACCEPTED | {Meaning.QUEUED}
ENDED = frozenset(Meaning) - AT_WORK

LEAVING: Mapping[Meaning | None, Mapping[Meaning, Step]] = {
    None: {Meaning.CLOSED: Step.SOLVE},
    Meaning.QUEUED: {Meaning.CLOSED: Step.SOLVE},
    Meaning.WORKED_ON: {Meaning.CLOSED: Step.SOLVE},
    Meaning.WAITING_INSIDE: {Meaning.CLOSED: Step.SOLVE},
    # Asked, and the work goes on: the customer answered. Put aside or handed on instead: nobody waited for the answer.
    Meaning.ASKING: {
        Meaning.WORKED_ON: Step.ANSWER,
        **dict.fromkeys((Meaning.WAITING_INSIDE, Meaning.WITH_SUPPLIER, Meaning.QUEUED), Step.GO_ON),
        Meaning.CLOSED: Step.SOLVE,
    },
    Meaning.WITH_SUPPLIER: {
        **dict.fromkeys(AT_WORK - {Meaning.WITH_SUPPLIER}, Step.FROM_SUPPLIER),
        Meaning.CLOSED: Step.SOLVE,
    },
    **{ended: dict.fromkeys(AT_WORK, Step.BACK_TO_WORK) for ended in ENDED},
}
"""What has to happen first, by where the case stood (none: this is its first row) and what the row says."""

ARRIVING: Mapping[Meaning, Step | Silence] = {
    Meaning.QUEUED: Step.HAND_OVER,
    Meaning.WORKED_ON: Step.TAKE_ON,
    Meaning.WAITING_INSIDE: Silence.WAITS_INSIDE,
    Meaning.ASKING: Step.ASK,
    Meaning.WITH_SUPPLIER: Step.TO_SUPPLIER,
    Meaning.SOLVED: Step.SOLVE,
    Meaning.CLOSED: Step.SIGN_OFF,
    Meaning.WITHDRAWN: Step.WITHDRAW,
}
"""What a row then asks for."""

NOTHING_NEW: Mapping[tuple[Meaning | None, Meaning], Silence] = {
    (None, Meaning.QUEUED): Silence.OPENING,
    (Meaning.QUEUED, Meaning.QUEUED): Silence.STILL_QUEUED,
    (Meaning.WITH_SUPPLIER, Meaning.QUEUED): Silence.WAY_BACK,
    (Meaning.WITH_SUPPLIER, Meaning.WITH_SUPPLIER): Silence.STILL_WITH_SUPPLIER,
    **{(ended, Meaning.QUEUED): Silence.WAY_BACK for ended in ENDED},
    **{(before, after): Silence.STILL_ENDED for before in ENDED for after in ENDED - {Meaning.CLOSED}},
    (Meaning.CLOSED, Meaning.CLOSED): Silence.STILL_ENDED,
    (Meaning.WITHDRAWN, Meaning.CLOSED): Silence.STILL_ENDED,
}
"""Where the row before leaves nothing of what it would ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One step, and when."""

    offset: timedelta
    """Wall-clock time since the case's first row."""
    who: str
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRow:
    """What one row asks for: steps in order, or nothing, or it is ignored; always exactly one of the three."""

    row: Row
    says: tuple[Step, ...] | Silence | LeftOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One case, ready to be driven: it opens at its first row's instant, then its moments follow."""

    case: Case
    rows: tuple[PlannedRow, ...]

    def moments(self) -> Iterator[Moment]:
        """Every step in order of time."""
        for planned in self.rows:
            if isinstance(planned.says, tuple):
                for step in planned.says:
                    yield Moment(offset=planned.row.at - self.case.started_at, who=planned.row.who, step=step)


def plan(case: Case) -> Plan:
    """Say what each row of a case asks for."""
    stands: Meaning | None = None
    holder: str | None = None
    rows = []
    for row in case.rows:
        meaning = MEANINGS[row.status]
        if isinstance(meaning, LeftOut):
            rows.append(PlannedRow(row=row, says=meaning))
            continue
        rows.append(PlannedRow(row=row, says=_said(stands, meaning, is_new_holder=row.who != holder)))
        stands = meaning
        if meaning in ACCEPTED:
            holder = row.who
    return Plan(case=case, rows=tuple(rows))


def _said(stands: Meaning | None, meaning: Meaning, *, is_new_holder: bool) -> tuple[Step, ...] | Silence:
    first = LEAVING.get(stands, {}).get(meaning)
    then = NOTHING_NEW.get((stands, meaning), ARRIVING[meaning])
    has_moved = first in {Step.FROM_SUPPLIER, Step.BACK_TO_WORK}
    is_taken_on = meaning in ACCEPTED and (stands not in ACCEPTED or is_new_holder or has_moved)
    steps = (first, Step.TAKE_ON if is_taken_on else None, then)
    return tuple(dict.fromkeys(step for step in steps if isinstance(step, Step))) or cast(Silence, then)


def silences(plans: Iterable[Plan]) -> Counter[Silence | LeftOut]:
    """Count the rows that asked for nothing, or were ignored, by their reason."""
    return Counter(row.says for plan in plans for row in plan.rows if not isinstance(row.says, tuple))
