"""Semantics 7.3 at the record, on each database: running tickets moved to another version of their policy, or not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from services.desk_log.log import Case
from services.desk_log.plan import Plan
from services.feed.compare import look_into
from services.feed.run import Driven
from services.migration import found
from services.migration.applying import TRIES, Done, Mover, Outcome
from services.migration.asked import Migration
from services.migration.preview import Preview
from services.migration.rehearsal import rehearse
from services.records import Records, RecordUnavailable, Settled, SettledBy, TicketFilter, connect
from services.records.settled import Nudge, Request
from tests.support.clock import StoryClock
from tests.support.record import Outsider, PoisonJudge, a_policy, an_acknowledgement, an_opening
from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, Tier, hours, minutes
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.commands import ChangePolicy, Command, Confirm, Escalate, Renaming, Resolve, WaitOnCustomer
from workflows.domain.ticket.events import ClockMoved, PolicyChanged
from workflows.domain.ticket.rederive import Input, looks, rederive
from workflows.domain.ticket.words import Outcome as Solved
from workflows.domain.ticket.words import Target

BEFORE = a_policy()
Before = Callable[[str], Awaitable[None] | None]
After = Callable[[str], None]
QUICK = 100_000.0
"""Tickets a second: no test waits for its turn."""


def with_acknowledge(length: timedelta) -> Policy:
    """The first tier's acknowledge target is another."""
    first, *others = BEFORE.tiers
    targets = {"normal": replace(first.targets["normal"], acknowledge=length)}
    return replace(BEFORE, tiers=(replace(first, targets=targets), *others))


LONGER, SHORTER = with_acknowledge(hours(2)), with_acknowledge(minutes(12))


def renamed(old: str, new: str) -> Policy:
    """A tier is called otherwise."""
    tiers = (replace(tier, name=new if tier.name == old else tier.name) for tier in BEFORE.tiers)
    return replace(BEFORE, tiers=tuple(tiers))


@dataclass
class Owed:
    """Takes nudges, and sends none."""

    nudges: list[Nudge] = field(default_factory=list)

    def owe(self, nudge: Nudge) -> None:
        """Take one over."""
        self.nudges.append(nudge)


class BetweenRecord:
    """The record, with something that happens around each settle."""

    def __init__(self, records: Records) -> None:
        self._record = records.record
        self.before: Before = lambda _: None
        self.after: After = lambda _: None

    async def keep_policy(self, policy: Policy) -> str:
        """Store a policy's snapshot."""
        return await self._record.keep_policy(policy)

    async def settle(
        self, ticket_id: str, command: Command | None = None, *, by: SettledBy, request: Request | None = None
    ) -> Settled:
        """Settle, with what happens before and after it."""
        happens = self.before(ticket_id)
        if happens is not None:
            await happens
        settled = await self._record.settle(ticket_id, command, by=by, request=request)
        self.after(ticket_id)
        return settled


def to(onto: Policy, **wanted: object) -> Migration:
    """Ask for a migration."""
    return Migration(onto=onto, actor="ops", reason="longer hours", **wanted)  # type: ignore[arg-type]  # each test's own


async def applied(records: Records, migration: Migration, *, record: BetweenRecord | None = None) -> "Run":
    """Move them all."""
    run = Run(records, migration, record or BetweenRecord(records))
    await run.mover.run(run.told)
    return run


class Run:
    """A run, and what it told."""

    def __init__(self, records: Records, migration: Migration, record: BetweenRecord) -> None:
        self.owed = Owed()
        self.done: list[Done] = []
        self.mover = Mover(record, records.queries, self.owed, migration, per_second=QUICK, pause_seconds=0.001)
        self.stop_after: int | None = None

    def told(self, done: Done) -> None:
        """Hear of a ticket."""
        self.done.append(done)
        if len(self.done) == self.stop_after:
            self.mover.stop()

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """By ticket."""
        return {done.ticket.ticket_id: done.outcome for done in self.done}


async def opened(records: Records, *numbers: int, policy: Policy = BEFORE, queue: str = "home") -> None:
    """Open tickets."""
    for number in numbers:
        await records.record.open_ticket(policy, an_opening(number, queue=queue))


