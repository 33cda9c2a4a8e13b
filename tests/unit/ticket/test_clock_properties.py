"""What holds for every clock of any life: when it counts, stands still, breaks, and what its ledger says (2, 4, 8)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given

from tests.unit.ticket.lives import ENOUGH
from tests.unit.ticket.plans import Plan, lives_of, worlds
from workflows.domain.ticket.clocks import calendar_of, spent_by
from workflows.domain.ticket.closing import RESOLUTION_PAUSES
from workflows.domain.ticket.commands import Import
from workflows.domain.ticket.events import (
    ClockBreached,
    ClockCancelled,
    ClockMet,
    ClockMoved,
    ClockPaused,
    ClockReinstated,
    ClockResumed,
    ClockStarted,
    PolicyChanged,
    PriorityChanged,
    PromiseBroken,
    TookOver,
    WaitStarted,
)
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.state import Clock
from workflows.domain.ticket.words import (
    ClockState,
    Pause,
    Status,
    Target,
    TicketKind,
)
from workflows.domain.working_time import due

LATER = datetime.max.replace(tzinfo=UTC)


@ENOUGH
@given(worlds)
def test_what_takes_effect_in_one_settle_never_goes_back(plan: Plan) -> None:
    """4.6: breaches in order of `due_at`, `effective_at` rising and late by the constant alone."""
    for judged in (judged for life in lives_of(plan) for judged in life.judgements):
        breaches = [entry.event for entry in judged.entries if isinstance(entry.event, ClockBreached | PromiseBroken)]
        for one, next_one in pairwise(breaches):
            assert one.due_at <= next_one.due_at
            assert one.effective_at <= next_one.effective_at
        for each in breaches:
            assert each.due_at <= each.effective_at <= each.detected_at
            assert each.engine_late == (each.detected_at - each.due_at > timedelta(seconds=60))
            assert not each.engine_late or each.effective_at == each.detected_at


@ENOUGH
@given(worlds)
def test_a_breach_is_recorded_when_its_deadline_has_passed_unmet_and_only_then(plan: Plan) -> None:
    """4.1, 4.3, 5.2: read off the log alone: at the deadline that stood last, and no run goes on past its own."""
    for life in lives_of(plan):
        deadlines = dict[tuple[Target, int], datetime | None]()
        for event, at in ((entry.event, entry.at) for entry in life.entries):
            match event:
                case ClockBreached(target=target, run=run, count=count, due_at=due_at):
                    assert deadlines.pop((target, run)) == due_at < event.detected_at
                    assert count == 1 or event.last_due_at is not None
                case ClockMet(target=target, run=run, as_of=as_of):
                    deadline_at = deadlines.pop((target, run))
                    assert deadline_at is None or as_of <= deadline_at
                case ClockCancelled(target=target, run=run):
                    deadline_at = deadlines.pop((target, run))
                    assert deadline_at is None or at <= deadline_at
                case ClockPaused(target=target, run=run):
                    deadline_at = deadlines[target, run]
                    assert deadline_at is None or at <= deadline_at
                    deadlines[target, run] = None
                case ClockStarted() | ClockResumed() | ClockMoved() | ClockReinstated():
                    before = deadlines.get((event.target, event.run))
                    assert before is None or at <= before
                    deadlines[event.target, event.run] = event.deadline_at
                case _:
                    pass
        assert all(at is None or at >= life.settled_at[-1] for at in deadlines.values())


@ENOUGH
@given(worlds)
def test_standing_still_never_brings_a_deadline_nearer(plan: Plan) -> None:
    """2.7, 2.11: whoever is waited for, and however a closure is announced, ended early or late, none moves back."""
    for life in lives_of(plan):
        stood = dict[tuple[Target, int], datetime | None]()
        stopped = dict[tuple[Target, int], datetime | None]()
        for event in (entry.event for entry in life.entries):
            match event:
                case ClockPaused():
                    name = (event.target, event.run)
                    stopped.setdefault(name, stood.get(name))
                case ClockResumed():
                    before_at = stopped.pop((event.target, event.run), None)
                    assert before_at is None or event.deadline_at >= before_at
                    stood[event.target, event.run] = event.deadline_at
                case ClockStarted() | ClockMoved() | ClockReinstated():
                    stood[event.target, event.run] = event.deadline_at
                    stopped.pop((event.target, event.run), None)
                case PolicyChanged():  # in other hours than those that it was given in, what is left may be sooner
                    stopped.clear()
                case TookOver():  # so too of a deadline that comes from another ticket
                    break
                case _:
                    pass


@ENOUGH
@given(worlds)
def test_time_spent_survives_and_makes_the_deadline(plan: Plan) -> None:
    """2.3, 2.7, 6.11: what a run has spent never shrinks, only other targets make it longer, both give its end."""
    for life in lives_of(plan):
        seen = dict[tuple[Target, int], Clock]()
        for policy, judged in zip((*life.policies[1:], life.policy), life.judgements, strict=True):
            is_longer = any(
                isinstance(entry.event, PolicyChanged)
                or (isinstance(entry.event, PriorityChanged) and entry.event.priority == "normal")
                for entry in judged.entries
            )
            for clock in judged.ticket.clocks:
                before = seen.get((clock.target, clock.run), clock)
                seen[clock.target, clock.run] = clock
                assert timedelta() <= before.spent <= clock.spent <= clock.length
                # What a merge or another version keeps as an instant may need more of other hours than was left (6.7).
                is_kept = judged.ticket.merged or len(life.versions) > 1
                assert clock.length <= before.length or is_longer or is_kept
                assert (clock.deadline_at is None) == (clock.state is not ClockState.RUNNING)
                assert before.state is not ClockState.BREACHED or clock == before
                left = clock.length - clock.spent
                # The earlier of two deadlines stays that instant (6.7); what is spent to the last may end later (3.3).
                if left and clock.running_since and not judged.ticket.merged:
                    calendar = calendar_of(policy, clock.target, clock.tier)
                    assert clock.deadline_at == due(calendar, clock.running_since, left)


@ENOUGH
@given(worlds)
def test_a_clock_stands_still_exactly_while_its_state_or_its_queue_says_so(plan: Plan) -> None:
    """2.7, 2.10, 2.11: a pause survives whatever happens meanwhile, and ends with what it belongs to."""
    for life in lives_of(plan):
        pauses, is_one_policy = tuple[Target, ...](), True
        for place, judged in enumerate(life.judgements):
            ticket, at = judged.ticket, life.settled_at[place]
            was_waiting = place > 0 and life.judgements[place - 1].ticket.waiting is not None
            is_asked = any(isinstance(entry.event, WaitStarted) for entry in judged.entries)
            if is_asked and not was_waiting:  # another question goes on with the wait that there is
                pauses = () if ticket.kind is TicketKind.LEAVING else life.policies[place].waiting_pauses
                is_one_policy = True
            if any(isinstance(entry.event, PolicyChanged) for entry in judged.entries):
                is_one_policy = False  # what stands still goes on doing so; what begins goes by the new version (7.3)
            if ticket.status is Status.WAITING_ON_CUSTOMER and not is_one_policy:
                continue
            standing = {
                Status.WAITING_ON_CUSTOMER: dict.fromkeys(pauses, Pause.WAITING_ON_CUSTOMER),
                Status.RESOLVED: dict.fromkeys(RESOLUTION_PAUSES, Pause.RESOLVED),
            }.get(ticket.status, {})
            for clock in (clock for clock in ticket.clocks if clock.state.is_live):
                assert (clock.state is ClockState.PAUSED) == (clock.pause is not None)
                if clock.target in standing:
                    assert clock.pause is standing[clock.target]
                elif clock.pause is not None:
                    assert clock.target.is_the_tiers
                    assert clock.pause is Pause.QUEUE_CLOSED
                    assert any(each.from_at <= at <= (each.until_at or at) for each in ticket.closures)
                elif clock.target.is_the_tiers:
                    assert not any(each.from_at < at < (each.until_at or LATER) for each in ticket.closures)


@ENOUGH
@given(worlds)
def test_a_ledger_tells_what_the_ticket_says(plan: Plan) -> None:
    """8: the log alone gives state, length, start, deadline and time spent of every run that the ticket holds."""
    for life in lives_of(plan):
        at = life.settled_at[-1]
        found = ledger(life.first, life.entries, at, later=life.versions)
        lines = {(line.target, line.promise, line.run): line for line in found}
        for clock in life.ticket.clocks:
            if clock.state is ClockState.BREACHED and (clock.target, "", clock.run) not in lines:
                assert isinstance(life.opening, Import)  # what broke elsewhere is no run of this log
                continue
            line = lines[clock.target, "", clock.run]
            assert (line.state, line.length, line.started_at) == (clock.state, clock.length, clock.started_at)
            assert line.spent == spent_by(life.policy, clock, at)
            assert clock.deadline_at in {None, line.deadline_at}
        for promise in life.ticket.promises:
            line = lines[Target.PROMISE, promise.name, promise.run]
            assert line.started_at + line.length == promise.promised_at
