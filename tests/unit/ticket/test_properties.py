"""What holds for every life of a ticket, whatever its policy, whoever settles it and however late (semantics 5.3)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given

from tests.unit.ticket.lives import ENOUGH, Life, without_detection
from tests.unit.ticket.worlds import Plan, gone_through, lives_of, worlds
from workflows.domain.policy import Policy, hours
from workflows.domain.ticket.clocks import calendar_of, spent_by
from workflows.domain.ticket.closing import RESOLUTION_PAUSES
from workflows.domain.ticket.commands import Import, OfferCredit
from workflows.domain.ticket.events import (
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
    ContactReceived,
    CreditOffered,
    CreditProposed,
    CreditRefused,
    CustomerFlagged,
    CustomerReminded,
    Entry,
    Escalated,
    Imported,
    LadderExhausted,
    LastResortReminded,
    Merged,
    Opened,
    PolicyChanged,
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
    TierSkipped,
    TookOver,
    Transferred,
    UpdatePosted,
    WaitEnded,
    WaitStarted,
)
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.state import TICK, Clock, Ticket
from workflows.domain.ticket.words import (
    Audience,
    ClockState,
    CreditOf,
    CreditState,
    Pause,
    PromiseState,
    Status,
    Target,
    TicketKind,
)
from workflows.domain.working_time import due

NOTHING = timedelta()
LATER = datetime.max.replace(tzinfo=UTC)
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


def entries_with_policy(life: Life) -> Iterator[tuple[Policy, Entry]]:
    """Each line, and the version of the policy that it was judged by."""
    for policy, judged in zip(life.policies, life.judgements, strict=True):
        for entry in judged.entries:
            yield policy, entry


def standing_of(life: Life) -> Iterator[tuple[Policy, Ticket, datetime]]:
    """How it stood after each settle, with the version that it had then."""
    versions = (*life.policies[1:], life.policy)
    for policy, judged, settled_at in zip(versions, life.judgements, life.settled_at, strict=True):
        yield policy, judged.ticket, settled_at


@ENOUGH
@given(worlds)
def test_settling_later_or_more_often_gives_the_same_events(plan: Plan) -> None:
    """5.3: with the same (instant, input) list and no lateness of more than 60 s, only `detected_at` differs."""
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
        for policy, entry in entries_with_policy(life):
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
        for policy, ticket, settled_at in standing_of(life):
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
                # What a merge keeps as an instant may need more of other hours than was left (6.7).
                assert clock.length <= before.length or is_longer or judged.ticket.merged
                assert (clock.deadline_at is None) == (clock.state is not ClockState.RUNNING)
                assert before.state is not ClockState.BREACHED or clock == before
                if clock.running_since and not judged.ticket.merged:  # the earlier of two deadlines stays that instant
                    left = clock.length - clock.spent
                    calendar = calendar_of(policy, clock.target, clock.tier)
                    ends_at = due(calendar, clock.running_since, left)
                    # Of what a change of policy finds spent to the last, the end is that very instant (7.3).
                    assert clock.deadline_at in ({ends_at} if left else {ends_at, clock.running_since})


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
    for judged in (judged for life in lives_of(plan) for judged in life.judgements):
        spoke_at = judged.ticket.customer_spoke_at
        if judged.ticket.waiting:
            assert spoke_at is None or spoke_at <= judged.ticket.waiting.question_at
    for merge in gone_through(plan).merges:
        ticket, other = merge.survivor.judgements, merge.other
        if merge.is_done:
            stands = next(
                judged.ticket for judged, at in zip(ticket, merge.survivor.settled_at, strict=True) if at == merge.at
            )
            spoke_at = other.ticket.customer_spoke_at or other.ticket.opened_at
            assert stands.waiting is None or spoke_at <= stands.waiting.question_at


@ENOUGH
@given(worlds)
def test_a_clock_stands_still_exactly_while_its_state_or_its_queue_says_so(plan: Plan) -> None:
    """2.7, 2.10, 2.11: a pause survives whatever happens meanwhile, and ends with what it belongs to."""
    for life in lives_of(plan):
        pauses, is_one_policy = tuple[Target, ...](), True
        for place, judged in enumerate(life.judgements):
            ticket, at = judged.ticket, life.settled_at[place]
            if any(isinstance(entry.event, WaitStarted) for entry in judged.entries):
                pauses, is_one_policy = life.policies[place].waiting_pauses, True
                pauses = () if ticket.kind is TicketKind.LEAVING else pauses
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


@ENOUGH
@given(worlds)
def test_a_promise_ends_once_and_nothing_but_its_own_word_ends_it(plan: Plan) -> None:
    """2.4: each run is kept, broken, cancelled or replaced, once; until then it is open, whatever happens meanwhile."""
    for life in lives_of(plan):
        is_open, last = dict[str, int](), dict[str, int]()
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
@given(worlds)
def test_a_promise_of_a_merged_ticket_is_kept_or_broken_by_the_one_that_goes_on(plan: Plan) -> None:
    """6.7, 2.4: what was open on the other the instant before is open on the survivor, for the same instant."""
    for merge in (each for each in gone_through(plan).merges if each.is_done):
        place = merge.other.settled_at.index(merge.at)
        cancelled = [
            entry.event for entry in merge.other.judgements[place].entries if isinstance(entry.event, PromiseCancelled)
        ]
        before = {(each.name, each.run): each for each in merge.other.judgements[place - 1].ticket.promises}
        stands = merge.survivor.judgements[merge.survivor.settled_at.index(merge.at)].ticket
        open_now = [each for each in stands.promises if each.is_open]
        for event in cancelled:
            was = before.get((event.name, event.run))
            if was is not None and was.made_by is not None:
                said = (was.kind, was.promised_at, was.made_by, was.owner, was.words)
                assert said in [
                    (each.kind, each.promised_at, each.made_by, each.owner, each.words) for each in open_now
                ]


@ENOUGH
@given(worlds)
def test_an_open_promise_stands_as_it_was_given(plan: Plan) -> None:
    """2.4, 2.5: escalation, transfer and reassignment change nothing of it; the ticket wakes for it in time."""
    for life in lives_of(plan):
        first = dict[tuple[str, int], tuple[object, ...]]()
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
@given(worlds)
def test_the_engine_promises_news_by_the_update_deadline(plan: Plan) -> None:
    """6.1, 6.5: one promise at a time, by a deadline of the update clock; while the customer is waited for, none."""
    for life in lives_of(plan):
        deadlines = set[datetime | None]()
        for judged in life.judgements:
            ours = [each for each in judged.ticket.promises if each.made_by is None and each.is_open]
            assert len(ours) <= 1
            if judged.ticket.status is Status.WAITING_ON_CUSTOMER and not judged.ticket.merged:
                assert not ours
            deadlines |= {
                each.event.deadline_at
                for each in judged.entries
                if isinstance(each.event, ClockStarted | ClockMoved | ClockResumed)
                and each.event.target is Target.UPDATE
            }
            made = [entry.event for entry in judged.entries if isinstance(entry.event, PromiseMade)]
            is_merge = any(isinstance(entry.event, TookOver) for entry in judged.entries)
            assert is_merge or all(each.promised_at in deadlines for each in made if each.is_engines)


@ENOUGH
@given(worlds)
def test_whatever_was_broken_is_made_good_once(plan: Plan) -> None:
    """6.13: a credit for each of a person's promises that broke and one for the resolve, each told with its breach."""
    world = gone_through(plan)
    for life in world.lives:
        granted = [credit for credit in life.ticket.credits if credit.of is not None]
        earned = [credit.earned_by or 0 for credit in granted]
        assert len(set(earned)) == len(earned)
        owed = {
            entry.sequence
            for policy, entry in entries_with_policy(life)
            if isinstance(entry.event, PromiseBroken) and not entry.event.is_engines and policy.credit_for_promise
        }
        missed = [
            entry.sequence
            for policy, entry in entries_with_policy(life)
            if isinstance(entry.event, ClockBreached)
            and entry.event.target is Target.RESOLVE
            and policy.credit_for_resolve
        ]
        assert {credit.earned_by for credit in granted if credit.of is CreditOf.PROMISE} == owed
        of_resolve = [credit.earned_by for credit in granted if credit.of is CreditOf.RESOLVE]
        was_credited = any(isinstance(each.event, TookOver) and each.event.resolve_credited for each in life.entries)
        assert of_resolve == missed[:1] or (was_credited and of_resolve == [])
        told = {
            message.sequence
            for judged in life.judgements
            for message in judged.messages
            if message.audience is Audience.CUSTOMER
        }
        assert {credit.earned_by for credit in granted} <= told
        assert [credit.number for credit in life.ticket.credits] == list(range(1, len(life.ticket.credits) + 1))
        assert sum(isinstance(entry.event, Rated) for entry in life.entries) <= 1


@ENOUGH
@given(worlds)
def test_a_credit_that_awaits_the_lead_is_decided_in_one_place(plan: Plan) -> None:
    """6.7, 6.13: whatever was proposed awaits its word once, on the ticket that goes on, or has had it."""
    world = gone_through(plan)
    proposed = sum(
        isinstance(entry.event, CreditProposed) and entry.event.merged_reference is None
        for life in world.lives
        for entry in life.entries
    )
    decided = sum(
        isinstance(entry.event, CreditRefused)
        or (isinstance(entry.event, CreditOffered) and entry.event.approved_by is not None)
        for life in world.lives
        for entry in life.entries
    )
    by_the_lead = sum(
        isinstance(command, OfferCredit) and command.actor == "team-lead" and judged.refusal is None
        for life in world.lives
        for command, judged in zip(life.asked, life.judgements, strict=True)
    )
    awaited = sum(
        credit.state is CreditState.AWAITING_APPROVAL for life in world.lives for credit in life.ticket.credits
    )
    assert proposed == decided - by_the_lead + awaited
    for life in world.lives:
        assert life.ticket.merged_into is None or all(
            credit.state is not CreditState.AWAITING_APPROVAL for credit in life.ticket.credits
        )


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
