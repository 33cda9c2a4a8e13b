"""Tickets linked to a problem, or taken from it: the settles of a list in one transaction, all of them or none.

Which tickets a problem has follows from their logs: nothing else is written here but the answer.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from services.records.clock import RecordClock, instant_by
from services.records.decision import Decision, Judge, Poison, PoisonousCommand, PolicyNotLoaded, Question, decide
from services.records.door import require_command, require_request
from services.records.errors import CommandFailed, RecordFailed, RecordUnavailable, TicketStuck
from services.records.faults import Duplicate, spoken_plainly
from services.records.policies import KnownPolicies
from services.records.problem_facts import Answered, EncodeLinking, Linking, TicketsUnknown
from services.records.problem_replies import answered, closed, reply_of, unknown
from services.records.problem_rows import problem_of
from services.records.rows import HeldProblem, Rows, together
from services.records.settled import Request, SettledBy
from services.records.statements import Settling, Statements
from services.records.store import TRIES, log_poison, mark_stuck
from workflows.domain.ticket import judge as rules
from workflows.domain.ticket.commands import LinkProblem, UnlinkProblem
from workflows.domain.ticket.verdict import Refusal, RefusalReason

NOTHING_TO_DO = (RefusalReason.PROBLEM_LINKED_ALREADY, RefusalReason.PROBLEM_NOT_LINKED)
"""Of a ticket in a list: it is as it was asked to be."""


class _Widened(Exception):  # noqa: N818 - the fact; never leaves here
    """Others were merged into tickets of the list: they are taken from the problem with them; nothing was written."""

    def __init__(self, merged: Collection[str]) -> None:
        super().__init__()
        self.merged = merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Tickets that are to be linked to a problem, or taken from it."""

    problem_id: str
    actor: str
    ticket_ids: Sequence[str]
    reason: str | None = None
    """Why they are taken from it; none: they are linked."""
    merged: Collection[str] = frozenset()
    """Tickets that were merged into those, and are taken from it with them, as far as that is known."""


class ProblemLinks:
    """The record's side of links. Every call raises `RecordError`, and may be made again with its request."""

    def __init__(
        self, statements: Statements, clock: RecordClock, policies: KnownPolicies, *, judge: Judge = rules.judge
    ) -> None:
        self._statements = statements
        self._clock = clock
        self._policies = policies
        self._judge = judge

    async def link(self, links: Links, *, request: Request, encode: EncodeLinking) -> Answered:
        """Link tickets to a problem, or take them and what was merged into them from it, all of them or none.

        Raises `ProblemUnknown`, `TicketsUnknown`, and what a settle raises.
        """
        require_request(request)
        question = Question(by=SettledBy.INTAKE)
        for _ in range(TRIES):
            try:
                with spoken_plainly():
                    if before := await answered(self._statements, request):
                        return before
                    async with self._statements.settling() as settling:
                        return await self._link(settling, links, question, request, encode)
            except _Widened as widened:
                links = replace(links, merged=widened.merged)
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
            raise unknown(links.problem_id)
        instant = instant_by(self._clock, held.real_at)
        if held.closed_at is not None and links.reason is None:
            refusal = closed(links.problem_id, held.closed_at, "open a new problem for these tickets")
            await settling.write(Rows(replies=(reply_of(request, links.problem_id, instant, held.real_at, refusal),)))
            return Answered(answer=None, refusal=refusal)
        decisions = await self._decide_all(settling, links, replace(question, command=_command(links, held)))
        refused = [each for each in decisions if each.judged.refusal is not None]
        if others := [each for each in refused if _reason(each) not in NOTHING_TO_DO]:
            refusal = _of_all(others)
            await settling.write(Rows(replies=(reply_of(request, links.problem_id, instant, held.real_at, refusal),)))
            return Answered(answer=None, refusal=refusal)
        applied = [each for each in decisions if each.judged.refusal is None]
        more = len(applied) if links.reason is None else -len(applied)
        changed = {each.judged.ticket.ticket_id for each in applied}
        named = [each.judged.ticket for each in decisions if each.judged.ticket.ticket_id in links.ticket_ids]
        count = sum(not changed.isdisjoint({each.ticket_id, *each.merged}) for each in named)
        answer = encode(Linking(problem=problem_of(held, held.linked_count + more), changed=count))
        rows = together([each.rows for each in applied if each.rows is not None])
        reply = reply_of(request, links.problem_id, instant, held.real_at, answer)
        await settling.write(rows._replace(replies=(reply,)))
        settled = [each.settled(self._clock, None) for each in applied]
        return Answered(
            answer=answer,
            refusal=None,
            tickets=[each.ticket_id for each in settled],
            nudges=[each.nudge for each in settled if each.nudge is not None],
        )

    async def _decide_all(self, settling: Settling, links: Links, question: Question) -> list[Decision]:
        """Lock every ticket, in the order of their ids, and judge each. Raises `TicketsUnknown`, `_Widened`."""
        decisions: list[Decision] = []
        unknown: list[str] = []
        named = {*links.ticket_ids, *links.merged}
        for ticket_id in sorted(named):
            found = await settling.hold(ticket_id, None)
            if found is None and ticket_id in links.ticket_ids:
                unknown.append(ticket_id)
            elif found is None:  # forgotten since
                continue
            elif not unknown:
                held, _ = found
                decision = decide(held, question, policies=self._policies, clock=self._clock, judge=self._judge)
                decisions.append(decision)
        if unknown:
            raise TicketsUnknown(unknown)
        merged = {ticket_id for each in decisions for ticket_id in each.judged.ticket.merged}
        if links.reason is not None and not merged <= named:
            raise _Widened(merged)
        return decisions


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
