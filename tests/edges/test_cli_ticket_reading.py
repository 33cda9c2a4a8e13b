"""`followthrough ticket next`, `explain` and `watch`, against a real intake whose record's clock the test tells."""

import asyncio
import io
import json
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console

from protos.followthrough.v1.ledger_pb2 import ClockLedger, LedgerInterval
from protos.followthrough.v1.ticket_pb2 import ClockState, ContactKind, Outcome, Target, Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AddNoteRequest,
    ChangePriorityRequest,
    CloseTicketRequest,
    ConfirmResolutionRequest,
    ContinueTicketRequest,
    ExplainDeadlinesRequest,
    RecordContactRequest,
    ReopenTicketRequest,
    ResolveTicketRequest,
    WaitOnCustomerRequest,
)
from services.cli import explained, main, tables
from services.client import TicketClient
from services.intake.server import Limits
from services.records.owed_messages import WasSent
from services.settings import PREFIX, environment_with
from tests.support.intake import Desk, a_desk, of
from tests.support.processes import PROGRAM, running

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Line:
    """A terminal beside a real desk."""

    desk: Desk

    async def run(self, *words: str) -> Result:
        """Run one command to its end, beside the loop that intake runs in."""
        return await asyncio.to_thread(CliRunner().invoke, main, ["ticket", *words])


