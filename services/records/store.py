"""The record: settle, the one way a ticket changes, and opening, the one way it begins.

Lock, read the clock, judge, write, commit: nothing but the judge and the caller's `encode` between lock and commit, and
whoever settles does the same with the same result. Knows no rule, and no statement of either dialect.
"""

import logging
import traceback
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from services.records import codec
from services.records.clock import RecordClock, instant_by
from services.records.decision import Decision, Judge, Poison, PoisonousCommand, PolicyNotLoaded, Question, decide
from services.records.door import require_command, require_opening, require_request, require_ticket
from services.records.errors import (
    ClockMismatch,
    CommandFailed,
    IdentityTaken,
    KeyTaken,
    PolicyUnreadable,
    RecordError,
    RecordFailed,
    RecordUnavailable,
    RequestIdReused,
    TicketStuck,
    TicketUnknown,
)
from services.records.faults import Duplicate, spoken_plainly
from services.records.pair import Merging, decide_merge
from services.records.policies import KnownPolicies
from services.records.rows import Greeting, Held, ReplyColumns, Rows, rows_of
from services.records.settled import Encode, Nudge, Request, Settled, SettledBy, SettledDuplicate, SettledPair
from services.records.statements import RequestKey, Settling, Statements
from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.domain.ticket import judge as rules
from workflows.domain.ticket.closures import Told
from workflows.domain.ticket.commands import Command, Import, MergeInto, Open
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.texts import TEXTS, require_text
from workflows.domain.ticket.verdict import Judged, Refusal, RefusalReason
from workflows.domain.ticket.words import Status
from workflows.messages import SettleResult

__all__ = ["Encode", "Nudge", "OpenTicket", "Record", "Request", "Settled", "SettledBy"]

logger = logging.getLogger(__name__)

Done = TypeVar("Done")

TRIES = 4
"""A settle begins again when it meets a policy it has not read, or a reply that another stored meanwhile."""


FRAMES_TOLD = 3
"""Of a stuck ticket's traceback, the innermost."""


class OpenTicket(Protocol):
    """The rules for a new ticket: `workflows.domain.ticket.judge.open_ticket`."""

    def __call__(self, policy: Policy, command: Open | Import, at: datetime, *, told: Iterable[Told] = ()) -> Judged:
        """Open a ticket at an instant; `told` is what the roster has answered."""
        ...


