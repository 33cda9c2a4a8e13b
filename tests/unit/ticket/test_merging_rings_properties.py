"""Semantics 6.7, for tickets that are merged as it comes: chains, rings, both ways, whatever befell them meanwhile.

Each under a policy and opening hours of its own, moved to other versions and closed queues meanwhile.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.ticket.asking import command_of
from tests.unit.ticket.lives import ENOUGH, OPENED_AT, OPENING, Life, gaps, policies
from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.clocks import spent_by
from workflows.domain.ticket.closures import Closure
from workflows.domain.ticket.commands import ChangePolicy, RecordContact, WaitOnCustomer
from workflows.domain.ticket.events import CreditOffered, Event, TookOver
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.merging import halves, with_survivor
from workflows.domain.ticket.state import Clock, Promise, Ticket
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import ClockState, ContactKind, CreditOf, CreditState, Status, TicketKind

TOO_MUCH = {RefusalReason.TOO_MANY_PROMISES, RefusalReason.TOO_MANY_CREDITS, RefusalReason.CREDIT_OTHER_CURRENCY}
PAIRS = ((0, 1), (1, 0), (1, 2), (2, 0), (0, 2), (2, 1), (0, 0))
ASKED = WaitOnCustomer(actor="ann", question="which lamp is red?")
ANSWERED = RecordContact(actor="crm", kind=ContactKind.INFORMATION, channel="mail", text="the left one")


class Desk:
    """Three tickets of one customer."""

    def __init__(self, versions: list[Policy]) -> None:
        self.versions = versions
        openings = [replace(OPENING, ticket_id=f"t-{number}", reference=f"R-{number}") for number in range(3)]
        self.lives = [Life(versions[n % len(versions)], opening=opening) for n, opening in enumerate(openings)]
        self.now = OPENED_AT

    def go_on(self, gap: timedelta, which: int, what: tuple[str, int]) -> None:
        """Time passes for all, then something happens to one, or to two."""
        self.now += gap
        for life in self.lives:
            life.until(self.now, timedelta())
        kind, number = what
        life = self.lives[which]
        at = max(each.next_at(self.now) for each in self.lives)
        match kind:
            case "command":
                life.settle(at, command_of(number, life.ticket, at))
            case "merge":
                one, other = PAIRS[number % len(PAIRS)]
                self.merge(self.lives[one], self.lives[other])
            case "policy":
                onto = self.versions[number % len(self.versions)]
                command = ChangePolicy(actor="ops", policy_version=version_of(onto), reason="new hours")
                life.settle(at, command, onto=onto)
            case "closure":
                until_at = at + timedelta(hours=number % 9 + 1)
                closure = Closure(closure_id=f"c-{at}", from_at=at, until_at=until_at, actor="lea", reason="snow")
                life.settle(at, told=(closure,))
            case _:
                pass  # time goes on

    def merge(self, other: Life, survivor: Life) -> None:
        """As the record does."""
        at = max(each.next_at(self.now) for each in self.lives)
        one, two = (judge(life.policy, life.ticket, at).ticket for life in (other, survivor))
        into, over = halves(other.policy, one, two, at, "kim")
        grown = judge(survivor.policy, survivor.ticket, at, over)
        into = with_survivor(into, grown.ticket)
        merged = judge(other.policy, other.ticket, at, into)
        refusal = merged.refusal or grown.refusal
        if refusal:
            assert not _may_be_merged(one, two) or refusal.reason in TOO_MUCH, refusal
            for life in {id(each): each for each in (other, survivor)}.values():
                life.settle(at)
            return
        assert _may_be_merged(one, two)
        survivor.settle(at, over)
        other.settle(at, into)
        self._require_kept(one, two, other.ticket, survivor.ticket)

    def _require_kept(self, one: Ticket, two: Ticket, merged: Ticket, grown: Ticket) -> None:
        """Nothing that either had is lost."""
        before = Counter(_said(promise) for each in (one, two) for promise in each.promises if _is_persons(promise))
        after = Counter(_said(promise) for promise in grown.promises if _is_persons(promise))
        assert after == before
        assert not [promise for promise in merged.promises if promise.is_open]
        awaited = [_awaited(each) for each in (one, two, merged, grown)]
        assert awaited[3] == awaited[0] + awaited[1]
        assert not awaited[2]
        assert merged.wake_at() is None
        news = [each.next_news_at for each in (one, two) if each.next_news_at]
        assert not news or (grown.next_news_at is not None and grown.next_news_at <= min(news))

    def require_right(self) -> None:
        """See that each log is its own inputs', and what holds of all of them together."""
        for life in self.lives:
            derived = life.derived()
            assert (derived.entries, derived.ticket) == (tuple(life.entries), life.ticket)
            _require_ledger(life)
        merged = [life for life in self.lives if life.ticket.merged_into]
        for life in merged:
            survivor = next(each for each in self.lives if each.ticket.ticket_id == life.ticket.merged_into)
            assert survivor.ticket.merged_into is None
            assert life.ticket.ticket_id in survivor.ticket.merged
            assert life.ticket.status is Status.CLOSED
        for life in self.lives:
            assert set(life.ticket.merged) == {
                each.ticket.ticket_id for each in merged if each.ticket.merged_into == life.ticket.ticket_id
            }
            if life.ticket.resolve_credited:
                since = next(each.at for each in life.entries if _is_of_one_credited(each.event))
                earned = [each.at for each in life.entries if _is_of_resolve(each.event)]
                assert not [at for at in earned if at >= since]


