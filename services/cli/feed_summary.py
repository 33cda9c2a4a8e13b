"""What came of a feed, as tables for a person. Shows what it is given; reads nothing, decides nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table

from services.desk_log.log import Log
from services.desk_log.plan import silences
from services.feed.feeding import Fed
from services.feed.figures import percentile
from services.feed.run import Driven
from services.feed.schedule import Choice
from workflows.domain.ticket.words import Status, Target
from workflows.planning.figures import Figures, of

Word = TypeVar("Word", bound=str)

SHOWN = 10
"""Broken rows, mismatches and losses that are written out; all are counted."""


def of_feed(log: Log, choice: Choice, longest: timedelta, fed: Fed) -> RenderableType:
    """Every figure, from the log's rows to what the record had of them."""
    figures = fed.findings.figures
    return Group(
        _counts("incidents", _incidents(log, choice, longest, fed.driven)),
        _counts("rows of the log", _rows(fed.driven)),
        _counts("steps skipped", _skipped(fed.driven)),
        _counts("tickets", _tickets(fed, figures)),
        _clocks(figures, fed.queue.ladder),
        _counts("on the ladder", _moves(figures)),
        _facts("time", _time(fed)),
    )


def verdict(log: Log, fed: Fed) -> Iterator[str]:
    """What was broken, lost or different, in lines; the last ones give the counts."""
    findings = fed.findings
    yield from _first("broken row, ", log.broken)
    for found in findings.mismatches[:SHOWN]:
        yield f"mismatch: incident {found.case}, ticket {found.ticket_id}, {found.where}"
        yield f"  record  {found.recorded}"
        yield f"  domain  {found.derived}"
    yield from _first("lost: ", findings.lost)
    if findings.other_rules:
        yield f"not compared, judged by other rules: {findings.other_rules}"
    tickets, events = findings.figures.opened - findings.other_rules, findings.figures.events
    yield f"compared: {_many(tickets, 'ticket')}, {_many(events, 'event')}{_not_compared(fed.driven)}"
    yield f"lost: {len(findings.lost)}"
    yield f"mismatches: {len(findings.mismatches)}"


def _not_compared(driven: Sequence[Driven]) -> str:
    """Say why there are fewer tickets than incidents, where there are."""
    unopened = sum(each.ticket_id is None for each in driven)
    return f" ({_many(unopened, 'incident')} not opened)" if unopened else ""


def _incidents(log: Log, choice: Choice, longest: timedelta, driven: Sequence[Driven]) -> Iterator[tuple[str, int]]:
    yield "in the log, with every row usable", len(log.cases)
    yield "left out: a broken row", len(log.left_out)
    yield f"left out: longer than {length(longest)}", choice.too_long
    yield "left out: not asked for", choice.not_asked_for
    yield "chosen", len(driven)
    yield "driven to the end", sum(each.cut_short is None for each in driven)
    cut_short = [(each.ticket_id is not None, each.cut_short) for each in driven if each.cut_short]
    yield from _by_number("cut short: ", Counter(why for is_opened, why in cut_short if is_opened))
    yield from _by_number("not opened: ", Counter(why for is_opened, why in cut_short if not is_opened))


def _rows(driven: Sequence[Driven]) -> Iterator[tuple[str, int]]:
    plans = [each.plan for each in driven]
    yield "in the incidents chosen", sum(len(plan.rows) for plan in plans)
    yield "asked for one step or more", sum(isinstance(row.says, tuple) for plan in plans for row in plan.rows)
    yield from _by_number("", silences(plans))
    asked_for = sum(1 for plan in plans for _ in plan.moments())
    taken, skipped = sum(len(each.said) for each in driven), sum(len(each.skipped) for each in driven)
    yield "steps asked for", asked_for
    yield "steps taken", taken
    yield "steps skipped, see below", skipped
    yield "steps not come to, or never answered", asked_for - taken - skipped


def _skipped(driven: Sequence[Driven]) -> Iterator[tuple[str, int]]:
    skipped = Counter(f"{step}: {why}" for each in driven for step, why in each.skipped)
    yield from _by_number("", skipped)
    yield "in all", skipped.total()