@pytest.fixture
async def line(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    """Give a command line whose settings name a real intake; it is Monday 2026-11-23, 09:00 in London."""
    async with a_desk(sqlite_url) as desk:
        monkeypatch.setenv(f"{PREFIX}INTAKE_ADDRESS", str(desk.address))
        monkeypatch.setenv(f"{PREFIX}ACTOR", "ana")
        monkeypatch.setenv("TZ", "UTC")
        yield Line(desk)


async def waited_an_hour(desk: Desk) -> Ticket:
    """Opened at 09:00, taken on at 09:10, waiting from 09:30:30.5 to 11:00, when the customer answers."""
    ticket = await desk.open()
    desk.clock.pass_(timedelta(minutes=10))
    await desk.take(ticket)
    desk.clock.pass_(timedelta(minutes=20, seconds=30, milliseconds=500))
    await desk.ticket(of(ticket, WaitOnCustomerRequest(question="Which lamp is red?")))
    desk.clock.pass_(timedelta(hours=1, minutes=29, seconds=29, milliseconds=500))
    answer = RecordContactRequest(kind=ContactKind.CONTACT_KIND_INFORMATION, channel="phone", text="The left.")
    return await desk.ticket(of(ticket, answer))


async def test_a_deadline_is_explained_to_the_second(line: Line) -> None:
    """Semantics 8: intervals, pauses with who and why, target, version, deadline; the half second is the deadline's."""
    ticket = await waited_an_hour(line.desk)
    line.desk.clock.pass_(timedelta(minutes=15))

    result = await line.run("explain", ticket.reference, "--clock", "resolve")

    assert result.exit_code == 0, result.output
    version = ticket.policy_version
    calendar = next(text for text in result.stdout.splitlines() if text.startswith("promised"))
    assert calendar.startswith("promised  8 h, counted in Europe/London ")
    assert [text.rstrip() for text in result.stdout.splitlines() if text != calendar] == [
        "resolve 1 of agent: running",
        f"policy    version {version}, zone rules {(await ledger_of(line.desk, ticket))['tzdata']}",
        "started   Mon 23 Nov 2026 09:00:00 GMT (2026-11-23 09:00:00 UTC)",
        "",
        " #  from                 until                  counted        sum",
        " 1  Mon 23 Nov 09:00:00  Mon 23 Nov 09:30:30    0:30:30    0:30:30",
        " 2  Mon 23 Nov 09:30:30  Mon 23 Nov 11:00:00          -    0:30:30",
        "    stood still: waiting on customer (event 14, by ana)",
        " 3  Mon 23 Nov 11:00:00  now                    0:15:00    0:45:30",
        "    went on (event 19, by ana)",
        "",
        "spent     0:45:30 of 8:00:00, left 7:14:30",
        "now       Mon 23 Nov 2026 11:15:00 GMT (2026-11-23 11:15:00 UTC)",
        "deadline  Tue 24 Nov 2026 08:29:29 GMT (2026-11-24 08:29:29 UTC)",
    ]


async def ledger_of(desk: Desk, ticket: Ticket) -> dict[str, str]:
    """Read the first ledger as the contract tells it."""
    async with TicketClient(str(desk.address), caller="crm-1", actor="ana") as client:
        async for ledger in client.ledgers(ExplainDeadlinesRequest(ticket_id=ticket.ticket_id)):
            return {"tzdata": ledger.tzdata}
    raise AssertionError("it has no clock")


async def test_a_night_is_told_as_outside_the_hours(line: Line) -> None:
    """3.4: from Monday 17:00 to Tuesday 10:00 in London pass 17 hours, of which the desk is open for three."""
    line.desk.clock.pass_(8 * HOUR)
    ticket = await line.desk.open(priority="normal")
    line.desk.clock.pass_(17 * HOUR)

    result = await line.run("explain", ticket.ticket_id, "--clock", "resolve")

    lines = result.stdout.splitlines()
    assert " 1  Mon 23 Nov 17:00:00  now                    3:00:00    3:00:00" in lines
    assert "    outside the hours: 14:00:00" in lines


async def test_another_priority_is_explained_where_it_begins(line: Line) -> None:
    """6.11: the new target counts from the clock's own start; the stretch from then on says what is allowed."""
    ticket = await line.desk.open(priority="normal")
    line.desk.clock.pass_(HOUR)
    await line.desk.ticket(of(ticket, ChangePriorityRequest(priority="urgent", reason="the shop is shut")))

    result = await line.run("explain", ticket.ticket_id, "--clock", "resolve")

    lines = result.stdout.splitlines()
    assert " 1  Mon 23 Nov 09:00:00  Mon 23 Nov 10:00:00    1:00:00    1:00:00" in lines
    assert " 2  Mon 23 Nov 10:00:00  now                    0:00:00    1:00:00" in lines
    assert any(line.startswith("    from here on 8 h allowed (event ") for line in lines)
    assert any(line.startswith("promised  27 h, from Mon 23 Nov 10:00:00 on 8 h, counted in ") for line in lines)
    assert any(line.startswith("spent     1:00:00 of 8:00:00, left 7:00:00") for line in lines)


async def test_what_is_shown_adds_up(line: Line) -> None:
    """However the microseconds fall: counted lengths make the sums, sums and what is left make what was promised."""
    ticket = await waited_an_hour(line.desk)
    for part in (400, 700, 300):
        line.desk.clock.pass_(timedelta(seconds=1, milliseconds=part))
        await line.desk.ticket(of(ticket, WaitOnCustomerRequest(question="And now?")))
        line.desk.clock.pass_(timedelta(milliseconds=part))
        await line.desk.ticket(of(ticket, ContinueTicketRequest(reason="seen from here")))

    shown = (await line.run("explain", ticket.reference, "--clock", "resolve")).stdout.splitlines()

    total = 0
    rows = [text.split() for text in shown if text[:3].strip().isdigit()]
    for *_, counted, summed in rows:
        total += 0 if counted == "-" else seconds(counted)
        assert seconds(summed) == total
    (spent,) = (text.split() for text in shown if text.startswith("spent"))
    assert len(rows) == 9
    assert seconds(spent[1]) == total
    assert seconds(spent[1]) + seconds(spent[5]) == seconds(spent[3].rstrip(","))


def seconds(clock: str) -> int:
    """Read `h:mm:ss`."""
    hours, minutes, rest = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(rest)


async def test_the_ledger_fits_eighty_columns(line: Line) -> None:
    """No row of it is folded there."""
    ticket = await waited_an_hour(line.desk)
    async with TicketClient(str(line.desk.address), caller="crm-1", actor="ana") as client:
        ledgers = [each async for each in client.ledgers(ExplainDeadlinesRequest(ticket_id=ticket.ticket_id))]
    console = Console(width=80, file=io.StringIO())

    console.print(explained.of_ledgers(ledgers))

    written = console.file.getvalue().splitlines()  # type: ignore[attr-defined]  # it was given above
    assert max(len(text) for text in written) <= 80
    assert [text[:3].strip() for text in written if text[4:8] in {"Mon ", "from"}][:3] == ["#", "1", "#"]


def test_a_tier_entered_again_goes_on_from_what_it_had_spent() -> None:
    """2.3: what was carried over stands first in the sum; a breach shows the deadline that was broken."""
    start, end = Timestamp(seconds=1795435200), Timestamp(seconds=1795437000)  # Mon 2026-11-23, 12:00 and 12:30 UTC
    ledger = ClockLedger(
        target=Target.TARGET_TIER_RESOLVE,
        run=2,
        tier="agent",
        state=ClockState.CLOCK_STATE_BREACHED,
        calendar="Europe/Berlin mon-fri 08:00-18:00",
        policy_version="abc",
        tzdata="2026f",
        start_time=start,
        deadline_time=end,
        length=Duration(seconds=7200),
        carried=Duration(seconds=5400),
        counted=Duration(seconds=1800),
        spent=Duration(seconds=7200),
        intervals=[
            LedgerInterval(
                number=1,
                start_time=start,
                end_time=end,
                counted=Duration(seconds=1800),
                sequence=9,
                length=Duration(seconds=7200),
            )
        ],
    )
    console = Console(width=80, file=io.StringIO())

    console.print(explained.of_ledger(ledger))

    assert [text.rstrip() for text in console.file.getvalue().splitlines()] == [  # type: ignore[attr-defined]  # it was given above
        "tier resolve 2 of agent: breached",
        "promised  2 h, counted in Europe/Berlin mon-fri 08:00-18:00",
        "policy    version abc, zone rules 2026f",
        "started   Mon 23 Nov 2026 13:00:00 CET (2026-11-23 12:00:00 UTC)",
        "",
        " #  from                 until                  counted        sum",
        "                         carried over           1:30:00    1:30:00",
        " 1  Mon 23 Nov 13:00:00  Mon 23 Nov 13:30:00    0:30:00    2:00:00",
        "",
        "spent     2:00:00 of 2:00:00, left 0:00:00",
        "deadline  Mon 23 Nov 2026 13:30:00 CET (2026-11-23 12:30:00 UTC)",
    ]


@pytest.mark.parametrize("words", [(), ("--clock", "promise"), ("--clock", "promise", "--live")])
async def test_a_promise_is_explained_in_the_policys_zone(line: Line, words: tuple[str, ...]) -> None:
    """2.7: for an instant, by the same wall as the clocks beside it, whichever of them are asked for."""
    line.desk.clock.pass_(timedelta(days=200))
    ticket = await line.desk.open()

    result = await line.run("explain", ticket.reference, *words)

    assert result.exit_code == 0, result.output
    first = next(part for part in result.stdout.split("\n\n") if part.startswith("promise 'next_news' 1"))
    assert re.search(
        r"^promised +for \w{3} 11 Jun 2027 \d\d:\d\d:00 BST, by the clock on the wall$", first, re.MULTILINE
    )
    assert "made      Fri 11 Jun 2027 10:00:00 BST (2027-06-11 09:00:00 UTC)" in first


async def test_only_live_clocks_when_asked(line: Line) -> None:
    """The acknowledgement was met at 09:10: it is in the whole ledger, and not among what still counts."""
    ticket = await waited_an_hour(line.desk)

    whole, live = [
        {(each["target"], each["state"]) for each in map(json.loads, (await line.run(*words)).stdout.splitlines())}
        for words in (
            ("explain", ticket.reference, "--json"),
            ("explain", ticket.reference, "--json", "--live"),
        )
    ]

    assert ("TARGET_ACKNOWLEDGE", "CLOCK_STATE_MET") in whole - live
    assert {state for _, state in live} == {"CLOCK_STATE_RUNNING"}


async def test_next_is_mine_and_the_most_pressing_first(line: Line) -> None:
    """Ana's two tickets, the urgent one first, with the time left by the record's clock; nobody else's."""
    normal, urgent, others = [await line.desk.open(priority=each) for each in ("normal", "urgent", "urgent")]
    for ticket, handler in ((normal, "ana"), (urgent, "ana"), (others, "lee")):
        await line.desk.take(ticket, handler)
    line.desk.clock.pass_(timedelta(minutes=20))

    mine = await line.run("next")
    nobodys = await line.run("next", "--untaken", "--tier", "agent")
    hers = await line.run("next", "--handler", "eve", "--queue", "home")

    rows = [text.split() for text in mine.stdout.splitlines() if text.strip()][2:]
    assert [row[0] for row in rows] == [urgent.reference, normal.reference]
    assert rows[0][1:5] == ["40", "min", "2026-11-23", "10:00"]
    assert (nobodys.exit_code, nobodys.stdout) == (0, "")
    assert nobodys.stderr == "followthrough: nothing waits to be taken (--tier 'agent')\n"
    assert hers.stderr == "followthrough: 'eve' has nothing to do (--queue 'home')\n"


async def test_next_shows_what_i_promised_on_others_tickets(line: Line) -> None:
    """2.4: a promise stays its owner's: on the ticket of another handler it is due at its own instant, and named."""
    mine, others = [await line.desk.open(priority=each) for each in ("normal", "urgent")]
    await line.desk.take(mine)
    await line.desk.take(others)
    promised = await line.run("promise", others.reference, "call", "11:30", "--words", "We call you.")
    await line.run("assign", others.reference, "lee")
    line.desk.clock.pass_(timedelta(minutes=20))

    listed = await line.run("next")

    assert promised.exit_code == 0, promised.output
    rows = [re.split(r"  +", text.strip()) for text in listed.stdout.splitlines() if text.strip()]
    assert rows[0][:4] == ["reference", "left", "you promised", "deadline (UTC)"]
    told = {row[0]: row[1:] for row in rows[2:]}
    assert told[others.reference][:3] == ["2 h 10 min", "'call'", "2026-11-23 11:30"]
    assert list(told) == [others.reference, mine.reference]

    await line.run("keep", others.reference, "call")
    assert others.reference not in (await line.run("next")).stdout


async def test_a_time_alone_is_that_of_the_records_today(line: Line) -> None:
    """5.1: the record's clock says which day it is, not the terminal's, and what was made of it is said."""
    ticket = await line.desk.take(await line.desk.open())
    line.desk.clock.pass_(timedelta(days=400))

    result = await line.run("promise", ticket.reference, "call", "9:30", "--words", "We call you.", "--json")
    past = await line.run("promise", ticket.reference, "another", "08:30", "--words", "We call you.")
    closed = await line.run("ack", ticket.reference, "--tier", "agent", "--turnaround", "25:00")

    said = "09:30 is read as Tue 28 Dec 2027 09:30 UTC: by the record's clock it is Tue 28 Dec 2027 09:00"
    assert result.stderr == f"followthrough: {said}\n"
    [promise] = [each for each in json.loads(result.stdout)["promises"] if each["name"] == "call"]
    assert promise["promise_time"] == "2027-12-28T09:30:00Z"
    assert past.exit_code == 1
    assert "[PROMISE_NOT_AHEAD]" in past.stderr
    assert "2027-12-28 08:30" in past.stderr
    assert closed.exit_code == 2


async def test_other_tickets_are_called_by_their_references(line: Line) -> None:
    """6.3: people know references, programs ids; `show` says what it follows and what was merged into it."""
    first, second = await line.desk.open(), await line.desk.open()
    follower = await line.desk.open(follows=first.ticket_id)
    await line.run("merge", second.reference, "--into", follower.reference)

    shown = await line.run("show", follower.reference)

    assert re.search(rf"^follows +{first.reference}$", shown.stdout, re.MULTILINE)
    assert re.search(rf"^merged into it +{second.reference}$", shown.stdout, re.MULTILINE)
    whole = json.loads((await line.run("show", follower.reference, "--json")).stdout)
    assert (whole["follows"], whole["merged"]) == (first.ticket_id, [second.ticket_id])


async def test_what_waits_to_be_taken_is_next_for_the_tier(line: Line) -> None:
    """With what is late already told as late: 20 minutes on, 15 to acknowledge."""
    ticket = await line.desk.open()
    line.desk.clock.pass_(timedelta(minutes=20))

    result = await line.run("next", "--untaken", "--tier", "agent")

    assert ticket.reference in result.stdout
    assert " 5 min late " in result.stdout


async def test_while_it_was_closed_is_told_between_the_stretches(line: Line) -> None:
    """6.9: confirmed at 09:40 and reopened at 10:00, the resolve clock has no stretch between; that is said."""
    ticket = await line.desk.take(await line.desk.open())
    line.desk.clock.pass_(timedelta(minutes=30))
    await line.desk.ticket(of(ticket, ResolveTicketRequest(outcome=Outcome.OUTCOME_FIXED, explanation="Replaced.")))
    line.desk.clock.pass_(timedelta(minutes=10))
    await line.desk.ticket(of(ticket, ConfirmResolutionRequest()))
    line.desk.clock.pass_(timedelta(minutes=20))
    await line.desk.ticket(of(ticket, ReopenTicketRequest(reason="It is back.")))

    lines = (await line.run("explain", ticket.reference, "--clock", "resolve")).stdout.splitlines()

    row = lines.index(" 2  Mon 23 Nov 09:30:00  Mon 23 Nov 09:40:00          -    0:30:00")
    assert lines[row + 1].startswith("    stood still: resolved (event ")
    assert lines[row + 2] == "    closed from Mon 23 Nov 09:40:00 to Mon 23 Nov 10:00:00"
    assert lines[row + 3] == " 3  Mon 23 Nov 10:00:00  now                    0:00:00    0:30:00"
    assert lines[row + 4].startswith("    reopened, went on (event ")


async def test_a_ticket_is_shown_as_of_the_records_now(line: Line) -> None:
    """20 minutes on, 20 are spent and 40 left, though the ticket was last written down when they began."""
    ticket = await line.desk.take(await line.desk.open())
    line.desk.clock.pass_(timedelta(minutes=20))

    shown = (await line.run("show", ticket.reference)).stdout
    noted = (await line.run("note", ticket.reference, "Seen.")).stdout

    for said in (shown, noted):
        (update,) = (text.strip() for text in said.splitlines() if text.startswith(" update "))
        assert re.split(" {2,}", update)[3:] == [
            *("running", "20 min of 1 h", "40 min", "Mon 23 Nov 2026 10:00:00 UTC", "40 min")
        ]
        assert re.search(r"next deadline +Mon 23 Nov 2026 10:00:00 UTC \(in 40 min\)", said)


async def test_what_was_forgotten_takes_no_deadline_from_what_is_shown(line: Line) -> None:
    """The ticket that this one follows is known by its id still; all else is shown as ever."""
    old = await line.desk.resolve(await line.desk.take(await line.desk.open()))
    old = await line.desk.ticket(of(old, CloseTicketRequest(reason="agreed")))
    while messages := await line.desk.records.outbox.take(limit=100, lease_seconds=600):
        await line.desk.records.outbox.write_down([WasSent(message=message) for message in messages])
    line.desk.clock.pass_(timedelta(days=85))
    ticket = await line.desk.open(follows=old.ticket_id)
    line.desk.clock.pass_(timedelta(days=10))
    before = (await line.run("show", ticket.reference)).stdout
    assert await line.desk.records.upkeep.purge_tickets(older_than=timedelta(days=90), limit=9) == 1

    shown = (await line.run("show", ticket.reference)).stdout

    assert "next deadline" in before
    assert shown.replace(old.ticket_id, old.reference) == before


async def test_a_broken_promise_cannot_be_overlooked(line: Line) -> None:
    """4.1: nobody took it for days: `list` and `next` count those that the ticket tells, `show` names them."""
    ticket = await line.desk.open()
    line.desk.clock.pass_(48 * HOUR)
    await line.desk.ticket(of(ticket, AddNoteRequest(text="What is due is settled before this.")))

    commands = (["list"], ["next", "--untaken"], ["show", ticket.reference])
    listed, due, shown = [(await line.run(*words)).stdout for words in commands]

    assert re.search(rf"{ticket.reference} .* BROKEN [1-9] ", listed)
    assert re.search(rf"{ticket.reference} .* BROKEN [1-9] ", due)
    assert re.search(r"^BROKEN +acknowledge .*update \d+ times.*resolve 1 of agent", shown, re.MULTILINE)
    assert re.search(r"^ resolve +1 +agent +BROKEN +8 h of 8 h$", shown, re.MULTILINE)


@pytest.mark.parametrize("width", [40, 60])
async def test_a_narrow_terminal_shows_ledger_and_log_too(line: Line, width: int) -> None:
    """Words are not torn apart: a stretch takes two lines, an event as many as it needs."""
    ticket = await waited_an_hour(line.desk)
    console = Console(width=width, file=io.StringIO())
    async with TicketClient(str(line.desk.address), caller="crm-1", actor="ana") as client:
        request = ExplainDeadlinesRequest(ticket_id=ticket.ticket_id, target=Target.TARGET_RESOLVE)
        console.print(explained.of_ledgers([each async for each in client.ledgers(request)]))
        console.print(tables.Events([each async for each in client.events(ticket.ticket_id)]))

    written = [text.rstrip() for text in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]  # it was given above
    assert max(map(len, written)) <= width
    assert "    0:30:30, sum 0:30:30" in written
    assert any(text.startswith(" 1  Mon 23 Nov 09:00:00") for text in written)
    assert any("waiting on customer" in text for text in written)


async def test_an_id_is_read_in_any_case(line: Line) -> None:
    """Whoever copied it through something that lowers its letters still means this ticket."""
    ticket = await line.desk.open()

    for words in (("show", "--json"), ("note", "Seen.", "--json")):
        result = await line.run(words[0], ticket.ticket_id.lower(), *words[1:])
        assert json.loads(result.stdout)["ticket_id"] == ticket.ticket_id


async def test_a_refusal_by_intake_is_in_the_words_that_were_typed(line: Line) -> None:
    """Options and their values, not fields and enums of the contract; all of it from a real intake."""
    ticket = await line.desk.open()
    key, request_id = ticket.reference, "1b4e28ba-2fa1-4d52-883f-0016d3cca427"
    await line.run("note", key, "Seen.", "--request-id", request_id)

    for words, said in (
        (("note", key, "x", "--expected-version", "7"), "--expected-version is 7, the ticket is at 1"),
        (("note", key, "Other.", "--request-id", request_id), "--request-id was used before for something else"),
        (("resolve", key, "--outcome", "duplicate", "--explanation", "x"), "name it in --duplicate-of"),
        (
            (*("resolve", key, "--outcome", "duplicate", "--explanation", "x"), "--duplicate-of", key, "--keeps", "y"),
            "--duplicate-of is the ticket itself: name the one that goes on",
        ),
        (
            ("resolve", key, "--explanation", "x", "--alternative", "y"),
            "--alternative goes with --outcome workaround or not_feasible only",
        ),
        (("time", key, "10000h"), "SPENT is 10000 h: the most is 1000 h"),
    ):
        result = await line.run(*words)
        assert result.exit_code == 1
        assert said in result.stderr


async def test_what_is_piped_ends_without_blanks(line: Line) -> None:
    """A line ends where its last word does, in every table."""
    ticket = await waited_an_hour(line.desk)

    for words in (
        ("list",),
        ("next",),
        ("show", ticket.reference),
        ("events", ticket.reference),
        ("explain", ticket.reference),
    ):
        said = (await line.run(*words)).stdout
        assert [text for text in said.splitlines() if text != text.rstrip()] == []


async def test_a_watch_without_room_is_refused_at_once(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told that a ticket is watched when it is not, nor left to wait for a minute."""
    async with a_desk(sqlite_url, limits=Limits(max_streams=0)) as desk:
        monkeypatch.setenv(f"{PREFIX}INTAKE_ADDRESS", str(desk.address))
        ticket = await desk.open()
        result = await Line(desk).run("watch", ticket.reference)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "watching" not in result.stderr
    assert "[TOO_MANY_CALLS]" in result.stderr


@pytest.mark.parametrize("form", [[], ["--json"]])
async def test_a_watch_tells_what_happens_until_ctrl_c(line: Line, form: list[str]) -> None:
    """From now on, each event once; Ctrl-C is the way out and no failure."""
    ticket = await line.desk.take(await line.desk.open())
    env = environment_with({"intake_address": str(line.desk.address)})
    async with running("ticket", "watch", ticket.reference, *form, env=env) as watching:
        await watching.log(rf"watching {ticket.reference}, from event {ticket.sequence + 1} on; Ctrl-C ends it")
        await line.desk.ticket(of(ticket, WaitOnCustomerRequest(question="Which lamp is red?")))
        await watching.say("Which lamp is red")
        assert await watching.stop(signal.SIGINT) == 0

    first = watching.said.splitlines()[0]
    assert f'"sequence": {ticket.sequence + 1},' in first if form else first.startswith(f"{ticket.sequence + 1:>4}  ")


@pytest.mark.parametrize(
    "words",
    [("events", "K", "--after"), ("watch", "K", "--after"), ("ack", "K", "--tier", "agent", "--expected-version")],
)
async def test_a_number_that_the_contract_has_no_room_for_is_not_understood(line: Line, words: tuple[str, ...]) -> None:
    """A usage error that names the range, with nothing asked."""
    ended = await line.run(*words, str(2**31))

    assert ended.exit_code == 2
    assert "2147483648 is out of range: give one from 0 to 2147483647" in ended.output


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("words", [("--help",), ("ticket", "show", "--help")], ids=" ".join)
def test_an_output_that_takes_no_more_is_told_in_one_line(words: tuple[str, ...]) -> None:
    """No traceback, and no success, when the answer went nowhere."""
    with Path("/dev/full").open("w", encoding="ascii") as full:
        ended = subprocess.run([PROGRAM, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 - ours

    assert ended.returncode == 2
    assert ended.stderr == (
        "followthrough: the answer could not be written: no space left on device: see where the output goes\n"
    )
