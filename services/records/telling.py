"""One customer is told of all their tickets, once: their settles, and what became of each, in one transaction.

Under a key a ticket: whoever tries again, and however many do at once, finds it done. Nothing of it depends on a
request's stored answer, which is forgotten one day. Which tickets are an announcement's, and whose turn it is, stands
elsewhere.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import ColumnElement, exists, insert, select
from sqlalchemy.orm import aliased

from services.records.clock import RecordClock, instant_by
from services.records.decision import Judge, Poison, PoisonousCommand, PolicyNotLoaded
from services.records.engine import Database
from services.records.errors import RecordFailed, RecordUnavailable
from services.records.faults import Duplicate, spoken_plainly
from services.records.letters import MOST_IN_A_LETTER, Rules, Turn, Turns, decide_letter
from services.records.policies import KnownPolicies
from services.records.problem_facts import STUCK
from services.records.rows import Held, ResultColumns
from services.records.statements import Settling, Statements
from services.records.store import TRIES, log_poison, mark_stuck
from services.records.tables import TicketRow
from services.records.tables_problems import AnnouncementResultRow, AnnouncementTicketRow, ProblemLinkRow

logger = logging.getLogger(__name__)


class _Refused(Exception):  # noqa: N818 - the fact; never leaves here
    """The database does not take some tickets' rows, or has what became of them already; nothing was written."""

    def __init__(self, ticket_ids: Sequence[str]) -> None:
        super().__init__(*ticket_ids)
        self.ticket_ids = ticket_ids


class _Widened(Exception):  # noqa: N818 - the fact; never leaves here
    """A letter is for tickets too that are not in hand; nothing was written."""

    def __init__(self, heirs: Mapping[str, str]) -> None:
        super().__init__()
        self.heirs = heirs


class Teller:
    """Tells whoever's turn it is. Every call raises `RecordError`, and may be made again."""

    def __init__(
        self, database: Database, statements: Statements, clock: RecordClock, policies: KnownPolicies, judge: Judge
    ) -> None:
        self._database = database
        self._statements = statements
        self._clock = clock
        self._policies = policies
        self._judge = judge

    async def tell(self, turns: Turns, turn: Turn) -> Mapping[str, str]:
        """Settle a ticket with what is announced, and its customer's others with it; returns what became of each.

        All in one transaction, with one letter. What cannot take it is written down with the reason, for good. Raises
        `RecordUnavailable` (try again), `StateTooNew` (another release can).
        """
        rules = Rules(policies=self._policies, clock=self._clock, judge=self._judge)
        one, in_vain = _OneLetter(turns, turn), 0
        while in_vain < TRIES:
            known = one.known(rules)
            try:
                with spoken_plainly():
                    if turn.has_siblings:
                        one.siblings = await self._siblings(turns, turn)
                    one.unlinked = await self._unlinked(one)
                    async with self._statements.settling() as settling:
                        return one.passed_by | await _tell(settling, one, rules)
            except PolicyNotLoaded as missing:
                found = await self._policies.look_for(missing.version)
                rules = replace(rules, unreadable={**rules.unreadable, **found})
            except _Widened as widened:
                one.heirs |= widened.heirs
            except (Duplicate, RecordFailed, Poison, _Refused) as failed:
                await self._leave_out(one, *_fault(failed, turn))
                if turn.ticket_id in one.passed_by:
                    return one.passed_by
            in_vain += one.known(rules) == known
        raise RecordUnavailable(f"ticket {turn.ticket_id!r} is being settled elsewhere: try again")

    async def _leave_out(self, one: "_OneLetter", ticket_ids: Sequence[str], poison: Poison | None) -> None:
        """Have the letter written without some tickets, and what became of them written down."""
        for ticket_id in ticket_ids:
            if ticket_id in one.heirs:  # its own turn comes
                one.apart.add(ticket_id)
            else:
                before = await self._outcome(one.turns, ticket_id)
                one.passed_by[ticket_id] = before or await self._give_up(one.turns, ticket_id, poison)

    async def _siblings(self, turns: Turns, turn: Turn) -> list[Turn]:
        """The other tickets of its customer that wait, the first of them.

        Two who look at once have one in common, if only this one: its result lets one of them through. A third that
        looks afterwards finds none that was settled.
        """
        ticket, own = AnnouncementTicketRow, aliased(TicketRow)
        customer = select(TicketRow.customer_id).where(TicketRow.ticket_id == turn.ticket_id).scalar_subquery()
        waiting = (
            select(ticket.ticket_id, ticket.instead_of)
            .join(own, own.ticket_id == ticket.ticket_id)
            .where(
                own.customer_id == customer,
                ticket.announcement_id == turns.announcement_id,
                ticket.ticket_id != turn.ticket_id,
                ~has_result(ticket),
            )
            .order_by(ticket.ticket_id)
            .limit(MOST_IN_A_LETTER - 1)
        )
        async with self._database.looking.connect() as connection:
            return [Turn(*each) for each in await connection.execute(waiting)]

    async def _unlinked(self, one: "_OneLetter") -> Collection[str]:
        """Those that its tickets are told instead of, and that were taken from the problem since they were merged."""
        tickets = one.tickets()
        merged = {each.instead_of for each in tickets} - {None, *(each.ticket_id for each in tickets)}
        if not merged:
            return ()
        link = ProblemLinkRow
        query = select(link.ticket_id).where(
            link.problem_id == one.turns.problem_id, link.ticket_id.in_(merged), ~link.is_linked
        )
        async with self._database.looking.connect() as connection:
            return (await connection.scalars(query)).all()

    async def _give_up(self, turns: Turns, ticket_id: str, poison: Poison | None) -> str:
        """Write that a ticket cannot be judged, or its rows not be written."""
        logger.error("ticket is passed by", extra={"ticket_id": ticket_id, "announcement_id": turns.announcement_id})
        with spoken_plainly():
            if poison is not None:
                async with self._statements.settling() as settling:
                    await mark_stuck(settling, poison)
            instant = instant_by(self._clock, (await self._statements.greet()).real_at)
            try:
                with spoken_plainly():
                    async with self._database.begin() as connection:
                        result = ResultColumns(turns.announcement_id, ticket_id, STUCK, instant, None)
                        await connection.execute(insert(AnnouncementResultRow).values(result._asdict()))
            except Duplicate:
                return await self._outcome(turns, ticket_id) or STUCK
        return STUCK

    async def _outcome(self, turns: Turns, ticket_id: str) -> str | None:
        """What somebody else wrote down; none: nobody did."""
        row = AnnouncementResultRow
        query = select(row.outcome).where(row.announcement_id == turns.announcement_id, row.ticket_id == ticket_id)
        with spoken_plainly():
            async with self._database.looking.connect() as connection:
                outcome: str | None = await connection.scalar(query)
        return outcome


