"""What the next person must know of a ticket so that the customer need not tell it again (6.5).

How it stands, what its log tells, and what is to be done first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.state import Clock, Ticket
from workflows.domain.ticket.words import ClockState, Status, Target
from workflows.planning.handover_log import merged_story, story
from workflows.planning.handover_story import MergedStory, StillPromised, Story

_TO_DO = {
    Target.ACKNOWLEDGE: "take it on",
    Target.UPDATE: "tell the customer how it stands",
    Target.TIER_RESOLVE: "resolve it",
    Target.RESOLVE: "solve it for the customer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What is to be done first."""

    what: str
    due_at: datetime | None
    """None: there is no deadline for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A ticket for whoever has it next."""

    ticket: Ticket
    as_of: datetime
    """When this was put together, by the record's clock."""
    next_step: NextStep | None
    """None: nothing is to be done any more."""
    story: Story
    merged: tuple[MergedStory, ...] = ()
    """Of the tickets that were merged into it, the latest, in the order in which they were."""


MERGED_TOLD = 4
"""Of the tickets that were merged into one, the latest: so many are retold beside it on one page."""


def told_of(merged: Sequence[str]) -> Sequence[str]:
    """Those of the tickets that were merged into one that are retold with it, by their ids."""
    return merged[-MERGED_TOLD:]


def handover(
    ticket: Ticket,
    entries: Iterable[Entry],
    as_of: datetime,
    merged: Mapping[str, Iterable[Entry]] = MappingProxyType({}),
) -> Handover:
    """Put it together from the ticket and all lines of its log. `as_of` is the record's present instant.

    `merged`: the logs of those of `told_of(ticket.merged)`, by their ids.
    """
    zone = ticket.customer.zone
    told, others = story(entries, zone), merged_stories(merged, zone)
    owed = list(_to_be_done(told, ""))
    for other in others:
        owed += _to_be_done(other.story, f" under {other.reference}")
    return Handover(
        ticket=ticket,
        as_of=as_of,
        next_step=_next_step(ticket, told.promised, owed),
        story=told,
        merged=others,
    )


def merged_stories(merged: Mapping[str, Iterable[Entry]], zone: str) -> tuple[MergedStory, ...]:
    """Condense the logs of tickets that were merged into one, in that order, by the clock of an IANA zone."""
    stories = (merged_story(ticket_id, entries, zone) for ticket_id, entries in merged.items())
    return tuple(each for each in stories if each is not None)


def live_clocks(ticket: Ticket) -> Sequence[Clock]:
    """The clock runs that have not ended: what runs out first comes first, what stands still last."""
    live = [clock for clock in ticket.clocks if clock.state.is_live]
    return sorted(live, key=lambda clock: (clock.deadline_at is None, clock.deadline_at or clock.started_at))


def _to_be_done(told: Story, where: str) -> Iterator[NextStep]:
    """Yield what persons promised and nobody has done yet: it is recorded where it was promised."""
    for each in told.owed:
        yield NextStep(what=f"do what was promised{where} and not done: {each}", due_at=each.promised_at)


def _next_step(ticket: Ticket, promised: Iterable[StillPromised], owed: Iterable[NextStep]) -> NextStep | None:
    """What is due first of all that somebody can do; automatic steps are nobody's work."""
    if ticket.status is Status.CLOSED:
        return None
    due = [
        NextStep(what=_TO_DO[clock.target], due_at=clock.deadline_at)
        for clock in live_clocks(ticket)
        if clock.state is ClockState.RUNNING
    ]
    due += [NextStep(what=f"keep what was promised: {each}", due_at=each.promised_at) for each in promised]
    due += owed
    if due:
        return min(due, key=lambda step: step.due_at or ticket.opened_at)
    if ticket.status is Status.WAITING_ON_CUSTOMER:
        return NextStep(what="wait for the customer's answer", due_at=None)
    if ticket.status is Status.RESOLVED:
        return NextStep(what="wait for the customer's word that it is solved", due_at=None)
    return NextStep(what="take it on" if ticket.handler is None else "go on with it", due_at=None)
