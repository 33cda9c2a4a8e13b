"""The metrics page as a pure function of the record's figures: every label set at zero first, then what was counted.

That of policies that were edited since too, while tickets carry them; what no policy knows is shown all the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from services.build_info import build_info, policy_info
from services.exporter import histograms, labels
from services.exporter.labels import Desk, Labels
from services.records import totals
from services.records.figures import Figures
from services.records.totals import TOTALS
from workflows.policies import PolicySet

COUNTERS: Mapping[str, tuple[str, str]] = {
    totals.OPENED: ("tickets_opened", "Tickets opened."),
    totals.CLOSED: ("tickets_closed", "Tickets closed, by how they had been resolved."),
    totals.REOPENED: ("tickets_reopened", "Tickets taken up again, closed or given up on for want of an answer."),
    totals.CLOCKS_MET: ("clocks_met", "Clock runs that ended in time, those whose verdict was withdrawn included."),
    totals.CLOCKS_BREACHED: ("clocks_breached", "Clock runs whose deadline passed with the target unmet."),
    totals.CLOCKS_CANCELLED: ("clocks_cancelled", "Clock runs that ended without a verdict."),
    totals.CLOCKS_REINSTATED: ("clocks_reinstated", "Verdicts that reopening withdrew: subtract them from those met."),
    totals.CLOCKS_WARNED: ("clocks_warned", "Warnings that a fraction of a target was spent."),
    totals.ESCALATIONS: ("escalations", "Steps up the ladder, by the first of their reasons."),
    totals.EXHAUSTIONS: (
        "exhaustions",
        "Tickets that came to the end of the ladder: the last resort is told, until somebody takes them on.",
    ),
    totals.TIERS_PASSED_BY: (
        "tiers_skipped",
        "Tiers that were passed by, because they were `closed`, or `empty`: nobody was on duty.",
    ),
    totals.TRANSFERS: ("transfers", "Moves to another tier by hand."),
    totals.PING_PONGS: ("ping_pongs", "Entries of a tier that had had the ticket before."),
    totals.CHASES: (
        "chases",
        "Contacts that ask for news or complain, by the tier that had the ticket.",
    ),
    totals.HOLDS: ("holds", "Internal waits, for a part say, by the tier that had the ticket: they pause nothing."),
    totals.RATINGS: ("ratings", "Ratings by customers, by their stars."),
    totals.CREDITS_OFFERED: (
        "credits_offered",
        "Goodwill credits offered to customers, by what earned them; those that somebody offered are of `hand`.",
    ),
    totals.CUSTOMERS_FLAGGED: ("customers_flagged", "Times that a lead was told of a customer who may leave."),
    totals.LEAVING: ("leaving", "Requests to leave, of the tickets opened."),
    totals.MERGED: ("merged", "Tickets merged into another that says the same, and closed as duplicates."),
    totals.IMPORTED: ("imported", "Tickets brought in from elsewhere, of the tickets opened."),
    totals.REJECTED: ("rejected", "Times that a customer said of a solution that it is none."),
    totals.SOLVED_BY_ARTICLE: ("solved_by_article", "Times that a ticket was resolved by an article's answer."),
    totals.RESCUED: ("rescued", "Settles of late tickets by the keeper that a ticket's own timer should have made."),
    totals.MESSAGES_SENT: ("messages_sent", "Messages sent, by what they tell of."),
    totals.MESSAGES_REJECTED: ("messages_rejected", "Messages that can never be sent: nobody was told."),
    totals.MESSAGES_POSSIBLY_SENT_TWICE: (
        "messages_possibly_sent_twice",
        "Messages sent of which an earlier try may have been sent too.",
    ),
}
"""By the total's name: the metric's, without prefix and `_total`, and what it counts."""

PUBLIC_LABELS = {"cause": "reason"}
"""Labels whose public name is another than the record's."""

_TICKETS = ("queue", "tier", "priority")
_OPEN = (*_TICKETS, "status")


