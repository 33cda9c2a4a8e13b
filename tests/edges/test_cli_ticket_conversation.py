"""`followthrough ticket …` of what customers are promised, offered and told, against a real intake."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from google.protobuf.duration_pb2 import Duration
from rich.console import Console

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.handover_pb2 import Handover
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import LogTimeRequest, PostUpdateRequest
from services.cli import main
from services.cli.handover_shown import of_handover
from services.settings import PREFIX
from tests.support.intake import Desk, a_desk, of
from tests.support.policies import LINES, Standing
from workflows.domain.money import Money
from workflows.policies import PolicySet

MINUTE = timedelta(minutes=1)
GENEROUS = replace(LINES, credit_for_promise=Money(minor=500, currency="EUR"), leaving="high")


@dataclass(frozen=True, slots=True)
class Line:
    """A terminal beside a real desk."""

    desk: Desk

    async def run(self, *words: str) -> Result:
        """Run one command to its end, beside the loop that intake runs in."""
        return await asyncio.to_thread(CliRunner().invoke, main, ["ticket", *words])

    async def done(self, *words: str) -> str:
        """Run one command that must be obeyed; what it wrote, each blank one."""
        result = await self.run(*words)
        assert result.exit_code == 0, result.output
        return re.sub(" +", " ", result.stdout)


@pytest.fixture
async def line(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    """Give a command line whose settings name a real intake; it is Monday 2026-11-23, 09:00 in London."""
    promised = PolicySet(policies={GENEROUS.name: GENEROUS}, queues={"home": GENEROUS.name})
    async with a_desk(sqlite_url, policies=Standing(promised=promised)) as desk:
        monkeypatch.setenv(f"{PREFIX}INTAKE_ADDRESS", str(desk.address))
        monkeypatch.setenv(f"{PREFIX}ACTOR", "ana")
        monkeypatch.setenv("TZ", "UTC")
        yield Line(desk)


async def taken(line: Line) -> Ticket:
    """A ticket that ana has."""
    return await line.desk.take(await line.desk.open())


async def test_a_promise_is_shown_with_the_time_that_is_left(line: Line) -> None:
    """What was promised, to whom it falls, and when: beside the clocks (2.4)."""
    ticket = await taken(line)
    shown = await line.done("promise", ticket.reference, "call back", "2026-11-23T10:30", "--words", "We call you.")
    assert "call back 1 call back ana open Mon 23 Nov 2026 10:30:00 UTC 1 h 30 min\n" in shown
    assert " next_news 1 next news open Mon 23 Nov 2026 10:00:00 UTC " in shown


async def test_a_broken_promise_cannot_be_overlooked(line: Line) -> None:
    """In the ticket, in the list, with its credit; and that it was done late is said (2.4, 6.13)."""
    ticket = await taken(line)
    await line.done("promise", ticket.reference, "call back", "2026-11-23T09:20Z", "--words", "We call you.")
    line.desk.clock.pass_(30 * MINUTE)
    shown = await line.done("keep", ticket.reference, "call back", "She was in.")
    assert "BROKEN promise 'call back' 1\n" in shown
    assert "credit 1: 5.00 EUR, offered\n" in shown
    assert "call back 1 call back ana BROKEN, done late Mon 23 Nov 2026 09:30:00 UTC " in shown
    assert "BROKEN 1" in await line.done("list")
    log = await line.done("events", ticket.reference)
    assert "'call back' 1, kind: call back, owner: ana, due time: Mon 23 Nov 2026 09:20:00 UTC" in log
    assert "5.00 EUR, number: 1, of: promise, earned by:" in log
    why = await line.done("explain", ticket.reference, "--clock", "promise")
    assert (
        "promise 'call back' 1: breached\npromised for Mon 23 Nov 2026 09:20:00 GMT, by the clock on the wall\n" in why
    )


async def test_a_ticket_shows_what_was_asked_held_and_spent(line: Line) -> None:
    """The question that is waited with, why the desk waits, and how long people worked on it."""
    ticket = await taken(line)
    spent = Duration(seconds=25 * 60)
    await line.desk.ticket(of(ticket, LogTimeRequest(spent=spent, text="line test")))
    held = await line.done("hold", ticket.reference, "--reason", "a part from Leeds")
    assert "on hold a part from Leeds, since Mon 23 Nov 2026 09:00:00 UTC\n" in held
    assert "time spent 25 min\n" in held
    waiting = await line.done("wait", ticket.reference, "Which lamp is red?")
    assert "question Which lamp is red?\n" in waiting


async def test_a_ticket_shows_how_it_ended(line: Line) -> None:
    """The explanation, what was offered instead, and the customer's stars (6.7, 6.10)."""
    ticket = await taken(line)
    words = ("--outcome", "workaround", "--explanation", "Use the app.", "--alternative", "A paper form.")
    shown = await line.done("resolve", ticket.reference, *words)
    assert "explanation Use the app.\n" in shown
    assert "offered instead A paper form.\n" in shown
    await line.done("confirm", ticket.reference, "--customer", "c-1")
    assert "rated 2 of 5: Too slow.\n" in await line.done("rate", ticket.reference, "2", "Too slow.")


