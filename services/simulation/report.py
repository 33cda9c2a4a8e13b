"""What came of a simulation, as tables of words and numbers: the same for a terminal and for a page.

Decides what stands beside what; knows neither terminal nor page. Two policies stand side by side as A and B.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, TypeVar

from services.simulation.flips import flip_counts, told_flips
from services.simulation.simulate import Run, Simulation
from services.simulation.source import Source
from services.simulation.tables import TARGETS, Table
from workflows.domain.ticket.words import Status, Target
from workflows.planning.figures import of
from workflows.planning.table import in_words

Word = TypeVar("Word", bound=str)
Kind = TypeVar("Kind", bound=str | tuple[str, ...])

NAMES = ("A", "B")
NAMES_AND_DIFFERENCE = (*NAMES, "B - A")
HOUR = timedelta(hours=1)
NOTHING = frozenset({"0", "-", "+0"})
"""What a cell says where there is nothing to say."""


class Key(NamedTuple):
    """A row of clocks: how it is called, and which they are."""

    said: tuple[str, ...]
    target: Target
    tier: str | None = None
    priority: str | None = None


def tables(simulation: Simulation, source: Source, *, flips: int) -> Iterator[Table]:
    """Yield every table that has a row, with at most so many flips told singly."""
    runs = simulation.runs
    yield from _if_any(_counted("what was read", [(what, [number]) for what, number in source.counts.items()]))
    for rows in (_by_target(runs), _by_tier(runs), _by_priority(runs)):
        yield from _if_any(rows)
    if len(runs) > 1:
        yield from _if_any(flip_counts(simulation))
        yield from _if_any(told_flips(simulation, flips))
    yield from _if_any(_ladder(runs))
    yield from _if_any(_escalations(runs))
    yield from _if_any(_front(runs))
    yield from _if_any(_waiting(runs))
    yield from _if_any(_done(runs))
    yield from _if_any(_not_done(runs))


def _if_any(table: Table) -> Iterator[Table]:
    if table.rows:
        yield table


def kept(met: int, breached: int) -> str:
    """The part that was met of those that have a verdict."""
    return f"{met / (met + breached):.1%}" if met + breached else "-"


def _by_target(runs: Sequence[Run]) -> Table:
    keys = [Key((in_words(target),), target) for target in TARGETS]
    return _clocks("clocks, by target", ("target",), runs, keys, _difference(runs).removeprefix("; "))


def _difference(runs: Sequence[Run]) -> str:
    return "; B - A is of those breached" if len(runs) > 1 else ""


def _by_tier(runs: Sequence[Run]) -> Table:
    tiers = _tiers(runs)
    keys = [Key((in_words(target), tier), target, tier) for target in TARGETS for tier in tiers]
    note = f"the tier is the one that had the ticket when the clock ended{_difference(runs)}"
    return _clocks("clocks, by target and tier", ("target", "tier"), runs, keys, note)


def _by_priority(runs: Sequence[Run]) -> Table:
    priorities = dict.fromkeys(priority for run in runs for priority in run.policy.priorities)
    keys = [
        Key((in_words(target), priority), target, priority=priority) for target in TARGETS for priority in priorities
    ]
    return _clocks("clocks, by target and priority", ("target", "priority"), runs, keys)


def _clocks(title: str, words: tuple[str, ...], runs: Sequence[Run], keys: Iterable[Key], note: str = "") -> Table:
    columns = [*words]
    for name in _names(runs):
        columns += [f"{name}met", f"{name}breached", f"{name}kept"]
    columns += ["running"] if len(runs) == 1 else ["B - A"]
    rows = ((*key.said, *_clock_cells(runs, key)) for key in keys)
    told = tuple(row for row in rows if any(cell not in NOTHING for cell in row[len(words) :]))
    return Table(title=title, columns=tuple(columns), words=len(words), rows=told, note=note)


def _clock_cells(runs: Sequence[Run], key: Key) -> Iterator[str]:
    target, tier, priority = key.target, key.tier, key.priority
    figures = [run.tally.figures for run in runs]
    breached = [of(each.breached, target, tier, priority) for each in figures]
    for each, breaches in zip(figures, breached, strict=True):
        met = of(each.met, target, tier, priority)
        yield from (str(met), str(breaches), kept(met, breaches))
    if len(runs) == 1:
        yield str(of(figures[0].undecided, target, tier, priority))
    else:
        yield f"{breached[1] - breached[0]:+d}"


def _ladder(runs: Sequence[Run]) -> Table:
    figures = [run.tally.figures for run in runs]
    rows = [
        ("tickets closed at the end", [each.statuses[Status.CLOSED] for each in figures]),
        ("tickets resolved at the end, not signed off", [each.statuses[Status.RESOLVED] for each in figures]),
        ("tickets worked on at the end", [each.opened - sum(each.solved.values()) for each in figures]),
        ("escalations", [each.escalations for each in figures]),
        ("ladders exhausted", [each.exhausted for each in figures]),
        *_by_kind([each.exhaustions for each in figures], "  exhausted, cause: {}"),
        ("tickets whose ladder was exhausted", [each.exhausted_tickets for each in figures]),
        ("reminders of the last resort", [each.reminders for each in figures]),
        ("transfers forward", [each.forward for each in figures]),
        ("transfers back", [each.backward for each in figures]),
        *_by_kind([each.skipped for each in figures], "tier {} passed by"),
        ("ping-pong: entries of a tier that had it before", [each.ping_pong for each in figures]),
        ("ping-pong: tickets", [each.ping_pong_tickets for each in figures]),
        ("reopened", [each.reopened for each in figures]),
    ]
    return _counted("on the ladder", rows)


def _escalations(runs: Sequence[Run]) -> Table:
    rows = _ordered(
        [
            {
                (*tiers, cause.replace("_", " ")): number
                for (*tiers, cause), number in run.tally.figures.escalated.items()
            }
            for run in runs
        ]
    )
    return Table(
        title="escalations, by cause",
        columns=("from", "to", "cause", *_number_columns(runs)),
        words=3,
        rows=tuple((*what, *_numbers(numbers)) for what, numbers in rows),
        note="a step that had several causes counts for each",
    )


def _front(runs: Sequence[Run]) -> Table:
    columns = ["priority"]
    for name in _names(runs):
        columns += [f"{name}solved", f"{name}at the front", f"{name}share"]
    priorities = [*dict.fromkeys(priority for run in runs for priority in run.policy.priorities)]
    rows = []
    for title, chosen in [*((priority, [priority]) for priority in priorities), ("all", priorities)]:
        cells = [title]
        for run in runs:
            solved = sum(run.tally.figures.solved[each] for each in chosen)
            front = sum(run.tally.figures.at_the_front[each] for each in chosen)
            cells += [str(solved), str(front), f"{front / solved:.1%}" if solved else "-"]
        rows.append(tuple(cells))
    note = "solved by the first tier alone, of all that were solved"
    return Table(title="push to front", columns=tuple(columns), words=1, rows=tuple(rows), note=note)


def _waiting(runs: Sequence[Run]) -> Table:
    waits = [run.tally.waits for run in runs]
    rows: list[tuple[str, list[str]]] = [
        ("tickets whose customer was waited for", [str(each.tickets) for each in waits]),
        ("questions asked", [str(sum(each.questions.values())) for each in waits]),
        *((f"  asked by {tier}", [str(each.questions[tier]) for each in waits]) for tier in _tiers(runs)),
        *(
            (what, [str(number) for number in numbers])
            for what, numbers in _by_kind([each.ended for each in waits], "  ended: {}")
        ),
        ("hours waited, by the clock on the wall", [f"{each.waited_in_all / HOUR:.0f}" for each in waits]),
        *((f"  with {tier}", [_hours(each.waited.get(tier)) for each in waits]) for tier in _tiers(runs)),
        (
            "share of the time that tickets were worked on",
            [f"{each.waited_in_all / each.worked_on:.1%}" if each.worked_on else "-" for each in waits],
        ),
        ("questions asked when the customer's resolve was at risk", [str(each.asked_at_risk) for each in waits]),
        ("resolves kept only because the clock stood still", [str(each.kept_by_waiting) for each in waits]),
    ]
    return Table(
        title="waiting on the customer",
        columns=("", *(_names(runs) if len(runs) > 1 else ("number",))),
        words=1,
        rows=tuple((what, *cells) for what, cells in rows) if any(each.tickets for each in waits) else (),
    )


def _done(runs: Sequence[Run]) -> Table:
    rows = [
        *_by_kind([run.tally.said for run in runs]),
        *_by_kind([run.tally.restated for run in runs], "{}: to another tier or priority than then"),
        *_by_kind(
            [
                {f"{then} taken as {now}": number for (then, now), number in run.tally.priorities_taken.items()}
                for run in runs
            ],
            "tickets of priority {}",
        ),
    ]
    return _counted("what people did, done again", rows, _number_columns(runs))


def _not_done(runs: Sequence[Run]) -> Table:
    rows = _ordered([run.tally.unsaid for run in runs])
    failed = _by_kind([run.tally.failed for run in runs])
    return Table(
        title="what people did, not done here",
        columns=("what", "why", *_number_columns(runs)),
        words=2,
        rows=(
            *((*what, *_numbers(numbers)) for what, numbers in rows),
            *(("whole ticket", f"the rules failed: {what}", *_numbers(numbers)) for what, numbers in failed),
        ),
        note="the clocks had done it, or the ticket stood otherwise by then; the life goes on without it",
    )


def _counted(title: str, rows: Iterable[tuple[str, Sequence[int]]], columns: Sequence[str] = ()) -> Table:
    found = [(what, *_numbers(numbers)) for what, numbers in rows]
    columns = columns or (NAMES_AND_DIFFERENCE if found and len(found[0]) > len(NAMES) else ("number",))
    return Table(title=title, columns=("", *columns), words=1, rows=tuple(found))


def _by_kind(counted: Sequence[Mapping[Word, int]], form: str = "{}") -> list[tuple[str, list[int]]]:
    """Each kind, in words, with its numbers; the most frequent first."""
    return [(form.format(kind.replace("_", " ")), numbers) for kind, numbers in _ordered(counted)]


def _ordered(counted: Sequence[Mapping[Kind, int]]) -> list[tuple[Kind, list[int]]]:
    kinds = dict.fromkeys(kind for each in counted for kind, number in each.items() if number)
    found = [(kind, [each.get(kind, 0) for each in counted]) for kind in kinds]
    return sorted(found, key=lambda row: (-sum(row[1]), row[0]))


def _numbers(numbers: Sequence[int]) -> list[str]:
    difference = [f"{numbers[1] - numbers[0]:+d}"] if len(numbers) > 1 else []
    return [*map(str, numbers), *difference]


def _number_columns(runs: Sequence[Run]) -> tuple[str, ...]:
    return NAMES_AND_DIFFERENCE if len(runs) > 1 else ("number",)


def _names(runs: Sequence[Run]) -> tuple[str, ...]:
    return tuple(f"{name} " for name in NAMES) if len(runs) > 1 else ("",)


def _hours(length: timedelta | None) -> str:
    return f"{(length or timedelta()) / HOUR:.0f}"


def _tiers(runs: Sequence[Run]) -> list[str]:
    return [*dict.fromkeys(tier for run in runs for tier in run.policy.tier_names)]
