"""A ticket's log as short literal lines, in the words of one wall clock: what stories are written in.

Knows how an entry reads and how an instant is written. Refuses to know what ought to happen.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from workflows.domain.ticket.events import (
    Acknowledged,
    Assigned,
    ClockBreached,
    ClockCancelled,
    ClockMet,
    ClockMoved,
    ClockPaused,
    ClockReinstated,
    ClockResumed,
    ClockStarted,
    ClockWarned,
    Closed,
    ClosureBegan,
    ClosureEnded,
    Confirmed,
    ContactReceived,
    CreditMoved,
    CreditOffered,
    CreditProposed,
    CreditRefused,
    CustomerFlagged,
    CustomerReminded,
    Entry,
    Escalated,
    EscalationAbsorbed,
    Event,
    Held,
    HoldEnded,
    Imported,
    LadderExhausted,
    LastResortReminded,
    Merged,
    NoteAdded,
    Opened,
    PolicyChanged,
    PriorityChanged,
    ProblemLinked,
    ProblemUnlinked,
    PromiseBroken,
    PromiseCancelled,
    PromiseChanged,
    PromiseKept,
    PromiseMade,
    PromiseWarned,
    Rated,
    Rejected,
    Reopened,
    Resolved,
    TierSkipped,
    TimeLogged,
    TookOver,
    Transferred,
    UpdatePosted,
    WaitEnded,
    WaitStarted,
)
from workflows.domain.ticket.promises import NEXT_NEWS
from workflows.domain.ticket.words import SkipReason, Target

_BOOKKEEPING = (ClockStarted, ClockPaused, ClockResumed, ClockMoved, ClockCancelled)

_Clock = (
    ClockStarted
    | ClockPaused
    | ClockResumed
    | ClockMoved
    | ClockWarned
    | ClockMet
    | ClockBreached
    | ClockCancelled
    | ClockReinstated
)
_Promise = PromiseMade | PromiseWarned | PromiseKept | PromiseBroken | PromiseChanged | PromiseCancelled
_Ladder = TierSkipped | Escalated | EscalationAbsorbed | LadderExhausted | LastResortReminded | Transferred
_Goodwill = Held | HoldEnded | Rated | CreditOffered | CreditProposed | CreditMoved | CreditRefused | CustomerFlagged
_Life = (
    Opened
    | Acknowledged
    | Assigned
    | PriorityChanged
    | PolicyChanged
    | Merged
    | TookOver
    | Imported
    | ProblemLinked
    | ProblemUnlinked
    | NoteAdded
    | TimeLogged
    | UpdatePosted
    | ContactReceived
    | WaitStarted
    | WaitEnded
    | CustomerReminded
    | Resolved
    | Confirmed
    | Rejected
    | Closed
    | Reopened
    | ClosureBegan
    | ClosureEnded
)


@dataclass(frozen=True, slots=True)
class Wall:
    """The clock on the wall that a story is told by: a zone, and the year in which it begins."""

    zone: ZoneInfo
    year: int

    def read(self, text: str) -> datetime:
        """The instant of `Mon 23 Nov 09:15`, seconds if wanted; in that year or the next, as the weekday says."""
        form = "%Y %a %d %b %H:%M" + (":%S" if text.count(":") > 1 else "") + (".%f" if "." in text else "")
        for year in (self.year, self.year + 1):
            at = datetime.strptime(f"{year} {text}", form).replace(tzinfo=self.zone)
            if f"{at:%a}" == text[:3]:
                return at.astimezone(UTC)
        raise AssertionError(f"{text!r}: that date has another weekday in {self.year} and {self.year + 1}")

    def write(self, at: datetime, beside: datetime | None = None) -> str:
        """The instant as it reads on the wall; without its date when that is the date of `beside`."""
        local = at.astimezone(self.zone)
        time = f"{local:%H:%M}"
        if local.second or local.microsecond:
            time += f":{local:%S}"
        if local.microsecond:
            time += f".{local.microsecond:06}"
        if beside is not None and beside.astimezone(self.zone).date() == local.date():
            return time
        return f"{local:%a} {local.day} {local:%b} {time}"


def line(entry: Entry, wall: Wall) -> str:
    """One entry as one line: when it took effect, what happened, and every other instant it names."""

    def when(at: datetime) -> str:
        return wall.write(at, beside=entry.at)

    event = entry.event
    match event:
        case (
            ClockStarted()
            | ClockPaused()
            | ClockResumed()
            | ClockMoved()
            | ClockWarned()
            | ClockMet()
            | ClockBreached()
            | ClockCancelled()
            | ClockReinstated()
        ):
            words = _of_clock(event, entry.at, when)
        case (
            TierSkipped()
            | Escalated()
            | EscalationAbsorbed()
            | LadderExhausted()
            | LastResortReminded()
            | Transferred()
        ):
            words = _of_ladder(event, when)
        case (
            Held()
            | HoldEnded()
            | Rated()
            | CreditOffered()
            | CreditProposed()
            | CreditMoved()
            | CreditRefused()
            | CustomerFlagged()
        ):
            words = _of_goodwill(event, when)
        case PromiseMade() | PromiseWarned() | PromiseKept() | PromiseBroken() | PromiseChanged() | PromiseCancelled():
            words = _of_promise(event, when)
        case _:
            words = _of_life(event, when)
    return f"{wall.write(entry.at)} {words}"


def is_bookkeeping(event: Event, told_beside: Iterable[Event]) -> bool:
    """Whether its line follows from another, and is left out when a story is read in short.

    So are the engine's promises of next news: each is made by a step that says it, kept by a person's message, and
    broken with the update clock, where that ran out at the same instant (6.5).
    """
    match event:
        case PromiseMade(name=name) | PromiseKept(name=name) | PromiseCancelled(name=name):
            return name == NEXT_NEWS
        case PromiseBroken(is_engines=True, due_at=due_at):
            return any(
                isinstance(other, ClockBreached) and other.target is Target.UPDATE and other.due_at == due_at
                for other in told_beside
            )
        case _:
            return isinstance(event, _BOOKKEEPING)


def length(time: timedelta) -> str:
    """A length of time as `2h30m`."""
    minutes, seconds = divmod(time, timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else ""]
    parts.append(f"{seconds.total_seconds():g}s" if seconds else "")
    return "".join(parts) or "0m"


When = Callable[[datetime], str]


def _of_clock(event: _Clock, at: datetime, when: When) -> str:  # noqa: PLR0911 - one line an event, no more
    name = f"{event.target}/{event.run} of {event.tier}"
    match event:
        case ClockStarted():
            since = "" if event.started_at == at else f" from {when(event.started_at)}"
            spent = f" with {length(event.spent)} spent" if event.spent else ""
            ends = f"paused: {event.pause}" if event.deadline_at is None else f"until {when(event.deadline_at)}"
            return f"started {name}{since}, {length(event.length)}{spent}, {ends}"
        case ClockPaused():
            return f"paused {name}: {event.pause}, {length(event.spent)} spent"
        case ClockResumed():
            return f"resumed {name}, {length(event.spent)} spent, until {when(event.deadline_at)}"
        case ClockMoved():
            ends = "paused" if event.deadline_at is None else f"until {when(event.deadline_at)}"
            since = "" if event.started_at is None else f" from {when(event.started_at)}"
            taken = f", {length(event.taken_over)} of it taken over" if event.taken_over else ""
            return f"moved {name}{since} to {length(event.length)}, {length(event.spent)} spent{taken}, {ends}"
        case ClockWarned():
            return f"warned {event.fraction:.0%} of {name}, due {when(event.due_at)}"
        case ClockMet():
            as_of = "" if event.as_of == at else f", as of {when(event.as_of)}"
            return f"met {name}, {length(event.spent)} spent{as_of}"
        case ClockBreached():
            late = ", late" if event.engine_late else ""
            last = "" if event.last_due_at is None else f", {event.count} runs, the last due {when(event.last_due_at)}"
            return f"breached {name}, due {when(event.due_at)}{late}{last}"
        case ClockCancelled():
            return f"cancelled {name}, {length(event.spent)} spent"
        case ClockReinstated():
            return f"reinstated {name}, was {event.was}, {length(event.spent)} spent, until {when(event.deadline_at)}"
        case _:
            assert_never(event)


def _of_promise(event: _Promise, when: When) -> str:
    name = f"promise {event.name}/{event.run}"
    match event:
        case PromiseMade():
            made = "made again" if event.replaces else "made"
            whose = f", {event.owner} to keep it" if event.owner else ""
            return f"{name} {made}: {event.kind}, by {when(event.promised_at)}{whose}"
        case PromiseWarned():
            return f"warned {event.fraction:.0%} of {name}, due {when(event.due_at)}"
        case PromiseKept():
            return f"{name} {'done late' if event.is_late else 'kept'}, for {when(event.promised_at)}"
        case PromiseBroken():
            return f"{name} broken, due {when(event.due_at)}{', late' if event.engine_late else ''}"
        case PromiseChanged():
            return f"{name} agreed anew: {when(event.from_promised_at)} -> {when(event.promised_at)}"
        case PromiseCancelled():
            return f"{name} cancelled: {event.reason}"
        case _:
            assert_never(event)


def _of_ladder(event: _Ladder, when: When) -> str:
    match event:
        case TierSkipped():
            nobody = ": nobody on duty" if event.why is SkipReason.EMPTY else ""
            return f"skipped {event.tier}{nobody}"
        case Escalated():
            news = "no news promised" if event.next_news_at is None else f"next news {when(event.next_news_at)}"
            again = ", ping-pong" if event.is_ping_pong else ""
            return f"escalated {event.from_tier} -> {event.to_tier}: {' + '.join(event.causes)}, {news}{again}"
        case EscalationAbsorbed():
            return f"absorbed in {event.tier}: {' + '.join(event.causes)}"
        case LadderExhausted():
            again = ", again" if event.is_repeat else ""
            return f"ladder ended at {event.tier}{again}: {' + '.join(event.causes)}, {event.last_resort}"
        case LastResortReminded():
            return f"reminded {event.last_resort} {event.number}: {' + '.join(event.causes)}, due {when(event.due_at)}"
        case Transferred():
            again = ", ping-pong" if event.is_ping_pong else ""
            way = "forward" if event.is_forward else "backward"
            return f"transferred {event.from_tier} -> {event.to_tier} {way}{again}"
        case _:
            assert_never(event)


def _of_goodwill(event: _Goodwill, when: When) -> str:  # noqa: PLR0911 - one line an event, no more
    match event:
        case Held():
            return f"on hold: {event.reason}"
        case HoldEnded():
            return "hold ended"
        case Rated():
            return f"rated {event.stars}"
        case CreditOffered():
            earned = f", earned by {event.of}" if event.of else ""
            approved = f", approved by {event.approved_by}" if event.approved_by else ""
            return f"credit {event.number} offered: {event.minor} {event.currency}{earned}{approved}"
        case CreditProposed():
            taken = f", of {event.merged_reference}" if event.merged_reference else ""
            return f"credit {event.number} proposed: {event.minor} {event.currency}{taken}"
        case CreditMoved():
            return f"credit {event.number} goes on in {event.survivor_reference}"
        case CreditRefused():
            return f"credit {event.number} refused"
        case CustomerFlagged():
            return f"customer at risk: {' + '.join(event.signals)}, since {when(event.since)}"
        case _:
            assert_never(event)


def _letter(event: UpdatePosted | Resolved) -> str:
    """Which of the customer's tickets carries the letter, where it is one for several."""
    if event.told_in is not None:
        return f", told in {event.told_in}"
    return f", also for {' '.join(event.also_for)}" if event.also_for else ""


