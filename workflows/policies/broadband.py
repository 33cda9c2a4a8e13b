"""A broadband provider: first line, line specialists, and the network supplier, who keeps his own hours in Germany.

The whole promise stands here, what is the default anywhere else too; docs/policy.md says what each field promises.
"""

from datetime import timedelta

from workflows.domain.calendar import Calendar
from workflows.domain.policy import OnBreach, Policy, Targets, Tier, hours, minutes
from workflows.domain.ticket.words import Audience, Target

URGENT, HIGH, NORMAL = "urgent", "high", "normal"

office = Calendar(
    "Europe/London",
    {"mon-fri": "08:00-18:00", "sat": "09:00-13:00"},
    closed=(
        "2026-12-25",
        "2026-12-26",
        "2026-12-28",
        "2027-01-01",
        "2027-03-26",
        "2027-03-29",
        "2027-05-03",
        "2027-05-31",
    ),
)
supplier_desk = Calendar(
    "Europe/Berlin",
    {"mon-thu": "08:00-16:00", "fri": "08:00-13:00"},
    closed=("2026-12-25", "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-06", "2027-05-17"),
)

missed = {
    # Nobody took it on in time, or the tier ran out of its own time: it goes one tier up.
    Target.ACKNOWLEDGE: OnBreach(escalate_every=1),
    Target.TIER_RESOLVE: OnBreach(escalate_every=1),
    # The customer heard nothing in time: handler and owner are told, and every second time it goes one tier up.
    Target.UPDATE: OnBreach(notify=(Audience.HANDLER, Audience.OWNER), escalate_every=2),
    # The customer's own resolve target is broken: the last resort is told, and it goes one tier up.
    Target.RESOLVE: OnBreach(notify=(Audience.LAST_RESORT,), escalate_every=1),
}

policy = Policy(
    name="broadband",
    calendar=office,  # of the customer's clocks, and of every length below but reopen_window
    # What the customer is promised; the priorities, most urgent first.
    resolve={URGENT: hours(8), HIGH: hours(16), NORMAL: hours(27)},
    # The ladder, bottom up. A tier's targets count in its calendar; update_every is the customer's, in the policy's.
    tiers=(
        Tier(
            name="agent",
            calendar=office,
            targets={
                URGENT: Targets(acknowledge=minutes(15), update_every=hours(1), resolve=hours(2)),
                HIGH: Targets(acknowledge=hours(1), update_every=hours(2), resolve=hours(4)),
                NORMAL: Targets(acknowledge=hours(3), update_every=hours(4), resolve=hours(9)),
            },
            on_breach=missed,
        ),
        Tier(
            name="specialist",
            calendar=office,
            targets={
                URGENT: Targets(acknowledge=minutes(30), update_every=hours(1), resolve=hours(3)),
                HIGH: Targets(acknowledge=hours(2), update_every=hours(3), resolve=hours(6)),
                NORMAL: Targets(acknowledge=hours(4), update_every=hours(6), resolve=hours(12)),
            },
            on_breach=missed,
        ),
        Tier(
            name="supplier",
            calendar=supplier_desk,
            targets={
                URGENT: Targets(acknowledge=hours(1), update_every=hours(2), resolve=hours(6)),
                HIGH: Targets(acknowledge=hours(3), update_every=hours(4), resolve=hours(8)),
                NORMAL: Targets(acknowledge=hours(6), update_every=hours(9), resolve=hours(16)),
            },
            on_breach=missed,
        ),
    ),
    lead="team-lead",
    last_resort="duty-manager",
    # The ladder has ended: the last resort is told, and told again so often until somebody acknowledges.
    remind_every=hours(1),
    # A question to the customer: reminded so long after it, then resolved as no_response.
    customer_reminders=(hours(9), hours(18)),
    give_up=hours(36),
    # Resolved, and the customer says nothing for so long: closed.
    sign_off=hours(27),
    # Closed: the customer can have it reopened for so long, by the clock on the wall. After that it is a new ticket.
    reopen_window=timedelta(days=14),
    # A warning when so much of any target is spent.
    warn_at=(0.75,),
    # The customer asks for news so often without getting any further: it goes one tier up.
    chases_to_escalate=2,
    # What stands still while the customer is waited for. Acknowledge is not among them.
    waiting_pauses=(Target.TIER_RESOLVE, Target.UPDATE, Target.RESOLVE),
)

queues = ("home", "business")
"""The desks that work by this policy."""
