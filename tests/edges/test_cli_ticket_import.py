"""`followthrough ticket import` and `merge`: a file in, a request a ticket out, and what could not be brought in."""

import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from click.testing import CliRunner, Result
from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    GetTicketRequest,
    ImportTicketRequest,
    ListTicketsRequest,
    ListTicketsResponse,
    MergeTicketsRequest,
)
from services.cli import main
from services.cli.import_file import Asked, read
from services.intake.convert import to_import
from tests.support.desk import Desk, No, serving
from tests.support.policies import LINES
from workflows.domain.ticket.judge import open_ticket
from workflows.domain.ticket.words import Status

ROOT = Path(__file__).resolve().parents[2]

IMPLAUSIBLE = No(
    code=grpc.StatusCode.INVALID_ARGUMENT,
    text="clocks[0].used 9 h cannot be; and 1 more, see the details",
    reason="IMPORT_IMPLAUSIBLE",
    blamed={"clocks[0].used": "clocks[0].used 9 h cannot be", "chases": "chases 7 cannot be"},
)
NO_OPERATOR = No(code=grpc.StatusCode.PERMISSION_DENIED, text="actor 'olga' is no operator", reason="NOT_AN_OPERATOR")


@pytest.fixture
def desk_and_run(tmp_path: Path) -> Iterator[tuple[Desk, "Run"]]:
    """An intake that answers what it is told, and what asks it."""
    desk = Desk(always={ListTicketsRequest: ListTicketsResponse(as_of_time=Timestamp(seconds=1000))})
    with serving(desk) as address:
        yield desk, Run(tmp_path, str(address))


class Run:
    """Runs the command line on a file."""

    def __init__(self, folder: Path, server: str) -> None:
        self._path = folder / "tickets.json"
        self._server = server

    def imports(self, content: str | bytes, *words: str) -> Result:
        """Import a file of that content."""
        self._path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self("import", str(self._path), "--actor", "olga", *words)

    def __call__(self, *words: str) -> Result:
        """Run `followthrough ticket`."""
        return CliRunner().invoke(main, ["ticket", *words, "--server", self._server])


def item(reference: str = "INC1", **more: object) -> dict[str, object]:
    """A ticket from elsewhere, as people would write it."""
    return {
        "queue": "home",
        "priority": "normal",
        "customer": {"external_id": "c-1", "display_name": "Ada Example", "language": "en-GB", "zone": "Europe/London"},
        "subject": "no line",
        "channel": "phone",
        "open_time": "2026-11-23T08:00:00Z",
        "tier": "agent",
        "status": "in_progress",
        "handler": "ann",
        "clocks": [{"target": "resolve", "used": "5h30m"}, {"target": "TARGET_UPDATE", "used": "90s"}],
        "breaches": [{"target": "acknowledge", "due_time": "2026-11-23T09:00:00Z"}],
        "references": [reference],
        **more,
    }


def imported(number: int = 1) -> Ticket:
    """The answer."""
    return Ticket(ticket_id=f"01KB{number}", reference=f"K7QM-3XV{number}")


def test_a_list_is_brought_in_one_by_one_in_peoples_words(desk_and_run: tuple[Desk, Run]) -> None:
    """6.14: closed sets and lengths as people write them; what each ticket is called there and here."""
    desk, run = desk_and_run
    desk.answers += [imported(1), imported(2)]

    result = run.imports(json.dumps([item("INC1"), item("INC2")]))

    assert result.exit_code == 0, result.output
    assert result.stdout == "INC1 -> K7QM-3XV1 01KB1\nINC2 -> K7QM-3XV2 01KB2\n"
    assert "brought in 2 of 2" in result.stderr
    first = desk.asked[0]
    assert isinstance(first, ImportTicketRequest)
    assert (first.actor, first.caller, first.status) == (
        "olga",
        "followthrough-cli",
        ticket_pb2.TICKET_STATUS_IN_PROGRESS,
    )
    assert [(clock.target, clock.used.seconds) for clock in first.clocks] == [
        (ticket_pb2.TARGET_RESOLVE, 19800),
        (ticket_pb2.TARGET_UPDATE, 90),
    ]


