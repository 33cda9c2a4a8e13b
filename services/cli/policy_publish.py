"""`followthrough policy publish`: the page that tells customers what they are promised."""

from datetime import datetime
from pathlib import Path

import click

from services.cli.failing import Failed
from services.cli.page_file import FILE, write_page
from services.cli.policy_spec import found_by
from services.policy_pages import sla
from workflows.domain.zones import zone
from workflows.planning.promised import promised


@click.command()
@click.argument("spec")
@click.option("--html", type=FILE, help="Write it as one self-contained page, good on paper too, to this file.")
@click.option("--markdown", type=FILE, help="Write it in Markdown to this file.")
@click.option(
    "--from",
    "from_day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day on which it is good; closed dates before it are left out. Default: today, in the policy's zone.",
)
def publish(*, spec: str, html: Path | None, markdown: Path | None, from_day: datetime | None) -> None:
    """Write the page for customers: what we promise by priority, hours, holidays, channels, escalation, refunds.

    The words that stand in no table are the `published` of the policy's file. Without a file to write to, Markdown is
    printed. SPEC is the policy's name, its file, or either at a git revision: SPEC@REVISION.
    """
    found = found_by(spec)
    if found.published is None:
        raise Failed(
            f"policy {found.policy.name!r} publishes nothing: add published = Publication(…) to its file, as in"
            " docs/policy.md",
            exit_code=2,
        )
    day = datetime.now(zone(found.policy.calendar.zone)) if from_day is None else from_day
    content = promised(found.policy, found.published, day.date())
    if html:
        write_page(html, sla.html(content))
    if markdown:
        write_page(markdown, sla.markdown(content))
    if not (html or markdown):
        click.echo(sla.markdown(content), nl=False)
