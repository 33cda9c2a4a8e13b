"""What an edit changes (7.4), by tables and stories: moments move, appear, vanish, or tell somebody else."""

from dataclasses import replace
from datetime import UTC, datetime

from tests.support.policies import LINES
from workflows.domain.policy import OnBreach, Policy, hours
from workflows.domain.ticket.words import Audience, Target
from workflows.planning.differences import of_endings, of_stories, of_tables
from workflows.planning.moments import Timeline
from workflows.planning.timeline import timeline

OPENED_AT = datetime(2026, 11, 27, 17, 55, tzinfo=UTC)  # a Friday, five minutes before the desk of LINES closes


def story(policy: Policy) -> Timeline:
    """Nobody acts."""
    return timeline(policy, priority="urgent", at=OPENED_AT)


def test_of_the_same_there_is_no_difference() -> None:
    """Also of one that was read back from its data, or built anew."""
    again = replace(LINES)
    assert of_tables(LINES, again) == ()
    assert of_stories(story(LINES), story(again)) == ()
    assert of_endings(story(LINES), story(again)) is None


def test_somebody_else_who_is_told_is_a_difference() -> None:
    """The instant is the same, the listener is not."""
    told = {Target.ACKNOWLEDGE: OnBreach(notify=(Audience.LEAD,), escalate_every=1)}
    edited = replace(LINES, tiers=(replace(LINES.tiers[0], on_breach=told), *LINES.tiers[1:]))
    (change,) = of_stories(story(LINES), story(edited))
    assert change.before
    assert change.after
    assert (change.before.at, change.before.told) == (change.after.at, ())
    assert [each.recipient for each in change.after.told] == ["team-lead"]


def test_a_tier_less_ends_the_ladder_sooner() -> None:
    """Its rows and its step vanish; what the customer's own clocks did stays where it was."""
    shorter = replace(LINES, tiers=LINES.tiers[:2])
    rows = of_tables(LINES, shorter)
    assert {change.before.subject for change in rows if change.before and not change.after} == {"tier supplier"}
    changes = of_stories(story(LINES), story(shorter))
    vanished = [change.before.words.what for change in changes if change.before and not change.after]
    assert "The ticket goes up from specialist to supplier" in vanished
    instants = [min(each.at for each in (change.before, change.after) if each) for change in changes]
    assert instants == sorted(instants)


def test_what_happens_again_and_again_is_paired_by_its_number() -> None:
    """4.3: the first silence allows another length from then on; the second and third move, each beside its own."""
    supplier = LINES.tiers[2]
    slower = {**supplier.targets, "urgent": replace(supplier.targets["urgent"], update_every=hours(3))}
    edited = replace(LINES, tiers=(*LINES.tiers[:2], replace(supplier, targets=slower)))
    moved = [
        (f"{change.before.at:%a %H:%M}", f"{change.after.at:%a %H:%M}")
        for change in of_stories(story(LINES), story(edited))
        if change.before and change.after and change.after.kind == "clock_breached"
    ]
    assert moved[:3] == [("Sat 09:55", "Sat 09:55"), ("Sat 11:55", "Sat 12:55"), ("Mon 08:55", "Mon 10:55")]


def test_how_it_ends_is_a_difference_too() -> None:
    """4.4: how often the last resort is told, and who that is."""
    edited = replace(LINES, last_resort="owner")
    ending = of_endings(story(LINES), story(edited))
    assert ending
    assert ending.after == "owner is told again every 1 h of open time, until somebody acknowledges"


def test_what_vanished_stands_where_it_was() -> None:
    """Rows are told in the order in which a person reads the tables."""
    renamed = replace(LINES, tiers=(LINES.tiers[0], replace(LINES.tiers[1], name="expert"), LINES.tiers[2]))
    subjects = [(change.after or change.before) for change in of_tables(LINES, renamed)]
    names = list(dict.fromkeys(row.subject for row in subjects if row))
    assert names == ["tier specialist", "tier expert", "ladder"]
