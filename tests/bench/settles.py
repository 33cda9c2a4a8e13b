"""Openings and acknowledgements a second by the record, beside the bare transactions of the very same rows.

Both sides write to one database, in turns, and each its own tickets. That the bare side leaves nothing out is checked:
every table grows by as many rows for it as for the record.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple, Self

from sqlalchemy import func, select

from services.records import Records, Request, SettledBy, connect
from services.records.clock import RealClock
from services.records.tables import Base
from tests.bench.bare import Run, Script, hearing, replaying, with_ids
from tests.bench.rounds import Spread, ratio
from tests.support.policies import LINES
from workflows.domain.ticket.commands import Acknowledge, Customer, Open
from workflows.domain.ticket.verdict import Judged

WARM_UP = 4
"""Tickets for each client before any count: every connection prepares its statements."""
CUSTOMER = Customer(external_id="c-1", name="Ada Example", language="en", zone="Europe/London")


class Taken(NamedTuple):
    """What one settle took, on average of one round's."""

    seconds: float
    processor_seconds: float
    """Of this process, the driver's threads included: others on the machine change it little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Of one kind of settle."""

    record: Spread
    """Settles a second."""
    bare: Spread
    ratio: Spread
    record_processor: Spread
    """Microseconds of this process's processor time, each."""
    bare_processor: Spread

    @classmethod
    def of(cls, record: Sequence[Taken], bare: Sequence[Taken]) -> Self:
        """Of the rounds of both sides."""
        rates, bare_rates = ([1 / each.seconds for each in side] for side in (record, bare))
        processor, bare_processor = ([each.processor_seconds * 1e6 for each in side] for side in (record, bare))
        return cls(
            record=Spread.of(rates),
            bare=Spread.of(bare_rates),
            ratio=ratio(rates, bare_rates),
            record_processor=Spread.of(processor),
            bare_processor=Spread.of(bare_processor),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Paces:
    """Of one database and number of clients."""

    opening: Pace
    acknowledging: Pace


@dataclass(frozen=True, slots=True)
class Names:
    """One ticket's ids; nothing else in its rows looks like them."""

    number: int

    @property
    def ticket_id(self) -> str:
        """Its id."""
        return f"ticket-{self.number:09}"

    @property
    def reference(self) -> str:
        """What people call it."""
        return f"reference-{self.number:09}"

    @property
    def request(self) -> str:
        """What the ids of its requests begin with."""
        return f"request-{self.number:09}"


async def measure(url: str, *, tickets: int, clients: int, rounds: int) -> Paces:
    """Open so many tickets in each round and acknowledge them, by the record and bare; who is first changes."""
    numbers = count(clients * 1_000_000)  # other measurements of the same record have other tickets
    async with _both(url, clients, numbers) as (records, *sides):
        for side in sides:
            await _round(side, numbers, WARM_UP * clients)
        taken: tuple[list[Round], list[Round]] = ([], [])
        grown = list[Counter[str]]()
        for number in range(rounds):
            for side, rounds_taken in list(zip(sides, taken, strict=True))[:: -1 if number % 2 else 1]:
                before = await _sizes(records)
                rounds_taken.append(await _round(side, numbers, tickets))
                grown.append(await _sizes(records) - before)
        if any(each != grown[0] for each in grown):
            raise AssertionError(f"the two sides wrote different rows: {grown}")
    record, bare = taken
    return Paces(
        opening=Pace.of([each[0] for each in record], [each[0] for each in bare]),
        acknowledging=Pace.of([each[1] for each in record], [each[1] for each in bare]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: how it opens and acknowledges a ticket, by each client."""

    prepare: Callable[[Names], "Work"]
    clients: Sequence[Run | None]


Step = Callable[[Run | None], Awaitable[object]]
"""One settle; by the client's own connection on the bare side."""
Work = tuple[Step, Step]
"""Opening and acknowledgement of one ticket."""
Round = tuple[Taken, Taken]
"""The openings of one round, and its acknowledgements."""


@asynccontextmanager
async def _both(url: str, clients: int, numbers: Iterator[int]) -> AsyncIterator[tuple[Records, Side, Side]]:
    # The first ticket stores the policy, and drivers ask about types when a statement is new to them.
    usual, first = Names(next(numbers)), Names(next(numbers))
    async with await connect(url, RealClock()) as records, hearing(records) as heard:
        await _open(records, usual)
        await _acknowledge(records, usual)
        await heard()
        await _open(records, first)
        opening = await heard()
        await _acknowledge(records, first)
        acknowledging = await heard()
    async with (
        await connect(url, RealClock()) as ours,
        await connect(url, RealClock()) as theirs,
        replaying(theirs, clients) as runs,
    ):
        record = Side(
            prepare=lambda names: (lambda _: _open(ours, names), lambda _: _acknowledge(ours, names)),
            clients=[None] * clients,
        )
        bare = Side(
            prepare=lambda names: (_replay(opening, first, names), _replay(acknowledging, first, names)), clients=runs
        )
        yield ours, record, bare


def _replay(script: Script, first: Names, names: Names) -> Step:
    anew = with_ids(
        script,
        {first.ticket_id: names.ticket_id, first.reference: names.reference, first.request: names.request},
    )

    async def step(run: Run | None) -> None:
        if run is None:
            raise AssertionError("a replay needs a connection")
        await run(anew)

    return step


async def _open(records: Records, names: Names) -> None:
    command = Open(
        actor="bench",
        ticket_id=names.ticket_id,
        reference=names.reference,
        queue="home",
        priority="normal",
        customer=CUSTOMER,
        subject="No connection",
        description="The line is dead since this morning.",
        channel="phone",
    )
    request = Request(caller="bench", request_id=f"{names.request}-open", body_hash=b"open")
    await records.record.open_ticket(LINES, command, request=request, encode=_answer)


async def _acknowledge(records: Records, names: Names) -> None:
    request = Request(caller="bench", request_id=f"{names.request}-acknowledge", body_hash=b"acknowledge")
    settled = await records.record.settle(
        names.ticket_id,
        Acknowledge(actor="ann", handler="ann", tier="agent"),
        by=SettledBy.INTAKE,
        request=request,
        encode=_answer,
    )
    if settled.refusal:
        raise AssertionError(settled.refusal.text)


def _answer(judged: Judged) -> bytes:
    """As short as answers get: the contract's codec is not what is measured."""
    return judged.ticket.ticket_id.encode()


async def _round(side: Side, numbers: Iterator[int], tickets: int) -> Round:
    """Open, then acknowledge; what is to be done is made ready before the time is taken."""
    work = [side.prepare(Names(next(numbers))) for _ in range(tickets)]
    opening = await _timed(side, [opens for opens, _ in work])
    acknowledging = await _timed(side, [acknowledges for _, acknowledges in work])
    return opening, acknowledging


async def _timed(side: Side, steps: Sequence[Step]) -> Taken:
    waiting = iter(steps)

    async def client(run: Run | None) -> None:
        for step in waiting:
            await step(run)

    began, worked = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for run in side.clients:
            group.create_task(client(run))
    seconds, processor_seconds = time.perf_counter() - began, time.process_time() - worked
    return Taken(seconds / len(steps), processor_seconds / len(steps))


async def _sizes(records: Records) -> Counter[str]:
    async with records.database.reading.connect() as connection:
        return Counter(
            {
                table.name: await connection.scalar(select(func.count()).select_from(table)) or 0
                for table in Base.metadata.sorted_tables
            }
        )
