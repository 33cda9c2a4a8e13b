"""The faults of a run are its seed's."""

from tests.chaos.faults import LEAST_SECONDS, LONG_AWAY_SECONDS, OTHERS, OURS, Kind, plan


def test_a_seed_makes_the_same_faults_again() -> None:
    """A seed that was printed can be run again."""
    assert plan(7, Kind, 75) == plan(7, tuple(Kind), 75)
    assert plan(7, Kind, 75) != plan(8, Kind, 75)


def test_every_kind_asked_for_happens_and_no_other() -> None:
    """Each fault is in every run, Temporal's long absence too."""
    for seed in range(50):
        faults = plan(seed, Kind, LEAST_SECONDS)
        assert {fault.kind for fault in faults} == set(Kind)
        assert max(fault.lasts for fault in faults if fault.kind is Kind.TEMPORAL) == LONG_AWAY_SECONDS
    assert {fault.kind for fault in plan(1, (Kind.STOP,), 60)} == {Kind.STOP}
    assert plan(1, (), 60) == ()


def test_anybody_may_be_stopped() -> None:
    """SIGSTOP of any process, the database included."""
    stopped = {fault.target for seed in range(20) for fault in plan(seed, (Kind.STOP,), 60)}
    assert stopped == {*OURS, *OTHERS}
