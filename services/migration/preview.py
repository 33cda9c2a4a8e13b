"""What would become of a ticket, worked out by the judge that would do it, and written nowhere. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.migration.asked import Migration
from workflows.domain.policy import Policy
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.state import TICK, Clock, Ticket
from workflows.domain.ticket.verdict import Refusal
from workflows.domain.ticket.words import ClockState, Status

REMINDER = "reminder"
GIVE_UP = "give_up"
SIGN_OFF = "sign_off"
LAST_RESORT = "last_resort"
"""What moves besides clocks: the next reminder of a question, giving it up, sign-off by silence, the last resort's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Something of a ticket that would end at another instant."""

    what: str
    """The clock's target, or one of the words above."""
    tier: str
    """Whose target it is; empty for what is no clock."""
    from_at: datetime | None
    to_at: datetime | None
    """None, both of them: it stands still, and has another length."""
    from_length: timedelta | None = None
    to_length: timedelta | None = None
    """Working time allowed; none for what is no clock."""

    @property
    def is_earlier(self) -> bool:
        """Whether it would end sooner."""
        if self.from_at is not None and self.to_at is not None:
            return self.to_at < self.from_at
        return (self.to_length or timedelta()) < (self.from_length or timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One ticket."""

    ticket: Ticket
    """As it was last settled."""
    moves: tuple[Move, ...] = ()
    refusal: Refusal | None = None
    """Why it would stay as it is."""
    is_there: bool = False
    """It has the version already, and nothing of it would move."""
    is_over: bool = False
    """By now it is closed: what was due closes it."""
    trouble: str = ""
    """The type of what it cannot be judged for."""


def preview(migration: Migration, policies: Mapping[str, Policy], ticket: Ticket, at: datetime) -> Preview:
    """Work out what the migration would do to the ticket at an instant; `policies` holds its own, by version.

    Raises whatever the rules cannot judge.
    """
    policy = policies[ticket.policy_version]
    at = max(at, _known_until(ticket) + TICK)
    stood = judge(policy, ticket, at).ticket
    judged = judge(policy, ticket, at, migration.command, onto=migration.onto)
    if judged.refusal is None:
        return Preview(ticket=ticket, moves=tuple(_moves(migration, stood, judged.ticket)))
    if stood.status is Status.CLOSED:
        return Preview(ticket=ticket, is_over=True)
    if ticket.policy_version == migration.version:
        return Preview(ticket=ticket, is_there=True)
    return Preview(ticket=ticket, refusal=judged.refusal)


def _known_until(ticket: Ticket) -> datetime:
    """The latest instant of which the ticket tells; the record's clock may have been set back behind it (5.1)."""
    told = [ticket.opened_at, ticket.tier_entered_at]
    for clock in ticket.clocks:
        told += [clock.started_at, clock.running_since or clock.started_at]
    if ticket.waiting:
        told.append(ticket.waiting.question_at)
    if ticket.resolution:
        told.append(ticket.resolution.resolved_at)
    return max(told)


def _moves(migration: Migration, stood: Ticket, moved: Ticket) -> Iterator[Move]:
    before = {(clock.target, clock.run): clock for clock in stood.clocks}
    for clock in moved.clocks:
        was = before.get((clock.target, clock.run))
        if was is not None and _is_moved(was, clock):
            yield Move(
                what=clock.target.value,
                tier=clock.tier,
                from_at=was.deadline_at,
                to_at=clock.deadline_at,
                from_length=was.length,
                to_length=clock.length,
            )
    for what, from_at, to_at in _steps(migration, stood, moved):
        if from_at != to_at:
            yield Move(what=what, tier="", from_at=from_at, to_at=to_at)


def _is_moved(was: Clock, clock: Clock) -> bool:
    if clock.state is ClockState.PAUSED:
        return was.length != clock.length
    return was.deadline_at != clock.deadline_at


def _steps(
    migration: Migration, stood: Ticket, moved: Ticket
) -> Iterator[tuple[str, datetime | None, datetime | None]]:
    if stood.waiting and moved.waiting:
        is_last = moved.waiting.reminders_sent + 1 >= len(migration.onto.wait_steps)
        yield GIVE_UP if is_last else REMINDER, stood.waiting.next_at, moved.waiting.next_at
    if stood.reminding and moved.reminding:
        yield LAST_RESORT, stood.reminding.next_at, moved.reminding.next_at
    if stood.resolution and moved.resolution:
        yield SIGN_OFF, stood.resolution.sign_off_at, moved.resolution.sign_off_at
