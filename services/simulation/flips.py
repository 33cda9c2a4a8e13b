"""The clocks that only one of two policies breaches, as tables: how many, and which tickets."""

from services.simulation.simulate import Run, Simulation
from services.simulation.tables import TARGETS, Table
from workflows.planning.table import in_words
from workflows.planning.verdicts import Verdict, Which


def flip_counts(simulation: Simulation) -> Table:
    """How many, by clock and direction."""
    before, after = simulation.runs
    counts = simulation.flip_counts
    rows = tuple(
        (_clock(before, after, which), str(counts[which, True]), str(counts[which, False]))
        for which in sorted(
            {which for which, _ in counts}, key=lambda each: (TARGETS.index(each.target), each.rung or 0)
        )
    )
    worse, better = simulation.flipped_tickets
    return Table(
        title="clocks that flip",
        columns=("clock", "B breaches, A does not", "A breaches, B does not"),
        words=1,
        rows=(*rows, ("tickets", str(worse), str(better))) if rows else (),
        note="a tier's clock is compared where the ticket was with that tier under both",
    )


def told_flips(simulation: Simulation, number: int) -> Table:
    """So many of them, each with its ticket and both verdicts."""
    before, after = simulation.runs
    shown = simulation.flipped[:number]
    more = len(simulation.flipped) - len(shown)
    return Table(
        title="tickets that flip",
        columns=("ticket", "opened, UTC", "priority", "clock", "A", "B"),
        words=6,
        rows=tuple(
            (
                each.key,
                f"{each.opened_at:%Y-%m-%d %H:%M}",
                each.priority,
                _clock(before, after, each.flip.which),
                _verdict(each.flip.before),
                _verdict(each.flip.after),
            )
            for each in shown
        ),
        note=f"{len(shown)} of {len(simulation.flipped)}: ask for more of them with --flips" if more else "",
    )


def _verdict(verdict: Verdict | None) -> str:
    if verdict is None:
        return "no verdict"
    return f"{'breached' if verdict.is_breached else 'met'} {verdict.at:%Y-%m-%d %H:%M}"


def _clock(before: Run, after: Run, which: Which) -> str:
    """Name a clock; one of a rung that the two policies call otherwise by both names."""
    if which.rung is None:
        return in_words(which.target)
    names = dict.fromkeys(run.policy.tier_names[which.rung] for run in (before, after))
    return f"{in_words(which.target)}, {' / '.join(names)}"
