"""A small run of each benchmark, so that they cannot rot. No figure is judged here."""

import asyncio
import contextlib
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from services.records.clock import ScaledClock
from tests.bench import deadlines, due, late, lives, policy_simulation, races, rates, settles, versus, written
from tests.bench.beside import DATABASES
from tests.bench.compared import Comparison
from tests.bench.races import Load
from tests.bench.starting import stamping_cluster
from tests.support.databases import Cluster, PostgresqlMissing
from tests.support.needed import missing
from tests.support.processes import PATIENCE_SECONDS, is_gone


async def test_rates_are_taken_beside_bare_ones(record_url: str) -> None:
    """Openings, acknowledgements, bare starts and bare rows are all made, and a ticket's history is counted."""
    (kind,) = (each for each in DATABASES if record_url.startswith(each))
    async with rates.ours(record_url) as our:
        (found,) = await rates.rates(our, kind, clients=(2,), calls=4, rounds=2)
        followed = await rates.followed(our, tickets=4, clients=2)
        events = await rates.events(our)

    assert min(found.openings) > 0
    assert min(found.acknowledgements) > 0
    assert min(found.starts) > 0
    assert min(found.rows) > 0
    assert followed.running_seconds >= followed.opening_seconds > 0
    assert (events.opened, events.later, events.earlier) == (1, 0, 6)


async def test_lags_are_read_beside_bare_ones() -> None:
    """Every deadline of ours is in the record, and every bare timer has said how late it was."""
    ours = await deadlines.paced("sqlite", deadlines=4, a_second=20)
    bare = await deadlines.bare(deadlines=4, a_second=20)

    assert (ours.deadlines, bare.deadlines) == (4, 4)
    assert 0 < ours.median <= ours.p99 <= ours.greatest
    assert 0 < bare.median <= bare.p99 <= bare.greatest


@pytest.mark.parametrize("has_keeper", [False, True], ids=["alone", "keeper"])
async def test_a_storm_of_deadlines_is_measured(has_keeper: bool) -> None:  # noqa: FBT001 - pytest gives it
    """All tickets breach at one instant, each once, whoever settles them."""
    clock = ScaledClock(origin=datetime.now(UTC), speed=10.0)

    lag = await deadlines.storm("sqlite", tickets=5, has_keeper=has_keeper, preparing_seconds=6, clock=clock)

    assert lag.deadlines == 5


@pytest.mark.parametrize("desk", due.desks(), ids=lambda desk: desk.name)
async def test_due_instants_are_paced_and_ours_are_right(desk: due.Desk) -> None:
    """Both calculate all cases of a desk, and ours agrees with counted minutes on each."""
    cases = due.cases(apart=timedelta(hours=31))

    pace = await due.pace(desk, cases, rounds=1, calculations=1)
    found = due.compared(desk, cases)

    assert pace.ratio.middle > 0
    assert found.asked == len(cases) > 100
    assert found.ours_wrong == 0
    assert len(found.differences) == found.theirs_wrong


def test_every_life_is_judged_again_and_again() -> None:
    """Each life asks the judge something, and comes to something."""
    for life in lives.lives():
        assert life.found >= len(life.questions) > 3
        assert lives.openings_per_second(life, rounds=1, calls=1).middle > 0
        assert lives.judged_per_second(life.questions, rounds=1, calls=1).middle > 0


async def test_settles_are_paced_beside_the_bare_rows(record_url: str) -> None:
    """The replay writes as many rows to every table as the record did: it fails on any difference itself."""
    paces = await settles.measure(record_url, tickets=4, clients=2, rounds=2)

    assert paces.opening.ratio.middle > 0
    assert paces.acknowledging.ratio.middle > 0


async def test_a_storm_of_late_tickets_is_settled(postgresql: Cluster) -> None:
    """All tickets are late, and each is settled once."""
    figures = await late.measure(postgresql, tickets=24, rounds=1)

    assert [each.settled for each in figures.values()] == [24, 24]
    assert all(each.found >= 24 for each in figures.values())


SOONER = 12.0
"""How much faster the record's clock runs here."""


@pytest.mark.timeout(300)  # it starts a dozen processes, beside those of other tests
async def test_the_polling_rival_is_raced_with_few_tickets() -> None:
    """Either side answers one client and many, in turns, and records each of its deadlines once."""
    amount = versus.Amount(rounds=1, calls={1: 2, 40: 40}, lag_rounds=1, deadlines=3, a_second=20.0, loads=())
    clock = ScaledClock(origin=datetime.now(UTC), speed=SOONER)
    try:
        found = await versus.measure(amount, console=Console(quiet=True), clock=clock)
    except PostgresqlMissing as why:
        missing(why)

    assert len(found.comparisons) == 5
    assert all(min(each.ours) > 0 and min(each.rival) > 0 for each in found.comparisons)
    assert len(found.bounds) == 4
    assert len(found.notes) == 1


