"""Settling with real connections and real locks, on both databases: who comes when makes no difference."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.records import (
    ClockRunOut,
    LogTooNew,
    RealClock,
    Records,
    RecordUnavailable,
    Request,
    ScaledClock,
    SettledBy,
    StateTooNew,
    TicketFilter,
    TicketStuck,
    TicketUnknown,
    Timeouts,
    connect,
)
from services.records.engine import open_database
from services.records.faults import spoken_plainly
from services.records.state_versions import STATE_VERSION
from services.records.statements_postgresql import PostgresqlStatements
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.derived import require_derived
from tests.support.record import (
    A_TICK,
    ACKNOWLEDGE,
    Outsider,
    PoisonJudge,
    RefusedJudge,
    a_policy,
    a_request,
    an_acknowledgement,
    an_opening,
    answer,
)
from tests.support.waiting import UNHURRIED
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Close, Resolve
from workflows.domain.ticket.events import Acknowledged, ClockBreached, ClockMet, Escalated
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import RULES_VERSION, Judged, RefusalReason
from workflows.domain.ticket.words import ClockState, Outcome, Status, Target


async def the_kinds(records: Records, ticket_id: str) -> list[type]:
    """The log, by the kinds of its events."""
    return [type(entry.event) for entry in await records.queries.entries(ticket_id)]


async def test_opening_is_read_back_as_it_was_judged(records: Records) -> None:
    """What the judge said is what the record tells: ticket, log, inputs, policy."""
    opened = await records.record.open_ticket(a_policy(), an_opening())

    assert opened.judged is not None
    assert opened.instant == MONDAY_NOON
    assert opened.wake_at == MONDAY_NOON + ACKNOWLEDGE + A_TICK
    assert opened.wake_in_seconds == pytest.approx(900.000001)
    assert await records.queries.ticket("t-0001") == opened.judged.ticket
    assert await records.queries.ticket_by_reference("R-0001") == opened.judged.ticket
    assert await records.queries.entries("t-0001") == list(opened.judged.entries)
    assert [(each.number, each.at, each.command) for each in await records.queries.inputs("t-0001")] == [
        (1, MONDAY_NOON, an_opening())
    ]
    assert await records.queries.policy(opened.judged.ticket.policy_version) == a_policy()


async def test_instants_come_back_in_utc(records: Records) -> None:
    """The domain takes UTC itself and nothing that is merely equal to it."""
    await records.record.open_ticket(a_policy(), an_opening())

    (entry, *_) = await records.queries.entries("t-0001")
    settled = await records.record.settle("t-0001", by=SettledBy.INTAKE)

    assert entry.at.tzinfo is UTC
    assert settled.instant.tzinfo is UTC
    assert settled.wake_at is not None
    assert settled.wake_at.tzinfo is UTC


async def test_two_settles_of_one_ticket_breach_once(
    record_url: str, records: Records, story_clock: StoryClock
) -> None:
    """4.7: a clock run breaches at most once, and each escalation happens once, however many settle it at once."""
    await records.record.open_ticket(a_policy(), an_opening())
    story_clock.pass_(timedelta(minutes=20))

    async with await connect(record_url, story_clock) as other:
        settled = await asyncio.gather(
            *(records.record.settle("t-0001", by=SettledBy.WORKFLOW) for _ in range(4)),
            *(other.record.settle("t-0001", by=SettledBy.KEEPER) for _ in range(4)),
        )

    assert sorted(len(each.judged.entries) > 0 for each in settled if each.judged) == [False] * 7 + [True]
    entries = await records.queries.entries("t-0001")
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    assert len([entry for entry in entries if isinstance(entry.event, ClockBreached)]) == 1
    assert len([entry for entry in entries if isinstance(entry.event, Escalated)]) == 1


@pytest.mark.parametrize("request_", [None, a_request()], ids=["without a request", "with a request"])
async def test_clock_is_read_once_the_lock_is_had(record_url: str, request_: Request | None) -> None:
    """5.1, 5.2: a settle that waited for the lock is judged at an instant after the wait, not before it."""
    async with await connect(record_url, RealClock()) as records:
        outsider = Outsider(record_url)
        await records.record.open_ticket(a_policy(), an_opening())

        async with outsider.holding("t-0001"):
            settling = asyncio.create_task(
                records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE, request=request_)
            )
            await outsider.until_somebody_waits()
            released_at = datetime.now(UTC)
        settled = await settling

    assert settled.instant >= released_at


async def test_command_at_the_deadlines_own_instant_is_in_time(records: Records, story_clock: StoryClock) -> None:
    """5.2: a deadline has passed when the instant judged is later than it."""
    await records.record.open_ticket(a_policy(), an_opening())
    story_clock.pass_(ACKNOWLEDGE)

    settled = await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)

    assert settled.refusal is None
    assert (await the_kinds(records, "t-0001"))[-2:] in ([Acknowledged, ClockMet], [ClockMet, Acknowledged])


async def test_deadline_a_tick_before_the_command_goes_first(records: Records, story_clock: StoryClock) -> None:
    """5.2, 4.2: what fell due before a command is recorded even when the command is then refused."""
    await records.record.open_ticket(a_policy(), an_opening())
    story_clock.pass_(ACKNOWLEDGE + A_TICK)

    settled = await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)

    assert settled.refusal is not None
    assert settled.refusal.reason is RefusalReason.WRONG_TIER
    assert ClockBreached in await the_kinds(records, "t-0001")
    assert (await records.queries.ticket("t-0001")).tier == "specialist"
    assert [each.number for each in await records.queries.inputs("t-0001")] == [1]


async def test_clock_that_steps_back_never_goes_back_for_a_ticket(records: Records, story_clock: StoryClock) -> None:
    """5.2: a settle is judged later than the one before, by a microsecond if need be."""
    await records.record.open_ticket(a_policy(), an_opening())
    story_clock.pass_(timedelta(minutes=5))
    await records.record.settle("t-0001", an_acknowledgement("kim"), by=SettledBy.INTAKE)
    story_clock.set(MONDAY_NOON - timedelta(hours=1))

    settled = await records.record.settle("t-0001", an_acknowledgement("lee"), by=SettledBy.INTAKE)

    assert settled.instant == MONDAY_NOON + timedelta(minutes=5) + A_TICK


async def test_settle_that_finds_nothing_writes_only_what_the_workflow_knows(
    record_url: str, records: Records, story_clock: StoryClock
) -> None:
    """A healthy ticket's wake-up costs one small write, and none when the workflow knew already."""
    await records.record.open_ticket(a_policy(), an_opening())
    outsider = Outsider(record_url)
    row = "SELECT advanced_to, settled_at, state, wake_at FROM tickets"
    before = await outsider.run(row)
    story_clock.pass_(timedelta(minutes=5))

    first = await records.record.settle_for_workflow("t-0001")
    again = await records.record.settle("t-0001", by=SettledBy.WORKFLOW)

    assert (first.found, first.is_closed) == (0, False)
    assert first.wake_in_seconds == pytest.approx(600.000001)
    assert first.summary == "desk, open; next deadline 2026-11-23 12:15:00 UTC"
    assert (again.told_at, again.owes_nudge) == (MONDAY_NOON + ACKNOWLEDGE + A_TICK, False)
    assert await outsider.run(row) == before


