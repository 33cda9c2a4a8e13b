"""The wall's rows on the conversation: what customers hear and think of it, and one fault behind many tickets."""

from deploy.grafana.figures import Figure, Query, Row, Shape, once
from deploy.grafana.queues import now, number_today

CUSTOMERS = Row(
    title="What customers hear, and think of it",
    figures=(
        number_today(
            "Customers at risk today",
            "Times a lead was told since midnight that a customer may leave: broken promises, chases, "
            "low ratings over all of their tickets.",
            "customers_flagged_total",
            width=4,
            amber_from=1,
        ),
        Figure(
            title="Ratings an hour, by stars",
            description="What customers said in the hour before, once their ticket was closed.",
            unit="short",
            width=10,
            queries=(Query(expr=f"sum by (stars) (increase({now('ratings_total')}[1h]))", legend="{{stars}}"),),
        ),
        Figure(
            title="Credits an hour, by what earned them",
            description="Goodwill credits offered in the hour before: for a promise, for a solution, by hand.",
            unit="short",
            width=10,
            queries=(Query(expr=f"sum by (of) (increase({now('credits_offered_total')}[1h]))", legend="{{of}}"),),
        ),
        Figure(
            title="Asked for news, an hour",
            description="Contacts in the hour before that ask for news or complain, while the desk owed work.",
            unit="short",
            width=8,
            queries=(Query(expr=f"sum by (kind) (increase({now('chases_total')}[1h]))", legend="{{kind}}"),),
        ),
        Figure(
            title="Not solved after all, an hour",
            description="Solutions that customers turned down, and tickets taken up again, in the hour before.",
            unit="short",
            width=8,
            queries=(
                Query(expr=f"sum(increase({now('rejected_total')}[1h]))", legend="rejected"),
                Query(expr=f"sum(increase({now('tickets_reopened_total')}[1h]))", legend="reopened"),
            ),
        ),
        Figure(
            title="Internal waits, an hour",
            description="Tickets held in the hour before, for a part say, by tier: that pauses nothing.",
            unit="short",
            width=8,
            queries=(Query(expr=f"sum by (tier) (increase({now('holds_total')}[1h]))", legend="{{tier}}"),),
        ),
        number_today(
            "Asked to leave today",
            "Requests to leave that were opened since midnight.",
            "leaving_total",
            width=4,
        ),
        number_today(
            "Solved by an article today",
            "Tickets resolved since midnight by the answer of an article.",
            "solved_by_article_total",
            width=4,
        ),
        number_today(
            "Merged today",
            "Tickets merged since midnight into another of the same customer.",
            "merged_total",
            width=4,
        ),
        number_today(
            "Brought in today",
            "Tickets brought in from another system since midnight.",
            "imported_total",
            width=4,
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

MANY = Row(
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
            queries=(Query(expr=now("queue_closures"), legend="{{queue}}"),),
        ),
    ),
)
