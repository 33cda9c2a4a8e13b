"""Policies made for stories: one calendar that never closes, and no target that is in the way unless a story asks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from workflows.domain.calendar import Calendar
from workflows.domain.policy import DEFAULT_WAITING_PAUSES, OnBreach, Policy, Targets, Tier, hours, minutes
from workflows.domain.ticket.words import Target

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
    calendar: Calendar = ALWAYS,
    agents_calendar: Calendar = ALWAYS,
    suppliers_calendar: Calendar = ALWAYS,
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
