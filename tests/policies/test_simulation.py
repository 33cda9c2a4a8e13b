"""Past tickets of a help desk's log told again: small logs, with every figure worked out by hand.

By `LINES`: London office hours, Monday to Friday 8 to 18, Saturday 9 to 13; in winter that is UTC. Urgent tickets: the
agents acknowledge within 15 minutes and resolve within 2 hours, the specialists within 30 minutes and 3 hours, the
supplier within 1 and 6; the customer hears every hour (with the supplier: every 2), and is promised 8 hours.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.desk_log.log import parse
from services.simulation.from_log import from_log
from services.simulation.past import PastCase
from services.simulation.report import tables
from services.simulation.simulate import Flipped, Simulation, simulate
from services.simulation.source import CannotSimulate, Given, Wanted
from services.simulation.tally import Tally
from tests.support.policies import LINES
from workflows.domain.policy import Policy, hours
from workflows.domain.ticket.words import Cause, ClosedBy, Status, Target, WaitEnd
from workflows.planning.restating import Ladder
from workflows.planning.verdicts import Flip, Verdict, Which

HEADER = "case,at,status,who"
URGENT = Wanted(priority="urgent")

IN_TIME = (
    "in-time,2024-03-04T09:00:00Z,Queued+Awaiting Assignment,Ada",  # a Monday
    "in-time,2024-03-04T09:10:00Z,Accepted+In Progress,Ben",
    "in-time,2024-03-04T09:50:00Z,Completed+Resolved,Ben",
    "in-time,2024-03-04T10:30:00Z,Completed+Closed,Ben",
)
TAKEN_LATE = (
    "taken-late,2024-03-04T09:00:00Z,Queued+Awaiting Assignment,Ada",
    "taken-late,2024-03-04T09:20:00Z,Accepted+In Progress,Cy",
    "taken-late,2024-03-04T09:55:00Z,Completed+Resolved,Cy",
    "taken-late,2024-03-04T10:30:00Z,Completed+Closed,Cy",
)
OVER_THE_WEEKEND = (
    "weekend,2024-03-01T16:00:00Z,Accepted+In Progress,Ben",  # a Friday
    "weekend,2024-03-01T16:30:00Z,Accepted+Wait - User,Ben",
    "weekend,2024-03-04T10:00:00Z,Accepted+In Progress,Ben",
    "weekend,2024-03-04T11:00:00Z,Completed+Resolved,Ben",
    "weekend,2024-03-04T11:05:00Z,Completed+Closed,Ben",
)
NOBODY_CAME = ("nobody,2024-03-04T09:00:00Z,Queued+Awaiting Assignment,Ada",)


def given(*rows: str, wanted: Wanted = URGENT) -> Given:
    """Read a log of these rows."""
    return from_log("log.csv", parse([HEADER, *rows]), Ladder.of(LINES), wanted)


def told(*rows: str, until: datetime | None = None) -> Tally:
    """Tell a log again under the lines' policy, judged to its last instant or another one."""
    found = given(*rows)
    return simulate({"lines": LINES}, found.pasts, until or found.until).runs[0].tally


def compared(other: Policy, *rows: str) -> Simulation:
    """Tell a log again under the lines' policy and under another."""
    found = given(*rows)
    return simulate({"lines": LINES, "other": other}, found.pasts, found.until)


