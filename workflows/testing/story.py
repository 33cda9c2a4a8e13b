"""A ticket's life as a test tells it: a clock of its own, commands, time that passes, and what happened, word by word.

Whatever happened and was not read is a failure: a story has no unexpected lines. The kit knows nothing of the rules;
the backend behind `Backend` judges. The same story is told to the pure domain, to a record, or through a contract.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from difflib import ndiff
from typing import Protocol, Self

from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.commands import (
    Acknowledge,
    ChangePolicy,
    ChangePromise,
    Close,
    Command,
    Confirm,
    Continue,
    Customer,
    Escalate,
    KeepPromise,
    MakePromise,
    Open,
    PostUpdate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    Transfer,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.judge import Judged, Message, judge, open_ticket
from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.state import TICK, Clock, Ticket
from workflows.domain.ticket.words import ContactKind, Outcome, PromiseKind, Status, Target, TicketKind
from workflows.domain.zones import zone as zone_of
from workflows.testing.lines import Wall, is_bookkeeping, line

CUSTOMER = Customer(external_id="c-1", name="Ida Example", language="en-GB", zone="Europe/London")


class Backend(Protocol):
    """Whoever judges one ticket: told each instant, asked for nothing but the verdict."""

    def open(self, at: datetime, command: Open) -> Judged:
        """Enter the ticket."""
        ...

    def settle(self, at: datetime, command: Command | None = None, *, expected_version: int | None = None) -> Judged:
        """Advance it to the instant and apply the command, if there is one."""
        ...

    def answer(self, answer: RosterAnswer) -> None:
        """Hear from the roster; the ticket does when it is settled next."""
        ...


class PureDomain:
    """The judge itself, with nothing around it."""

    def __init__(self, policy: Policy, *later: Policy) -> None:
        """Take the policy that tickets are opened under, and those that they may be moved to."""
        self._policy = policy
        self._policies = {version_of(known): known for known in (policy, *later)}
        self._ticket: Ticket | None = None
        self._told: list[RosterAnswer] = []

    def open(self, at: datetime, command: Open) -> Judged:
        """Enter the ticket."""
        return self._keep(open_ticket(self._policy, command, at, told=self._told))

    def settle(self, at: datetime, command: Command | None = None, *, expected_version: int | None = None) -> Judged:
        """Advance it to the instant and apply the command, if there is one."""
        if self._ticket is None:
            raise AssertionError("nothing was opened yet")
        policy = self._policies[self._ticket.policy_version]
        onto = self._policies[command.policy_version] if isinstance(command, ChangePolicy) else None
        return self._keep(
            judge(policy, self._ticket, at, command, expected_version=expected_version, onto=onto, told=self._told)
        )

    def answer(self, answer: RosterAnswer) -> None:
        """Hear from the roster; the ticket does when it is settled next."""
        self._told.append(answer)

    def _keep(self, judged: Judged) -> Judged:
        self._ticket = judged.ticket
        return judged


class Tell(Protocol):
    """Begins a story under a policy: what the fixture of that name gives."""

    def __call__(self, policy: Policy, *, zone: str = "UTC", year: int = 2026) -> "Story":
        """A story that is told by the clocks of that zone, in that year or the next."""
        ...


class Story:
    """One ticket's dated story, in a stated zone. Commands count from the story's own clock, which `until` moves."""

    def __init__(self, backend: Backend, *, zone: str = "UTC", year: int = 2026) -> None:
        self._backend = backend
        self._wall = Wall(zone_of(zone), year)
        self._now: datetime | None = None
        self._settled_at: datetime | None = None
        self._judged: Judged | None = None
        self._unread: list[tuple[str, bool]] = []
        self._untold: list[Message] = []
        self.entries = list[Entry]()
        """The whole log."""

    # What is asked for.

    @property
    def ticket(self) -> Ticket:
        """The ticket as it stands."""
        if self._judged is None:
            raise AssertionError("the story has not begun: open a ticket")
        return self._judged.ticket

    def clock(self, target: Target, tier: str | None = None) -> Clock:
        """The one clock of that target; of one tier when given."""
        found = [
            clock for clock in self.ticket.clocks if clock.target is target and (tier is None or clock.tier == tier)
        ]
        assert len(found) == 1, f"{len(found)} clocks of {target}"
        return found[0]

    def instant(self, text: str) -> datetime:
        """The instant that a text means in this story."""
        return self._wall.read(text)

    # Time.

    def until(self, text: str) -> Self:
        """Time passes; whoever settles is at hand, so that all is found as soon as it is past."""
        goal = self._ahead(text)
        while (wake_at := self.ticket.wake_at()) and wake_at <= goal:
            if not self._settle(wake_at).entries:
                raise AssertionError(f"woken at {self._wall.write(wake_at)} for nothing: {self.ticket}")
        self._now = goal
        return self

    def late_until(self, text: str) -> Self:
        """Time passes while nobody settles: an outage, over at that instant."""
        self._settle(self._ahead(text))
        return self

    def unnoticed_until(self, text: str) -> Self:
        """Time passes while nobody settles; the command that follows is the first to find what is past."""
        self._now = self._ahead(text)
        return self

    def nobody_on_duty(self, tier: str, at: str | None = None) -> Self:
        """The roster says that a tier is empty, from now on; from an instant before the story when one is given."""
        return self._answered(tier, at, is_reachable=False)

    def somebody_on_duty(self, tier: str, at: str | None = None) -> Self:
        """The roster says that somebody of a tier is there, from now on or from that instant before the story."""
        return self._answered(tier, at, is_reachable=True)

    def _answered(self, tier: str, at: str | None, *, is_reachable: bool) -> Self:
        instant = self._now if at is None else self._wall.read(at)
        assert instant is not None, "the story has not begun: say when the roster answered"
        self._backend.answer(RosterAnswer(tier=tier, at=instant, is_reachable=is_reachable))
        return self

    # Commands.

    def open(
        self, text: str, *, priority: str = "normal", actor: str = "desk", kind: TicketKind = TicketKind.REQUEST
    ) -> Self:
        """The story begins."""
        self._now = self._settled_at = self._wall.read(text)
        command = Open(
            actor=actor,
            ticket_id="t-1",
            reference="R-1",
            queue="home",
            priority=priority,
            customer=CUSTOMER,
            subject="no line",
            description="the line is dead",
            channel="phone",
            kind=kind,
        )
        self._take(self._backend.open(self._now, command))
        return self

    def send(self, command: Command, *, expected_version: int | None = None) -> Self:
        """Send any command at the story's present instant; a refusal is a line as well."""
        assert self._now is not None, "the story has not begun: open a ticket"
        judged = self._settle(self._now, command, expected_version=expected_version)
        if judged.refusal:
            refused = f"{self._wall.write(self._now)} refused {judged.refusal.reason}: {judged.refusal.text}"
            self._unread.append((refused, False))
        return self

    def acknowledge(self, handler: str = "ann", *, tier: str | None = None, turnaround: str | None = None) -> Self:
        """Somebody takes it on, for the present tier unless another is named; perhaps they say by when it is done."""
        turnaround_at = turnaround and self._wall.read(turnaround)
        return self.send(
            Acknowledge(
                actor=handler, handler=handler, tier=tier or self.ticket.tier, turnaround_at=turnaround_at or None
            )
        )

    def post_update(self, *, keeps: tuple[str, ...] = ()) -> Self:
        """A person tells the customer something, which perhaps was promised by name."""
        return self.send(PostUpdate(actor="ann", text="we are on it", keeps=keeps))

    def promise(
        self, name: str, by: str, kind: PromiseKind = PromiseKind.CALL_BACK, *, owner: str | None = None
    ) -> Self:
        """Ann promises the customer something by that instant, for another to keep if one is named."""
        return self.send(
            MakePromise(
                actor="ann",
                name=name,
                kind=kind,
                promised_at=self._wall.read(by),
                words="you will hear from us",
                owner=owner,
            )
        )

    def keep_promise(self, name: str) -> Self:
        """What was promised was done."""
        return self.send(KeepPromise(actor="ann", name=name, words="spoke to them"))

    def change_promise(self, name: str, by: str) -> Self:
        """Another instant is agreed with the customer."""
        return self.send(
            ChangePromise(
                actor="ann",
                name=name,
                promised_at=self._wall.read(by),
                words="a little later after all",
                reason="the part is not here",
            )
        )

    def contact(self, kind: ContactKind = ContactKind.NEWS) -> Self:
        """The customer comes back."""
        return self.send(RecordContact(actor="desk", kind=kind, channel="phone", text="any news?"))

    def ask(self) -> Self:
        """A question to the customer, and a wait for the answer."""
        return self.send(WaitOnCustomer(actor="ann", question="which router is it?"))

    def go_on(self) -> Self:
        """The wait ends without an answer."""
        return self.send(Continue(actor="ann", reason="found it in the file"))

    def escalate(self, *, from_tier: str | None = None) -> Self:
        """Up by hand, from the present tier unless another is named."""
        return self.send(Escalate(actor="ann", from_tier=from_tier or self.ticket.tier, reason="beyond us"))

    def transfer(self, to_tier: str) -> Self:
        """To another tier by hand."""
        return self.send(Transfer(actor="ann", to_tier=to_tier, reason="theirs"))

    def resolve(
        self,
        outcome: Outcome = Outcome.FIXED,
        *,
        alternative: str | None = None,
        duplicate_of: str | None = None,
        keeps: tuple[str, ...] = (),
    ) -> Self:
        """Solved, or as solved as it gets."""
        return self.send(
            Resolve(
                actor="ann",
                outcome=outcome,
                explanation="a new router",
                alternative=alternative,
                duplicate_of=duplicate_of,
                keeps=keeps,
            )
        )

    def confirm(self) -> Self:
        """The customer says that it is solved."""
        return self.send(Confirm(actor="desk"))

    def reject(self) -> Self:
        """The customer says that it is not."""
        return self.send(Reject(actor="desk", reason="still dead"))

    def reopen(self) -> Self:
        """Back to work."""
        return self.send(Reopen(actor="desk", reason="dead again"))

    def close(self) -> Self:
        """The desk closes without the customer's word."""
        return self.send(Close(actor="ann", reason="agreed on the phone"))

    # What happened.

    def happened(self, *lines: str) -> Self:
        """Exactly these lines, in this order, since the last reading."""
        __tracebackhide__ = True
        unread, self._unread = self._unread, []
        _compare([text for text, _ in unread], lines)
        return self

    def in_short(self, *lines: str) -> Self:
        """Exactly these lines besides the clocks' bookkeeping (started, paused, resumed, moved, cancelled)."""
        __tracebackhide__ = True
        unread, self._unread = self._unread, []
        _compare([text for text, is_bookkeeping in unread if not is_bookkeeping], lines)
        return self

    def as_told(self) -> Self:
        """Leave out what led here: another story tells it."""
        self._unread.clear()
        self._untold.clear()
        return self

    def told(self, *messages: str) -> Self:
        """Exactly these messages since the last reading of messages, each `kind to audience recipient`."""
        __tracebackhide__ = True
        untold, self._untold = self._untold, []
        _compare([f"{each.kind} to {each.audience} {each.recipient}" for each in untold], messages)
        return self

    def assert_read(self) -> None:
        """Nothing happened that nobody read."""
        __tracebackhide__ = True
        _compare([text for text, _ in self._unread], ())

    def _ahead(self, text: str) -> datetime:
        goal = self._wall.read(text)
        assert self._now is not None, "the story has not begun: open a ticket"
        assert goal > self._now, f"{text!r} is not ahead of {self._wall.write(self._now)}"
        return goal

    def _settle(self, at: datetime, command: Command | None = None, *, expected_version: int | None = None) -> Judged:
        if self._settled_at is not None:
            at = max(at, self._settled_at + TICK)  # as the record does: instants of one ticket only rise
        self._now = self._settled_at = at
        judged = self._backend.settle(at, command, expected_version=expected_version)
        self._take(judged)
        return judged

    def _take(self, judged: Judged) -> None:
        self._judged = judged
        self.entries += judged.entries
        self._untold += judged.messages
        events = [entry.event for entry in judged.entries]
        self._unread += [
            (line(entry, self._wall), is_bookkeeping(entry.event, told_beside=events)) for entry in judged.entries
        ]


