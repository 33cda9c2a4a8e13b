"""One ticket of any life: what it is opened with and under, and how time and people go on with it (semantics 5.3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.support.policies import ALWAYS, ladder
from tests.unit.ticket.asking import command_of
from workflows.domain.calendar import Calendar
from workflows.domain.policy import AtRisk, Money, OnBreach, Policy, Targets, hours, minutes
from workflows.domain.ticket.closures import Told
from workflows.domain.ticket.commands import Command, Import, Open
from workflows.domain.ticket.events import (
    ClockBreached,
    ClockWarned,
    Closed,
    ClosureBegan,
    ClosureEnded,
    CustomerReminded,
    Entry,
    LastResortReminded,
    PromiseBroken,
    PromiseWarned,
    Resolved,
    WaitEnded,
)
from workflows.domain.ticket.judge import Judged, judge, open_ticket
from workflows.domain.ticket.rederive import Derived, Input, Learnt, looks, rederive
from workflows.domain.ticket.state import TICK, Ticket
from workflows.domain.ticket.words import Audience, Target
from workflows.testing.story import CUSTOMER

OPENED_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
OPENING = Open(
    actor="desk",
    ticket_id="t-1",
    reference="R-1",
    queue="home",
    priority="normal",
    customer=CUSTOMER,
    subject="no line",
    description="the line is dead",
    channel="phone",
)
CALENDARS = (
    ALWAYS,
    Calendar("UTC", {"mon-fri": "09:00-17:00"}),
    Calendar("Europe/Berlin", {"mon-thu": "08:00-12:00, 13:00-16:00", "fri": "08:00-13:00"}),
    Calendar("UTC", {"mon-sun": "20:00-04:00"}),
)
DETECTED = (
    ClockBreached,
    ClockWarned,
    PromiseBroken,
    PromiseWarned,
    CustomerReminded,
    LastResortReminded,
    Resolved,
    Closed,
    WaitEnded,
    ClosureBegan,
    ClosureEnded,
)
ENOUGH = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Step:
    """Some time passes, then perhaps a command; in an outage nobody settles meanwhile."""

    gap: timedelta
    choice: int | None
    """Which of the commands that people would send in the state that the ticket is in; none: nobody sends one."""
    is_outage: bool


@dataclass
class Life:
    """One ticket, settled again and again, and everything that is checked of it."""

    policy: Policy
    """The version that it has."""
    opening: Open | Import = OPENING
    opened_at: datetime = OPENED_AT
    told: tuple[Told, ...] = ()
    """What the roster had answered by then, and the closures of its queue."""
    judgements: list[Judged] = field(default_factory=list)
    settled_at: list[datetime] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    """What each of them was judged by."""
    asked: list[Command | None] = field(default_factory=list)
    told_then: list[tuple[Told, ...]] = field(default_factory=list)
    """What each of them was told."""
    applied: list[Input] = field(default_factory=list)
    learnt: list[Learnt] = field(default_factory=list)
    versions: dict[str, Policy] = field(default_factory=dict)
    """Every version that it has ever had."""

    def __post_init__(self) -> None:
        """Open the ticket; raises `ImportImplausible`."""
        self._keep(
            open_ticket(self.policy, self.opening, self.opened_at, told=self.told), self.opened_at, None, self.told
        )
        self.versions[self.ticket.policy_version] = self.policy

    @property
    def ticket(self) -> Ticket:
        """As it stands."""
        return self.judgements[-1].ticket

    @property
    def entries(self) -> list[Entry]:
        """The whole log."""
        return [entry for judged in self.judgements for entry in judged.entries]

    @property
    def first(self) -> Policy:
        """The version that it was opened under."""
        return self.policies[0]

    def settled(self, at: datetime) -> Judged:
        """What was judged at that instant."""
        return self.judgements[self.settled_at.index(at)]

    @property
    def lines(self) -> Iterator[tuple[Policy, Entry]]:
        """Each line of the log, and the version of the policy that it was judged by."""
        for policy, judged in zip(self.policies, self.judgements, strict=True):
            for entry in judged.entries:
                yield policy, entry

    @property
    def standing(self) -> Iterator[tuple[Policy, Ticket, datetime]]:
        """How it stood after each settle, with the version that it had then."""
        versions = (*self.policies[1:], self.policy)
        for policy, judged, settled_at in zip(versions, self.judgements, self.settled_at, strict=True):
            yield policy, judged.ticket, settled_at

    def next_at(self, now: datetime) -> datetime:
        """The instant of the next settle, as the record counts: a later one than was judged."""
        return max(now, self.settled_at[-1] + TICK)

    def settle(
        self, at: datetime, command: Command | None = None, *, onto: Policy | None = None, told: tuple[Told, ...] = ()
    ) -> None:
        """As the record does."""
        judged = judge(self.policy, self.ticket, at, command, onto=onto, told=told)
        self._keep(judged, at, command, told)
        if command and judged.refusal is None:
            self.applied.append(Input(at=at, command=command))
            if onto:
                self.policy = self.versions[judged.ticket.policy_version] = onto

    def _keep(self, judged: Judged, at: datetime, command: Command | None, told: tuple[Told, ...]) -> None:
        self.judgements.append(judged)
        self.settled_at.append(at)
        self.policies.append(self.policy)
        self.asked.append(command)
        self.told_then.append(told)
        self.learnt += (Learnt(at=at, told=each) for each in judged.answers)
        self.learnt += (Learnt(at=at, told=each) for each in judged.closures)

    def looks_until(self, goal: datetime, lag: timedelta) -> Iterator[datetime]:
        """Yield when to settle as time passes: what is due is found that much later, and once nothing is found."""
        while (wake_at := self.ticket.wake_at()) and wake_at + lag < goal:
            settled_at = self.settled_at[-1]
            if lag and settled_at + lag < wake_at:
                yield settled_at + lag
            yield self.next_at(wake_at + lag)

    def until(self, goal: datetime, lag: timedelta) -> None:
        """Time passes."""
        for at in self.looks_until(goal, lag):
            self.settle(at)

    def derived(self) -> Derived:
        """The same life, worked out anew from its inputs, from what reached it and from what the log keeps (5.3)."""
        return rederive(
            self.first,
            self.opening,
            self.opened_at,
            self.applied,
            looks(self.entries),
            learnt=self.learnt,
            later=self.versions,
        )


# Quarter hours, so that deadlines coincide often.
lengths = st.integers(1, 24).map(lambda quarters: minutes(15 * quarters))
rows = st.builds(Targets, acknowledge=lengths, update_every=lengths, resolve=lengths)
TOLD = st.just((Audience.LEAD,))
once = st.builds(OnBreach, notify=TOLD, escalate_every=st.sampled_from((0, 1, 1)))
again_and_again = st.builds(OnBreach, notify=TOLD, escalate_every=st.sampled_from((0, 1, 2)))
rules = st.fixed_dictionaries(
    {}, optional={target: again_and_again if target is Target.UPDATE else once for target in Target}
)
CLOCKS = tuple(target for target in Target if target is not Target.PROMISE)
calendars = st.sampled_from(CALENDARS)
ladders = st.builds(
    ladder,
    agent=rows,
    specialist=rows,
    supplier=rows,
    calendar=calendars,
    agents_calendar=calendars,
    suppliers_calendar=calendars,
    resolve=st.integers(2, 60).map(hours),
    on_breach=rules,
    warn_at=st.sampled_from(((), (0.75,), (0.25, 0.5))),
    waiting_pauses=st.sets(st.sampled_from(CLOCKS)).map(lambda targets: tuple(sorted(targets))),
    chases_to_escalate=st.integers(1, 3),
)


def with_urgent(policy: Policy, at_risk: AtRisk | None, resolve: timedelta, *targets: Targets) -> Policy:
    """The same ladder with a row more a tier; a table may well give the urgent longer."""
    return replace(
        policy,
        credit_for_promise=Money(minor=500, currency="GBP"),
        credit_for_resolve=Money(minor=1000, currency="GBP"),
        credit_limit=Money(minor=2000, currency="GBP"),
        resolve={"urgent": resolve, **policy.resolve},
        leaving="urgent",
        at_risk=at_risk,
        tiers=tuple(
            replace(tier, targets={"urgent": row, **tier.targets})
            for tier, row in zip(policy.tiers, targets, strict=True)
        ),
    )


at_risk = st.sampled_from((AtRisk(period=hours(100), number=2), None))
policies = st.builds(with_urgent, ladders, at_risk, st.integers(7, 60).map(hours), rows, rows, rows)
# Gaps are of whole quarters too: commands meet deadlines.
gaps = st.integers(1, 120).map(lambda quarters: minutes(15 * quarters))
steps = st.builds(Step, gap=gaps, choice=st.none() | st.integers(0, 9999), is_outage=st.booleans())
plans = st.lists(steps, min_size=3, max_size=12)
lags = st.integers(0, 59_999_999).map(lambda microseconds: timedelta(microseconds=microseconds))


def lived(policy: Policy, plan: list[Step], *, lag: timedelta = timedelta(), outages: bool = True) -> Life:
    """The life of a ticket by that plan; with outages, what fell due in them is found at their end."""
    life, now = Life(policy), OPENED_AT
    for step in plan:
        now += step.gap
        if not (outages and step.is_outage):
            life.until(now, lag)
        at = life.next_at(now)
        life.settle(at, None if step.choice is None else command_of(step.choice, life.ticket, at))
    return life


def without_detection(entries: list[Entry]) -> list[Entry]:
    """The log, but for when somebody looked at the clocks."""
    return [
        replace(entry, event=replace(entry.event, detected_at=OPENED_AT))
        if isinstance(entry.event, DETECTED)
        else entry
        for entry in entries
    ]
