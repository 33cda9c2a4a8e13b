"""Which ticket a contact joins, and that there is one: two of one matter at the same instant make one ticket (6.3).

What leads where is a table with a unique key (`contact_keys`); whether a ticket still takes contacts is the judge's to
say, under its row's lock. So nothing here is decided on what was read before: it is only where to ask.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from services.records.contact_keys import key_of_matter, key_of_thread
from services.records.door import require_possible
from services.records.engine import Database
from services.records.errors import IdentityTaken, KeyTaken, RecordUnavailable, TicketUnknown
from services.records.faults import spoken_plainly
from services.records.settled import Encode, Request, Settled, SettledBy
from services.records.store import Record
from services.records.tables import ContactKeyRow, TicketRow
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Open, RecordContact
from workflows.domain.ticket.verdict import RefusalReason

TRIES = 8
"""A contact is received anew when another of its matter was quicker, or a reference that was drawn is taken."""

OVER = frozenset({RefusalReason.REOPEN_WINDOW_OVER})
ELSEWHERE = OVER | {RefusalReason.MERGED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """How a contact says which ticket it is about; the first that leads to one that takes it counts."""

    reference: str | None = None
    """As the record writes it."""
    thread: str | None = None
    customer_id: str | None = None
    subject: str | None = None
    """Goes with the customer."""

    @property
    def keys(self) -> tuple[bytes, ...]:
        """What leads to a ticket by the table of keys, in the order in which it counts."""
        thread = None if self.thread is None else key_of_thread(self.thread)
        is_a_matter = self.customer_id is not None and self.subject is not None
        matter = key_of_matter(self.customer_id or "", self.subject or "") if is_a_matter else None
        return tuple(key for key in (thread, matter) if key is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a contact's names lead."""

    ticket_ids: tuple[str, ...]
    """To be asked in this order, each once."""
    keys: Mapping[bytes, str]
    """The ticket of each key that leads to one."""


OpeningOf = Callable[[str | None], Awaitable[tuple[Policy, Open]]]
"""Makes a new ticket, with ids of its own, and its policy; told the ticket that it follows, if any."""


class Contacts:
    """Finds the ticket that a contact belongs to.

    Every call may raise what `Record.settle` does, and `TextError` for a name that no ticket can have.
    """

    def __init__(self, database: Database, record: Record) -> None:
        self._database = database
        self._record = record

    async def find(self, named: Named) -> Found:
        """Look where a contact's names lead; that a ticket takes it is not said yet."""
        by_key: dict[bytes, str] = {}
        found: list[str] = []
        with spoken_plainly():
            async with self._database.looking.connect() as connection:
                if named.reference is not None:
                    require_possible("reference", named.reference)
                    query = select(TicketRow.ticket_id).where(TicketRow.reference == named.reference)
                    found += await connection.scalars(query)
                if keys := named.keys:
                    row = ContactKeyRow
                    led = await connection.execute(select(row.key, row.ticket_id).where(row.key.in_(keys)))
                    by_key = {each.key: each.ticket_id for each in led}
                    found += [by_key[key] for key in keys if key in by_key]
        return Found(ticket_ids=tuple(dict.fromkeys(found)), keys=by_key)

    async def record(
        self,
        ticket_ids: Sequence[str],
        contact: RecordContact,
        *,
        request: Request,
        encode: Encode,
        expected_version: int | None = None,
    ) -> Settled:
        """Record a contact on the first of these tickets that takes it; a merged one's survivor is asked instead.

        Where none does, the first one's refusal comes back, and is remembered (5.5). Raises `TicketUnknown` for none.
        """
        there: list[str] = []
        for ticket_id in ticket_ids if len(ticket_ids) > 1 else ():
            try:
                settled = await self._ask(ticket_id, contact, request, encode, expected_version)
            except TicketUnknown:  # forgotten since
                continue
            if not _is_over(settled):
                return settled
            there.append(ticket_id)
        return await self._ask((there or ticket_ids)[0], contact, request, encode, expected_version, is_last=True)

    async def receive(
        self,
        named: Named,
        contact: RecordContact,
        opening: OpeningOf,
        *,
        request: Request,
        joined: Encode,
        opened: Encode,
    ) -> Settled:
        """Record a contact on the ticket that it belongs to, or open one.

        A ticket that was closed for longer than its reopen window takes none: then the new one follows it, and what led
        there leads here. `joined` and `opened` make the answer that is kept. Raises what `opening` does.
        """
        for _ in range(TRIES):
            found = await self.find(named)
            over: list[str] = []
            for ticket_id in found.ticket_ids:
                try:
                    settled = await self._ask(ticket_id, contact, request, joined)
                except TicketUnknown:
                    continue
                if not _is_over(settled):
                    return settled
                over.append(settled.ticket_id)
            policy, command = await opening(over[0] if over else None)
            await self._release(found)
            try:
                return await self._record.open_ticket(policy, command, request=request, encode=opened, claims=True)
            except (KeyTaken, IdentityTaken):
                continue
        raise RecordUnavailable("contacts of this matter are being received elsewhere: try again")

    async def _ask(
        self,
        ticket_id: str,
        contact: RecordContact,
        request: Request,
        encode: Encode,
        expected_version: int | None = None,
        *,
        is_last: bool = False,
    ) -> Settled:
        """Record it, unless the ticket is over; of one that was merged, on the survivor, which is never merged itself.

        That one is the last to be asked: what it refuses is remembered.
        """
        refused_for = ELSEWHERE - OVER if is_last else ELSEWHERE
        settled = await self._record.settle(
            ticket_id,
            contact,
            by=SettledBy.INTAKE,
            request=request,
            expected_version=expected_version,
            encode=encode,
            elsewhere=refused_for,
        )
        refusal = settled.refusal
        if settled.repeated or refusal is None or refusal.reason is not RefusalReason.MERGED:
            return settled
        return await self._record.settle(
            refusal.facts["survivor"],
            contact,
            by=SettledBy.INTAKE,
            request=request,
            encode=encode,
            elsewhere=refused_for - {RefusalReason.MERGED},
        )

    async def _release(self, found: Found) -> None:
        """What leads to tickets that take no contact leads nowhere, unless another took it over meanwhile."""
        if not found.keys:
            return
        row = ContactKeyRow
        with spoken_plainly():
            async with self._database.begin() as connection:
                for key, ticket_id in sorted(found.keys.items()):
                    await connection.execute(delete(row).where(row.key == key, row.ticket_id == ticket_id))


def _is_over(settled: Settled) -> bool:
    """Whether the ticket was not asked for good; an answer that was given before stands."""
    return not settled.repeated and settled.refusal is not None and settled.refusal.reason in OVER
