"""What is done to problems: opened, changed, closed, announced. Reading them is `problem_queries`.

A change and its stored answer are one transaction.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sqlalchemy import func, insert, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.records.clock import RecordClock, instant_by
from services.records.codec import data_to_json
from services.records.door import require_request
from services.records.engine import Database
from services.records.errors import RecordFailed, RecordUnavailable
from services.records.faults import Duplicate, spoken_plainly
from services.records.problem_facts import (
    Announcement,
    AnnouncementKind,
    AnnouncementState,
    Answered,
    EncodeAnnouncement,
    EncodeProblem,
    NewAnnouncement,
    NewProblem,
    Problem,
    ProblemChange,
    ProblemState,
)
from services.records.problem_replies import answered, closed, reply_of, unknown
from services.records.problem_rows import announcements, problems
from services.records.settled import Request
from services.records.statements import Statements
from services.records.store import TRIES
from services.records.tables import ReplyRow
from services.records.tables_problems import (
    LIVE,
    AnnouncementRow,
    AnnouncementTicketRow,
    ProblemLinkRow,
    ProblemRow,
)
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.ports import AnnouncementUnknown

Work = Callable[[AsyncConnection, datetime], Awaitable[bytes | Refusal]]
"""Done within a transaction, told the record's instant; a refusal was found before anything was written."""


class Problems:
    """The record's side of problems. Every call raises `RecordError`, and may be made again with its request."""

    def __init__(
        self,
        database: Database,
        statements: Statements,
        clock: RecordClock,
    ) -> None:
        self._database = database
        self._statements = statements
        self._clock = clock

    async def open(self, new: NewProblem, *, request: Request, encode: EncodeProblem) -> Answered:
        """Enter a problem."""

        async def work(connection: AsyncConnection, at: datetime) -> bytes:
            await connection.execute(
                insert(ProblemRow).values(
                    problem_id=new.problem_id,
                    kind=new.kind.value,
                    state=new.state.value,
                    title=new.title,
                    words=new.words,
                    opened_by=new.actor,
                    opened_at=at,
                    changed_by=new.actor,
                    changed_at=at,
                    version=1,
                )
            )
            return encode(await _problem(connection, new.problem_id))

        return await self._once(new.problem_id, request, work)

    async def change(
        self,
        problem_id: str,
        change: ProblemChange,
        *,
        expected_version: int | None,
        request: Request,
        encode: EncodeProblem,
    ) -> Answered:
        """Change or close a problem that is open. Raises `ProblemUnknown`."""

        async def work(connection: AsyncConnection, at: datetime) -> bytes | Refusal:
            found = await _held(connection, problem_id)
            if found.closed_at is not None:
                return closed(problem_id, found.closed_at, "open a new one")
            if expected_version not in {None, found.version}:
                return _stale(found, expected_version)
            changed = {"state": change.state, "title": change.title, "words": change.words}
            values: dict[str, object] = {name: value for name, value in changed.items() if value is not None}
            if change.closed_for is not None:
                values |= {"closed_at": at, "closed_for": change.closed_for}
            values |= {"changed_by": change.actor, "changed_at": at, "version": found.version + 1}
            row = ProblemRow
            await connection.execute(update(row).where(row.problem_id == problem_id).values(values))
            return encode(await _problem(connection, problem_id))

        return await self._once(problem_id, request, work)

    async def announce(self, new: NewAnnouncement, *, request: Request, encode: EncodeAnnouncement) -> Answered:
        """Fix which tickets' customers are to be told; who tells them finds it. Raises `ProblemUnknown`."""

        async def work(connection: AsyncConnection, at: datetime) -> bytes | Refusal:
            found = await _held(connection, new.problem_id)
            if refusal := await _not_to_be_announced(connection, found):
                return refusal
            await connection.execute(
                insert(AnnouncementRow).values(
                    announcement_id=new.announcement_id,
                    problem_id=new.problem_id,
                    kind=new.kind.value,
                    words=new.words,
                    words_in=data_to_json(new.words_in) if new.words_in else None,
                    actor=new.actor,
                    announced_at=at,
                    tickets_per_second=new.tickets_per_second,
                    state=AnnouncementState.RUNNING.value,
                    changed_by=new.actor,
                    changed_at=at,
                )
            )
            link = ProblemLinkRow
            linked = select(literal(new.announcement_id), link.ticket_id, null()).where(
                link.problem_id == new.problem_id, link.is_linked
            )
            columns = ["announcement_id", "ticket_id", "instead_of"]
            await connection.execute(insert(AnnouncementTicketRow).from_select(columns, linked))
            if new.kind is AnnouncementKind.FIX:
                row = ProblemRow
                values = {"state": ProblemState.FIXED.value, "changed_by": new.actor, "changed_at": at}
                await connection.execute(
                    update(row).where(row.problem_id == new.problem_id).values(values | {"version": row.version + 1})
                )
            return encode(await _announcement(connection, new.announcement_id))

        return await self._once(new.announcement_id, request, work)

    async def let(
        self,
        announcement_id: str,
        state: AnnouncementState,
        *,
        actor: str,
        request: Request,
        encode: EncodeAnnouncement,
    ) -> Answered:
        """Pause, resume or cancel an announcement. Raises `AnnouncementUnknown`."""

        async def work(connection: AsyncConnection, at: datetime) -> bytes | Refusal:
            row = AnnouncementRow
            held = select(row.state).where(row.announcement_id == announcement_id).with_for_update(key_share=True)
            before = await connection.scalar(held)
            if before is None:
                raise AnnouncementUnknown(f"announcement {announcement_id!r} is not in the record")
            if before not in {AnnouncementState.RUNNING, AnnouncementState.PAUSED} or before == state:
                return _over(announcement_id, before)
            values = {"state": state.value, "changed_by": actor, "changed_at": at, "asked_at": None}
            if state is AnnouncementState.CANCELLED:
                values["ended_at"] = at
            await connection.execute(update(row).where(row.announcement_id == announcement_id).values(values))
            return encode(await _announcement(connection, announcement_id))

        return await self._once(announcement_id, request, work)

    async def _once(self, subject: str, request: Request, work: Work) -> Answered:
        """Do it and store the answer in one transaction, or give the answer that is stored."""
        require_request(request)
        for _ in range(TRIES):
            try:
                with spoken_plainly():
                    if before := await answered(self._statements, request):
                        return before
                    async with self._database.begin() as connection:
                        real_at = await self._real_at(connection)
                        instant = instant_by(self._clock, real_at)
                        answer = await work(connection, instant)
                        reply = reply_of(request, subject, instant, real_at, answer)
                        values = reply._asdict() | ({} if reply.refusal else {"refusal": null()})
                        await connection.execute(insert(ReplyRow).values(values))
            except Duplicate as duplicate:
                if duplicate.table != "replies":
                    raise RecordFailed(f"the database refused a second row in {duplicate.table!r}") from None
            else:
                if isinstance(answer, Refusal):
                    return Answered(answer=None, refusal=answer)
                return Answered(answer=answer, refusal=None)
        raise RecordUnavailable("the request is being answered elsewhere: try again")

    async def _real_at(self, connection: AsyncConnection) -> datetime:
        if self._database.is_sqlite:
            return datetime.now(UTC)
        real_at: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
        return real_at


