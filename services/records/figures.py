"""What the exporter shows, read from one snapshot: totals as they were counted in settles, and what stands open now."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ScalarSelect, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from services.records import codec
from services.records.folding import PART
from services.records.problem_facts import PASSED_BY, TOLD, WAITING, Announcement
from services.records.problem_rows import announcements, count_problems
from services.records.tables import (
    AT_RISK,
    CREDIT_ASKED,
    LATE,
    NOT_CLOSED,
    OWED,
    PENDING,
    STUCK,
    EventRow,
    MessageRow,
    TicketRow,
    TotalDeltaRow,
    TotalRow,
)
from services.records.tables_closures import ClosureRow
from services.records.tables_problems import IN_VAIN, LIVE, AnnouncementResultRow, AnnouncementRow
from workflows.domain.policy import Policy
from workflows.domain.ticket.events import TookOver
from workflows.domain.ticket.words import Status

LabelValues = tuple[str, ...]

LATELY = timedelta(days=1)
"""How long an announcement that has ended is looked at still, by the record's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the exporter shows, all of one snapshot. Instants are the record's."""

    instant: datetime
    """When it was read, by the record's clock."""
    totals: Mapping[tuple[str, LabelValues], int] = field(default_factory=dict)
    """By the total's name and label values, in the order that `totals.TOTALS` declares."""
    open_tickets: Mapping[LabelValues, int] = field(default_factory=dict)
    """Not closed, by queue, tier, priority, status."""
    open_versions: AbstractSet[tuple[str, str]] = frozenset()
    """Of the policies by which the tickets not closed are judged, each with the queue of such a ticket."""
    open_policies: Collection[tuple[str, Policy]] = ()
    """Those policies, as far as they can be read."""
    at_risk_tickets: Mapping[LabelValues, int] = field(default_factory=dict)
    """Not closed, and a running clock was warned of; by queue, tier, priority."""
    overdue_tickets: Mapping[LabelValues, int] = field(default_factory=dict)
    """Not closed, and a running clock's deadline has passed unseen; by queue, tier, priority."""
    next_deadline_at: datetime | None = None
    """The earliest deadline of all running clocks; one that is past was neither met nor breached."""
    next_wake_at: datetime | None = None
    """The earliest wake-up of all tickets that are not stuck; how far it is past is the engine's backlog."""
    late_tickets: int = 0
    """Tickets whose wake-up has passed, those that are stuck included."""
    stuck_tickets: int = 0
    answered_waits: int = 0
    """Tickets that wait on the customer, though by their own logs the customer came back after the question, on them or
    on one that was merged into them: none."""
    owed_nudges: int = 0
    pending_messages: int = 0
    """Messages that nobody has sent yet."""
    oldest_pending_message_at: datetime | None = None
    """When the one of them was recorded that has waited longest."""
    problems: Mapping[LabelValues, int] = field(default_factory=dict)
    """Open ones, by kind and state."""
    announcements: Mapping[LabelValues, int] = field(default_factory=dict)
    """Those that have not ended, by state."""
    announcement_tickets: Mapping[LabelValues, int] = field(default_factory=dict)
    """Of those, how far they are: tickets by what is announced, and whether they wait, were told or were passed by."""
    announcement_stuck_tickets: int = 0
    """Those that could not be judged when their customers were to be told, also of announcements ended within a day."""
    queue_closures: Mapping[LabelValues, int] = field(default_factory=dict)
    """Closures that hold now, by queue."""
    awaited_credits: int = 0
    """Tickets with a credit on which the lead has not decided."""
    oldest_awaited_credit_at: datetime | None = None
    """When the one of these credits was proposed that has waited longest."""


async def read_figures(connection: AsyncConnection, instant: datetime) -> Figures:
    """Count and add up, in the transaction that the connection is in. Raises the drivers' own errors."""
    row = TicketRow
    open_tickets = (
        select(row.queue, row.tier, row.priority, row.status, row.policy_version, func.count())
        .where(NOT_CLOSED)
        .group_by(row.queue, row.tier, row.priority, row.status, row.policy_version)
    )
    at_risk = (
        select(row.queue, row.tier, row.priority, func.count())
        .where(AT_RISK)
        .group_by(row.queue, row.tier, row.priority)
    )
    overdue = (
        select(row.queue, row.tier, row.priority, func.count())
        .where(NOT_CLOSED, row.deadline_at < instant)
        .group_by(row.queue, row.tier, row.priority)
    )
    singles = select(
        select(func.min(row.deadline_at)).where(NOT_CLOSED).scalar_subquery(),
        select(func.min(row.wake_at)).where(LATE, row.stuck_until.is_(None)).scalar_subquery(),
        select(func.count()).select_from(row).where(LATE, row.wake_at <= instant).scalar_subquery(),
        select(func.count()).select_from(row).where(STUCK).scalar_subquery(),
        _answered_waits(),
        select(func.count()).select_from(row).where(OWED).scalar_subquery(),
        select(func.count()).select_from(MessageRow).where(PENDING).scalar_subquery(),
        select(func.min(MessageRow.recorded_at)).where(PENDING).scalar_subquery(),
        select(func.count()).select_from(row).where(CREDIT_ASKED).scalar_subquery(),
        select(func.min(row.credit_asked_at)).where(CREDIT_ASKED).scalar_subquery(),
        _announced_in_vain(instant),
    )
    deadline_at, wake_at, late, stuck, answered, owed, pending, oldest, awaited, awaited_at, in_vain = (
        await connection.execute(singles)
    ).one()
    live = await announcements(connection, LIVE)
    not_closed: Counter[LabelValues] = Counter()
    versions: set[tuple[str, str]] = set()
    for queue, tier, priority, status, version, count in await connection.execute(open_tickets):
        not_closed[queue, tier, priority, status] += count
        versions.add((queue, version))
    return Figures(
        instant=instant,
        totals=await _totals(connection),
        open_tickets=not_closed,
        open_versions=versions,
        at_risk_tickets={tuple(found[:-1]): found[-1] for found in await connection.execute(at_risk)},
        overdue_tickets={tuple(found[:-1]): found[-1] for found in await connection.execute(overdue)},
        next_deadline_at=deadline_at,
        next_wake_at=wake_at,
        late_tickets=late,
        stuck_tickets=stuck,
        answered_waits=answered + await _answered_elsewhere(connection),
        owed_nudges=owed,
        pending_messages=pending,
        oldest_pending_message_at=oldest,
        problems=await count_problems(connection),
        announcements=Counter((each.state.value,) for each in live),
        announcement_tickets=_progress(live),
        announcement_stuck_tickets=in_vain,
        queue_closures=await _closures(connection, instant),
        awaited_credits=awaited,
        oldest_awaited_credit_at=awaited_at,
    )


