"""One chaos run: everybody on the stage, load and faults, then rest, then everything is read and counted."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.chaos.checker import check
from tests.chaos.facts import Facts, Verdict
from tests.chaos.faults import OTHERS, Fault, Faults, Kind, plan
from tests.chaos.findings import Finding
from tests.chaos.load import Load
from tests.chaos.moving import Mover
from tests.chaos.parts import Cast, Database, cast
from tests.chaos.reading import read
from tests.chaos.rederiving import rederive

SPEED = 60.0
"""A minute that is promised is a second; what is found a second late is late (4.6), so both ways are gone."""
PER_SECOND = 14.0
MOST_OPEN = 60
STARTING_SECONDS = 90.0
SURE_SECONDS = 60.0
MOVING_SECONDS = 60.0
LOOK_EVERY_SECONDS = 3.0
OVERRUN_SECONDS = 90.0
"""What faults may last beyond the run, and reading everything may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is to be run."""

    seed: int
    kinds: tuple[Kind, ...]
    seconds: float
    """Real ones, of load and faults."""
    settling_seconds: float
    """Real ones, at most."""
    folder: Path
    database: Database = Database.POSTGRESQL


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What it came to."""

    findings: tuple[Finding, ...]
    figures: Mapping[str, str]
    facts: Facts


async def play(chosen: Chosen, say: Callable[[str], None], told: Callable[[Fault], None]) -> Came:
    """Run it. Raises `PostgresqlMissing`, and `TimeoutError` when it does not come to an end."""
    longest = (
        STARTING_SECONDS + chosen.seconds + OVERRUN_SECONDS + SURE_SECONDS + MOVING_SECONDS + chosen.settling_seconds
    )
    async with cast(chosen.folder, speed=SPEED, database=chosen.database) as playing, asyncio.timeout(longest):
        load = Load(playing.intakes, seed=chosen.seed, per_second=PER_SECOND, most_open=MOST_OPEN, now=playing.now)
        mover = Mover(playing, chosen.seed)
        try:
            async with asyncio.timeout(STARTING_SECONDS):
                await load.until_answering()
            say("everybody is there")
            others = tuple(name for name in OTHERS if name != "postgresql" or playing.postgresql is not None)
            faults = plan(chosen.seed, chosen.kinds, chosen.seconds, others)
            await _perform(playing, (load, mover), faults, chosen.seconds, told)
            say(f"{len(load.asked)} requests, {load.answered} answered; coming to rest")
            await playing.everybody_well()
            async with asyncio.timeout(SURE_SECONDS):
                await load.make_sure()
            async with asyncio.timeout(MOVING_SECONDS):
                await mover.finish()
            facts = await _at_rest(playing, load, chosen.settling_seconds, say)
            findings = (*check(facts), *await rederive(playing, load.asked))
            return Came(findings=findings, figures=_figures(facts, faults, playing), facts=facts)
        finally:
            await load.close()


async def _perform(
    playing: Cast, busy: tuple[Load, Mover], faults: Iterable[Fault], seconds: float, told: Callable[[Fault], None]
) -> None:
    """Load for so long, and another policy in the midst of it, faults meanwhile; all of it is over then."""
    load, mover = busy
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run(stopping))
        group.create_task(mover.run(seconds))
        group.create_task(Faults(playing, told).carry_out(faults))
        await asyncio.sleep(seconds)
        stopping.set()


async def _at_rest(playing: Cast, load: Load, seconds: float, say: Callable[[str], None]) -> Facts:
    """Read until nothing is found that time may mend, for so long at most; the facts of the last look."""
    until = asyncio.get_running_loop().time() + seconds
    before = ""
    while True:
        facts = await read(playing.where, load.asked, load.shown)
        passing = [finding for finding in check(facts) if finding.what.passes_with_time]
        if not passing or asyncio.get_running_loop().time() > until:
            return facts
        names = ", ".join(sorted({finding.what.value for finding in passing}))
        if names != before:
            say(f"  not yet at rest: {names}")
        before = names
        await asyncio.sleep(LOOK_EVERY_SECONDS)


def _figures(facts: Facts, faults: Iterable[Fault], playing: Cast) -> dict[str, str]:
    """What the run was like."""
    breaches = [line.body for lines in facts.lines.values() for line in lines if line.kind == "clock_breached"]
    lags = sorted(
        (datetime.fromisoformat(each["detected_at"]) - datetime.fromisoformat(each["due_at"])).total_seconds()
        / facts.speed
        for each in breaches
    )
    verdicts = [asked.final.verdict for asked in facts.asked if asked.final]
    ends = {part.name: part.ends for part in playing.all if part.ends}
    return {
        "faults": str(len(tuple(faults))),
        "ends that nobody asked for, by exit code": json.dumps(ends) if ends else "0",
        "requests": str(len(facts.asked)),
        "  done / refused": f"{verdicts.count(Verdict.DONE)} / {verdicts.count(Verdict.REFUSED)}",
        "  sent more than once": str(sum(len(asked.answers) > 1 for asked in facts.asked)),
        "  without an answer at first": str(
            sum(any(each.verdict is Verdict.UNKNOWN for each in asked.answers) for asked in facts.asked)
        ),
        "  never answered": str(sum(asked.final is None for asked in facts.asked)),
        "tickets / still open": f"{len(facts.standings)} / {sum(not s.is_closed for s in facts.standings.values())}",
        "events": str(sum(map(len, facts.lines.values()))),
        "breaches / found more than 60 s of the record late": (
            f"{len(breaches)} / {sum(each['engine_late'] for each in breaches)}"
        ),
        "lag of breaches, real s: p50 / p99 / most": " / ".join(
            f"{lags[min(int(share * len(lags)), len(lags) - 1)]:.2f}" for share in (0.5, 0.99, 1.0)
        )
        if lags
        else "none",
        "merges / imports / tickets moved to another policy": " / ".join(
            str(_count(facts, kind)) for kind in ("took_over", "imported", "policy_changed")
        ),
        "closures of queues / tickets that came to one": f"{len(facts.closures)} / {_count(facts, 'closure_began')}",
        "announcements / told / letters": " / ".join(
            (
                str(len(facts.announcements)),
                str(sum(list(each.results.values()).count("told") for each in facts.announcements)),
                str(_letters(facts)),
            )
        ),
        "credits / decided by the lead / promises broken": " / ".join(
            (
                str(_count(facts, "credit_offered")),
                str(sum(each.kind == "decide_credit" for inputs in facts.inputs.values() for each in inputs)),
                str(_count(facts, "promise_broken")),
            )
        ),
        "tiers passed by": str(_count(facts, "tier_skipped")),
        "settles by the keeper": str(facts.totals.get(("rescued", ()), 0)),
        "messages / printed / flagged": (
            f"{len(facts.messages)} / {len(facts.printed)} / {sum(each.is_flagged for each in facts.printed)}"
        ),
    }


def _count(facts: Facts, kind: str) -> int:
    """How many lines of all logs are of a kind."""
    return sum(line.kind == kind for lines in facts.lines.values() for line in lines)


def _letters(facts: Facts) -> int:
    """How many messages carry an announcement."""
    marks = {each.mark for each in facts.announcements}
    told = {(line.ticket_id, line.sequence) for lines in facts.lines.values() for line in lines if line.actor in marks}
    return sum(each.name[:2] in told and each.name[3] == "customer" for each in facts.messages)
