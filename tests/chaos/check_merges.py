"""Merges: both halves or none, nothing goes on where one ended, and what was promised goes on with the survivor."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from tests.chaos.facts import Facts, Line
from tests.chaos.findings import Finding, What

GOING_ON = frozenset(
    {
        *("escalated", "ladder_exhausted", "escalation_absorbed", "last_resort_reminded", "transferred", "reopened"),
        *("clock_started", "clock_breached", "clock_resumed", "clock_warned", "customer_reminded"),
        *("promise_made", "promise_warned", "promise_broken"),
    }
)
"""What must not stand in a log behind its ticket's merge."""


def check_merges(facts: Facts) -> Iterator[Finding]:
    """Yield merges of which one half is missing, merged tickets that live on, and promises that were lost by one."""
    survivors = {
        (line.ticket_id, line.body["ticket_id"]): line
        for lines in facts.lines.values()
        for line in lines
        if line.kind == "took_over"
    }
    merged = {
        (line.body["survivor_id"], line.ticket_id): line
        for lines in facts.lines.values()
        for line in lines
        if line.kind == "merged"
    }
    for survivor_id, ticket_id in sorted(survivors.keys() ^ merged.keys()):
        half = "never took it over" if (survivor_id, ticket_id) in merged else "took it over, and it was not merged"
        yield Finding(what=What.HALF_MERGED, ticket_id=ticket_id, text=f"{survivor_id} {half}")
    for (survivor_id, ticket_id), line in merged.items():
        yield from _of_its_end(facts, line)
        if (survivor_id, ticket_id) in survivors:
            taken = survivors[survivor_id, ticket_id]
            yield from _of_promises(facts.lines[ticket_id], line, facts.lines.get(survivor_id, ()), taken)


def _of_its_end(facts: Facts, merged: Line) -> Iterator[Finding]:
    for line in facts.lines[merged.ticket_id][merged.sequence :]:
        if line.kind in GOING_ON:
            text = f"line {line.sequence}: {line.kind}, and it was merged by line {merged.sequence}"
            yield Finding(what=What.MERGED_GOES_ON, ticket_id=merged.ticket_id, text=text)
    standing = facts.standings.get(merged.ticket_id)
    if standing and not standing.is_closed:
        text = f"is {standing.status}, and was merged by line {merged.sequence}"
        yield Finding(what=What.MERGED_GOES_ON, ticket_id=merged.ticket_id, text=text)


def _of_promises(lines: Sequence[Line], merged: Line, others: Sequence[Line], taken: Line) -> Iterator[Finding]:
    """Yield a person's promise that ended with the ticket and is not the survivor's now, for the same instant."""
    promised: dict[str, tuple[datetime, bool]] = {}
    for line in lines[: merged.sequence]:
        if line.kind in {"promise_made", "promise_changed"}:
            is_engines = line.body.get("is_engines", False)
            promised[line.body["name"]] = (datetime.fromisoformat(line.body["promised_at"]), is_engines)
    made = [
        datetime.fromisoformat(line.body["promised_at"])
        for line in others
        if line.kind == "promise_made" and line.recorded_at == taken.recorded_at and not line.body.get("is_engines")
    ]
    for line in lines[merged.sequence :]:
        if line.kind == "promise_cancelled":
            promised_at, is_engines = promised[line.body["name"]]
            if promised_at in made:
                made.remove(promised_at)
            elif not is_engines:
                text = f"line {line.sequence}: promise {line.body['name']!r} for {promised_at} is not the survivor's"
                yield Finding(what=What.PROMISE_LOST, ticket_id=merged.ticket_id, text=text)
