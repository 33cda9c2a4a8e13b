"""What is promised to the customers of a chaos run: minutes, which a scaled clock makes seconds; all rules get a turn.

Read by intake as the file of its policies. The checker does not import it: it is told the ladder.
"""

from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, Targets, Tier, minutes

URGENT, NORMAL = "urgent", "normal"

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
        for priority, times in ((URGENT, 1), (NORMAL, 2))
    }


policy = Policy(
    name="chaos",
    calendar=always,
    resolve={URGENT: minutes(18), NORMAL: minutes(36)},
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
)

queues = ("home", "business")
"""The desks that work by this policy."""