def test_the_same_file_asks_under_the_same_ids(desk_and_run: tuple[Desk, Run]) -> None:
    """5.5: drawn from what a ticket is called elsewhere, so that none is brought in twice; one that is given stays."""
    desk, run = desk_and_run
    own, unnamed = str(uuid.uuid4()), item("")
    del unnamed["references"]
    file = "\n".join(json.dumps(each) for each in (item("INC1"), item("INC2", request_id=own), unnamed))
    desk.answers += [imported()] * 6

    assert [run.imports(file).exit_code for _ in range(2)] == [0, 0]

    ids = [request.request_id for request in desk.asked]  # type: ignore[attr-defined]  # of imports only
    assert ids[:3] == ids[3:]
    assert (len(set(ids)), ids[1]) == (3, own)


def test_what_came_in_before_is_not_said_to_be_brought_in(desk_and_run: tuple[Desk, Run]) -> None:
    """5.5: the answer of then is given again; the record's clock, asked before, tells it from what came in now."""
    desk, run = desk_and_run
    before, now = imported(1), imported(2)
    before.import_time.seconds = 999
    now.import_time.seconds = 1000
    desk.answers += [before, now, now]

    result = run.imports(json.dumps([item("INC1"), item("INC2"), item("INC2")]))

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "INC1 -> K7QM-3XV1 01KB1, in already",
        "INC2 -> K7QM-3XV2 01KB2",
        "INC2 -> K7QM-3XV2 01KB2, in already",
    ]
    assert result.stderr == "followthrough: brought in 1 of 3; 2 were in already\n"


def test_what_somebody_else_brought_in_or_long_ago_is_said_to_be_in(desk_and_run: tuple[Desk, Run]) -> None:
    """6.14: it is refused with the ticket that it became, which is what the operator wants to know."""
    desk, run = desk_and_run
    already = No(
        code=grpc.StatusCode.ALREADY_EXISTS,
        text="what is called 'INC1' elsewhere came in before",
        reason="ALREADY_IMPORTED",
        facts={"ticket_id": "01KB1", "reference": "K7QM-3XV1"},
    )
    desk.answers += [already, imported(2), already, Ticket()]
    both = json.dumps([item("INC1"), item("INC2")])

    result = run.imports(both)
    tried = run.imports(both, "--dry-run")

    assert (result.exit_code, tried.exit_code) == (0, 0), result.output
    assert result.stdout.splitlines() == ["INC1 -> K7QM-3XV1 01KB1, in already", "INC2 -> K7QM-3XV2 01KB2"]
    assert result.stderr == "followthrough: brought in 1 of 2; 1 was in already\n"
    assert tried.stdout.splitlines() == ["INC1 -> K7QM-3XV1 01KB1, in already", "INC2 can be"]


def test_it_stops_at_the_first_mistake_and_says_what_is_left(desk_and_run: tuple[Desk, Run]) -> None:
    """6.14: each field at fault is told; what was brought in stays."""
    desk, run = desk_and_run
    desk.answers += [imported(), IMPLAUSIBLE]

    result = run.imports(json.dumps([item("INC1"), item("INC2"), item("INC3")]))

    assert result.exit_code == 1
    assert (
        "item 2 (INC2) was refused: clocks[0].used 9 h cannot be; chases 7 cannot be [IMPORT_IMPLAUSIBLE]"
        in result.stderr
    )
    assert "brought in 1 of 3; 1 wrong; 1 not asked yet: correct what is wrong and give the same file" in result.stderr


def test_lists_within_lists_without_end_are_a_mistake_of_that_line(desk_and_run: tuple[Desk, Run]) -> None:
    """Bad input: however deep a file goes, it is told what is wrong with it."""
    _, run = desk_and_run

    result = run.imports("[" * 100_000)

    assert result.exit_code == 1
    assert "line 1 has lists within lists without end" in result.stderr


