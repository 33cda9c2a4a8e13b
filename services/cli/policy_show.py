"""`followthrough policy show`: a policy as the table that it is."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

import click
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from services.cli import tables, wording
from services.cli.policy_spec import policy_of
from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.planning.table import Row, rows_of


@click.command()
@click.argument("spec")
@click.option("--json", "is_json", is_flag=True, help="One JSON object instead of tables.")
def show(*, spec: str, is_json: bool) -> None:
    """Read a policy as a table: what it promises to the customer, each tier's targets, what follows when one is missed.

    SPEC is the policy's name, its file, or either at a git revision: SPEC@REVISION.
    """
    policy = policy_of(spec)
    if is_json:
        rows = [{"subject": row.subject, "what": row.what, "of": row.of, "value": row.value} for row in rows_of(policy)]
        click.echo(json.dumps({"policy": policy.name, "version": version_of(policy), "rows": rows}, ensure_ascii=False))
        return
    tables.write(Group(*_shown(policy)))


def _shown(policy: Policy) -> Iterator[RenderableType]:
    yield Text(wording.plain(f"{policy.name}, version {version_of(policy)}").plain, style="bold")
    for subject, rows in groupby(rows_of(policy), key=lambda row: row.subject):
        yield Text("")
        yield Text(wording.plain(subject).plain, style="bold")
        for what, values in groupby(rows, key=lambda row: row.what):
            yield Padding(_line(what, tuple(values)), (0, 0, 0, 2))


def _line(what: str, rows: Sequence[Row]) -> Text:
    if not rows[0].of:
        return wording.plain(f"{what}: {rows[0].value}")
    return wording.plain(f"{what}: " + ", ".join(f"{row.of} {row.value}" for row in rows))
