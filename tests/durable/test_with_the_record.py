"""The whole engine on real parts: the record on both databases, Temporal, the judge, the nudger and the worker."""

from temporalio.client import Client

from tests.support.engine import CANARY, Engine, impatient
from tests.support.temporal import events_of, until_another_run, until_events, until_gone, working
from workflows.domain.ticket.commands import (
    Acknowledge,
    Confirm,
    PostUpdate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import ClockBreached, Escalated
from workflows.domain.ticket.words import ContactKind, Outcome, Status

FIXED = Resolve(actor=CANARY, outcome=Outcome.FIXED, explanation=CANARY)


async def test_missed_acknowledgements_climb_the_ladder_on_time(
    engine: Engine, client: Client, task_queue: str, ticket_id: str
) -> None:
    """4.2: the workflow wakes at each missed acknowledgement; each breaches once and escalates once."""
    async with working(client, engine.records.record, task_queue):
        await engine.open(ticket_id, impatient(agent=0.5, specialist=0.5))
        log = await engine.until_happened(ticket_id, Escalated, 2)
    breached = [entry.event.tier for entry in log if isinstance(entry.event, ClockBreached)]
    assert breached == ["agent", "specialist"]
    climbed = [(entry.event.from_tier, entry.event.to_tier) for entry in log if isinstance(entry.event, Escalated)]
    assert climbed == [("agent", "specialist"), ("specialist", "supplier")]
    assert [entry.sequence for entry in log] == list(range(1, len(log) + 1))


async def test_commands_that_move_the_wake_up_later_cost_temporal_nothing(
    engine: Engine, client: Client, task_queue: str, ticket_id: str
) -> None:
    """Architecture 4: five events to open; none to acknowledge, update, wait, contact and resolve."""
    async with working(client, engine.records.record, task_queue):
        await engine.open(ticket_id, impatient(agent=3600))
        await until_events(client, ticket_id, TimerStarted=1)
        await engine.until_told()
        for command in (
            Acknowledge(actor="ann", handler="ann", tier="agent"),
            PostUpdate(actor="ann", text=CANARY),
            WaitOnCustomer(actor="ann", question=CANARY),
            RecordContact(actor="ida", kind=ContactKind.INFORMATION, channel="mail", text=CANARY),
            FIXED,
        ):
            settled = await engine.do(ticket_id, command)
            assert settled.nudge is None
        assert len(await events_of(client, ticket_id)) == 5


async def test_a_command_that_moves_the_wake_up_earlier_costs_seven_events(
    engine: Engine, client: Client, task_queue: str, ticket_id: str
) -> None:
    """Architecture 4: a rejection starts the next tier's clocks, sooner than the wake-up that Temporal knows of."""
    async with working(client, engine.records.record, task_queue):
        await engine.open(ticket_id, impatient(agent=3600, specialist=1800))
        before = await until_events(client, ticket_id, TimerStarted=1)
        await engine.until_told()
        assert (await engine.do(ticket_id, FIXED)).nudge is None
        settled = await engine.do(ticket_id, Reject(actor="ida", reason=CANARY))
        assert settled.nudge is not None
        assert not settled.nudge.is_new
        events = await until_events(client, ticket_id, TimerStarted=2)
        await engine.until_told()
    assert len(events) - len(before) == 7


async def test_a_ticket_closed_and_reopened_has_a_run_for_each_life(
    engine: Engine, client: Client, task_queue: str, ticket_id: str
) -> None:
    """6.9: confirmed, the run completes when it is woken; reopened, the ticket gets another, with a timer."""
    async with working(client, engine.records.record, task_queue):
        await engine.open(ticket_id, impatient(agent=3600))
        await engine.do(ticket_id, FIXED)
        await engine.do(ticket_id, Confirm(actor="ida"))
        await engine.timers.wake(ticket_id)
        await until_gone(client, ticket_id)
        first = await client.get_workflow_handle(ticket_id).describe()
        await engine.do(ticket_id, Reopen(actor="ida", reason=CANARY))
        await until_another_run(client, ticket_id, first.run_id)
        await until_events(client, ticket_id, TimerStarted=1)
        await engine.until_told()
    assert (await engine.ticket(ticket_id)).status is Status.OPEN


async def test_a_ticket_closed_while_a_nudge_is_on_its_way_completes(
    engine: Engine, client: Client, task_queue: str, ticket_id: str
) -> None:
    """Architecture 3: woken for nothing, it settles, sees that the ticket is closed, and completes."""
    async with working(client, engine.records.record, task_queue):
        await engine.open(ticket_id, impatient(agent=3600))
        await engine.do(ticket_id, FIXED)
        await engine.do(ticket_id, Confirm(actor="ida"))
        await engine.timers.wake(ticket_id)
        await until_gone(client, ticket_id)
    assert (await engine.ticket(ticket_id)).status is Status.CLOSED
