"""`followthrough problem …` against a real intake: what is typed and shown, and exit codes that scripts rely on."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from tests.support.intake import Desk, a_desk
from tests.support.problems import tell_all


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    """A contact centre in front of a running intake."""
    async with a_desk(sqlite_url) as desk:
        yield desk


async def typed(desk: Desk, *words: str) -> Result:
    """Run the command; the server's loop goes on meanwhile."""
    command = ["problem", *words, "--server", str(desk.address)]
    return await asyncio.to_thread(CliRunner().invoke, main, command)


async def shown(desk: Desk, *words: str) -> list[dict[str, Any]]:
    """Run it, which must succeed; gives the objects that it says."""
    result = await typed(desk, *words, "--json")
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


async def a_problem(desk: Desk, *keys: str) -> str:
    """Open a problem by the command line, and link tickets to it."""
    [problem] = await shown(desk, "open", "no line in Leeds", "--words", "we are looking for it")
    if keys:
        await shown(desk, "link", problem["problem_id"], *keys)
    return str(problem["problem_id"])


async def test_a_problem_is_opened_linked_and_listed(desk: Desk) -> None:
    """Tickets by id or reference, however it is typed; people read tables, scripts read JSON."""
    first, second = await desk.open(), await desk.open()
    problem = await a_problem(desk)

    linked = await typed(desk, "link", problem.lower(), first.reference.lower(), second.ticket_id.lower())
    assert linked.exit_code == 0
    assert linked.stderr == "followthrough: 2 linked, 0 were already\n"
    assert "no line in Leeds" in linked.stdout
    again = await typed(desk, "link", problem, first.reference)
    assert again.stderr == "followthrough: 0 linked, 1 were already\n"
    twice = await typed(desk, "link", problem, first.reference, first.ticket_id)
    assert (twice.exit_code, twice.stderr) == (0, "followthrough: 0 linked, 1 were already\n")
    listed = await typed(desk, "tickets", problem)
    assert first.reference in listed.stdout
    unlinked = await typed(desk, "unlink", problem, first.reference, "--reason", "another matter")
    assert unlinked.stderr == "followthrough: 1 unlinked, 0 were not linked\n"
    table = await typed(desk, "list", "--kind", "fault")
    assert ("fault" in table.stdout, "investigating" in table.stdout) == (True, True)
    assert (await typed(desk, "list", "--kind", "improvement")).stderr == "followthrough: no problem matches\n"


async def test_an_announcement_is_made_watched_and_read(desk: Desk) -> None:
    """--watch waits until it is over; the rest of the time it goes on by itself."""
    ticket, other = await desk.open(), await desk.open()
    problem = await a_problem(desk, ticket.reference, other.reference)

    watching = asyncio.create_task(typed(desk, "update", problem, "a digger, by noon", "--per-second", "5", "--watch"))
    while not (live := await desk.records.announcing.unstarted(limit=1)):  # noqa: ASYNC110 - the command is on its way
        await asyncio.sleep(0.02)
    await tell_all(desk.records, live[0])
    result = await watching

    assert result.exit_code == 0
    assert "2 of 2 tickets" in result.stdout
    assert "5 a second" in result.stdout
    told = await shown(desk, "told", live[0], "--outcome", "told")
    assert {each["ticket_id"] for each in told} == {ticket.ticket_id, other.ticket_id}
    assert (await typed(desk, "told", live[0], "--outcome", "stuk")).stderr == (
        "followthrough: no ticket matches --outcome 'stuk': use told, waiting, closed, resolved, merged, unlinked, "
        "stuck, or why it was refused\n"
    )
    assert [(each["reference"], each.get("told_in")) for each in told] == [
        (ticket.reference, None),
        (other.reference, ticket.reference),
    ]
    table = (await typed(desk, "told", live[0])).stdout
    assert (table.count(ticket.reference), table.count(other.reference)) == (2, 1)
    [announced] = await shown(desk, "announcements", problem)
    assert announced["state"] == "ANNOUNCEMENT_STATE_DONE"
    assert "done" in (await typed(desk, "announcement", live[0])).stdout


async def test_an_announcement_in_more_languages_is_typed_and_shown(desk: Desk) -> None:
    """--words-in a language and its words, as often as there are languages; a wrong one is said as it was typed."""
    problem = await a_problem(desk, (await desk.open()).reference)
    wrong = await typed(desk, "fix", problem, "mended", "--words-in", "fr", "réparé")
    assert wrong.exit_code == 1
    assert "--words-in 'fr' is no language that messages are written in: those are de, en" in wrong.stderr
    made = await typed(desk, "fix", problem, "mended", "--words-in", "de", "repariert", "--words-in", "de-AT", "passt")
    assert made.exit_code == 0
    assert "in de" in made.stdout
    assert "repariert" in made.stdout
    assert "in de-AT" in made.stdout


async def test_an_announcement_is_paused_resumed_and_cancelled(desk: Desk) -> None:
    """One word each; what is over is refused with its state."""
    problem = await a_problem(desk, (await desk.open()).reference)
    [announced] = await shown(desk, "fix", problem, "the cable is mended")
    named = announced["announcement_id"]
    assert announced["tickets_per_second"] == 50
    for verb, state in (("pause", "PAUSED"), ("resume", "RUNNING"), ("cancel", "CANCELLED")):
        [now] = await shown(desk, verb, named.lower())
        assert now["state"] == f"ANNOUNCEMENT_STATE_{state}"
    refused = await typed(desk, "resume", named)
    assert refused.exit_code == 1
    assert "is 'cancelled': there is nothing to do [ANNOUNCEMENT_OVER]" in refused.stderr


async def test_what_is_refused_is_one_line_in_the_words_that_were_typed(desk: Desk) -> None:
    """A closed problem, one that there is not, a change of nothing: exit code 1 and the reason."""
    ticket = await desk.open()
    problem = await a_problem(desk)
    await shown(desk, "close", problem, "gone")
    closed = await typed(desk, "link", problem, ticket.reference)
    assert (closed.exit_code, "[PROBLEM_CLOSED]" in closed.stderr) == (1, True)
    unknown = await typed(desk, "show", "01KAJ2V3W8XK5R9T7B6N4M2QPD")
    assert unknown.exit_code == 1
    assert unknown.stderr == (
        "followthrough: refused: PROBLEM '01KAJ2V3W8XK5R9T7B6N4M2QPD' names no problem: "
        "look for it with `followthrough problem list` [UNKNOWN_PROBLEM]\n"
    )
    nothing = await typed(desk, "change", problem)
    assert (nothing.exit_code, "--state is missing" in nothing.stderr) == (1, True)
    stray = await typed(desk, "link", await a_problem(desk), "01KAJ2V3W8XK5R9T7B6N4M2QPD")
    assert stray.exit_code == 1
    assert stray.stderr == (
        "followthrough: refused: KEY '01KAJ2V3W8XK5R9T7B6N4M2QPD': there are no such tickets, and nothing was "
        "changed: leave them out [UNKNOWN_TICKET]\n"
    )
    misread = await typed(desk, "link", problem, "2222-2222")
    assert misread.stderr.startswith("followthrough: refused: KEY '2222-2222' names no ticket: ")
    assert (await typed(desk, "update", problem, "x", "--per-second", "501")).exit_code == 2
