"""Each ticket's log read on its own: lines without gaps, clocks that end once, tiers that are climbed one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from tests.chaos.check_answers import runs_of
from tests.chaos.facts import Facts, Line, Shown, Standing
from tests.chaos.findings import Finding, What

ENDS = ("clock_met", "clock_cancelled")
CHANGES = ("clock_paused", "clock_resumed", "clock_moved", "clock_reinstated", "clock_warned", *ENDS)
STEPS = ("escalated", "ladder_exhausted", "escalation_absorbed")
PASSED = timedelta(microseconds=1)
"""A deadline has passed when it is later than that."""
CLIMBED_AT_ONCE = ("acknowledge", "tier_resolve", "resolve")
"""Targets of which each breach goes up the ladder, by the policy of the run."""


def check_logs(facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with any log, with what it says of clocks, and with its way up the ladder."""
    shown: dict[str, list[Shown]] = {}
    for each in facts.shown:
        shown.setdefault(each.ticket_id, []).append(each)
    for ticket_id, standing in facts.standings.items():
        lines = facts.lines.get(ticket_id, ())
        yield from _of_lines(standing, lines, len(facts.inputs.get(ticket_id, ())), shown.get(ticket_id, ()))
        yield from _of_clocks(facts, standing, lines)
        yield from _of_ladder(facts.ladder, standing, lines)
        yield from _of_wait(standing, lines)
        if standing.stuck:
            yield Finding(what=What.STUCK, ticket_id=ticket_id, text=f"the rules died of {standing.stuck}")


def _of_lines(standing: Standing, lines: Sequence[Line], inputs: int, shown: Sequence[Shown]) -> Iterator[Finding]:
    def broken(text: str) -> Finding:
        return Finding(what=What.LOG_BROKEN, ticket_id=standing.ticket_id, text=text)

    if [line.sequence for line in lines] != list(range(1, standing.sequence + 1)):
        yield broken(f"{len(lines)} lines up to {lines[-1].sequence if lines else 0}, the row says {standing.sequence}")
    if inputs != standing.inputs:
        yield broken(f"{inputs} inputs, the row says {standing.inputs}")
    for earlier, later in pairwise(lines):
        if later.recorded_at < earlier.recorded_at:
            yield broken(f"line {later.sequence} was recorded before the one before it")
    by_sequence = {line.sequence: line for line in lines}
    for each in shown:
        line = by_sequence.get(each.sequence)
        if line is None or (line.kind, line.at, line.actor or "") != (each.kind, each.at, each.actor):
            yield broken(f"line {each.sequence} was shown as {each.kind}, and is {line.kind if line else 'gone'}")


@dataclass(slots=True)
class _Run:
    """One clock run, as far as the log was read."""

    deadline_at: datetime | None
    is_over: bool = False
    is_breached: bool = False


@dataclass(slots=True)
class _Clocks:
    """All clock runs of one ticket."""

    facts: Facts
    ticket_id: str
    runs: dict[tuple[str, int], _Run] = field(default_factory=dict)

    def finding(self, what: What, line: Line, text: str) -> Finding:
        name = f"{line.body['target']} {line.body['run']}"
        return Finding(what=what, ticket_id=self.ticket_id, text=f"line {line.sequence}: {name} {text}")

    def started(self, line: Line) -> None:
        name = (line.body["target"], line.body["run"])
        self.runs[name] = _Run(deadline_at=_instant(line.body.get("deadline_at")))

    def breached(self, line: Line) -> Iterator[Finding]:
        due_at, detected_at = _instant(line.body["due_at"]), _instant(line.body["detected_at"])
        first = self.runs.get((line.body["target"], line.body["run"]))
        if due_at is None or detected_at is None or detected_at <= due_at:
            yield self.finding(What.BREACHED_EARLY, line, f"was due {due_at}, and found breached {detected_at}")
        if first is None or first.deadline_at != due_at:
            yield self.finding(What.BREACHED_EARLY, line, f"was breached at a deadline it did not have, {due_at}")
        for name in runs_of(line.body):
            run = self.runs.setdefault(name, _Run(deadline_at=due_at))
            if run.is_breached:
                yield self.finding(What.BREACHED_TWICE, line, "was breached before")
            elif run.is_over:
                yield self.finding(What.BREACHED_EARLY, line, "had ended before it was breached")
            run.is_breached = run.is_over = True
            run.deadline_at = None

    def changed(self, line: Line) -> Iterator[Finding]:
        run = self.runs.get((line.body["target"], line.body["run"]))
        if run is None:
            yield self.finding(What.LOG_BROKEN, line, "never started")
            return
        if run.is_breached:
            yield self.finding(What.BREACH_WITHDRAWN, line, f"is {line.kind} after its breach")
            return
        at = _instant(line.body.get("as_of")) or line.at
        is_passed = run.deadline_at is not None and run.deadline_at < at
        if is_passed and line.kind not in {"clock_reinstated", "clock_warned"}:
            yield self.finding(What.DEADLINE_MISSED, line, f"was due {run.deadline_at}, and is {line.kind} at {at}")
        if line.kind == "clock_warned":
            return
        run.is_over = line.kind in ENDS
        run.deadline_at = None if line.kind in {"clock_paused", *ENDS} else _instant(line.body.get("deadline_at"))

    def at_the_end(self, standing: Standing) -> Iterator[Finding]:
        for (target, number), run in self.runs.items():
            if run.deadline_at is not None and not standing.wakes_by(run.deadline_at + PASSED):
                yield Finding(
                    what=What.OVERSLEPT,
                    ticket_id=self.ticket_id,
                    text=f"{target} {number} is due {run.deadline_at}, the row says to wake at {standing.wake_at}",
                )
            if run.deadline_at is not None and run.deadline_at + self.facts.grace < self.facts.now:
                yield Finding(
                    what=What.DEADLINE_MISSED,
                    ticket_id=self.ticket_id,
                    text=f"{target} {number} was due {run.deadline_at}, it is {self.facts.now}, and it is not breached",
                )


