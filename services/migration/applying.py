"""Moves tickets to another version of their policy: one settle a ticket, at a stated pace, beside all that goes on.

Nothing is remembered between two runs: what is done is seen in the record, so a run that was stopped anywhere is gone
on with by another. Knows no rule, stops no timer, and leaves nudges that are not urgent to the keeper.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from services.migration.found import Reading, pages
from services.migration.rehearsal import look_at
from services.records.errors import CommandFailed, RecordUnavailable, StateTooNew, TicketStuck, TicketUnknown
from services.records.settled import Request, Settled, SettledBy
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.domain.ticket.words import Status

if TYPE_CHECKING:
    from services.migration.asked import Migration
    from services.records.settled import Nudge
    from workflows.domain.policy import Policy
    from workflows.domain.ticket.commands import Command
    from workflows.domain.ticket.state import Ticket

PER_SECOND = 100.0
"""Tickets, unless another pace is asked for: ten thousand take less than two minutes, and callers hardly notice."""
AT_ONCE = 4
SOON_SECONDS = 60.0
"""Real seconds: of what is due within them Temporal is told at once. The rest stays owed in the record, where the
keeper finds it, soonest due first: ten thousand nudges in a row would keep Temporal from other tickets' timers."""
TRIES = 5
"""Of one ticket while somebody holds it, or the record is away for a moment."""
PAUSE_SECONDS = 0.5
"""Between two of them, in real time."""
READINGS = 5
"""Of all tickets, at most: each finds those that were opened under an older version during the one before."""


class Settles(Protocol):
    """The record, as far as it is changed. Everything raises `RecordError`."""

    async def keep_policy(self, policy: "Policy") -> str:
        """Store a policy's snapshot."""
        ...

    async def settle(
        self, ticket_id: str, command: "Command | None" = None, *, by: SettledBy, request: Request | None = None
    ) -> Settled:
        """Bring a ticket up to the record's clock and apply the command."""
        ...


class Debts(Protocol):
    """Who sends nudges."""

    def owe(self, nudge: "Nudge") -> None:
        """Take one over; never blocks, never raises."""
        ...


class Outcome(StrEnum):
    """What became of a ticket."""

    MOVED = "moved"
    THERE = "there"
    """It had the version already, and nothing of it would move."""
    CLOSED = "closed"
    """It was closed meanwhile, and keeps its policy."""
    REFUSED = "refused"
    """The new version has no room for it as it stands."""
    FAILED = "failed"
    """It could not be settled; another run may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One ticket, told once."""

    ticket: "Ticket"
    """As it was found."""
    outcome: Outcome
    why: str = ""
    """Why it was not moved; holds no personal data."""