def at(day: int, clock: str) -> datetime:
    """An instant of March 2024."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2024, 3, day, hour, minute, tzinfo=UTC)


def test_a_ticket_that_goes_well_meets_everything() -> None:
    """Acknowledged after 10 of 15 minutes, resolved after 50; the resolution is also the update of the first hour."""
    tally = told(*IN_TIME)

    figures = tally.figures
    assert figures.met == {
        (Target.ACKNOWLEDGE, "agent", "urgent"): 1,
        (Target.UPDATE, "agent", "urgent"): 2,  # by the resolution, and the run after it by the sign-off
        (Target.TIER_RESOLVE, "agent", "urgent"): 1,
        (Target.RESOLVE, "agent", "urgent"): 1,
        (Target.PROMISE, "agent", "urgent"): 1,  # the news promised on opening
    }
    assert (figures.breached, figures.cancelled, figures.undecided) == ({}, {}, {})
    assert (figures.statuses, figures.closed_by) == ({Status.CLOSED: 1}, {ClosedBy.CONFIRMATION: 1})
    assert (figures.at_the_front["urgent"], figures.solved["urgent"]) == (1, 1)
    assert tally.said == {"take on": 1, "solve": 1, "sign off": 1}
    assert tally.unsaid == {}


def test_one_that_is_taken_on_late_is_taken_on_by_the_tier_that_has_it_by_then() -> None:
    """9:15: nobody came, it goes to the specialists. At 9:20 Cy takes it on for them, 5 of their 30 minutes later."""
    tally = told(*IN_TIME, *TAKEN_LATE)

    figures = tally.figures
    assert figures.breached == {(Target.ACKNOWLEDGE, "agent", "urgent"): 1}
    assert figures.escalated == {("agent", "specialist", Cause.ACKNOWLEDGE_BREACHED): 1}
    assert figures.met[Target.ACKNOWLEDGE, "agent", "urgent"] == 1
    assert figures.met[Target.ACKNOWLEDGE, "specialist", "urgent"] == 1
    assert figures.met[Target.UPDATE, "specialist", "urgent"] == 2
    assert figures.met[Target.RESOLVE, "specialist", "urgent"] == 1
    assert figures.cancelled == {
        (Target.TIER_RESOLVE, "agent", "urgent"): 1,
        (Target.PROMISE, "specialist", "urgent"): 1,  # another word took its place
    }
    assert (figures.at_the_front["urgent"], figures.solved["urgent"]) == (1, 2)


def test_a_wait_over_a_weekend_saves_the_promise_and_says_so() -> None:
    """65.5 hours on the wall, 7.5 of them open: with the 1.5 hours of work they were more than the 8 promised.

    The update asked for at 10:00 is due at 11:00, and the resolution of that very instant is in time (5.2).
    """
    tally = told(*OVER_THE_WEEKEND)

    assert tally.figures.breached == {}
    assert tally.figures.met[Target.RESOLVE, "agent", "urgent"] == 1
    waits = tally.waits
    assert (waits.tickets, waits.questions, waits.ended) == (1, {"agent": 1}, {WaitEnd.CONTACT: 1})
    assert waits.waited == {"agent": timedelta(hours=65, minutes=30)}
    assert waits.worked_on == timedelta(hours=67)
    assert (waits.kept_by_waiting, waits.asked_at_risk) == (1, 0)


def test_a_question_asked_when_time_is_short_is_told() -> None:
    """8 hours are promised; at 15:00, six hours spent, the clock was warned of, and at 15:10 it is made to stand."""
    waits = told(
        "late-question,2024-03-04T09:00:00Z,Accepted+In Progress,Ben",
        "late-question,2024-03-04T15:10:00Z,Accepted+Wait - User,Ben",
        "late-question,2024-03-04T15:40:00Z,Accepted+In Progress,Ben",
        "late-question,2024-03-04T15:50:00Z,Completed+Resolved,Ben",
        "late-question,2024-03-04T15:55:00Z,Completed+Closed,Ben",
    ).waits

    # 6 h 10 and 10 minutes were spent: kept in any case.
    assert (waits.asked_at_risk, waits.kept_by_waiting) == (1, 0)
    assert waits.waited_in_all == timedelta(minutes=30)


def test_one_that_is_open_at_the_end_is_judged_to_the_logs_last_instant() -> None:
    """Until 11:30: agents 9:15, specialists 9:45 and supplier 10:45 did not come, the customer heard nothing by 10:00.

    The ladder ended at 10:45; its first reminder would be due at 11:45.
    """
    tally = told(*NOBODY_CAME, "other,2024-03-04T11:30:00Z,Accepted+In Progress,Ben")

    figures = tally.figures
    assert figures.breached == {
        (Target.ACKNOWLEDGE, "agent", "urgent"): 1,
        (Target.ACKNOWLEDGE, "specialist", "urgent"): 1,
        (Target.ACKNOWLEDGE, "supplier", "urgent"): 1,
        (Target.UPDATE, "supplier", "urgent"): 1,
        (Target.PROMISE, "supplier", "urgent"): 1,  # the news promised on climbing last, with the update clock
    }
    assert (figures.exhausted, figures.exhaustions) == (1, {Cause.ACKNOWLEDGE_BREACHED: 1})
    assert (figures.reminders, figures.statuses[Status.OPEN]) == (0, 1)
    assert {target for target, tier, _ in figures.undecided if tier == "supplier"} == {
        Target.TIER_RESOLVE,
        Target.UPDATE,
        Target.RESOLVE,
    }


@pytest.mark.parametrize(("until", "breaches"), [(at(4, "09:15"), 0), (at(4, "09:45"), 1), (at(4, "10:45"), 4)])
def test_a_deadline_at_the_last_instant_has_not_passed(until: datetime, breaches: int) -> None:
    """5.2: it has when the instant judged is later. By 10:45 there are two tiers', and the update's of 10:00 twice."""
    assert told(*NOBODY_CAME, until=until).figures.breached.total() == breaches


def test_a_reminder_of_the_last_resort_comes_every_hour() -> None:
    """From 10:45 on: 11:45, 12:45, 13:45."""
    assert told(*NOBODY_CAME, until=at(4, "14:00")).figures.reminders == 3


def test_what_a_ticket_does_not_allow_by_then_is_counted_with_its_reason() -> None:
    """Resolved on Monday at 9:30, it closes by silence after 27 open hours: on Wednesday at 16:30.

    So Friday's sign-off finds it closed; and six weeks later it is too late to reopen it (6.9).
    """
    tally = told(
        "slow,2024-03-04T09:00:00Z,Accepted+In Progress,Ben",
        "slow,2024-03-04T09:30:00Z,Completed+Resolved,Ben",
        "slow,2024-03-08T10:00:00Z,Completed+Closed,Ben",
        "slow,2024-04-15T10:00:00Z,Accepted+In Progress,Ben",
    )

    assert tally.figures.closed_by == {ClosedBy.SILENCE: 1}
    assert tally.unsaid == {
        ("sign off", "closed already"): 1,
        ("back to work", "refused: REOPEN_WINDOW_OVER"): 1,
        ("take on", "closed already"): 1,
    }


def test_a_hand_over_is_one_rung_up_and_from_the_end_one_back() -> None:
    """Three hand-overs: to the specialists, to the supplier, and back to the specialists, who had it before."""
    figures = told(
        "passed-on,2024-03-04T09:00:00Z,Accepted+In Progress,Ada",
        "passed-on,2024-03-04T09:05:00Z,Queued+Awaiting Assignment,Ada",
        "passed-on,2024-03-04T09:10:00Z,Accepted+In Progress,Ben",
        "passed-on,2024-03-04T09:15:00Z,Queued+Awaiting Assignment,Ben",
        "passed-on,2024-03-04T09:20:00Z,Accepted+In Progress,Cy",
        "passed-on,2024-03-04T09:25:00Z,Queued+Awaiting Assignment,Cy",
    ).figures

    assert figures.escalated == {
        ("agent", "specialist", Cause.BY_HAND): 1,
        ("specialist", "supplier", Cause.BY_HAND): 1,
    }
    assert figures.transferred == {("supplier", "specialist"): 1}
    assert (figures.ping_pong, figures.ping_pong_tickets, figures.backward) == (1, 1, 1)


THREE_HOURS = (
    "three-hours,2024-03-04T09:00:00Z,Accepted+In Progress,Ben",
    "three-hours,2024-03-04T12:00:00Z,Completed+Resolved,Ben",
    "three-hours,2024-03-04T12:30:00Z,Completed+Closed,Ben",
)


def test_two_policies_side_by_side_say_which_ticket_flips() -> None:
    """Solved after three hours, which is within 8 and not within 2 and a half: broken at 11:30."""
    strict = replace(LINES, resolve={**LINES.resolve, "urgent": hours(2.5)})

    simulation = compared(strict, *IN_TIME, *THREE_HOURS)

    assert simulation.flipped == (
        Flipped(
            key="three-hours",
            opened_at=at(4, "09:00"),
            priority="urgent",
            flip=Flip(
                which=Which(Target.RESOLVE),
                before=Verdict(is_breached=False, at=at(4, "12:00")),
                after=Verdict(is_breached=True, at=at(4, "11:30")),
            ),
        ),
    )
    assert simulation.flipped_tickets == (1, 0)
    assert [run.tally.figures.breached[Target.RESOLVE, "supplier", "urgent"] for run in simulation.runs] == [0, 0]
    # At 11:30 the specialists' acknowledgement and the promise ran out together: one step, from the specialists.
    assert [run.tally.figures.breached[Target.RESOLVE, "specialist", "urgent"] for run in simulation.runs] == [0, 1]
    assert [run.tally.figures.escalations for run in simulation.runs] == [2, 2]


def test_a_flip_the_other_way_is_better() -> None:
    """Half an hour for the agents instead of a quarter: Cy comes at 9:20 and is in time."""
    agent, *others = LINES.tiers
    targets = {**agent.targets, "urgent": replace(agent.targets["urgent"], acknowledge=hours(0.5))}
    patient = replace(LINES, tiers=(replace(agent, targets=targets), *others))

    simulation = compared(patient, *TAKEN_LATE)

    (flipped,) = simulation.flipped
    assert flipped.flip == Flip(
        which=Which(Target.ACKNOWLEDGE, 0),
        before=Verdict(is_breached=True, at=at(4, "09:15")),
        after=Verdict(is_breached=False, at=at(4, "09:20")),
    )
    assert simulation.flipped_tickets == (0, 1)
    assert [run.tally.figures.at_the_front["urgent"] for run in simulation.runs] == [0, 1]


def test_the_same_policy_twice_flips_nothing() -> None:
    """Nothing depends on which of two it is."""
    simulation = compared(replace(LINES, name="other"), *IN_TIME, *TAKEN_LATE, *THREE_HOURS, *OVER_THE_WEEKEND)

    assert simulation.flipped == ()
    assert simulation.runs[0].tally == simulation.runs[1].tally


def test_a_policy_with_other_priorities_takes_the_one_of_the_same_place() -> None:
    """Urgent is the first of three, so it is the first of two; and that it was taken is counted."""
    one = {priority: f"p{place}" for place, priority in enumerate(LINES.priorities, start=1) if priority != "high"}
    tiers = tuple(replace(tier, targets={new: tier.targets[old] for old, new in one.items()}) for tier in LINES.tiers)
    two = replace(LINES, name="two", resolve={new: LINES.resolve[old] for old, new in one.items()}, tiers=tiers)

    tally = compared(two, *IN_TIME).runs[1].tally

    assert tally.priorities_taken == {("urgent", "p1"): 1}
    assert tally.figures.met[Target.RESOLVE, "agent", "p1"] == 1


def test_a_log_without_priorities_gives_each_case_one_by_a_hash() -> None:
    """The same one each time; that it is made up is said."""
    found = given(*IN_TIME, *TAKEN_LATE, wanted=Wanted())

    assert [past.priority for past in found.pasts] == ["high", "urgent"]
    assert found.source.notes[0] == (
        "priorities: the log has none. Each case is given one by a hash of its number, the same one each time"
    )


def test_cases_are_chosen_by_when_they_were_opened_and_what_is_left_out_is_counted() -> None:
    """The weekend's began on Friday, the others on Monday; of these one is asked for."""
    found = given(
        *OVER_THE_WEEKEND, *IN_TIME, *TAKEN_LATE, wanted=Wanted(since=at(4, "00:00"), number=1, priority="high")
    )

    assert [past.key for past in found.pasts] == ["in-time"]
    assert found.source.counts["cases left out: opened at other times"] == 1
    assert found.source.counts["cases left out: not asked for"] == 1
    assert found.until == at(4, "11:05")  # the whole log's last instant, of those left out too


