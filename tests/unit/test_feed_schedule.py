"""Which cases are driven, and when each one's turn comes."""

from datetime import UTC, datetime, timedelta

from services.desk_log.log import Case, Row, VinstStatus
from services.feed.schedule import best_beginning, choose, turns

MONDAY = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def case(name: str, started_at: datetime, days: float) -> Case:
    """Give a case of two rows, so many days apart."""
    return Case(
        case=name,
        rows=(
            Row(line=2, at=started_at, status=VinstStatus.IN_PROGRESS, who="Ada"),
            Row(line=3, at=started_at + timedelta(days=days), status=VinstStatus.RESOLVED, who="Ada"),
        ),
    )


def test_cases_are_taken_evenly_over_the_log_and_always_the_same() -> None:
    """Not the first ones: a log's beginning is not like its end."""
    choice = choose([case(str(n), MONDAY, 1) for n in range(10)], number=3, longest=timedelta(days=30))

    assert [each.case for each in choice.cases] == ["0", "3", "6"]
    assert (choice.too_long, choice.not_asked_for) == (0, 7)


def test_cases_that_are_too_long_are_left_out_and_counted() -> None:
    """Exactly as long as allowed is not too long."""
    choice = choose([case("a", MONDAY, 30), case("b", MONDAY, 30.1)], number=300, longest=timedelta(days=30))

    assert [each.case for each in choice.cases] == ["a"]
    assert (choice.too_long, choice.not_asked_for) == (1, 0)


def test_a_log_of_long_cases_only_leaves_nothing() -> None:
    """And says so, instead of dividing by nothing."""
    assert choose([case("a", MONDAY, 31)], number=300, longest=timedelta(days=30)).cases == ()


def test_a_case_opens_at_its_own_weekday_and_time_of_day() -> None:
    """A Monday morning's case does not open on a Saturday noon."""
    (turn,) = turns([case("a", MONDAY, 2)], SATURDAY)

    assert turn.opens_at == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # Monday
    assert turn.ends_at == datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def test_short_cases_spread_over_the_time_the_longest_takes() -> None:
    """Side by side, not all at once; and nobody ends later for it."""
    cases = [case("long", MONDAY, 22), *(case(str(n), MONDAY, 1) for n in range(8))]

    given = turns(cases, MONDAY)

    assert [turn.opens_at for turn in given if turn.case.case == "long"] == [MONDAY]
    weeks = [(turn.opens_at - MONDAY).days // 7 for turn in given if turn.case.case != "long"]
    assert sorted(weeks) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert [turn.opens_at for turn in given] == sorted(turn.opens_at for turn in given)


def test_by_a_real_clock_nobody_waits_for_the_weekday() -> None:
    """The first case opens at once."""
    (turn,) = turns([case("a", MONDAY, 2)], SATURDAY, keeps_weekday=False)

    assert turn.opens_at == SATURDAY


def test_the_best_beginning_is_when_the_longest_can_start_at_once() -> None:
    """A short case has time until its own weekday comes."""
    cases = [case("long", MONDAY, 20), case("short", MONDAY - timedelta(days=1), 2)]

    assert best_beginning(cases, SATURDAY) == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # Monday
