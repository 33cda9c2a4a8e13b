"""Made-up worlds told to a record as well: what it keeps is what the domain says, to the row.

Plays everything that was done in a world, at its instants, through the record's own doors, then compares what stands in
the database: states, logs, the outbox, wake-ups, totals, and what a derivation makes of the inputs that were kept.
"""

import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any, cast

from services.records import OnDuty, Records, SettledBy
from services.records.owed_messages import kind_of
from tests.chaos.check_promises import check_promises
from tests.chaos.check_totals import check_totals
from tests.chaos.facts import Facts, Line, Standing
from tests.support.clock import StoryClock
from tests.support.derived import require_derived
from tests.support.problems import a_problem
from tests.support.record import Outsider, a_request
from tests.unit.ticket.asking import PROBLEMS
from tests.unit.ticket.worlds import Announced, Done, Merge, Opened, Settled, World
from workflows.domain.ticket.closures import Closure
from workflows.domain.ticket.rederive import first_difference
from workflows.domain.ticket.roster import RosterAnswer

TICKETS = "SELECT ticket_id, status, tier, queue, sequence, inputs, wake_at FROM tickets"
EVENTS = "SELECT ticket_id, sequence, kind, body FROM events ORDER BY ticket_id, sequence"
INPUTS = "SELECT ticket_id, count(*) FROM inputs GROUP BY ticket_id"
OUTBOX = "SELECT ticket_id, sequence, kind, audience, recipient FROM outbox"
TOTALS = "SELECT name, labels, amount FROM totals UNION ALL SELECT name, labels, amount FROM total_deltas"
"""Plain SQL: what the record's own code makes of its rows is not asked."""


class Recorder:
    """Tells a world to a record, one thing after another."""

    def __init__(self, records: Records, clock: StoryClock, outsider: Outsider) -> None:
        self._records = records
        self._clock = clock
        self._outsider = outsider
        self._requests = 0

    async def play(self, world: World) -> None:
        """Do what was done, and see that each answer is the one that the domain gave."""
        for policy in world.versions:
            await self._records.record.keep_policy(policy)
        for problem_id in PROBLEMS:
            await a_problem(self._records, problem_id)
        for done in world.done:
            self._clock.set(done.at)
            await self._do(done)

    async def _do(self, done: Done) -> None:
        match done:
            case Opened(life=life):
                await self._records.record.open_ticket(life.first, life.opening)
            case Settled(at=at, life=life, command=command):
                settled = await self._records.record.settle(life.ticket.ticket_id, command, by=SettledBy.INTAKE)
                assert settled.refusal == life.settled(at).refusal
            case Merge(other=other, survivor=survivor, is_done=is_done):
                pair = await self._records.record.merge(other.ticket.ticket_id, survivor.ticket.ticket_id, actor="kim")
                assert (pair.survivor.refusal is None) == is_done
            case Announced(told=told):
                await self._hear(told)

    async def _hear(self, told: Closure | RosterAnswer) -> None:
        if isinstance(told, RosterAnswer):
            policy = "made-up"
            names = ("ann",) if told.is_reachable else ()
            moment = await self._records.rosters.moment()
            answer = OnDuty(policy=policy, tier=told.tier, names=names)
            await self._records.rosters.keep([answer], [answer.duty], moment)
            return
        self._requests += 1
        request = a_request(f"closure-{self._requests}")
        if told.end_reason is None:
            await self._records.closures.close(
                told.closure_id,
                "home",
                from_at=told.from_at,
                until_at=told.until_at,
                actor=told.actor,
                reason=told.reason,
                request=request,
            )
        else:
            await self._records.closures.end(
                told.closure_id,
                until_at=told.until_at,
                actor=told.ended_by or "",
                reason=told.end_reason,
                request=request,
            )

    async def require_same(self, world: World) -> None:
        """See that the record holds what the domain says of every ticket, and no more."""
        rows = await self._outsider.run(OUTBOX)
        owed = defaultdict[str, list[tuple[Any, ...]]](list)
        for ticket_id, sequence, kind, *whom in rows:
            owed[ticket_id].append((sequence, kind_of(kind), *whom))
        for life in world.lives:
            ticket = await self._records.queries.ticket(life.ticket.ticket_id)
            assert first_difference(await self._records.queries.entries(ticket.ticket_id), life.entries) is None
            assert ticket == life.ticket
            told = [message for judged in life.judgements for message in judged.messages]
            assert Counter(owed.pop(ticket.ticket_id, [])) == Counter(
                (each.sequence, each.kind, each.audience.value, each.recipient) for each in told
            )
            await require_derived(self._records, ticket.ticket_id)
        assert not owed
        facts = await self._facts(world)
        found = [each.text for each in (*check_totals(facts), *check_promises(facts))]
        assert not found, found

    async def _facts(self, world: World) -> Facts:
        """What the totals are checked by: rows as they stand, of any dialect."""
        inputs = dict(await self._outsider.run(INPUTS))
        standings = {
            ticket_id: Standing(
                ticket_id=ticket_id,
                status=status,
                tier=tier,
                queue=queue,
                sequence=sequence,
                inputs=kept,
                wake_at=_instant(wake_at),
            )
            for ticket_id, status, tier, queue, sequence, kept, wake_at in await self._outsider.run(TICKETS)
        }
        assert {each.ticket_id: each.inputs for each in standings.values()} == inputs
        for life in world.lives:
            assert standings[life.ticket.ticket_id].wake_at == life.ticket.wake_at()
        at = {(life.ticket.ticket_id, entry.sequence): entry.at for life in world.lives for entry in life.entries}
        lines = defaultdict[str, list[Line]](list)
        for ticket_id, sequence, kind, body in await self._outsider.run(EVENTS):
            when = at[ticket_id, sequence]
            said = json.loads(body)
            lines[ticket_id].append(
                Line(ticket_id=ticket_id, sequence=sequence, kind=kind, at=when, recorded_at=when, body=said)
            )
        totals = Counter[tuple[str, tuple[str, ...]]]()
        for name, labels, amount in await self._outsider.run(TOTALS):
            totals[name, tuple(json.loads(labels))] += amount
        return _facts_of(world.now, standings, {each: tuple(said) for each, said in lines.items()}, totals)


def _facts_of(
    now: datetime, standings: dict[str, Standing], lines: dict[str, tuple[Line, ...]], totals: Counter[Any]
) -> Facts:
    return Facts(
        ladder=(),
        real_at=now,
        now=now,
        grace=timedelta(),
        speed=1.0,
        reopen_window=timedelta(),
        standings=standings,
        lines=lines,
        totals=totals,
    )


def _instant(held: object) -> datetime | None:
    """A column of either dialect: a text, or what it is."""
    return datetime.fromisoformat(held) if isinstance(held, str) else cast(datetime | None, held)
