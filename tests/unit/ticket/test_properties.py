"""What holds for every life of a ticket, whatever its policy, whoever settles it and however late (semantics 5.3)."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given

from tests.unit.ticket.lives import (
    ENOUGH,
    OPENED_AT,
    OPENING,
    Step,
    lags,
    lived,
    plans,
    policies,
    without_detection,
)
from workflows.domain.policy import Policy
from workflows.domain.ticket.clocks import calendar_of
from workflows.domain.ticket.closing import RESOLUTION_PAUSES
from workflows.domain.ticket.events import (
    Assigned,
    ClockBreached,
    ClockMoved,
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
    PriorityChanged,
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
    TookOver,
    Transferred,
    UpdatePosted,
    WaitEnded,
    WaitStarted,
)
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.rederive import looks, rederive
from workflows.domain.ticket.state import TICK, Clock, Ticket
from workflows.domain.ticket.words import (
    Audience,
    ClockState,
    Pause,
    PromiseState,
    Status,
    Target,
)
from workflows.domain.working_time import due

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
@given(policies, plans, lags)
def test_settling_later_or_more_often_gives_the_same_events(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """5.3: with the same (instant, input) list and no lateness of more than 60 s, only `detected_at` differs."""
    at_once, behind = lived(policy, plan, outages=False), lived(policy, plan, lag=lag, outages=False)
    assert without_detection(behind.entries) == without_detection(at_once.entries)
    assert behind.applied == at_once.applied
    assert replace(behind.ticket, version=0) == replace(at_once.ticket, version=0)


@ENOUGH
@given(policies, plans, lags)
def test_the_same_instants_and_detections_give_the_same_log(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """5.3: a ticket is a function of its policy, its (instant, input) list and what the record keeps of detection."""
    life = lived(policy, plan, lag=lag)
    again = rederive(policy, OPENING, OPENED_AT, life.applied, looks(life.entries))
    assert list(again.entries) == life.entries
    assert replace(again.ticket, version=0) == replace(life.ticket, version=0)


@ENOUGH
@given(policies, plans, lags)
def test_the_log_has_no_gaps_and_no_doubles(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """4.3, 4.7: one breach a clock run, each run started once, sequences 1, 2, 3 …; messages tell of a line."""
    life = lived(policy, plan, lag=lag)
    assert [entry.sequence for entry in life.entries] == list(range(1, len(life.entries) + 1))
    assert life.ticket.sequence == len(life.entries)
    breaches = [entry.event for entry in life.entries if isinstance(entry.event, ClockBreached)]
    broken = [(each.event.name, each.event.run) for each in life.entries if isinstance(each.event, PromiseBroken)]
    assert len(broken) == len(set(broken))
    runs = [(each.target, run) for each in breaches for run in range(each.run, each.run + each.count)]
    assert len(runs) == len(set(runs))
    started = [(each.event.target, each.event.run) for each in life.entries if isinstance(each.event, ClockStarted)]
    assert len(started) == len(set(started))
    for judged in life.judgements:
        lines = {entry.sequence: type(entry.event) for entry in judged.entries}
        for message in judged.messages:
            assert lines[message.sequence] is TOLD_OF[message.kind]


@ENOUGH
@given(policies, plans, lags)
def test_coinciding_deadlines_never_skip_a_tier(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """4.8: each escalation goes one rung up, and no two take effect in one instant."""
    steps = [
        (each.at, each.event) for each in lived(policy, plan, lag=lag).entries if isinstance(each.event, Escalated)
    ]
    for _, event in steps:
        assert policy.rung(event.to_tier) == policy.rung(event.from_tier) + 1
        assert len(set(event.causes)) == len(event.causes)
    for (earlier_at, _), (later_at, _) in pairwise(steps):
        assert earlier_at < later_at


@ENOUGH
@given(policies, plans, lags)
def test_what_takes_effect_in_one_settle_never_goes_back(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """4.6: breaches in order of `due_at`, `effective_at` rising and late by the constant alone."""
    for judged in lived(policy, plan, lag=lag).judgements:
        breaches = [entry.event for entry in judged.entries if isinstance(entry.event, ClockBreached | PromiseBroken)]
        for one, next_one in pairwise(breaches):
            assert one.due_at <= next_one.due_at
            assert one.effective_at <= next_one.effective_at
        for each in breaches:
            assert each.due_at <= each.effective_at <= each.detected_at
            assert each.engine_late == (each.detected_at - each.due_at > timedelta(seconds=60))
            assert not each.engine_late or each.effective_at == each.detected_at


@ENOUGH
@given(policies, plans, lags)
def test_the_version_rises_with_what_people_decide_on_and_with_nothing_else(
    policy: Policy, plan: list[Step], lag: timedelta
) -> None:
    """5.4: by one with each settle that changes state, tier, handler, owner, priority, a deadline or a promise."""

    def decided_on(ticket: Ticket) -> tuple[object, ...]:
        deadlines = {(clock.target, clock.deadline_at) for clock in ticket.clocks if clock.deadline_at}
        promises = {(each.name, each.run, each.state, each.kept_at) for each in ticket.promises}
        return ticket.status, ticket.tier, ticket.handler, ticket.owner, ticket.priority, promises, deadlines

    for before, after in pairwise(judged.ticket for judged in lived(policy, plan, lag=lag).judgements):
        assert after.version - before.version == int(decided_on(after) != decided_on(before))


@ENOUGH
@given(policies, plans, lags)
def test_a_ticket_asks_to_be_woken_for_something_and_in_time(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """2.5: always unless closed; nothing is found before the wake-up, and something at it."""
    life = lived(policy, plan, lag=lag)
    for judged, settled_at in zip(life.judgements, life.settled_at, strict=True):
        wake_at = judged.ticket.wake_at()
        assert (wake_at is None) == (judged.ticket.status is Status.CLOSED)
        if wake_at is None:
            continue
        # What a command brings about at its own instant, like a warning that is past already, wants one more look.
        assert wake_at > settled_at
        assert judge(policy, judged.ticket, wake_at).entries
        if wake_at - TICK > settled_at:
            early = judge(policy, judged.ticket, wake_at - TICK)
            assert (early.ticket, early.entries, early.messages) == (judged.ticket, (), ())


@ENOUGH
@given(policies, plans, lags)
def test_time_spent_survives_and_makes_the_deadline(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """2.3, 2.7, 6.11: what a run has spent never shrinks, only a lower priority makes it longer, both give its end."""
    seen: dict[tuple[Target, int], Clock] = {}
    for judged in lived(policy, plan, lag=lag).judgements:
        is_lowered = any(
            isinstance(entry.event, PriorityChanged) and entry.event.priority == "normal" for entry in judged.entries
        )
        for clock in judged.ticket.clocks:
            before = seen.get((clock.target, clock.run), clock)
            seen[clock.target, clock.run] = clock
            assert timedelta() <= before.spent <= clock.spent <= clock.length
            assert clock.length <= before.length or is_lowered
            assert (clock.deadline_at is None) == (clock.state is not ClockState.RUNNING)
            assert before.state is not ClockState.BREACHED or clock == before
            if clock.running_since:
                left = clock.length - clock.spent
                calendar = calendar_of(policy, clock.target, clock.tier)
                assert clock.deadline_at == due(calendar, clock.running_since, left)


@ENOUGH
@given(policies, plans, lags)
def test_the_parts_of_a_state_agree(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """6: whoever works on it, waits for it or is reminded of it fits the state it is in."""
    for ticket in (judged.ticket for judged in lived(policy, plan, lag=lag).judgements):
        assert ticket.visited[-1] == ticket.tier
        assert (ticket.waiting is not None) == (ticket.status is Status.WAITING_ON_CUSTOMER)
        assert (ticket.resolution is not None) == (ticket.status in {Status.RESOLVED, Status.CLOSED})
        assert (ticket.closed_at is not None) == (ticket.status is Status.CLOSED)
        assert ticket.reminding is None or ticket.is_worked_on
        assert ticket.holding is None or ticket.is_worked_on
        assert ticket.status is not Status.OPEN or ticket.handler is None
        assert ticket.status is not Status.IN_PROGRESS or ticket.handler is not None
        live = [clock.target for clock in ticket.clocks if clock.state.is_live]
        assert len(live) == len(set(live))
        assert (Target.UPDATE in live) == (ticket.status is not Status.CLOSED)


@ENOUGH
@given(policies, plans, lags)
def test_a_clock_stands_still_exactly_while_its_state_says_so(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """2.7, 2.10: a pause survives whatever happens meanwhile, and ends with the state that it belongs to."""
    standing = {
        Status.WAITING_ON_CUSTOMER: dict.fromkeys(policy.waiting_pauses, Pause.WAITING_ON_CUSTOMER),
        Status.RESOLVED: dict.fromkeys(RESOLUTION_PAUSES, Pause.RESOLVED),
    }
    for ticket in (judged.ticket for judged in lived(policy, plan, lag=lag).judgements):
        for clock in ticket.clocks:
            pauses = standing.get(ticket.status, {}) if clock.state.is_live else {}
            assert clock.pause is pauses.get(clock.target)
            assert clock.state is not ClockState.PAUSED or clock.pause


@ENOUGH
@given(policies, plans, lags)
def test_a_promise_ends_once_and_nothing_but_its_own_word_ends_it(
    policy: Policy, plan: list[Step], lag: timedelta
) -> None:
    """2.4: each run is kept, broken, cancelled or replaced, once; until then it is open, whatever happens meanwhile."""
    life, is_open, last = lived(policy, plan, lag=lag), dict[str, int](), dict[str, int]()
    for judged in life.judgements:
        for event in (entry.event for entry in judged.entries):
            match event:
                case PromiseMade(name=name, run=run, replaces=replaces):
                    assert (name in is_open) == replaces
                    assert run == last.get(name, 0) + 1
                    is_open[name] = last[name] = run
                case PromiseChanged(name=name, run=run):
                    assert is_open[name] == run - 1
                    is_open[name] = last[name] = run
                case PromiseKept(name=name, is_late=True):
                    assert name not in is_open
                case PromiseKept(name=name, run=run) | PromiseBroken(name=name, run=run):
                    assert is_open.pop(name) == run
                case PromiseCancelled(name=name, run=run):
                    assert is_open.pop(name) == run
                case _:
                    pass
        assert {each.name: each.run for each in judged.ticket.promises if each.is_open} == is_open
        assert not (is_open and judged.ticket.status is Status.CLOSED)


@ENOUGH
@given(policies, plans, lags)
def test_an_open_promise_stands_as_it_was_given(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """2.4, 2.5: escalation, transfer and reassignment change nothing of it; the ticket wakes for it in time."""
    first = dict[tuple[str, int], tuple[object, ...]]()
    life = lived(policy, plan, lag=lag)
    for judged, settled_at in zip(life.judgements, life.settled_at, strict=True):
        due_at = judged.ticket.next_due_at()
        for each in judged.ticket.promises:
            given_word = (each.kind, each.promised_at, each.made_at, each.made_by, each.owner, each.words)
            assert first.setdefault((each.name, each.run), given_word) == given_word
            assert (each.state is PromiseState.OPEN) == each.is_open
            if each.is_open:
                assert each.promised_at >= settled_at
                assert due_at is not None
                assert due_at <= min([each.promised_at, *(warning.at for warning in each.warnings if warning.at)])
                assert judged.ticket.deadline_at() is not None


@ENOUGH
@given(policies, plans, lags)
def test_the_engine_promises_news_by_the_update_deadline(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """6.1, 6.5: on opening and climbing; while the customer is waited for it owes them none."""
    for judged in lived(policy, plan, lag=lag).judgements:
        made = [entry.event for entry in judged.entries if isinstance(entry.event, PromiseMade)]
        deadlines = (
            {each.event.deadline_at for each in judged.entries if isinstance(each.event, ClockStarted | ClockMoved)}
            | {each.deadline_at for each in judged.ticket.clocks}
            | {each.event.next_news_at for each in judged.entries if isinstance(each.event, Escalated)}
        )
        assert all(each.promised_at in deadlines for each in made if each.is_engines)
        ours = [each for each in judged.ticket.promises if each.made_by is None and each.is_open]
        assert len(ours) <= 1
        assert not (ours and judged.ticket.status is Status.WAITING_ON_CUSTOMER)


@ENOUGH
@given(policies, plans, lags)
def test_whatever_was_broken_is_made_good_once(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """6.13: a credit for each of a person's promises that broke and one for the resolve, each told with its breach."""
    life = lived(policy, plan, lag=lag)
    owed = {
        each.sequence for each in life.entries if isinstance(each.event, PromiseBroken) and not each.event.is_engines
    }
    missed = [
        each.sequence
        for each in life.entries
        if isinstance(each.event, ClockBreached) and each.event.target is Target.RESOLVE
    ]
    granted = [credit for credit in life.ticket.credits if credit.of is not None]
    assert sorted(credit.earned_by or 0 for credit in granted) == sorted(owed | set(missed[:1]))
    told = {
        message.sequence
        for judged in life.judgements
        for message in judged.messages
        if message.audience is Audience.CUSTOMER
    }
    assert {credit.earned_by for credit in granted} <= told
    assert [credit.number for credit in life.ticket.credits] == list(range(1, len(life.ticket.credits) + 1))
    rated = [each for each in life.entries if isinstance(each.event, Rated)]
    assert len(rated) <= 1