async def test_nudge_is_owed_until_the_workflow_knows(records: Records, story_clock: StoryClock) -> None:
    """A wake-up is owed when the workflow knows of none, or of a later one; one that moves later costs nothing."""
    opened = await records.record.open_ticket(a_policy(), an_opening())
    assert (opened.owes_nudge, opened.is_new) == (True, True)
    assert opened.nudge is not None
    assert opened.nudge.wake_at == opened.wake_at

    await records.record.settle_for_workflow("t-0001")
    acknowledged = await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)
    assert acknowledged.wake_at is not None
    assert acknowledged.told_at is not None
    assert acknowledged.wake_at > acknowledged.told_at
    assert (acknowledged.owes_nudge, acknowledged.nudge) == (False, None)

    told = await records.record.settle("t-0001", by=SettledBy.WORKFLOW)
    story_clock.pass_(timedelta(minutes=5))
    assert told.told_at == acknowledged.wake_at
    resolve = Resolve(actor="kim", outcome=Outcome.WITHDRAWN, explanation="customer found the switch")
    closed = await records.record.settle("t-0001", resolve, by=SettledBy.INTAKE)
    assert (closed.wake_at, closed.told_at, closed.owes_nudge, closed.wake_in_seconds) == (None, None, False, None)


async def test_workflow_of_a_closed_ticket_is_told_to_end(records: Records) -> None:
    """A closed ticket has no wake-up, and its workflow completes."""
    await records.record.open_ticket(a_policy(), an_opening())
    resolve = Resolve(actor="kim", outcome=Outcome.WITHDRAWN, explanation="customer found the switch")
    await records.record.settle("t-0001", resolve, by=SettledBy.INTAKE)

    result = await records.record.settle_for_workflow("t-0001")

    assert (result.is_closed, result.wake_in_seconds, result.found) == (True, None, 0)


