"""Stories of several tickets: told to the pure domain, and beside it to a record, where every field must be the same.

As a `Story` tells one ticket's life, but with a name before each step; whatever happened and was not read is a failure.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import ndiff
from typing import Protocol, Self

from services.records import Records, Settled, SettledBy, connect
from tests.support.clock import StoryClock
from tests.support.story_record import owed_messages
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Command, Customer, Import, Open
from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.judge import Judged, judge, open_ticket
from workflows.domain.ticket.merging import halves, with_survivor
from workflows.domain.ticket.rederive import Input, first_difference, looks, rederive
from workflows.domain.ticket.state import TICK, Ticket
from workflows.domain.ticket.verdict import Refusal
from workflows.domain.ticket.words import TicketKind
from workflows.domain.zones import zone as zone_of
from workflows.testing.lines import Wall, line
from workflows.testing.story import CUSTOMER


class Told(Protocol):
    """A record that is told the same, and says what it has of a ticket."""

    def open(self, at: datetime, policy: Policy, command: Open | Import) -> None:
        """Enter a ticket."""
        ...

    def settle(self, at: datetime, ticket_id: str, command: Command | None) -> Refusal | None:
        """Settle one."""
        ...

    def merge(self, at: datetime, other: str, survivor: str, explanation: str | None) -> Refusal | None:
        """Merge two."""
        ...

    def ticket(self, ticket_id: str) -> Ticket:
        """Read one."""
        ...


class ToldRoom:
    """A record on one of the two databases."""

    def __init__(self, runner: asyncio.Runner, records: Records, clock: StoryClock) -> None:
        self._runner = runner
        self._records = records
        self._clock = clock

    def open(self, at: datetime, policy: Policy, command: Open | Import) -> None:
        """Enter a ticket."""
        self._clock.set(at)
        self._runner.run(self._records.record.open_ticket(policy, command))

    def settle(self, at: datetime, ticket_id: str, command: Command | None) -> Refusal | None:
        """Settle as intake does with a command, and as the workflow does without."""
        self._clock.set(at)
        by = SettledBy.INTAKE if command else SettledBy.WORKFLOW
        settled: Settled = self._runner.run(self._records.record.settle(ticket_id, command, by=by))
        return settled.refusal

    def merge(self, at: datetime, other: str, survivor: str, explanation: str | None) -> Refusal | None:
        """Merge two, as a resolution of the one where it is explained."""
        self._clock.set(at)
        record = self._records.record
        if explanation is None:
            pair = self._runner.run(record.merge(other, survivor, actor="kim"))
            return pair.survivor.refusal
        resolving = record.resolve_as_duplicate(other, survivor, actor="kim", explanation=explanation)
        return self._runner.run(resolving).ticket.refusal

    def ticket(self, ticket_id: str) -> Ticket:
        """Read one, and see that its log and its messages are as long as its state says."""
        entries = self._runner.run(self._records.queries.entries(ticket_id))
        ticket = self._runner.run(self._records.queries.ticket(ticket_id))
        assert [entry.sequence for entry in entries] == list(range(1, ticket.sequence + 1))
        self._runner.run(owed_messages(self._records, ticket_id, after_sequence=0))
        return ticket


@dataclass
class _Life:
    """One ticket, and what a rederivation needs of it."""

    policy: Policy
    opening: Open | Import
    opened_at: datetime
    ticket: Ticket
    advanced_to: datetime
    log: list[Judged] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)


class Room:
    """Several tickets' story, by one clock on the wall."""

    def __init__(self, policy: Policy, told: Told | None = None, *, zone: str = "UTC") -> None:
        self._policy = policy
        self._told = told
        self._wall = Wall(zone_of(zone), 2026)
        self._now: datetime | None = None
        self._lives: dict[str, _Life] = {}
        self._unread: defaultdict[str, list[str]] = defaultdict(list)
        self._untold: defaultdict[str, list[str]] = defaultdict(list)

    def open(
        self,
        name: str,
        text: str,
        *,
        priority: str = "normal",
        customer: Customer = CUSTOMER,
        kind: TicketKind = TicketKind.REQUEST,
        policy: Policy | None = None,
    ) -> Self:
        """A ticket of that name is opened at that instant, under the story's policy or another."""
        self.until(text)
        return self._enter(
            Open(
                actor="desk",
                ticket_id=name,
                reference=f"R-{name}",
                queue="home",
                priority=priority,
                customer=customer,
                subject="no line",
                description="",
                channel="phone",
                kind=kind,
            ),
            policy or self._policy,
        )

    def bring_in(self, command: Import, text: str) -> Self:
        """A ticket comes from elsewhere at that instant."""
        self.until(text)
        return self._enter(command, self._policy)

    def _enter(self, command: Open | Import, policy: Policy) -> Self:
        at = self._at()
        judged = open_ticket(policy, command, at)
        self._lives[command.ticket_id] = _Life(
            policy=policy, opening=command, opened_at=at, ticket=judged.ticket, advanced_to=at
        )
        if self._told:
            self._told.open(at, policy, command)
        self._take(command.ticket_id, at, judged)
        return self

    def until(self, text: str) -> Self:
        """Time passes; each ticket is settled as soon as something of it is due."""
        return self.until_instant(self.instant(text))

    def until_instant(self, goal: datetime) -> Self:
        """Time passes, as in `until`."""
        while due := self._due(goal):
            wake_at, name = due
            life = self._lives[name]
            judged = judge(life.policy, life.ticket, wake_at)
            assert judged.entries, f"{name} was woken for nothing"
            if self._told:
                assert self._told.settle(wake_at, name, None) is None
            self._take(name, wake_at, judged)
        self._now = goal
        return self

    def _due(self, goal: datetime) -> tuple[datetime, str] | None:
        found = ((life.ticket.wake_at(), name) for name, life in self._lives.items())
        return min(((at, name) for at, name in found if at is not None and at <= goal), default=None)

    def send(self, name: str, command: Command) -> Self:
        """A command on that ticket; a refusal is a line as well."""
        life = self._lives[name]
        at = max(self._at(), life.advanced_to + TICK)
        judged = judge(life.policy, life.ticket, at, command)
        if self._told:
            assert self._told.settle(self._at(), name, command) == judged.refusal
        if judged.refusal is None:
            life.inputs.append(Input(at=at, command=command))
        self._take(name, at, judged)
        self._refused(name, judged.refusal)
        return self

    def merge(self, name: str, *, into: str, explanation: str | None = None) -> Self:
        """Merge one ticket into another, or resolve it as its duplicate; a refusal is a line of the one."""
        other, survivor = self._lives[name], self._lives[into]
        at = max(self._at(), other.advanced_to + TICK, survivor.advanced_to + TICK)
        one, two = (judge(life.policy, life.ticket, at) for life in (other, survivor))
        half, half_of_survivor = halves(other.policy, one.ticket, two.ticket, at, "kim")
        half = replace(half, explanation=explanation)
        grown = judge(survivor.policy, survivor.ticket, at, half_of_survivor)
        half = with_survivor(half, grown.ticket)
        merged = judge(other.policy, other.ticket, at, half)
        refusal = merged.refusal or grown.refusal
        if self._told:
            assert self._told.merge(self._at(), name, into, explanation) == refusal
        if refusal is None:
            one, two = merged, grown
            other.inputs.append(Input(at=at, command=half))
            survivor.inputs.append(Input(at=at, command=half_of_survivor))
        for each, judged in {name: one, into: two}.items():
            if refusal is None or judged.entries:  # else nothing of it is written
                self._take(each, at, judged)
        self._refused(name, refusal)
        return self

    # What happened.

    def happened(self, name: str, *lines: str) -> Self:
        """Exactly these lines of that ticket since the last reading."""
        __tracebackhide__ = True
        _compare(self._unread.pop(name, []), lines)
        return self

    def told(self, name: str, *messages: str) -> Self:
        """Exactly these messages of that ticket since the last reading."""
        __tracebackhide__ = True
        _compare(self._untold.pop(name, []), messages)
        return self

    def lines(self, name: str) -> list[str]:
        """What of that ticket is still unread."""
        return list(self._unread[name])

    def log(self, name: str) -> list[Entry]:
        """The whole log of that ticket."""
        return [entry for judged in self._lives[name].log for entry in judged.entries]

    def as_told(self, *names: str) -> Self:
        """Leave out what led here, of these tickets or of all: another story tells it."""
        for name in names or tuple(self._lives):
            self._unread.pop(name, None)
            self._untold.pop(name, None)
        return self

    def ticket(self, name: str) -> Ticket:
        """The ticket of that name as it stands."""
        return self._lives[name].ticket

    def instant(self, text: str) -> datetime:
        """The instant that a text means here."""
        return self._wall.read(text)

    def require_read(self) -> None:
        """See that all was read, and that every log is what the rules alone say for its inputs (5.3)."""
        assert not any(self._unread.values()), dict(self._unread)
        for life in self._lives.values():
            entries = self.log(life.ticket.ticket_id)
            derived = rederive(life.policy, life.opening, life.opened_at, life.inputs, looks(entries))
            assert first_difference(entries, derived.entries) is None
            assert derived.ticket == life.ticket

    def _at(self) -> datetime:
        assert self._now is not None, "the story has not begun: say when"
        return self._now

    def _take(self, name: str, at: datetime, judged: Judged) -> None:
        life = self._lives[name]
        life.ticket = judged.ticket
        life.advanced_to = max(at, life.advanced_to)
        life.log.append(judged)
        self._unread[name] += [line(entry, self._wall) for entry in judged.entries]
        self._untold[name] += [f"{each.kind} to {each.audience} {each.recipient}" for each in judged.messages]
        if self._told:
            assert self._told.ticket(name) == judged.ticket, f"the record has another {name}"

    def _refused(self, name: str, refusal: Refusal | None) -> None:
        if refusal:
            self._unread[name].append(f"{self._wall.write(self._at())} refused {refusal.reason}: {refusal.text}")


