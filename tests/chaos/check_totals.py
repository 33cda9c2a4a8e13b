"""Totals against a count of the events, made anew from the logs and the outbox alone."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from tests.chaos.facts import Facts, Line
from tests.chaos.findings import Finding, What

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
"""Of the lag, in seconds of the record's clock, as the metrics page promises them."""
CLOCKS = {
    "clock_met": "clocks_met",
    "clock_breached": "clocks_breached",
    "clock_cancelled": "clocks_cancelled",
    "clock_reinstated": "clocks_reinstated",
}
UNCOUNTED = frozenset({"rescued", "messages_possibly_sent_twice"})
"""No event says who settled, and a flag may have been raised for a message that was sent once."""

Key = tuple[str, tuple[str, ...]]


def check_totals(facts: Facts) -> Iterator[Finding]:
    """Yield every total that is not what the events come to."""
    counted: Counter[Key] = Counter()
    for ticket_id, lines in facts.lines.items():
        standing = facts.standings.get(ticket_id)
        if standing:
            _count(counted, lines, standing.queue)
    for message in facts.messages:
        if message.status != "pending":
            counted[f"messages_{message.status}", (message.name[2],)] += 1
    for key in sorted(counted.keys() | facts.totals.keys()):
        kept = facts.totals.get(key, 0)
        if key[0] not in UNCOUNTED and kept != counted[key]:
            text = f"{key[0]}{list(key[1])} is {kept}, the events come to {counted[key]}"
            yield Finding(what=What.TOTAL_WRONG, ticket_id="", text=text)


def _count(counted: Counter[Key], lines: Sequence[Line], queue: str) -> None:
    priority = ""
    for line in lines:
        if line.kind in {"opened", "priority_changed"}:
            priority = line.body["priority"]
        for name, labels in _counts(line, priority, queue):
            counted[name, labels] += line.body.get("count", 1)
        if line.kind == "clock_breached":
            _count_lag(counted, line)


def _counts(line: Line, priority: str, queue: str) -> Iterator[Key]:
    """Yield what a line counts towards."""
    body = line.body
    if line.kind in CLOCKS:
        yield CLOCKS[line.kind], (body["target"], body["held_by"], priority, queue)
    match line.kind:
        case "opened" | "reopened":
            yield line.kind, (priority, queue)
        case "closed":
            yield "closed", (body["outcome"], priority, queue)
        case "escalated":
            yield "escalations", (body["from_tier"], body["to_tier"], body["causes"][0], queue)
        case "ladder_exhausted":
            yield "exhaustions", (body["tier"], body["causes"][0], queue)
        case "transferred":
            yield "transfers", (body["from_tier"], body["to_tier"], queue)
        case _:
            pass  # the rest of the log is counted nowhere
    if line.kind in {"escalated", "transferred"} and body["is_ping_pong"]:
        yield "ping_pongs", (body["to_tier"], queue)


def _count_lag(counted: Counter[Key], line: Line) -> None:
    lag = datetime.fromisoformat(line.body["detected_at"]) - datetime.fromisoformat(line.body["due_at"])
    bucket = next((str(bound) for bound in BUCKETS if lag.total_seconds() <= bound), "+Inf")
    counted["breach_lag_bucket", (bucket,)] += 1
    counted["breach_lag_microseconds", ()] += lag // timedelta(microseconds=1)
