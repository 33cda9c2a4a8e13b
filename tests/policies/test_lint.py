"""What `policy check` finds odd about a valid policy (7.1, 7.4). It is asked on Monday, 23 November 2026."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.support.policies import ALWAYS, LINES, ladder
from workflows.domain.calendar import Calendar, Span
from workflows.domain.policy import Money, OnBreach, Policy, Targets, Tier, hours, minutes
from workflows.domain.ticket.words import Target
from workflows.planning.coverage import coverage, without
from workflows.planning.lint import Finding, Kind, Weight, lint

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
OFFICE = Calendar("UTC", {"mon-fri": "09:00-17:00"}, closed=("2027-12-27",))
ROW = Targets(acknowledge=minutes(30), update_every=hours(2), resolve=hours(4))


def _tier(name: str, calendar: Calendar = OFFICE, **of: object) -> Tier:
    return replace(Tier(name=name, calendar=calendar, targets={"normal": ROW}), **of)  # type: ignore[arg-type]  # its fields


def _policy(*tiers: Tier, calendar: Calendar = OFFICE) -> Policy:
    return Policy(
        name="gardens",
        calendar=calendar,
        resolve={"normal": hours(24)},
        tiers=tiers,
        lead="head-gardener",
        last_resort="owner",
    )


def _found(policy: Policy, kind: Kind) -> list[Finding]:
    findings, _ = lint(policy, MONDAY)
    return [each for each in findings if each.kind is kind]


def test_a_sound_policy_has_nothing_odd() -> None:
    """A check that always finds something is not read."""
    assert lint(_policy(_tier("front"), _tier("engineers")), MONDAY)[0] == ()


def test_a_tier_that_no_breach_leads_to_is_never_reached() -> None:
    """7.4: a step that is not taken is told with its tier, its priority and the remedy."""
    silent = dict.fromkeys(Target, OnBreach(escalate_every=0))
    found = _found(_policy(_tier("front", on_breach=silent), _tier("engineers")), Kind.UNREACHABLE_TIER)
    assert [(each.tier, each.priority, each.weight) for each in found] == [("engineers", "normal", Weight.WARNING)]
    assert "never reached by a ticket of priority 'normal' that nobody touches: let a breach" in found[0].text


def test_a_tier_that_is_always_passed_by_is_never_reached() -> None:
    """4.5: skipped whenever it is closed, and whatever leads to it does so while it is."""
    night = Calendar("UTC", {"mon-fri": "03:00-03:30"})
    skipped = _tier("night", night, skip_when_closed=("normal",))
    found = _found(_policy(_tier("front"), skipped, _tier("engineers")), Kind.UNREACHABLE_TIER)
    assert [each.tier for each in found] == ["night"]


def test_a_tier_that_is_closed_for_weeks_is_told() -> None:
    """A desk that is on holiday for all that can be seen has no hours for anybody."""
    mondays = ("2026-11-23", "2026-11-30", "2026-12-07", "2026-12-14")
    gone = Calendar("UTC", {"mon": "09:00-17:00"}, closed=mondays)
    found = _found(_policy(_tier("front"), _tier("engineers", gone)), Kind.NO_OPEN_HOURS)
    assert [(each.tier, each.priority) for each in found] == [("engineers", "normal")]


def test_a_supplier_slower_than_the_promise_is_told() -> None:
    """The customer is promised 24 h of a desk that works eight a day; one hour a week never keeps that."""
    seldom = Calendar("UTC", {"mon": "09:00-10:00"})
    found = _found(_policy(_tier("front"), _tier("supplier", seldom)), Kind.SLOWER_THAN_PROMISED)
    assert [(each.tier, each.priority, each.weight) for each in found] == [("supplier", "normal", Weight.WARNING)]
    assert found[0].text.startswith(
        "tier 'supplier' is always slower than what the customer is promised for priority 'normal': with the ticket"
    )


def test_a_supplier_that_is_slower_at_times_is_a_note() -> None:
    """On Friday afternoon the promise is shorter than the weekend: worth knowing, not worth failing for."""
    policy = replace(_policy(_tier("front"), _tier("supplier")), calendar=ALWAYS, resolve={"normal": hours(30)})
    found = _found(policy, Kind.SLOWER_THAN_PROMISED)
    assert {each.weight for each in found} == {Weight.NOTE}
    assert {each.tier for each in found} == {"front", "supplier"}


def test_update_equal_to_acknowledge_in_one_calendar_is_told() -> None:
    """7.1: an untouched ticket would breach both at once; in another calendar it would not."""
    both = replace(ROW, acknowledge=hours(2))
    same = _tier("front", targets={"normal": both})
    elsewhere = _tier("engineers", Calendar("UTC", {"mon-fri": "08:00-16:00"}), targets={"normal": both})
    assert [each.tier for each in _found(_policy(same, elsewhere), Kind.BOTH_AT_ONCE)] == ["front"]


def test_hours_in_which_no_tier_is_there_are_a_gap() -> None:
    """The customer's clocks run around the clock, the desk does not: each night of it is a gap."""
    policy = _policy(_tier("front"), calendar=ALWAYS)
    findings, cover = lint(policy, MONDAY)
    assert cover.gaps[0] == Span(MONDAY, datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    assert cover.gaps[1] == Span(datetime(2026, 11, 23, 17, 0, tzinfo=UTC), datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    told = [each.text for each in findings if each.kind is Kind.COVERAGE_GAP]
    # Four weeks have 672 hours, of which a desk of 20 days with 8 hours is there for 160.
    assert told == [
        (
            "for 512 h in the coming four weeks the customer's clocks run and no tier is there, first Mon 23 Nov 00:00"
            " to Mon 23 Nov 09:00: let a tier be open then, or the policy's calendar closed"
        )
    ]


def test_open_hours_with_nobody_on_the_roster_are_told() -> None:
    """4.9: the desk is open and Tuesday's only colleague is away, with no cover."""
    policy = _policy(_tier("front"))
    findings, cover = lint(policy, MONDAY, roster=lambda tier, at: tier == "front" and at.day != 24)
    tuesday = Span(datetime(2026, 11, 24, 9, 0, tzinfo=UTC), datetime(2026, 11, 24, 17, 0, tzinfo=UTC))
    assert cover.tiers[0].unstaffed == (tuesday,)
    assert cover.gaps == (tuesday,)
    assert [(each.kind, each.tier) for each in findings] == [
        (Kind.NOBODY_ON_THE_ROSTER, "front"),
        (Kind.COVERAGE_GAP, None),
    ]
    assert "for 8 h of its open hours in the coming four weeks, first Tue 24 Nov 09:00 to" in findings[0].text


def test_closed_dates_that_run_out_are_a_note() -> None:
    """A list of holidays that ends this year lets next year's be working days."""
    old = Calendar("UTC", {"mon-fri": "09:00-17:00"}, closed=("2026-12-25",))
    found = _found(_policy(_tier("front", old), calendar=old), Kind.CLOSED_DATES_RUN_OUT)
    assert [each.weight for each in found] == [Weight.NOTE, Weight.NOTE]
    assert found[0].text.startswith("the calendar of the policy knows no closed or special date after 2026-12-25:")


def test_another_tier_covers_for_one_that_is_closed() -> None:
    """Follow the sun: what one desk does not cover the other does, and only the rest is a gap."""
    east = _tier("east", Calendar("UTC", {"mon-sun": "00:00-10:00"}))
    west = _tier("west", Calendar("UTC", {"mon-sun": "10:00-23:00"}))
    cover = coverage(_policy(east, west, calendar=ALWAYS), MONDAY, datetime(2026, 11, 25, tzinfo=UTC))
    assert [(span.start_at.day, span.start_at.hour, span.end_at.hour) for span in cover.gaps] == [
        (23, 23, 0),
        (24, 23, 0),
    ]


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ([], [(9, 17)]),
        ([(9, 17)], []),
        ([(8, 10), (16, 18)], [(10, 16)]),
        ([(11, 12), (13, 14)], [(9, 11), (12, 13), (14, 17)]),
        ([(17, 18)], [(9, 17)]),
    ],
)
def test_time_taken_from_time(taken: list[tuple[int, int]], left: list[tuple[int, int]]) -> None:
    """Stretches are half open: what only touches takes nothing."""

    def spans(hours_of: list[tuple[int, int]]) -> tuple[Span, ...]:
        return tuple(Span(MONDAY.replace(hour=start), MONDAY.replace(hour=end)) for start, end in hours_of)

    assert without(spans([(9, 17)]), spans(taken)) == spans(left)


