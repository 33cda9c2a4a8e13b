"""Which ticket one from elsewhere became here: it comes in once, whoever brings it and whenever (6.14)."""

from dataclasses import dataclass

from sqlalchemy import select

from services.records.contact_keys import keys_of_import
from services.records.door import require_opening
from services.records.engine import Database
from services.records.faults import spoken_plainly
from services.records.tables import ContactKeyRow, TicketRow
from workflows.domain.ticket.commands import Import


@dataclass(frozen=True, slots=True, kw_only=True)
class CameIn:
    """The ticket that it is here."""

    ticket_id: str
    reference: str


class Imports:
    """Looks whether a ticket from elsewhere is here; that it is not is certain only when it was entered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, command: Import) -> CameIn | None:
        """Find the ticket that it became. Raises `RecordError`, `TextError`."""
        require_opening(command, is_named=False)
        keys = keys_of_import(command.references, command.customer.external_id, command.subject, command.opened_at)
        row, ticket = ContactKeyRow, TicketRow
        led = (
            select(ticket.ticket_id, ticket.reference)
            .join(row, row.ticket_id == ticket.ticket_id)
            .where(row.key.in_(keys))
            .order_by(ticket.opened_at, ticket.ticket_id)
            .limit(1)
        )
        with spoken_plainly():
            async with self._database.looking.connect() as connection:
                found = (await connection.execute(led)).first()
        return None if found is None else CameIn(ticket_id=found.ticket_id, reference=found.reference)