def telling(backend: Callable[[Policy], Backend] = PureDomain) -> Iterator[Tell]:
    """Let stories be told, each to a backend of its own; each must have been read to its end. For folders' fixtures."""
    begun: list[Story] = []

    def begin(policy: Policy, *, zone: str = "UTC", year: int = 2026) -> Story:
        begun.append(Story(backend(policy), zone=zone, year=year))
        return begun[-1]

    yield begin
    for story in begun:
        story.assert_read()


def brought_to(story: Story, status: Status) -> Story:
    """Open a ticket and bring it to that status in the first tier, by Monday 10:00; acknowledged unless it is open."""
    story.open("Mon 23 Nov 09:00")
    if status is not Status.OPEN:
        story.until("Mon 23 Nov 09:10").acknowledge("ann")
    if status is Status.WAITING_ON_CUSTOMER:
        story.until("Mon 23 Nov 09:20").ask()
    if status in {Status.RESOLVED, Status.CLOSED}:
        story.until("Mon 23 Nov 09:20").resolve()
    if status is Status.CLOSED:
        story.until("Mon 23 Nov 09:30").confirm()
    assert story.ticket.status is status
    return story.until("Mon 23 Nov 10:00").as_told()


def _compare(found: Sequence[str], expected: Sequence[str]) -> None:
    __tracebackhide__ = True  # an author looks for the lines that differ, not for how they were compared
    if list(found) != list(expected):
        raise AssertionError("what happened (+) is not what was told (-):\n" + "\n".join(ndiff(expected, found)))