def test_a_log_with_no_case_of_that_time_is_refused_with_the_times_it_has() -> None:
    """Simulating nothing would look like success."""
    with pytest.raises(CannotSimulate, match=r"no case opened then: it has those of 2024-03-04 to 2024-03-04$"):
        given(*IN_TIME, wanted=Wanted(before=at(1, "00:00")))


def test_what_is_broken_in_a_log_is_counted_and_told_with_its_lines() -> None:
    """An unknown status leaves its case out; rows in disorder are put in order; a single row is a ticket too."""
    found = given(
        *reversed(IN_TIME),  # lines 2 to 5
        "odd,2024-03-04T09:00:00Z,Accepted+Lost,Ada",
        "odd,2024-03-04T09:10:00Z,Completed+Resolved,Ada",
        *NOBODY_CAME,
    )

    counts = found.source.counts
    assert (counts["cases in the log"], counts["broken rows"], counts["cases left out: a broken row"]) == (3, 1, 1)
    assert (counts["cases told again"], counts["cases of a single row"]) == (2, 1)
    assert counts["rows put in order: below a later one of their case"] == 3
    assert found.source.problems[0].startswith("line 6: status 'Accepted+Lost': use one of Queued+Awaiting Assignment")
    assert found.source.problems[1:] == tuple(
        f"line {line}: at is earlier than in a row of its case above: put in order" for line in (3, 4, 5)
    )


