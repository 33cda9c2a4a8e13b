"""`followthrough queue …` against a real intake: what is typed and shown, and exit codes that scripts rely on."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from protos.followthrough.v1.queue_service_pb2 import CloseQueueRequest, ListQueueClosuresRequest, ReopenQueueRequest
from services.cli import main
from services.client import QueueClient
from tests.support.intake import Desk, a_desk


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    """A contact centre in front of a running intake."""
    async with a_desk(sqlite_url) as desk:
        yield desk


async def typed(desk: Desk, *words: str) -> Result:
    """Run the command; the server's loop goes on meanwhile."""
    command = ["queue", *words, "--server", str(desk.address)]
    return await asyncio.to_thread(CliRunner().invoke, main, command)


async def shown(desk: Desk, *words: str) -> list[dict[str, Any]]:
    """Run it, which must succeed; gives the objects that it says."""
    result = await typed(desk, *words, "--json")
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


async def test_a_queue_is_closed_listed_and_reopened(desk: Desk) -> None:
    """2.11: by hand, with who and why; people read tables, scripts read JSON."""
    assert (await typed(desk, "closures")).stderr == "followthrough: no queue is closed\n"
    [closure] = await shown(desk, "close", "home", "Snow on the hill road.", "--actor", "ops")
    assert (closure["queue"], closure["actor"], "end_time" in closure) == ("home", "ops", False)
    table = await typed(desk, "closures", "home")
    assert "Snow on the hill road." in table.stdout
    assert "it is reopened" in table.stdout
    over = await typed(desk, "reopen", closure["closure_id"].lower(), "The plough came.", "--actor", "ben")
    assert over.exit_code == 0
    assert "ben: The plough came." in over.stdout
    desk.clock.pass_(timedelta(seconds=1))
    assert (await typed(desk, "closures")).stderr == "followthrough: no queue is closed\n"
    assert [each["closure_id"] for each in await shown(desk, "closures", "--all")] == [closure["closure_id"]]


async def test_what_holds_besides_is_said(desk: Desk) -> None:
    """2.11: closures of one queue may overlap, and it is open when none of them holds; another queue's are its own."""
    [snow] = await shown(desk, "close", "home", "Snow.", "--actor", "ops")
    assert (await typed(desk, "close", "business", "Snow there.")).stderr == ""
    fire = await typed(desk, "close", "home", "A fire alarm.", "--actor", "ben", "--json")
    held = f"by closure {snow['closure_id']}, by ops, until it is reopened: Snow."
    assert fire.stderr == f"followthrough: 'home' is closed already {held}\n"
    desk.clock.pass_(timedelta(seconds=1))
    over = await typed(desk, "reopen", json.loads(fire.stdout)["closure_id"], "A false one.")
    assert (over.exit_code, over.stderr) == (0, f"followthrough: 'home' is still closed {held}\n")
    assert (await typed(desk, "reopen", snow["closure_id"], "The plough came.")).stderr == ""


async def test_what_holds_besides_is_what_holds_when_it_is_open_again(desk: Desk) -> None:
    """2.11: reopened for later: neither what is over by then, nor what has not begun."""
    instants = [f"{desk.clock.at + timedelta(hours=each):%Y-%m-%dT%H:%M:%SZ}" for each in range(6)]
    await shown(desk, "close", "home", "Snow.", "--until", instants[1])
    await shown(desk, "close", "home", "The works.", "--from", instants[5])
    [fire] = await shown(desk, "close", "home", "A fire alarm.")
    over = await typed(desk, "reopen", fire["closure_id"], "A false one.", "--at", instants[2])
    assert (over.exit_code, over.stderr) == (0, "")


def test_the_help_cuts_no_summary() -> None:
    """Every command with the whole of what it does, in the order of its life."""
    told = CliRunner().invoke(main, ["queue", "--help"]).stdout
    assert re.findall(r"^  ([a-z]+)  +[A-Z]", told, re.MULTILINE) == ["close", "reopen", "closures"]
    assert "for a REASON; one that is ahead does not take place." in " ".join(told.split())
    assert "..." not in told.partition("Commands:")[2]


async def test_what_cannot_be_is_refused_in_the_words_that_were_typed(desk: Desk) -> None:
    """Exit code 1 and one line with the remedy; nothing is closed."""
    past = await typed(desk, "close", "home", "Snow.", "--from", "2020-01-01T10:00Z")
    assert past.exit_code == 1
    assert past.stderr.startswith("followthrough: refused: --from is 2020-01-01 10:00:00 UTC, which is past")
    unknown = await typed(desk, "close", "hoem", "Snow.")
    assert (unknown.exit_code, "use one of business, home" in unknown.stderr) == (1, True)
    asked = await typed(desk, "closures", "hoem")
    assert asked.exit_code == 1
    told = "QUEUE 'hoem' is unknown, and was never closed: use one of business, home [UNKNOWN_QUEUE]"
    assert asked.stderr == f"followthrough: refused: {told}\n"
    nothing = await typed(desk, "reopen", "01M80WH4KWHE6E8WGW5Y4CPE06", "Over.")
    assert nothing.exit_code == 1
    assert nothing.stderr.endswith("look for it with `followthrough queue closures` [UNKNOWN_CLOSURE]\n")
    assert (await typed(desk, "close", "home", "Snow.", "--until", "tomorrow")).exit_code == 2


async def test_a_program_closes_and_reopens(desk: Desk) -> None:
    """The client gives each change who asks and an id of its own, and reads every page."""
    async with QueueClient(str(desk.address), caller="crm-1", actor="ops") as client:
        closed = [
            await client.close_queue(CloseQueueRequest(queue="home", reason=f"Reason {number}.")) for number in range(3)
        ]
        await client.reopen_queue(ReopenQueueRequest(closure_id=closed[0].closure_id, reason="Over."))
        request = ListQueueClosuresRequest(include_over=True, page_size=2)
        listed = [each.closure_id async for each in client.closures(request)]
    assert listed == [each.closure_id for each in reversed(closed)]


async def test_a_deadline_that_stands_still_for_it_is_explained_by_who_closed_it_and_why(desk: Desk) -> None:
    """8, 2.11: each pause with who and why, of what was open before and of what was opened meanwhile."""
    before = await desk.open()
    desk.clock.pass_(timedelta(minutes=1))
    await shown(desk, "close", "home", "Snow on the hill road.", "--actor", "lea")
    desk.clock.pass_(timedelta(minutes=1))
    await desk.take(before)
    meanwhile = await desk.open(subject="another one")
    for ticket in (before, meanwhile):
        words = ["ticket", "explain", ticket.reference, "--server", str(desk.address)]
        told = await asyncio.to_thread(CliRunner().invoke, main, words)
        assert re.search(r"stood still: queue closed: Snow on the hill road\. \(event \d+, by lea\)", told.stdout), (
            told.output
        )
        answer = (await asyncio.to_thread(CliRunner().invoke, main, [*words, "--json"])).stdout.splitlines()
        intervals = [each for line in answer for each in json.loads(line)["intervals"]]
        still = [each for each in intervals if "pause" in each]
        assert {(each["actor"], each["reason"]) for each in still} == {("lea", "Snow on the hill road.")}
