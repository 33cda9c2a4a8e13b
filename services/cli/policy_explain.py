"""`followthrough policy explain`: one dated story of a policy, until the ladder has ended."""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import click
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from services.cli import tables, wording
from services.cli.failing import Failed
from services.cli.policy_asked import Asked, asks, one_of
from services.cli.policy_spec import policy_of
from services.policy_pages import timeline_page
from workflows.domain.policy_data import version_of
from workflows.planning.plain import timeline_data
from workflows.planning.telling import Day, Telling, as_text, below, telling

FILE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
STYLES = {"clock_warned": "yellow", "clock_breached": "red", "escalated": "bold", "ladder_exhausted": "bold red"}
"""What catches the eye on a terminal."""


@click.command()
@click.argument("spec")
@click.option("--priority", help="Of the ticket. Default: the policy's most urgent.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object instead of the story.")
@click.option("--html", type=FILE, help="Write it as a page for a wall, with its chart, to this file; `-`: here.")
@click.option("--svg", type=FILE, help="Write the chart alone to this file; `-`: here.")
@asks
def explain(
    asked: Asked, *, spec: str, priority: str | None, is_json: bool, html: Path | None, svg: Path | None
) -> None:
    """Tell one dated story: what happens to a ticket that is opened at T, until the ladder has ended.

    Every warning, breach and escalation, who is told of it, and when it is where they are, worked out by the very code
    that runs tickets. SPEC is the policy's name, its file, or either at a git revision: SPEC@REVISION.
    """
    policy = policy_of(spec)
    chosen = one_of("priority", priority, policy.priorities) if priority else policy.priorities[0]
    story = asked.story(policy, chosen, asked.opened_at(policy))
    if html:
        _write(html, timeline_page.page(story))
    if svg:
        _write(svg, timeline_page.chart(story))
    if is_json:
        click.echo(json.dumps(timeline_data(story), ensure_ascii=False))
    elif not (html or svg):
        _show(telling(story), f"Policy version {version_of(policy)}.")


def _show(told: Telling, version: str) -> None:
    """On a terminal in columns; what is piped is the plain text, as golden files keep it."""
    if Console().is_terminal:
        tables.write(Group(*_in_columns(told), _text(version, style="dim")))
    else:
        click.echo(f"{as_text(told)}{version}")


def _in_columns(told: Telling) -> Iterator[RenderableType]:
    yield _text(told.title, style="bold")
    yield _text(told.introduction)
    for day in told.days:
        yield Text("")
        yield Text.assemble(_text(day.heading, style="bold"), "  ", _text(day.hours, style="dim"))
        yield _of_day(day)
    yield Text("")
    yield from (_text(line, style="bold") for line in told.ending)


def _of_day(day: Day) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, min_width=len("09:06:15"))
    grid.add_column()
    for at, together in groupby(day.moments, key=lambda said: said.time):
        begin, before = at, ""
        for said in together:
            elsewhere = f"({said.elsewhere}) " if said.elsewhere != before else ""
            what = Text.assemble(
                _text(elsewhere, style="cyan"),
                _text(said.what, style=STYLES.get(said.moment.kind, "")),
                (f" [{said.rule}]" if said.rule else "", "dim"),
            )
            grid.add_row(begin, Group(what, *(Padding(_text(line, style="dim"), (0, 0, 0, 2)) for line in below(said))))
            begin, before = "", said.elsewhere
    return grid


def _text(text: str, style: str = "") -> Text:
    return Text(wording.plain(text).plain, style=style)


def _write(path: Path, text: str) -> None:
    if str(path) == "-":
        click.echo(text, nl=False)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        why = (error.strerror or "it cannot be written").lower()
        raise Failed(f"{str(path)!r}: {why}: name a file in a folder that can be written to", exit_code=2) from None
    click.echo(f"followthrough: wrote {path}", err=True)
