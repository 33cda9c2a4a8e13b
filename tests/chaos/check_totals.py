"""Totals against a count of the events, made anew from the logs and the outbox alone."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.chaos.facts import Facts, Line
from tests.chaos.findings import Finding, What

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
"""Of the lag, in real seconds, as the metrics page promises them."""
CLOCKS = {
    "clock_met": "clocks_met",
    "clock_breached": "clocks_breached",
    "clock_cancelled": "clocks_cancelled",
    "clock_reinstated": "clocks_reinstated",
}
UNCOUNTED = frozenset({"rescued", "messages_possibly_sent_twice", "time_to_microseconds"})
"""No event says who settled; a flag may have been raised for a message that was sent once; what a breach adds to the
time that promises took is the policy's to say."""
SUMMED = "time_to_bucket"
"""Of which every observation is counted, whatever its bucket: the buckets are the policy's to say."""
COUNTED = frozenset(
    {
        *CLOCKS.values(),
        *("opened", "closed", "reopened", "escalations", "exhaustions", "tiers_passed_by", "transfers", "ping_pongs"),
        *("chases", "clocks_warned", "breach_lag_bucket", "breach_lag_microseconds", SUMMED),
        *("messages_sent", "messages_rejected"),
        *("holds", "ratings", "credits_offered", "customers_flagged"),
        *("leaving", "merged", "imported", "rejected", "solved_by_article"),
    }
)
"""Every total that is counted here."""

Key = tuple[str, tuple[str, ...]]


def check_totals(facts: Facts) -> Iterator[Finding]:
    """Yield every total that is not what the events come to."""
    counted: Counter[Key] = Counter()
    for ticket_id, lines in facts.lines.items():
        standing = facts.standings.get(ticket_id)
        if standing:
            counted.update(_Counting(queue=standing.queue, speed=facts.speed).all_of(lines))
    for message in facts.messages:
        if message.status != "pending":
            counted[f"messages_{message.status}", (message.name[2],)] += 1
    kept = _kept(facts)
    for key in sorted(counted.keys() | kept.keys()):
        if kept[key] != counted[key]:
            text = f"{key[0]}{list(key[1])} is {kept[key]}, the events come to {counted[key]}"
            yield Finding(what=What.TOTAL_WRONG, ticket_id="", text=text)


def _kept(facts: Facts) -> Counter[Key]:
    """What the record says, as far as it is counted here."""
    kept: Counter[Key] = Counter()
    for (name, labels), amount in facts.totals.items():
        if name not in UNCOUNTED:
            kept[name, labels[:-1] if name == SUMMED else labels] += amount
    return kept


