"""The record's clock: real, or scaled from an origin."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from services.records.clock import RealClock, ScaledClock, parse, real_seconds_until, require_present
from services.records.errors import ClockRunOut

SATURDAY_NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_real_clock_says_what_it_is_told() -> None:
    """The record's time is the world's."""
    assert parse("real").read(SATURDAY_NOON) == SATURDAY_NOON
    assert (parse("real").name, parse("real").speed) == ("real", 1.0)


def test_scaled_clock_stands_at_its_origin_and_runs_from_there() -> None:
    """One real second later it is 5,000 seconds later, to the microsecond; one earlier, earlier."""
    clock = parse("scaled:2026-11-21T12:00:00Z:5000")

    assert clock.read(SATURDAY_NOON) == SATURDAY_NOON
    assert clock.read(SATURDAY_NOON + timedelta(seconds=1)) == datetime(2026, 11, 21, 13, 23, 20, tzinfo=UTC)
    assert clock.read(SATURDAY_NOON - timedelta(microseconds=3)) == SATURDAY_NOON - timedelta(microseconds=15_000)
    assert clock.read(SATURDAY_NOON).tzinfo is UTC
    assert clock.speed == 5000.0


@pytest.mark.parametrize("text", ["scaled:2026-11-21T12:00:00Z:5000", "scaled:2026-11-21T12:00:00.250000Z:0.1", "real"])
def test_name_makes_the_same_clock(text: str) -> None:
    """The name that is written with the record is the setting that continues it."""
    assert parse(parse(text).name) == parse(text)
    assert parse(text).name == text


def test_origin_in_another_zone_is_the_same_instant() -> None:
    """13:00 in Berlin is noon."""
    assert parse("scaled:2026-11-21T13:00:00+01:00:2").name == "scaled:2026-11-21T12:00:00Z:2"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fast", "clock 'fast' is unknown: write 'real', or"),
        ("scaled", "is unknown"),
        ("scaled:2026-11-21T12:00:00Z", "has no zone"),
        ("scaled:yesterday:5000", "clock origin 'yesterday' is not an instant"),
        ("scaled:9999-12-31T23:59:59-10:00:5", "clock origin '9999-12-31T23:59:59-10:00' lies at the end of all"),
        ("scaled:0001-01-01T00:00:00+10:00:5", "clock origin '0001-01-01T00:00:00.10:00' lies at the end of all"),
        ("scaled:2026-11-21T12:00:00Z:1e-9", "clock speed 1e-09 is no use: write one from 0.001 to 1000000"),
        ("scaled:2026-11-21T12:00:00Z:2e6", "clock speed 2000000.0 is no use: write one from 0.001 to 1000000"),
        ("scaled:2026-11-21T12:00:00:5000", "has no zone"),
        ("scaled:2026-11-21T12:00:00Z:quick", "clock speed 'quick' is not a positive number"),
        ("scaled:2026-11-21T12:00:00Z:0", "not a positive number"),
        ("scaled:2026-11-21T12:00:00Z:-1", "not a positive number"),
        ("scaled:2026-11-21T12:00:00Z:inf", "not a positive number"),
        ("scaled:2026-11-21T12:00:00Z:nan", "not a positive number"),
    ],
)
def test_clock_that_cannot_be_read(text: str, told: str) -> None:
    """The value and the remedy."""
    with pytest.raises(ValueError, match=told):
        parse(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "scaled:2026-11-21T12:00:01Z:5000",
            "clock origin '2026-11-21T12:00:01Z' is in the future",
        ),
        (
            "scaled:2026-11-08T12:00:00Z:5000",
            "clock origin '2026-11-08T12:00:00Z' at 5000 times the speed puts the record beyond the year 2199",
        ),
        (
            "scaled:1970-01-01T00:00:00Z:5000",
            "clock origin '1970-01-01T00:00:00Z' at 5000 times the speed puts the record beyond the year 2199",
        ),
        (
            "scaled:1200-01-01T00:00:00Z:0.1",
            "clock origin '1200-01-01T00:00:00Z' at 0.1 times the speed puts the record before the year 1900",
        ),
    ],
)
def test_clock_by_which_nobody_can_go_now(text: str, told: str) -> None:
    """An origin in the future gives a record in the past, one long ago an instant that no calendar has."""
    remedy = "write the real instant from which the record runs faster, like 2026-11-21T12:00:00Z, which is now"
    with pytest.raises(ValueError, match=f"^{re.escape(told)}: {remedy}$"):
        require_present(parse(text), SATURDAY_NOON)


@pytest.mark.parametrize(
    "text",
    ["real", "scaled:2026-11-21T12:00:00Z:5000", "scaled:2026-11-10T00:00:00Z:5000", "scaled:1970-01-01T00:00:00Z:2"],
)
def test_clock_by_which_one_can_go_now(text: str) -> None:
    """An origin that is now, or not too long ago for its speed."""
    require_present(parse(text), SATURDAY_NOON)


def test_clock_that_runs_out_says_so() -> None:
    """What is later than the last instant there is, is the record's error and not a crash."""
    clock = parse("scaled:1970-01-01T00:00:00Z:5000")

    with pytest.raises(
        ClockRunOut, match="by the clock 'scaled:1970-01-01T00:00:00Z:5000' it is later than any instant"
    ):
        clock.read(SATURDAY_NOON)


def test_sleep_is_real_and_never_nothing() -> None:
    """900 seconds of a clock 900 times as fast are one real second; what is past is a millisecond."""
    clock = ScaledClock(origin=SATURDAY_NOON, speed=900.0)

    assert real_seconds_until(SATURDAY_NOON + timedelta(minutes=15), SATURDAY_NOON, clock) == 1.0
    assert real_seconds_until(SATURDAY_NOON - timedelta(hours=1), SATURDAY_NOON, RealClock()) == 0.001