class Record:
    """What was promised and what happened, kept in SQL."""

    def __init__(
        self,
        statements: Statements,
        clock: RecordClock,
        policies: KnownPolicies,
        *,
        judge: Judge = rules.judge,
        open_ticket: OpenTicket = rules.open_ticket,
    ) -> None:
        self._statements = statements
        self._clock = clock
        self._policies = policies
        self._judge = judge
        self._open_ticket = open_ticket

    async def open_ticket(
        self,
        policy: Policy,
        command: Open | Import,
        *,
        request: Request | None = None,
        encode: Encode | None = None,
        claims: bool = False,
    ) -> Settled:
        """Open a ticket, or enter one from elsewhere; with the same `request` again, or at once, it is one ticket.

        What contacts are found by leads to it from now on (6.3). With `claims` it is opened only where that led
        nowhere, else `KeyTaken` is raised: look again where it leads. It is raised of one from elsewhere too that is
        here already, by what it is called there (6.14): see `Imports`.

        Raises `IdentityTaken`, `RequestIdReused`, `ClockMismatch`, `ClockRunOut`, `ClockUnusable`, `RecordUnavailable`
        (try again), `RecordFailed`, `SchemaMissing`; `TextError` for a text that cannot be stored or read;
        `DomainError` for a priority that the policy does not know, or a field that is not what it must be; whatever
        else the rules raise. Nothing is written.
        """
        require_opening(command)
        require_request(request)
        for _ in range(TRIES):
            try:
                with spoken_plainly():
                    return await self._open(policy, command, request, encode, claims=claims)
            except Duplicate as duplicate:
                if duplicate.table == "contact_keys":
                    if isinstance(command, Import) and await self._is_answered(request):
                        continue
                    raise KeyTaken from None
                # Either way it may be this very request, judged elsewhere at the same time.
                if not _is_answered_meanwhile(duplicate) and not await self._is_answered(request):
                    raise IdentityTaken(command.ticket_id, command.reference) from None
        raise RecordUnavailable("the request is being answered elsewhere: try again")

    async def answered(self, request: Request) -> Settled | None:
        """Return what a request was answered before; none: it was not judged, or too long ago.

        Raises `RequestIdReused`, `RecordUnavailable` (try again), `RecordFailed`, `SchemaMissing`.
        """
        require_request(request)
        with spoken_plainly():
            reply = (await self._statements.greet(_key(request))).reply
        return None if reply is None else _again(request, reply)

    async def keep_policy(self, policy: Policy) -> str:
        """Store a policy's snapshot, so that tickets can be moved to it; returns its version.

        Raises `RecordUnavailable` (try again), `RecordFailed`, `SchemaMissing`. Doing it twice does no harm.
        """
        version = version_of(policy)
        with spoken_plainly():
            async with self._statements.opening() as opening:
                greeting = await opening.greet(None)
                await self._policies.keep(opening, version, policy, greeting.real_at)
        self._policies.add(version, policy)
        return version

    async def validate(self, policy: Policy, command: Open | Import) -> Judged:
        """What opening would give at the record's present instant; writes nothing. Raises what opening does."""
        require_opening(command, is_named=False)  # it is when it is opened
        with spoken_plainly():
            greeting = await self._statements.greet(policy=policy.name, queue=command.queue)
        return self._decide_opening(policy, command, greeting).judged

    async def settle(
        self,
        ticket_id: str,
        command: Command | None = None,
        *,
        by: SettledBy,
        request: Request | None = None,
        expected_version: int | None = None,
        encode: Encode | None = None,
        elsewhere: Collection[RefusalReason] = (),
    ) -> Settled:
        """Bring a ticket up to the record's clock and apply the command, in one transaction under its row's lock.

        A refused command is no error: it comes back as `Settled.refusal`. `expected_version` is the ticket's, from 1.
        Refused for one of the reasons `elsewhere`, nothing is written, nor remembered of the request: the command is
        another ticket's, whoever asks will know whose.
        Raises `TicketUnknown`, `RequestIdReused`, `StateTooNew`, `TicketStuck` (then it is marked, and nothing else
        is written), `CommandFailed` (it is the command, not the ticket, that cannot be judged), `ClockRunOut`,
        `ClockUnusable`, `RecordUnavailable` (try again), `RecordFailed`, `SchemaMissing`; `TextError` for a text that
        cannot be stored or read, `DomainError` for a field that is not what it must be. Nothing is written then.
        """
        require_command(command)
        require_request(request)
        require_ticket(ticket_id)
        question = Question(by=by, command=command, expected_version=expected_version)
        return await self._settled(ticket_id, question, request, encode, elsewhere)

    async def _settled(
        self,
        ticket_id: str,
        question: Question,
        request: Request | None,
        encode: Encode | None,
        elsewhere: Collection[RefusalReason] = (),
    ) -> Settled:
        return await self._until_settled(
            ticket_id,
            type(question.command).__name__,
            lambda unreadable: self._settle(
                ticket_id, replace(question, unreadable=unreadable), request, encode, elsewhere
            ),
        )

    async def _until_settled(
        self, ticket_id: str, what: str, attempt: Callable[[Mapping[str, PolicyUnreadable]], Awaitable[Done]]
    ) -> Done:
        """Try again with a policy that was not read yet, or an answer that another stored meanwhile."""
        unreadable: Mapping[str, PolicyUnreadable] = {}
        for _ in range(TRIES):
            try:
                with spoken_plainly():
                    return await attempt(unreadable)
            except PolicyNotLoaded as missing:
                version = missing.version
            except Duplicate as duplicate:
                if not _is_answered_meanwhile(duplicate):
                    raise RecordFailed(f"the database refused a second row in {duplicate.table!r}") from None
                continue
            except PoisonousCommand as poison:
                log_poison(poison, "command cannot be judged")
                raise CommandFailed(poison.held.ticket_id, what, poison.error_type) from None
            except Poison as poison:
                await self._mark_stuck(poison)
                raise TicketStuck(poison.held.ticket_id, poison.error_type, poison.retry_in) from None
            unreadable = await self._policies.look_for(version)
        raise RecordUnavailable(f"ticket {ticket_id!r} is being settled elsewhere: try again")

    async def merge(
        self,
        ticket_id: str,
        survivor_id: str,
        *,
        actor: str,
        request: Request | None = None,
        expected_version: int | None = None,
        survivor_expected_version: int | None = None,
        encode: Encode | None = None,
    ) -> SettledPair:
        """Merge a ticket into another that goes on, in one transaction under both rows' locks (6.7).

        The answer is the survivor's. Raises what `settle` does, of whichever of the two it is; nothing is written then.
        """
        asked = Merging(
            actor=actor, expected_version=expected_version, survivor_expected_version=survivor_expected_version
        )
        answered, beside = await self._merged(ticket_id, survivor_id, asked, request, encode, answers=survivor_id)
        return SettledPair(survivor=answered, other=beside)

    async def resolve_as_duplicate(
        self,
        ticket_id: str,
        survivor_id: str,
        *,
        actor: str,
        explanation: str,
        request: Request | None = None,
        expected_version: int | None = None,
        encode: Encode | None = None,
    ) -> SettledDuplicate:
        """Merge a ticket into another that goes on, as `merge` does, and tell its customer why (6.7).

        The answer is the resolved ticket's. Raises what `merge` does.
        """
        require_text("explanation", explanation, TEXTS["explanation"])
        asked = Merging(actor=actor, expected_version=expected_version, explanation=explanation)
        answered, beside = await self._merged(ticket_id, survivor_id, asked, request, encode, answers=ticket_id)
        return SettledDuplicate(ticket=answered, survivor=beside)

    async def _merged(
        self,
        ticket_id: str,
        survivor_id: str,
        asked: Merging,
        request: Request | None,
        encode: Encode | None,
        *,
        answers: str,
    ) -> tuple[Settled, Settled | None]:
        """Merge; first what came of the ticket that `answers`, then of the other of the two."""
        require_text("actor", asked.actor, TEXTS["actor"])
        require_request(request)
        for each in (ticket_id, survivor_id):
            require_ticket(each)
        if ticket_id == survivor_id:  # the rules say what is wrong with that
            half = MergeInto(actor=asked.actor, survivor_id=survivor_id, survivor_reference=survivor_id)
            question = Question(by=SettledBy.INTAKE, command=half, expected_version=asked.expected_version)
            return await self._settled(ticket_id, question, request, encode), None
        return await self._until_settled(
            ticket_id,
            "MergeTickets",
            lambda unreadable: self._merge(
                ticket_id, survivor_id, replace(asked, unreadable=unreadable), request, encode, answers=answers
            ),
        )

    async def settle_for_workflow(self, ticket_id: str) -> SettleResult:
        """Implements `workflows.ports.Settler`: the ticket's own timer knows the next wake-up from now on.

        `wake_in_seconds` are real seconds. Raises what `settle` does.
        """
        settled = await self.settle(ticket_id, by=SettledBy.WORKFLOW)
        if settled.judged is None:
            raise AssertionError("a settle without a request cannot be repeated")
        ticket = settled.judged.ticket
        return SettleResult(
            is_closed=ticket.status is Status.CLOSED,
            wake_in_seconds=settled.wake_in_seconds,
            found=len(settled.judged.entries),
            summary=_summary(ticket),
        )

    async def _open(
        self, policy: Policy, command: Open | Import, request: Request | None, encode: Encode | None, *, claims: bool
    ) -> Settled:
        async with self._statements.opening() as opening:
            greeting = await opening.greet(_key(request), policy.name, command.queue)
            if request is not None and greeting.reply is not None:
                return _again(request, greeting.reply)
            if greeting.clock != self._clock.name:
                raise ClockMismatch(str(greeting.clock), self._clock.name)
            decision = self._decide_opening(policy, command, greeting)
            await self._policies.keep(opening, decision.judged.ticket.policy_version, policy, greeting.real_at)
            answer = encode(decision.judged) if encode else None
            rows = _with_reply(decision, request, answer, greeting.real_at)
            await opening.write(rows._replace(keys=(), claims=(*rows.claims, *rows.keys)) if claims else rows)
        self._policies.add(decision.judged.ticket.policy_version, policy)
        return decision.settled(self._clock, answer)

    async def _settle(
        self,
        ticket_id: str,
        question: Question,
        request: Request | None,
        encode: Encode | None,
        elsewhere: Collection[RefusalReason],
    ) -> Settled:
        async with self._statements.settling() as settling:
            found = await settling.hold(ticket_id, _key(request))
            if found is None:
                raise TicketUnknown(f"ticket {ticket_id!r} is not in the record")
            held, reply = found
            if request is not None and reply is not None:
                return _again(request, reply)
            decision = decide(held, question, policies=self._policies, clock=self._clock, judge=self._judge)
            if decision.judged.refusal is not None and decision.judged.refusal.reason in elsewhere:
                return decision.settled(self._clock, None)
            answer = encode(decision.judged) if encode and decision.judged.refusal is None else None
            rows = _with_reply(decision, request, answer, held.real_at)
            try:
                with spoken_plainly():
                    await _write(settling, decision, rows, held.told_at)
            except (Duplicate, RecordFailed) as refused:
                if question.command is not None or _is_answered_meanwhile(refused):
                    raise
                raise Poison(held, refused) from refused
        return decision.settled(self._clock, answer)

    async def _merge(
        self,
        ticket_id: str,
        survivor_id: str,
        asked: Merging,
        request: Request | None,
        encode: Encode | None,
        *,
        answers: str,
    ) -> tuple[Settled, Settled | None]:
        async with self._statements.settling() as settling:
            held: dict[str, Held] = {}
            for each in sorted((ticket_id, survivor_id)):  # whoever locks two, locks them in this order
                found = await settling.hold(each, _key(request))
                if found is None:
                    raise TicketUnknown(f"ticket {each!r} is not in the record")
                held[each], reply = found
                if request is not None and reply is not None:
                    return _again(request, reply), None
            merged = decide_merge(
                held[ticket_id],
                held[survivor_id],
                asked,
                policies=self._policies,
                clock=self._clock,
                judge=self._judge,
            )
            answered, beside = merged.survivor, merged.other
            if answers == ticket_id:
                answered, beside = beside, answered
            answer = encode(answered.judged) if encode and merged.refusal is None else None
            rows = _replied(merged.rows, answered, request, answer, held[answers].real_at)
            if rows is not None:
                await settling.write(rows)
        return answered.settled(self._clock, answer), beside.settled(self._clock, None)

    def _decide_opening(self, policy: Policy, command: Open | Import, greeting: Greeting) -> Decision:
        real_at = greeting.real_at
        instant = instant_by(self._clock, real_at)
        judged = self._open_ticket(policy, command, instant, told=greeting.told)
        wake_at = judged.ticket.wake_at()
        rows = rows_of(
            judged,
            policy,
            after=policy,
            instant=instant,
            real_at=real_at,
            wake_at=wake_at,
            told_at=None,
            number=0,
            clock_speed=self._clock.speed,
            command=command,
        )
        return Decision(judged=judged, instant=instant, wake_at=wake_at, told_at=None, rows=rows)

    async def _is_answered(self, request: Request | None) -> bool:
        with spoken_plainly():
            return request is not None and (await self._statements.greet(_key(request))).reply is not None

    async def _mark_stuck(self, poison: Poison) -> None:
        """Mark it in a transaction of its own: the one that died is rolled back."""
        log_poison(poison)
        try:
            with spoken_plainly():
                async with self._statements.settling() as settling:
                    await mark_stuck(settling, poison)
        except RecordError as error:
            # It is told to whoever asked all the same, and the next settle marks it.
            logger.warning(
                "could not mark a stuck ticket",
                extra={"ticket_id": poison.held.ticket_id, "error_type": type(error).__name__},
            )


