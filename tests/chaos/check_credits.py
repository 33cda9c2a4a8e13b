"""Credits: each is earned or offered once, decided once, and no broken promise goes without."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.chaos.facts import Facts, Input, Line
from tests.chaos.findings import Finding, What

ENDS = ("credit_offered", "credit_refused", "credit_moved")
"""What becomes of a credit, one of them once."""


def check_credits(facts: Facts) -> Iterator[Finding]:
    """Yield credits that are granted twice or for nothing, and what earned one and has none."""
    for ticket_id, lines in facts.lines.items():
        yield from _of_numbers(lines)
        yield from _of_earning(lines)
        yield from _of_decisions(facts.inputs.get(ticket_id, ()), lines)


def _of_numbers(lines: Sequence[Line]) -> Iterator[Finding]:
    ends = Counter(line.body["number"] for line in lines if line.kind in ENDS)
    proposed = Counter(line.body["number"] for line in lines if line.kind == "credit_proposed")
    for number in sorted(ends.keys() | proposed.keys()):
        if ends[number] > 1 or proposed[number] > 1:
            text = f"credit {number} was proposed {proposed[number]} times, and ended {ends[number]} times"
            yield _about(What.CREDIT_TWICE, lines, text)


def _of_earning(lines: Sequence[Line]) -> Iterator[Finding]:
    """A person's broken promise earns one each, the customer's resolve one a ticket; what was merged may have paid."""
    earned = Counter(line.body["earned_by"] for line in lines if line.kind == "credit_offered")
    of_resolve = [line for line in lines if line.kind == "credit_offered" and line.body["of"] == "resolve"]
    broken = {line.sequence for line in lines if line.kind == "promise_broken" and not line.body["is_engines"]}
    late = {line.sequence for line in lines if line.kind == "clock_breached" and line.body["target"] == "resolve"}
    for sequence in sorted(earned.keys() - {None}):
        if earned[sequence] > 1 or sequence not in broken | late:
            yield _about(What.CREDIT_TWICE, lines, f"line {sequence} earned {earned[sequence]} credits")
    if len(of_resolve) > 1:
        yield _about(What.CREDIT_TWICE, lines, f"its resolve earned {len(of_resolve)} credits")
    for sequence in sorted(broken - earned.keys()):
        yield _about(What.CREDIT_MISSING, lines, f"line {sequence}: a promise is broken, and earned nothing")
    if late and not of_resolve and not any(line.kind == "took_over" for line in lines):
        yield _about(What.CREDIT_MISSING, lines, f"line {min(late)}: resolve is breached, and earned nothing")


def _of_decisions(inputs: Sequence[Input], lines: Sequence[Line]) -> Iterator[Finding]:
    """Yield the lead's word that the log does not have."""
    for each in inputs:
        if each.kind != "decide_credit":
            continue
        number, kind = each.body["number"], "credit_offered" if each.body["is_approved"] else "credit_refused"
        if not any(line.kind == kind and line.body["number"] == number for line in lines):
            yield _about(What.COMMAND_LOST, lines, f"credit {number} was decided, and there is no {kind}")


def _about(what: What, lines: Sequence[Line], text: str) -> Finding:
    return Finding(what=what, ticket_id=lines[0].ticket_id if lines else "", text=text)
