"""`followthrough feed`, from a log to the comparison: a small log through a system of its own; what is refused."""

import re
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from services.desk_log.log import Case, Row, VinstStatus
from services.desk_log.plan import plan
from services.feed.compare import look_into
from services.feed.embedded import clock_for
from services.feed.run import Driven
from services.process import CannotStart
from services.records import Records, SettledBy
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.policies import LINES
from tests.support.processes import ended, environment, running
from workflows.domain.ticket.commands import Acknowledge, Command, Customer, Escalate, Open
from workflows.policies import load

MADE_UP = str(Path(__file__).parent.parent / "data" / "made-up-incidents.csv")


async def test_the_small_log_goes_through_and_nothing_is_lost(tmp_path: Path) -> None:
    """Each odd shape of a case, through real processes: the record is what the domain says (5.3), and no file stays."""
    env = environment(tmp_path / "var") | {"TMPDIR": str(tmp_path)}

    fed = await ended("feed", MADE_UP, "--embedded", "--speed", "200000", env=env)

    assert fed.code == 0, fed.out + fed.err
    assert fed.out.endswith("lost: 0\nmismatches: 0\n")
    assert number(fed.out, "chosen") == number(fed.out, "driven to the end") == 26
    assert number(fed.out, "steps not come to, or never answered") == 0
    assert re.search(r"^compared: 26 tickets, \d+ events$", fed.out, re.MULTILINE)
    assert number(fed.out, "opened") == 26
    assert number(fed.out, "left out: longer than 30 d") == 1
    assert number(fed.out, "left out: a broken row") == 1
    assert number(fed.out, "steps taken") + number(fed.out, "in all") == number(fed.out, "steps asked for")
    assert "broken row, line 119: status 'Completed+Fixed': use one of Queued+Awaiting Assignment" in fed.out
    assert left_in(tmp_path) == []


async def test_ctrl_c_stops_in_order_and_tells_what_there_is(tmp_path: Path) -> None:
    """What was opened is compared all the same; the system that was started is gone."""
    env = environment(tmp_path / "var") | {"TMPDIR": str(tmp_path)}

    async with running("feed", MADE_UP, "--embedded", env=env) as feed:
        await feed.log("26 incidents, the longest of")
        feed.process.send_signal(signal.SIGINT)
        await feed.say("mismatches: 0\n")
        code = await feed.process.wait()

    assert code == 130
    assert number(feed.said, "chosen") == 26
    unopened = number(feed.said, "not opened: stopped")
    assert number(feed.said, "opened") == 26 - unopened
    assert f"({unopened} incident{'s' * (unopened > 1)} not opened)\n" in feed.said
    assert left_in(tmp_path) == []


async def test_a_system_that_runs_is_fed_by_its_own_clock_only(tmp_path: Path) -> None:
    """By another one it is not: the running system says what time it is, before the record is touched."""
    origin = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    clock, another = f"scaled:{origin}:200000", f"scaled:{origin}:5000"
    async with running("up", env=environment(tmp_path, CLOCK=clock)) as up:
        intake = (await up.say(r"intake\s+(127\.0\.0\.1:\d+)")).group(1)

        refused = await ended("feed", MADE_UP, env=environment(tmp_path, INTAKE_ADDRESS=intake, CLOCK=another))
        fed = await ended("feed", MADE_UP, env=environment(tmp_path, INTAKE_ADDRESS=intake, CLOCK=clock))

    assert (refused.code, refused.out) == (2, "")
    assert re.search(
        r"the running system says it is .*: give both the same clock, or feed with --embedded$", refused.err
    )
    assert fed.code == 0, fed.out + fed.err
    assert fed.out.endswith("lost: 0\nmismatches: 0\n")