def _is_answered_meanwhile(refused: Exception) -> bool:
    """Whether another judged this very request at the same time: the next look finds its answer."""
    return isinstance(refused, Duplicate) and refused.table == "replies"


async def mark_stuck(settling: Settling, poison: Poison) -> None:
    """Note what a ticket died of, and when it may be tried again."""
    held = poison.held
    await settling.mark_stuck(held.ticket_id, poison.error_type, held.real_at, poison.retry_at)


def log_poison(poison: Poison, what: str = "ticket is stuck") -> None:
    """Say where it died, but not in its own words: they may be a customer's."""
    frames = traceback.extract_tb(poison.error.__traceback__)[-FRAMES_TOLD:]
    logger.error(
        what,
        extra={
            "ticket_id": poison.held.ticket_id,
            "error_type": poison.error_type,
            "tries": poison.held.stuck_tries + 1,
            "where": " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames),
        },
    )


async def _write(settling: Settling, decision: Decision, rows: Rows, told_before: datetime | None) -> None:
    if decision.rows is not None:
        await settling.write(rows)
    elif decision.told_at != told_before:
        await settling.tell(decision.judged.ticket.ticket_id, decision.told_at)


def _key(request: Request | None) -> RequestKey | None:
    return (request.caller, request.request_id) if request is not None else None