def of_figures(figures: Figures, policies: PolicySet) -> Iterator[Metric]:
    """Make the whole page."""
    desks = labels.desks(policies, figures)
    yield build_info()
    yield policy_info(policies)
    yield from _counted(figures, desks)
    yield _gauge(
        "open_tickets",
        "Tickets not closed.",
        _OPEN,
        dict.fromkeys(labels.of_open_tickets(desks), 0) | dict(figures.open_tickets),
    )
    yield _gauge(
        "at_risk_tickets",
        "Tickets with a running clock that was warned of and was neither met nor breached yet.",
        _TICKETS,
        dict.fromkeys(labels.of_tickets(desks), 0) | dict(figures.at_risk_tickets),
    )
    yield _gauge(
        "overdue_tickets",
        "Tickets with a deadline that is past and neither met nor breached: nothing should be.",
        _TICKETS,
        dict.fromkeys(labels.of_tickets(desks), 0) | dict(figures.overdue_tickets),
    )
    yield _gauge(
        "late_tickets", "Tickets whose wake-up is past, those that are stuck included.", value=figures.late_tickets
    )
    yield _gauge("stuck_tickets", "Tickets that the rules could not judge.", value=figures.stuck_tickets)
    yield _gauge(
        "answered_waits",
        "Tickets that wait on a customer who came back after the question, by their own logs: there must be none.",
        value=figures.answered_waits,
    )
    yield _gauge("owed_nudges", "Tickets whose next wake-up Temporal does not know of.", value=figures.owed_nudges)
    yield _gauge("pending_messages", "Messages that nobody has sent yet.", value=figures.pending_messages)
    yield _timestamp(
        "oldest_pending_message_timestamp_seconds",
        "When the message was recorded that has waited longest to be sent. Absent: none is pending.",
        figures.oldest_pending_message_at,
    )
    yield _gauge(
        "awaited_credits",
        "Tickets with a goodwill credit above the policy's limit on which the lead has not decided.",
        value=figures.awaited_credits,
    )
    yield _timestamp(
        "oldest_awaited_credit_timestamp_seconds",
        "When the one of these credits was proposed that has waited longest. Absent: none waits.",
        figures.oldest_awaited_credit_at,
    )
    yield _gauge(
        "queue_closures",
        "Closures that hold: while there is one, both clocks of the tier stand still in that queue.",
        ("queue",),
        {(queue,): 0 for queue, _ in desks} | dict(figures.queue_closures),
    )
    yield from _problems(figures)
    yield _timestamp("record_timestamp_seconds", "The record's clock; compare the others with it.", figures.instant)
    yield _timestamp(
        "oldest_unmet_deadline_timestamp_seconds",
        "Earliest deadline of all running clocks: in the past, it was neither met nor breached. Absent: none runs.",
        figures.next_deadline_at,
    )
    yield _timestamp(
        "next_wake_timestamp_seconds",
        "Earliest wake-up of all tickets not stuck: how far it is past is the backlog. Absent: nothing is due ever.",
        figures.next_wake_at,
    )


def _problems(figures: Figures) -> Iterator[Metric]:
    """Show what many tickets have in common, and how far those are who are being told."""
    yield _gauge(
        "problems",
        "Known problems, and wishes for the product, that are not closed.",
        ("kind", "state"),
        dict.fromkeys(labels.of_problems(), 0) | dict(figures.problems),
    )
    yield _gauge(
        "announcements",
        "Announcements that have not ended: running, or paused.",
        ("state",),
        {("running",): 0, ("paused",): 0} | dict(figures.announcements),
    )
    yield _gauge(
        "announcement_tickets",
        "Tickets of announcements that have not ended: those that wait, were told, or could not take it.",
        ("kind", "progress"),
        dict.fromkeys(labels.of_announcement_tickets(), 0) | dict(figures.announcement_tickets),
    )
    yield _gauge(
        "announcement_stuck_tickets",
        "Tickets that could not be judged when their customers were to be told, of announcements that run, or have "
        "ended within a day of the record's: nobody has told them.",
        value=figures.announcement_stuck_tickets,
    )


def _counted(figures: Figures, desks: Sequence[Desk]) -> Iterator[Metric]:
    """Turn the record's totals into counters and histograms."""
    sets: dict[str, dict[Labels, int]] = defaultdict(dict)
    for name, values in labels.of_totals(desks):
        sets[name][values] = 0
    for (name, values), amount in figures.totals.items():
        sets[name][values] = amount
        if name == totals.TIERS_SKIPPED_BEFORE:
            tier, queue = values
            sets[totals.TIERS_PASSED_BY][tier, totals.UNKNOWN, queue] = amount
    for name, (metric, meaning) in COUNTERS.items():
        yield _counter(metric, meaning, TOTALS[name], sets[name])
    yield histograms.breach_lag(sets)
    yield from histograms.times(sets, desks)


def _gauge(
    metric: str, meaning: str, names: tuple[str, ...] = (), sets: Mapping[Labels, int] | None = None, *, value: int = 0
) -> Metric:
    family = GaugeMetricFamily(f"followthrough_{metric}", meaning, labels=names)
    for values, number in sorted(sets.items() if names and sets else [((), value)]):
        family.add_metric(values, number)
    return family


def _timestamp(metric: str, meaning: str, at: datetime | None) -> Metric:
    family = GaugeMetricFamily(f"followthrough_{metric}", meaning, labels=())
    if at is not None:
        family.add_metric((), at.timestamp())
    return family


def _counter(metric: str, meaning: str, names: Iterable[str], sets: Mapping[Labels, int]) -> Metric:
    public = [PUBLIC_LABELS.get(name, name) for name in names]
    family = CounterMetricFamily(f"followthrough_{metric}", meaning, labels=public)
    for values, amount in sorted(sets.items()):
        family.add_metric(values, amount)
    return family
