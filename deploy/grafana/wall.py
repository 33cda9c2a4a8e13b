"""The wall, for the desk: which promises are kept, which are about to be broken, and who has to move."""

from deploy.grafana.figures import Board, Figure, Query, Row, Shape, once

_QUEUE = 'queue=~"$queue"'


def _now(name: str, labels: str = _QUEUE) -> str:
    return once(name, labels)


def _today(name: str) -> str:
    return f"round(sum(increase({once(name, _QUEUE)}[$__range])))"


_AT_A_GLANCE = Row(
    title="At a glance",
    figures=(
        Figure(
            title="Open",
            description="Tickets that are not closed.",
            unit="short",
            shape=Shape.NUMBER,
            width=3,
            queries=(Query(expr=f"sum({_now('open_tickets')})"),),
        ),
        Figure(
            title="Waiting to be taken",
            description="Open tickets that nobody of their present tier works on yet.",
            unit="short",
            shape=Shape.NUMBER,
            width=3,
            queries=(Query(expr="sum({})".format(_now("open_tickets", f'{_QUEUE}, status="open"'))),),
        ),
        Figure(
            title="At risk",
            description="Tickets with a clock that was warned of and still runs: the next to be broken.",
            unit="short",
            shape=Shape.NUMBER,
            width=3,
            amber_from=1,
            queries=(Query(expr=f"sum({_now('at_risk_tickets')})"),),
        ),
        Figure(
            title="Past and not judged",
            description="Tickets with a deadline that is past and neither met nor breached. Anything but 0 is the "
            "engine's fault: see docs/runbooks/deadline-passed-silently.md.",
            unit="short",
            shape=Shape.NUMBER,
            width=3,
            red_from=1,
            queries=(Query(expr=f"sum({_now('overdue_tickets')})"),),
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
        Figure(
            title="Breaches today",
            description="Deadlines that passed unmet since midnight, of every target.",
            unit="short",
            shape=Shape.NUMBER,
            width=3,
            decimals=0,
            amber_from=1,
            since="now/d",
            queries=(Query(expr=_today("clocks_breached_total")),),
        ),
        Figure(
            title="Escalations today",
            description="Steps up the ladder since midnight, for whatever reason.",
            unit="short",
            shape=Shape.NUMBER,
            width=3,
            decimals=0,
            since="now/d",
            queries=(Query(expr=_today("escalations_total")),),
        ),
        Figure(
            title="Ladders ended today",
            description="Tickets that ran out at their last tier since midnight: the last resort is told.",
            unit="short",
            shape=Shape.NUMBER,
            width=3,
            decimals=0,
            red_from=1,
            since="now/d",
            queries=(Query(expr=_today("exhaustions_total")),),
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
            queries=(Query(expr=f"sum by (queue, tier) ({_now('open_tickets')})", legend="{{queue}} · {{tier}}"),),
        ),
        Figure(
            title="At risk, by queue and tier",
            description="Tickets with a clock that was warned of, by the tier that can still keep the promise.",
            unit="short",
            shape=Shape.BARS,
            width=8,
            amber_from=1,
            queries=(Query(expr=f"sum by (queue, tier) ({_now('at_risk_tickets')})", legend="{{queue}} · {{tier}}"),),
        ),
        Figure(
            title="Past and not judged, by queue and tier",
            description="Tickets with a deadline that is past and neither met nor breached.",
            unit="short",
            shape=Shape.BARS,
            width=8,
            red_from=1,
            queries=(Query(expr=f"sum by (queue, tier) ({_now('overdue_tickets')})", legend="{{queue}} · {{tier}}"),),
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
                    expr=f"queue_priority_target:followthrough_attainment:ratio1d{{{_QUEUE}}}",
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
                Query(expr=f"sum by (target) (increase({_now('clocks_breached_total')}[1h]))", legend="{{target}}"),
            ),
        ),
        Figure(
            title="Opened and closed an hour",
            description="Tickets opened, and tickets closed, in the hour before.",
            unit="short",
            width=6,
            queries=(
                Query(expr=f"sum(increase({_now('tickets_opened_total')}[1h]))", legend="opened"),
                Query(expr=f"sum(increase({_now('tickets_closed_total')}[1h]))", legend="closed"),
            ),
        ),
        Figure(
            title="Escalations an hour, by reason",
            description="Steps up the ladder in the hour before, by the first of their reasons.",
            unit="short",
            width=6,
            queries=(Query(expr=f"sum by (reason) (increase({_now('escalations_total')}[1h]))", legend="{{reason}}"),),
        ),
        Figure(
            title="Tiers passed by, an hour",
            description="Tiers that tickets passed by in the hour before: closed, or with nobody on duty.",
            unit="short",
            width=6,
            queries=(
                Query(
                    expr=f"sum by (tier, reason) (increase({_now('tiers_skipped_total')}[1h]))",
                    legend="{{tier}}: {{reason}}",
                ),
            ),
        ),
        Figure(
            title="Open over time",
            description="Tickets that are not closed, by status.",
            unit="short",
            width=6,
            queries=(Query(expr=f"sum by (status) ({_now('open_tickets')})", legend="{{status}}"),),
        ),
    ),
)

