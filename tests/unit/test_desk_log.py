"""Reading a help-desk log: what is broken is named and left out, the rest goes on."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.desk_log.log import Case, LogError, Row, VinstStatus, parse, read_log

HEADER = "case,at,status,who"
MONDAY = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)


def test_a_row_is_read_as_it_stands() -> None:
    """Names keep their letters and quoted commas; instants are UTC."""
    log = parse([HEADER, '7,2024-03-04T09:00:00Z,Accepted+In Progress,"Öst, Åse"'])

    assert log.cases == (
        Case(case="7", rows=(Row(line=2, at=MONDAY, status=VinstStatus.IN_PROGRESS, who="Öst, Åse"),)),
    )
    assert log.broken == ()


def test_columns_may_stand_in_any_order_and_be_more() -> None:
    """The header names the columns; what it names beyond the four is not looked at."""
    log = parse(["who, status,impact,at,case", "Ada,Completed+Closed,high,2024-03-04T10:00:00+00:00,7"])

    assert log.cases[0].rows[0].at == datetime(2024, 3, 4, 10, 0, tzinfo=UTC)


def test_rows_of_a_case_are_put_in_order_of_time() -> None:
    """Rows may stand anywhere in the file; of one instant, the line decides."""
    log = parse(
        [
            HEADER,
            "7,2024-03-04T11:00:00Z,Completed+Resolved,Ada",
            "8,2024-03-04T09:00:00Z,Accepted+Assigned,Ben",
            "7,2024-03-04T09:00:00Z,Accepted+In Progress,Ada",
            "7,2024-03-04T11:00:00Z,Completed+Closed,Ada",
        ]
    )

    assert [(case.case, [row.line for row in case.rows]) for case in log.cases] == [("7", [4, 2, 5]), ("8", [3])]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("7,yesterday,Accepted+Wait,Ada", "line 3: at 'yesterday': write an instant in UTC, like 2011-01-31T10:12:22Z"),
        (
            "7,2024-03-04T09:00:00,Accepted+Wait,Ada",
            "line 3: at '2024-03-04T09:00:00': write an instant in UTC, like 2011-01-31T10:12:22Z",
        ),
        (
            "7,2024-03-04T09:00:00+01:00,Accepted+Wait,Ada",
            "line 3: at '2024-03-04T09:00:00+01:00': write an instant in UTC, like 2011-01-31T10:12:22Z",
        ),
        ("7,2024-03-04T09:00:00Z,Accepted+Wait, ", "line 3: who ' ': it may not be empty"),
        (
            f"7,2024-03-04T09:00:00Z,Accepted+Wait,{'x' * 101}",
            f"line 3: who '{'x' * 100}': it has 101 characters, at most 100 are allowed",
        ),
        (
            "7,2024-03-04T09:00:00Z,Accepted+Wait,Se\N{REPLACEMENT CHARACTER}n",
            "line 3: who 'Se\N{REPLACEMENT CHARACTER}n': write it in UTF-8, without control characters",
        ),
        (
            "7,2024-03-04T09:00:00Z,Accepted+Wait",
            "line 3: row '7,2024-03-04T09:00:00Z,Accepted+Wait': give 4 fields, it has 3",
        ),
        (
            '7,2024-03-04T09:00:00Z,Accepted+Wait,"Ada',
            "line 3: row '7,2024-03-04T09:00:00Z,Accepted+Wait,\"Ada': close its quotes; a row is one line",
        ),
    ],
)
def test_a_broken_row_names_line_field_value_and_remedy_and_leaves_its_case_out(line: str, told: str) -> None:
    """One broken row costs its own case and no other."""
    log = parse([HEADER, "7,2024-03-04T09:00:00Z,Accepted+Wait,Ada", line, "8,2024-03-04T09:00:00Z,Accepted+Wait,Ada"])

    assert [str(row) for row in log.broken] == [told]
    assert log.left_out == ("7",)
    assert [case.case for case in log.cases] == ["8"]


def test_an_unknown_status_is_told_with_those_that_are_known() -> None:
    """The remedy lists every status."""
    log = parse([HEADER, "7,2024-03-04T09:00:00Z,Solved,Ada", "8,2024-03-04T09:00:00Z,Accepted+Wait,Ada"])

    assert (log.broken[0].field, log.broken[0].value) == ("status", "Solved")
    assert "Completed+Resolved, Completed+In Call" in log.broken[0].remedy


def test_a_row_without_a_case_is_counted_and_leaves_nothing_out() -> None:
    """Nobody can tell whose it is."""
    log = parse([HEADER, ",2024-03-04T09:00:00Z,Accepted+Wait,Ada", "8,2024-03-04T09:00:00Z,Accepted+Wait,Ada"])

    assert [(row.case, row.field) for row in log.broken] == [(None, "case")]
    assert log.left_out == ()


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2999-03-04T09:00:00Z", "it lies in the future: write when it was, like 2011-01-31T10:12:22Z"),
        ("0001-03-04T09:00:00Z", "it lies in the distant past: write when it was, like 2011-01-31T10:12:22Z"),
    ],
)
def test_an_instant_that_no_help_desk_can_have_written_breaks_its_row(at: str, told: str) -> None:
    """A ticket open for two thousand years would be judged for two thousand years."""
    log = parse([HEADER, f"7,{at},Accepted+Wait,Ada", "8,2024-03-04T09:00:00Z,Accepted+Wait,Ada"], now=MONDAY)

    assert [str(row) for row in log.broken] == [f"line 2: at '{at}': {told}"]
    assert [case.case for case in log.cases] == ["8"]


def test_an_instant_of_right_now_is_none_of_the_future() -> None:
    """Only what is later is."""
    assert parse([HEADER, "7,2024-03-04T09:00:00Z,Accepted+Wait,Ada"], now=MONDAY).broken == ()


def test_rows_below_a_later_one_of_their_case_are_told() -> None:
    """They are put in order, and whoever reads the file knows; other cases' rows may stand between."""
    log = parse(
        [
            HEADER,
            "7,2024-03-04T11:00:00Z,Completed+Resolved,Ada",
            "8,2024-03-04T08:00:00Z,Accepted+Assigned,Ben",
            "7,2024-03-04T09:00:00Z,Accepted+In Progress,Ada",
            "7,2024-03-04T11:00:00Z,Completed+Closed,Ada",
        ]
    )

    assert log.disordered == (4,)


