"""A broadband provider: first line, line specialists, and the network supplier, who keeps his own hours in Germany."""

from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, Targets, Tier, hours, minutes

URGENT, HIGH, NORMAL = "urgent", "high", "normal"

office = Calendar(
    "Europe/London",
    {"mon-fri": "08:00-18:00", "sat": "09:00-13:00"},
    closed=("2026-12-25", "2026-12-28", "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31"),
)
supplier_desk = Calendar(
    "Europe/Berlin",
    {"mon-thu": "08:00-16:00", "fri": "08:00-13:00"},
    closed=("2026-12-25", "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-06", "2027-05-17"),
)

policy = Policy(
    name="broadband",
    calendar=office,
    resolve={URGENT: hours(8), HIGH: hours(16), NORMAL: hours(27)},
    tiers=(
        Tier(
            name="agent",
            calendar=office,
            targets={
                URGENT: Targets(acknowledge=minutes(15), update_every=hours(1), resolve=hours(2)),
                HIGH: Targets(acknowledge=hours(1), update_every=hours(2), resolve=hours(4)),
                NORMAL: Targets(acknowledge=hours(3), update_every=hours(4), resolve=hours(9)),
            },
        ),
        Tier(
            name="specialist",
            calendar=office,
            targets={
                URGENT: Targets(acknowledge=minutes(30), update_every=hours(1), resolve=hours(3)),
                HIGH: Targets(acknowledge=hours(2), update_every=hours(3), resolve=hours(6)),
                NORMAL: Targets(acknowledge=hours(4), update_every=hours(6), resolve=hours(12)),
            },
        ),
        Tier(
            name="supplier",
            calendar=supplier_desk,
            targets={
                URGENT: Targets(acknowledge=hours(1), update_every=hours(2), resolve=hours(6)),
                HIGH: Targets(acknowledge=hours(3), update_every=hours(4), resolve=hours(8)),
                NORMAL: Targets(acknowledge=hours(6), update_every=hours(9), resolve=hours(16)),
            },
        ),
    ),
    lead="team-lead",
    last_resort="duty-manager",
)

queues = ("home", "business")
"""The desks that work by this policy."""
