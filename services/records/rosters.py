"""What the rosters answered, kept when it is something else than before (4.9). The tickets' side is settle's.

Any number of processes may say the same: it is written once, under one lock. Knows nothing of who is asked, or when.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, null, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.records import codec
from services.records.clock import RecordClock, instant_by
from services.records.engine import Database
from services.records.faults import spoken_plainly
from services.records.statements import Statements
from services.records.tables import STANDING, RosterAnswerRow
from workflows.domain.ticket.state import TICK

WITHDRAWN_AFTER = timedelta(minutes=10)
"""Real time after which a tier that nobody asks about any more is reachable: its roster was taken away."""
SET_BACK_BY = timedelta(minutes=1)
"""Who was asked so much later than now was asked by a clock that was set back: no question takes so long."""
_LOCK_KEY = 0x726F_7374_6572
"""Two processes never write answers at a time. The key is arbitrary and never changes."""

Duty = tuple[str, str]
"""Policy and tier, by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One reading of the clock."""

    real_at: datetime
    instant: datetime
    """The record's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """What a roster answered of one tier."""

    policy: str
    tier: str
    names: tuple[str, ...] | None
    """Nobody is an answer; none: there is no roster any more, and the tier is reachable."""

    @property
    def duty(self) -> Duty:
        """Of whom it is said."""
        return self.policy, self.tier

    @property
    def is_reachable(self) -> bool:
        """Whether the tier may have a ticket."""
        return self.names is None or bool(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The last answer that is kept of one tier."""

    at: datetime
    """The record's instant from which it holds."""
    names: tuple[str, ...] | None
    asked_at: datetime
    """Real instant at which its roster was last asked, whatever came of it."""


class Rosters:
    """The record's side of the rosters. Every call raises `RecordError`, and may be made again."""

    def __init__(self, database: Database, statements: Statements, clock: RecordClock) -> None:
        self._database = database
        self._statements = statements
        self._clock = clock

    async def moment(self) -> Moment:
        """Read the clock. Raises `ClockRunOut`, `ClockUnusable` too."""
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
        return Moment(real_at=real_at, instant=instant_by(self._clock, real_at))

    async def standing(self) -> Mapping[Duty, Standing]:
        """Return the last answer of every tier that has one."""
        with spoken_plainly():
            async with self._database.looking.connect() as connection:
                return await _standing(connection)

    async def keep(self, answers: Sequence[OnDuty], asked: Sequence[Duty], moment: Moment) -> int:
        """Append what is something else than what stands, from now on; return how many answers that were.

        `asked`: who was asked at that moment, also those that gave no answer; what nobody asks about any more is
        withdrawn. Whoever was asked earlier than another since says nothing new.
        """
        if not asked and not any(_is_forgotten(each, moment.real_at) for each in (await self.standing()).values()):
            return 0
        with spoken_plainly():
            async with self._database.begin() as connection:
                real_at = await _locked(connection, is_sqlite=self._database.is_sqlite)
                now = instant_by(self._clock, real_at)
                standing = await _standing(connection)
                news = list(_news(answers, asked, standing, moment.real_at))
                for each in news:
                    await _append(connection, each, standing.get(each.duty), now, real_at, moment.real_at)
                await _note(connection, asked, moment.real_at)
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
    query = select(row.policy, row.tier, row.at, row.on_duty, row.asked_at).where(STANDING)
    return {
        (policy, tier): Standing(
            at=at,
            names=None if on_duty is None else tuple(codec.data_from_json(on_duty)),
            asked_at=asked_at,
        )
        for policy, tier, at, on_duty, asked_at in await connection.execute(query)
    }


def _news(
    answers: Iterable[OnDuty], asked: Iterable[Duty], standing: Mapping[Duty, Standing], asked_at: datetime
) -> Iterator[OnDuty]:
    for each in answers:
        before = standing.get(each.duty)
        # In which order people are named says nothing.
        if before is None or (not _is_overtaken(asked_at, before) and _people(each.names) != _people(before.names)):
            yield each
    for (policy, tier), before in standing.items():
        if (policy, tier) not in asked and _is_forgotten(before, asked_at):
            yield OnDuty(policy=policy, tier=tier, names=None)


def _is_overtaken(asked_at: datetime, before: Standing) -> bool:
    """Whether somebody was asked since; much later than now it was by a clock that was set back."""
    return asked_at < before.asked_at < asked_at + SET_BACK_BY


def _is_forgotten(standing: Standing, now: datetime) -> bool:
    return standing.names is not None and standing.asked_at < now - WITHDRAWN_AFTER


def _people(names: Sequence[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


async def _append(  # noqa: PLR0917 - as many facts as columns
    connection: AsyncConnection,
    answer: OnDuty,
    before: Standing | None,
    now: datetime,
    real_at: datetime,
    asked_at: datetime,
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
            asked_at=asked_at,
        )
    )


async def _note(connection: AsyncConnection, asked: Sequence[Duty], at: datetime) -> None:
    """Note of whom was asked that they were, so that nobody withdraws them."""
    if not asked:
        return
    row = RosterAnswerRow
    its = tuple_(row.policy, row.tier).in_(asked)
    await connection.execute(update(row).where(STANDING, its, row.asked_at < at).values(asked_at=at))
