"""What a ticket's life comes to: counts, so that they are judged here; and the page that is kept of them."""

import re
from pathlib import Path

import pytest

from services.words.kinds import KINDS
from tests.bench.left import Left, play
from tests.bench.living import HOW, PAGE, TOLD, Found, leaves, messages
from tests.bench.ordinary import LIVES
from tests.bench.reasons import AT_RISK, RULES
from workflows.domain.ticket.words import Audience

ROOT = Path(__file__).parents[2]
RULES_PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
BY_NAME = {life.name: life for life in LIVES}


def _call_broken(left: Left) -> None:
    """2.4, 6.13: owner, lead and customer are told, each once; the credit is in the apology and has no message."""
    told = {(kind, audience.value): number for (kind, audience), number in left.messages.items()}
    assert {audience: number for (kind, audience), number in told.items() if kind == "promise_broken"} == {
        "customer": 1,
        "owner": 1,
        "lead": 1,
    }
    assert (left.lines["promise_broken"], left.lines["credit_offered"], left.rows["customer_signals"]) == (1, 1, 1)
    assert "credit_offered" not in {kind for kind, _ in left.messages}


def _merged(left: Left) -> None:
    """6.7: two tickets, of which one tells its customer that it goes on in the other, and one is solved."""
    assert left.tickets == 2
    assert (left.messages["merged", Audience.CUSTOMER], left.messages["closed", Audience.CUSTOMER]) == (1, 1)


def _one_fault(left: Left) -> None:
    """Told once of the update and once of the fix; to be linked is no message."""
    customers = {kind: number for (kind, audience), number in left.messages.items() if audience is Audience.CUSTOMER}
    assert customers == {"opened": 1, "update_posted": 1, "resolved": 1, "closed": 1}
    assert left.announcing["WorkflowExecutionCompleted"] == left.rows["announcements"] == 2


JUDGED = {"call broken": _call_broken, "merged": _merged, "one fault": _one_fault}


def test_every_kind_of_message_has_its_rule() -> None:
    """Each that the rules can send, on each side that is told it, and no other."""
    assert set(RULES) == set(KINDS)


def test_every_rule_can_be_looked_up() -> None:
    """A number that is named for a message stands in docs/rules.md."""
    cited = {rule for rules in RULES.values() for rule in rules.split(", ")} - {AT_RISK}
    assert cited <= set(re.findall(r"^\| (\d\.\d+) \|", RULES_PAGE, re.MULTILINE))


def test_the_page_is_of_these_lives() -> None:
    """What it says of itself is what would be written now."""
    text = PAGE.read_text(encoding="utf-8")
    assert text.startswith(TOLD + "".join(f"- **{life.name}**: {life.told}\n" for life in LIVES))
    assert text.endswith(HOW)


@pytest.mark.parametrize("name", [name for name in BY_NAME if name not in JUDGED])
async def test_an_ordinary_life_leaves_what_the_page_says(sqlite_url: str, skipping_address: str, name: str) -> None:
    """Through gRPC, a record and Temporal; `make bench-life WRITE=1` writes the page anew when a rule has changed."""
    _require_as_kept(name, await play(sqlite_url, skipping_address, BY_NAME[name]))


@pytest.mark.parametrize("name", JUDGED)
async def test_a_life_leaves_what_the_rules_say(record_url: str, skipping_address: str, name: str) -> None:
    """The same of lives with a promise, two tickets and announcements, on each database; and what it has to be."""
    left = await play(record_url, skipping_address, BY_NAME[name])
    JUDGED[name](left)
    _require_as_kept(name, left)


def _require_as_kept(name: str, left: Left) -> None:
    """Counted both ways it is the same, no workflow is left, and the page says so."""
    assert sum(left.messages.values()) == left.rows["outbox"]
    assert sum(left.lines.values()) == left.rows["events"]
    assert left.history["WorkflowExecutionStarted"] == left.history["WorkflowExecutionCompleted"] == left.tickets
    assert _column({name: left}) == _kept(name), (
        "if that is meant: make bench-life WRITE=1, read docs/benchmarks/life.md, commit it"
    )


def _column(found: Found) -> dict[tuple[str, ...], str]:
    """What is counted of one life, by what stands before it in its row."""
    return {row[:-1]: row[-1] for _, rows in (messages(found), leaves(found)) for row in rows if row[-1]}


def _kept(name: str) -> dict[tuple[str, ...], str]:
    """The same of the page."""
    counted: dict[tuple[str, ...], str] = {}
    place = 0
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
        if cells[0] in {"message", "what"}:
            place = cells.index(name)
        elif line.startswith("|") and not line.startswith("| ---") and cells[place]:
            counted[cells[: -len(LIVES)]] = cells[place]
    return counted