def test_the_small_ladder_of_the_other_tests_is_sound_but_for_what_it_is_made_for() -> None:
    """Whatever a policy looks like, the check ends: also where every tier is open round the clock."""
    findings, cover = lint(ladder(), MONDAY)
    assert cover.gaps == ()
    assert Kind.UNREACHABLE_TIER not in {each.kind for each in findings}


def test_who_wants_to_leave_does_not_wait_longest() -> None:
    """No retention hurdle: targets of their own, and not the slowest there are."""
    found = _found(replace(LINES, leaving="normal"), Kind.LEAVING_IS_SLOW)
    assert [(each.priority, each.weight) for each in found] == [("normal", Weight.WARNING)]
    assert "leaving is 'normal', the least urgent priority" in found[0].text
    assert _found(replace(LINES, leaving="high"), Kind.LEAVING_IS_SLOW) == []
    assert _found(replace(_policy(_tier("front")), leaving="normal"), Kind.LEAVING_IS_SLOW) == []


def test_what_the_engine_gives_unasked_the_desk_may_give_too() -> None:
    """6.13: who makes good by hand what no clock saw should not have to wait for the lead."""

    def pounds(number: int) -> Money:
        return Money(minor=100 * number, currency="GBP")

    granted = replace(LINES, credit_for_promise=pounds(5), credit_for_resolve=pounds(15))
    assert [each.text.partition(":")[0] for each in _found(granted, Kind.CREDIT_BEYOND_LIMIT)] == [
        "credit_for_promise is 5.00 GBP, and the desk may offer nothing by hand without the lead",
        "credit_for_resolve is 15.00 GBP, and the desk may offer nothing by hand without the lead",
    ]
    found = _found(replace(granted, credit_limit=pounds(10)), Kind.CREDIT_BEYOND_LIMIT)
    assert [(each.text.partition(":")[0], each.weight) for each in found] == [
        (
            "credit_for_resolve is 15.00 GBP, and the desk may offer no more than 10.00 GBP by hand without the lead",
            Weight.NOTE,
        )
    ]
    assert _found(replace(granted, credit_limit=pounds(15)), Kind.CREDIT_BEYOND_LIMIT) == []