def _of_life(event: _Life, when: When) -> str:  # noqa: C901, PLR0911, PLR0912 - one line an event, no more
    match event:
        case Opened():
            return f"opened {event.priority} in {event.tier}"
        case Acknowledged():
            return f"acknowledged by {event.handler} of {event.tier}"
        case Assigned():
            return f"assigned {event.from_handler} -> {event.handler}"
        case PriorityChanged():
            return f"priority {event.from_priority} -> {event.priority}"
        case PolicyChanged():
            tier = "" if event.tier == event.from_tier else f", tier {event.from_tier} -> {event.tier}"
            priority = (
                "" if event.priority == event.from_priority else f", priority {event.from_priority} -> {event.priority}"
            )
            return f"policy {event.from_policy_version} -> {event.policy_version}{tier}{priority}"
        case Merged():
            return f"merged into {event.survivor_id}"
        case TookOver():
            return f"took {event.ticket_id} over"
        case ClosureBegan():
            until = "" if event.until_at is None else f" until {when(event.until_at)}"
            return f"queue closed{until}"
        case ClosureEnded():
            return "queue open again"
        case Imported():
            breaches = f", {len(event.breaches)} breaches had" if event.breaches else ""
            return f"imported {event.status}, opened {when(event.opened_at)}{breaches}"
        case ProblemLinked():
            return f"linked to problem {event.problem_id}"
        case ProblemUnlinked():
            return f"unlinked from problem {event.problem_id}"
        case NoteAdded():
            return "note added"
        case TimeLogged():
            return f"time logged: {length(event.spent)}"
        case UpdatePosted():
            return f"update posted{_letter(event)}"
        case ContactReceived():
            answer = ", the answer" if event.answered_wait else ""
            return f"contact: {event.kind}, chases {event.chases}{answer}"
        case WaitStarted():
            return "wait started"
        case WaitEnded():
            return f"wait ended: {event.by}"
        case CustomerReminded():
            return f"customer reminded {event.number}, due {when(event.due_at)}"
        case Resolved():
            due = "" if event.due_at is None else f", due {when(event.due_at)}"
            return f"resolved {event.outcome}{due}{_letter(event)}"
        case Confirmed():
            return "confirmed"
        case Rejected():
            return "rejected"
        case Closed():
            due = "" if event.due_at is None else f", due {when(event.due_at)}"
            return f"closed {event.outcome} by {event.by}{due}"
        case Reopened():
            return f"reopened, was {event.was}"
        case _:
            assert_never(event)
