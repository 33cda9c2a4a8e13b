"""Customers who may leave: the keeper's sweep over what settles have written of them, until the lead was told.

Whether it is enough the policy of the customer's latest ticket says. A sweep that dies anywhere is safe: what was seen
is noted only after the lead was told, and telling is one request, by its name, however often and by whomever asked.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import bindparam, delete, select, tuple_, update

from services.records.clock import RecordClock, instant_by
from services.records.door import instant_before
from services.records.engine import Database
from services.records.errors import (
    CommandFailed,
    PolicyTooNew,
    PolicyUnreadable,
    StateTooNew,
    TicketStuck,
    TicketUnknown,
)
from services.records.faults import spoken_plainly
from services.records.policies import KnownPolicies
from services.records.settled import Nudge, Request, Settled, SettledBy
from services.records.statements import Statements
from services.records.store import Record
from services.records.tables import TicketRow
from services.records.tables_signals import FLAGGED, UNSEEN, SignalRow
from workflows.domain.policy_endings import LONGEST_PERIOD, MOST_SIGNALS
from workflows.domain.ticket.at_risk import ENGINE, Observed, due
from workflows.domain.ticket.commands import FlagCustomer
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import Signal

logger = logging.getLogger(__name__)

CUSTOMERS = 50
"""Looked at in one sweep, at most."""
FORGOTTEN = 200
"""Rows forgotten in one sweep, at most: there are far fewer."""

_KINDS = frozenset(signal.value for signal in Signal)

_NOT_NOW = (TicketStuck, StateTooNew, CommandFailed, TicketUnknown, PolicyTooNew, PolicyUnreadable)
"""The trouble of one customer's ticket: the others' leads are told all the same, and this one's when it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    ticket_id: str
    sequence: int
    kind: str
    at: datetime
    is_seen: bool


