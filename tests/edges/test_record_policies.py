"""A policy that cannot be read: the tickets that carry it wait, all others go on, on both databases."""

import json
from typing import Any

import pytest

from services.records import SettledBy, StateTooNew, TicketStuck, connect
from tests.support.clock import StoryClock
from tests.support.record import ACKNOWLEDGE, Outsider, a_policy, an_opening
from workflows.domain.policy_data import version_of

ODD = a_policy("odd")


async def opened(url: str, clock: StoryClock) -> Outsider:
    """One ticket under an odd policy, earlier than two under another; all are late, and no process knows either."""
    async with await connect(url, clock) as records:
        await records.record.open_ticket(ODD, an_opening(1))
        await records.record.open_ticket(a_policy(), an_opening(2))
        await records.record.open_ticket(a_policy(), an_opening(3))
    clock.pass_(2 * ACKNOWLEDGE)
    return Outsider(url)


async def body_of(outsider: Outsider) -> dict[str, Any]:
    """Return the odd policy as it is stored."""
    [(text,)] = await outsider.run("SELECT body FROM policies WHERE name = 'odd'")
    body: dict[str, Any] = json.loads(text)
    return body


async def store(outsider: Outsider, body: dict[str, Any]) -> None:
    """Put another in its place."""
    await outsider.run(f"UPDATE policies SET body = '{json.dumps(body)}' WHERE name = 'odd'")  # noqa: S608 - a test's own


@pytest.mark.parametrize(
    "broken",
    [
        {"tiers": [{"name": "desk"}]},
        {"waiting_pauses": ["patience"]},
        {"calendar": {"zone": "UTC", "holidays": "GB-ENG"}},
        {"format": "first"},
        None,
    ],
    ids=["field missing", "target unknown", "calendar unknown", "format unknown", "gone"],
)
async def test_policy_that_cannot_be_read_stops_nobody_else(
    record_url: str, story_clock: StoryClock, broken: dict[str, Any] | None
) -> None:
    """7.2: whoever carries it is stuck, told by type and left out for a while; once it is mended it goes on by it."""
    outsider = await opened(record_url, story_clock)
    whole = await body_of(outsider)
    if broken is None:
        await outsider.run("UPDATE policies SET version = 'elsewhere' WHERE name = 'odd'")
    else:
        await store(outsider, whole | broken)

    async with await connect(record_url, story_clock) as records:
        rescue = await records.upkeep.rescue_late(grace_seconds=0, limit=9)
        again = await records.upkeep.rescue_late(grace_seconds=0, limit=9)
        assert (rescue.settled, rescue.stuck, again.tried) == (2, 1, 0)
        with pytest.raises(TicketStuck, match="PolicyUnreadable"):
            await records.record.settle("t-0001", by=SettledBy.INTAKE)
        stuck = await outsider.run("SELECT ticket_id, stuck_type, stuck_tries FROM tickets WHERE stuck_tries > 0")
        assert stuck == [("t-0001", "PolicyUnreadable", 2)]

        if broken is None:
            [(version,)] = await outsider.run("SELECT policy_version FROM tickets WHERE ticket_id = 't-0001'")
            await outsider.run(f"UPDATE policies SET version = '{version}' WHERE name = 'odd'")  # noqa: S608 - a test's own
        else:
            await store(outsider, whole)
        assert (await records.record.settle("t-0001", by=SettledBy.WORKFLOW)).refusal is None
        assert (await records.queries.figures()).stuck_tickets == 0


async def test_policy_of_a_newer_release_is_left_to_it(record_url: str, story_clock: StoryClock) -> None:
    """While releases overlap, this one does not judge by the part of a policy that it knows, and writes nothing."""
    outsider = await opened(record_url, story_clock)
    await store(outsider, await body_of(outsider) | {"format": 3, "tiers": "told otherwise"})
    before = await outsider.run("SELECT * FROM tickets WHERE ticket_id = 't-0001'")

    async with await connect(record_url, story_clock) as records:
        rescue = await records.upkeep.rescue_late(grace_seconds=0, limit=9)
        again = await records.upkeep.rescue_late(grace_seconds=0, limit=9)
        assert (rescue.settled, rescue.stuck, again.tried) == (2, 0, 0)
        with pytest.raises(StateTooNew, match="has format 3 and this release knows 2"):
            await records.record.settle("t-0001", by=SettledBy.INTAKE)

    assert await outsider.run("SELECT * FROM tickets WHERE ticket_id = 't-0001'") == before


async def test_policy_stored_before_there_were_formats_is_read(record_url: str, story_clock: StoryClock) -> None:
    """A snapshot outlives releases: what has no format is of the first."""
    outsider = await opened(record_url, story_clock)
    body = await body_of(outsider)
    assert body.pop("format") == 1
    await store(outsider, body)

    async with await connect(record_url, story_clock) as records:
        assert (await records.upkeep.rescue_late(grace_seconds=0, limit=9)).settled == 3


async def test_policy_stored_without_its_defaults_keeps_its_version(record_url: str, story_clock: StoryClock) -> None:
    """7.2: read into words of today it is what its tickets were opened under: what is worked out anew names it too."""
    outsider = await opened(record_url, story_clock)
    body = await body_of(outsider)
    await store(outsider, body | {"tiers": [tier | {"on_breach": {}} for tier in body["tiers"]]})
    await outsider.run("UPDATE policies SET version = 'of-an-older-release' WHERE name = 'odd'")

    async with await connect(record_url, story_clock) as records:
        found = await records.queries.policy("of-an-older-release")

    assert found == ODD
    assert version_of(found) == "of-an-older-release"
