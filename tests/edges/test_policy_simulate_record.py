"""A simulation beside the record: the same commands come to the same figures, and what the record holds can be read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from services.cli import tables
from services.cli.simulation_shown import of_simulation
from services.desk_log.decide import Course, Seen, Skip, decide
from services.desk_log.log import Case, Log, read_log
from services.desk_log.plan import plan
from services.records import Records, SettledBy
from services.simulation.from_log import from_log
from services.simulation.from_record import PAGE, from_record
from services.simulation.simulate import simulate
from services.simulation.source import CannotSimulate, Wanted
from tests.support.clock import StoryClock
from tests.support.policies import LINES
from workflows.domain.ticket.commands import Acknowledge, Command, Customer, Import, Open, SpentClock
from workflows.domain.ticket.state import TICK, Ticket
from workflows.domain.ticket.words import Status, Target
from workflows.planning.figures import Figures
from workflows.planning.restating import Ladder

MADE_UP = Path(__file__).parent.parent / "data" / "made-up-incidents.csv"
URGENT = Wanted(priority="urgent")
USED = (Target.TIER_RESOLVE, Target.UPDATE, Target.RESOLVE)
SHORT = ("plain", "at-first-contact", "starts-in-progress", "starts-waiting", "starts-at-vendor", "second-line")


def opening(name: str, *, queue: str = "home") -> Open:
    """Open an urgent ticket."""
    return Open(
        actor="Ada",
        ticket_id=f"T-{name}",
        reference=f"R-{name}",
        queue=queue,
        priority="urgent",
        customer=Customer(external_id="C1", name="Cy", language="en-GB", zone="Europe/London"),
        subject=f"Incident {name}",
        description="",
        channel="phone",
    )


class Engine:
    """Keeps tickets in a real record, and is never late: settles each a tick after whatever is due."""

    def __init__(self, records: Records, clock: StoryClock) -> None:
        self._records = records
        self._clock = clock

    async def live(self, case: Case, until: datetime) -> None:
        """Have a case lived through, as a feed would drive it."""
        self._clock.set(case.started_at)
        judged = (await self._records.record.open_ticket(LINES, opening(case.case))).judged
        assert judged is not None
        ticket, course = judged.ticket, Course()
        for moment in plan(case).moments():
            at = case.started_at + moment.offset
            ticket = await self._pass(ticket, at)
            said = decide(moment, Seen.of(ticket), LINES.tier_names, course)
            if not isinstance(said, Skip):
                ticket = await self._settle(ticket, at, said.command)
                course = said.course
        await self._pass(ticket, until + TICK)

    async def _pass(self, ticket: Ticket, until: datetime) -> Ticket:
        while (wake_at := ticket.wake_at()) is not None and wake_at < until:
            ticket = await self._settle(ticket, wake_at)
        return ticket

    async def _settle(self, ticket: Ticket, at: datetime, command: Command | None = None) -> Ticket:
        self._clock.set(at)
        settled = await self._records.record.settle(ticket.ticket_id, command, by=SettledBy.INTAKE)
        assert settled.judged is not None
        return settled.judged.ticket


def short_log() -> Log:
    """Some cases of the made-up log, each of a shape of its own."""
    log = read_log(MADE_UP)
    return Log(cases=tuple(case for case in log.cases if case.case in SHORT), broken=(), left_out=())


async def recorded(records: Records) -> Figures:
    """Count what the record's own logs say."""
    figures = Figures()
    for name in SHORT:
        figures.add(await records.queries.ticket(f"T-{name}"), await records.queries.entries(f"T-{name}"))
    return figures


async def test_a_simulation_of_a_log_and_one_of_the_record_come_to_what_the_record_says(
    records: Records, story_clock: StoryClock
) -> None:
    """7.5: the same commands at the same instants, through settles on a real database and through the simulation."""
    log = short_log()
    of_log = from_log("made up", log, Ladder.of(LINES), URGENT)
    for case in log.cases:
        await Engine(records, story_clock).live(case, of_log.until)
    story_clock.set(of_log.until)

    of_record = await from_record(records.queries, "record", Wanted(policy="lines"))

    figures = await recorded(records)
    assert figures.breached.total() > 10
    assert of_record.until == of_log.until
    by_log, by_record = (
        simulate({"lines": LINES}, given.pasts, given.until).runs[0].tally for given in (of_log, of_record)
    )
    assert by_log.figures == figures
    assert by_record.figures == figures
    assert (by_record.restated, by_record.unsaid) == ({}, {})
    assert by_record.waits == by_log.waits