@dataclass(slots=True, kw_only=True)
class _Counting:
    """Reads one log in order: where the ticket was, how urgent, and whether the desk owed work, changes on the way."""

    queue: str
    speed: float
    priority: str = ""
    tier: str = ""
    has_work: bool = True

    def all_of(self, lines: Iterable[Line]) -> Counter[Key]:
        counted: Counter[Key] = Counter()
        for line in lines:
            if line.kind in {"opened", "priority_changed", "policy_changed"}:
                self.priority = line.body["priority"]
            if line.kind in {"resolved", "rejected", "reopened"}:
                self.has_work = line.kind != "resolved"
            if line.kind in {"opened", "policy_changed"}:
                self.tier = line.body["tier"]
            for (name, labels), amount in self._of(line):
                counted[name, labels] += amount
            if line.kind in {"escalated", "transferred"}:
                self.tier = line.body["to_tier"]
        return counted

    def _of(self, line: Line) -> Iterator[tuple[Key, int]]:
        if line.kind in CLOCKS:
            yield from self._of_ending(line)
        for key in (*self._of_step(line), *self._of_promise(line)):
            yield key, 1
        if line.kind == "promise_broken":
            yield from self._of_lag(line)

    def _of_ending(self, line: Line) -> Iterator[tuple[Key, int]]:
        body = line.body
        labels, count = (body["target"], body["held_by"], self.priority, self.queue), body.get("count", 1)
        yield (CLOCKS[line.kind], labels), count
        if line.kind in {"clock_met", "clock_breached"}:
            yield (SUMMED, labels), count
        if line.kind == "clock_breached":
            yield from self._of_lag(line)

    def _of_lag(self, line: Line) -> Iterator[tuple[Key, int]]:
        detected_at, due_at = (datetime.fromisoformat(line.body[each]) for each in ("detected_at", "due_at"))
        lag = (detected_at - due_at) / self.speed
        bucket = next((str(bound) for bound in BUCKETS if lag.total_seconds() <= bound), "+Inf")
        yield ("breach_lag_bucket", (bucket,)), 1
        yield ("breach_lag_microseconds", ()), lag // timedelta(microseconds=1)

    def _of_promise(self, line: Line) -> Iterator[Key]:
        """A run counts once, as it ends; another in its place ends it too."""
        labels = ("promise", self.tier, self.priority, self.queue)
        match line.kind:
            case "promise_broken":
                yield "clocks_breached", labels
            case "promise_kept" if not line.body["is_late"]:
                yield "clocks_met", labels
            case "promise_made" if line.body["replaces"]:
                yield "clocks_cancelled", labels
            case "promise_changed" | "promise_cancelled":
                yield "clocks_cancelled", labels
            case "promise_warned":
                yield "clocks_warned", labels
            case _:
                pass

    def _of_step(self, line: Line) -> Iterator[Key]:
        body, at_desk = line.body, (self.priority, self.queue)
        match line.kind:
            case "opened" | "reopened" | "closed" | "resolved" | "merged" | "imported" | "rejected":
                yield from self._of_life(line)
            case "clock_warned":
                yield "clocks_warned", (body["target"], self.tier, *at_desk)
            case "contact_received":
                if body["kind"] != "information" and self.has_work and not body["answered_wait"]:
                    yield "chases", (body["kind"], self.tier, *at_desk)
            case "ladder_exhausted" if not body["is_repeat"]:
                yield "exhaustions", (body["tier"], body["causes"][0], self.queue)
            case "tier_skipped":
                yield "tiers_passed_by", (body["tier"], body.get("why", "closed"), self.queue)
            case "held" | "rated" | "credit_offered" | "customer_flagged":
                yield from self._of_customer(line)
            case "escalated" | "transferred":
                yield from self._of_move(line)
            case _:
                pass  # the rest of the log is counted nowhere

    def _of_life(self, line: Line) -> Iterator[Key]:
        body, at_desk = line.body, (self.priority, self.queue)
        match line.kind:
            case "opened" | "reopened":
                yield line.kind, at_desk
                if body.get("kind") == "leaving":
                    yield "leaving", (self.queue,)
            case "closed":
                yield "closed", (body["outcome"], *at_desk)
            case "resolved":
                if body.get("article"):
                    yield "solved_by_article", (self.queue,)
            case _:
                yield line.kind, (self.queue,)

    def _of_customer(self, line: Line) -> Iterator[Key]:
        match line.kind:
            case "held":
                yield "holds", (self.tier, self.queue)
            case "rated":
                yield "ratings", (str(line.body["stars"]), self.queue)
            case "credit_offered":
                yield "credits_offered", (line.body["of"] or "hand", self.queue)
            case _:
                yield "customers_flagged", (self.queue,)

    def _of_move(self, line: Line) -> Iterator[Key]:
        body = line.body
        move = (body["from_tier"], body["to_tier"])
        if line.kind == "escalated":
            yield "escalations", (*move, body["causes"][0], self.queue)
        else:
            yield "transfers", (*move, self.queue)
        if body["is_ping_pong"]:
            yield "ping_pongs", (body["to_tier"], self.queue)