@pytest.mark.parametrize(
    ("words", "clock", "told"),
    [
        (
            (MADE_UP,),
            "real",
            "feed by FOLLOWTHROUGH_CLOCK=scaled:ORIGIN:SPEED, or feed with --embedded, or with --speed 1",
        ),
        (
            (MADE_UP, "--speed", "100"),
            "scaled:2026-01-01T00:00:00Z:2",
            "--speed 100: FOLLOWTHROUGH_CLOCK says 2: leave --speed out, or run the system and the feed by another",
        ),
        (
            (MADE_UP,),
            "scaled:2026-01-01T00:00:00Z:2",
            "nobody answers at 127.0.0.1:1: is it running? start it with `followthrough up`",
        ),
        (
            (MADE_UP, "--embedded", "--queue", "queue-of-nobody"),
            "real",
            f"unknown queue 'queue-of-nobody': use one of {sorted(load().queues)}",
        ),
        ((MADE_UP, "--embedded", "--longest", "0m"), "real", "has no case of at most 0.0 s: raise --longest"),
        (
            (MADE_UP,),
            "scaled:1970-01-01T00:00:00Z:5000",
            "clock origin '1970-01-01T00:00:00Z' at 5000 times the speed puts the record beyond the year 2199: write ",
        ),
        (
            ("absent.csv", "--embedded"),
            "real",
            "log 'absent.csv' cannot be read: No such file or directory: name a readable .csv or .csv.gz",
        ),
        ((__file__, "--embedded"), "real", "the first line must be case,at,status,who"),
    ],
)
async def test_what_cannot_be_fed_is_told_in_one_line(
    tmp_path: Path, words: tuple[str, ...], clock: str, told: str
) -> None:
    """Field, value and remedy; exit code 2, and nothing was done."""
    env = environment(tmp_path / "var", CLOCK=clock, INTAKE_ADDRESS="127.0.0.1:1") | {"TMPDIR": str(tmp_path)}

    fed = await ended("feed", *words, env=env)

    assert (fed.code, fed.out) == (2, "")
    last = fed.err.splitlines()[-1]
    assert last.startswith("followthrough: ")
    assert told in last
    assert left_in(tmp_path) == []


def test_a_speed_that_gains_nothing_reaches_no_other_weekday() -> None:
    """Hardly faster than the world, the record would have had to begin before there were years."""
    friday = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
    case = Case(case="7", rows=(Row(line=2, at=friday, status=VinstStatus.IN_PROGRESS, who="Ada"),))

    with pytest.raises(CannotStart, match=r"^--speed 1\.000001 gains too little on the world: give 1, or 2 and more$"):
        clock_for([case], speed=1.000001, real_at=MONDAY_NOON)


TAKE_ON = Acknowledge(actor="Ada", handler="Ada", tier="agent")
HAND_OVER = Escalate(actor="Ada", from_tier="agent", reason="Stuck.")


async def a_ticket(records: Records, clock: StoryClock, *commands: Command, name: str = "7") -> Driven:
    """Open an incident's ticket, an hour later say these, and look four working days after that."""
    ticket_id = f"T-{name}"
    opening = Open(
        actor="Ada",
        ticket_id=ticket_id,
        reference=f"R-{name}",
        queue="home",
        priority="high",
        customer=Customer(external_id="C1", name="Cy", language="en-GB", zone="Europe/London"),
        subject=f"Incident {name}",
        description="",
        channel="phone",
    )
    await records.record.open_ticket(LINES, opening)
    for command in commands:
        clock.pass_(timedelta(minutes=20))
        assert (await records.record.settle(ticket_id, command, by=SettledBy.INTAKE)).refusal is None
    clock.pass_(timedelta(days=4))
    await records.record.settle(ticket_id, by=SettledBy.KEEPER)
    row = Row(line=2, at=datetime(2024, 3, 4, tzinfo=UTC), status=VinstStatus.IN_PROGRESS, who="Ada")
    return Driven(plan=plan(Case(case=name, rows=(row,))), ticket_id=ticket_id, said=list(commands))


async def test_an_honest_record_is_what_the_domain_says(records: Records, story_clock: StoryClock) -> None:
    """5.3, on both databases: commands in time, deadlines found late."""
    driven = await a_ticket(records, story_clock, TAKE_ON, HAND_OVER)

    findings = await look_into(records.queries, [driven], lambda: None)

    assert findings.is_sound
    assert findings.figures.opened == 1
    assert findings.figures.breached.total() > 3


