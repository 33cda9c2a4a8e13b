"""What is done to problems: opened, changed, closed, linked to tickets, announced. Reading them is `problem_queries`.

A change and its stored answer are one transaction. Of links nothing is written here but the tickets' own settles, those
of a list in one transaction: which tickets a problem has follows from their logs.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import func, insert, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.records import codec
from services.records.clock import RecordClock, instant_by
from services.records.decision import Decision, Judge, Poison, PoisonousCommand, PolicyNotLoaded, Question, decide
from services.records.door import require_command, require_request
from services.records.engine import Database
from services.records.errors import CommandFailed, RecordFailed, RecordUnavailable, RequestIdReused, TicketStuck
from services.records.faults import Duplicate, spoken_plainly
from services.records.policies import KnownPolicies
from services.records.problem_facts import (
    Announcement,
    AnnouncementKind,
    AnnouncementState,
    Answered,
    EncodeAnnouncement,
    EncodeLinking,
    EncodeProblem,
    Linking,
    NewAnnouncement,
    NewProblem,
    Problem,
    ProblemChange,
    ProblemState,
    ProblemUnknown,
    TicketsUnknown,
)
from services.records.problem_rows import announcements, problem_of, problems
from services.records.rows import HeldProblem, ReplyColumns, Rows, together
from services.records.settled import Request, SettledBy
from services.records.statements import Settling, Statements
from services.records.store import TRIES, log_poison, mark_stuck
from services.records.tables import ReplyRow
from services.records.tables_problems import (
    LIVE,
    AnnouncementRow,
    AnnouncementTicketRow,
    ProblemLinkRow,
    ProblemRow,
)
from workflows.domain.ticket import judge as rules
from workflows.domain.ticket.commands import LinkProblem, UnlinkProblem
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.ports import AnnouncementUnknown

NOTHING_TO_DO = (RefusalReason.PROBLEM_LINKED_ALREADY, RefusalReason.PROBLEM_NOT_LINKED)
"""Of a ticket in a list: it is as it was asked to be."""

Work = Callable[[AsyncConnection, datetime], Awaitable[bytes | Refusal]]
"""Done within a transaction, told the record's instant; a refusal was found before anything was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Tickets that are to be linked to a problem, or taken from it."""

    problem_id: str
    actor: str
    ticket_ids: Sequence[str]
    reason: str | None = None
    """Why they are taken from it; none: they are linked."""


class Problems:
    """The record's side of problems. Every call raises `RecordError`, and may be made again with its request."""

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

    async def link(self, links: Links, *, request: Request, encode: EncodeLinking) -> Answered:
        """Link tickets to a problem, or take them from it, all of them or none.

        Raises `ProblemUnknown`, `TicketsUnknown`, and what a settle raises.
        """
        require_request(request)
        question = Question(by=SettledBy.INTAKE)
        for _ in range(TRIES):
            try:
                with spoken_plainly():
                    if answered := await self._answered(request):
                        return answered
                    async with self._statements.settling() as settling:
                        return await self._link(settling, links, question, request, encode)
            except PolicyNotLoaded as missing:
                found = await self._policies.look_for(missing.version)
                question = replace(question, unreadable={**question.unreadable, **found})
            except Duplicate as duplicate:
                if duplicate.table != "replies":
                    raise RecordFailed(f"the database refused a second row in {duplicate.table!r}") from None
            except PoisonousCommand as poison:
                log_poison(poison, "command cannot be judged")
                raise CommandFailed(poison.held.ticket_id, "LinkProblem", poison.error_type) from None
            except Poison as poison:
                log_poison(poison)
                with spoken_plainly():
                    async with self._statements.settling() as settling:
                        await mark_stuck(settling, poison)
                raise TicketStuck(poison.held.ticket_id, poison.error_type, poison.retry_in) from None
        raise RecordUnavailable("the tickets are being settled elsewhere: try again")

    async def _link(
        self, settling: Settling, links: Links, question: Question, request: Request, encode: EncodeLinking
    ) -> Answered:
        held = await settling.hold_problem(links.problem_id)
        if held is None:
            raise _unknown(links.problem_id)
        instant = instant_by(self._clock, held.real_at)
        if held.closed_at is not None and links.reason is None:
            refusal = closed(links.problem_id, held.closed_at, "open a new problem for these tickets")
            await settling.write(Rows(replies=(_reply(request, links.problem_id, instant, held.real_at, refusal),)))
            return Answered(answer=None, refusal=refusal)
        decisions = await self._decide_all(settling, links, replace(question, command=_command(links, held)))
        refused = [each for each in decisions if each.judged.refusal is not None]
        if others := [each for each in refused if _reason(each) not in NOTHING_TO_DO]:
            refusal = _of_all(others)
            await settling.write(Rows(replies=(_reply(request, links.problem_id, instant, held.real_at, refusal),)))
            return Answered(answer=None, refusal=refusal)
        applied = [each for each in decisions if each.judged.refusal is None]
        more = len(applied) if links.reason is None else -len(applied)
        answer = encode(Linking(problem=problem_of(held, held.linked_count + more), changed=len(applied)))
        rows = together([each.rows for each in applied if each.rows is not None])
        reply = _reply(request, links.problem_id, instant, held.real_at, answer)
        await settling.write(rows._replace(replies=(reply,)))
        settled = [each.settled(self._clock, None) for each in applied]
        return Answered(
            answer=answer,
            refusal=None,
            tickets=[each.ticket_id for each in settled],
            nudges=[each.nudge for each in settled if each.nudge is not None],
        )

    async def _decide_all(self, settling: Settling, links: Links, question: Question) -> list[Decision]:
        """Lock every ticket, in the order of their ids, and judge each. Raises `TicketsUnknown`."""
        decisions: list[Decision] = []
        unknown: list[str] = []
        for ticket_id in sorted(set(links.ticket_ids)):
            found = await settling.hold(ticket_id, None)
            if found is None:
                unknown.append(ticket_id)
            elif not unknown:
                held, _ = found
                decision = decide(held, question, policies=self._policies, clock=self._clock, judge=self._judge)
                decisions.append(decision)
        if unknown:
            raise TicketsUnknown(unknown)
        return decisions

    async def _once(self, subject: str, request: Request, work: Work) -> Answered:
        """Do it and store the answer in one transaction, or give the answer that is stored."""
        require_request(request)
        for _ in range(TRIES):
            try:
                with spoken_plainly():
                    if answered := await self._answered(request):
                        return answered
                    async with self._database.begin() as connection:
                        real_at = await self._real_at(connection)
                        instant = instant_by(self._clock, real_at)
                        answer = await work(connection, instant)
                        reply = _reply(request, subject, instant, real_at, answer)
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

    async def _answered(self, request: Request) -> Answered | None:
        reply = (await self._statements.greet((request.caller, request.request_id))).reply
        if reply is None:
            return None
        if reply.body_hash != request.body_hash:
            raise RequestIdReused(request.request_id)
        refusal = None if reply.refusal is None else codec.refusal_from_json(reply.refusal)
        return Answered(answer=reply.answer, refusal=refusal)

    async def _real_at(self, connection: AsyncConnection) -> datetime:
        if self._database.is_sqlite:
            return datetime.now(UTC)
        real_at: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
        return real_at


