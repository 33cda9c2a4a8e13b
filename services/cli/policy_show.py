"""`followthrough policy show`: a policy as the table that it is."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

import click
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from services.cli import tables, wording
from services.cli.numbers import WholeNumber
from services.cli.policy_spec import policy_of
from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.planning.other_days import OtherDays, other_days
from workflows.planning.plain import other_days_data, row_data
from workflows.planning.table import Row, is_date, rows_of

INDENT = (0, 0, 0, 2)


@click.command()
@click.argument("spec")
@click.option(
    "--holidays",
    "year",
    type=WholeNumber(1900, 2199),
    metavar="YEAR",
    help="List that year's closed dates and special hours instead, with their names.",
)
@click.option("--json", "is_json", is_flag=True, help="One JSON object instead of tables.")
def show(*, spec: str, year: int | None, is_json: bool) -> None:
    """Read a policy as a table: what it promises to the customer, each tier's targets, what follows when one is missed.

    SPEC is the policy's name, its file, or either at a git revision: SPEC@REVISION.
    """
    policy = policy_of(spec)
    if is_json:
        about = {"policy": policy.name, "version": version_of(policy)}
        said = (
            {"rows": [row_data(row) for row in rows_of(policy)]}
            if year is None
            else {"year": year, "calendars": [other_days_data(days) for days in other_days(policy, year)]}
        )
        click.echo(json.dumps(about | said, ensure_ascii=False))
        return
    name = _text(f"{policy.name}, version {version_of(policy)}", "bold")
    tables.write(Group(name, *(_table(policy) if year is None else _days(policy, year))))


def _table(policy: Policy) -> Iterator[RenderableType]:
    for subject, rows in groupby(rows_of(policy), key=lambda row: row.subject):
        by_what = [tuple(same) for _, same in groupby(rows, key=lambda row: row.what)]
        yield Text("")
        yield _text(subject, "bold")
        yield Padding(_facts([same for same in by_what if not _is_by_priority(policy, same)]), INDENT)
        if columns := [same for same in by_what if _is_by_priority(policy, same)]:
            yield Padding(_by_priority(policy, columns), INDENT)


def _is_by_priority(policy: Policy, rows: Sequence[Row]) -> bool:
    return tuple(row.of for row in rows) == policy.priorities


def _facts(facts: Sequence[Sequence[Row]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for rows in facts:
        for number, value in enumerate(_values(rows)):
            grid.add_row(_text("" if number else rows[0].what), _text(value))
    return grid


def _values(rows: Sequence[Row]) -> Iterator[str]:
    """Say the values of one thing: by itself, each of several, or how many dates there are."""
    if not rows[0].of:
        yield rows[0].value
    elif is_date(rows[0]):
        first, last = rows[0].of, rows[-1].of
        yield f"{len(rows)} dates from {first} to {last}" if len(rows) > 1 else first
    else:
        yield from (f"{row.of}: {row.value}" for row in rows)


def _by_priority(policy: Policy, columns: Sequence[Sequence[Row]]) -> Table:
    table = tables.headed("", *policy.priorities)
    for rows in columns:
        table.add_row(_text(rows[0].what), *(_text(row.value) for row in rows))
    return table


def _days(policy: Policy, year: int) -> Iterator[RenderableType]:
    for desk in other_days(policy, year):
        yield Text("")
        yield _text(f"{', '.join(desk.of)}: {desk.zone} in {year}", "bold")
        if desk.days:
            grid = Table.grid(padding=(0, 2))
            for each in desk.days:
                grid.add_row(f"{each.day:%a %d %b %Y}", _text(each.hours), _text(each.name))
            yield Padding(grid, INDENT)
        else:
            yield Padding(_text(_none(desk)), INDENT)


def _none(desk: OtherDays) -> str:
    return f"no date differs from the week{f'; the last that does is {desk.last}' if desk.last else ', in any year'}"


def _text(text: str, style: str = "") -> Text:
    return Text(wording.plain(text).plain, style=style)
