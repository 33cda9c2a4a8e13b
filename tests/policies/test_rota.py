"""A rota for policy authors: weekly duty, absences by date, somebody who stands in; its slips are told at once."""

from datetime import UTC, datetime

import pytest

from workflows.domain.errors import PolicyError
from workflows.rota import Away, Rota

SHOP = Rota(
    zone="Europe/London",
    duty={
        "agents": {"mon-fri": ("ann", "bo"), "sat 09:00-13:00": "bo"},
        "specialists": "cleo",
        "night": {"mon-fri 22:00-06:00": "dee", "sun 22:00-23:00": "ann"},
    },
    away=(
        Away(who="cleo", first="2026-12-24", last="2027-01-02", cover=("ann", "bo")),
        Away(who="ann", first="2026-12-31", last="2026-12-31", cover="eve"),
        Away(who="bo", first="2026-11-23", last="2026-11-27"),
        Away(who="dee", first="2026-11-24", last="2026-11-24"),
    ),
)


@pytest.mark.parametrize(
    ("tier", "at", "names"),
    [
        ("agents", "2026-11-30T00:00", ("ann", "bo")),  # Monday, all day
        ("agents", "2026-11-23T12:00", ("ann",)),  # bo is away, and nobody stands in
        ("agents", "2026-11-28T08:59", ()),  # Saturday
        ("agents", "2026-11-28T09:00", ("bo",)),
        ("agents", "2026-11-28T13:00", ()),  # half open
        ("agents", "2026-11-29T12:00", ()),  # Sunday
        ("specialists", "2026-12-23T23:59", ("cleo",)),
        ("specialists", "2026-12-24T00:00", ("ann", "bo")),  # the first day is one of them
        ("specialists", "2026-12-31T12:00", ("eve", "bo")),  # who stands in is away as well
        ("specialists", "2027-01-03T00:00", ("cleo",)),
        ("night", "2026-11-23T23:00", ("dee",)),  # Monday
        ("night", "2026-11-24T05:59", ("dee",)),  # the tail is Monday's, when she was there
        ("night", "2026-11-24T22:00", ()),
        ("night", "2026-11-25T05:59", ()),  # the tail is Tuesday's
    ],
)
def test_who_is_on_duty(tier: str, at: str, names: tuple[str, ...]) -> None:
    """4.9: what the roster answers is the week's duty, less who is away, with who stands in; by the rota's zone."""
    assert SHOP.roster(tier, datetime.fromisoformat(at).replace(tzinfo=UTC)) == names


def test_days_are_those_on_the_wall() -> None:
    """At eleven in the evening UTC it is Saturday in Berlin already."""
    rota = Rota(zone="Europe/Berlin", duty={"desk": {"sat": "ann"}})
    assert rota.roster("desk", datetime(2026, 11, 27, 23, 0, tzinfo=UTC)) == ("ann",)
    assert rota.roster("desk", datetime(2026, 11, 27, 22, 59, tzinfo=UTC)) == ()


def test_two_who_stand_in_for_each_other_are_both_away() -> None:
    """A circle of absences ends, and nobody is there."""
    away = (
        Away(who="ann", first="2026-12-24", last="2026-12-26", cover="bo"),
        Away(who="bo", first="2026-12-26", last="2026-12-28", cover="ann"),
    )
    rota = Rota(zone="UTC", duty={"desk": "ann"}, away=away)
    assert rota.roster("desk", datetime(2026, 12, 25, 12, 0, tzinfo=UTC)) == ("bo",)
    assert rota.roster("desk", datetime(2026, 12, 26, 12, 0, tzinfo=UTC)) == ()


def test_all_slips_are_told_at_once() -> None:
    """Each says where it is, what is wrong and what to write; none ends in a traceback."""
    with pytest.raises(PolicyError) as refused:
        Rota(
            zone="Europe/Lundon",
            duty={"desk": {"mon-fry": "ann", "sat 25:00-26:00": "bo", 3: "cy"}, "lab": 3, "roof": ("ann", "")},  # type: ignore[dict-item]  # a slip
            away=(
                Away(who="anne", first="2026-12-24", last="2026-12-23", cover="anne"),
                Away(who="bo", first="24.12.2026", last="2026-13-01"),
            ),
        )
    told = "\n".join(refused.value.problems)
    for part in (
        "rota: unknown time zone 'Europe/Lundon'",
        "rota: tier 'desk', 'mon-fry': ",
        "rota: tier 'desk', 'sat 25:00-26:00': ",
        "rota: tier 'desk', 3: these are no days: write 'mon-fri', or 'sat 09:00-13:00'",
        "rota: tier 'lab', 'mon-sun': 3 names nobody: write 'ann', or ('ann', 'bo')",
        "rota: tier 'roof', 'mon-sun': ('ann', '') names nobody",
        "rota: away, 'anne': nobody stands in for themselves: name somebody else",
        "rota: away, 'anne': from 2026-12-24 to 2026-12-23 is no time: write the first day first",
        "rota: away, 'bo': '24.12.2026' is no date: write it like '2026-12-24'",
        "rota: away, 'bo': '2026-13-01' is no date",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("rota", "told"),
    [
        ({"duty": ["ann"]}, r"rota: the duty is \['ann'\]: write it by tier"),
        ({"duty": {"desk": "ann"}, "away": "ann"}, "rota: away is 'ann': write a tuple"),
        (
            {"duty": {"desk": "ann"}, "away": (Away(who="anm", first="2026-12-24", last="2026-12-24"),)},
            r"rota: 'anm' is away and has no duty: did you mean 'ann'\?",
        ),
    ],
)
def test_what_is_no_rota_is_refused(rota: dict[str, object], told: str) -> None:
    """Whoever writes it needs no type checker."""
    with pytest.raises(PolicyError, match=told):
        Rota(zone="UTC", **rota)  # type: ignore[arg-type]  # that is what is tested


def test_a_tier_without_duty_is_told_when_it_is_asked_for() -> None:
    """A misspelt tier is no empty one: the roster fails, its last answer stays, and that is an alert (4.9)."""
    with pytest.raises(PolicyError, match=r"rota: tier 'agent' has no duty: did you mean 'agents'\?"):
        SHOP.roster("agent", datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
