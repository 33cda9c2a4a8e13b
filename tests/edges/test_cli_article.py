"""`followthrough article …` against a running intake: files in, files out, a table or JSON, and an exit code."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from tests.support.intake import Desk, a_desk

Run = Callable[..., Awaitable[Result]]

SLOW = """---
id: slow-in-the-evening
title: Slow internet in the evening
language: en-GB
keywords: slow, speed, buffering
queues: home
---
Move the router away from the television, then restart it.
"""
BILL = """---
id: read-a-bill
title: How to read your bill
language: en
keywords: bill, refund
---
The first page shows what is due.
"""


@pytest.fixture
async def desk(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A running intake that the command line's settings name."""
    async with a_desk(sqlite_url) as desk:
        monkeypatch.setenv("FOLLOWTHROUGH_INTAKE_ADDRESS", str(desk.address))
        monkeypatch.setenv("FOLLOWTHROUGH_ACTOR", "kim")
        yield desk


@pytest.fixture
def run(desk: Desk) -> Run:
    """The command line, in a thread beside the intake."""
    del desk
    return lambda *words: asyncio.to_thread(CliRunner().invoke, main, ["article", *map(str, words)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two articles, and a file that is none of them."""
    (tmp_path / "slow.md").write_text(SLOW, encoding="utf-8")
    (tmp_path / "bill.md").write_text(BILL, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not an article", encoding="utf-8")
    return tmp_path


async def test_files_are_put_and_come_back_as_they_were(run: Run, folder: Path, tmp_path: Path) -> None:
    """Import, look, export: the same text again; putting it again changes nothing."""
    result = await run("put", folder)
    assert (result.exit_code, result.output) == (0, "followthrough: put 2 of 2 articles: 2 new\n")
    assert (await run("show", "slow-in-the-evening")).output == SLOW
    listed = (await run("list")).output
    assert [line.split()[:3] for line in listed.splitlines() if "-" in line[:20]][-2:] == [
        ["read-a-bill", "en", "1"],
        ["slow-in-the-evening", "en-GB", "1"],
    ]

    out = tmp_path / "made" / "here"
    assert (await run("export", out)).output == f"followthrough: wrote 2 articles to {out}\n"
    assert (out / "read-a-bill.md").read_text(encoding="utf-8") == BILL
    assert (await run("put", out)).output == "followthrough: put 2 of 2 articles: 2 unchanged\n"
    shown = json.loads((await run("show", "read-a-bill", "--json")).output)
    assert (shown["version"], shown["changed_by"], shown["keywords"]) == (1, "kim", ["bill", "refund"])


async def test_what_a_put_did_is_said(run: Run, folder: Path) -> None:
    """New, changed, unchanged: of many files a count each, of one beside its line."""
    first = await run("put", folder / "bill.md")
    assert "put 1 of 1 article: 1 new" in first.stderr
    (folder / "bill.md").write_text(BILL.replace("due", "owed"), encoding="utf-8")
    assert (await run("put", folder)).stderr == "followthrough: put 2 of 2 articles: 1 new, 1 changed\n"
    again = await run("put", folder / "bill.md")
    assert (again.stdout.count("read-a-bill"), again.stderr) == (1, "followthrough: put 1 of 1 article: 1 unchanged\n")
    await run("retire", "read-a-bill")
    assert (await run("put", folder)).stderr == "followthrough: put 2 of 2 articles: 1 changed, 1 unchanged\n"


async def test_one_file_is_put_under_the_version_it_was_decided_on(run: Run, folder: Path) -> None:
    """What somebody else changed since is not overwritten unawares."""
    file = folder / "bill.md"
    assert "read-a-bill" in (await run("put", file)).output
    file.write_text(BILL.replace("due", "owed"), encoding="utf-8")
    assert json.loads((await run("put", file, "--expected-version", 1, "--json")).output)["version"] == 2
    file.write_text(BILL.replace("due", "asked"), encoding="utf-8")
    result = await run("put", file, "--expected-version", 1)
    assert result.exit_code == 1
    assert "has version 2, and this was decided on version 1: read it again [STALE_VERSION]" in result.output
    result = await run("put", folder, "--expected-version", 1)
    assert result.exit_code == 2
    assert "--expected-version is of one article: put one file with it" in result.output


async def test_nothing_is_put_unless_every_file_can_be_read(run: Run, folder: Path) -> None:
    """A line for each file that is none, with what is wrong."""
    (folder / "a.md").write_text("no head", encoding="utf-8")
    (folder / "b.md").write_bytes(b"---\n\xff\n---\n")
    (folder / "c.md").write_text(BILL, encoding="utf-8")
    result = await run("put", folder)
    assert result.exit_code == 2
    assert [line.partition(".md: ")[2] for line in result.output.splitlines()] == [
        "line 1: an article begins with a line '---', its fields, and another '---'",
        "it is no UTF-8: save it as that",
        f"id 'read-a-bill' is that of {folder / 'bill.md'} too: give each its own",
    ]
    assert (await run("list")).output == "followthrough: no article matches\n"
    result = await run("put", folder / "nowhere.md")
    assert result.exit_code == 2
    (folder / "empty").mkdir()
    result = await run("put", folder / "empty")
    assert (result.exit_code, "there is no .md file in" in result.output) == (2, True)


async def test_a_refused_article_keeps_no_other_from_being_put(run: Run, folder: Path) -> None:
    """Each refusal is told with its file, the field, the value and the remedy; the others are put."""
    (folder / "a.md").write_text(BILL.replace("read-a-bill", "Read_a_bill"), encoding="utf-8")
    (folder / "b.md").write_text(SLOW.replace("home", "nowhere").replace("slow-in", "slow-on"), encoding="utf-8")
    result = await run("put", folder)
    assert result.exit_code == 1
    said, first, second = result.output.splitlines()
    assert said == "followthrough: put 2 of 4 articles: 2 new"
    assert f"{folder / 'a.md'}: refused: article_id 'Read_a_bill' is no article's id: write lower-case words" in first
    assert f"{folder / 'b.md'}: refused: queues 'nowhere' is unknown: use one of business, home" in second
    assert second.endswith("[UNKNOWN_QUEUE]")


async def test_what_customers_say_is_answered_and_reported(run: Run, desk: Desk, folder: Path) -> None:
    """Suggest for a text or a ticket, record what helped, retire, report: as a desk does by hand."""
    await run("put", folder)
    ticket = await desk.open(subject="everything is buffering")
    suggested = await run("suggest", '"refund"?! OR 1=1 🎉', "--json")
    assert [json.loads(line)["article_id"] for line in suggested.output.splitlines()] == ["read-a-bill"]
    for key in (ticket.reference, ticket.ticket_id):
        assert "slow-in-the-evening" in (await run("suggest", "--ticket", key)).output
    assert (await run("suggest", "🎉")).output == "followthrough: nothing that is known has to do with it\n"
    result = await run("suggest")
    assert result.exit_code == 1
    assert "refused: TEXT is missing: give it, or a --ticket, or both [REQUEST_INVALID]" in result.output

    assert (await run("helped", "read-a-bill", "--queue", "home")).output == (
        "followthrough: recorded that 'read-a-bill' helped\n"
    )
    assert (await run("retire", "slow-in-the-evening")).exit_code == 0
    assert "slow-in-the-evening" not in (await run("report")).output
    report = [line.split() for line in (await run("report", "--retired")).output.splitlines()]
    assert [line[:5] for line in report if line and "-" in line[0] and line[0][0].isalpha()] == [
        ["read-a-bill", "1", "1", "0", "0"],
        ["slow-in-the-evening", "2", "0", "0", "0"],
    ]
    shown = await run("show", "slow-in-the-evening")
    assert "is retired: it is suggested no more, until it is put again" in shown.output


def test_the_help_cuts_no_summary() -> None:
    """Every command with the whole of what it does."""
    told = CliRunner().invoke(main, ["article", "--help"]).stdout
    assert "Record that an article helped somebody, who now needs no ticket." in " ".join(told.split())
    assert "..." not in told.partition("Commands:")[2]


async def test_an_article_that_is_not_there_is_named(run: Run) -> None:
    """Whoever misspells one is told which, and where to look."""
    for words in (("show", "none-yet"), ("retire", "none-yet"), ("helped", "none-yet")):
        result = await run(*words)
        assert result.exit_code == 1
        assert "'none-yet' names no article: look for it with `followthrough article list`" in result.output
    assert (await run("report")).output.startswith("followthrough: there is no article yet")


async def test_nobody_answers(run: Run) -> None:
    """Exit code 2, and one line."""
    result = await run("list", "--server", "127.0.0.1:1")
    assert (result.exit_code, len(result.output.splitlines())) == (2, 1)