def _tickets(fed: Fed, figures: Figures) -> Iterator[tuple[str, int]]:
    yield "opened", figures.opened
    for priority in fed.queue.priorities:
        yield f"opened as {priority} (from a hash: the log has no priorities)", figures.priorities[priority]
    yield from ((f"closed by {by}", number) for by, number in figures.closed_by.most_common())
    yield "reopened", figures.reopened
    yield "closed at the end", figures.statuses[Status.CLOSED]
    yield "resolved at the end, not signed off", figures.statuses[Status.RESOLVED]
    ended = figures.statuses[Status.CLOSED] + figures.statuses[Status.RESOLVED]
    yield "still open at the end, clocks running", figures.opened - ended
    yield "solved by the first line alone (push to front)", figures.at_the_front.total()


def _clocks(figures: Figures, ladder: Sequence[str]) -> RenderableType:
    table = _table("clocks", "tier", "met", "breached", "kept")
    table.caption = "the log has no messages to customers: questions and resolutions are all that meets an update"
    for target in Target:
        for tier in ladder:
            met, breached = of(figures.met, target, tier), of(figures.breached, target, tier)
            if met or breached:
                table.add_row(target.value, tier, f"{met}", f"{breached}", f"{met / (met + breached):.0%}")
    return table


def _moves(figures: Figures) -> Iterator[tuple[str, int]]:
    yield "escalations", figures.escalations
    yield from _by_number("escalated, cause: ", figures.causes)
    yield "ladder exhausted", figures.exhausted
    yield "transfers forward", figures.forward
    yield "transfers back", figures.backward
    yield "ping-pong: a tier entered again", figures.ping_pong


def _time(fed: Fed) -> Iterator[tuple[str, str]]:
    speed = fed.clock.speed
    yield "the run took", length(fed.real_time)
    yield "one real second was worth", f"{length(timedelta(seconds=speed))} of the record"
    lateness = [late for each in fed.driven for late in each.lateness]
    for name, lengths in (("breaches found late by", fed.findings.lags), ("steps sent late by", lateness)):
        for fraction in (0.5, 0.99):
            found = percentile(lengths, fraction)
            if found is not None:
                real = found / speed / timedelta(milliseconds=1)
                yield f"{name}, p{fraction * 100:g}", f"{length(found)} of the record, {real:.0f} ms of the world"


def _first(name: str, items: Sequence[object]) -> Iterator[str]:
    yield from (f"{name}{item}" for item in items[:SHOWN])
    if len(items) > SHOWN:
        yield f"{name}and {len(items) - SHOWN} more"


def length(wall_clock: timedelta) -> str:
    """A length in the two largest units that it has: `1 h 23 min`, `29 d 15 h`, `0.4 s`."""
    seconds = wall_clock.total_seconds()
    if abs(seconds) < 10:  # noqa: PLR2004 - below it tenths matter
        return f"{seconds:.1f} s"
    whole = round(seconds)
    units = (("d", whole // 86400), ("h", whole // 3600 % 24), ("min", whole // 60 % 60), ("s", whole % 60))
    largest = next(index for index, (_, number) in enumerate(units) if number)
    return " ".join(f"{number} {unit}" for unit, number in units[largest : largest + 2] if number)


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _by_number(name: str, counted: Mapping[Word, int]) -> Iterator[tuple[str, int]]:
    ordered = sorted(counted.items(), key=lambda item: item[1], reverse=True)
    yield from ((f"{name}{what}", number) for what, number in ordered)


def _counts(title: str, rows: Iterable[tuple[str, int]]) -> RenderableType:
    return _facts(title, ((name, f"{number}") for name, number in rows))


def _facts(title: str, rows: Iterable[tuple[str, str]]) -> RenderableType:
    table = _table(title, "")
    for name, value in rows:
        table.add_row(name, value)
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, overflow="fold", min_width=40)
    for name in others:
        table.add_column(name, justify="right", overflow="fold")
    return table