def test_it_goes_on_behind_mistakes_when_told_to(desk_and_run: tuple[Desk, Run]) -> None:
    """All that is wrong is told, in the file and in what it says; exit code 1."""
    desk, run = desk_and_run
    desk.answers += [IMPLAUSIBLE, imported()]
    lines = ["{broken", json.dumps(item("INC2")), "17", json.dumps(item("INC4", typo="x")), json.dumps(item("INC5"))]

    result = run.imports("\n".join(lines), "--keep-going")

    assert result.exit_code == 1
    assert result.stdout == "INC5 -> K7QM-3XV1 01KB1\n"
    for told in ("line 1 is no JSON", "item 2 (INC2) was refused", "item 3 is a JSON number", "item 4 (INC4) is no "):
        assert told in result.stderr
    assert "ImportTicketRequest has no field 'typo': it has actor, breaches, caller, channel, " in result.stderr
    assert "brought in 1 of 5; 4 wrong: correct" in result.stderr


def test_what_people_misspell_is_named_with_where_it_stands(desk_and_run: tuple[Desk, Run]) -> None:
    """Bad input: each value, its place and what to write instead; nothing is asked."""
    desk, run = desk_and_run
    wrong = item(
        status="in-progress", clocks=[{"target": "resolve", "used": "-30m"}, {"target": "TARGET_X", "used": "-5s"}]
    )

    result = run.imports(json.dumps(wrong))

    assert result.exit_code == 1
    assert desk.asked == []
    line = result.stderr.splitlines()[0]
    assert line.startswith(
        "followthrough: item 1 (INC1) is no ImportTicketRequest: status 'in-progress' is unknown: use one of open, "
    )
    assert "; clocks[0].used '-30m' is no length: write hours and minutes, like 5h30m, or seconds, like 90s; " in line
    assert "clocks[1].target 'TARGET_X' is unknown: use one of acknowledge, " in line


def test_what_json_has_that_the_contract_has_not_is_named_with_where_it_stands(desk_and_run: tuple[Desk, Run]) -> None:
    """Bad input: the place, what is there instead, and what it can be; in our words, and all of it at once."""
    desk, run = desk_and_run
    wrong: dict[str, object] = {
        **item(),
        "subjct": "x",
        "customer": {"name": "Ada"},
        "clocks": {"target": "resolve"},
        "breaches": ["late"],
        "open_time": "yesterday",
        "chases": True,
        "priority": 1,
        "validateOnly": "yes",
        "follows": None,
    }

    result = run.imports(json.dumps(wrong))

    assert (result.exit_code, desk.asked) == (1, [])
    line = result.stderr.splitlines()[0].partition("is no ImportTicketRequest: ")[2]
    assert sorted(line.split("; ")) == [
        "ImportTicketRequest has no field 'subjct': did you mean 'subject'?",
        "breaches[0] is a JSON text: write an object with due_time, target, tier",
        "chases is a JSON truth value: write a whole number",
        "clocks is a JSON object: write a list",
        "customer has no field 'name': it has display_name, external_id, language, zone",
        "open_time 'yesterday' is no instant: write it like 2026-11-23T08:00:00Z",
        "priority is a JSON number: write a text, in quotes",
        "validateOnly is a JSON text: write true or false",
    ]


def test_an_item_that_was_changed_since_is_told_what_it_became(desk_and_run: tuple[Desk, Run]) -> None:
    """5.5, 6.14: nobody gave a request_id; where its ticket is, a try under a new one says."""
    desk, run = desk_and_run
    reused = No(code=grpc.StatusCode.ALREADY_EXISTS, text="request_id was used before", reason="REQUEST_ID_REUSED")
    already = No(
        code=grpc.StatusCode.ALREADY_EXISTS,
        text="came in before",
        reason="ALREADY_IMPORTED",
        facts={"ticket_id": "01KB1", "reference": "K7QM-3XV1"},
    )
    own = "0b9a1e5e-4b5f-4d1c-8a5e-3f1d2c3b4a59"
    desk.answers += [reused, already, reused, IMPLAUSIBLE, reused]

    result = run.imports(json.dumps([item("INC1"), item("INC2"), item("INC3", request_id=own)]), "--keep-going")

    assert result.exit_code == 1
    changed = "with other content: change it there, and leave it out here"
    assert result.stderr.splitlines()[:3] == [
        f"followthrough: item 1 (INC1) was brought in already as K7QM-3XV1, {changed}",
        f"followthrough: item 2 (INC2) was brought in already, {changed}",
        "followthrough: item 3 (INC3) was refused: request_id was used before [REQUEST_ID_REUSED]",
    ]
    first, tried = desk.asked[:2]
    assert isinstance(first, ImportTicketRequest)
    assert isinstance(tried, ImportTicketRequest)
    assert tried.validate_only
    assert tried.request_id != first.request_id


