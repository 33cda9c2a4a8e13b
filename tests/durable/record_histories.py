"""Records the histories that the replay tests replay: `python -m tests.durable.record_histories`.

Run it when the shell's commands change, beside the old files: histories of running tickets are as old as the tickets.
Everything of the machine it runs on (identities, paths in stack traces) is left out.
"""

import asyncio
import json
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client, WorkflowHistory

from services.announcement_runs import AnnouncementRuns, workflow_id
from services.problems.announcer import PacedAnnouncer
from services.records import RealClock, Record, connect, migrate
from services.records.errors import RecordUnavailable
from services.temporal import TicketTimers
from tests.support.announcing import announced, announcing, queue_of
from tests.support.engine import CANARY, Engine, engine_of, impatient
from tests.support.settlers import ScriptedSettler, closed, due_in
from tests.support.temporal import PLAIN, connect_for_test, dev_server, history_of, until_events, until_gone, working
from workflows.domain.ticket.commands import Acknowledge, Confirm, Reject, Resolve
from workflows.domain.ticket.events import Escalated
from workflows.domain.ticket.words import Outcome
from workflows.messages import SettleResult

HISTORIES = Path(__file__).parent / "histories"
QUEUE = "tickets-recorded"
IDENTITY = "recorder"
FIXED = Resolve(actor=CANARY, outcome=Outcome.FIXED, explanation=CANARY)


