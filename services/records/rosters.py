"""What the rosters answered, kept when it is something else than before (4.9). The tickets' side is settle's.

Any number of processes may say the same: it is written once, under one lock. Knows nothing of who is asked, or when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, insert, null, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.records import codec
from services.records.clock import RecordClock, instant_by
from services.records.engine import Database
from services.records.faults import spoken_plainly
from services.records.tables import STANDING, RosterAnswerRow
from workflows.domain.ticket.state import TICK

_LOCK_KEY = 0x726F_7374_6572
"""Two processes never write answers at a time. The key is arbitrary and never changes."""

Duty = tuple[str, str]
"""Policy and tier, by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """What a roster answered of one tier."""

    policy: str
    tier: str
    names: tuple[str, ...] | None
    """Nobody is an answer; none: there is no roster any more, and the tier is reachable."""
    asked_at: datetime
    """The record's instant that it was asked about."""

    @property
    def is_reachable(self) -> bool:
        """Whether the tier may have a ticket."""
        return self.names is None or bool(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The last answer that is kept of one tier."""

    at: datetime
    """The record's instant from which it holds."""
    is_reachable: bool
    names: tuple[str, ...] | None
    asked_at: datetime


class Rosters:
    """The record's side of the rosters. Every call raises `RecordError`, and may be made again."""

    def __init__(self, database: Database, clock: RecordClock) -> None:
        self._database = database
        self._clock = clock

    async def standing(self) -> Mapping[Duty, Standing]:
        """Return the last answer of every tier that has one."""
        with spoken_plainly():
            async with self._database.looking.connect() as connection:
                return await _standing(connection)

    async def keep(self, answers: Sequence[OnDuty]) -> int:
        """Append what is something else than what stands, from now on; return how many that were.

        Who is asked at one time and answers later than somebody who was asked after them says nothing new.
        """
        if not _news(answers, await self.standing()):
            return 0
        with spoken_plainly():
            async with self._database.begin() as connection:
                real_at = await _locked(connection, is_sqlite=self._database.is_sqlite)
                now = instant_by(self._clock, real_at)
                standing = await _standing(connection)
                news = _news(answers, standing)
                for each in news:
                    await _append(connection, each, standing.get((each.policy, each.tier)), now, real_at)
        return len(news)


async def _locked(connection: AsyncConnection, *, is_sqlite: bool) -> datetime:
    """Lock first, then read the clock; SQLite's transaction has the database already."""
    if is_sqlite:
        return datetime.now(UTC)
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
    real_at: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
    return real_at


async def _standing(connection: AsyncConnection) -> dict[Duty, Standing]:
    row = RosterAnswerRow
    query = select(row.policy, row.tier, row.at, row.is_reachable, row.on_duty, row.asked_at).where(STANDING)
    return {
        (policy, tier): Standing(
            at=at,
            is_reachable=is_reachable,
            names=None if on_duty is None else tuple(codec.data_from_json(on_duty)),
            asked_at=asked_at,
        )
        for policy, tier, at, is_reachable, on_duty, asked_at in await connection.execute(query)
    }


def _news(answers: Sequence[OnDuty], standing: Mapping[Duty, Standing]) -> list[OnDuty]:
    return [each for each in answers if _is_news(each, standing.get((each.policy, each.tier)))]


def _is_news(answer: OnDuty, before: Standing | None) -> bool:
    """Whether somebody else is there; in which order they are named says nothing."""
    if before is None:
        return answer.names is not None
    return answer.asked_at >= before.asked_at and _people(answer.names) != _people(before.names)


def _people(names: Sequence[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


async def _append(
    connection: AsyncConnection, answer: OnDuty, before: Standing | None, now: datetime, real_at: datetime
) -> None:
    row = RosterAnswerRow
    if before is not None:
        now = max(now, before.at + TICK)
        its = (row.policy == answer.policy, row.tier == answer.tier, row.at == before.at)
        await connection.execute(update(row).where(*its).values(replaced_at=real_at))
    await connection.execute(
        insert(row).values(
            policy=answer.policy,
            tier=answer.tier,
            at=now,
            is_reachable=answer.is_reachable,
            on_duty=null() if answer.names is None else codec.data_to_json(answer.names),
            asked_at=answer.asked_at,
            replaced_at=None,
        )
    )