class CustomersAtRisk:
    """The keeper's round of this name. Safe beside any number of others."""

    name = "customers_at_risk"

    def __init__(
        self, database: Database, statements: Statements, clock: RecordClock, policies: KnownPolicies, record: Record
    ) -> None:
        self._database = database
        self._statements = statements
        self._clock = clock
        self._policies = policies
        self._record = record
        self._after = ""
        """The customer whom the last sweep ended with: what cannot be done of one keeps no other waiting."""
        self._put_off: set[str] = set()
        """Customers who could not be looked at when they were last tried: it is told once, not every few seconds."""

    async def sweep(self) -> Sequence[Nudge]:
        """Look at customers of whom there is something new, and have the leads told. Raises `RecordError`."""
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            customers = await self._customers()
        nudges = []
        for customer in customers:
            self._after = customer
            try:
                settled = await self._look(customer, real_at)
            except _NOT_NOW as why:
                level = logging.DEBUG if customer in self._put_off else logging.WARNING
                logger.log(level, "a customer could not be looked at", extra={"error_type": type(why).__name__})
                self._put_off.add(customer)
                continue
            self._put_off.discard(customer)
            if settled is not None and settled.nudge is not None:
                nudges.append(settled.nudge)
        if len(customers) < CUSTOMERS:
            self._after = ""
        await self._forget(instant_by(self._clock, real_at))
        return nudges

    async def _customers(self) -> list[str]:
        row = SignalRow
        page = (
            select(row.customer_id)
            .distinct()
            .where(UNSEEN, row.customer_id > self._after)
            .order_by(row.customer_id)
            .limit(CUSTOMERS)
        )
        async with self._database.looking.connect() as connection:
            return list((await connection.scalars(page)).all())

    async def _look(self, customer: str, real_at: datetime) -> Settled | None:
        """Have the lead told, if it is enough; then note that what was seen was looked at."""
        with spoken_plainly():
            rows = await self._rows(customer)
        signals = [row for row in rows if row.kind in _KINDS]  # others are a newer release's to look at
        settled = None
        if signals:
            flagged_at = max((row.at for row in rows if row.kind == FLAGGED), default=None)
            latest = signals[-1].ticket_id
            policy = await self._policies.learn(await self._policy_version(latest))
            observed = [Observed(signal=Signal(row.kind), at=row.at) for row in signals]
            if command := due(policy.at_risk, observed, flagged_at):
                settled = await self._flag(customer, latest, command)
        await self._note([row for row in signals if not row.is_seen], real_at)
        return settled

    async def _rows(self, customer: str) -> list[_Row]:
        """The latest signals of a customer, in order, and when the lead was last told."""
        row = SignalRow
        columns = (row.ticket_id, row.sequence, row.kind, row.at, row.seen_at)
        mine = select(*columns).where(row.customer_id == customer)
        last = mine.where(row.kind == FLAGGED).order_by(row.at.desc()).limit(1)
        signals = mine.where(row.kind != FLAGGED).order_by(row.at.desc(), row.ticket_id, row.sequence.desc())
        async with self._database.looking.connect() as connection:
            found = (await connection.execute(last)).all()
            # The lead is told of what there is; more than the highest number that a policy may have adds nothing.
            found = [*found, *(await connection.execute(signals.limit(2 * MOST_SIGNALS))).all()]
        return [
            _Row(ticket_id=ticket_id, sequence=sequence, kind=kind, at=at, is_seen=seen_at is not None)
            for ticket_id, sequence, kind, at, seen_at in reversed(found)
        ]

    async def _policy_version(self, ticket_id: str) -> str:
        with spoken_plainly():
            async with self._database.looking.connect() as connection:
                version = select(TicketRow.policy_version).where(TicketRow.ticket_id == ticket_id)
                return str(await connection.scalar(version))

    async def _flag(self, customer: str, ticket_id: str, command: FlagCustomer) -> Settled:
        """One request by its name (5.5): of two keepers that look at once, one has the lead told."""
        name = f"{customer}\n{command.since.isoformat()}"
        settled = await self._record.settle(ticket_id, command, by=SettledBy.INTAKE, request=_request(name))
        refusal = settled.refusal
        if refusal is None or refusal.reason is not RefusalReason.MERGED:
            return settled
        survivor, name = refusal.facts["survivor"], f"{name}\n{RefusalReason.MERGED}"
        return await self._record.settle(survivor, command, by=SettledBy.INTAKE, request=_request(name))

    async def _note(self, rows: Sequence[_Row], real_at: datetime) -> None:
        if not rows:
            return
        row = SignalRow
        seen = (
            update(row)
            .where(row.ticket_id == bindparam("its_ticket"), row.sequence == bindparam("its_sequence"))
            .values(seen_at=bindparam("now"))
            .execution_options(synchronize_session=False)
        )
        # In one order, so that two of these never wait for one another.
        places = sorted((each.ticket_id, each.sequence) for each in rows)
        with spoken_plainly():
            async with self._database.begin() as connection:
                await connection.execute(
                    seen,
                    [{"its_ticket": ticket, "its_sequence": number, "now": real_at} for ticket, number in places],
                )

    async def _forget(self, instant: datetime) -> None:
        """Forget what is older than the longest period that a policy may have."""
        row = SignalRow
        before = instant_before(instant, "period", (LONGEST_PERIOD + timedelta(days=1)).total_seconds())
        place = tuple_(row.ticket_id, row.sequence)
        old = select(row.ticket_id, row.sequence).where(row.at < before).order_by(row.at).limit(FORGOTTEN)
        with spoken_plainly():
            async with self._database.looking.connect() as connection:
                found = (await connection.execute(old)).all()
            if found:
                async with self._database.begin() as connection:
                    await connection.execute(delete(row).where(place.in_([tuple(each) for each in found])))


def _request(name: str) -> Request:
    return Request(caller=ENGINE, request_id=str(uuid5(NAMESPACE_URL, name)), body_hash=sha256(name.encode()).digest())
