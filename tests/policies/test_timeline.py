"""The dated story of a policy (7.4), told by the code that runs tickets (7.5): what happens, to the very instant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.policies import ALWAYS, LINES, ladder, row
from workflows.domain.calendar import Calendar
from workflows.domain.errors import DomainError
from workflows.domain.follow_the_sun import FollowTheSun
from workflows.domain.policy import OnBreach, Policy, hours, minutes
from workflows.domain.policy_data import from_data, to_data
from workflows.domain.ticket.commands import Acknowledge, PostUpdate, Resolve, WaitOnCustomer
from workflows.domain.ticket.words import Outcome, Target
from workflows.planning.local_time import read_instant
from workflows.planning.moments import Act, End, Timeline
from workflows.planning.telling import as_text, telling
from workflows.planning.timeline import MOST_MOMENTS, timeline
from workflows.planning.wording import is_bookkeeping, kind_of
from workflows.testing.plugin import Golden
from workflows.testing.story import Tell

OPENED_AT = datetime(2026, 11, 27, 17, 55, tzinfo=UTC)  # a Friday, five minutes before the desk of LINES closes
REMINDED = "last_resort_reminded"
MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def acknowledged(at: datetime, tier: str) -> Act:
    """Somebody speaks for that tier."""
    return Act(at=at, command=Acknowledge(actor="ann", handler="ann", tier=tier))


def london(text: str) -> datetime:
    """The instant of a local time."""
    return read_instant(text, "Europe/London")


def told(story: Timeline) -> list[tuple[str, str]]:
    """When and what, in short."""
    return [(f"{moment.at:%a %H:%M:%S}", moment.kind) for moment in story.moments]


@pytest.mark.parametrize("priority", LINES.priorities)
def test_the_whole_story_as_it_is_kept(golden: Golden, priority: str) -> None:
    """7.4: every warning, breach, escalation and message until exhaustion, in the local time of each tier."""
    golden(f"lines-{priority}.txt", as_text(telling(timeline(LINES, priority=priority, at=OPENED_AT))))


def test_it_is_the_story_that_the_engine_tells(tell: Tell) -> None:
    """7.5: instant by instant what a ticket's own log says, clock bookkeeping left out."""
    engine = tell(LINES).open("Fri 27 Nov 17:55", priority="urgent").until("Mon 30 Nov 13:01").as_told()
    story = timeline(LINES, priority="urgent", at=OPENED_AT)
    logged = [(entry.at, kind_of(entry.event)) for entry in engine.entries if not is_bookkeeping(entry.event)]
    happened = [(moment.at, moment.kind) for moment in story.moments]
    assert [each for each in logged if each[1] != REMINDED] == [each for each in happened if each[1] != REMINDED]
    assert set(happened) <= set(logged)


def test_who_is_told_of_a_step_and_what_is_due_from_then_on() -> None:
    """6.5: customer, new tier and owner hear of it; the customer's next news is among the deadlines."""
    story = timeline(LINES, priority="urgent", at=OPENED_AT)
    step = next(moment for moment in story.moments if moment.kind == "escalated")
    assert [(each.recipient, each.audiences) for each in step.told] == [
        ("customer", ("customer",)),
        ("specialist", ("tier",)),
        ("agent", ("owner",)),
    ]
    assert {(each.target, each.tier, f"{each.at:%a %H:%M}") for each in step.deadlines} == {
        (Target.UPDATE, "specialist", "Sat 09:55"),
        (Target.ACKNOWLEDGE, "specialist", "Sat 09:40"),
        (Target.TIER_RESOLVE, "specialist", "Sat 12:10"),
    }


def test_news_that_are_due_sooner_in_the_new_tier_are_told_once() -> None:
    """2.2, 6.5: the running update is shortened to the new tier's, from the same start."""
    policy = ladder(agent=row(acknowledge=1, update_every=10), specialist=row(update_every=3))
    story = timeline(policy, priority="normal", at=MONDAY_NOON)
    step = next(moment for moment in story.moments if moment.kind == "escalated")
    news = [(each.at, each.tier) for each in step.deadlines if each.target is Target.UPDATE]
    assert news == [(MONDAY_NOON + hours(3), "specialist")]
    breach = next(moment for moment in story.moments if moment.at == MONDAY_NOON + hours(3))
    assert breach.words.why == "3 h of open time allowed"