def closed(problem_id: str, at: datetime, remedy: str) -> Refusal:
    """Nothing is done to a problem that was closed."""
    text = f"problem {problem_id!r} is closed since {at:%Y-%m-%d %H:%M} UTC: {remedy}"
    return Refusal(reason=RefusalReason.PROBLEM_CLOSED, text=text, facts={"problem_id": problem_id})


def _command(links: Links, held: HeldProblem) -> LinkProblem | UnlinkProblem:
    command: LinkProblem | UnlinkProblem
    if links.reason is None:
        command = LinkProblem(actor=links.actor, problem_id=links.problem_id, title=held.title)
    else:
        command = UnlinkProblem(actor=links.actor, problem_id=links.problem_id, reason=links.reason)
    require_command(command)
    return command


def _reason(decision: Decision) -> RefusalReason | None:
    return decision.judged.refusal.reason if decision.judged.refusal else None


def _of_all(decisions: Iterable[Decision]) -> Refusal:
    """What a list is refused for: the first ticket's reason, and the ids of all that would refuse."""
    refused = [(each.judged.ticket.ticket_id, each.judged.refusal) for each in decisions if each.judged.refusal]
    (ticket_id, first), names = refused[0], [each for each, _ in refused]
    more = f"; so do {len(refused) - 1} more of them" if len(refused) > 1 else ""
    return Refusal(
        reason=first.reason,
        text=f"ticket {ticket_id!r} refuses, and nothing is changed: {first.text}{more}",
        facts={**first.facts, "tickets": ",".join(names)},
    )


async def _held(connection: AsyncConnection, problem_id: str) -> Problem:
    """Lock a problem, then read it. Raises `ProblemUnknown`."""
    row = ProblemRow
    lock = select(row.problem_id).where(row.problem_id == problem_id).with_for_update(key_share=True)
    if await connection.scalar(lock) is None:
        raise _unknown(problem_id)
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


def _unknown(problem_id: str) -> ProblemUnknown:
    return ProblemUnknown(f"problem {problem_id!r} is not in the record")


async def _problem(connection: AsyncConnection, problem_id: str) -> Problem:
    """Read it as it stands within this transaction."""
    [found] = await problems(connection, ProblemRow.problem_id == problem_id)
    return found


async def _announcement(connection: AsyncConnection, announcement_id: str) -> Announcement:
    """Read it as it stands within this transaction."""
    [found] = await announcements(connection, AnnouncementRow.announcement_id == announcement_id)
    return found


def _reply(request: Request, subject: str, at: datetime, real_at: datetime, answer: bytes | Refusal) -> ReplyColumns:
    """What is stored with the request: of a problem's, the subject stands in the ticket's place."""
    return ReplyColumns(
        caller=request.caller,
        request_id=request.request_id,
        body_hash=request.body_hash,
        ticket_id=subject,
        at=at,
        stored_at=real_at,
        answer=None if isinstance(answer, Refusal) else answer,
        refusal=codec.refusal_to_json(answer) if isinstance(answer, Refusal) else None,
    )
