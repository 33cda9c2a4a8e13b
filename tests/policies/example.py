"""A small policy as its file's text, for tests that make a slip in it."""

EXAMPLE = """\
from workflows.domain.calendar import Calendar
from workflows.domain.policy import OnBreach, Policy, Targets, Tier, hours, minutes
from workflows.domain.ticket.words import Target

desk = Calendar("Europe/London", {"mon-fri": "09:00-17:00"})
policy = Policy(
    name="gardening",
    calendar=desk,
    resolve={"normal": hours(8)},
    tiers=(
        Tier(
            name="gardener",
            calendar=desk,
            targets={"normal": Targets(acknowledge=minutes(30), update_every=hours(2), resolve=hours(4))},
            on_breach={Target.UPDATE: OnBreach(escalate_every=3)},
        ),
    ),
    lead="head-gardener",
    last_resort="owner-of-the-garden",
)

queues = ("garden",)
"""
