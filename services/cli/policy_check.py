"""`followthrough policy check`: whether it is valid, what is odd about it, and whether somebody is there."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

import click

from services.cli import policy_cover, wording, words_checked
from services.cli.failing import Failed
from services.cli.policy_duty import asked
from services.cli.policy_spec import found_by, named_in_force
from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.domain.zones import zone
from workflows.planning.coverage import Coverage
from workflows.planning.lint import Finding, Kind, Weight, lint

YEARS = range(1900, 2200)
"""Of the dates that a calendar takes."""
FOUND = 1
"""Exit code when there is a warning that was not accepted."""


@click.command()
@click.argument("specs", nargs=-1, metavar="[SPEC]…")
@click.option(
    "--from",
    "from_day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day of the four weeks whose cover is looked at, in the policy's zone. Default: today.",
)
@click.option(
    "--accept",
    type=click.Choice([kind.value for kind in Kind]),
    multiple=True,
    help="Let warnings of this kind pass; may be given again.",
)
@click.option("--json", "is_json", is_flag=True, help="One JSON object a policy and line; one for templates.")
@click.pass_context
def check(
    ctx: click.Context, *, specs: Sequence[str], from_day: datetime | None, accept: Sequence[str], is_json: bool
) -> None:
    """See that policies are valid, and what is odd about them.

    Tiers that are never reached, suppliers slower than what the customer is promised, hours in which nobody is there:
    a policy's roster is asked for each half hour of the coming four weeks. And that every template of a message can be
    used: no variable that there is not, no slip, no language that lacks a kind.

    SPEC is a policy's name, its file, or either at a git revision: SPEC@REVISION. Default: all that are in force.

    Exit code 0: fine, or notes only; 1: a warning, or a template to mend; 2: a policy does not load.
    """
    weighs = False
    for found in [found_by(spec) for spec in specs or named_in_force()]:
        policy, from_at = found.policy, _first_instant(found.policy, from_day)
        roster, failed = asked(found, from_at) if found.has_roster else (None, ())
        findings, cover = lint(policy, from_at, roster)
        findings = (*findings, *failed)
        _write_json(policy, findings, cover) if is_json else _write(policy, findings, cover, accept)
        weighs |= any(_weighs(finding, accept) for finding in findings)
    problems = words_checked.problems_in_force()
    if not is_json:
        words_checked.write(problems)
    elif problems:
        click.echo(json.dumps(words_checked.as_data(problems), ensure_ascii=False))
    if weighs or problems:
        ctx.exit(FOUND)


def _first_instant(policy: Policy, from_day: datetime | None) -> datetime:
    """Midnight of the day, by the clock on the policy's wall."""
    its_zone = zone(policy.calendar.zone)
    day: date = datetime.now(its_zone).date() if from_day is None else from_day.date()
    if day.year not in YEARS:
        raise Failed(
            f"--from: '{day}' is not in the years {YEARS[0]} to {YEARS[-1]}: write it like 2026-11-27", exit_code=2
        )
    return datetime.combine(day, time(), its_zone).astimezone(UTC)


def _weighs(finding: Finding, accept: Sequence[str]) -> bool:
    return finding.weight is Weight.WARNING and finding.kind not in accept


def _write(policy: Policy, findings: Sequence[Finding], cover: Coverage, accept: Sequence[str]) -> None:
    click.echo(wording.plain(f"{policy.name}, version {version_of(policy)}: {_in_short(findings, accept)}").plain)
    for finding in findings:
        accepted = " (accepted)" if finding.kind in accept else ""
        click.echo(wording.plain(f"  {finding.weight}{accepted}, {finding.kind}: {finding.text}").plain)
    click.echo(f"\n  cover of the coming four weeks, by the clocks of {policy.calendar.zone}, three hours a cell:\n")
    for line in policy_cover.drawn(cover, zone(policy.calendar.zone)):
        click.echo(wording.plain(f"  {line}").plain.rstrip())
    click.echo(f"\n  {policy_cover.LEGEND}\n")


def _in_short(findings: Sequence[Finding], accept: Sequence[str]) -> str:
    warnings = sum(_weighs(finding, accept) for finding in findings)
    notes = len(findings) - warnings
    if not findings:
        return "valid, and nothing odd about it"
    return f"valid; {warnings} to mend, {notes} to know"


def _write_json(policy: Policy, findings: Sequence[Finding], cover: Coverage) -> None:
    click.echo(
        json.dumps(
            {
                "policy": policy.name,
                "version": version_of(policy),
                "from": cover.from_at.isoformat(),
                "until": cover.until_at.isoformat(),
                "findings": [
                    {
                        "kind": finding.kind,
                        "weight": finding.weight,
                        "tier": finding.tier,
                        "priority": finding.priority,
                        "text": finding.text,
                    }
                    for finding in findings
                ],
                "gaps": [[span.start_at.isoformat(), span.end_at.isoformat()] for span in cover.gaps],
                "unstaffed": {
                    tier.tier: [[span.start_at.isoformat(), span.end_at.isoformat()] for span in tier.unstaffed]
                    for tier in cover.tiers
                },
            },
            ensure_ascii=False,
        )
    )