def _of_clocks(facts: Facts, standing: Standing, lines: Sequence[Line]) -> Iterator[Finding]:
    clocks = _Clocks(facts, lines[0].ticket_id if lines else "")
    for line in lines:
        if line.kind == "clock_started":
            clocks.started(line)
        elif line.kind == "clock_breached":
            yield from clocks.breached(line)
            yield from _of_what_followed(line, lines)
        elif line.kind in CHANGES:
            yield from clocks.changed(line)
    yield from clocks.at_the_end(standing)


def _of_what_followed(breach: Line, lines: Sequence[Line]) -> Iterator[Finding]:
    """Yield the breach whose step up the ladder is not in the settle that found it."""
    cause = f"{breach.body['target']}_breached"
    followed = any(
        line.kind in STEPS and line.recorded_at == breach.recorded_at and cause in line.body["causes"] for line in lines
    )
    if breach.body["target"] in CLIMBED_AT_ONCE and not followed:
        yield Finding(
            what=What.STEP_MISSING, ticket_id=breach.ticket_id, text=f"line {breach.sequence}: {cause}, and no step"
        )


def _of_wait(standing: Standing, lines: Sequence[Line]) -> Iterator[Finding]:
    """Yield the wait on a customer who came back after the question, here or on a ticket that was merged into this."""
    since = list[Line]()
    asked_at: datetime | None = None
    for line in lines:
        if line.kind == "wait_started":
            asked_at = line.at
            since.clear()
        since.append(line)
    answer = next((line for line in since if _is_answer(line, asked_at)), None)
    if standing.status == "waiting_on_customer" and answer is not None:
        text = f"line {answer.sequence}: the customer came back, and is waited for"
        yield Finding(what=What.ANSWERED_WAIT, ticket_id=standing.ticket_id, text=text)


def _is_answer(line: Line, asked_at: datetime | None) -> bool:
    if line.kind != "took_over":
        return line.kind == "contact_received"
    spoke_at = line.body.get("customer_spoke_at")
    return spoke_at is not None and asked_at is not None and datetime.fromisoformat(spoke_at) > asked_at


def _of_ladder(ladder: tuple[str, ...], standing: Standing, lines: Sequence[Line]) -> Iterator[Finding]:
    passed_by = {(line.recorded_at, line.body["tier"]) for line in lines if line.kind == "tier_skipped"}
    tier = ""
    is_imported = any(line.kind == "imported" for line in lines)
    for line in lines:
        if line.kind not in {"opened", "escalated", "transferred"}:
            continue
        before, tier = tier, line.body.get("to_tier") or line.body["tier"]
        if line.kind == "escalated" and line.body["from_tier"] != before:
            yield _skipped(line, f"left {line.body['from_tier']} while {before} had it")
        if line.kind == "escalated" and ladder.index(tier) <= ladder.index(line.body["from_tier"]):
            yield _skipped(line, f"went up from {line.body['from_tier']} to {tier}")
        if line.kind == "transferred" or (line.kind == "opened" and is_imported):
            continue
        lowest = ladder.index(line.body["from_tier"]) + 1 if line.kind == "escalated" else 0
        for between in ladder[lowest : ladder.index(tier)]:
            if (line.recorded_at, between) not in passed_by:
                yield _skipped(line, f"passed {between} by without a word")
    if lines and tier != standing.tier:
        yield _skipped(lines[-1], f"ends at {tier}, the row says {standing.tier}")


def _skipped(line: Line, text: str) -> Finding:
    return Finding(what=What.TIER_SKIPPED, ticket_id=line.ticket_id, text=f"line {line.sequence}: {text}")


def _instant(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
