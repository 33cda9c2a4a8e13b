"""Announcements as they are carried out: whose turn it is, and each ticket's settle with what became of it.

A customer is told and that they were is written in one transaction, under a key: whoever tries again, and however many
do at once, finds it done. Nothing of it depends on a request's stored answer, which is forgotten one day.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, insert, or_, select, update

from services.records.clock import RecordClock, instant_by
from services.records.decision import Decision, Judge, Poison, PoisonousCommand, PolicyNotLoaded, Question, decide
from services.records.door import require_count
from services.records.engine import Database
from services.records.errors import RecordFailed, RecordUnavailable
from services.records.faults import Duplicate, spoken_plainly
from services.records.policies import KnownPolicies
from services.records.problem_facts import TOLD, AnnouncementKind, AnnouncementState
from services.records.rows import ResultColumns, Rows, TurnColumns
from services.records.settled import SettledBy
from services.records.statements import Settling, Statements
from services.records.store import TRIES, log_poison, mark_stuck
from services.records.tables_problems import LIVE, AnnouncementResultRow, AnnouncementRow, AnnouncementTicketRow
from workflows.domain.ticket import judge as rules
from workflows.domain.ticket.commands import Command, PostUpdate, Resolve
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import Outcome
from workflows.ports import AnnouncementUnknown

logger = logging.getLogger(__name__)

ASKED_AGAIN_AFTER = timedelta(seconds=30)
"""Real time after which Temporal is asked again to carry on: it may have lost the run, and asking twice is harmless."""
UNLINKED = "unlinked"
"""Somebody took the ticket from the problem since it was announced."""
MERGED = "merged"
"""Its survivor takes it instead."""
STUCK = "stuck"
"""The rules could not judge it: an operator must look."""


class Turn(NamedTuple):
    """A ticket whose customer is to be told."""

    ticket_id: str
    instead_of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """The next tickets of an announcement."""

    announcement_id: str
    problem_id: str
    kind: AnnouncementKind
    words: str
    actor: str
    tickets_per_second: int
    is_over: bool
    """Nobody is to be told just now: all were, or it is paused or cancelled."""
    turns: Sequence[Turn]
    """In the order of their ids; none: those after the place are done, though earlier ones may not be."""


class Announcing:
    """The record's side of telling. Every call raises `RecordError`, and may be made again."""

    def __init__(
        self,
        database: Database,
        statements: Statements,
        clock: RecordClock,
        policies: KnownPolicies,
        *,
        judge: Judge = rules.judge,
    ) -> None:
        self._database = database
        self._statements = statements
        self._clock = clock
        self._policies = policies
        self._judge = judge

    async def unstarted(self, *, limit: int) -> tuple[str, ...]:
        """Find announcements that Temporal was not asked to carry out, or not lately."""
        require_count("limit", limit)
        row = AnnouncementRow
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            is_untold = or_(row.asked_at.is_(None), row.asked_at < real_at - ASKED_AGAIN_AFTER)
            query = (
                select(row.announcement_id)
                .where(LIVE, row.state == AnnouncementState.RUNNING.value, is_untold)
                .order_by(row.announcement_id)
                .limit(limit)
            )
            async with self._database.looking.connect() as connection:
                return tuple((await connection.scalars(query)).all())

    async def was_asked(self, announcement_id: str) -> None:
        """Note that Temporal was."""
        row = AnnouncementRow
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            async with self._database.begin() as connection:
                await connection.execute(
                    update(row).where(row.announcement_id == announcement_id).values(asked_at=real_at)
                )

    async def turns(self, announcement_id: str, *, after: str, limit: int) -> Turns:
        """Read whose turn it is, of those whose ids sort after one; when nobody's is, the announcement is done.

        Raises `AnnouncementUnknown`.
        """
        require_count("limit", limit)
        row, ticket = AnnouncementRow, AnnouncementTicketRow
        waiting = (
            select(ticket.ticket_id, ticket.instead_of)
            .where(ticket.announcement_id == announcement_id, ticket.ticket_id > after, ~_has_result(ticket))
            .order_by(ticket.ticket_id)
            .limit(limit)
        )
        with spoken_plainly():
            async with self._database.reading.connect() as connection:
                query = select(*row.__table__.columns).where(row.announcement_id == announcement_id)
                found = (await connection.execute(query)).one_or_none()
                if found is None:
                    raise AnnouncementUnknown(f"announcement {announcement_id!r} is not in the record")
                is_running = found.state == AnnouncementState.RUNNING.value
                turns = [Turn(*each) for each in await connection.execute(waiting)] if is_running else []
        is_done = is_running and not turns and not after and await self._has_ended(announcement_id)
        return Turns(
            announcement_id=announcement_id,
            problem_id=found.problem_id,
            kind=AnnouncementKind(found.kind),
            words=found.words,
            actor=found.actor,
            tickets_per_second=found.tickets_per_second,
            is_over=not is_running or is_done,
            turns=turns,
        )

    async def tell(self, turns: Turns, turn: Turn) -> str:
        """Settle a ticket with what is announced, and write what became of it; returns that word.

        What cannot take it is written down with the reason, for good. Raises `RecordUnavailable` (try again),
        `StateTooNew` (another release can).
        """
        question = Question(by=SettledBy.INTAKE, command=_command(turns))
        for _ in range(TRIES):
            try:
                with spoken_plainly():
                    async with self._statements.settling() as settling:
                        return await self._tell(settling, turns, turn, question)
            except PolicyNotLoaded as missing:
                question = replace(question, unreadable=await self._policies.look_for(missing.version))
            except Duplicate as duplicate:
                if duplicate.table == AnnouncementResultRow.__tablename__:
                    return await self._outcome(turns, turn)
                return await self._give_up(turns, turn)
            except RecordFailed:  # this ticket's rows, where the row that says so can be written
                return await self._give_up(turns, turn)
            except PoisonousCommand as poison:
                log_poison(poison, "command cannot be judged")
                return await self._give_up(turns, turn)
            except Poison as poison:
                log_poison(poison)
                return await self._give_up(turns, turn, poison)
        raise RecordUnavailable(f"ticket {turn.ticket_id!r} is being settled elsewhere: try again")

    async def _tell(self, settling: Settling, turns: Turns, turn: Turn, question: Question) -> str:
        found = await settling.hold(turn.ticket_id, None)
        if found is None:
            raise AssertionError("a ticket of an announcement is in the record")
        held, _ = found
        decision = decide(held, question, policies=self._policies, clock=self._clock, judge=self._judge)
        outcome = _outcome_of(decision, turns, turn)
        rows = decision.rows if outcome == TOLD and decision.rows is not None else Rows()
        survivor = decision.judged.ticket.merged_into
        if outcome == MERGED and survivor is not None:
            rows = rows._replace(turns=(TurnColumns(turns.announcement_id, survivor, turn.ticket_id),))
        result = ResultColumns(turns.announcement_id, turn.ticket_id, outcome, decision.instant)
        await settling.write(rows._replace(results=(result,)))
        return outcome

    async def _give_up(self, turns: Turns, turn: Turn, poison: Poison | None = None) -> str:
        """Write that a ticket cannot be judged, or its rows not be written."""
        logger.error(
            "ticket is passed by", extra={"ticket_id": turn.ticket_id, "announcement_id": turns.announcement_id}
        )
        with spoken_plainly():
            if poison is not None:
                async with self._statements.settling() as settling:
                    await mark_stuck(settling, poison)
            instant = instant_by(self._clock, (await self._statements.greet()).real_at)
            try:
                with spoken_plainly():
                    async with self._database.begin() as connection:
                        result = ResultColumns(turns.announcement_id, turn.ticket_id, STUCK, instant)
                        await connection.execute(insert(AnnouncementResultRow).values(result._asdict()))
            except Duplicate:
                return await self._outcome(turns, turn)
        return STUCK

    async def _outcome(self, turns: Turns, turn: Turn) -> str:
        """What somebody else wrote down."""
        row = AnnouncementResultRow
        query = select(row.outcome).where(row.announcement_id == turns.announcement_id, row.ticket_id == turn.ticket_id)
        with spoken_plainly():
            async with self._database.looking.connect() as connection:
                return str(await connection.scalar(query))

    async def _has_ended(self, announcement_id: str) -> bool:
        """End it, unless somebody's turn came meanwhile."""
        row, ticket = AnnouncementRow, AnnouncementTicketRow
        waits = exists().where(ticket.announcement_id == announcement_id, ~_has_result(ticket))
        with spoken_plainly():
            instant = instant_by(self._clock, (await self._statements.greet()).real_at)
            async with self._database.begin() as connection:
                ended = await connection.execute(
                    update(row)
                    .where(row.announcement_id == announcement_id, row.state == AnnouncementState.RUNNING.value, ~waits)
                    .values(state=AnnouncementState.DONE.value, changed_at=instant, ended_at=instant)
                )
                return ended.rowcount > 0


def _has_result(ticket: type[AnnouncementTicketRow]) -> ColumnElement[bool]:
    row = AnnouncementResultRow
    return exists().where(row.announcement_id == ticket.announcement_id, row.ticket_id == ticket.ticket_id)


def _command(turns: Turns) -> Command:
    """What is said to each ticket, in the name of who announced it."""
    match turns.kind:
        case AnnouncementKind.UPDATE:
            return PostUpdate(actor=turns.actor, text=turns.words)
        case AnnouncementKind.FIX:
            return Resolve(actor=turns.actor, outcome=Outcome.FIXED, explanation=turns.words)


def _outcome_of(decision: Decision, turns: Turns, turn: Turn) -> str:
    """What became of it: told, or in a word why not."""
    ticket, refusal = decision.judged.ticket, decision.judged.refusal
    if ticket.merged_into is not None:
        return MERGED
    if turn.instead_of is None and turns.problem_id not in ticket.problems:
        return UNLINKED
    if refusal is None:
        return TOLD
    return ticket.status.value if refusal.reason is RefusalReason.WRONG_STATE else refusal.reason.value.lower()
