"""What holds for every life of a ticket, whatever its policy, whoever settles it and however late (semantics 5.3)."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given

from tests.unit.ticket.lives import ENOUGH, without_detection
from tests.unit.ticket.plans import Plan, gone_through, lives_of, worlds
from workflows.domain.policy import hours, minutes
from workflows.domain.ticket.commands import Import
from workflows.domain.ticket.events import (
    Assigned,
    ClockBreached,
    ClockStarted,
    ClockWarned,
    Closed,
    ContactReceived,
    CreditOffered,
    CreditProposed,
    CreditRefused,
    CustomerFlagged,
    CustomerReminded,
    Escalated,
    Imported,
    LadderExhausted,
    LastResortReminded,
    Merged,
    Opened,
    PolicyChanged,
    PriorityChanged,
    PromiseBroken,
    PromiseChanged,
    PromiseMade,
    PromiseWarned,
    Rated,
    Rejected,
    Reopened,
    Resolved,
    TierSkipped,
    TookOver,
    Transferred,
    UpdatePosted,
    WaitEnded,
    WaitStarted,
)
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.state import TICK, Ticket
from workflows.domain.ticket.words import (
    Audience,
    Pause,
    Status,
    Target,
    TicketKind,
)

NOTHING = timedelta()
FALLS_DUE = (
    ClockWarned,
    ClockBreached,
    PromiseWarned,
    PromiseBroken,
    Escalated,
    LadderExhausted,
    LastResortReminded,
    CustomerReminded,
)
TOLD_OF = {
    "opened": Opened,
    "assigned": Assigned,
    "priority_changed": PriorityChanged,
    "clock_warned": ClockWarned,
    "clock_breached": ClockBreached,
    "resolve_missed": ClockBreached,
    "promise_made": PromiseMade,
    "promise_changed": PromiseChanged,
    "promise_warned": PromiseWarned,
    "promise_broken": PromiseBroken,
    "escalated": Escalated,
    "rejected": Rejected,
    "transferred": Transferred,
    "ladder_exhausted": LadderExhausted,
    "last_resort_reminded": LastResortReminded,
    "update_posted": UpdatePosted,
    "contact_received": ContactReceived,
    "question_asked": WaitStarted,
    "customer_reminded": CustomerReminded,
    "gave_up_waiting": Resolved,
    "resolved": Resolved,
    "closed": Closed,
    "reopened": Reopened,
    "rated_low": Rated,
    "credit_offered": CreditOffered,
    "credit_to_approve": CreditProposed,
    "credit_refused": CreditRefused,
    "customer_at_risk": CustomerFlagged,
    "answer_missing": WaitEnded,
    "merged": Merged,
    "took_over": TookOver,
    "imported": Imported,
}
"""Each kind of message, and the line of the log that it tells of."""


@ENOUGH
@given(worlds)
def test_settling_later_or_more_often_gives_the_same_events(plan: Plan) -> None:
    """5.3: with the same (instant, input) list and no lateness of more than 60 s, only `detected_at` differs."""
    # In whole quarters: else something else is said before it is found, and the inputs are others (2.11).
    steps = [replace(step, gap=step.gap - step.gap % minutes(15)) for step in plan.happenings]
    plan = plan._replace(happenings=steps)
    at_once, behind = gone_through(plan._replace(lag=NOTHING), outages=False), gone_through(plan, outages=False)
    for life, late in zip(at_once.lives, behind.lives, strict=True):
        assert without_detection(late.entries) == without_detection(life.entries)
        assert late.applied == life.applied
        assert [each.told for each in late.learnt] == [each.told for each in life.learnt]
        assert replace(late.ticket, version=0) == replace(life.ticket, version=0)


@ENOUGH
@given(worlds)
def test_the_same_instants_and_detections_give_the_same_log(plan: Plan) -> None:
    """5.3: a ticket is a function of its policy, its (instant, input) list and what the record keeps of detection."""
    for life in lives_of(plan):
        derived = life.derived()
        assert list(derived.entries) == life.entries
        assert replace(derived.ticket, version=0) == replace(life.ticket, version=0)


@ENOUGH
@given(worlds)
def test_the_log_has_no_gaps_and_no_doubles(plan: Plan) -> None:
    """4.3, 4.7: one breach a run of a clock or promise, each run started once, sequences 1, 2, 3 …."""
    for life in lives_of(plan):
        assert [entry.sequence for entry in life.entries] == list(range(1, len(life.entries) + 1))
        assert life.ticket.sequence == len(life.entries)
        happened = Counter[tuple[object, ...]]()
        for event in (entry.event for entry in life.entries):
            match event:
                case ClockBreached(target=target, run=run, count=count):
                    happened.update(("breached", target, each) for each in range(run, run + count))
                case ClockStarted(target=target, run=run):
                    happened["started", target, run] += 1
                case PromiseBroken(name=name, run=run):
                    happened["broken", name, run] += 1
                case _:
                    pass
        assert set(happened.values()) <= {1}


@ENOUGH
@given(worlds)
def test_every_warning_is_sent_once(plan: Plan) -> None:
    """2.8: once a run and fraction; of a fraction that a version has not, the next does not know that it was sent."""
    for life in lives_of(plan):
        warned, versions = Counter[tuple[object, ...]](), 0
        for event in (entry.event for entry in life.entries):
            match event:
                case PolicyChanged():
                    versions += 1
                case ClockWarned(target=target, run=run, fraction=fraction):
                    warned[target, run, fraction, versions] += 1
                case PromiseWarned(name=name, run=run, fraction=fraction):
                    warned[name, run, fraction, versions] += 1
                case _:
                    pass
        assert set(warned.values()) <= {1}


@ENOUGH
@given(worlds)
def test_every_message_tells_of_a_line_of_its_settle(plan: Plan) -> None:
    """4.7: what somebody is told happened, as it is called, and nobody is told twice of it."""
    for judged in (judged for life in lives_of(plan) for judged in life.judgements):
        lines = {entry.sequence: type(entry.event) for entry in judged.entries}
        for message in judged.messages:
            assert lines[message.sequence] is TOLD_OF[message.kind]
        assert len(set(judged.messages)) == len(judged.messages)


@ENOUGH
@given(worlds)
def test_coinciding_deadlines_never_skip_a_tier(plan: Plan) -> None:
    """4.8, 4.5: each escalation goes up to the next tier that is not passed by in so many words, one an instant."""
    for life in lives_of(plan):
        passed_by, steps = list[str](), list[datetime]()
        for policy, entry in life.lines:
            if isinstance(entry.event, TierSkipped):
                passed_by.append(entry.event.tier)
            if isinstance(entry.event, Escalated):
                above = policy.tier_names[policy.rung(entry.event.from_tier) + 1 : policy.rung(entry.event.to_tier)]
                assert list(above) == passed_by
                assert policy.rung(entry.event.to_tier) > policy.rung(entry.event.from_tier)
                assert len(set(entry.event.causes)) == len(entry.event.causes)
                steps.append(entry.at)
            if not isinstance(entry.event, TierSkipped):
                passed_by.clear()
        assert all(earlier_at < later_at for earlier_at, later_at in pairwise(steps))


@ENOUGH
@given(worlds)
def test_what_is_over_neither_escalates_nor_warns(plan: Plan) -> None:
    """6.7, 4: of a closed ticket nothing falls due until it is reopened; of a merged one nothing happens any more."""
    for life in lives_of(plan):
        is_closed = False
        for at, event in ((entry.at, entry.event) for entry in life.entries):
            if isinstance(event, Closed):
                is_closed = True
            if isinstance(event, Reopened):
                is_closed = False
            assert not (is_closed and isinstance(event, FALLS_DUE)), at
        merged = [place for place, entry in enumerate(life.entries) if isinstance(entry.event, Merged)]
        if merged:
            (place,) = merged
            assert {entry.at for entry in life.entries[place:]} == {life.entries[place].at}
            assert life.ticket.wake_at() is None
            later = judge(life.policy, life.ticket, life.settled_at[-1] + hours(5000), told=life.told_then[-1])
            assert (later.entries, later.messages) == ((), ())


@ENOUGH
@given(worlds)
def test_the_version_rises_with_what_people_decide_on_and_with_nothing_else(plan: Plan) -> None:
    """5.4: by one with each settle that changes state, tier, handler, owner, priority, a deadline or a promise."""

    def decided_on(ticket: Ticket) -> tuple[object, ...]:
        deadlines = {(clock.target, clock.deadline_at) for clock in ticket.clocks if clock.deadline_at}
        promises = {(each.name, each.run, each.state, each.kept_at) for each in ticket.promises}
        held_by = (ticket.tier, ticket.handler, ticket.owner)
        return ticket.status, held_by, ticket.priority, ticket.policy_version, promises, deadlines

    for life in lives_of(plan):
        for before, after in pairwise(judged.ticket for judged in life.judgements):
            assert after.version - before.version == int(decided_on(after) != decided_on(before))


@ENOUGH
@given(worlds)
def test_a_refused_command_changes_nothing(plan: Plan) -> None:
    """6: what was due before it is found, as by anybody who looked at that instant, and nothing else."""
    for life in lives_of(plan):
        for place, judged in enumerate(life.judgements):
            if judged.refusal is not None:
                policy, before, at = life.policies[place], life.judgements[place - 1].ticket, life.settled_at[place]
                assert replace(judged, refusal=None) == judge(policy, before, at, told=life.told_then[place])


@ENOUGH
@given(worlds)
def test_a_ticket_asks_to_be_woken_for_something_and_in_time(plan: Plan) -> None:
    """2.5: always unless closed; nothing is found before the wake-up, and something at it."""
    for life in lives_of(plan):
        for policy, ticket, settled_at in life.standing:
            wake_at = ticket.wake_at()
            assert (wake_at is None) == (ticket.status is Status.CLOSED)
            if wake_at is None:
                continue
            # What a command brings about at its own instant, like a warning that is past already, wants one more look.
            assert wake_at > settled_at
            deadlines = [clock.deadline_at for clock in ticket.clocks if clock.deadline_at]
            deadlines += [promise.promised_at for promise in ticket.promises if promise.is_open]
            assert wake_at <= min(deadlines, default=wake_at) + TICK
            assert judge(policy, ticket, wake_at).entries
            if wake_at - TICK > settled_at:
                early = judge(policy, ticket, wake_at - TICK)
                assert (early.ticket, early.entries, early.messages) == (ticket, (), ())


@ENOUGH
@given(worlds)
def test_the_parts_of_a_state_agree(plan: Plan) -> None:
    """6: whoever works on it, waits for it or is reminded of it fits the state it is in."""
    for ticket in (judged.ticket for life in lives_of(plan) for judged in life.judgements):
        assert ticket.visited[-1] == ticket.tier
        assert (ticket.waiting is not None) == (ticket.status is Status.WAITING_ON_CUSTOMER)
        assert (ticket.resolution is not None) == (ticket.status in {Status.RESOLVED, Status.CLOSED})
        assert (ticket.closed_at is not None) == (ticket.status is Status.CLOSED)
        assert ticket.reminding is None or ticket.is_worked_on
        assert ticket.holding is None or ticket.is_worked_on
        assert ticket.merged_into is None or ticket.status is Status.CLOSED
        assert ticket.status is not Status.OPEN or ticket.handler is None
        assert ticket.status is not Status.IN_PROGRESS or ticket.handler is not None
        assert len(set(ticket.problems)) == len(ticket.problems)
        live = [clock.target for clock in ticket.clocks if clock.state.is_live]
        assert len(live) == len(set(live))
        assert (Target.UPDATE in live) == (ticket.status is not Status.CLOSED)


@ENOUGH
@given(worlds)
def test_nobody_waits_on_a_customer_who_has_answered(plan: Plan) -> None:
    """6.3, 6.6: here or on a ticket that was merged into this one, the question is the last word while it waits."""
    world = gone_through(plan)
    for ticket in (judged.ticket for life in world.lives for judged in life.judgements):
        spoke_at = ticket.customer_spoke_at
        assert ticket.waiting is None or spoke_at is None or spoke_at <= ticket.waiting.question_at
    for merge in (each for each in world.merges if each.is_done):
        waiting, other = merge.survivor.settled(merge.at).ticket.waiting, merge.other.ticket
        assert waiting is None or (other.customer_spoke_at or other.opened_at) <= waiting.question_at


@ENOUGH
@given(worlds)
def test_a_request_to_leave_meets_no_hurdle(plan: Plan) -> None:
    """6.6, 7: a question holds nothing up, no silence ends it, and it is never put off to a lower priority."""
    for life in (life for life in lives_of(plan) if life.ticket.kind is TicketKind.LEAVING):
        assert {judged.ticket.priority for judged in life.judgements} == {"urgent"}
        for judged in life.judgements:
            assert all(clock.pause is not Pause.WAITING_ON_CUSTOMER for clock in judged.ticket.clocks)
        resolved = [entry for entry in life.entries if isinstance(entry.event, Resolved)]
        assert all(entry.actor is not None for entry in resolved)


@ENOUGH
@given(worlds)
def test_what_comes_from_elsewhere_causes_nothing_by_itself(plan: Plan) -> None:
    """6.14: no customer is told of an import, nothing is breached by it, and all that runs on is still to come."""
    for life in (life for life in lives_of(plan) if isinstance(life.opening, Import)):
        imported = life.judgements[0]
        assert not [message for message in imported.messages if message.audience is Audience.CUSTOMER]
        assert not [entry for entry in imported.entries if isinstance(entry.event, ClockBreached | Escalated)]
        assert all(clock.deadline_at >= life.opened_at for clock in imported.ticket.clocks if clock.deadline_at)