def has_result(ticket: type[AnnouncementTicketRow]) -> ColumnElement[bool]:
    """Whether it is written down what became of a ticket of an announcement."""
    row = AnnouncementResultRow
    return exists().where(row.announcement_id == ticket.announcement_id, row.ticket_id == ticket.ticket_id)


def _fault(failed: Exception, turn: Turn) -> tuple[Sequence[str], Poison | None]:
    """Whose rows, or whose judging, it was; and what is to be marked of those tickets."""
    match failed:
        case _Refused(ticket_ids=ticket_ids):
            return ticket_ids, None
        case PoisonousCommand(held=held):
            log_poison(failed, "command cannot be judged")
            return (held.ticket_id,), None
        case Poison(held=held):
            log_poison(failed)
            return (held.ticket_id,), failed
        case _:
            return (turn.ticket_id,), None


@dataclass(slots=True)
class _OneLetter:
    """Which tickets one letter is for, as far as that is known."""

    turns: Turns
    turn: Turn
    siblings: Sequence[Turn] = ()
    heirs: dict[str, str] = field(default_factory=dict)
    """Survivors of merged ones, with those: they are told in the same letter."""
    apart: set[str] = field(default_factory=set)
    """Of those, such as are not: they were told before, or cannot be."""
    passed_by: dict[str, str] = field(default_factory=dict)
    """What became of others that are not in it, by their ids."""
    unlinked: Collection[str] = ()
    """Of those that were merged, and had their turn before: such as were taken from the problem."""

    def known(self, rules: Rules) -> int:
        """How much is known, which only grows: a try that adds to it was not in vain, and there are so many tickets."""
        return len(self.heirs) + len(self.apart) + len(self.passed_by) + len(rules.policies) + len(rules.unreadable)

    def tickets(self) -> list[Turn]:
        """All that are settled at once, in the order of their ids: whoever locks several, locks them in this order."""
        found = {each.ticket_id: each for each in (self.turn, *self.siblings)}
        found |= {each: Turn(each, merged) for each, merged in self.heirs.items() if each not in found}
        return [found[each] for each in sorted(found.keys() - self.apart)]


async def _tell(settling: Settling, one: _OneLetter, rules: Rules) -> dict[str, str]:
    """Settle them, or raise with nothing written."""
    in_hand: dict[Turn, Held] = {}
    for turn in one.tickets():
        found = await settling.hold(turn.ticket_id, None)
        if found is None:
            raise AssertionError("a ticket of an announcement is in the record")
        in_hand[turn], _ = found
    letter = decide_letter(one.turns, in_hand, rules, unlinked=one.unlinked)
    if len(letter.rows) == 1:
        await settling.write(letter.rows[0])
        return dict(letter.outcomes)
    if new := {each: merged for each, merged in letter.heirs.items() if each not in one.heirs}:
        raise _Widened(new)
    if refused := await settling.write_each(letter.rows):
        ids = [turn.ticket_id for turn in in_hand]
        raise _Refused([ids[place] for place in refused])
    return dict(letter.outcomes)