def _announced_in_vain(instant: datetime) -> ScalarSelect[int]:
    """Of announcements that have ended before they can be looked up, but hardly be mended."""
    announced, result = AnnouncementRow, AnnouncementResultRow
    lately = or_(announced.ended_at.is_(None), announced.ended_at > instant - LATELY)
    counted = (
        select(func.count()).select_from(result).join(announced, announced.announcement_id == result.announcement_id)
    )
    return counted.where(lately, IN_VAIN).scalar_subquery()


async def _closures(connection: AsyncConnection, instant: datetime) -> dict[LabelValues, int]:
    row = ClosureRow
    holds = (
        select(row.queue, func.count())
        .where(row.from_at <= instant, or_(row.until_at.is_(None), row.until_at > instant))
        .group_by(row.queue)
    )
    return {(queue,): number for queue, number in await connection.execute(holds)}


def _progress(live: Iterable[Announcement]) -> Mapping[LabelValues, int]:
    """Add up how far announcements are."""
    tickets: Counter[LabelValues] = Counter()
    for each in live:
        tickets[each.kind.value, WAITING] += each.waiting_count
        tickets[each.kind.value, TOLD] += each.told_count
        tickets[each.kind.value, PASSED_BY] += sum(each.outcomes.values()) - each.told_count
    return tickets


def _answered_waits() -> ScalarSelect[int]:
    """Of a ticket that waits, the last question or contact is the question, whatever else its log says since."""
    row, said = TicketRow, EventRow
    last = (
        select(said.kind)
        .where(said.ticket_id == row.ticket_id, said.kind.in_(("wait_started", "contact_received")))
        .order_by(said.sequence.desc())
        .limit(1)
        .scalar_subquery()
    )
    waits = select(func.count()).select_from(row).where(NOT_CLOSED, row.status == Status.WAITING_ON_CUSTOMER.value)
    return waits.where(last == "contact_received").scalar_subquery()


async def _answered_elsewhere(connection: AsyncConnection) -> int:
    """Of a ticket that waits, none was merged into it whose customer was heard of since the question (6.3, 6.7)."""
    row, taken, said = TicketRow, EventRow, aliased(EventRow)
    questions = select(func.max(said.at)).where(said.ticket_id == row.ticket_id, said.kind == "wait_started")
    asked_at = questions.scalar_subquery()
    merged = (
        select(row.ticket_id, taken.body, asked_at)
        .join(taken, taken.ticket_id == row.ticket_id)
        .where(NOT_CLOSED, row.status == Status.WAITING_ON_CUSTOMER.value, taken.kind == "took_over")
        .where(asked_at.is_not(None))
    )
    answered: set[str] = set()
    for ticket_id, body, question_at in await connection.execute(merged):
        event = codec.event_from_json("took_over", body)
        spoke_at = event.customer_spoke_at if isinstance(event, TookOver) else None
        if spoke_at is not None and spoke_at > question_at:
            answered.add(ticket_id)
    return len(answered)


async def _totals(connection: AsyncConnection) -> dict[tuple[str, LabelValues], int]:
    """Folded and not yet folded together: one statement, so that no fold can come between.

    What is above a million and what is below are added up apart: SQLite's sum would fail beyond the highest number.
    """
    folded, fresh = TotalRow, TotalDeltaRow
    parts = union_all(
        select(folded.name, folded.labels, folded.amount), select(fresh.name, fresh.labels, fresh.amount)
    ).subquery()
    summed = select(
        parts.c.name, parts.c.labels, func.sum(parts.c.amount // PART), func.sum(parts.c.amount % PART)
    ).group_by(parts.c.name, parts.c.labels)
    return {
        (name, tuple(codec.data_from_json(labels))): int(above) * PART + int(below)
        for name, labels, above, below in await connection.execute(summed)
    }