def test_a_tiers_name_may_be_a_plural() -> None:
    """Read aloud, it is still English."""
    agents = replace(LINES, tiers=(replace(LINES.tiers[0], name="agents"), *LINES.tiers[1:]))
    warned = timeline(agents, priority="urgent", at=OPENED_AT).moments[1]
    assert warned.words.what == "75 % of agents' time to acknowledge is spent"


def test_it_ends_when_the_ladder_has_and_the_last_promise_is_broken() -> None:
    """4.4: told are the first reminders of the last resort; that they go on is said, with what is still to come."""
    story = timeline(LINES, priority="urgent", at=OPENED_AT)
    assert story.ending.end is End.EXHAUSTED
    assert story.ending.text == "duty-manager is told again every 1 h of open time, until somebody acknowledges"
    assert [(each.target, f"{each.at:%a %H:%M}") for each in story.ending.running] == [(Target.UPDATE, "Mon 14:55")]
    assert story.moments[-1].kind == "ladder_exhausted"


def test_the_last_resort_hears_the_same_twice_then_only_what_is_new() -> None:
    """4.4: reminders without a new reason are left out after the second; each reason that joins is told."""
    hour = row(acknowledge=1)
    policy = ladder(agent=hour, specialist=hour, supplier=row(acknowledge=1, resolve=9), resolve=hours(20))
    story = timeline(policy, priority="normal", at=MONDAY_NOON)
    reminders = [moment for moment in story.moments if moment.kind == REMINDED]
    assert [(f"{moment.at:%a %H:%M}", moment.words.why) for moment in reminders] == [
        ("Mon 16:00", "nobody acknowledged in time"),
        ("Mon 17:00", "nobody acknowledged in time"),
        ("Tue 00:00", "nobody acknowledged in time, and the tier's own time to resolve it is over"),
    ]
    assert told(story)[-2:] == [("Tue 08:00:00", "clock_breached"), ("Tue 08:00:00", "ladder_exhausted")]


def test_a_policy_that_reminds_every_minute_is_bounded() -> None:
    """However far away an act is: what was not reached is said, and what is still promised, the soonest first."""
    hour = row(acknowledge=1)
    policy = replace(ladder(agent=hour, specialist=hour, supplier=hour), remind_every=minutes(1))
    story = timeline(policy, priority="normal", at=MONDAY_NOON)
    assert story.ending.end is End.EXHAUSTED
    assert [(each.target, each.tier) for each in story.ending.running] == [
        (Target.UPDATE, "supplier"),
        (Target.TIER_RESOLVE, "supplier"),
        (Target.RESOLVE, "supplier"),
    ]
    far = timeline(policy, priority="normal", at=MONDAY_NOON, acts=[acknowledged(MONDAY_NOON + hours(700), "agent")])
    assert far.ending.end is End.CUT
    assert far.ending.text == "It goes on like this, and is cut here; 1 of what was to be done lies beyond that"


def test_an_acknowledgement_in_time_stops_that_climb() -> None:
    """5.2: at the deadline's own instant it is in time; the ticket stays until the tier's own time is over."""
    story = timeline(LINES, priority="urgent", at=OPENED_AT, acts=[acknowledged(london("2026-11-28 09:10"), "agent")])
    assert told(story)[:4] == [
        ("Fri 17:55:00", "opened"),
        ("Sat 09:06:15", "clock_warned"),
        ("Sat 09:10:00", "acknowledged"),
        ("Sat 09:40:00", "clock_warned"),
    ]
    assert next(stay.until_at for stay in story.stays) == london("2026-11-28 10:55")


