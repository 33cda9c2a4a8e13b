"""One step against the ticket as it stands: which command says it now, or why there is nothing to say any more.

Pure. The ticket's own deadlines escalate, give up and close while the case goes on, so the log's step may come too
late, or to another tier than it did in the log's help desk. That is no error: it is skipped, with its reason.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from services.desk_log.plan import Moment, Step
from workflows.domain.ticket.commands import (
    Acknowledge,
    Command,
    Confirm,
    Continue,
    Escalate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    Transfer,
    WaitOnCustomer,
)
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import ContactKind, Outcome, Status, Target

CHANNEL = "phone"
"""The log does not tell how the customer called."""


class Skip(StrEnum):
    """Why a step is not taken; the value is what the summary says."""

    TAKEN_ON = "taken on already"
    RESOLVED = "resolved already"
    CLOSED = "closed already"
    NOT_RESOLVED = "not resolved"
    NOT_WAITING = "the customer is not waited for"
    AT_WORK = "at work already"
    WITH_SUPPLIER = "with the last tier already"
    NOT_WITH_SUPPLIER = "not sent to the last tier by this case"
    NO_OTHER_TIER = "the ladder has no other tier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a person at the desk sees of the ticket before they act."""

    status: Status
    tier: str
    awaits_acknowledgement: bool
    """Nobody of the present tier has it, or its acknowledge clock is live, or the last resort is being reminded."""
    outcome: Outcome | None = None
    """How it was resolved, while it is."""

    @classmethod
    def of(cls, ticket: Ticket) -> "Seen":
        """What is seen of a ticket as the domain keeps it."""
        is_timed = any(clock.target is Target.ACKNOWLEDGE and clock.state.is_live for clock in ticket.clocks)
        return cls(
            status=ticket.status,
            tier=ticket.tier,
            awaits_acknowledgement=ticket.status is Status.OPEN or is_timed or ticket.reminding is not None,
            outcome=ticket.resolution.outcome if ticket.resolution else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Where a case is on its way along the ladder, as far as its own steps took it."""

    is_upward: bool = True
    """Hand-overs go up until the ladder's end, back until its start, and so on: sent back and forth."""
    left_for_supplier: str | None = None
    """The tier that sent it to the supplier and has it back afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A command, and the case's course once it was accepted."""

    command: Command
    course: Course


def decide(moment: Moment, seen: Seen, ladder: tuple[str, ...], course: Course) -> Said | Skip:
    """Say a step in the words of the ticket's present state."""
    match moment.step:
        case Step.SIGN_OFF:
            decided = _signed_off(moment.who, seen)
        case Step.BACK_TO_WORK:
            decided = _back_to_work(moment.who, seen)
        case Step.ANSWER | Step.GO_ON:
            decided = _wait_ended(moment, seen)
        case Step.HAND_OVER | Step.TO_SUPPLIER | Step.FROM_SUPPLIER:
            return _ended(seen) or _moved(moment, seen.tier, ladder, course)
        case Step.TAKE_ON | Step.ASK | Step.SOLVE | Step.WITHDRAW:
            decided = _ended(seen) or _worked_on(moment, seen)
        case _:
            assert_never(moment.step)
    return decided if isinstance(decided, Skip) else Said(command=decided, course=course)


def _ended(seen: Seen) -> Skip | None:
    return {Status.RESOLVED: Skip.RESOLVED, Status.CLOSED: Skip.CLOSED}.get(seen.status)


def _worked_on(moment: Moment, seen: Seen) -> Command | Skip:
    who = moment.who
    match moment.step:
        case Step.ASK:
            return WaitOnCustomer(actor=who, question="Can you tell us more, so that we can go on?")
        case Step.SOLVE:
            return Resolve(actor=who, outcome=Outcome.FIXED, explanation="It works again.")
        case Step.WITHDRAW:
            return Resolve(actor=who, outcome=Outcome.WITHDRAWN, explanation="No longer wanted.")
        case _:
            is_asked_for = seen.awaits_acknowledgement
            return Acknowledge(actor=who, handler=who, tier=seen.tier) if is_asked_for else Skip.TAKEN_ON


def _moved(moment: Moment, tier: str, ladder: tuple[str, ...], course: Course) -> Said | Skip:
    match moment.step:
        case Step.TO_SUPPLIER:
            return _sent_to_supplier(moment.who, tier, ladder, course)
        case Step.FROM_SUPPLIER:
            return _sent_back(moment.who, tier, ladder, course)
        case _:
            return _handed_over(moment.who, tier, ladder, course)


def _handed_over(who: str, tier: str, ladder: tuple[str, ...], course: Course) -> Said | Skip:
    if len(ladder) == 1:
        return Skip.NO_OTHER_TIER
    rung = ladder.index(tier)
    is_upward = tier != ladder[-1] if course.is_upward else tier == ladder[0]
    turned = replace(course, is_upward=is_upward)
    if is_upward:
        return Said(command=Escalate(actor=who, from_tier=tier, reason="Handed to the next line."), course=turned)
    back = Transfer(actor=who, to_tier=ladder[rung - 1], reason="Handed back to the line before.")
    return Said(command=back, course=turned)


def _sent_to_supplier(who: str, tier: str, ladder: tuple[str, ...], course: Course) -> Said | Skip:
    if tier == ladder[-1]:
        return Skip.WITH_SUPPLIER
    sent = Transfer(actor=who, to_tier=ladder[-1], reason="The supplier has to look at it.")
    return Said(command=sent, course=replace(course, left_for_supplier=tier))


def _sent_back(who: str, tier: str, ladder: tuple[str, ...], course: Course) -> Said | Skip:
    if tier != ladder[-1] or course.left_for_supplier is None:
        return Skip.NOT_WITH_SUPPLIER
    back = Transfer(actor=who, to_tier=course.left_for_supplier, reason="The supplier is done.")
    return Said(command=back, course=replace(course, left_for_supplier=None))


def _wait_ended(moment: Moment, seen: Seen) -> Command | Skip:
    """End a wait; one that the clocks have given up meanwhile is taken up again: an answer reopens it (6.9)."""
    is_given_up = seen.outcome is Outcome.NO_RESPONSE
    if seen.status is not Status.WAITING_ON_CUSTOMER and not is_given_up:
        return _ended(seen) or Skip.NOT_WAITING
    if moment.step is Step.ANSWER:
        text = "Here is what you asked for."
        return RecordContact(actor=moment.who, kind=ContactKind.INFORMATION, channel=CHANNEL, text=text)
    if is_given_up:
        return _back_to_work(moment.who, seen)
    return Continue(actor=moment.who, reason="We go on without the answer.")


def _signed_off(who: str, seen: Seen) -> Command | Skip:
    if seen.status is Status.CLOSED:
        return Skip.CLOSED
    return Confirm(actor=who) if seen.status is Status.RESOLVED else Skip.NOT_RESOLVED


def _back_to_work(who: str, seen: Seen) -> Command | Skip:
    if seen.status is Status.CLOSED:
        return Reopen(actor=who, reason="It is worked on again.")
    return Reject(actor=who, reason="It still does not work.") if seen.status is Status.RESOLVED else Skip.AT_WORK
