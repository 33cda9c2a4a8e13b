"""The chart of a story: a lane for the customer and one for each tier, closed hours shaded, words beside every moment.

Works out where everything stands, and nothing else: how it looks is the template's, what it says the telling's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from textwrap import wrap

from services.policy_pages.timeline_scale import Scale, Stop
from services.policy_pages.timeline_shapes import Band, Bar, Chart, Heading, Lane, Mark, Text
from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.ledger import Line
from workflows.domain.ticket.words import Target
from workflows.domain.zones import zone
from workflows.planning.local_time import Wall
from workflows.planning.moments import Timeline
from workflows.planning.telling import Day, Said, Telling, below, telling
from workflows.planning.wording import TARGETS

AXIS = 112.0
"""Width of the column of times. All sizes are in the chart's own units, about a pixel each."""
LANE = 104.0
GAP = 10.0
"""Between two lanes."""
WORDS = 640.0
HEAD = 168.0
"""Height of what stands above the lanes."""
LINE = 16.0
PARAGRAPH = 5.0
HEADING = 40.0
CHARACTERS = 84
"""Of a line of words: what fits its column in the widest of the usual fonts."""
BOLD_CHARACTERS = 72
NAME_CHARACTERS, NAME_LINES = 12, 3
"""Of a lane's name, which stands above it."""
BOLD = frozenset(
    {"opened", "acknowledged", "escalated", "resolved", "closed", "ladder_exhausted", "last_resort_reminded"}
)
"""Kinds of moments that the template sets in bold: the steps of a story."""
MOST_DAYS = 31
"""Above so many days, those on which nothing happens have no heading."""

_BAR = 20.0
_CUSTOMERS = (Target.UPDATE, Target.RESOLVE)
_TIERS = (Target.ACKNOWLEDGE, Target.TIER_RESOLVE)
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """What is said at one stop, and the room that it takes."""

    at: datetime
    lines: tuple[tuple[str, str], ...]
    """Kind and text; an empty text is a small gap."""
    time: str = ""
    kind: str = ""
    heading: str = ""

    @property
    def height(self) -> float:
        """Of all its lines and the space below."""
        if self.heading:
            return HEADING + LINE * (len(self.lines) - 1)
        return sum(LINE if text else PARAGRAPH for _, text in self.lines) + LINE


def chart(story: Timeline) -> Chart:
    """Work out the chart of a story."""
    told, wall = telling(story), Wall(story.customer_zone)
    blocks = tuple(_blocks(story, told, wall))
    top = HEAD + blocks[0].height
    scale = Scale((Stop(at=block.at, height=block.height) for block in blocks[1:]), top)
    places = (HEAD + LINE, *scale.places)
    lanes = tuple(_lanes(story, scale))
    words_x = lanes[-1].x + LANE + 2 * GAP
    ending = tuple(line for sentence in told.ending for line in wrap(sentence, BOLD_CHARACTERS))
    return Chart(
        width=words_x + WORDS,
        height=scale.bottom + LINE * (len(ending) + 2),
        top=top,
        bottom=scale.bottom,
        axis=AXIS,
        words_x=words_x,
        title=told.title,
        introduction=(told.introduction, f"Policy version {version_of(story.policy)}."),
        lanes=lanes,
        headings=tuple(
            Heading(y=y, text=block.heading) for block, y in zip(blocks, places, strict=True) if block.heading
        ),
        marks=tuple(
            Mark(y=y, time=block.time, kind=block.kind) for block, y in zip(blocks, places, strict=True) if block.time
        ),
        texts=tuple(text for block, y in zip(blocks, places, strict=True) for text in _texts(block, y)),
        ending=ending,
    )


def _blocks(story: Timeline, told: Telling, wall: Wall) -> Iterator[_Block]:
    """Yield a heading for each day and a block for each instant, in order of time; the first is a heading."""
    days = {day.date: day for day in told.days}
    first, last = told.days[0].date, told.days[-1].date
    every = [first + _A_DAY * number for number in range((last - first).days + 1)]
    for day in every if len(every) <= MOST_DAYS else sorted(days):
        midnight = datetime.combine(day, time(), zone(wall.zone)).astimezone(UTC)
        hours = wrap(days[day].hours, CHARACTERS) if day in days else [""]
        yield _Block(
            at=max(midnight, story.opened_at),
            lines=tuple(("hours", line) for line in hours),
            heading=f"{day:%a} {day.day} {day:%b}",
        )
        yield from _instants(days[day]) if day in days else ()


