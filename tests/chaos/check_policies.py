"""What tickets go by: one version of their policy at a time, the newest in the end, and what rosters have answered."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from tests.chaos.facts import Facts, Input, Line, Standing
from tests.chaos.findings import Finding, What


def check_policies(facts: Facts) -> Iterator[Finding]:
    """Yield tickets that are half moved, or left behind, and tiers that were passed by though somebody was there."""
    for ticket_id, standing in facts.standings.items():
        lines = facts.lines.get(ticket_id, ())
        yield from _of_versions(facts.newest_policy, standing, lines)
        yield from _of_rosters(facts.inputs.get(ticket_id, ()), lines)


def _of_versions(newest: str, standing: Standing, lines: Sequence[Line]) -> Iterator[Finding]:
    def half(text: str) -> Finding:
        return Finding(what=What.HALF_MOVED, ticket_id=standing.ticket_id, text=text)

    version = ""
    for line in lines:
        if line.kind == "opened":
            version = line.body["policy_version"]
        elif line.kind == "policy_changed":
            if line.body["from_policy_version"] != version:
                yield half(f"line {line.sequence}: moved from {line.body['from_policy_version']}, and had {version}")
            version = line.body["policy_version"]
    if lines and version != standing.policy_version:
        yield half(f"its log ends with {version}, its row says {standing.policy_version}")
    if not standing.is_closed and standing.policy_version != newest:
        yield half(f"is {standing.status} and goes by {standing.policy_version}, all others by {newest}")


def _of_rosters(inputs: Sequence[Input], lines: Sequence[Line]) -> Iterator[Finding]:
    """Yield a tier that was passed by as empty, while the last answer that the ticket had of it says otherwise."""
    answers = [
        (datetime.fromisoformat(each.body["at"]), each.body["tier"], each.body["is_reachable"], each.at)
        for each in inputs
        if each.kind == "roster_answer"
    ]
    for line in lines:
        if line.kind != "tier_skipped" or line.body["why"] != "empty":
            continue
        before = [
            each
            for each in answers
            if each[1] == line.body["tier"] and each[0] < line.at and each[3] <= line.recorded_at
        ]
        if not before or max(before)[2]:
            text = f"line {line.sequence}: passed {line.body['tier']} by as empty, and no roster has said so"
            yield Finding(what=What.TIER_SKIPPED, ticket_id=line.ticket_id, text=text)
