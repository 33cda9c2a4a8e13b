"""What each log says of promises: made before they end, ended once, broken when their instant passed and not before."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.chaos.facts import Facts, Line, Standing
from tests.chaos.findings import Finding, What

PASSED = timedelta(microseconds=1)
"""An instant has passed when it is later than that."""


def check_promises(facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with any promise, by the log of its ticket and by what the row says of it."""
    for ticket_id, standing in facts.standings.items():
        promises = _Promises(ticket_id)
        for line in facts.lines.get(ticket_id, ()):
            yield from promises.read(line)
        yield from promises.at_the_end(facts, standing)


@dataclass(slots=True)
class _Promises:
    """Those of one ticket that are open while its log is read, by name: the run, and the instant."""

    ticket_id: str
    open: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    broken: set[tuple[str, int]] = field(default_factory=set)

    def read(self, line: Line) -> Iterator[Finding]:
        """Take in the next line."""
        match line.kind:
            case "promise_made":
                if line.body["replaces"]:
                    yield from self._end(line, run=line.body["run"] - 1)
                elif line.body["name"] in self.open:
                    yield self._finding(What.LOG_BROKEN, line, "was made while one of its name is open")
                self._begin(line)
            case "promise_changed":
                yield from self._end(line, run=line.body["run"] - 1)
                self._begin(line)
            case "promise_kept" if line.body["is_late"]:
                if (line.body["name"], line.body["run"]) not in self.broken:
                    yield self._finding(What.LOG_BROKEN, line, "was done late and is not broken")
            case "promise_kept" | "promise_cancelled":
                yield from self._end(line, run=line.body["run"])
            case "promise_broken":
                yield from self._break(line)
            case _:
                pass

    def at_the_end(self, facts: Facts, standing: Standing) -> Iterator[Finding]:
        """Yield those whose instant passed long ago, and those for which nobody would wake."""
        for name, (run, promised_at) in self.open.items():
            about = f"promise {name} {run} is due {promised_at}"
            if standing.is_closed:
                text = f"{about}, and the ticket is closed"
                yield Finding(what=What.PROMISE_LEFT, ticket_id=self.ticket_id, text=text)
                continue
            if not standing.wakes_by(promised_at + PASSED):
                text = f"{about}, the row says to wake at {standing.wake_at}"
                yield Finding(what=What.OVERSLEPT, ticket_id=self.ticket_id, text=text)
            if promised_at + facts.grace < facts.now:
                text = f"{about}, it is {facts.now}, and it is not broken"
                yield Finding(what=What.PROMISE_LEFT, ticket_id=self.ticket_id, text=text)

    def _begin(self, line: Line) -> None:
        self.open[line.body["name"]] = (line.body["run"], datetime.fromisoformat(line.body["promised_at"]))

    def _end(self, line: Line, run: int) -> Iterator[Finding]:
        found = self.open.pop(line.body["name"], None)
        if found is None or found[0] != run:
            yield self._finding(What.LOG_BROKEN, line, "ended, and was not open")
        elif found[1] < line.at:
            yield self._finding(What.DEADLINE_MISSED, line, f"was due {found[1]}, and is {line.kind} at {line.at}")

    def _break(self, line: Line) -> Iterator[Finding]:
        name, run = line.body["name"], line.body["run"]
        due_at, detected_at = (datetime.fromisoformat(line.body[each]) for each in ("due_at", "detected_at"))
        if (name, run) in self.broken:
            yield self._finding(What.BREACHED_TWICE, line, "was broken before")
        elif self.open.pop(name, None) != (run, due_at):
            yield self._finding(What.BREACHED_EARLY, line, f"was broken for an instant it did not have, {due_at}")
        if detected_at <= due_at:
            yield self._finding(What.BREACHED_EARLY, line, f"was due {due_at}, and found broken {detected_at}")
        self.broken.add((name, run))

    def _finding(self, what: What, line: Line, text: str) -> Finding:
        name = f"promise {line.body['name']} {line.body['run']}"
        return Finding(what=what, ticket_id=self.ticket_id, text=f"line {line.sequence}: {name} {text}")