async def _held(connection: AsyncConnection, problem_id: str) -> Problem:
    """Lock a problem, then read it. Raises `ProblemUnknown`."""
    row = ProblemRow
    lock = select(row.problem_id).where(row.problem_id == problem_id).with_for_update(key_share=True)
    if await connection.scalar(lock) is None:
        raise unknown(problem_id)
    return await _problem(connection, problem_id)


async def _not_to_be_announced(connection: AsyncConnection, problem: Problem) -> Refusal | None:
    """Say why nothing can be announced of it; none: it can."""
    if problem.closed_at is not None:
        return closed(problem.problem_id, problem.closed_at, "nothing is announced of it any more")
    row, link = AnnouncementRow, ProblemLinkRow
    running = await connection.scalar(select(row.announcement_id).where(LIVE, row.problem_id == problem.problem_id))
    if running is not None:
        text = f"announcement {running!r} of problem {problem.problem_id!r} has not ended: wait for it, or cancel it"
        return Refusal(
            reason=RefusalReason.ANNOUNCEMENT_RUNNING,
            text=text,
            facts={"problem_id": problem.problem_id, "announcement_id": running},
        )
    linked = select(link.ticket_id).where(link.problem_id == problem.problem_id, link.is_linked).limit(1)
    if await connection.scalar(linked) is None:
        text = f"no ticket is linked to problem {problem.problem_id!r}: link those that it is behind first"
        return Refusal(reason=RefusalReason.NOTHING_LINKED, text=text, facts={"problem_id": problem.problem_id})
    return None


def _stale(problem: Problem, expected: int | None) -> Refusal:
    return Refusal(
        reason=RefusalReason.STALE_VERSION,
        text=f"expected_version is {expected}, the problem is at {problem.version}: look at it again and decide anew",
        facts={"version": str(problem.version), "problem_id": problem.problem_id},
    )


def _over(announcement_id: str, state: str) -> Refusal:
    return Refusal(
        reason=RefusalReason.ANNOUNCEMENT_OVER,
        text=f"announcement {announcement_id!r} is {state!r}: there is nothing to do",
        facts={"announcement_id": announcement_id, "state": state},
    )


async def _problem(connection: AsyncConnection, problem_id: str) -> Problem:
    """Read it as it stands within this transaction."""
    [found] = await problems(connection, ProblemRow.problem_id == problem_id)
    return found


async def _announcement(connection: AsyncConnection, announcement_id: str) -> Announcement:
    """Read it as it stands within this transaction."""
    [found] = await announcements(connection, AnnouncementRow.announcement_id == announcement_id)
    return found
