"""What is promised to the customers of a chaos run: minutes, which a scaled clock makes seconds; all rules get a turn.

A copy of it is the file of the run's policies, of which `LONGER` becomes another in its midst. The checker does not
import it: it is told the ladder.
"""

from datetime import datetime

from workflows.domain.calendar import Calendar
from workflows.domain.money import Money
from workflows.domain.policy import Policy, Targets, Tier, minutes

URGENT, NORMAL = "urgent", "normal"
LONGER = 1.0
"""All targets are so many times as long: a new version of the policy has another number here."""

always = Calendar.round_the_clock("UTC")
every_other_ten_minutes = Calendar(
    "UTC",
    {"mon-sun": ", ".join(f"{hour:02}:{tens}0-{hour:02}:{tens}9" for hour in range(24) for tens in range(0, 6, 2))},
)


def _targets(acknowledge: float, update_every: float, resolve: float) -> dict[str, Targets]:
    """The urgent row, and the normal one, which is twice as long."""
    return {
        priority: Targets(
            acknowledge=minutes(times * acknowledge),
            update_every=minutes(times * update_every),
            resolve=minutes(times * resolve),
        )
        for priority, times in ((URGENT, LONGER), (NORMAL, 2 * LONGER))
    }


policy = Policy(
    name="chaos",
    calendar=always,
    resolve={URGENT: minutes(LONGER * 18), NORMAL: minutes(LONGER * 36)},
    tiers=(
        Tier(name="agent", calendar=always, targets=_targets(2, 4, 5)),
        Tier(
            name="specialist",
            calendar=every_other_ten_minutes,
            targets=_targets(2, 5, 6),
            skip_when_closed=(URGENT,),
        ),
        Tier(name="supplier", calendar=always, targets=_targets(3, 9, 12)),
    ),
    lead="team-lead",
    last_resort="duty-manager",
    remind_every=minutes(7),
    customer_reminders=(minutes(3), minutes(6)),
    give_up=minutes(9),
    sign_off=minutes(5),
    reopen_window=minutes(10),
    warn_at=(0.5, 0.75),
    credit_for_promise=Money(minor=300, currency="GBP"),
    credit_for_resolve=Money(minor=500, currency="GBP"),
    credit_limit=Money(minor=1000, currency="GBP"),
    leaving=URGENT,
)

queues = ("home", "business")
"""The desks that work by this policy."""


def roster(tier: str, at: datetime) -> tuple[str, ...]:
    """Name who is on duty: of the specialists nobody, for three minutes of each eleven."""
    return () if tier == "specialist" and int(at.timestamp()) // 60 % 11 < 3 else (tier,)
