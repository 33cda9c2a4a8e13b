"""What the rows of a case ask of a ticket."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.desk_log.log import Case, Row, VinstStatus, read_log
from services.desk_log.plan import LeftOut, Moment, Silence, Step, plan

MADE_UP = Path(__file__).parent.parent / "data" / "made-up-incidents.csv"
REAL = Path(__file__).parents[3] / "shared" / "data" / "volvo-it-incidents-2013.sample.csv.gz"
MONDAY = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)

Q = VinstStatus.QUEUED
A = VinstStatus.IN_PROGRESS
USER = VinstStatus.WAIT_USER
VENDOR = VinstStatus.WAIT_VENDOR
WAIT = VinstStatus.WAIT
DONE = VinstStatus.RESOLVED
CALL = VinstStatus.IN_CALL
END = VinstStatus.CLOSED


def case(*statuses: VinstStatus, who: str = "") -> Case:
    """Give a case with a row an hour; `who` has a letter a row, Ada's by default."""
    names = {"a": "Ada", "b": "Ben"}
    letters = who or "a" * len(statuses)
    return Case(
        case="7",
        rows=tuple(
            Row(line=hour + 2, at=MONDAY + timedelta(hours=hour), status=status, who=names[letter])
            for hour, (status, letter) in enumerate(zip(statuses, letters, strict=True))
        ),
    )


def asked(*statuses: VinstStatus, who: str = "") -> list[object]:
    """Say what each row asks for: its steps, or why there are none."""
    said = [row.says for row in plan(case(*statuses, who=who)).rows]
    return [list(says) if isinstance(says, tuple) else says for says in said]


def test_the_usual_way() -> None:
    """Queued, taken on, handed over, taken on, solved, signed off."""
    assert asked(Q, A, Q, A, DONE, END, who="aaabbb") == [
        Silence.OPENING,
        [Step.TAKE_ON],
        [Step.HAND_OVER],
        [Step.TAKE_ON],
        [Step.SOLVE],
        [Step.SIGN_OFF],
    ]


def test_moments_count_from_the_first_row() -> None:
    """A step has its row's distance from the start, and its row's person."""
    assert list(plan(case(Q, A, CALL, who="abb")).moments()) == [
        Moment(offset=timedelta(hours=1), who="Ben", step=Step.TAKE_ON),
        Moment(offset=timedelta(hours=2), who="Ben", step=Step.SOLVE),
    ]


@pytest.mark.parametrize(
    ("first", "steps"),
    [
        (A, [Step.TAKE_ON]),
        (WAIT, [Step.TAKE_ON]),
        (USER, [Step.TAKE_ON, Step.ASK]),
        (VENDOR, [Step.TAKE_ON, Step.TO_SUPPLIER]),
        (DONE, [Step.SOLVE]),
        (END, [Step.SOLVE, Step.SIGN_OFF]),
        (VinstStatus.CANCELLED, [Step.WITHDRAW]),
    ],
)
def test_a_case_may_start_anywhere(first: VinstStatus, steps: list[Step]) -> None:
    """A log begins in the middle of things: whatever has the case first says what it takes to be there."""
    assert asked(first) == [steps]


def test_queued_again_before_anybody_took_it_on_is_no_hand_over() -> None:
    """Only what somebody had can be handed on."""
    assert asked(Q, Q, A, Q, Q)[1:] == [Silence.STILL_QUEUED, [Step.TAKE_ON], [Step.HAND_OVER], Silence.STILL_QUEUED]


@pytest.mark.parametrize(
    ("then", "steps"),
    [
        (A, [Step.ANSWER, Step.TAKE_ON]),
        (WAIT, [Step.GO_ON]),
        (Q, [Step.GO_ON, Step.HAND_OVER]),
        (VENDOR, [Step.GO_ON, Step.TO_SUPPLIER]),
        (USER, [Step.ASK]),
        (DONE, [Step.SOLVE]),
        (END, [Step.SOLVE, Step.SIGN_OFF]),
    ],
)
def test_leaving_a_wait_on_the_customer(then: VinstStatus, steps: list[Step]) -> None:
    """Worked on again: the customer answered. Put aside or handed on: nobody waited. Solved: that ends the wait."""
    assert asked(A, USER, then)[2] == steps


@pytest.mark.parametrize(
    ("then", "steps"),
    [
        (A, [Step.FROM_SUPPLIER, Step.TAKE_ON]),
        (WAIT, [Step.FROM_SUPPLIER, Step.TAKE_ON]),
        (USER, [Step.FROM_SUPPLIER, Step.TAKE_ON, Step.ASK]),
        (Q, [Step.FROM_SUPPLIER]),
        (VENDOR, Silence.STILL_WITH_SUPPLIER),
        (DONE, [Step.SOLVE]),
    ],
)
def test_leaving_the_supplier(then: VinstStatus, steps: object) -> None:
    """It comes back to the tier that sent it, unless the supplier's work solved it."""
    assert asked(A, VENDOR, then)[2] == steps


@pytest.mark.parametrize("ended", [DONE, CALL, END, VinstStatus.CANCELLED])
@pytest.mark.parametrize(
    ("then", "steps"),
    [
        (A, [Step.BACK_TO_WORK, Step.TAKE_ON]),
        (Q, [Step.BACK_TO_WORK]),
        (USER, [Step.BACK_TO_WORK, Step.TAKE_ON, Step.ASK]),
    ],
)
def test_work_after_the_end(ended: VinstStatus, then: VinstStatus, steps: list[Step]) -> None:
    """What goes on after it was solved or closed goes back to work."""
    assert asked(A, ended, then)[2] == steps


def test_an_end_said_twice_says_nothing_new() -> None:
    """Solved twice, closed twice."""
    assert asked(A, DONE, CALL, END, END)[2:] == [Silence.STILL_ENDED, [Step.SIGN_OFF], Silence.STILL_ENDED]


def test_waiting_inside_is_silent_and_other_hands_are_not() -> None:
    """2.11: an internal wait moves no clock; whoever else turns up has taken it on."""
    assert asked(A, WAIT, WAIT, A, who="aabb") == [
        [Step.TAKE_ON],
        Silence.WAITS_INSIDE,
        [Step.TAKE_ON],
        [Step.TAKE_ON],
    ]


def test_unmatched_is_left_out_and_forgotten() -> None:
    """The row says nothing about where the case stands."""
    assert asked(A, DONE, VinstStatus.UNMATCHED, A)[2:] == [LeftOut.UNMATCHED, [Step.BACK_TO_WORK, Step.TAKE_ON]]


def test_the_made_up_log_has_every_step_and_every_silence() -> None:
    """What `make feed` shows covers each odd shape of a case."""
    log = read_log(MADE_UP)
    said = [row.says for each in log.cases for row in plan(each).rows]

    assert {step for says in said if isinstance(says, tuple) for step in says} == set(Step)
    assert {says for says in said if not isinstance(says, tuple)} == {*Silence, *LeftOut} - {Silence.WAY_BACK}
    assert log.left_out == ("broken",)


@pytest.mark.skipif(not REAL.exists(), reason="the real incidents are not on this machine (../shared/data)")
def test_every_row_of_the_real_incidents_has_a_meaning() -> None:
    """3,000 incidents of a real help desk: no row is broken, and each asks for steps, for nothing, or is left out."""
    log = read_log(REAL)
    said = [row.says for each in log.cases for row in plan(each).rows]

    assert (len(log.cases), log.broken, len(said)) == (3000, (), 25892)
    assert sum(isinstance(says, LeftOut) for says in said) == 2
    assert all(says for says in said if isinstance(says, tuple))