@pytest.mark.parametrize("name", ["log.csv", "utf-16.csv"])
def test_a_file_that_is_no_text_is_refused_by_its_first_line(tmp_path: Path, name: str) -> None:
    """Zipped under another name; in another encoding."""
    (tmp_path / "log.csv").write_bytes(gzip.compress(HEADER.encode()))
    (tmp_path / "utf-16.csv").write_bytes(HEADER.encode("utf-16"))

    with pytest.raises(LogError, match="the first line must be case,at,status,who"):
        read_log(tmp_path / name)


@pytest.mark.parametrize("header", ["", "case;at;status;who", "case,at,status", "case,at,status,who,who", '"case'])
def test_a_header_that_does_not_name_the_columns_is_refused(header: str) -> None:
    """Nothing can be read below a header that is not one."""
    with pytest.raises(LogError, match="the first line must be case,at,status,who"):
        parse([header, "7,2024-03-04T09:00:00Z,Accepted+Wait,Ada"])


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "no usable case: there is no row below the header: write one a line"),
        (["", "\n"], "no usable case: there is no row below the header: write one a line"),
        (
            ["7,never,Accepted+Wait,Ada"],
            "no usable case: each has a broken row, the first is line 2: at 'never': write an instant in UTC, like ",
        ),
    ],
)
def test_a_log_without_a_usable_case_is_refused(rows: list[str], told: str) -> None:
    """Feeding nothing would look like success; rows that are there are not asked for again."""
    with pytest.raises(LogError) as refused:
        parse([HEADER, *rows])

    assert str(refused.value).startswith(told)


def test_a_header_names_the_columns_that_it_lacks() -> None:
    """A column's name is quoted: `at` is also a word."""
    with pytest.raises(LogError) as refused:
        parse(["case,when,status,status"])

    assert str(refused.value) == (
        "header 'case,when,status,status' lacks, or has more than once, 'at', 'status', 'who': "
        "the first line must be case,at,status,who"
    )


def test_a_gzipped_log_reads_like_a_plain_one(tmp_path: Path) -> None:
    """The file's name decides; a byte-order mark is no part of the header."""
    text = f"\ufeff{HEADER}\r\n7,2024-03-04T09:00:00Z,Accepted+Wait,Åse\r\n"
    (tmp_path / "log.csv").write_bytes(text.encode())
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(text.encode()))

    assert read_log(tmp_path / "log.csv") == read_log(tmp_path / "log.csv.gz")


def test_bytes_that_are_no_text_break_their_own_row_only(tmp_path: Path) -> None:
    """A name in another encoding is told, not guessed."""
    path = tmp_path / "log.csv"
    path.write_bytes(
        f"{HEADER}\n7,2024-03-04T09:00:00Z,Accepted+Wait,Åse\n8,2024-03-04T09:00:00Z,Accepted+Wait,Ada\n".encode(
            "latin-1"
        )
    )

    log = read_log(path)

    assert (log.left_out, log.broken[0].field) == (("7",), "who")


@pytest.mark.parametrize("name", ["absent.csv", "broken.csv.gz", "cut.csv.gz", "."])
def test_a_file_that_cannot_be_read_is_named_with_the_remedy(tmp_path: Path, name: str) -> None:
    """Absent, no gzip at all, cut off in the middle, a folder: one line, never a traceback."""
    (tmp_path / "broken.csv.gz").write_bytes(b"case,at,status,who\n")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(f"{HEADER}\n".encode() * 1000)[:-12])

    with pytest.raises(LogError, match=r"cannot be read: .*: name a readable \.csv or \.csv\.gz"):
        read_log(tmp_path / name)