class AwayAtFirst:
    """The real record, after an outage."""

    def __init__(self, record: Record, failures: int) -> None:
        self._record = record
        self._failures = failures

    async def settle_for_workflow(self, ticket_id: str) -> SettleResult:
        """Fail while away."""
        if self._failures:
            self._failures -= 1
            raise RecordUnavailable(CANARY)
        return await self._record.settle_for_workflow(ticket_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Makes histories and keeps them."""

    engine: Engine
    client: Client
    runs: AnnouncementRuns

    def keep(self, name: str, history: WorkflowHistory) -> None:
        """Write one down."""
        text = json.dumps(_without_paths(json.loads(history.to_json())), indent=1)
        assert not any(CANARY.encode() in event.SerializeToString() for event in history.events)
        assert re.search(r"/[a-z]+/[a-z.]+/", text) is None, f"{name}: a path of this machine"
        (HISTORIES / f"{name}.json").write_text(text + "\n")

    async def climbs(self) -> None:
        """Two missed acknowledgements, then the desk: acknowledged, fixed, confirmed, completed."""
        async with working(self.client, self.engine.records.record, QUEUE):
            await self.engine.open("climbs", impatient(agent=0.5, specialist=0.5, supplier=3600.0))
            await self.engine.until_happened("climbs", Escalated, 2)
            await self.engine.do("climbs", Acknowledge(actor=CANARY, handler=CANARY, tier="supplier"))
            await self.engine.do("climbs", FIXED)
            await self.engine.do("climbs", Confirm(actor=CANARY))
            await self.engine.timers.wake("climbs")
            await until_events(self.client, "climbs", WorkflowExecutionCompleted=1)
        self.keep("climbs", await history_of(self.client, "climbs"))

    async def nudged(self) -> None:
        """Moved later without a word, nudged earlier, nudged for nothing; still running."""
        async with working(self.client, self.engine.records.record, QUEUE):
            await self.engine.open("nudged", impatient(agent=0.5, specialist=3600.0))
            await self.engine.do("nudged", FIXED)
            await until_events(self.client, "nudged", TimerStarted=2)
            await self.engine.do("nudged", Reject(actor=CANARY, reason=CANARY))
            seen = await until_events(self.client, "nudged", TimerStarted=3)
            await self.engine.timers.wake("nudged")
            await until_events(self.client, "nudged", MarkerRecorded=seen.count("MarkerRecorded") + 1)
        self.keep("nudged", await history_of(self.client, "nudged"))

    async def outage(self) -> None:
        """The record away: the local activity fails, the ordinary one goes on; then a settle of the usual kind."""
        async with working(self.client, AwayAtFirst(self.engine.records.record, 4), QUEUE):
            await self.engine.open("outage", impatient(agent=0.3, specialist=2.0))
            await self.engine.until_happened("outage", Escalated, 2)
            await until_events(self.client, "outage", TimerStarted=3)
        self.keep("outage", await history_of(self.client, "outage"))

    async def continued(self) -> None:
        """A run continued as new with its timer, and the run that follows."""
        async with working(self.client, self.engine.records.record, QUEUE):
            await self.engine.open("continued", impatient(agent=3600.0))
            events = await until_events(self.client, "continued", TimerStarted=1)
            first = (await self.client.get_workflow_handle("continued").describe()).run_id
            while events[-1] != "WorkflowExecutionContinuedAsNew":
                settled = events.count("MarkerRecorded")
                await self.engine.timers.wake("continued")
                events = await until_events(self.client, "continued", first, MarkerRecorded=settled + 1)
            await until_events(self.client, "continued", TimerStarted=1)
        self.keep("continued-first", await history_of(self.client, "continued", first))
        self.keep("continued-next", await history_of(self.client, "continued"))

    async def behind(self) -> None:
        """Timers ahead of the record's clock, resting longer each time; woken while completing; then closed."""
        settler = ScriptedSettler(*[due_in(0.001) for _ in range(4)], closed(), closed())
        async with working(self.client, settler, QUEUE):
            await self.engine.timers.start("behind", 0.05)
            await until_events(self.client, "behind", WorkflowExecutionCompleted=1)
        self.keep("behind", await history_of(self.client, "behind"))

    async def announced(self) -> None:
        """An announcement that is told a ticket a stretch: a run continued as new, and the run that ends it."""
        await announced(self.engine.records, "announced", tickets=14)
        hasty = PacedAnnouncer(self.engine.records.announcing, stretch_seconds=0.001)
        named = workflow_id("announced")
        async with announcing(self.client, self.engine.records, QUEUE, announcer=hasty):
            await self.runs.carry_out("announced")
            first = (await self.client.get_workflow_handle(named).describe()).run_id
            await until_gone(self.client, named)
            await self.runs.carry_out("nobodys")
            await until_events(self.client, workflow_id("nobodys"), WorkflowExecutionFailed=1)
        self.keep("announced-first", await history_of(self.client, named, first))
        self.keep("announced-next", await history_of(self.client, named))
        self.keep("announced-unknown", await history_of(self.client, workflow_id("nobodys")))

    async def unknown(self) -> None:
        """A ticket that the record never had."""
        async with working(self.client, self.engine.records.record, QUEUE):
            await self.engine.timers.wake("unknown")
            await until_events(self.client, "unknown", WorkflowExecutionFailed=1)
        self.keep("unknown", await history_of(self.client, "unknown"))


def _without_paths(data: object) -> object:
    """Leave out stack traces: they name this machine's folders, and replay reads none."""
    match data:
        case dict():
            return {key: _without_paths(value) for key, value in data.items() if key != "stackTrace"}
        case list():
            return [_without_paths(value) for value in data]
        case _:
            return data


@asynccontextmanager
async def recording(address: str, folder: Path) -> AsyncIterator[Recording]:
    """Put an engine together whose client is nobody."""
    await connect_for_test(address)
    client = await Client.connect(address, identity=IDENTITY)
    url = f"sqlite:///{folder / 'record.sqlite3'}"
    await migrate(url)
    timers = TicketTimers(client, task_queue=QUEUE)
    async with await connect(url, RealClock()) as records, engine_of(records, timers) as engine:
        runs = AnnouncementRuns(client, task_queue=queue_of(QUEUE))
        yield Recording(engine=engine, client=client, runs=runs)


async def record_all(address: str, folder: Path) -> None:
    """Make every history anew."""
    HISTORIES.mkdir(exist_ok=True)
    async with recording(address, folder) as record:
        await record.climbs()
        await record.nudged()
        await record.outage()
        await record.continued()
        await record.behind()
        await record.unknown()
        await record.announced()


if __name__ == "__main__":
    with dev_server(*PLAIN) as server, tempfile.TemporaryDirectory() as temporary:
        asyncio.run(record_all(server, Path(temporary)))