def _with_reply(decision: Decision, request: Request | None, answer: bytes | None, real_at: datetime) -> Rows:
    return _replied(decision.rows, decision, request, answer, real_at) or Rows()


def _replied(
    rows: Rows | None, decision: Decision, request: Request | None, answer: bytes | None, real_at: datetime
) -> Rows | None:
    """These rows, and with them what the request is answered from now on."""
    if request is None:
        return rows
    refusal = decision.judged.refusal
    reply = ReplyColumns(
        caller=request.caller,
        request_id=request.request_id,
        body_hash=request.body_hash,
        ticket_id=decision.judged.ticket.ticket_id,
        at=decision.instant,
        stored_at=real_at,
        answer=answer,
        refusal=None if refusal is None else codec.refusal_to_json(refusal),
    )
    return (rows or Rows())._replace(replies=(reply,))


def _again(request: Request, reply: ReplyColumns) -> Settled:
    if reply.body_hash != request.body_hash:
        raise RequestIdReused(request.request_id)
    refusal: Refusal | None = None if reply.refusal is None else codec.refusal_from_json(reply.refusal)
    return Settled(
        ticket_id=reply.ticket_id,
        judged=None,
        answer=reply.answer,
        refusal=refusal,
        repeated=True,
        instant=reply.at,
    )


def _summary(ticket: Ticket) -> str:
    """For people in the Temporal UI; names nobody."""
    words = f"{ticket.tier}, {ticket.status.value.replace('_', ' ')}"
    deadline_at = ticket.deadline_at()
    return words if deadline_at is None else f"{words}; next deadline {deadline_at:%Y-%m-%d %H:%M:%S} UTC"
