"""Whatever the roster says, and however late it reaches a ticket: the same inputs give the same events (4.9, 5.3)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.policies import ladder, row
from workflows.domain.ticket.commands import Acknowledge, Command, Customer, Escalate, Open, RecordContact
from workflows.domain.ticket.events import Entry, Escalated, TierSkipped
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.rederive import Input, Learnt, looks, rederive
from workflows.domain.ticket.roster import Answers, RosterAnswer, is_empty, last_of_each, news
from workflows.domain.ticket.state import TICK, Ticket
from workflows.domain.ticket.words import ContactKind, SkipReason

POLICY = ladder(agent=row(acknowledge=1), specialist=row(acknowledge=1), supplier=row(acknowledge=1))
TIERS = POLICY.tier_names
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OPENING = Open(
    actor="desk",
    ticket_id="t-1",
    reference="R-1",
    queue="home",
    priority="normal",
    customer=Customer(external_id="c-1", name="Ida Example", language="en", zone="UTC"),
    subject="no line",
    description="",
    channel="phone",
)


@dataclass(frozen=True)
class Step:
    """Some time later the roster says something, and somebody settles, or nobody does."""

    after: timedelta
    tier: str | None
    is_reachable: bool
    reaches_after: timedelta
    """How long the answer takes to be seen: it was being committed."""
    what: str


@dataclass
class Life:
    """A ticket that is settled by whoever comes, and all that reached it."""

    ticket: Ticket
    entries: list[Entry]
    learnt: list[Learnt] = field(default_factory=list)
    applied: list[Input] = field(default_factory=list)
    skipped: list[tuple[Entry, Answers]] = field(default_factory=list)
    """Each tier that was passed by, with all that had reached the ticket."""
    settled_at: datetime = MONDAY
    """The last instant that was written."""

    def next_at(self, now: datetime) -> datetime:
        """The instant of the next settle, as the record counts: a later one than was written."""
        return max(now, self.settled_at + TICK)

    def settle(self, at: datetime, told: list[RosterAnswer], command: Command | None = None) -> None:
        """Judge, and keep what the record keeps."""
        at = self.next_at(at)
        judged = judge(POLICY, self.ticket, at, command, told=told)
        self.ticket = judged.ticket
        self.entries += judged.entries
        self.learnt += (Learnt(at=at, told=answer) for answer in judged.answers)
        answers = (each.told for each in self.learnt if isinstance(each.told, RosterAnswer))
        known = tuple(sorted(answers, key=lambda answer: answer.at))
        self.skipped += ((entry, known) for entry in judged.entries if isinstance(entry.event, TierSkipped))
        if judged.entries or command:
            self.settled_at = at
        if command and not judged.refusal:
            self.applied.append(Input(at=at, command=command))


STEPS = st.lists(
    st.builds(
        Step,
        after=st.sampled_from([timedelta(0), TICK, timedelta(seconds=30), timedelta(minutes=30), timedelta(hours=3)]),
        tier=st.sampled_from([*TIERS, "nobody's", None]),
        is_reachable=st.booleans(),
        reaches_after=st.sampled_from([timedelta(0), timedelta(seconds=2), timedelta(minutes=40)]),
        what=st.sampled_from(["look", "nothing", "acknowledge", "escalate", "contact"]),
    ),
    max_size=12,
)


def _command(life: Life, what: str) -> Command | None:
    tier = life.ticket.tier
    match what:
        case "acknowledge":
            return Acknowledge(actor="ann", handler="ann", tier=tier)
        case "escalate":
            return Escalate(actor="ann", from_tier=tier, reason="beyond us")
        case "contact":
            return RecordContact(actor="desk", kind=ContactKind.NEWS, channel="phone", text="any news?")
        case _:
            return None


def _lived(steps: list[Step], *, is_looked_at: bool = False) -> Life:
    """Live through it; looked at all the time, where it is."""
    told: list[tuple[datetime, RosterAnswer]] = []
    opened = open_ticket(POLICY, OPENING, MONDAY)
    life = Life(opened.ticket, list(opened.entries))
    now = MONDAY
    for step in steps:
        now += step.after
        if step.tier:
            answer = RosterAnswer(tier=step.tier, at=now, is_reachable=step.is_reachable)
            told.append((now + step.reaches_after, answer))
        seen = [answer for at, answer in told if at <= now]
        if step.what != "nothing":
            life.settle(now, seen, _command(life, step.what))
        elif is_looked_at and ((wake_at := life.ticket.wake_at()) is None or wake_at > life.next_at(now)):
            life.settle(now, seen)
    life.settle(now + timedelta(hours=1), [answer for _, answer in told])
    return life


@settings(deadline=None)
@given(STEPS)
def test_what_reached_a_ticket_gives_its_log_again(steps: list[Step]) -> None:
    """5.3: from commands and answers as they reached this ticket it is derived the same, field by field."""
    life = _lived(steps)
    again = rederive(POLICY, OPENING, MONDAY, life.applied, looks(life.entries), learnt=life.learnt)
    assert again.entries == tuple(life.entries)
    assert again.ticket == life.ticket


@settings(deadline=None)
@given(STEPS)
def test_a_settle_that_finds_nothing_learns_nothing(steps: list[Step]) -> None:
    """5.3: any interleaving: whoever looks in between and finds nothing due leaves no trace, of the roster neither."""
    life, looked_at = _lived(steps), _lived(steps, is_looked_at=True)
    assert [entry.event for entry in looked_at.entries if isinstance(entry.event, TierSkipped | Escalated)] == [
        entry.event for entry in life.entries if isinstance(entry.event, TierSkipped | Escalated)
    ]
    assert looked_at.learnt == life.learnt


@settings(deadline=None)
@given(STEPS)
def test_every_tier_that_is_passed_by_was_empty_by_what_had_reached_the_ticket(steps: list[Step]) -> None:
    """4.5, 4.9: by the last answer before the step, of those that had reached the ticket; the last tier never is."""
    for entry, known in _lived(steps).skipped:
        assert isinstance(entry.event, TierSkipped)
        assert entry.event.why is SkipReason.EMPTY
        assert entry.event.tier != TIERS[-1]
        assert is_empty(known, entry.event.tier, entry.at)


def test_only_what_changes_something_is_news() -> None:
    """An answer that says what holds anyway is no input: not a first "somebody", not the same again, not a late one."""

    def said(tier: str, minute: int, *, is_reachable: bool) -> RosterAnswer:
        return RosterAnswer(tier=tier, at=MONDAY + timedelta(minutes=minute), is_reachable=is_reachable)

    empty, back = said("agent", 10, is_reachable=False), said("agent", 20, is_reachable=True)
    told = [
        back,
        said("agent", 5, is_reachable=True),
        empty,
        said("agent", 15, is_reachable=False),
        said("specialist", 5, is_reachable=True),
        said("caretaker", 5, is_reachable=False),
        said("agent", 30, is_reachable=False),
    ]
    assert news((), told, TIERS, MONDAY + timedelta(minutes=30)) == (empty, back)
    assert news((back,), told, TIERS, MONDAY + timedelta(minutes=30)) == ()
    assert last_of_each((empty, back)) == (back,)
