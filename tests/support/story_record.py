"""A record that stories are told to: real connections, the story's clock, and what happened read back from SQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from services.records import OnDuty, Records, SettledBy, connect
from services.records.owed_messages import kind_of
from services.records.tables import MessageRow
from tests.support.clock import StoryClock
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Command, Open
from workflows.domain.ticket.judge import Judged, Message
from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.verdict import Refusal
from workflows.domain.ticket.words import Audience


class ToldRecord:
    """One ticket of a record. The judge's own answer is only asked whether it was a refusal."""

    def __init__(self, records: Records, clock: StoryClock, policy: Policy, ticket_id: str) -> None:
        self._records = records
        self._clock = clock
        self._policy = policy
        self._ticket_id = ticket_id
        self._read_to = 0
        self._learnt = 0

    async def open(self, at: datetime, command: Open) -> Judged:
        """Enter the ticket."""
        self._clock.set(at)
        named = replace(command, ticket_id=self._ticket_id, reference=f"R-{self._ticket_id}")
        settled = await self._records.record.open_ticket(self._policy, named)
        return await self._read(settled.refusal)

    async def settle(
        self, at: datetime, command: Command | None = None, *, expected_version: int | None = None
    ) -> Judged:
        """Settle as intake does with a command, and as the workflow does without."""
        self._clock.set(at)
        by = SettledBy.INTAKE if command else SettledBy.WORKFLOW
        settled = await self._records.record.settle(self._ticket_id, command, by=by, expected_version=expected_version)
        return await self._read(settled.refusal)

    async def answer(self, answer: RosterAnswer) -> None:
        """Keep what the roster says, as its process does."""
        self._clock.set(answer.at)
        await keep_answer(self._records, self._policy, answer)

    async def _read(self, refusal: Refusal | None) -> Judged:
        entries = await self._records.queries.entries(self._ticket_id, after_sequence=self._read_to)
        messages = await owed_messages(self._records, self._ticket_id, after_sequence=self._read_to)
        self._read_to += len(entries)
        learnt = await learnt_answers(self._records, self._ticket_id, after=self._learnt)
        self._learnt += len(learnt)
        return Judged(
            ticket=await self._records.queries.ticket(self._ticket_id),
            entries=tuple(entries),
            messages=messages,
            refusal=refusal,
            answers=learnt,
        )


async def keep_answer(records: Records, policy: Policy, answer: RosterAnswer) -> None:
    """Keep an answer of the roster at the record's present instant, which is the answer's."""
    names = ("ann",) if answer.is_reachable else ()
    kept = OnDuty(policy=policy.name, tier=answer.tier, names=names)
    moment = await records.rosters.moment()
    assert await records.rosters.keep([kept], [kept.duty], moment) == 1, "the roster said the same before"


async def learnt_answers(records: Records, ticket_id: str, *, after: int) -> tuple[RosterAnswer, ...]:
    """Read what a ticket learnt from the roster, after so many answers."""
    inputs = await records.queries.inputs(ticket_id)
    return tuple(each.command for each in inputs if isinstance(each.command, RosterAnswer))[after:]


async def owed_messages(records: Records, ticket_id: str, *, after_sequence: int) -> tuple[Message, ...]:
    """Read the messages that a ticket's later events owe, in the order in which they were stored."""
    row = MessageRow
    query = (
        select(row.sequence, row.kind, row.audience, row.recipient)
        .where(row.ticket_id == ticket_id, row.sequence > after_sequence)
        .order_by(row.message_id)
    )
    async with records.database.looking.connect() as connection:
        found = (await connection.execute(query)).all()
    return tuple(
        Message(sequence=sequence, kind=kind_of(kind), audience=Audience(audience), recipient=recipient)
        for sequence, kind, audience, recipient in found
    )


@asynccontextmanager
async def told_record(url: str, policy: Policy, ticket_id: str, *later: Policy) -> AsyncIterator[ToldRecord]:
    """Open a record for one story, and the policies that its ticket may be moved to.

    Others may be told to the same database, each by its own clock.
    """
    clock = StoryClock()
    async with await connect(url, clock) as records:
        for each in later:
            await records.record.keep_policy(each)
        yield ToldRecord(records, clock, policy, ticket_id)
