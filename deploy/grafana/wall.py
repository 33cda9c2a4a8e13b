"""The wall, for the desk: which promises are kept, which are about to be broken, and who has to move."""

from deploy.grafana.figures import Board, Figure, Query, Row, Shape, once
from deploy.grafana.queues import CHOSEN, now, number_today
from deploy.grafana.wall_conversation import CUSTOMERS, MANY

_AT_A_GLANCE = Row(
    title="At a glance",
    figures=(
        Figure(
            title="Open",
            description="Tickets that are not closed.",
            unit="short",
            shape=Shape.NUMBER,
            width=3,
            queries=(Query(expr=f"sum({now('open_tickets')})"),),
        ),
        Figure(
            title="Waiting to be taken",
            description="Open tickets that nobody of their present tier works on yet.",
            unit="short",
            shape=Shape.NUMBER,
            width=3,
            queries=(Query(expr="sum({})".format(now("open_tickets", f'{CHOSEN}, status="open"'))),),
        ),
        Figure(
            title="At risk",
            description="Tickets with a clock that was warned of and still runs: the next to be broken.",
            unit="short",
            shape=Shape.NUMBER,
            width=3,
            amber_from=1,
            queries=(Query(expr=f"sum({now('at_risk_tickets')})"),),
        ),
        Figure(
            title="Past and not judged",
            description="Tickets with a deadline that is past and neither met nor breached. Anything but 0 is the "
            "engine's fault: see docs/runbooks/deadline-passed-silently.md.",
            unit="short",
            shape=Shape.NUMBER,
            width=3,
            red_from=1,
            queries=(Query(expr=f"sum({now('overdue_tickets')})"),),
        ),
        Figure(
            title="Next deadline",
            description="Until the earliest deadline of all running clocks, of all queues. Below 0 it passed silently.",
            unit="s",
            shape=Shape.NUMBER,
            width=3,
            decimals=0,
            red_below=0,
            nothing="no clock runs",
            queries=(
                Query(
                    expr=f"{once('oldest_unmet_deadline_timestamp_seconds')} - {once('record_timestamp_seconds')}",
                ),
            ),
        ),
        number_today(
            "Breaches today",
            "Deadlines that passed unmet since midnight, of every target.",
            "clocks_breached_total",
            width=3,
            amber_from=1,
        ),
        number_today(
            "Escalations today",
            "Steps up the ladder since midnight, for whatever reason.",
            "escalations_total",
            width=3,
        ),
        number_today(
            "Ladders ended today",
            "Tickets that ran out at their last tier since midnight: the last resort is told.",
            "exhaustions_total",
            width=3,
            red_from=1,
        ),
    ),
)

_WHERE = Row(
    title="Where they are",
    figures=(
        Figure(
            title="Open, by queue and tier",
            description="Tickets that are not closed, by the tier that has them.",
            unit="short",
            shape=Shape.BARS,
            width=8,
            queries=(Query(expr=f"sum by (queue, tier) ({now('open_tickets')})", legend="{{queue}} · {{tier}}"),),
        ),
        Figure(
            title="At risk, by queue and tier",
            description="Tickets with a clock that was warned of, by the tier that can still keep the promise.",
            unit="short",
            shape=Shape.BARS,
            width=8,
            amber_from=1,
            queries=(Query(expr=f"sum by (queue, tier) ({now('at_risk_tickets')})", legend="{{queue}} · {{tier}}"),),
        ),
        Figure(
            title="Past and not judged, by queue and tier",
            description="Tickets with a deadline that is past and neither met nor breached.",
            unit="short",
            shape=Shape.BARS,
            width=8,
            red_from=1,
            queries=(Query(expr=f"sum by (queue, tier) ({now('overdue_tickets')})", legend="{{queue}} · {{tier}}"),),
        ),
    ),
)

_PROMISES = Row(
    title="Promises kept and broken",
    figures=(
        Figure(
            title="Kept of those that came due in the last day",
            description="Met ÷ (met + breached), by queue, priority and target. Cancelled clocks are no promises; "
            "nothing stands where nothing came due.",
            unit="percentunit",
            shape=Shape.BARS,
            width=12,
            decimals=1,
            red_below=0.95,
            nothing="nothing came due",
            queries=(
                Query(
                    expr=f"queue_priority_target:followthrough_attainment:ratio1d{{{CHOSEN}}}",
                    legend="{{queue}} · {{priority}} · {{target}}",
                ),
            ),
        ),
        Figure(
            title="Breaches an hour",
            description="Deadlines that passed unmet in the hour before, by target.",
            unit="short",
            width=12,
            queries=(
                Query(expr=f"sum by (target) (increase({now('clocks_breached_total')}[1h]))", legend="{{target}}"),
            ),
        ),
        Figure(
            title="Opened and closed an hour",
            description="Tickets opened, and tickets closed, in the hour before.",
            unit="short",
            width=6,
            queries=(
                Query(expr=f"sum(increase({now('tickets_opened_total')}[1h]))", legend="opened"),
                Query(expr=f"sum(increase({now('tickets_closed_total')}[1h]))", legend="closed"),
            ),
        ),
        Figure(
            title="Escalations an hour, by reason",
            description="Steps up the ladder in the hour before, by the first of their reasons.",
            unit="short",
            width=6,
            queries=(Query(expr=f"sum by (reason) (increase({now('escalations_total')}[1h]))", legend="{{reason}}"),),
        ),
        Figure(
            title="Tiers passed by, an hour",
            description="Tiers that tickets passed by in the hour before: closed, or with nobody on duty.",
            unit="short",
            width=6,
            queries=(
                Query(
                    expr=f"sum by (tier, reason) (increase({now('tiers_skipped_total')}[1h]))",
                    legend="{{tier}}: {{reason}}",
                ),
            ),
        ),
        Figure(
            title="Open over time",
            description="Tickets that are not closed, by status.",
            unit="short",
            width=6,
            queries=(Query(expr=f"sum by (status) ({now('open_tickets')})", legend="{{status}}"),),
        ),
    ),
)

WALL = Board(
    uid="followthrough-wall",
    title="Followthrough: the wall",
    description="Which promises are kept, which are about to be broken, and who has to move.",
    refresh="15s",
    time_from="now-12h",
    rows=(_AT_A_GLANCE, _WHERE, _PROMISES, CUSTOMERS, MANY),
    has_queues=True,
)