def test_a_try_brings_nothing_in(desk_and_run: tuple[Desk, Run]) -> None:
    """`--dry-run` asks whether each could be."""
    desk, run = desk_and_run
    desk.answers.append(Ticket())

    result = run.imports(json.dumps(item("INC1")), "--dry-run")

    assert (result.exit_code, result.stdout) == (0, "INC1 can be\n")
    assert "nothing was brought in" in result.stderr
    (asked,) = desk.asked
    assert isinstance(asked, ImportTicketRequest)
    assert asked.validate_only


def test_who_is_no_operator_is_told_once(desk_and_run: tuple[Desk, Run]) -> None:
    """It is so with all of them, also when told to keep going."""
    desk, run = desk_and_run
    desk.answers.append(NO_OPERATOR)

    result = run.imports(json.dumps([item("INC1"), item("INC2")]), "--keep-going")

    assert result.exit_code == 1
    assert result.stderr == (
        "followthrough: brought in 0 of 2; 2 not asked yet\n"
        "followthrough: refused: actor 'olga' is no operator [NOT_AN_OPERATOR]\n"
    )
    assert len(desk.asked) == 1


@pytest.mark.parametrize(
    ("content", "told"), [("", "holds no ticket"), ("[]", "holds no ticket"), (b"\xff\xfe", "is no UTF-8 at byte 0")]
)
def test_a_file_without_tickets_is_told(desk_and_run: tuple[Desk, Run], content: str | bytes, told: str) -> None:
    """One clear line, and nobody is asked."""
    desk, run = desk_and_run

    result = run.imports(content)

    assert (result.exit_code, told in result.stderr, desk.asked) == (1, True, []), result.stderr


def test_an_import_may_answer_in_json(desk_and_run: tuple[Desk, Run]) -> None:
    """One object a line, for a script."""
    desk, run = desk_and_run
    desk.answers.append(imported())

    result = run.imports(json.dumps([item()]), "--json")

    assert json.loads(result.stdout)["reference"] == "K7QM-3XV1"


def test_the_operators_example_can_be_brought_in() -> None:
    """What docs/operations.md shows is a ticket that the rules take."""
    told = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", told, re.DOTALL)
    (asked,) = read(example)
    assert isinstance(asked, Asked)
    asked.request.actor = "olga"

    command = to_import(asked.request, "t-1", "R-1")

    ticket = open_ticket(LINES, command, datetime(2026, 11, 23, 17, 0, tzinfo=UTC)).ticket
    assert (ticket.status, ticket.handler, len(ticket.clocks)) == (Status.IN_PROGRESS, "ann", 3)


def test_merge_asks_for_both_by_what_people_call_them(desk_and_run: tuple[Desk, Run]) -> None:
    """6.7: a reference will do for either ticket; what is shown is the survivor."""
    desk, run = desk_and_run
    older, survivor = imported(1), imported(2)
    desk.answers += [older, survivor, survivor]

    result = run("merge", "K7QM-3XV1", "--into", "K7QM-3XV2", "--survivor-expected-version", "4", "--json")

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["reference"] == "K7QM-3XV2"
    first, second, merge = desk.asked
    assert isinstance(first, GetTicketRequest)
    assert isinstance(second, GetTicketRequest)
    assert isinstance(merge, MergeTicketsRequest)
    assert (merge.ticket_id, merge.survivor_id, merge.survivor_expected_version) == ("01KB1", "01KB2", 4)