async def test_who_wants_to_leave_is_seen_at_once(line: Line) -> None:
    """The desk must not hold them up, so it says so."""
    words = ("--queue", "home", "--customer", "C-7", "--name", "Ada Byron", "--subject", "Cancel it")
    assert "wants to leave\n" in await line.done("open", *words, "--leaving")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("promise", "x", "2026-11-22T10:30", "--words", "x"),
            r"refused: .*'x'.* \[PROMISE_NOT_AHEAD\]",
        ),
        (("keep", "unheard of"), r"refused: .*'unheard of'.* \[PROMISE_UNKNOWN\]"),
        (("rate", "5"), r"refused: cannot rate.* \[WRONG_STATE\]"),
        (("confirm", "--customer", "c-2"), r"refused: .* \[NOT_THE_CUSTOMER\]"),
        (("decide", "1", "--approve", "--reason", "x"), r"refused: .*'team-lead'.* \[NOT_THE_LEAD\]"),
        (("update", "News.", "--keeps", "a", "--keeps", "a"), r"refused: --keeps number 2 'a' was given before"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
async def test_a_refusal_is_said_in_one_line(line: Line, words: tuple[str, ...], said: str) -> None:
    """Exit code 1, the fact, the remedy and the contract's reason."""
    ticket = await taken(line)
    result = await line.run(words[0], ticket.reference, *words[1:])
    assert result.exit_code == 1
    assert re.search(said, result.stderr), result.stderr


async def test_a_credit_of_a_number_that_none_has_is_not_asked_for(line: Line) -> None:
    """Exit code 2, and no more than the contract's numbers go."""
    result = await line.run("decide", "27PM-5WKN", "99999999999", "--approve", "--reason", "x")
    assert result.exit_code == 2
    assert "is out of range: give one from 1 to 2147483647" in result.stderr


async def test_a_handover_is_the_page_that_intake_wrote(line: Line) -> None:
    """Piped it is plain, by id and by reference; as JSON it is the contract's message."""
    ticket = await taken(line)
    await line.desk.ticket(of(ticket, PostUpdateRequest(text="We are on it.")))
    piped = await line.run("handover", ticket.reference)
    told = json.loads((await line.run("handover", ticket.ticket_id, "--json")).stdout)
    assert piped.stdout == told["page"]
    assert told["ticket"]["ticket_id"] == ticket.ticket_id
    assert told["told"]["said"][0]["text"] == "We are on it."
    assert "\x1b" not in piped.stdout
    unknown = await line.run("handover", "01KAJ2V3W8XK5R9T7B6N4M2QPD")
    assert (unknown.exit_code, "UNKNOWN_TICKET" in unknown.stderr) == (1, True)


def test_a_handover_says_loudly_what_was_not_kept() -> None:
    """On a terminal the broken part is red, titles are bold, and what customers wrote steers nothing."""
    page = "Handover of K7QM-3XVP\nNext: take it on\n\nBROKEN\n  'call \x1b[2J back'\n\nClocks\n  Mon\n"
    console = Console(force_terminal=True, color_system="standard", width=100, record=True)
    with console.capture() as captured:
        console.print(of_handover(Handover(page=page)))
    written = captured.get()
    assert "\x1b[1;31mBROKEN\x1b[0m" in written
    assert "\x1b[31m  'call  [2J back'\x1b[0m" in written
    assert "\x1b[1mClocks\x1b[0m" in written
    assert "\n  Mon\n" in written


def test_the_enums_of_the_commands_are_the_contracts() -> None:
    """What can be typed is what can be asked for."""
    kinds = ticket_pb2.PromiseKind.keys()[1:]
    assert [kind.removeprefix("PROMISE_KIND_").lower() for kind in kinds] == ["call_back", "next_news", "turnaround"]