async def do(records: Records, ticket_id: str, *commands: Command) -> None:
    """Give commands, none of which may be refused."""
    for command in commands:
        settled = await records.record.settle(ticket_id, command, by=SettledBy.INTAKE)
        assert settled.refusal is None, settled.refusal


ESCALATED = Escalate(actor="kim", from_tier="desk", reason="beyond us")
ASKED = WaitOnCustomer(actor="kim", question="which router?")
FIXED = Resolve(actor="kim", outcome=Solved.FIXED, explanation="port reset")


async def one_of_each(records: Records, clock: StoryClock) -> None:
    """1 open, 2 taken on, 3 waiting, 4 resolved, 5 closed, 6 at the specialist's; a few minutes later."""
    await opened(records, 1, 2, 3, 4, 5, 6)
    for number in (2, 3, 4, 5):
        await do(records, f"t-000{number}", an_acknowledgement())
    await do(records, "t-0003", ASKED)
    await do(records, "t-0004", FIXED)
    await do(records, "t-0005", FIXED, Confirm(actor="desk"))
    await do(records, "t-0006", ESCALATED)
    clock.pass_(minutes(10))


async def changes_of(records: Records, ticket_id: str) -> int:
    """How often a ticket's policy was changed."""
    return sum(isinstance(each.event, PolicyChanged) for each in await records.queries.entries(ticket_id))


async def rehearsed(records: Records, migration: Migration) -> dict[str, Preview]:
    """The dry run, by ticket."""
    return {each.ticket.ticket_id: each async for each in rehearse(records.queries, migration)}


async def test_running_tickets_go_on_by_the_new_version(records: Records, story_clock: StoryClock) -> None:
    """7.3: whatever their state; a closed one keeps its policy; the new snapshot is in the record with the first."""
    await one_of_each(records, story_clock)

    run = await applied(records, to(LONGER))

    assert run.outcomes == {f"t-000{number}": Outcome.MOVED for number in (1, 2, 3, 4, 6)}
    for number in (1, 2, 3, 4, 6):
        ticket = await records.queries.ticket(f"t-000{number}")
        assert ticket.policy_version == version_of(LONGER)
        assert await changes_of(records, ticket.ticket_id) == 1
    assert (await records.queries.ticket("t-0005")).policy_version == version_of(BEFORE)
    assert await records.queries.policy(version_of(LONGER)) == LONGER
    (acknowledge,) = [
        clock for clock in (await records.queries.ticket("t-0001")).clocks if clock.target is Target.ACKNOWLEDGE
    ]
    assert (acknowledge.length, acknowledge.spent) == (hours(2), minutes(10))


async def test_the_columns_of_a_moved_ticket_mirror_its_state(record_url: str, records: Records) -> None:
    """Architecture, the record: in both dialects, what queries and the keeper go by is what the ticket says."""
    await opened(records, 1)
    await applied(records, to(SHORTER))
    await applied(records, to(LONGER))
    ticket = await records.queries.ticket("t-0001")
    [(version, count)] = await Outsider(record_url).run("SELECT policy_version, version FROM tickets")
    assert (version, count) == (version_of(LONGER), ticket.version)
    assert ticket.version == 3


async def test_a_dry_run_writes_nothing_and_says_what_applying_does(records: Records, story_clock: StoryClock) -> None:
    """7.3: each deadline that would move, from when to when; the run that follows moves those very ones."""
    await one_of_each(records, story_clock)
    before = [await records.queries.entries(f"t-000{number}") for number in range(1, 7)]

    previews = await rehearsed(records, to(LONGER))

    assert [await records.queries.entries(f"t-000{number}") for number in range(1, 7)] == before
    assert {ticket_id: [move.what for move in each.moves] for ticket_id, each in previews.items()} == {
        "t-0001": ["acknowledge"],
        "t-0002": [],
        "t-0003": [],
        "t-0004": [],
        "t-0006": [],
    }
    (move,) = previews["t-0001"].moves
    assert (move.tier, move.is_earlier) == ("desk", False)
    assert move.from_at is not None
    assert move.to_at == move.from_at + hours(2) - minutes(15)
    await applied(records, to(LONGER))
    moved = [each.event for each in await records.queries.entries("t-0001") if isinstance(each.event, ClockMoved)]
    assert [(each.target.value, each.deadline_at) for each in moved] == [("acknowledge", move.to_at)]


