"""The keeper: finds what fell through, by looking into the record at a steady pace.

Settles what is late, sends the nudges still owed, folds totals, purges what is old. Refuses to know why something fell
through: a terminated run, a storm of deadlines, Temporal away and a process that died all look the same here.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

from services.keeper.sent import SentNudges

if TYPE_CHECKING:
    from services.records.settled import Nudge
    from services.records.upkeep import Rescue

logger = logging.getLogger(__name__)

LONGEST_BACK_OFF_SECONDS = 5.0
ROUNDS = ("rescue", "nudge", "fold", "purge", "purge_messages", "purge_tickets")
"""What every keeper goes round with, besides the sweeps that it is given."""
PAGES = 20
"""Of owed nudges that are looked through in one round."""


class Upkeep(Protocol):
    """The record, as far as the keeper works on it. Everything raises `RecordError`."""

    async def count_late(self, *, grace_seconds: float, most: int) -> int:
        """Count tickets that are late by more than the grace, in real seconds, up to so many."""
        ...

    async def rescue_late(self, *, grace_seconds: float, limit: int) -> "Rescue":
        """Settle a batch of tickets that are late by more than the grace, in real seconds."""
        ...

    async def owed_nudges(self, *, older_than_seconds: float, limit: int, skip: int) -> "Sequence[Nudge]":
        """Find wake-ups that Temporal does not know of, owed for longer than that; soonest first, but for so many."""
        ...

    async def fold_totals(self) -> int:
        """Fold delta rows into totals; how many."""
        ...

    async def purge_replies(self, *, older_than: timedelta, limit: int) -> int:
        """Forget stored answers; how many."""
        ...

    async def purge_messages(self, *, older_than: timedelta, limit: int) -> int:
        """Forget messages that were sent, or never can be; how many."""
        ...

    async def purge_tickets(self, *, older_than: timedelta, limit: int) -> int:
        """Forget tickets that are closed, by the record's clock; how many."""
        ...


class Forget(Protocol):
    """One of the record's ways to forget."""

    async def __call__(self, *, older_than: timedelta, limit: int) -> int:
        """Forget; how many."""
        ...


class Sweep(Protocol):
    """Something else to look for in the record, and to settle: a round of its own."""

    @property
    def name(self) -> str:
        """The round's."""
        ...

    async def sweep(self) -> "Sequence[Nudge]":
        """Look once, settle what is found; returns what Temporal is to be told. Raises `RecordError`."""
        ...


class Debts(Protocol):
    """Who sends nudges."""

    @property
    def waiting(self) -> int:
        """How many tickets' nudges were taken over and not sent yet."""
        ...

    @property
    def is_away(self) -> bool:
        """Whether Temporal took none of late."""
        ...

    def owe(self, nudge: "Nudge") -> None:
        """Take one over; never blocks, never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often the keeper looks, and how much it takes at once. All lengths are real time."""

    grace_seconds: float = 2.0
    """How late a ticket must be: its own workflow comes first."""
    storm_grace_seconds: float = 0.2
    """The same while many are so late at once, or right after a batch that was full: workflows are behind then."""
    storm_tickets: int = 50
    """How many those are: workflows of one machine take half a second for them, and SQL less than a tenth."""
    batch: int = 200
    """Tickets settled, or rows purged, in one call; the record takes smaller bites where it must."""
    owed_for_seconds: float = 30.0
    """How long a nudge must be owed: the process that left it behind comes first, and what gets late is rescued."""
    nudges: int = 500
    """Owed nudges taken over at once."""
    again_after_seconds: float = 10.0
    """How long a nudge that was sent has to show in the record before it is sent again, the first time."""
    rescue_every_seconds: float = 0.25
    nudge_every_seconds: float = 2.0
    fold_every_seconds: float = 10.0
    sweep_every_seconds: float = 5.0
    purge_every_seconds: float = 600.0
    replies_kept: timedelta = timedelta(days=30)
    """Semantics 5.5."""
    messages_kept: timedelta = timedelta(days=30)
    """After they were sent."""
    tickets_kept: timedelta | None = None
    """After they were closed, by the record's clock; none: for ever."""


STEADY = Pace()


@dataclass(slots=True, kw_only=True)
class KeeperCounts:
    """What this process found."""

    rescued: int = 0
    stuck: int = 0
    """Tickets that the rules could not judge, each time one was tried."""
    nudged: int = 0
    folded: int = 0
    purged: int = 0
    tickets_purged: int = 0
    rounds: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(ROUNDS, 0)))
    """All that were begun, by name."""
    failed_rounds: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(ROUNDS, 0)))
    """Those of them that came to nothing: the record did not answer, or worse."""