def test_an_acknowledgement_after_the_step_is_refused_in_a_line() -> None:
    """4.2: it says who has the ticket now, and the story goes on as if nobody had spoken."""
    late = acknowledged(london("2026-11-28 09:11"), "agent")
    story = timeline(LINES, priority="urgent", at=OPENED_AT, acts=[late])
    refused = next(moment for moment in story.moments if moment.kind == "refused")
    assert refused.at == late.at
    assert refused.tier == "specialist"
    assert "'specialist'" in refused.words.why
    rest = [moment.at for moment in story.moments if moment.kind != "refused"]
    assert rest == [moment.at for moment in timeline(LINES, priority="urgent", at=OPENED_AT).moments]


def test_an_act_before_the_opening_is_an_error() -> None:
    """Nobody can acknowledge what is not there: both instants are named, and the remedy."""
    early = acknowledged(london("2026-11-27 17:54"), "agent")
    with pytest.raises(
        DomainError,
        match=r"^an act at 2026-11-27 17:54:00 UTC lies before the ticket is opened, 2026-11-27 17:55:00 UTC: give a",
    ):
        timeline(LINES, priority="urgent", at=OPENED_AT, acts=[early])


def test_acts_of_one_instant_happen_one_after_the_other() -> None:
    """5.3: instants of one ticket only rise, here by a microsecond."""
    at = london("2026-11-28 09:05")
    acts = [acknowledged(at, "agent"), Act(at=at, command=PostUpdate(actor="ann", text="soon"))]
    story = timeline(LINES, priority="urgent", at=OPENED_AT, acts=acts)
    assert [(moment.at - at, moment.kind) for moment in story.moments[1:3]] == [
        (timedelta(), "acknowledged"),
        (timedelta(microseconds=1), "update_posted"),
    ]


def test_a_customer_who_does_not_answer_ends_it_quietly() -> None:
    """6.6, 6.8: reminded, given up on, closed by silence; then nothing is owed and no tier has it."""
    acts = [
        acknowledged(MONDAY_NOON, "agent"),
        Act(at=MONDAY_NOON + hours(1), command=WaitOnCustomer(actor="ann", question="which router?")),
    ]
    story = timeline(ladder(), priority="normal", at=MONDAY_NOON, acts=acts)
    assert told(story)[3:] == [
        ("Mon 23:00:00", "customer_reminded"),
        ("Tue 09:00:00", "customer_reminded"),
        ("Tue 19:00:00", "wait_ended"),
        ("Tue 19:00:00", "resolved"),
        ("Wed 19:00:00", "closed"),
    ]
    assert (story.ending.end, story.ending.text) == (End.QUIET, "The ticket is closed, and nothing is owed any more")
    assert story.stays[-1].until_at == story.until_at


def test_what_is_done_after_the_end_is_still_told() -> None:
    """Acts are never dropped: on a closed ticket the judge refuses them, and that is the last line."""
    acts = [
        acknowledged(MONDAY_NOON, "agent"),
        Act(at=MONDAY_NOON, command=Resolve(actor="ann", outcome=Outcome.FIXED, explanation="a router")),
        Act(at=MONDAY_NOON + hours(100), command=PostUpdate(actor="ann", text="hello?")),
    ]
    story = timeline(ladder(), priority="normal", at=MONDAY_NOON, acts=acts)
    assert [moment.kind for moment in story.moments[-2:]] == ["closed", "refused"]


def test_a_tier_that_is_passed_by_is_told_and_gives_no_deadline() -> None:
    """4.5: the opening names the deadlines of the tier that has it, the one passed by only why."""
    closed = replace(LINES.tiers[0], skip_when_closed=("urgent",))
    always = replace(LINES.tiers[1], calendar=ALWAYS)
    policy = replace(LINES, tiers=(closed, always, LINES.tiers[2]))
    story = timeline(policy, priority="urgent", at=datetime(2026, 11, 28, 20, tzinfo=UTC))
    opened, skipped = story.moments[:2]
    assert (opened.kind, opened.tier, len(opened.deadlines)) == ("opened", "specialist", 4)
    assert (skipped.kind, skipped.words.about, skipped.deadlines) == ("tier_skipped", "agent", ())


