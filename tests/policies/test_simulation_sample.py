"""The real incidents under the policy that ships: what their published questions ask, and that nothing is lost."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.desk_log.log import read_log
from services.desk_log.plan import plan
from services.simulation.from_log import from_log
from services.simulation.past import PastCase
from services.simulation.simulate import simulate
from services.simulation.source import Given, Wanted
from workflows.domain.policy import Policy
from workflows.planning.restating import Ladder
from workflows.policies import load

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "volvo-it-incidents-2013.sample.csv.gz"
pytestmark = pytest.mark.skipif(
    not SAMPLE.exists(),
    reason="the real incidents are not on this machine (../shared/data)",
)


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The broadband provider's."""
    return load().policies["broadband"]


@pytest.fixture(scope="module")
def given(policy: Policy) -> Given:
    """A twentieth of the sample, evenly."""
    return from_log(SAMPLE.name, read_log(SAMPLE), Ladder.of(policy), Wanted(number=150))


def test_every_row_of_the_sample_is_read(given: Given) -> None:
    """3,000 incidents, none with a broken row, none in disorder; judged to the last of them."""
    counts = given.source.counts
    assert (counts["cases in the log"], counts["broken rows"]) == (3000, 0)
    assert counts["rows put in order: below a later one of their case"] == 0
    assert given.source.problems == ()
    assert given.until == datetime(2012, 5, 22, 23, 22, 25, tzinfo=UTC)


def test_everything_that_people_did_is_done_or_counted(given: Given, policy: Policy) -> None:
    """Each step is said once or left unsaid with a reason; each ticket is in the figures once."""
    tally = simulate({"broadband": policy}, given.pasts, given.until).runs[0].tally

    steps = sum(1 for past in given.pasts if isinstance(past, PastCase) for _ in plan(past.case).moments())
    assert tally.said.total() + tally.unsaid.total() == steps
    assert tally.failed == {}
    figures = tally.figures
    assert figures.opened == figures.statuses.total() == 150
    assert figures.solved.total() <= 150
    assert 0 < figures.at_the_front.total() < figures.solved.total()
    assert 0 < figures.ping_pong_tickets <= figures.ping_pong
    assert timedelta() < tally.waits.waited_in_all < tally.waits.worked_on
    assert min(figures.met.values()) >= 0
