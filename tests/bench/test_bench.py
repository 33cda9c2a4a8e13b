"""A small run of each benchmark, so that they cannot rot. No figure is judged here."""

from datetime import timedelta

import pytest

from tests.bench import due, intake, late, lives, settles
from tests.support.databases import Cluster


async def test_the_intake_benchmark_runs(sqlite_url: str) -> None:
    """It opens and acknowledges what it is told to, through gRPC."""
    opened, acknowledged = await intake.measure(sqlite_url, tickets=4, clients=2)

    assert opened > 0
    assert acknowledged > 0


@pytest.mark.parametrize("desk", due.desks(), ids=lambda desk: desk.name)
async def test_due_instants_are_paced_and_ours_are_right(desk: due.Desk) -> None:
    """Both calculate all cases of a desk, and ours agrees with counted minutes on each."""
    cases = due.cases(apart=timedelta(hours=31))

    pace = await due.pace(desk, cases, rounds=1, calculations=1)
    found = due.compared(desk, cases)

    assert pace.ratio.middle > 0
    assert found.asked == len(cases) > 100
    assert found.ours_wrong == 0
    assert len(found.differences) == found.theirs_wrong


def test_every_life_is_judged_again_and_again() -> None:
    """Each life asks the judge something, and comes to something."""
    for life in lives.lives():
        assert life.found >= len(life.questions) > 3
        assert lives.openings_per_second(life, rounds=1, calls=1).middle > 0
        assert lives.judged_per_second(life.questions, rounds=1, calls=1).middle > 0


async def test_settles_are_paced_beside_the_bare_rows(record_url: str) -> None:
    """The replay writes as many rows to every table as the record did: it fails on any difference itself."""
    paces = await settles.measure(record_url, tickets=4, clients=2, rounds=2)

    assert paces.opening.ratio.middle > 0
    assert paces.acknowledging.ratio.middle > 0


async def test_a_storm_of_late_tickets_is_settled(postgresql: Cluster) -> None:
    """All tickets are late, and each is settled once."""
    figures = await late.measure(postgresql, tickets=24, rounds=1)

    assert [each.settled for each in figures.values()] == [24, 24]
    assert all(each.found >= 24 for each in figures.values())