@pytest.mark.timeout(300)
async def test_the_polling_rival_is_raced_with_many_tickets() -> None:
    """All tickets of either side breach once after their instant, whatever is opened and runs out before."""
    load = Load(
        rounds=1,
        tickets=8,
        clients=4,
        calls=4,
        deadlines=3,
        a_second=20.0,
        preparing_seconds=8.0,
        rival_preparing_seconds=14.0,
    )
    clock = ScaledClock(origin=datetime.now(UTC), speed=SOONER)
    try:
        async with stamping_cluster() as server:
            found = await races.crowds(server, versus.starts(clock), load)
    except PostgresqlMissing as why:
        missing(why)
    ((ours,), (rival,)) = (found[races.OURS], found[races.RIVAL])

    assert min(ours.openings, ours.lag, ours.storm, rival.openings, rival.lag, rival.storm) > 0
    assert ours.worker_after > ours.worker_before > 0 == rival.worker_after
    assert len(versus.of_crowd(load, found)) == 3


ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells whose children are there")


@ON_LINUX
async def test_a_stopped_benchmark_leaves_no_process(tmp_path: Path) -> None:
    """SIGTERM ends everything that it started, in order, and writes nothing; so does Ctrl-C."""
    words = ("-m", "tests.bench.versus", "--quick", "--write", "--folder", str(tmp_path))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        children = await _children(process, least=3)
        process.send_signal(signal.SIGTERM)
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if b"no PostgreSQL" in said:
        missing(PostgresqlMissing(said.decode()))
    assert process.returncode == versus.STOPPED, said.decode()
    assert all([await is_gone(each) for each in children])
    assert not _is_written(tmp_path)


@ON_LINUX
async def test_a_killed_benchmark_leaves_no_process() -> None:
    """Its processes end when it does, however that is."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", STARTS_CALLERS)
    try:
        (callers,) = await _children(process, least=1)
    finally:
        process.kill()
        await process.wait()
    assert await is_gone(callers)


STARTS_CALLERS = """
import asyncio
from tests.bench.beside import module
async def main():
    async with module("callers", "--address", "127.0.0.1:1", is_asked=True):
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def _children(process: asyncio.subprocess.Process, *, least: int) -> list[int]:
    """Wait until a process has so many children; none when it ends before."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while process.returncode is None:
            if len(known := _known_children(process.pid)) >= least:
                return known
            await asyncio.sleep(0.05)
    return []


def _is_written(folder: Path) -> bool:
    return any(folder.iterdir())


def _known_children(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return []


def test_figures_of_both_sides_are_kept_as_a_page_and_a_chart(tmp_path: Path) -> None:
    """Each figure, what bounds it and each note can be read afterwards, and whether an aim is met."""
    met = Comparison.of("openings, 1 client", "a second", [30.0, 40.0], [20.0, 20.0], versus.AT_LEAST_AS_MANY)
    missed = Comparison.of("a storm", "s", [0.5, 0.9, 0.7], [0.2, 0.3, 0.2], versus.TWICE)
    plain = Comparison.of("something <else>", "s", [1.0], [0.0001])
    found = versus.Found(comparisons=(met, missed, plain), bounds=[("opening", *"123456")], notes=["A note."])

    written.write(tmp_path, "here", tuple(versus.tables(found)), found.notes, found.comparisons)

    page, chart = ((tmp_path / name).read_text(encoding="utf-8") for name in (written.PAGE, written.CHART))
    assert "| openings, 1 client | a second | 35.0 (30.0 to 40.0) | 20.0 (20.0 to 20.0) | 1.75 (1.50 to 2.00) |" in page
    assert "≥ 1: met" in page
    assert "≤ 2: missed" in page
    assert "- A note.\n" in page
    assert written.CHART in page
    assert {each.tag.rpartition("}")[2] for each in ET.fromstring(chart)} >= {"circle", "polygon", "text"}  # noqa: S314 - our own text
    assert "something &lt;else&gt;" in chart


def test_past_tickets_are_told_again_at_a_pace() -> None:
    """In this process, under two policies, and spread over processes; each round tells all of them."""
    found = policy_simulation.measure(rounds=1, tickets=54)

    assert (found.tickets, found.log) == (54, "made-up-incidents.csv")
    assert found.events > 54
    assert min(found.one_core.middle, found.two_policies.middle, found.all_cores.middle) > 0
    assert policy_simulation.table(found).row_count == 1