_CUSTOMERS = Row(
    title="What customers hear, and think of it",
    figures=(
        Figure(
            title="Customers at risk today",
            description="Times a lead was told since midnight that a customer may leave: broken promises, chases, "
            "low ratings over all of their tickets.",
            unit="short",
            shape=Shape.NUMBER,
            width=4,
            decimals=0,
            amber_from=1,
            since="now/d",
            queries=(Query(expr=_today("customers_flagged_total")),),
        ),
        Figure(
            title="Ratings an hour, by stars",
            description="What customers said in the hour before, once their ticket was closed.",
            unit="short",
            width=10,
            queries=(Query(expr=f"sum by (stars) (increase({_now('ratings_total')}[1h]))", legend="{{stars}}"),),
        ),
        Figure(
            title="Credits an hour, by what earned them",
            description="Goodwill credits offered in the hour before: for a promise, for a solution, by hand.",
            unit="short",
            width=10,
            queries=(Query(expr=f"sum by (of) (increase({_now('credits_offered_total')}[1h]))", legend="{{of}}"),),
        ),
        Figure(
            title="Asked for news, an hour",
            description="Contacts in the hour before that ask for news or complain, while the desk owed work.",
            unit="short",
            width=8,
            queries=(Query(expr=f"sum by (kind) (increase({_now('chases_total')}[1h]))", legend="{{kind}}"),),
        ),
        Figure(
            title="Not solved after all, an hour",
            description="Solutions that customers turned down, and tickets taken up again, in the hour before.",
            unit="short",
            width=8,
            queries=(
                Query(expr=f"sum(increase({_now('rejected_total')}[1h]))", legend="rejected"),
                Query(expr=f"sum(increase({_now('tickets_reopened_total')}[1h]))", legend="reopened"),
            ),
        ),
        Figure(
            title="Internal waits, an hour",
            description="Tickets held in the hour before, for a part say, by tier: that pauses nothing.",
            unit="short",
            width=8,
            queries=(Query(expr=f"sum by (tier) (increase({_now('holds_total')}[1h]))", legend="{{tier}}"),),
        ),
        Figure(
            title="Asked to leave today",
            description="Requests to leave that were opened since midnight.",
            unit="short",
            shape=Shape.NUMBER,
            width=4,
            decimals=0,
            since="now/d",
            queries=(Query(expr=_today("leaving_total")),),
        ),
        Figure(
            title="Solved by an article today",
            description="Tickets resolved since midnight by the answer of an article.",
            unit="short",
            shape=Shape.NUMBER,
            width=4,
            decimals=0,
            since="now/d",
            queries=(Query(expr=_today("solved_by_article_total")),),
        ),
        Figure(
            title="Merged today",
            description="Tickets merged since midnight into another of the same customer.",
            unit="short",
            shape=Shape.NUMBER,
            width=4,
            decimals=0,
            since="now/d",
            queries=(Query(expr=_today("merged_total")),),
        ),
        Figure(
            title="Brought in today",
            description="Tickets brought in from another system since midnight.",
            unit="short",
            shape=Shape.NUMBER,
            width=4,
            decimals=0,
            since="now/d",
            queries=(Query(expr=_today("imported_total")),),
        ),
        Figure(
            title="Credits awaiting the lead",
            description="Tickets with a credit above the limit on which no lead has decided, of all queues.",
            unit="short",
            shape=Shape.NUMBER,
            width=4,
            amber_from=1,
            queries=(Query(expr=once("awaited_credits")),),
        ),
        Figure(
            title="The first of them waits for",
            description="How long ago the credit was proposed that has waited longest for a lead. See "
            "docs/runbooks/credits-await-the-lead.md.",
            unit="s",
            shape=Shape.NUMBER,
            width=4,
            decimals=0,
            red_from=86_400,
            queries=(
                Query(
                    expr=f"({once('record_timestamp_seconds')} - {once('oldest_awaited_credit_timestamp_seconds')})"
                    f" or {once('record_timestamp_seconds')} * 0",
                ),
            ),
        ),
    ),
)

_MANY = Row(
    title="One fault, many tickets",
    figures=(
        Figure(
            title="Known problems",
            description="Faults, and wishes for the product, that are not closed, by how far they are.",
            unit="short",
            shape=Shape.BARS,
            width=6,
            queries=(Query(expr=once("problems"), legend="{{kind}} · {{state}}"),),
        ),
        Figure(
            title="Announcements under way",
            description="Tickets whose customers are being told of a problem: who waits, was told, or could not be.",
            unit="short",
            width=6,
            queries=(
                Query(expr=f"sum by (progress) ({once('announcement_tickets')})", legend="{{progress}}"),
                Query(expr=once("announcements", 'state="paused"'), legend="announcements paused"),
            ),
        ),
        Figure(
            title="Left out of an announcement",
            description="Tickets that could not be judged when their customers were to be told, within a day: somebody "
            "has to tell them. See docs/runbooks/announcement-tickets-stuck.md.",
            unit="short",
            shape=Shape.NUMBER,
            width=4,
            red_from=1,
            queries=(Query(expr=once("announcement_stuck_tickets")),),
        ),
        Figure(
            title="Queues that are closed",
            description="Closures that hold, by queue: meanwhile the clocks of its tiers stand still.",
            unit="short",
            shape=Shape.BARS,
            width=8,
            amber_from=1,
            queries=(Query(expr=_now("queue_closures"), legend="{{queue}}"),),
        ),
    ),
)

WALL = Board(
    uid="followthrough-wall",
    title="Followthrough: the wall",
    description="Which promises are kept, which are about to be broken, and who has to move.",
    refresh="15s",
    time_from="now-12h",
    rows=(_AT_A_GLANCE, _WHERE, _PROMISES, _CUSTOMERS, _MANY),
    has_queues=True,
)
