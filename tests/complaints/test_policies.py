"""Edits that change nothing or everything, repairs that destroy evidence, sums that are wrong: told at our desk."""

from dataclasses import replace

from protos.followthrough.v1 import ticket_pb2
from services.migration.applying import Mover, Outcome
from services.migration.asked import Migration
from services.migration.rehearsal import rehearse
from tests.support.day import Day, a_day
from tests.support.policies import LINES, PROMISED, Standing, ladder, row
from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, hours
from workflows.policies import PolicySet

DOUBLED = replace(LINES, resolve={priority: 2 * length for priority, length in LINES.resolve.items()})
"""The same desk with twice the time to solve."""


class Edited:
    """Policies that a developer edits while intake runs."""

    def __init__(self) -> None:
        self.now = Standing()

    def edit(self, policy: Policy) -> None:
        """Save another content of the file."""
        self.now = Standing(promised=replace(PROMISED, policies={policy.name: policy}))


async def test_family_09_an_edit_changes_new_tickets_and_only_those(record_url: str) -> None:
    """Zendesk, zammad#4353: the running ticket keeps its 17:00, the next one gets the new length, both say by which."""
    edited = Edited()
    async with a_day(record_url, policies=edited) as day:
        old = await day.open()
        edited.edit(DOUBLED)
        new = await day.open()
        assert await day.deadline(old, ticket_pb2.TARGET_RESOLVE) == "Mon 23 Nov 17:00"
        assert await day.deadline(new, ticket_pb2.TARGET_RESOLVE) == "Tue 24 Nov 15:00"
        assert old.policy_version != new.policy_version


async def test_family_09_running_tickets_move_by_a_command_that_shows_first_what_it_would_do(day: Day) -> None:
    """Zendesk, zammad#4353, the other half: the dry run names the deadline that moves, and moves nothing."""
    ticket = await day.open()
    queries = day.desk.records.queries
    migration = Migration(onto=DOUBLED, actor="ops", reason="more time to solve")
    (preview,) = [each async for each in rehearse(queries, migration)]
    assert [day.written(move.to_at) for move in preview.moves] == ["Tue 24 Nov 15:00"]
    assert await day.deadline(ticket, ticket_pb2.TARGET_RESOLVE) == "Mon 23 Nov 17:00"

    mover = Mover(day.desk.records.record, queries, day.desk.nudges, migration, per_second=1000)
    await mover.run(lambda _: None)
    assert mover.counts == {Outcome.MOVED: 1}
    assert await day.deadline(ticket, ticket_pb2.TARGET_RESOLVE) == "Tue 24 Nov 15:00"


async def test_family_10_no_repair_destroys_the_evidence(day: Day) -> None:
    """Jira's reconstruct judges old tickets by today's goal: here a breach stands, whatever is promised later."""
    ticket = await day.open()
    await day.comes("Mon 23 Nov 09:30")
    before = await day.breaches(ticket)
    assert before == ["acknowledge of agent due Mon 23 Nov 09:15"]
    lenient = replace(
        LINES,
        tiers=tuple(
            replace(tier, targets=dict.fromkeys(tier.targets, row(acknowledge=5, update_every=7, resolve=9)))
            for tier in LINES.tiers
        ),
    )
    migration = Migration(onto=lenient, actor="ops", reason="we were too strict")
    mover = Mover(day.desk.records.record, day.desk.records.queries, day.desk.nudges, migration, per_second=1000)
    await mover.run(lambda _: None)
    assert await day.breaches(ticket) == before


async def test_family_11_the_hour_that_comes_twice_is_counted_twice(record_url: str) -> None:
    """Jira needs two calendars a year: here eight hours from Saturday, 22:00, are over at 05:00 when clocks go back."""
    always = ladder(calendar=Calendar.round_the_clock("Europe/London"), resolve=hours(8))
    async with a_day(record_url, policies=_only(always)) as day:
        day.passes_unseen("Sat 24 Oct 22:00")
        ticket = await day.open(priority="normal")
        assert await day.deadline(ticket, ticket_pb2.TARGET_RESOLVE) == "Sun 25 Oct 05:00"


async def test_family_11_a_split_day_and_a_night_shift_are_added_up(record_url: str) -> None:
    """chatwoot#14009, osTicket#6739: closed over noon, and on from 22:00 to 02:00, which belongs to its first day."""
    split = Calendar("Europe/London", {"mon-fri": "09:00-12:00, 13:00-17:00, 22:00-02:00"})
    desk = ladder(calendar=split, resolve=hours(10))
    async with a_day(record_url, policies=_only(desk)) as day:
        day.passes_unseen("Fri 27 Nov 10:00")
        ticket = await day.open(priority="normal")
        assert await day.deadline(ticket, ticket_pb2.TARGET_RESOLVE) == "Sat 28 Nov 02:00"
        last = await day.open(priority="normal", subject="another")
        assert await day.deadline(last, ticket_pb2.TARGET_RESOLVE) == "Sat 28 Nov 02:00"


def _only(policy: Policy) -> Standing:
    return Standing(promised=PolicySet(policies={policy.name: policy}, queues={"home": policy.name}))