async def test_wake_in_seconds_are_real(record_url: str) -> None:
    """A clock that runs 900 times as fast wakes 900 times as soon, and never in less than a millisecond."""
    clock = ScaledClock(origin=MONDAY_NOON, speed=900.0)
    async with await connect(record_url, clock) as records:
        opened = await records.record.open_ticket(a_policy(), an_opening())

    assert opened.wake_in_seconds == pytest.approx(1.0, abs=1e-6)


async def test_stale_version_is_refused_after_advancing(records: Records, story_clock: StoryClock) -> None:
    """5.4: the version is compared once what fell due is recorded."""
    await records.record.open_ticket(a_policy(), an_opening())
    story_clock.pass_(timedelta(minutes=20))

    settled = await records.record.settle(
        "t-0001", an_acknowledgement(tier="specialist"), by=SettledBy.INTAKE, expected_version=1
    )

    assert settled.refusal is not None
    assert settled.refusal.reason is RefusalReason.STALE_VERSION
    assert (await records.queries.ticket("t-0001")).version == 2


async def test_unknown_ticket(records: Records) -> None:
    """A ticket that is not there is said to be unknown, by whatever it is asked for."""
    with pytest.raises(TicketUnknown, match="'t-9999'"):
        await records.record.settle("t-9999", by=SettledBy.WORKFLOW)
    with pytest.raises(TicketUnknown, match="'t-9999'"):
        await records.queries.ticket("t-9999")
    with pytest.raises(TicketUnknown, match="'R-9999'"):
        await records.queries.ticket_by_reference("R-9999")
    with pytest.raises(TicketUnknown, match="'t-9999'"):
        await records.queries.entries("t-9999")
    with pytest.raises(TicketUnknown, match="'t-9999'"):
        await records.queries.inputs("t-9999")


async def test_validating_writes_nothing(records: Records) -> None:
    """What opening would give can be asked for without opening."""
    judged = await records.record.validate(a_policy(), an_opening())

    assert judged.ticket.deadline_at() == MONDAY_NOON + ACKNOWLEDGE
    assert await records.queries.tickets(TicketFilter(), page_size=10) == []


async def test_log_can_be_derived_anew(records: Records, record_url: str, story_clock: StoryClock) -> None:
    """5.3: from the list of (instant, input) and the instants of detection, the domain says the same log again."""
    await records.record.open_ticket(a_policy(), an_opening())
    story_clock.pass_(timedelta(minutes=20))
    await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)
    story_clock.pass_(timedelta(minutes=5))
    await records.record.settle("t-0001", an_acknowledgement(tier="specialist"), by=SettledBy.INTAKE)
    story_clock.pass_(timedelta(hours=9))
    await records.record.settle("t-0001", by=SettledBy.KEEPER)
    resolve = Resolve(actor="kim", outcome=Outcome.FIXED, explanation="port reset")
    story_clock.pass_(timedelta(minutes=1))
    await records.record.settle("t-0001", resolve, by=SettledBy.INTAKE)
    story_clock.pass_(timedelta(minutes=1))
    await records.record.settle("t-0001", Close(actor="kim", reason="customer hung up"), by=SettledBy.INTAKE)

    assert [each.number for each in await records.queries.inputs("t-0001")] == [1, 2, 3, 4]
    await require_derived(records, "t-0001")
    assert (await records.queries.ticket("t-0001")).status is Status.CLOSED
    assert await records.queries.rules_versions("t-0001") == {RULES_VERSION}
    assert await Outsider(record_url).run("SELECT count(DISTINCT recorded_at) FROM events") == [(6,)]