def _instants(day: Day) -> Iterator[_Block]:
    for at, together in groupby(day.moments, key=lambda said: said.moment.at):
        moments = tuple(together)
        lines: list[tuple[str, str]] = []
        before = ""
        for said in moments:
            lines += [("", "")] if lines else []
            lines += _words(said, before)
            before = said.elsewhere
        yield _Block(at=at, lines=tuple(lines), time=moments[0].time, kind=_weightiest(moments))


def _words(said: Said, before: str) -> Iterator[tuple[str, str]]:
    elsewhere = f"({said.elsewhere}) " if said.elsewhere != before else ""
    kind = said.moment.kind
    yield from (
        (kind, line) for line in wrap(f"{elsewhere}{said.what}", BOLD_CHARACTERS if kind in BOLD else CHARACTERS)
    )
    for sentence in below(said):
        yield from (("below", line) for line in wrap(sentence, CHARACTERS))


def _weightiest(moments: Sequence[Said]) -> str:
    weights = ("clock_warned", "clock_breached", "escalated", "last_resort_reminded", "ladder_exhausted")
    return max((said.moment.kind for said in moments), key=lambda kind: weights.index(kind) if kind in weights else -1)


def _texts(block: _Block, y: float) -> Iterator[Text]:
    for kind, text in block.lines:
        if text:
            yield Text(y=y, text=text, kind=kind)
        y += LINE if text else PARAGRAPH


def _lanes(story: Timeline, scale: Scale) -> Iterator[Lane]:
    calendars = [("customer", story.policy.calendar), *((tier.name, tier.calendar) for tier in story.policy.tiers)]
    for number, (name, calendar) in enumerate(calendars):
        x = AXIS + GAP + number * (LANE + GAP)
        is_customers = number == 0
        targets = _CUSTOMERS if is_customers else _TIERS
        columns = {target: x + LANE * part - _BAR / 2 for target, part in zip(targets, (0.3, 0.7), strict=True)}
        yield Lane(
            name=tuple(wrap(name, NAME_CHARACTERS, max_lines=NAME_LINES, placeholder="…")),
            place=Wall(calendar.zone).place,
            x=x,
            width=LANE,
            columns=tuple((column + _BAR / 2, TARGETS[target]) for target, column in columns.items()),
            closed=tuple(_closed(calendar, story, scale)),
            stays=tuple(
                _band(scale, stay.from_at, stay.until_at)
                for stay in story.stays
                if stay.tier == name and not is_customers
            ),
            bars=tuple(
                _bar(line, columns[line.target], story, scale)
                for line in story.clocks
                if line.target in columns and (is_customers or line.tier == name)
            ),
        )


def _closed(calendar: AnyCalendar, story: Timeline, scale: Scale) -> Iterator[Band]:
    """Yield the stretches in which a calendar is closed while the story lasts."""
    from_at = story.opened_at
    for span in calendar.spans(story.opened_at):
        if span.start_at >= story.until_at:
            break
        if span.start_at > from_at:
            yield _band(scale, from_at, span.start_at)
        from_at = span.end_at
    if from_at < story.until_at:
        yield _band(scale, from_at, None)


def _bar(line: Line, x: float, story: Timeline, scale: Scale) -> Bar:
    ended = None if line.state.is_live else line.intervals[-1].to_at
    band = _band(scale, line.started_at, ended)
    wall = Wall(story.customer_zone)
    deadline = f", deadline {wall.day_and_time(line.deadline_at)}" if line.deadline_at else ""
    return Bar(
        x=x,
        y=band.y,
        width=_BAR,
        height=band.height,
        state=line.state.value,
        paused=tuple(_band(scale, each.from_at, each.to_at) for each in line.intervals if each.pause),
        warned=tuple(scale.place(moment_at) for moment_at in _warned(line, story)),
        title=f"{TARGETS[line.target]}: {line.state}, from {wall.day_and_time(line.started_at)}{deadline}",
    )


def _warned(line: Line, story: Timeline) -> Iterator[datetime]:
    """Yield when a clock run was warned of."""
    about = f"{line.target} of {line.tier}" if line.target.is_the_tiers else str(line.target)
    ended = None if line.state.is_live else line.intervals[-1].to_at
    for moment in story.moments:
        is_its = moment.kind == "clock_warned" and moment.words.about.endswith(f"% of {about}")
        if is_its and line.started_at <= moment.at and (ended is None or moment.at <= ended):
            yield moment.at


def _band(scale: Scale, from_at: datetime, until_at: datetime | None) -> Band:
    y = scale.place(from_at)
    return Band(y=y, height=(scale.bottom if until_at is None else scale.place(until_at)) - y)
