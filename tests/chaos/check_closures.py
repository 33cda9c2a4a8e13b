"""Closures of queues: every ticket of the queue comes to their beginning and end, and is late for nothing meanwhile."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from tests.chaos.facts import Facts, Line, QueueClosure, Verdict
from tests.chaos.findings import Finding, What

TIERS = ("acknowledge", "tier_resolve")
"""Targets whose clocks stand still while their queue is closed."""


def check_closures(facts: Facts) -> Iterator[Finding]:
    """Yield closures that are not there, those that a ticket does not know of, and breaches while one held."""
    marks = Counter(each.mark for each in facts.closures)
    for asked in facts.asked:
        if asked.kind != "close_queue" or not asked.final or asked.final.verdict is not Verdict.DONE:
            continue
        if marks[asked.mark] != 1:
            what = What.APPLIED_TWICE if marks[asked.mark] else What.COMMAND_LOST
            yield Finding(what=what, ticket_id="", text=f"closure by {asked.mark!r} is there {marks[asked.mark]} times")
    for ticket_id, standing in facts.standings.items():
        lines = facts.lines.get(ticket_id, ())
        yield from _of_breaches(lines)
        if lines and not standing.is_closed:
            for closure in facts.closures:
                if closure.queue == standing.queue:
                    yield from _of_reach(facts, closure, lines)


def _of_reach(facts: Facts, closure: QueueClosure, lines: Sequence[Line]) -> Iterator[Finding]:
    """Yield what a ticket that is open should have come to by now."""
    until_at = closure.until_at
    here_since = next((line.at for line in reversed(lines) if line.kind in {"opened", "reopened"}), lines[0].at)
    if until_at is not None and until_at <= max(closure.from_at, here_since):
        return  # it never held while the ticket was open
    for kind, at in (("closure_began", closure.from_at), ("closure_ended", until_at)):
        if at is None or max(at, here_since) + facts.grace >= facts.now:
            continue
        if not any(line.kind == kind and line.body["closure_id"] == closure.closure_id for line in lines):
            text = f"{closure.queue} was closed from {closure.from_at} until {until_at}, and there is no {kind}"
            yield Finding(what=What.CLOSURE_MISSED, ticket_id=lines[0].ticket_id, text=text)


def _of_breaches(lines: Sequence[Line]) -> Iterator[Finding]:
    """Yield the tier's deadlines that passed while the ticket knew its queue to be closed."""
    closed: dict[str, datetime] = {}
    for line in lines:
        match line.kind:
            case "closure_began":
                closed[line.body["closure_id"]] = line.at
            case "closure_ended":
                closed.pop(line.body["closure_id"], None)
            case "clock_breached" if closed and line.body["target"] in TIERS:
                due_at = datetime.fromisoformat(line.body["due_at"])
                if due_at > min(closed.values()):
                    text = f"line {line.sequence}: {line.body['target']} was due {due_at}, and its queue was closed"
                    yield Finding(what=What.CLOSURE_UNHEEDED, ticket_id=line.ticket_id, text=text)
            case _:
                pass