async def test_poison_ticket_is_marked_and_told_by_type_only(
    record_url: str, story_clock: StoryClock, caplog: pytest.LogCaptureFixture
) -> None:
    """What the rules cannot judge is rolled back, marked with the exception's type, and mended by a success."""
    judge = PoisonJudge()
    async with await connect(record_url, story_clock, judge=judge) as records:
        await records.record.open_ticket(a_policy(), an_opening(name="Zebedee Canary"))
        judge.poisoned.add("t-0001")
        outsider = Outsider(record_url)
        marks = "SELECT stuck_type, stuck_tries, stuck_until IS NOT NULL, sequence FROM tickets"

        with pytest.raises(TicketStuck, match="'t-0001' is stuck on ZeroDivisionError") as stuck:
            await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)
        with pytest.raises(TicketStuck):
            await records.record.settle_for_workflow("t-0001")

        assert await outsider.run(marks) == [("ZeroDivisionError", 2, True, 6)]
        assert (await records.queries.figures()).stuck_tickets == 1
        assert "Canary" not in str(stuck.value) + caplog.text
        assert "__call__" in caplog.records[0].__dict__["where"]

        judge.poisoned.clear()
        await records.record.settle_for_workflow("t-0001")
        assert await outsider.run(marks) == [(None, 0, False, 6)]


async def test_log_that_the_database_refuses_leaves_the_ticket_stuck(record_url: str, story_clock: StoryClock) -> None:
    """A line of the log is written once: a second under its number is refused, and nothing of that settle stays."""
    async with await connect(record_url, story_clock, judge=RefusedJudge("t-0001")) as records:
        await records.record.open_ticket(a_policy(), an_opening())
        before = await records.queries.ticket("t-0001")
        story_clock.pass_(timedelta(minutes=20))

        with pytest.raises(TicketStuck):
            await records.record.settle_for_workflow("t-0001")

        assert await records.queries.ticket("t-0001") == before
        assert (await records.queries.figures()).stuck_tickets == 1


async def test_due_ticket_that_does_not_move_is_stuck(record_url: str, story_clock: StoryClock) -> None:
    """Rules that find nothing in a ticket that is due would spin for ever: that is a fault, and it shows."""

    def idle(policy: Policy, ticket: Ticket, *_: object, **__: object) -> Judged:  # noqa: ARG001 - the judge's signature
        return Judged(ticket=ticket)

    async with await connect(record_url, story_clock, judge=idle) as records:
        await records.record.open_ticket(a_policy(), an_opening())
        await records.record.settle_for_workflow("t-0001")
        story_clock.pass_(timedelta(minutes=20))

        with pytest.raises(TicketStuck, match="NothingMoved"):
            await records.record.settle_for_workflow("t-0001")
        assert (await records.queries.figures()).stuck_tickets == 1


@pytest.mark.parametrize("version", [STATE_VERSION + 1, 99])
async def test_state_of_a_newer_release_is_left_alone(
    record_url: str, records: Records, story_clock: StoryClock, version: int
) -> None:
    """Code that meets a newer state refuses and writes nothing: it would lose what it does not know."""
    await records.record.open_ticket(a_policy(), an_opening())
    outsider = Outsider(record_url)
    await outsider.run(f"UPDATE tickets SET state_version = {version}")  # noqa: S608 - a number
    before = await outsider.run("SELECT * FROM tickets")
    story_clock.pass_(timedelta(minutes=20))

    with pytest.raises(StateTooNew, match=f"state version {version} and this release knows {STATE_VERSION}"):
        await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)
    with pytest.raises(StateTooNew):
        await records.queries.ticket("t-0001")
    assert (await records.upkeep.rescue_late(grace_seconds=0, limit=10)).tried == 0

    assert await outsider.run("SELECT * FROM tickets") == before


async def test_log_of_a_newer_release_is_told(record_url: str, records: Records) -> None:
    """A line or an input of a kind that this release does not know is a newer release's, and not a crash."""
    await records.record.open_ticket(a_policy(), an_opening())
    outsider = Outsider(record_url)
    await outsider.run("UPDATE events SET kind = 'mislaid' WHERE sequence = 2")
    await outsider.run("UPDATE inputs SET kind = 'merge'")

    with pytest.raises(LogTooNew, match="'t-0001' has 'mislaid', which this release does not know: deploy"):
        await records.queries.entries("t-0001")
    with pytest.raises(LogTooNew, match="'merge'"):
        await records.queries.inputs("t-0001")
    with pytest.raises(LogTooNew):
        await records.queries.ledger("t-0001")


async def test_ticket_that_another_holds_too_long_is_unavailable(record_url: str, story_clock: StoryClock) -> None:
    """A lock that is not had in time is told as such, and the ticket is as it was."""
    async with await connect(record_url, story_clock, timeouts=Timeouts(lock_seconds=0.1, busy_seconds=0.1)) as records:
        await records.record.open_ticket(a_policy(), an_opening())

        async with Outsider(record_url).holding("t-0001"):
            with pytest.raises(RecordUnavailable, match="try again"):
                await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)

        settled = await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)
        assert settled.refusal is None


