"""Lives of tickets as messages are made from them: judged by the domain, then put into words as delivery would."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from services.words.occasion import Occasion
from tests.support.policies import ladder, row
from workflows.domain.calendar import Calendar
from workflows.domain.money import Money
from workflows.domain.policy import OnBreach, Policy, hours
from workflows.domain.ticket.commands import (
    Acknowledge,
    Assign,
    ChangePriority,
    ChangePromise,
    Close,
    Command,
    Confirm,
    Customer,
    DecideCredit,
    Escalate,
    FlagCustomer,
    Import,
    MakePromise,
    MergeInto,
    OfferCredit,
    Open,
    PostUpdate,
    Rate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    SpentClock,
    TakenCredit,
    TakeOver,
    Transfer,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.state import TICK, Ticket
from workflows.domain.ticket.verdict import Judged
from workflows.domain.ticket.words import (
    Audience,
    ContactKind,
    Outcome,
    PromiseKind,
    Signal,
    Status,
    Target,
    TicketKind,
)

OFFICE = Calendar("Europe/London", {"mon-fri": "08:00-18:00"})
IDA = Customer(external_id="c-1", name="Ida Example", language="en-GB", zone="Europe/London")
OPENED_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
USED = (Target.TIER_RESOLVE, Target.UPDATE, Target.RESOLVE)
FLAGGED = (Signal.CHASED, Signal.PROMISE_BROKEN, Signal.RATED_LOW)
POUNDS = Money(minor=1000, currency="GBP")


def a_policy() -> Policy:
    """Office hours in London; a promise that is broken is worth ten pounds, and the customer hears of late updates."""
    made = ladder(
        agent=row(acknowledge=1, update_every=4, resolve=20),
        specialist=row(acknowledge=2, update_every=8, resolve=20),
        supplier=row(acknowledge=2, update_every=8, resolve=20),
        calendar=OFFICE,
        agents_calendar=OFFICE,
        suppliers_calendar=OFFICE,
        resolve=hours(40),
        on_breach={
            Target.UPDATE: OnBreach(notify=(Audience.CUSTOMER, Audience.OWNER)),
            Target.ACKNOWLEDGE: OnBreach(notify=(Audience.LEAD,), escalate_every=1),
            Target.TIER_RESOLVE: OnBreach(notify=(Audience.LEAD,)),
            Target.RESOLVE: OnBreach(notify=(Audience.LAST_RESORT,), escalate_every=1),
            Target.PROMISE: OnBreach(notify=(Audience.OWNER, Audience.LEAD)),
        },
        warn_at=(0.75,),
    )
    tiers = tuple(
        replace(
            tier,
            targets={"urgent": tier.targets["normal"], "normal": tier.targets["normal"], "leave": row(update_every=39)},
        )
        for tier in made.tiers
    )
    return replace(
        made,
        resolve={"urgent": hours(30), "normal": hours(40), "leave": hours(40)},
        tiers=tiers,
        customer_reminders=(hours(5),),
        give_up=hours(10),
        sign_off=hours(10),
        credit_for_promise=POUNDS,
        credit_for_resolve=POUNDS,
        credit_limit=Money(minor=2000, currency="GBP"),
        leaving="leave",
    )


def an_opening(customer: Customer = IDA, **more: str) -> Open:
    """A request of that customer."""
    opening = Open(
        actor="desk",
        ticket_id="t-1",
        reference="QX7K-4MPD",
        queue="home",
        priority="normal",
        customer=customer,
        subject="No line",
        description="The line is dead.",
        channel="phone",
    )
    return replace(opening, **more)  # type: ignore[arg-type]  # texts only


@dataclass
class Life:
    """One ticket, settled as soon as anything is due, by commands at whole hours after its opening."""

    policy: Policy = field(default_factory=a_policy)
    opening: Open | Import = field(default_factory=an_opening)
    judgements: list[Judged] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open it."""
        self.now = OPENED_AT
        self.judgements.append(open_ticket(self.policy, self.opening, OPENED_AT))

    @property
    def ticket(self) -> Ticket:
        """As it stands."""
        return self.judgements[-1].ticket

    def until(self, hour: float) -> "Life":
        """Time passes, until so many hours after the opening."""
        goal = OPENED_AT + hour * HOUR
        while (wake_at := self.ticket.wake_at()) and wake_at <= goal:
            self.now = wake_at
            self.judgements.append(judge(self.policy, self.ticket, wake_at))
        self.now = max(goal, self.now + TICK)
        return self

    def do(self, *commands: Command) -> "Life":
        """Commands, one after another; none may be refused."""
        for command in commands:
            self.now += TICK
            judged = judge(self.policy, self.ticket, self.now, command)
            assert judged.refusal is None, judged.refusal
            self.judgements.append(judged)
        return self

    def occasions(self, *, now_at: datetime | None = None) -> Iterator[Occasion]:
        """Every message that was owed, with the log as it was then; sent at once, unless another instant is given."""
        entries = list[Entry]()
        for judged in self.judgements:
            entries += judged.entries
            for message in dict.fromkeys(judged.messages):
                own = next(entry for entry in entries if entry.sequence == message.sequence)
                yield Occasion(
                    kind=message.kind,
                    audience=message.audience,
                    recipient=message.recipient,
                    key=f"{message.sequence:032x}",
                    sequence=message.sequence,
                    ticket=self.ticket,
                    policy=self.policy,
                    entries=tuple(entries),
                    now_at=now_at or own.at,
                )

    def first(self, kind: str, audience: Audience = Audience.CUSTOMER) -> Occasion:
        """The first message of a kind to an audience."""
        return next(each for each in self.occasions() if each.kind == kind and each.audience is audience)