async def test_a_dry_run_by_a_clock_that_was_set_back_says_what_applying_does(records: Records) -> None:
    """7.3, 5.1: instants never decrease, so tickets are ahead of such a clock; the dry run judges them there, too."""
    await opened(records, 1)
    await do(records, "t-0001", ESCALATED)
    before = await records.queries.ticket("t-0001")
    assert before.tier_entered_at > await records.queries.instant()

    preview = (await rehearsed(records, to(LONGER)))["t-0001"]

    assert (preview.trouble, preview.refusal, preview.is_there) == ("", None, False)
    assert (await applied(records, to(LONGER))).outcomes == {"t-0001": Outcome.MOVED}
    assert (await rehearsed(records, to(LONGER)))["t-0001"].is_there


async def test_what_has_another_length_while_it_stands_still_is_told(records: Records, story_clock: StoryClock) -> None:
    """7.3: a paused clock, reminders, giving up, sign-off and the last resort's reminder are told beside deadlines."""
    await one_of_each(records, story_clock)
    await do(records, "t-0006", Escalate(actor="kim", from_tier="specialist", reason="beyond us too"))
    onto = replace(
        BEFORE,
        resolve={"normal": hours(30)},
        customer_reminders=(),
        give_up=hours(50),
        sign_off=hours(3),
        remind_every=hours(4),
    )

    previews = await rehearsed(records, to(onto))

    told = {ticket_id: {move.what: move for move in each.moves} for ticket_id, each in previews.items()}
    assert {ticket_id: set(moves) for ticket_id, moves in told.items()} == {
        "t-0001": {"resolve"},
        "t-0002": {"resolve"},
        "t-0003": {"resolve", "give_up"},
        "t-0004": {"resolve", "sign_off"},
        "t-0006": {"resolve", "last_resort"},
    }
    paused = told["t-0003"]["resolve"]
    assert (paused.from_at, paused.to_at) == (None, None)
    assert (paused.from_length, paused.to_length, paused.is_earlier) == (hours(24), hours(30), False)
    assert told["t-0004"]["sign_off"].is_earlier


async def test_done_again_it_finds_the_work_done(records: Records, story_clock: StoryClock) -> None:
    """7.3: idempotent: the second run changes nothing and says so."""
    await one_of_each(records, story_clock)
    await applied(records, to(LONGER))
    before = [await records.queries.entries(f"t-000{number}") for number in range(1, 7)]

    again = await applied(records, to(LONGER))

    assert set(again.outcomes.values()) == {Outcome.THERE}
    assert [await records.queries.entries(f"t-000{number}") for number in range(1, 7)] == before
    assert all(each.is_there for each in (await rehearsed(records, to(LONGER))).values())