async def test_a_line_that_was_changed_is_a_mismatch_with_both_sides(records: Records, story_clock: StoryClock) -> None:
    """The first line that differs is told, as the record has it and as the domain says it."""
    driven = await a_ticket(records, story_clock, TAKE_ON)
    async with records.database.engine.begin() as connection:
        await connection.execute(text("UPDATE events SET actor = 'Eve' WHERE ticket_id = 'T-7' AND actor = 'Ada'"))

    (mismatch,) = (await look_into(records.queries, [driven], lambda: None)).mismatches

    assert (mismatch.case, mismatch.ticket_id, mismatch.where) == ("7", "T-7", "line 1")
    assert mismatch.recorded.startswith(f"{MONDAY_NOON.isoformat()} Eve: Opened(")
    assert mismatch.derived.startswith(f"{MONDAY_NOON.isoformat()} Ada: Opened(")


async def test_a_state_that_is_not_its_logs_is_a_mismatch(records: Records, story_clock: StoryClock) -> None:
    """The state is what everybody acts on."""
    driven = await a_ticket(records, story_clock, TAKE_ON)
    async with records.database.engine.begin() as connection:
        changed = "UPDATE tickets SET state = REPLACE(CAST(state AS TEXT), 'Incident 7', 'Incident 8')"
        cast = "" if records.database.is_sqlite else "::json"
        await connection.execute(text(changed.replace("'Incident 8')", f"'Incident 8'){cast}")))

    (mismatch,) = (await look_into(records.queries, [driven], lambda: None)).mismatches

    assert (mismatch.where, mismatch.recorded, mismatch.derived) == (
        "state, subject",
        "'Incident 8'",
        "'Incident 7'",
    )


async def test_what_was_accepted_is_in_the_record_once(records: Records, story_clock: StoryClock) -> None:
    """The feed counts for itself: a command too few, one too many, another ticket, none at all."""
    driven = await a_ticket(records, story_clock, TAKE_ON, HAND_OVER)

    async def lost(**changed: object) -> tuple[str, ...]:
        given = {"plan": driven.plan, "ticket_id": driven.ticket_id, "said": driven.said, **changed}
        return (await look_into(records.queries, [Driven(**given)], lambda: None)).lost  # type: ignore[arg-type]  # its fields

    assert await lost(said=[TAKE_ON]) == (
        "case '7', ticket T-7: accepted were 1 commands, recorded 2: the shorter list is the beginning of the longer",
    )
    assert await lost(said=[HAND_OVER, TAKE_ON]) == (
        "case '7', ticket T-7: accepted were 2 commands, recorded 2: number 1 was Escalate, recorded is Acknowledge",
    )
    assert await lost(ticket_id="T-8") == ("case '7': the opening of T-8 is not in the record",)
    assert await lost(said=[TAKE_ON], unsure=HAND_OVER) == ()
    assert await lost() == ()


async def test_two_cases_are_not_one_ticket(records: Records, story_clock: StoryClock) -> None:
    """An opening that came to nothing because another one's ticket was given."""
    driven = await a_ticket(records, story_clock, TAKE_ON)
    other = await a_ticket(records, story_clock, name="8")
    other.ticket_id = driven.ticket_id

    findings = await look_into(records.queries, [driven, other], lambda: None)

    assert findings.lost[0] == "cases '7' and '8' were both opened as ticket T-7"
    assert "opened as 'Incident 8', recorded as 'Incident 7'" in findings.lost[1]


def left_in(folder: Path) -> list[str]:
    """Name what is left behind."""
    return [each.name for each in folder.iterdir()]


def number(out: str, name: str) -> int:
    """Read a figure off the summary."""
    found = re.search(rf"^ *{re.escape(name)} +(\d+) *$", out, re.MULTILINE)
    assert found, f"no figure {name!r} in:\n{out}"
    return int(found[1])