async def test_the_record_is_read_in_pages_and_by_what_is_wanted(records: Records, story_clock: StoryClock) -> None:
    """By queue, by policy, by when it was opened; of more than a page, evenly as many as are asked for."""
    for place in range(PAGE + 1):
        story_clock.set(datetime(2026, 11, 23 + place // PAGE, 12, 0, tzinfo=UTC))
        await records.record.open_ticket(LINES, opening(f"{place:04}", queue="home" if place % 2 else "business"))

    async def found(wanted: Wanted) -> list[str]:
        return [past.key for past in (await from_record(records.queries, "record", wanted)).pasts]

    everything = [f"R-{place:04}" for place in range(PAGE + 1)]
    assert await found(Wanted()) == everything
    assert await found(Wanted(queue="home")) == everything[1::2]
    assert await found(Wanted(policy="lines", since=datetime(2026, 11, 24, tzinfo=UTC))) == everything[PAGE:]
    assert await found(Wanted(before=datetime(2026, 11, 24, tzinfo=UTC), number=2)) == ["R-0000", f"R-{PAGE // 2:04}"]
    with pytest.raises(
        CannotSimulate, match=r"^record has no ticket opened under policy 'other' at queue 'home': ask "
    ):
        await found(Wanted(policy="other", queue="home"))


async def test_a_ticket_that_was_imported_is_left_out_and_not_broken(
    records: Records, story_clock: StoryClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """6.14: there is nothing wrong with it; how it came to where it was then is told elsewhere."""
    await records.record.open_ticket(LINES, opening("here"))
    there = opening("there")
    elsewhere = Import(
        actor="operator",
        ticket_id=there.ticket_id,
        reference=there.reference,
        queue=there.queue,
        priority=there.priority,
        customer=there.customer,
        subject=there.subject,
        description=there.description,
        channel=there.channel,
        opened_at=story_clock.at - timedelta(hours=2),
        tier="agent",
        status=Status.OPEN,
        clocks=tuple(SpentClock(target=target, used=TICK) for target in USED),
    )
    await records.record.open_ticket(LINES, elsewhere)

    given = await from_record(records.queries, "record", Wanted())

    source = given.source
    assert (source.problems, source.counts["left out: cannot be read"], source.counts["left out: imported"]) == (
        (),
        0,
        1,
    )
    assert [line.partition(":")[0] for line in source.left_out] == ["ticket R-there"]
    tables.write(of_simulation(simulate({"lines": LINES}, given.pasts, given.until), source, flips=1))
    told = capsys.readouterr().out
    assert "left out: ticket R-there: it was imported: how it came to where it was" in told
    assert "broken:" not in told


async def test_a_ticket_that_cannot_be_read_is_told_and_the_others_go_on(
    records: Records, story_clock: StoryClock
) -> None:
    """A newer release's command, and a policy that is not in the record."""
    for name in ("good", "newer", "lost"):
        await records.record.open_ticket(LINES, opening(name))
    story_clock.pass_(TICK)
    take_on = Acknowledge(actor="Ada", handler="Ada", tier="agent")
    await records.record.settle("T-newer", take_on, by=SettledBy.INTAKE)
    changed = "UPDATE tickets SET state = REPLACE(CAST(state AS TEXT), :old, :new) WHERE ticket_id = 'T-lost'"
    old, new = '"policy_version":"', '"policy_version":"x'
    async with records.database.engine.begin() as connection:
        await connection.execute(text("UPDATE inputs SET kind = 'foresee' WHERE ticket_id = 'T-newer' AND number = 2"))
        cast = changed if records.database.is_sqlite else changed.replace(":new)", ":new)::json")
        await connection.execute(text(cast), {"old": old, "new": new})

    given = await from_record(records.queries, "record", Wanted())

    assert [past.key for past in given.pasts] == ["R-good"]
    assert given.source.counts["left out: cannot be read"] == 2
    lost, newer = given.source.problems
    assert lost.startswith("ticket R-lost: ")
    assert newer == (
        "ticket R-newer: the log of ticket 'T-newer' has 'foresee', which this release does not know: "
        "deploy the newer release"
    )
