"""Label sets of tickets whose policy was edited since: an edit is for new tickets (7.2), so theirs must show too."""

from dataclasses import replace
from datetime import timedelta

from services.exporter import page
from services.records import Records, SettledBy, connect
from tests.support.clock import StoryClock
from tests.support.record import ACKNOWLEDGE, Outsider, a_policy, an_opening
from workflows.domain.policy import minutes
from workflows.domain.ticket.commands import Resolve
from workflows.domain.ticket.words import Outcome
from workflows.policies import PolicySet

BEFORE = a_policy()
FIRST_OF_DESK = {"target": "acknowledge", "tier": "desk", "priority": "normal", "queue": "home"}
GIVEN_UP = Resolve(actor="kim", outcome=Outcome.WITHDRAWN, explanation="the customer found the switch")
BREACHED = "followthrough_clocks_breached_total"


def edited() -> PolicySet:
    """The same policy since it was edited: the first tier has another name, and promises another length."""
    desk, specialist = BEFORE.tiers
    sooner = replace(desk.targets["normal"], acknowledge=minutes(10))
    front = replace(desk, name="front", targets={"normal": sooner})
    return PolicySet(policies={BEFORE.name: replace(BEFORE, tiers=(front, specialist))}, queues={"home": BEFORE.name})


def other() -> PolicySet:
    """What is loaded when the queue itself was taken away."""
    return PolicySet(policies={"other": replace(BEFORE, name="other")}, queues={"office": "other"})


async def shown(records: Records, loaded: PolicySet, name: str, **labels: str) -> list[float]:
    """The value of the one series, if it is there."""
    metrics = page.of_figures(await records.queries.figures(), loaded)
    samples = [sample for metric in metrics for sample in metric.samples]
    return [sample.value for sample in samples if sample.name == name and sample.labels == labels]


async def test_the_first_breach_of_an_old_promise_is_seen_to_rise_from_zero(
    records: Records, story_clock: StoryClock
) -> None:
    """Every label set at zero from the start; a series born at one has no increase."""
    await records.record.open_ticket(BEFORE, an_opening())
    for loaded in (edited(), other()):
        assert await shown(records, loaded, BREACHED, **FIRST_OF_DESK) == [0]
    step = {"from_tier": "desk", "to_tier": "specialist", "reason": "acknowledge_breached", "queue": "home"}
    assert await shown(records, edited(), "followthrough_escalations_total", **step) == [0]
    within = {"tier": "desk", "priority": "normal", "queue": "home", "le": str(ACKNOWLEDGE.total_seconds())}
    assert await shown(records, edited(), "followthrough_time_to_acknowledge_seconds_bucket", **within) == [0]

    story_clock.pass_(ACKNOWLEDGE + timedelta(seconds=1))
    await records.record.settle("t-0001", by=SettledBy.WORKFLOW)

    for loaded in (edited(), other()):
        assert await shown(records, loaded, BREACHED, **FIRST_OF_DESK) == [1]


async def test_what_was_counted_by_an_old_promise_stays_when_its_last_ticket_is_closed(
    records: Records, story_clock: StoryClock
) -> None:
    """A counter that went away would hide what comes when such a ticket is reopened."""
    await records.record.open_ticket(BEFORE, an_opening())
    story_clock.pass_(ACKNOWLEDGE + timedelta(seconds=1))
    await records.record.settle("t-0001", GIVEN_UP, by=SettledBy.INTAKE)

    figures = await records.queries.figures()

    assert (sum(figures.open_tickets.values()), figures.open_policies) == (0, [])
    assert await shown(records, edited(), BREACHED, **FIRST_OF_DESK) == [1]


async def test_a_policy_that_cannot_be_read_costs_only_its_own_zeros(record_url: str, story_clock: StoryClock) -> None:
    """The page is there while one version waits for its row to be restored, and its tickets are on it."""
    async with await connect(record_url, story_clock) as records:
        await records.record.open_ticket(BEFORE, an_opening())
        await records.record.open_ticket(a_policy("odd"), an_opening(2))
    await Outsider(record_url).run("UPDATE policies SET body = '{}' WHERE name = 'odd'")

    async with await connect(record_url, story_clock) as records:
        figures = await records.queries.figures()

    assert [policy.name for _, policy in figures.open_policies] == [BEFORE.name]
    assert sum(figures.open_tickets.values()) == 2