def _may_be_merged(one: Ticket, two: Ticket) -> bool:
    return (
        one.ticket_id != two.ticket_id
        and not one.merged
        and Status.CLOSED not in {one.status, two.status}
        and (one.kind, two.kind) != (TicketKind.LEAVING, TicketKind.REQUEST)
    )


def _is_persons(promise: Promise) -> bool:
    return promise.is_open and promise.made_by is not None


def _said(promise: Promise) -> tuple[object, ...]:
    return promise.kind, promise.promised_at, promise.made_by, promise.owner, promise.words


def _awaited(ticket: Ticket) -> Counter[tuple[object, ...]]:
    waits = (each for each in ticket.credits if each.state is CreditState.AWAITING_APPROVAL)
    return Counter((each.minor, each.currency, each.reason, each.by) for each in waits)


def _is_of_resolve(event: Event) -> bool:
    return isinstance(event, CreditOffered) and event.of is CreditOf.RESOLVE


def _is_of_one_credited(event: Event) -> bool:
    return isinstance(event, TookOver) and event.resolve_credited


def _require_ledger(life: Life) -> None:
    """The ledger's sums are the clocks' (8)."""
    at = life.settled_at[-1]
    lines = {(line.target, line.run): line for line in ledger(life.first, life.entries, at, later=life.versions)}
    for clock in life.ticket.clocks:
        if clock.state in {ClockState.RUNNING, ClockState.PAUSED}:
            line = lines[clock.target, clock.run]
            assert (line.spent, line.length, line.started_at, line.deadline_at) == (
                spent_by(life.policy, clock, at),
                clock.length,
                clock.started_at,
                clock.deadline_at,
            )


kinds = st.sampled_from(("command",) * 5 + ("merge",) * 3 + ("policy", "closure"))
actions = st.tuples(gaps, st.integers(0, 2), st.tuples(kinds, st.integers(0, 9999)))


@settings(ENOUGH)
@given(st.lists(policies, min_size=1, max_size=3), st.lists(actions, min_size=4, max_size=20))
def test_whatever_is_merged_into_whatever_nothing_is_lost_and_each_log_is_its_inputs(
    versions: list[Policy], plan: list[tuple[timedelta, int, tuple[str, int]]]
) -> None:
    """6.7, 5.3, 6.13: one step from each merged ticket to the one that goes on; no promise, no credit is lost."""
    desk = Desk(versions)
    for gap, which, what in plan:
        desk.go_on(gap, which, what)
    desk.require_right()


@settings(ENOUGH)
@given(policies, policies, gaps, gaps, gaps)
def test_an_answer_after_a_merge_is_never_itself_a_breach(
    one: Policy, two: Policy, first: timedelta, second: timedelta, third: timedelta
) -> None:
    """6.7, 2.7: whatever hours the deadline was promised by, a clock that stood still before it has something left."""
    desk = Desk([one, two])
    desk.go_on(first, 0, ("merge", 0))
    life = desk.lives[1]
    desk.go_on(second, 1, ("nothing", 0))
    if not life.ticket.is_worked_on:
        return
    stood, asked_at = life.ticket, life.next_at(desk.now)
    life.settle(asked_at, ASKED)
    waiting = life.ticket
    desk.go_on(third, 1, ("nothing", 0))
    if life.ticket.status is not Status.WAITING_ON_CUSTOMER:
        return
    at = life.next_at(desk.now)
    life.settle(at, ANSWERED)
    for clock in life.ticket.clocks:
        before = next((each for each in stood.clocks if _is_run(each, clock)), None)
        paused = next((each for each in waiting.clocks if _is_run(each, clock)), None)
        if before is None or before.deadline_at in {None, asked_at} or paused is None:
            continue
        if paused.state is ClockState.PAUSED and clock.running_since == at:
            assert clock.deadline_at is not None
            assert clock.deadline_at > at


def _is_run(one: Clock, other: Clock) -> bool:
    return (one.target, one.run) == (other.target, other.run)
