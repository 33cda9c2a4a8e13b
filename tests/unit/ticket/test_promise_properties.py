"""What holds for every promise of any life, and for what makes good where one broke (2.4, 6.5, 6.7, 6.13)."""

from datetime import datetime

from hypothesis import given

from tests.unit.ticket.lives import ENOUGH
from tests.unit.ticket.plans import Plan, gone_through, lives_of, worlds
from workflows.domain.ticket.commands import OfferCredit
from workflows.domain.ticket.events import (
    ClockBreached,
    ClockMoved,
    ClockResumed,
    ClockStarted,
    CreditOffered,
    CreditProposed,
    CreditRefused,
    PromiseBroken,
    PromiseCancelled,
    PromiseChanged,
    PromiseKept,
    PromiseMade,
    Rated,
    TookOver,
)
from workflows.domain.ticket.words import (
    Audience,
    CreditOf,
    CreditState,
    PromiseState,
    Status,
    Target,
    TicketKind,
)


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
        stands = merge.survivor.settled(merge.at).ticket
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
    """6.1, 6.5: one promise at a time, by a deadline of the update clock; while it is the customer's turn, none."""
    for life in lives_of(plan):
        deadlines = set[datetime | None]()
        for judged in life.judgements:
            ours = [each for each in judged.ticket.promises if each.made_by is None and each.is_open]
            assert len(ours) <= 1
            is_waited_for = (
                judged.ticket.status is Status.WAITING_ON_CUSTOMER and judged.ticket.kind is not TicketKind.LEAVING
            )
            if is_waited_for or judged.ticket.status is Status.RESOLVED:
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
            for policy, entry in life.lines
            if isinstance(entry.event, PromiseBroken) and not entry.event.is_engines and policy.credit_for_promise
        }
        missed, is_credited = list[int](), False
        for policy, entry in life.lines:
            if isinstance(entry.event, TookOver):
                is_credited = is_credited or entry.event.resolve_credited
            if isinstance(entry.event, ClockBreached) and entry.event.target is Target.RESOLVE:
                missed += [] if is_credited or not policy.credit_for_resolve else [entry.sequence]
                is_credited = is_credited or policy.credit_for_resolve is not None
        assert {credit.earned_by for credit in granted if credit.of is CreditOf.PROMISE} == owed
        assert [credit.earned_by for credit in granted if credit.of is CreditOf.RESOLVE] == missed
        told = {
            message.sequence
            for judged in life.judgements
            for message in judged.messages
            if message.audience is Audience.CUSTOMER
        }
        assert {credit.earned_by for credit in granted} <= told
        assert [credit.number for credit in life.ticket.credits] == list(range(1, len(life.ticket.credits) + 1))
        assert sum(isinstance(entry.event, Rated) for entry in life.entries) <= 1
    for merge in (each for each in world.merges if each.is_done):
        (took_over,) = (
            entry.event for entry in merge.survivor.settled(merge.at).entries if isinstance(entry.event, TookOver)
        )
        was_credited = any(credit.of is CreditOf.RESOLVE for credit in merge.other.ticket.credits)
        assert took_over.resolve_credited == was_credited


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
