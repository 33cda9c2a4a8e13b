"""Asks every roster who is on duty, at a steady pace, and has the record keep what is something else than before (4.9).

A roster that gives no answer keeps its last one; for how long it has given none is for the metrics page to say. Refuses
to know why somebody is there or not, and what a ticket makes of it.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.policy_host.asking import Unanswered
from services.policy_host.now import Now
from services.records.rosters import Duty, Moment, OnDuty

logger = logging.getLogger(__name__)

LONGEST_BACK_OFF_SECONDS = 5.0
"""While the record is away; more often where rounds are."""


class Asked(Protocol):
    """The policies of this process."""

    @property
    def now(self) -> Now:
        """What holds at this moment."""
        ...

    async def roster(self, policy: str, tier: str, at: datetime) -> tuple[str, ...]:
        """Ask who is on duty. Raises `Unanswered`, which is told to the log here."""
        ...


class Keeps(Protocol):
    """The record, as far as it keeps what rosters say. Everything raises `RecordError`."""

    async def moment(self) -> Moment:
        """Read the clock."""
        ...

    async def keep(self, answers: Sequence[OnDuty], asked: Sequence[Duty], moment: Moment) -> int:
        """Keep what is something else than before; how many answers that were."""
        ...


@dataclass(slots=True, kw_only=True)
class Counts:
    """What this process heard."""

    rounds: int = 0
    """All that were begun."""
    failed_rounds: int = 0
    """Those of them that came to nothing: the record did not answer, or worse."""
    changes: int = 0
    """Answers that were something else than before, and not kept by another process first."""
    answered_at: dict[Duty, float] = field(default_factory=dict)
    """Seconds of the epoch at which a roster last answered, by policy and tier; at first, when it was first asked."""
    on_duty: dict[Duty, int] = field(default_factory=dict)
    """How many people its last answer named."""


class RosterWatch:
    """One loop. Any number of them may watch the same rosters, given the same policies."""

    def __init__(self, policies: Asked, record: Keeps, *, every_seconds: float) -> None:
        """Take the policies to ask; `every_seconds`: real seconds from the beginning of a round to that of the next."""
        self.counts = Counts()
        self._policies = policies
        self._record = record
        self._every_seconds = every_seconds
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Ask until stopped; the round that was begun is finished."""
        logger.info("roster watch started", extra={"every_seconds": self._every_seconds})
        while not self._stopping.is_set():
            began = time.monotonic()
            wait_seconds = self._every_seconds
            self.counts.rounds += 1
            try:
                await self._round()
            except Exception as failed:  # noqa: BLE001 - whatever it is, the watch outlives it
                self.counts.failed_rounds += 1
                wait_seconds = min(wait_seconds, LONGEST_BACK_OFF_SECONDS)
                logger.warning(
                    "round of the rosters failed",
                    extra={"error": type(failed).__name__, "again_in_seconds": wait_seconds},
                )
            await self._rest(wait_seconds - (time.monotonic() - began))
        logger.info("roster watch stopped")

    def stop(self) -> None:
        """Begin no further round."""
        self._stopping.set()

    async def _round(self) -> None:
        moment = await self._record.moment()
        duties = self._duties()
        answers = await asyncio.gather(*(self._ask(duty, moment) for duty in duties))
        changes = await self._record.keep([each for each in answers if each is not None], duties, moment)
        if changes:
            logger.info("who is on duty has changed", extra={"tiers": changes})
        self.counts.changes += changes

    def _duties(self) -> list[Duty]:
        """Every tier of every policy that has a roster; what is asked for no more is forgotten."""
        loaded = self._policies.now.loaded
        duties = [(name, tier) for name in sorted(loaded.rosters) for tier in loaded.promised.policies[name].tier_names]
        counts, now = self.counts, time.time()
        counts.answered_at = {duty: counts.answered_at.get(duty, now) for duty in duties}
        counts.on_duty = {duty: number for duty, number in counts.on_duty.items() if duty in counts.answered_at}
        return duties

    async def _ask(self, duty: Duty, moment: Moment) -> OnDuty | None:
        policy, tier = duty
        try:
            names = await self._policies.roster(policy, tier, moment.instant)
        except Unanswered:
            return None
        self.counts.answered_at[duty] = time.time()
        self.counts.on_duty[duty] = len(names)
        return OnDuty(policy=policy, tier=tier, names=names)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0)):
                await self._stopping.wait()