@pytest.mark.parametrize("page", [3, 200])
async def test_a_run_that_is_stopped_is_gone_on_with(
    records: Records, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """7.3: stopped anywhere, the same again moves the others, each once."""
    monkeypatch.setattr(found, "PAGE", page)
    await opened(records, *range(1, 12))
    stopped = Run(records, to(LONGER), BetweenRecord(records))
    stopped.stop_after = 4
    await stopped.mover.run(stopped.told)
    assert stopped.mover.is_stopped
    assert 4 <= len(stopped.done) < 11

    rest = await applied(records, to(LONGER))

    moved = [done.ticket.ticket_id for done in (*stopped.done, *rest.done) if done.outcome is Outcome.MOVED]
    assert sorted(moved) == [f"t-{number:04d}" for number in range(1, 12)]
    assert [await changes_of(records, f"t-{number:04d}") for number in range(1, 12)] == [1] * 11


async def test_there_and_back_and_there_again(records: Records) -> None:
    """7.3, 5.5: a request names the ticket as it was seen, so that a way back is open, and the way there again."""
    await opened(records, 1)
    for onto in (LONGER, BEFORE, LONGER, BEFORE):
        run = await applied(records, to(onto))
        assert run.outcomes == {"t-0001": Outcome.MOVED}
        assert (await records.queries.ticket("t-0001")).policy_version == version_of(onto)
    assert await changes_of(records, "t-0001") == 4


async def test_the_log_and_state_of_a_moved_ticket_are_derived(records: Records, story_clock: StoryClock) -> None:
    """5.3: from the record's inputs, looks and policies alone."""
    await one_of_each(records, story_clock)
    await applied(records, to(SHORTER))
    story_clock.pass_(hours(3))
    for number in (1, 2, 3, 4, 6):
        await records.record.settle(f"t-000{number}", by=SettledBy.WORKFLOW)
    await applied(records, to(LONGER))
    for number in range(1, 7):
        entries = await records.queries.entries(f"t-000{number}")
        opening, *inputs = await records.queries.inputs(f"t-000{number}")
        policy, later = await records.queries.policies_of(entries)
        derived = rederive(
            policy,
            opening.command,  # type: ignore[arg-type]  # the first input is the opening
            opening.at,
            [Input(at=each.at, command=each.command) for each in inputs],  # type: ignore[arg-type]  # the others are not
            looks(entries),
            later=later,
        )
        assert list(derived.entries) == entries
        assert replace(derived.ticket, version=0) == replace(await records.queries.ticket(f"t-000{number}"), version=0)


async def test_the_ledger_explains_a_moved_deadline(records: Records, story_clock: StoryClock) -> None:
    """8: ten minutes of fifteen by the one version, five of two hours by the other."""
    await one_of_each(records, story_clock)
    await applied(records, to(LONGER))
    story_clock.pass_(minutes(5))

    (line,) = [line for line in await records.queries.ledger("t-0001") if line.target is Target.ACKNOWLEDGE]

    assert [(each.length, each.counted, each.actor) for each in line.intervals] == [
        (minutes(15), minutes(10), "crm"),
        (hours(2), minutes(5), "ops"),
    ]
    assert (line.policy_version, line.left) == (version_of(LONGER), hours(2) - minutes(15))


async def test_an_earlier_deadline_is_owed_a_nudge_and_a_later_one_is_not(
    records: Records, story_clock: StoryClock
) -> None:
    """Architecture 4: what is due within a minute is handed over at once; all of it is owed in the record."""
    await opened(records, 1, 2)
    await records.upkeep.mark_told(await records.upkeep.owed_nudges(older_than_seconds=0, limit=9))
    story_clock.pass_(minutes(10))

    for onto, handed_over, owed in (
        (LONGER, set(), set()),
        (with_acknowledge(minutes(12)), set(), {"t-0001", "t-0002"}),
        (with_acknowledge(minutes(10.5)), {"t-0001", "t-0002"}, {"t-0001", "t-0002"}),
    ):
        run = await applied(records, to(onto))
        assert {nudge.ticket_id for nudge in run.owed.nudges} == handed_over
        found_owed = await records.upkeep.owed_nudges(older_than_seconds=0, limit=9)
        assert {nudge.ticket_id for nudge in found_owed} == owed


async def test_only_the_versions_and_queues_that_are_asked_for(records: Records) -> None:
    """7.3: the others stay as they are; another policy's tickets are nobody's business."""
    await opened(records, 1)
    await opened(records, 2, queue="business")
    await opened(records, 3, policy=SHORTER)
    await opened(records, 4, policy=replace(BEFORE, name="another"))

    assert set((await rehearsed(records, to(LONGER))).keys()) == {"t-0001", "t-0002", "t-0003"}
    of_version = await applied(records, to(LONGER, from_versions=frozenset({version_of(SHORTER)})))
    assert of_version.outcomes == {"t-0003": Outcome.MOVED}
    of_queue = await applied(records, to(LONGER, queues=("business", "home")))
    assert of_queue.outcomes == {"t-0001": Outcome.MOVED, "t-0002": Outcome.MOVED, "t-0003": Outcome.THERE}
    assert await changes_of(records, "t-0004") == 0


async def test_a_ticket_that_the_version_has_no_room_for_is_told_and_left(
    records: Records, story_clock: StoryClock
) -> None:
    """7.3: dry or not, it says which and why; with what takes its place it goes."""
    await one_of_each(records, story_clock)
    onto = renamed("specialist", "expert")

    (preview,) = [each for each in (await rehearsed(records, to(onto))).values() if each.refusal]
    run = await applied(records, to(onto))

    assert preview.ticket.ticket_id == "t-0006"
    (refused,) = [done for done in run.done if done.outcome is Outcome.REFUSED]
    assert preview.refusal is not None
    assert refused.why == preview.refusal.text
    assert "the ticket is of tier 'specialist'" in refused.why
    assert (await records.queries.ticket("t-0006")).policy_version == version_of(BEFORE)
    run = await applied(records, to(onto, tiers=(Renaming(old="specialist", new="expert"),)))
    assert run.outcomes["t-0006"] is Outcome.MOVED
    assert (await records.queries.ticket("t-0006")).tier == "expert"


async def test_a_ticket_that_changed_since_it_was_found_is_judged_anew(records: Records) -> None:
    """7.3: escalated meanwhile, its new tier's clocks move; closed meanwhile, it keeps its policy."""
    await opened(records, 1, 2)
    record = BetweenRecord(records)

    async def meanwhile(ticket_id: str) -> None:
        if ticket_id == "t-0001":
            await do(records, ticket_id, ESCALATED)
        else:
            await do(records, ticket_id, an_acknowledgement(), FIXED, Confirm(actor="desk"))

    record.before = meanwhile
    first, second = BEFORE.tiers
    targets = {"normal": replace(second.targets["normal"], resolve=hours(20))}
    run = await applied(records, to(replace(BEFORE, tiers=(first, replace(second, targets=targets)))), record=record)

    assert run.outcomes == {"t-0001": Outcome.MOVED, "t-0002": Outcome.CLOSED}
    moved = [each.event for each in await records.queries.entries("t-0001") if isinstance(each.event, ClockMoved)]
    assert [(each.tier, each.target) for each in moved] == [("specialist", Target.TIER_RESOLVE)]


async def test_a_change_whose_answer_was_lost_is_done_once(records: Records) -> None:
    """5.5, 4.7: committed, and the connection broke: the same request again gets the stored answer."""
    await opened(records, 1)
    record = BetweenRecord(records)
    lost: list[str] = []

    def lose(ticket_id: str) -> None:
        if not lost:
            lost.append(ticket_id)
            raise RecordUnavailable("the connection broke")

    record.after = lose
    run = await applied(records, to(SHORTER), record=record)

    assert lost == ["t-0001"]
    assert run.outcomes == {"t-0001": Outcome.MOVED}
    assert await changes_of(records, "t-0001") == 1
    assert len(await records.upkeep.owed_nudges(older_than_seconds=0, limit=9)) == 1  # the keeper's to find


async def test_a_ticket_that_somebody_holds_all_the_time_fails_alone(records: Records) -> None:
    """7.3: the others go, and the next run does it."""
    await opened(records, 1, 2, 3)
    record = BetweenRecord(records)

    def held(ticket_id: str) -> None:
        if ticket_id == "t-0002":
            raise RecordUnavailable("somebody holds it")

    record.before = held
    run = await applied(records, to(LONGER), record=record)
    again = await applied(records, to(LONGER))

    assert run.outcomes == {"t-0001": Outcome.MOVED, "t-0002": Outcome.FAILED, "t-0003": Outcome.MOVED}
    assert run.mover.counts == {Outcome.MOVED: 2, Outcome.FAILED: 1}
    assert again.outcomes["t-0002"] is Outcome.MOVED


async def test_a_record_that_is_away_ends_the_run(records: Records) -> None:
    """7.3: nothing is told of tickets that nobody knows of; what was moved stays so."""
    await opened(records, 1, 2, 3)
    record = BetweenRecord(records)

    class Away:
        tickets, count, policy = records.queries.tickets, records.queries.count, records.queries.policy

        async def instant(self) -> None:
            raise RecordUnavailable("the database is away")

    def away(ticket_id: str) -> None:
        if ticket_id != "t-0001":
            raise RecordUnavailable("the database is away")

    record.before = away
    run = Run(records, to(LONGER), record)
    run.mover = Mover(record, Away(), run.owed, to(LONGER), per_second=QUICK, at_once=1, pause_seconds=0.001)  # type: ignore[arg-type]  # it never says when it is

    with pytest.raises(RecordUnavailable, match="the database is away"):
        await run.mover.run(run.told)

    assert run.outcomes == {"t-0001": Outcome.MOVED}


async def test_a_ticket_that_cannot_be_judged_touches_no_other(record_url: str, story_clock: StoryClock) -> None:
    """Architecture, a poison ticket: it is marked, told by its type, and the others go."""
    async with await connect(record_url, story_clock) as healthy:
        await opened(healthy, 1, 2)
    async with await connect(record_url, story_clock, judge=PoisonJudge("t-0002")) as records:
        run = await applied(records, to(LONGER))
        assert run.outcomes == {"t-0001": Outcome.MOVED, "t-0002": Outcome.FAILED}
        (failed,) = [done.why for done in run.done if done.outcome is Outcome.FAILED]
        assert "ZeroDivisionError" in failed
        assert "Ada" not in failed


async def test_a_command_that_names_a_policy_nobody_stored_harms_no_ticket(records: Records) -> None:
    """7.2: the ticket is as well as it was."""
    await opened(records, 1)
    command = ChangePolicy(actor="ops", policy_version="feedbeef", reason="a slip")
    with pytest.raises(Exception, match="could not be judged with 'ChangePolicy'"):
        await records.record.settle("t-0001", command, by=SettledBy.INTAKE)
    assert (await records.queries.figures()).stuck_tickets == 0


async def test_tickets_opened_under_the_old_version_meanwhile_are_found(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Architecture, the record: nobody pages by a number alone; readings go on until one finds nothing to do."""
    monkeypatch.setattr(found, "PAGE", 2)
    await opened(records, 11, 12, 13)
    record = BetweenRecord(records)
    late = iter((1, 2))

    async def meanwhile(_: str) -> None:
        if number := next(late, None):
            await opened(records, number)

    record.before = meanwhile
    run = await applied(records, to(LONGER), record=record)

    assert {ticket_id for ticket_id, each in run.outcomes.items() if each is Outcome.MOVED} == {
        *("t-0001", "t-0002", "t-0011", "t-0012", "t-0013"),
    }
    assert not run.mover.is_behind


async def test_a_desk_that_never_stops_opening_under_the_old_version_is_told_of(records: Records) -> None:
    """7.3: the run ends all the same, and says that it is behind."""
    await opened(records, 1)
    record = BetweenRecord(records)
    numbers = iter(range(2, 99))

    async def meanwhile(_: str) -> None:
        await opened(records, next(numbers))

    record.before = meanwhile
    run = await applied(records, to(LONGER), record=record)

    assert run.mover.is_behind


async def test_a_priority_that_is_called_otherwise(records: Records) -> None:
    """7.3, 6.11: the ticket's column and its figures follow."""
    await opened(records, 1)
    onto = replace(
        BEFORE,
        resolve={"standard": BEFORE.resolve["normal"]},
        tiers=tuple(
            Tier(name=tier.name, calendar=tier.calendar, targets={"standard": tier.targets["normal"]})
            for tier in BEFORE.tiers
        ),
    )
    run = await applied(records, to(onto, priorities=(Renaming(old="normal", new="standard"),)))
    await do(records, "t-0001", an_acknowledgement())

    assert run.outcomes == {"t-0001": Outcome.MOVED}
    totals = (await records.queries.figures()).totals
    assert totals["clocks_met", ("acknowledge", "desk", "standard", "home")] == 1


async def test_the_feeds_own_look_finds_a_moved_ticket_sound(records: Records, story_clock: StoryClock) -> None:
    """5.3, 7.3: derived by both versions; a change of policy is an operator's, not a command nobody gave."""
    await records.record.open_ticket(BEFORE, replace(an_opening(1), subject="Incident 7"))
    said: list[Command] = [an_acknowledgement()]
    story_clock.pass_(minutes(5))
    await applied(records, to(LONGER))
    await do(records, "t-0001", *said)
    story_clock.pass_(hours(9))
    await records.record.settle("t-0001", by=SettledBy.WORKFLOW)
    plan = Plan(case=Case(case="7", rows=()), rows=())

    findings = await look_into(records.queries, [Driven(plan=plan, ticket_id="t-0001", said=said)], lambda: None)

    assert findings.is_sound, findings


async def test_a_record_that_cannot_count_in_time_is_moved_all_the_same(records: Records) -> None:
    """7.3: how many there are is for the bar alone."""
    await opened(records, 1, 2)

    class Slow:
        tickets, policy, instant = records.queries.tickets, records.queries.policy, records.queries.instant

        async def count(self, _: TicketFilter) -> int:
            raise RecordUnavailable("too many to count")

    assert await found.running(Slow(), to(LONGER)) is None
    assert await found.running(records.queries, to(LONGER)) == 2


async def test_a_ticket_that_failed_is_tried_again_by_the_next_reading(records: Records) -> None:
    """7.3: whoever held it has let it go by then."""
    await opened(records, 1, 2)
    record = BetweenRecord(records)
    tries = iter(range(99))

    def held_for_a_while(ticket_id: str) -> None:
        if ticket_id == "t-0002" and next(tries) < TRIES:
            raise RecordUnavailable("somebody holds it")

    record.before = held_for_a_while
    run = await applied(records, to(LONGER), record=record)

    assert [(done.ticket.ticket_id, done.outcome) for done in run.done if done.ticket.ticket_id == "t-0002"] == [
        ("t-0002", Outcome.FAILED),
        ("t-0002", Outcome.MOVED),
    ]
    assert run.mover.counts == {Outcome.MOVED: 2, Outcome.FAILED: 0}


async def test_newer_zone_rules_are_taken_over_by_the_same_version(records: Records, story_clock: StoryClock) -> None:
    """3.6: only by a migration; here it is earlier in London than was thought, and who is elsewhere stays as it is."""
    london = Calendar("Europe/London", {"mon-sun": "08:00-20:00"})
    first, *others = BEFORE.tiers
    policy = replace(BEFORE, tiers=(replace(first, calendar=london), *others))
    await opened(records, 1, 2, policy=policy)
    await do(records, "t-0002", ESCALATED)
    story_clock.pass_(minutes(5))
    object.__setattr__(london, "years", Calendar("Europe/London", {"mon-sun": "13:00-23:00"}).years)

    run = await applied(records, to(policy))

    assert run.outcomes == {"t-0001": Outcome.MOVED, "t-0002": Outcome.THERE}
    assert (await applied(records, to(policy))).outcomes == {"t-0001": Outcome.THERE, "t-0002": Outcome.THERE}


async def test_a_dry_run_tells_each_ticket_once_and_as_it_stands_by_now(
    records: Records, story_clock: StoryClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """7.3, 5.2: what was due is judged first: by now silence has closed what was resolved, though nobody looked yet."""
    monkeypatch.setattr(found, "PAGE", 2)
    await opened(records, *range(1, 6))
    await do(records, "t-0003", an_acknowledgement(), FIXED)
    story_clock.pass_(hours(30))

    previews = [each async for each in rehearse(records.queries, to(LONGER))]

    assert sorted(each.ticket.ticket_id for each in previews) == [f"t-000{number}" for number in range(1, 6)]
    assert [each.ticket.ticket_id for each in previews if each.is_over] == ["t-0003"]


async def test_a_reminder_is_told_as_one(records: Records, story_clock: StoryClock) -> None:
    """6.6, 7.3: the wait goes on with a reminder, not with giving up."""
    await opened(records, 1)
    await do(records, "t-0001", an_acknowledgement(), ASKED)
    story_clock.pass_(minutes(10))
    onto = replace(BEFORE, customer_reminders=(hours(5),), give_up=hours(50))

    (preview,) = (await rehearsed(records, to(onto))).values()

    assert [(move.what, move.is_earlier) for move in preview.moves] == [("reminder", True)]


async def test_what_is_at_risk_is_told_by_the_new_version(record_url: str, records: Records) -> None:
    """2.8: nobody was warned yet, and nobody will be: no ticket is at risk for that."""
    await opened(records, 1, policy=replace(BEFORE, warn_at=(0.5,)))
    await applied(records, to(BEFORE))
    assert await Outsider(record_url).run("SELECT warned_deadline_at FROM tickets") == [(None,)]