def test_a_ticket_that_the_rules_fail_at_is_counted_and_costs_no_other_its_figures() -> None:
    """Whatever is raised is told by its type, with the first ticket of it: here, a priority that there never was."""
    found = given(*IN_TIME, *TAKEN_LATE)
    one, other = found.pasts
    assert isinstance(other, PastCase)
    pasts = [one, replace(other, priority="whenever")]

    tally = simulate({"lines": LINES}, pasts, found.until).runs[0].tally

    assert (tally.failed, tally.first_failed) == ({"DomainError": 1}, "taken-late")
    assert tally.figures.opened == 1
    assert tally.said == {"take on": 1, "solve": 1, "sign off": 1}


def test_the_tables_put_two_policies_side_by_side() -> None:
    """A and B, the difference, which clocks flip, and of the tickets that do as many as are asked for."""
    strict = replace(LINES, resolve={**LINES.resolve, "urgent": hours(2.5)})
    found = given(*IN_TIME, *THREE_HOURS, *(row.replace("three-hours", "again") for row in THREE_HOURS))
    simulation = simulate({"lines": LINES, "strict": strict}, found.pasts, found.until)

    told = {table.title: table for table in tables(simulation, found.source, flips=1)}

    clocks = told["clocks, by target"]
    assert clocks.columns == (
        "target",
        "A met",
        "A breached",
        "A kept",
        "B met",
        "B breached",
        "B kept",
        "B - A",
    )
    assert clocks.rows[0] == ("customer's resolve", "3", "0", "100.0%", "1", "2", "33.3%", "+2")
    assert told["clocks that flip"].rows == (("customer's resolve", "2", "0"), ("tickets", "2", "0"))
    assert told["tickets that flip"].rows == (
        (
            "three-hours",
            "2024-03-04 09:00",
            "urgent",
            "customer's resolve",
            "met 2024-03-04 12:00",
            "breached 2024-03-04 11:30",
        ),
    )
    assert told["tickets that flip"].note == "1 of 2: ask for more of them with --flips"
    assert ("all", "3", "1", "33.3%", "3", "1", "33.3%") in told["push to front"].rows


def test_the_tables_of_one_policy_tell_what_still_runs() -> None:
    """No difference, no flips; a clock without a verdict is in its own column."""
    found = given(*NOBODY_CAME, "other,2024-03-04T11:30:00Z,Accepted+In Progress,Ben")
    simulation = simulate({"lines": LINES}, found.pasts, found.until)

    told = {table.title: table for table in tables(simulation, found.source, flips=20)}

    clocks = told["clocks, by target"]
    assert clocks.columns == ("target", "met", "breached", "kept", "running")
    # Of both the promise runs; of the other its update and its agents' resolve too; it was taken on at once.
    assert clocks.rows == (
        ("customer's resolve", "0", "0", "-", "2"),
        ("update", "0", "1", "0.0%", "2"),
        ("acknowledge", "1", "3", "25.0%", "0"),
        ("tier's resolve", "0", "0", "-", "2"),
    )
    assert "tickets that flip" not in told