def _compare(found: list[str], expected: tuple[str, ...]) -> None:
    __tracebackhide__ = True
    if found != list(expected):
        raise AssertionError("what happened (+) is not what was told (-):\n" + "\n".join(ndiff(expected, found)))


class Rooms:
    """Begins stories, and sees in the end that each was read."""

    def __init__(self, runner: asyncio.Runner, url: str | None) -> None:
        self._runner = runner
        self._url = url
        self._opened = AsyncExitStack()
        self._rooms: list[Room] = []

    def __call__(self, policy: Policy, *, zone: str = "UTC") -> Room:
        """A story under that policy, by the clocks of that zone."""
        told = None
        if self._url is not None:
            clock = StoryClock()
            records = self._runner.run(self._connected(self._url, clock))
            told = ToldRoom(self._runner, records, clock)
        room = Room(policy, told, zone=zone)
        self._rooms.append(room)
        return room

    async def _connected(self, url: str, clock: StoryClock) -> Records:
        return await self._opened.enter_async_context(await connect(url, clock))

    def close(self) -> None:
        """Close every record."""
        self._runner.run(self._opened.aclose())

    def require_read(self) -> None:
        """See that every story was read to its end."""
        for room in self._rooms:
            room.require_read()


def rooms(url: str | None) -> Iterator[Rooms]:
    """Have stories told to the pure domain, and beside it to the record of that URL, if one is given."""
    with asyncio.Runner() as runner:
        begun = Rooms(runner, url)
        try:
            yield begun
            begun.require_read()
        finally:
            begun.close()