class Keeper:
    """Loops over the record, each at its own pace, none stopped by the failure of another."""

    def __init__(self, upkeep: Upkeep, debts: Debts, pace: Pace = STEADY, *, sweeps: Sequence[Sweep] = ()) -> None:
        self.counts = KeeperCounts()
        for sweep in sweeps:
            self.counts.rounds[sweep.name] = self.counts.failed_rounds[sweep.name] = 0
        self._sweeps = tuple(sweeps)
        self._upkeep = upkeep
        self._debts = debts
        self._pace = pace
        self._sent = SentNudges(pace.again_after_seconds)
        self._skip = 0
        """How many owed nudges earlier rounds have looked through without finding enough to send."""
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Keep until stopped; every round that was begun is finished."""
        pace = self._pace
        logger.info("keeper started", extra={"grace_seconds": pace.grace_seconds})
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._repeat("rescue", self._rescue, pace.rescue_every_seconds))
            loops.create_task(self._repeat("nudge", self._nudge, pace.nudge_every_seconds))
            loops.create_task(self._repeat("fold", self._fold, pace.fold_every_seconds))
            loops.create_task(self._repeat("purge", self._purge_replies, pace.purge_every_seconds))
            loops.create_task(self._repeat("purge_messages", self._purge_messages, pace.purge_every_seconds))
            loops.create_task(self._repeat("purge_tickets", self._purge_tickets, pace.purge_every_seconds))
            for sweep in self._sweeps:
                loops.create_task(self._repeat(sweep.name, partial(self._sweep, sweep), pace.sweep_every_seconds))
        logger.info("keeper stopped")

    def stop(self) -> None:
        """Begin no further round."""
        self._stopping.set()

    async def _repeat(self, name: str, round_: Callable[[], Awaitable[None]], every_seconds: float) -> None:
        """Go round at this pace; more slowly while rounds fail, of which no more than the type is told."""
        wait_seconds = every_seconds
        while not self._stopping.is_set():
            self.counts.rounds[name] += 1
            try:
                await round_()
            except Exception as failed:  # noqa: BLE001 - whatever it is, the keeper outlives it
                self.counts.failed_rounds[name] += 1
                wait_seconds = min(max(2 * wait_seconds, 1.0), max(LONGEST_BACK_OFF_SECONDS, every_seconds))
                logger.warning(
                    "keeper's round failed",
                    extra={"round": name, "error": type(failed).__name__, "again_in_seconds": wait_seconds},
                )
            else:
                wait_seconds = every_seconds
            await self._rest(wait_seconds)

    async def _rescue(self) -> None:
        """Settle what is late, batch after batch while they are full; sooner when many are late at once."""
        grace_seconds, in_storm, many = (
            self._pace.grace_seconds,
            self._pace.storm_grace_seconds,
            self._pace.storm_tickets,
        )
        if await self._upkeep.count_late(grace_seconds=in_storm, most=many) >= many:
            grace_seconds = min(grace_seconds, in_storm)
        while not self._stopping.is_set():
            rescue = await self._upkeep.rescue_late(grace_seconds=grace_seconds, limit=self._pace.batch)
            for nudge in rescue.owed:
                self._debts.owe(nudge)
            self.counts.rescued += rescue.settled
            self.counts.stuck += rescue.stuck
            if rescue.tried:
                logger.info("rescued late tickets", extra={"settled": rescue.settled, "stuck": rescue.stuck})
            if rescue.tried < self._pace.batch:
                return
            grace_seconds = min(grace_seconds, in_storm)

    async def _nudge(self) -> None:
        """Send what is owed, soonest first; what was sent gets time to show before it is sent again."""
        if self._debts.is_away:
            self._sent.forget_all()
            if self._debts.waiting:
                return
        sent = 0
        for _ in range(PAGES):
            owed = await self._upkeep.owed_nudges(
                older_than_seconds=self._pace.owed_for_seconds, limit=self._pace.nudges, skip=self._skip
            )
            sent += self._owe_in_turn(owed)
            is_enough = sent >= self._pace.nudges or len(owed) < self._pace.nudges
            self._skip = 0 if is_enough else self._skip + len(owed)
            if is_enough:
                break
        self._sent.forget_settled()
        self.counts.nudged += sent
        if sent:
            level = logging.INFO if self._sent.is_news() else logging.DEBUG
            logger.log(level, "sending nudges still owed", extra={"count": sent})

    def _owe_in_turn(self, owed: "Sequence[Nudge]") -> int:
        turns = [nudge for nudge in owed if self._sent.take_turn(nudge)]
        for nudge in turns:
            self._debts.owe(nudge)
        return len(turns)

    async def _sweep(self, sweep: Sweep) -> None:
        for nudge in await sweep.sweep():
            self._debts.owe(nudge)

    async def _fold(self) -> None:
        self.counts.folded += await self._upkeep.fold_totals()

    async def _purge_replies(self) -> None:
        await self._purge(self._upkeep.purge_replies, self._pace.replies_kept)

    async def _purge_messages(self) -> None:
        await self._purge(self._upkeep.purge_messages, self._pace.messages_kept)

    async def _purge_tickets(self) -> None:
        if self._pace.tickets_kept is None:
            return
        async for purged in self._purging(self._upkeep.purge_tickets, self._pace.tickets_kept):
            self.counts.tickets_purged += purged

    async def _purge(self, forget: Forget, kept: timedelta) -> None:
        async for purged in self._purging(forget, kept):
            self.counts.purged += purged

    async def _purging(self, forget: Forget, kept: timedelta) -> AsyncIterator[int]:
        """Forget what is old, batch after batch while they are full."""
        while not self._stopping.is_set():
            purged = await forget(older_than=kept, limit=self._pace.batch)
            yield purged
            if purged < self._pace.batch:
                return
            await self._rest(self._pace.rescue_every_seconds)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
