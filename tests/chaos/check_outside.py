"""What the record promised others: a workflow for each open ticket that wakes in time, and each message sent."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.chaos.facts import Facts, MessageName, Standing, Timer
from tests.chaos.findings import Finding, What

HARMLESS = frozenset({"UNHANDLED_COMMAND", "RESET_STICKY_TASK_QUEUE", "FORCE_CLOSE_COMMAND"})
"""Of workflow tasks that failed: a signal came while the task was being completed, and it is done again."""
STILL = timedelta(seconds=2)
"""Real time. A workflow in which something happened since, or so shortly before, the rows were read says nothing."""
PUNCTUAL = timedelta(seconds=5)
"""Real time that a timer may be later than the wake-up that it was set for."""


def check_timers(facts: Facts) -> Iterator[Finding]:
    """Yield open tickets that no workflow watches over, and workflows that came to an end they must not have."""
    for ticket_id, timer in facts.timers.items():
        if timer.ended:
            yield Finding(what=What.WORKFLOW_FAILED, ticket_id=ticket_id, text=f"its workflow is {timer.ended}")
        for cause in timer.failures:
            if cause not in HARMLESS:
                text = f"a workflow task failed: {cause}"
                yield Finding(what=What.WORKFLOW_FAILED, ticket_id=ticket_id, text=text)
    for standing in facts.standings.values():
        if standing.is_closed:
            continue
        timer = facts.timers.get(standing.ticket_id, Timer(ticket_id=standing.ticket_id, is_running=False))
        if not timer.is_running:
            text = f"{standing.status}, and no workflow runs"
            yield Finding(what=What.WITHOUT_WORKFLOW, ticket_id=standing.ticket_id, text=text)
        elif late := _oversleeps(facts, standing, timer):
            yield Finding(what=What.OVERSLEPT, ticket_id=standing.ticket_id, text=late)


def _oversleeps(facts: Facts, standing: Standing, timer: Timer) -> str:
    """Say how a workflow that the record takes for told would wake too late; empty when it would not."""
    is_moving = timer.is_busy or timer.moved_at is None or timer.moved_at > facts.real_at - STILL
    if standing.wake_at is None or standing.is_owed or is_moving:
        return ""
    wakes_at = real_instant(facts, standing.wake_at)
    if timer.fires_at is not None and timer.fires_at <= max(wakes_at, facts.real_at) + PUNCTUAL:
        return ""
    return f"must wake at {wakes_at}, its timer is {timer.fires_at}"


def real_instant(facts: Facts, at: datetime) -> datetime:
    """Which real instant one of the record's is."""
    return facts.real_at + (at - facts.now) / facts.speed


def check_messages(facts: Facts) -> Iterator[Finding]:
    """Yield messages that were not sent, and those that were sent again without saying so."""
    prints = Counter(each.name for each in facts.printed)
    for message in facts.messages:
        if message.status == "pending":
            if message.recorded_at + facts.grace < facts.now:
                yield _about(What.MESSAGE_LOST, message.name, "is still pending")
        elif not prints[message.name]:
            yield _about(What.MESSAGE_LOST, message.name, f"is {message.status}, and nobody sent it")
    yield from _of_prints(facts, prints)


def _of_prints(facts: Facts, prints: Counter[MessageName]) -> Iterator[Finding]:
    flagged = Counter(each.name for each in facts.printed if each.is_flagged)
    owed = {message.name for message in facts.messages}
    for name, times in prints.items():
        if times - flagged[name] > 1:
            yield _about(What.SENT_TWICE, name, f"was sent {times} times, {flagged[name]} of them flagged")
        standing = facts.standings.get(name[0])
        if name not in owed and standing and name[1] <= standing.sequence:  # what is newer than the rows says nothing
            yield _about(What.SENT_TWICE, name, "was sent, and is in no outbox")
    keys: dict[str, set[MessageName]] = defaultdict(set)
    for each in facts.printed:
        keys[each.key].add(each.name)
    for key, names in keys.items():
        if len(names) > 1:
            yield _about(What.SENT_TWICE, min(names), f"has a key of {len(names)} messages, {key}")


def _about(what: What, name: MessageName, text: str) -> Finding:
    ticket_id, sequence, kind, audience, _ = name
    return Finding(what=what, ticket_id=ticket_id, text=f"message {kind!r} to {audience} of line {sequence} {text}")
