"""Policies made for tests, so that an edit of what is shipped breaks the tests of what is shipped, and no others.

For stories of one rule: a calendar that never closes, and no target that is in the way unless the story asks. For
everything around the rules: `LINES`, a ladder with office hours in two zones, and `PROMISED`, the set that intake has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from workflows.domain.calendar import Calendar
from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.policy import DEFAULT_WAITING_PAUSES, OnBreach, Policy, Targets, Tier, hours, minutes
from workflows.domain.routing import Request, Route
from workflows.domain.ticket.words import Audience, Target
from workflows.policies import PolicySet

ALWAYS = Calendar.round_the_clock("UTC")


def row(*, acknowledge: float = 700, update_every: float = 800, resolve: float = 900) -> Targets:
    """A tier's targets in hours; about a month each, unless given."""
    return Targets(acknowledge=hours(acknowledge), update_every=hours(update_every), resolve=hours(resolve))


QUIET = row()


def ladder(
    *,
    agent: Targets = QUIET,
    specialist: Targets = QUIET,
    supplier: Targets = QUIET,
    calendar: AnyCalendar = ALWAYS,
    agents_calendar: AnyCalendar = ALWAYS,
    suppliers_calendar: AnyCalendar = ALWAYS,
    resolve: timedelta = hours(1000),
    on_breach: Mapping[Target, OnBreach] | None = None,
    warn_at: tuple[float, ...] = (),
    waiting_pauses: tuple[Target, ...] = DEFAULT_WAITING_PAUSES,
    chases_to_escalate: int = 2,
) -> Policy:
    """Agent, specialist, supplier; one priority, `normal`; reminders after 10, 20 and giving up after 30 hours.

    No tier's update target is left longer than the customer's resolve target: a policy like that does not load.
    """
    rows = (
        ("agent", agent, agents_calendar),
        ("specialist", specialist, ALWAYS),
        ("supplier", supplier, suppliers_calendar),
    )
    return Policy(
        name="made-up",
        calendar=calendar,
        resolve={"normal": resolve},
        tiers=tuple(
            Tier(name=name, calendar=desk, targets={"normal": _capped(targets, resolve)}, on_breach=on_breach or {})
            for name, targets, desk in rows
        ),
        lead="team-lead",
        last_resort="duty-manager",
        remind_every=hours(1),
        customer_reminders=(hours(10), hours(20)),
        give_up=hours(30),
        sign_off=hours(24),
        warn_at=warn_at,
        waiting_pauses=waiting_pauses,
        chases_to_escalate=chases_to_escalate,
    )


def _capped(targets: Targets, resolve: timedelta) -> Targets:
    return replace(targets, update_every=min(targets.update_every, resolve - minutes(1)))


OFFICE = Calendar("Europe/London", {"mon-fri": "08:00-18:00", "sat": "09:00-13:00"})
SUPPLIER_DESK = Calendar("Europe/Berlin", {"mon-thu": "08:00-16:00", "fri": "08:00-13:00"})

LINES = Policy(
    name="lines",
    calendar=OFFICE,
    resolve={"urgent": hours(8), "high": hours(16), "normal": hours(27)},
    tiers=(
        Tier(
            name="agent",
            calendar=OFFICE,
            targets={
                "urgent": row(acknowledge=0.25, update_every=1, resolve=2),
                "high": row(acknowledge=1, update_every=2, resolve=4),
                "normal": row(acknowledge=3, update_every=4, resolve=9),
            },
        ),
        Tier(
            name="specialist",
            calendar=OFFICE,
            targets={
                "urgent": row(acknowledge=0.5, update_every=1, resolve=3),
                "high": row(acknowledge=2, update_every=3, resolve=6),
                "normal": row(acknowledge=4, update_every=6, resolve=12),
            },
        ),
        Tier(
            name="supplier",
            calendar=SUPPLIER_DESK,
            targets={
                "urgent": row(acknowledge=1, update_every=2, resolve=6),
                "high": row(acknowledge=3, update_every=4, resolve=8),
                "normal": row(acknowledge=6, update_every=9, resolve=16),
            },
        ),
    ),
    lead="team-lead",
    last_resort="duty-manager",
)
"""Three tiers, three priorities, British and German hours without holidays; the rest as the semantics have it."""

PROMISED = PolicySet(policies={LINES.name: LINES}, queues={"home": LINES.name, "business": LINES.name})
"""What the tests' own intake promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Policies that are never read again, and beside which no route is declared; as intake holds them."""

    promised: PolicySet = PROMISED
    has_default: bool = False

    @property
    def now(self) -> "Standing":
        """What holds at any moment."""
        return self

    async def place(self, request: Request) -> Route:
        """Fail: nobody may ask where there is no default."""
        raise AssertionError(f"nobody expected to be asked, of {request.caller!r}")


TINY_DESK = Calendar("Europe/London", {"mon-fri": "09:00-17:00"}, closed=["2026-12-25"])
TINY_ROW = Targets(acknowledge=minutes(30), update_every=hours(2), resolve=hours(4))


def tiny(**changes: object) -> Policy:
    """One tier, one priority, and what a test changes, be it to something that is refused."""
    fields: dict[str, object] = {
        "name": "tiny",
        "calendar": TINY_DESK,
        "resolve": {"normal": hours(8)},
        "tiers": (tiny_tier(),),
        "lead": "team-lead",
        "last_resort": "duty-manager",
    }
    return Policy(**{**fields, **changes})  # type: ignore[arg-type]  # each test knows what it changes


def tiny_tier(**changes: object) -> Tier:
    """The tier of the tiny policy."""
    fields: dict[str, object] = {
        "name": "agent",
        "calendar": TINY_DESK,
        "targets": {"normal": TINY_ROW},
        "on_breach": {Target.UPDATE: OnBreach(notify=(Audience.LEAD,), escalate_every=3)},
    }
    return Tier(**{**fields, **changes})  # type: ignore[arg-type]  # each test knows what it changes
