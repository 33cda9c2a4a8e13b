"""How long it takes to explain a policy of four tiers: its dated story worked out, put into words, and drawn.

Over the calendars' first years too: whoever asks for one story asks a process that has just started.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import process_time

from rich.table import Table

from services.policy_pages import timeline_page
from tests.bench.rounds import Spread
from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, Targets, Tier, hours, minutes
from workflows.planning.moments import Timeline
from workflows.planning.telling import as_text, telling
from workflows.planning.timeline import timeline

OPENED_AT = datetime(2026, 11, 27, 17, 55, tzinfo=UTC)  # a Friday, five minutes before the desks close
CLOSED = ("2026-12-25", "2026-12-26", "2026-12-28", "2027-01-01", "2027-03-26", "2027-03-29")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Milliseconds of processor for one story, round by round."""

    moments: int
    """Of the story: the more there are, the longer it takes."""
    first: float
    """Worked out and told by calendars that nobody has read before."""
    worked_out: Spread
    told: Spread
    drawn: Spread
    """As a page with its chart, told anew."""


def four_tiers() -> Policy:
    """Desk, specialists, engineers and a supplier, in three zones; built anew, so that no calendar has been read."""
    london, berlin, tokyo = (
        Calendar(zone, {"mon-fri": "08:00-18:00", "sat": "09:00-13:00"}, closed=CLOSED)
        for zone in ("Europe/London", "Europe/Berlin", "Asia/Tokyo")
    )
    row = Targets(acknowledge=minutes(30), update_every=hours(2), resolve=hours(5))
    desks = {"desk": london, "specialists": london, "engineers": berlin, "supplier": tokyo}
    return Policy(
        name="four-tiers",
        calendar=london,
        resolve={"urgent": hours(12)},
        tiers=tuple(Tier(name=name, calendar=desk, targets={"urgent": row}) for name, desk in desks.items()),
        lead="team-lead",
        last_resort="duty-manager",
    )


def measure(*, rounds: int, stories: int) -> Explained:
    """Explain it so often a round; the figures of a round are the mean of its stories."""
    policy = four_tiers()
    begun = process_time()
    story = _story(policy)
    as_text(telling(story))
    first = process_time() - begun

    def each(explain: Callable[[], object]) -> Spread:
        return Spread.of([_milliseconds(explain, stories) for _ in range(rounds)])

    return Explained(
        moments=len(story.moments),
        first=first * 1000,
        worked_out=each(lambda: _story(policy)),
        told=each(lambda: as_text(telling(story))),
        drawn=each(lambda: timeline_page.page(story)),
    )


def table(found: Explained) -> Table:
    """The figures for a person."""
    shown = Table(
        "moments", "first, ms", "worked out, ms", "told, ms", "page, ms", title="explain, a policy of four tiers"
    )
    figures = (found.worked_out, found.told, found.drawn)
    shown.add_row(str(found.moments), f"{found.first:.1f}", *map(str, figures))
    return shown


def _story(policy: Policy) -> Timeline:
    return timeline(policy, priority="urgent", at=OPENED_AT)


def _milliseconds(explain: Callable[[], object], times: int) -> float:
    begun = process_time()
    for _ in range(times):
        explain()
    return (process_time() - begun) / times * 1000
