"""`followthrough policy diff`: what an edit changes, by the table and by the stories that follow from it."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

import click
from rich.console import Group
from rich.text import Text

from services.cli import tables, wording
from services.cli.failing import Failed
from services.cli.policy_asked import Asked, asks, one_of
from services.cli.policy_spec import policy_of
from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.planning.differences import Change, of_endings, of_stories, of_tables
from workflows.planning.local_time import Wall, in_full
from workflows.planning.moments import Moment, Timeline
from workflows.planning.plain import story_changes_data, table_changes_data
from workflows.planning.table import Row, is_date
from workflows.planning.telling import deadline_in_words, listeners

APPEARS, VANISHES, DIFFERS = "+", "-", " "
STYLES = {APPEARS: "green", VANISHES: "red", DIFFERS: ""}
FOUND = 1
"""Exit code of `--exit-code` when the two differ."""


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--priority", "priorities", multiple=True, help="Of the story. May be given again. Default: all.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--exit-code", "is_strict", is_flag=True, help="Exit with 1 when the two differ, for CI.")
@asks
@click.pass_context
def diff(
    ctx: click.Context,
    asked: Asked,
    *,
    before: str,
    after: str,
    priorities: Sequence[str],
    is_json: bool,
    is_strict: bool,
) -> None:
    """Compare two policies, or two versions of one: by their tables, and by the stories that follow from them.

    The stories are those of `explain`: the same ticket, opened at T, under each of the two. A and B are each a policy's
    name, its file, or either at a git revision: `policy.py@HEAD`, `broadband@main~3`.
    """
    one, other = policy_of(before), policy_of(after)
    rows = of_tables(one, other)
    stories = tuple(_stories(asked, one, other, priorities))
    if is_json:
        said = {
            "before": {"policy": one.name, "version": version_of(one)},
            "after": {"policy": other.name, "version": version_of(other)},
            "table": table_changes_data(rows),
            "stories": [story_changes_data(*pair) for pair in stories],
        }
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        tables.write(Group(*_shown(one, other, rows, stories)))
    if is_strict and version_of(one) != version_of(other):
        ctx.exit(FOUND)


def _stories(
    asked: Asked, one: Policy, other: Policy, priorities: Sequence[str]
) -> Iterator[tuple[Timeline, Timeline]]:
    """Tell a story of each priority that both have, under each of the two."""
    shared = tuple(priority for priority in other.priorities if priority in one.priorities)
    if not shared and not priorities:
        return
    if priorities and not shared:
        raise Failed(
            f"the two have no priority in common: {list(one.priorities)}, {list(other.priorities)}", exit_code=2
        )
    opened_at = asked.opened_at(one)
    for priority in [one_of("priority", each, shared) for each in priorities] or shared:
        yield asked.story(one, priority, opened_at), asked.story(other, priority, opened_at)


def _shown(
    one: Policy, other: Policy, rows: Sequence[Change[Row]], stories: Sequence[tuple[Timeline, Timeline]]
) -> Iterator[Text]:
    yield _line(f"{_name(one)} → {_name(other)}", "bold")
    yield _line("")
    yield _line("The table" if rows else "The table is the same.", "bold" if rows else "")
    yield from _rows(rows)
    for before, after in stories:
        yield _line("")
        yield from _story(before, after)


def _rows(changes: Sequence[Change[Row]]) -> Iterator[Text]:
    """Say each, dates of one calendar that appear or vanish together in one line."""
    for (sign, name), together in groupby(changes, key=_sign_and_name):
        same = tuple(together)
        if sign == DIFFERS:
            values = " → ".join(each.value for each in (same[0].before, same[0].after) if each)
        else:
            rows = [row for change in same if (row := change.after or change.before)]
            values = ", ".join(row.of if is_date(row) else row.value for row in rows)
        yield _line(f"  {sign} {name}: {values}", STYLES[sign])


def _sign_and_name(change: Change[Row]) -> tuple[str, str]:
    row = change.after or change.before
    if row is None:
        raise AssertionError("a change is of something")
    sign = APPEARS if change.before is None else VANISHES if change.after is None else DIFFERS
    parts = (row.subject, row.what, "" if is_date(row) and sign != DIFFERS else row.of)
    return sign, ", ".join(part for part in parts if part)


def _story(before: Timeline, after: Timeline) -> Iterator[Text]:
    wall = Wall(after.customer_zone)
    opened = f"{in_full(wall.day(after.opened_at))}, {wall.time(after.opened_at)} in {wall.place}"
    name = f"The story of {after.priority}, opened on {opened}"
    changes, ending = of_stories(before, after), of_endings(before, after)
    if not changes and not ending:
        yield _line(f"{name}, is the same.")
        return
    yield _line(name, "bold")
    for change in changes:
        yield from _moment(change, before, after, wall)
    if ending:
        yield _line(f"  The end was: {ending.before}.")
        yield _line(f"  The end is:  {ending.after}.")


def _moment(change: Change[Moment], before: Timeline, after: Timeline, wall: Wall) -> Iterator[Text]:
    old, new = change.before, change.after
    if old is None and new is not None:
        yield _line(f"  {APPEARS} {wall.day_and_time(new.at)}  {new.words.what}", STYLES[APPEARS])
    elif new is None and old is not None:
        yield _line(f"  {VANISHES} {wall.day_and_time(old.at)}  {old.words.what}", STYLES[VANISHES])
    elif old is not None and new is not None:
        moved = f"{wall.day_and_time(old.at)} → " if old.at != new.at else ""
        yield _line(f"    {moved}{wall.day_and_time(new.at)}  {new.words.what}")
        for name, was, now in _details(old, new, before, after, wall):
            yield _line(f"        {name}: {was or 'nothing'} → {now or 'nothing'}", "dim")


def _details(old: Moment, new: Moment, before: Timeline, after: Timeline, wall: Wall) -> Iterator[tuple[str, str, str]]:
    """Yield what differs of a moment besides its instant, as it was and as it is."""
    due = [
        "; ".join(
            deadline_in_words(story.policy, deadline, wall) for deadline in moment.deadlines if deadline not in others
        )
        for story, moment, others in ((before, old, new.deadlines), (after, new, old.deadlines))
    ]
    for name, was, now in (
        ("what", old.words.what, new.words.what),
        ("why", old.words.why, new.words.why),
        ("told", listeners(old), listeners(new)),
        ("from then on", *due),
    ):
        if was != now:
            yield name, was, now


def _name(policy: Policy) -> str:
    return f"{policy.name}, version {version_of(policy)}"


def _line(text: str, style: str = "") -> Text:
    return Text(wording.plain(text).plain, style=style)