async def test_stopped_process_does_not_keep_a_ticket(postgresql_url: str, story_clock: StoryClock) -> None:
    """A transaction that is left idle ends by itself and lets the ticket go."""
    patient = Timeouts(lock_seconds=20, statement_seconds=20)
    async with await connect(postgresql_url, story_clock, timeouts=patient) as records:
        await records.record.open_ticket(a_policy(), an_opening())
        stopped = open_database(postgresql_url, timeouts=Timeouts(idle_in_transaction_seconds=0.2))
        settling = PostgresqlStatements(stopped).settling()
        await (await settling.__aenter__()).hold("t-0001", None)

        settled = await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)

        assert settled.refusal is None
        with pytest.raises(RecordUnavailable), spoken_plainly():
            await settling.__aexit__(None, None, None)
        await stopped.aclose()


async def test_cancelled_settle_lets_the_ticket_go(record_url: str, records: Records) -> None:
    """A caller that gives up while its settle waits leaves no lock behind."""
    await records.record.open_ticket(a_policy(), an_opening())
    outsider = Outsider(record_url)

    async with outsider.holding("t-0001"):
        settling = asyncio.create_task(records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE))
        await outsider.until_somebody_waits()
        settling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await settling

    settled = await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)
    assert settled.refusal is None


async def test_many_more_callers_than_connections(record_url: str, story_clock: StoryClock) -> None:
    """Nobody waits for a second connection while holding one: a crowd of new tickets goes through.

    They wait for a connection longer than a call would, so that what fails here is never just a busy machine.
    """
    async with await connect(record_url, story_clock, timeouts=UNHURRIED) as records:
        opened = await asyncio.gather(
            *(
                records.record.open_ticket(
                    a_policy(), an_opening(number), request=a_request(f"r-{number}"), encode=answer
                )
                for number in range(1, 101)
            ),
            return_exceptions=True,  # else the others would go on without a record
        )

    answers = {each if isinstance(each, BaseException) else each.answer for each in opened}
    assert answers == {f"t-{number:04d} open None".encode() for number in range(1, 101)}


async def test_a_clock_that_has_run_out_is_no_tickets_fault(record_url: str) -> None:
    """Whoever settles is told so, and the ticket is not marked as stuck."""
    origin = datetime.now(UTC) - timedelta(days=3)
    slow, fast = (ScaledClock(origin=origin, speed=speed) for speed in (1.0, 1e6))
    async with await connect(record_url, slow) as records:
        await records.record.open_ticket(a_policy(), an_opening())
    outsider = Outsider(record_url)
    await outsider.run("UPDATE meta SET value = replace(value || '.', ':1.', ':1000000')")

    async with await connect(record_url, fast) as records:
        with pytest.raises(ClockRunOut):
            await records.record.settle("t-0001", by=SettledBy.INTAKE)

    assert await outsider.run("SELECT stuck_type FROM tickets") == [(None,)]


async def test_tickets_are_listed_in_pages(records: Records) -> None:
    """A list is filtered by what is mirrored in columns and continues after a ticket id."""
    for number in range(1, 6):
        await records.record.open_ticket(a_policy(), an_opening(number, queue="home" if number % 2 else "business"))
    await records.record.settle("t-0003", an_acknowledgement("lee"), by=SettledBy.INTAKE)
    queries = records.queries

    first = await queries.tickets(TicketFilter(queue="home"), page_size=2)
    rest = await queries.tickets(TicketFilter(queue="home"), page_size=2, after=first[-1].ticket_id)

    assert [ticket.ticket_id for ticket in first + rest] == ["t-0001", "t-0003", "t-0005"]
    by_handler = await queries.tickets(TicketFilter(status=Status.IN_PROGRESS, handler="lee"), page_size=9)
    assert [ticket.ticket_id for ticket in by_handler] == ["t-0003"]
    by_customer = await queries.tickets(TicketFilter(customer_id="c-4"), page_size=9)
    assert [ticket.ticket_id for ticket in by_customer] == ["t-0004"]
    (ticket,) = by_handler
    assert [clock.state for clock in ticket.clocks if clock.target is Target.ACKNOWLEDGE] == [ClockState.MET]