def lives(customer: Customer = IDA) -> tuple[Life, ...]:
    """Lives in which every kind of message is owed to everybody who is ever told it."""
    return tuple(_lives(customer))


def _lives(customer: Customer) -> Iterable[Life]:
    def begun(**more: str) -> Life:
        return Life(opening=an_opening(customer, **more))

    taken_on = Acknowledge(actor="ann", handler="ann", tier="agent")
    fixed = Resolve(actor="ann", outcome=Outcome.FIXED, explanation="A new line card.")
    # Nobody takes it on, up to the last resort.
    yield begun().until(130)
    # A call promised and re-agreed, and not made; a credit for it, one by hand, one above the limit.
    call = MakePromise(
        actor="ann",
        name="call",
        kind=PromiseKind.CALL_BACK,
        promised_at=OPENED_AT + 5 * HOUR,
        words="Ann calls you at home.",
    )
    later = ChangePromise(
        actor="ann", name="call", promised_at=OPENED_AT + 7 * HOUR, words="Ann calls you at work.", reason="INTERNAL"
    )
    credit = OfferCredit(actor="ann", minor=500, currency="GBP", reason="INTERNAL")
    refused = DecideCredit(actor="team-lead", number=3, is_approved=False, reason="INTERNAL")
    yield (
        begun()
        .do(replace(taken_on, turnaround_at=OPENED_AT + 30 * HOUR), call, later)
        .until(8)
        .do(credit, replace(credit, minor=9000), refused)
        .do(Assign(actor="ann", handler="ben"), PostUpdate(actor="ben", text="We are at the exchange."))
        .do(ChangePriority(actor="ben", priority="urgent", reason="INTERNAL"))
        .do(RecordContact(actor="desk", kind=ContactKind.COMPLAINT, channel="mail", text="What is going on?"))
        .do(FlagCustomer(actor="followthrough", signals=FLAGGED, since=OPENED_AT))
    )
    # Asked, reminded, given up; comes back, solved, not solved, solved, closed, rated, reopened.
    yield (
        begun()
        .do(taken_on, WaitOnCustomer(actor="ann", question="Which lights are on?"))
        .until(60)
        .do(RecordContact(actor="desk", kind=ContactKind.INFORMATION, channel="mail", text="The red one."))
        .do(replace(taken_on, tier="agent"), fixed, Reject(actor="desk", reason="It drops when it rains."))
        .do(
            replace(taken_on, tier="specialist"),
            fixed,
            Confirm(actor="desk"),
            Rate(actor="desk", stars=1, comment="Slow."),
        )
        .do(
            Reopen(actor="desk", reason="It drops again."), Transfer(actor="ann", to_tier="supplier", reason="INTERNAL")
        )
        .do(fixed, Reject(actor="desk", reason="Still dead."))
    )
    # By hand, and closed by the desk.
    yield (
        begun()
        .do(taken_on, Escalate(actor="ann", from_tier="agent", reason="INTERNAL"))
        .do(fixed, Close(actor="ann", reason="INTERNAL"))
    )
    # One letter for several of a customer's tickets.
    others = ("RT5H-9WXA", "9RTM-2KQA")
    yield begun().do(
        taken_on, PostUpdate(actor="ann", text="A digger.", also_for=others), replace(fixed, also_for=others)
    )
    # A request to leave is not kept by a question.
    leaving = Life(opening=replace(an_opening(customer), kind=TicketKind.LEAVING, priority="leave"))
    yield leaving.do(taken_on, WaitOnCustomer(actor="ann", question="From when?")).until(60)
    # Two that say the same.
    into = MergeInto(
        actor="ann",
        survivor_id="t-2",
        survivor_reference="RT5H-9WXA",
        survivor_status=Status.OPEN,
        next_news_at=OPENED_AT + 4 * HOUR,
    )
    yield begun().do(taken_on, replace(credit, minor=9000), into)
    yield begun().do(taken_on, replace(into, explanation="It is the fault of this morning."))
    yield begun(ticket_id="t-2", reference="RT5H-9WXA").do(
        taken_on,
        TakeOver(
            actor="ann",
            ticket_id="t-1",
            reference="QX7K-4MPD",
            external_id=customer.external_id,
            clocks=(),
            promises=(),
            credits=(TakenCredit(number=1, minor=9000, currency="GBP", reason="INTERNAL", by="ann"),),
        ),
    )
    # One that came from elsewhere.
    yield Life(
        opening=Import(
            actor="operator",
            ticket_id="t-3",
            reference="QX7K-4MPD",
            queue="home",
            priority="normal",
            customer=customer,
            subject="No line",
            description="The line is dead.",
            channel="phone",
            opened_at=OPENED_AT - 24 * HOUR,
            tier="agent",
            status=Status.OPEN,
            clocks=tuple(SpentClock(target=target, used=HOUR) for target in USED),
            references=("OLD-4711",),
        )
    )
