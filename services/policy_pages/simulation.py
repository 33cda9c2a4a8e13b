"""A simulation as a page: charts and tables in one file that fetches nothing, for a screen or for paper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.policy_pages.templating import template
from services.simulation import report
from services.simulation.simulate import Run, Simulation
from services.simulation.source import Source
from services.simulation.tables import TARGETS
from workflows.domain.ticket.words import Target
from workflows.planning.figures import of
from workflows.planning.table import in_words

PROBLEMS = 50
"""That are written out; all are counted."""
ROW = 24
"""Units of the drawing, from bar to bar."""
GAP = 12
"""More between the bars of one thing and of the next."""
LEFT, WIDTH = 190, 330
"""Where bars begin, and how long one of 100 % is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: a part of a whole, and what is written beside it."""

    name: str
    """Of the thing; empty for the second policy's."""
    policy: str
    """`A`, `B`, or empty."""
    top: int
    part: float
    """Units of the drawing."""
    whole: int
    """The same; nothing where there is nothing to be a part of."""
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars under a title, drawn as they are listed."""

    title: str
    part: str
    """What the coloured part is."""
    rest: str
    """What the rest is."""
    bars: tuple[Bar, ...]
    note: str = ""

    @property
    def height(self) -> int:
        """Units of the drawing."""
        return max((bar.top for bar in self.bars), default=0) + ROW


@dataclass(frozen=True, slots=True)
class _Share:
    name: str
    policy: str
    part: float
    whole: float
    said: str


def of_simulation(simulation: Simulation, source: Source, *, flips: int) -> str:
    """Return the page, with at most so many flips told singly."""
    return template("simulation.html.j2").render(
        simulation=simulation,
        policies=list(_named(simulation.runs)),
        source=source,
        problems=source.problems[:PROBLEMS],
        charts=[chart for chart in _charts(simulation.runs) if chart.bars],
        tables=list(report.tables(simulation, source, flips=flips)),
        left=LEFT,
    )


def _named(runs: Sequence[Run]) -> Iterator[tuple[str, Run]]:
    yield from zip(report.NAMES if len(runs) > 1 else ("",), runs, strict=True)


def _charts(runs: Sequence[Run]) -> Iterator[Chart]:
    yield Chart(
        title="Kept, by target",
        part="met",
        rest="breached",
        bars=_bars([_kept(run, name, target) for target in TARGETS for name, run in _named(runs)]),
        note="Of every clock that has a verdict. A silent ticket breaches its update again and again, each once.",
    )
    priorities = dict.fromkeys(priority for run in runs for priority in run.policy.priorities)
    yield Chart(
        title="Solved in the time promised to the customer, by priority",
        part="met",
        rest="breached",
        bars=_bars([_kept(run, name, TARGETS[0], priority) for priority in priorities for name, run in _named(runs)]),
    )
    tiers = dict.fromkeys(tier for run in runs for tier in run.policy.tier_names)
    yield Chart(
        title="Acknowledged in time, by tier",
        part="met",
        rest="breached",
        bars=_bars([_acknowledged(run, name, tier) for tier in tiers for name, run in _named(runs)]),
    )
    yield Chart(
        title="Push to front: solved by the first tier alone",
        part="first tier",
        rest="with others",
        bars=_bars([_front(run, name, priority) for priority in priorities for name, run in _named(runs)]),
    )
    yield Chart(
        title="Time that tickets were worked on",
        part="waiting on the customer",
        rest="the desk's turn",
        bars=_bars([_waiting(run, name) for name, run in _named(runs)]),
        note="By the clock on the wall. While a customer is waited for, the clocks that the policy names stand still.",
    )


def _kept(run: Run, name: str, target: Target, priority: str | None = None) -> _Share:
    figures = run.tally.figures
    met = of(figures.met, target, priority=priority)
    breached = of(figures.breached, target, priority=priority)
    return _verdicts(priority or in_words(target), name, met, breached)


def _acknowledged(run: Run, name: str, tier: str) -> _Share:
    figures = run.tally.figures
    target = Target.ACKNOWLEDGE
    return _verdicts(tier, name, of(figures.met, target, tier), of(figures.breached, target, tier))


def _verdicts(what: str, name: str, met: int, breached: int) -> _Share:
    said = f"{report.kept(met, breached)}: {met:,} met, {breached:,} breached"
    return _Share(what, name, met, met + breached, said)


def _front(run: Run, name: str, priority: str) -> _Share:
    solved, front = run.tally.figures.solved[priority], run.tally.figures.at_the_front[priority]
    share = f"{front / solved:.1%}" if solved else "-"
    return _Share(priority, name, front, solved, f"{share}: {front:,} of {solved:,} solved")


def _waiting(run: Run, name: str) -> _Share:
    waits = run.tally.waits
    waited, worked_on = waits.waited_in_all / report.HOUR, waits.worked_on / report.HOUR
    share = f"{waited / worked_on:.1%}" if worked_on else "-"
    return _Share("all tickets", name, waited, worked_on, f"{share}: {waited:,.0f} of {worked_on:,.0f} h")


def _bars(shares: Sequence[_Share]) -> tuple[Bar, ...]:
    """Place them below each other, those of one thing close together, and leave out things that never were."""
    were = {share.name for share in shares if share.whole}
    bars: list[Bar] = []
    top = 0
    for share in shares:
        if share.name not in were:
            continue
        is_same = bool(bars) and any(bar.name == share.name for bar in bars)
        top += ROW if is_same else (ROW + GAP if bars else 0)
        bars.append(
            Bar(
                name="" if is_same else share.name,
                policy=share.policy,
                top=top,
                part=round(WIDTH * share.part / share.whole, 1) if share.whole else 0,
                whole=WIDTH if share.whole else 0,
                said=share.said,
            )
        )
    return tuple(bars)