def test_a_tier_without_anybody_on_duty_is_passed_by() -> None:
    """4.5, 4.9: from the first one at the opening, from a later one when the ticket comes up."""
    first = timeline(LINES, priority="urgent", at=OPENED_AT, empty=["agent"])
    assert [(moment.kind, moment.tier) for moment in first.moments[:2]] == [
        ("opened", "specialist"),
        ("tier_skipped", "specialist"),
    ]
    later = timeline(LINES, priority="urgent", at=OPENED_AT, empty=["specialist"])
    skipped = next(moment for moment in later.moments if moment.kind == "tier_skipped")
    assert (skipped.words.what, skipped.words.why) == ("specialist is passed by", "nobody of it is on duty")
    assert [stay.tier for stay in later.stays] == ["agent", "supplier"]


def test_a_policy_that_never_climbs_is_cut() -> None:
    """A silent ticket breaches again and again (4.3): the story is bounded, and says so."""
    quiet = {target: OnBreach() for target in Target}
    policy = ladder(agent=row(update_every=2), on_breach=quiet)
    story = timeline(policy, priority="normal", at=MONDAY_NOON)
    assert len(story.moments) == MOST_MOMENTS
    assert story.ending.end is End.CUT


def _for_one_day() -> Policy:
    """A policy of an earlier release whose only desk was open on one date, and never again."""
    data = to_data(ladder(agent=row(acknowledge=1, update_every=2, resolve=4), resolve=hours(8)))
    desk = Calendar("Europe/London", {}, special={"2026-11-23": "09:00-17:00"}).to_data()
    tiers = [{**tier, "calendar": desk} for tier in data["tiers"] if isinstance(tier, dict)]  # type: ignore[attr-defined]  # a list
    return from_data({**data, "calendar": desk, "tiers": tiers})


def test_a_calendar_that_never_opens_again_ends_it_with_a_reason() -> None:
    """3.5: what cannot be due is no crash: the story is told up to there."""
    story = timeline(_for_one_day(), priority="normal", at=london("2026-11-23 09:00"))
    assert story.ending.end is End.CALENDAR
    assert "does not offer" in story.ending.text
    assert "give it more hours" in story.ending.text


def test_a_ticket_cannot_be_opened_once_it_never_opens_again() -> None:
    """3.5: an opening after the last open hour is refused, naming the calendar."""
    with pytest.raises(DomainError, match="does not offer"):
        timeline(_for_one_day(), priority="normal", at=london("2026-11-24 09:00"))


def test_a_priority_that_is_not_promised_is_an_error() -> None:
    """The judge's own words: which there are."""
    with pytest.raises(DomainError, match=r"has no priority 'low': use one of \['urgent', 'high', 'normal'\]"):
        timeline(LINES, priority="low", at=OPENED_AT)


def test_the_customers_clock_may_be_elsewhere() -> None:
    """Days are the customer's: five to seven on Friday evening in Berlin is when London's desk closes."""
    berlin = telling(timeline(LINES, priority="urgent", at=OPENED_AT, customer_zone="Europe/Berlin"))
    assert berlin.title == "lines: urgent, opened on Friday 27 November 2026, 18:55"
    assert berlin.introduction == (
        "Times are the customer's, Europe/Berlin; "
        "where a tier's clock shows another time, that stands beside it (Europe/London)."
    )
    assert berlin.days[0].moments[0].elsewhere == "17:55 in London"


def test_desks_that_hand_on_at_the_turn_of_the_year_are_open_all_day() -> None:
    """Several desks' open time has a seam where a UTC year ends, at one in the morning here: nobody is shown it."""
    halves = [Calendar("Europe/Berlin", {"mon-sun": hours}) for hours in ("00:00-12:00", "12:00-24:00")]
    policy = replace(LINES, tiers=(replace(LINES.tiers[0], calendar=FollowTheSun(*halves)), *LINES.tiers[1:]))
    story = timeline(policy, priority="urgent", at=datetime(2027, 1, 1, 8, tzinfo=UTC))
    assert telling(story).days[0].hours.startswith("agent open all day; ")
