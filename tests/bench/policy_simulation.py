"""How many past tickets a second are told again: by one core, and by all of them, under one policy and under two.

The log is the made-up one, over and over under other names, unless another is given: tickets that nobody touches for
long cost more than those that are solved at once, so a figure is of its log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, process_time

from rich.table import Table

from services.desk_log.log import Case, read_log
from services.desk_log.made_up import priority_of
from services.simulation.past import PastCase
from services.simulation.processes import cores
from services.simulation.simulate import simulate
from tests.bench.rounds import Spread
from tests.support.policies import LINES
from workflows.domain.policy import Policy
from workflows.planning.restating import Ladder

MADE_UP = Path(__file__).parent.parent / "data" / "made-up-incidents.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """Tickets told again, round by round."""

    log: str
    tickets: int
    events: int
    """That the judge recorded of them."""
    one_core: Spread
    """Tickets a second of processor, in one process."""
    two_policies: Spread
    """The same, each ticket under two policies."""
    all_cores: Spread
    """Tickets a second of wall-clock time, starting the processes included."""
    cores: int


def measure(*, rounds: int, tickets: int, log: Path | None = None) -> Simulated:
    """Tell so many tickets again so often."""
    cases = _cases(log or MADE_UP, tickets)
    pasts = [
        PastCase(case=case, priority=priority_of(case.case, LINES.priorities), ladder=Ladder.of(LINES))
        for case in cases
    ]
    until = max(case.rows[-1].at for case in cases)
    events = simulate({"lines": LINES}, pasts, until).runs[0].tally.figures.events

    def by_processor(policies: Mapping[str, Policy]) -> float:
        begun = process_time()
        simulate(policies, pasts, until)
        return len(pasts) / (process_time() - begun)

    def by_wall() -> float:
        begun = perf_counter()
        simulate({"lines": LINES}, pasts, until, workers=cores())
        return len(pasts) / (perf_counter() - begun)

    both = {"lines": LINES, "others": replace(LINES, name="others")}
    return Simulated(
        log=(log or MADE_UP).name,
        tickets=len(pasts),
        events=events,
        one_core=Spread.of([by_processor({"lines": LINES}) for _ in range(rounds)]),
        two_policies=Spread.of([by_processor(both) for _ in range(rounds)]),
        all_cores=Spread.of([by_wall() for _ in range(rounds)]),
        cores=cores(),
    )


def table(found: Simulated) -> Table:
    """The figures for a person."""
    shown = Table(
        "log",
        "tickets",
        "events",
        "tickets/s and core",
        "under two policies",
        f"tickets/s, wall, {found.cores} cores",
        title="simulate",
    )
    figures = (found.one_core, found.two_policies, found.all_cores)
    shown.add_row(found.log, f"{found.tickets:,}", f"{found.events:,}", *map(str, figures))
    return shown


def _cases(log: Path, tickets: int) -> list[Case]:
    """So many cases of a log, from its beginning again and again, each under a name of its own."""
    cases = read_log(log).cases
    return [
        replace(cases[number % len(cases)], case=f"{cases[number % len(cases)].case}-{number // len(cases)}")
        for number in range(tickets)
    ]
