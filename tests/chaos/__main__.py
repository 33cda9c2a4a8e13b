"""Chaos: the shipped processes under a load by lot, while they are killed and stopped; then everything is counted.

    python -m tests.chaos [--faults kill,stop,postgres,temporal] [--seed N] [--seconds N] [--database sqlite]
        [--logs FOLDER]

Exit 0: nothing was lost, doubled, missed or skipped. 1: something was, or no end was come to; the seed and the tickets'
timelines are printed. 2: it could not be run. 130: somebody ended it before its time, and nothing was counted.
"""

import argparse
import asyncio
import math
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.chaos.faults import LEAST_SECONDS, Kind
from tests.chaos.findings import Finding, counted
from tests.chaos.parts import Database
from tests.chaos.run import Came, Chosen, play
from tests.chaos.timeline import timeline
from tests.support.databases import PostgresqlMissing

TIMELINES = 3
"""At most so many tickets' timelines are printed."""
MOST_SECONDS = 86_400.0
ENDED_BEFORE = 128 + signal.SIGINT


def main() -> int:
    """Run it; the exit code."""
    asked = _arguments()
    folder = Path(asked.logs or tempfile.mkdtemp(prefix="followthrough-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    chosen = Chosen(
        seed=asked.seed,
        kinds=asked.faults,
        seconds=asked.seconds,
        settling_seconds=asked.settling,
        folder=folder,
        database=asked.database,
    )
    code = _run(chosen)
    if code != 1 and not asked.logs:
        shutil.rmtree(folder, ignore_errors=True)  # nothing is left to be looked into
    return code


def _run(chosen: Chosen) -> int:
    """Play, and tell what came of it; the exit code."""
    kinds = ",".join(chosen.kinds) or "no faults"
    say(f"seed {chosen.seed}, {kinds}, {chosen.seconds:g} s, on {chosen.database}; logs in {chosen.folder}")
    try:
        came = asyncio.run(_until_told(chosen))
    except PostgresqlMissing as missing:
        say(f"chaos needs PostgreSQL: {missing}")
        return 2
    except asyncio.CancelledError:
        say("ended before its time: nothing was counted")
        return ENDED_BEFORE
    except TimeoutError:
        say(f"it came to no end; the logs are in {chosen.folder}")
        _again(chosen)
        return 1
    _sum_up(came)
    if not came.findings:
        return 0
    accuse(chosen, came)
    return 1


async def _until_told(chosen: Chosen) -> Came:
    """Run it; at the first signal to end, bring everybody to an end first. Raises `CancelledError` then."""
    run = asyncio.create_task(play(chosen, say, lambda fault: say(f"  {fault}")))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, run.cancel)
    return await run


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("--faults", type=_kinds, help=f"of {', '.join(Kind)}; all by default")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="by lot by default")
    parser.add_argument("--seconds", type=_seconds, default=75.0, help="of load and faults, 75 by default")
    parser.add_argument(
        "--settling", type=_seconds, default=90.0, help="seconds to come to rest at most, 90 by default"
    )
    parser.add_argument(
        "--logs", help="folder for the processes' logs; by default a temporary one, which stays if anything is found"
    )
    parser.add_argument(
        "--database", type=Database, choices=tuple(Database), default=Database.POSTGRESQL, help="postgresql by default"
    )
    asked = parser.parse_args()
    if asked.faults is None:
        asked.faults = tuple(
            kind for kind in Kind if kind is not Kind.POSTGRES or asked.database is not Database.SQLITE
        )
    if asked.database is Database.SQLITE and Kind.POSTGRES in asked.faults:
        parser.error("argument --faults: sqlite has no server that could be restarted: leave postgres out")
    return asked


def _kinds(text: str) -> tuple[Kind, ...]:
    words = [word.strip() for word in text.split(",")]
    if unknown := [word for word in words if word and word not in tuple(Kind)]:
        raise argparse.ArgumentTypeError(f"there is no fault {unknown[0]!r}: write some of {','.join(Kind)}")
    return tuple(dict.fromkeys(Kind(word) for word in words if word))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no length of a run: write seconds, from {LEAST_SECONDS:g} to {MOST_SECONDS:g}"
        )
    return seconds


def say(line: str) -> None:
    """Tell whoever watches, at once."""
    print(line, flush=True)  # noqa: T201 - what it was started for


def _sum_up(came: Came) -> None:
    say("")
    for name, figure in came.figures.items():
        say(f"  {name:<58}{figure:>10}")
    say("")
    for what, count in counted(came.findings).items():
        say(f"{'x' if count else ' '} {what.value:<58}{count:>10}")


def accuse(chosen: Chosen, came: Came) -> None:
    """Tell what was found, of whom, and how to have it again."""
    say(f"\nseed {chosen.seed}: what was found; the logs are in {chosen.folder}")
    for finding in came.findings[:40]:
        say(f"  {finding.what.value}: {finding.ticket_id} {finding.text}")
    for ticket_id in _accused(came.findings):
        say("")
        for line in timeline(came.facts, ticket_id):
            say(line)
    _again(chosen)


def _again(chosen: Chosen) -> None:
    kinds = ",".join(chosen.kinds)
    where = "" if chosen.database is Database.POSTGRESQL else f" DATABASE={chosen.database}"
    say(f"\nagain: make chaos SEED={chosen.seed} FAULTS={kinds or ','} SECONDS={chosen.seconds:g}{where}")


def _accused(findings: Iterable[Finding]) -> list[str]:
    return list(dict.fromkeys(each.ticket_id for each in findings if each.ticket_id))[:TIMELINES]


if __name__ == "__main__":
    sys.exit(main())