class Mover:
    """Moves the tickets of one migration, once."""

    def __init__(
        self,
        record: Settles,
        reading: Reading,
        debts: Debts,
        migration: "Migration",
        *,
        per_second: float = PER_SECOND,
        at_once: int = AT_ONCE,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self.counts: Counter[Outcome] = Counter()
        self.is_behind = False
        """Whether the last reading still found tickets that are opened under an older version."""
        self._record = record
        self._reading = reading
        self._debts = debts
        self._migration = migration
        self._pace_seconds = 1 / per_second
        self._next_at = 0.0
        self._slots = asyncio.Semaphore(at_once)
        self._pause_seconds = pause_seconds
        self._outcomes: dict[str, Outcome] = {}
        self._stopping = asyncio.Event()

    @property
    def is_stopped(self) -> bool:
        """Whether it was asked to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Begin no further ticket; those in hand are finished."""
        self._stopping.set()

    async def run(self, told: Callable[[Done], None]) -> None:
        """Move them all; `told` hears of each ticket once, of one that failed and went after all twice.

        Raises `RecordError` when the record stays away: what was moved stays so.
        """
        await self._record.keep_policy(self._migration.onto)
        for _ in range(READINGS):
            moved = self.counts[Outcome.MOVED]
            async for page in pages(self._reading, self._migration):
                await self._move_all(await self._due(page, told), told)
                if self.is_stopped:
                    return
            self.is_behind = self.counts[Outcome.MOVED] > moved
            if not self.is_behind:
                return

    async def _due(self, page: "Sequence[Ticket]", told: Callable[[Done], None]) -> "list[Ticket]":
        """Pick those that have another version, or the same and would move by newer zone rules (3.6)."""
        unseen = [ticket for ticket in page if self._outcomes.get(ticket.ticket_id) in {None, Outcome.FAILED}]
        due = [ticket for ticket in unseen if ticket.policy_version != self._migration.version]
        if len(due) == len(unseen):
            return due
        at = await self._reading.instant()
        of_it = {self._migration.version: self._migration.onto}
        for ticket in unseen:
            if ticket.policy_version == self._migration.version:
                found = look_at(self._migration, of_it, ticket, at)
                if found.is_there or found.is_over:
                    self._tell(Done(ticket=ticket, outcome=Outcome.CLOSED if found.is_over else Outcome.THERE), told)
                else:
                    due.append(ticket)
        return due

    async def _move_all(self, tickets: "Sequence[Ticket]", told: Callable[[Done], None]) -> None:
        """Move a page's tickets, so many at once, each in its turn; what is begun is finished, whatever fails."""
        begun: list[asyncio.Task[None]] = []
        for ticket in tickets:
            await self._turn()
            await self._slots.acquire()
            if self.is_stopped or any(task.done() and task.exception() for task in begun):
                self._slots.release()
                break
            begun.append(asyncio.create_task(self._move(ticket, told)))
        failures = [each for each in await asyncio.gather(*begun, return_exceptions=True) if each is not None]
        if failures:
            raise failures[0]

    async def _turn(self) -> None:
        """Wait for the next ticket's turn, or until asked to stop."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._next_at = max(self._next_at, now) + self._pace_seconds
        with suppress(TimeoutError):
            async with asyncio.timeout(self._next_at - self._pace_seconds - now):
                await self._stopping.wait()

    async def _move(self, ticket: "Ticket", told: Callable[[Done], None]) -> None:
        try:
            self._tell(await self._moved(ticket), told)
        finally:
            self._slots.release()

    async def _moved(self, ticket: "Ticket") -> Done:
        try:
            settled = await self._settle(ticket)
        except (StateTooNew, TicketStuck, CommandFailed, TicketUnknown) as error:
            return Done(ticket=ticket, outcome=Outcome.FAILED, why=str(error))
        except RecordUnavailable:
            await self._reading.instant()  # it is away altogether, or one ticket is not to be had
            return Done(ticket=ticket, outcome=Outcome.FAILED, why="somebody holds it all the time: try again")
        if settled.nudge is not None and settled.nudge.wake_in_seconds <= SOON_SECONDS:
            self._debts.owe(settled.nudge)
        if settled.refusal is None:
            return Done(ticket=ticket, outcome=Outcome.MOVED)
        return _refused(ticket, settled.refusal)

    async def _settle(self, ticket: "Ticket") -> Settled:
        command, request = self._migration.command, self._migration.request(ticket)
        for number in range(1, TRIES):
            try:
                return await self._record.settle(ticket.ticket_id, command, by=SettledBy.INTAKE, request=request)
            except RecordUnavailable:
                await asyncio.sleep(number * self._pause_seconds)
        return await self._record.settle(ticket.ticket_id, command, by=SettledBy.INTAKE, request=request)

    def _tell(self, done: Done, told: Callable[[Done], None]) -> None:
        before = self._outcomes.get(done.ticket.ticket_id)
        if before is done.outcome:
            return
        if before is not None:
            self.counts[before] -= 1
        self._outcomes[done.ticket.ticket_id] = done.outcome
        self.counts[done.outcome] += 1
        told(done)


def _refused(ticket: "Ticket", refusal: "Refusal") -> Done:
    """Say why a ticket was not moved; one that was moved, or closed, since it was found is as it ought to be."""
    if refusal.reason not in {RefusalReason.WRONG_STATE, RefusalReason.MERGED}:  # a merged one is closed
        return Done(ticket=ticket, outcome=Outcome.REFUSED, why=refusal.text)
    is_closed = refusal.facts.get("status") == Status.CLOSED
    return Done(ticket=ticket, outcome=Outcome.CLOSED if is_closed else Outcome.THERE)
