"""Every set of label values that the desks' policies can ever give: the series that are there from the start.

A series born at 5 has no increase: the first breach would not show. Nothing here is counted.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, permutations, product

from services.records import totals
from services.records.figures import Figures
from services.records.problem_facts import PASSED_BY, TOLD, WAITING, AnnouncementKind, ProblemKind, ProblemState
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import MOST_STARS
from workflows.domain.ticket.words import Cause, ContactKind, CreditOf, Outcome, SkipReason, Status, Target
from workflows.policies import PolicySet

Labels = tuple[str, ...]
Desk = tuple[str, Policy]
"""A queue, and a policy by which tickets of it are judged: several, while some carry one from before it was edited."""

MESSAGE_KINDS = (
    "answer_missing",
    "assigned",
    "clock_breached",
    "clock_warned",
    "closed",
    "contact_received",
    "credit_offered",
    "credit_refused",
    "credit_to_approve",
    "customer_at_risk",
    "customer_reminded",
    "escalated",
    "gave_up_waiting",
    "imported",
    "ladder_exhausted",
    "last_resort_reminded",
    "merged",
    "opened",
    "priority_changed",
    "promise_broken",
    "promise_changed",
    "promise_made",
    "promise_warned",
    "question_asked",
    "rated_low",
    "rejected",
    "reopened",
    "resolve_missed",
    "resolved",
    "took_over",
    "transferred",
    "update_posted",
)
"""Everything that somebody is told of, as the rules name it."""

CLOCKS = (
    totals.CLOCKS_MET,
    totals.CLOCKS_BREACHED,
    totals.CLOCKS_CANCELLED,
    totals.CLOCKS_REINSTATED,
    totals.CLOCKS_WARNED,
)


def desks(policies: PolicySet, figures: Figures) -> tuple[Desk, ...]:
    """Name the desks as new tickets find them, then those that tickets not closed yet were promised something by."""
    loaded = [(queue, policies.policies[name]) for queue, name in policies.queues.items()]
    return (*loaded, *(desk for desk in figures.open_policies if desk not in loaded))


def of_totals(desks: Iterable[Desk]) -> Iterator[tuple[str, Labels]]:
    """Name every total with every set of label values, in the order that the total declares."""
    yield totals.RESCUED, ()
    for kind in MESSAGE_KINDS:
        yield totals.MESSAGES_SENT, (kind,)
        yield totals.MESSAGES_REJECTED, (kind,)
        yield totals.MESSAGES_POSSIBLY_SENT_TWICE, (kind,)
    for queue, policy in desks:
        yield from _of_queue(queue, policy)


def of_problems() -> Iterator[Labels]:
    """Every (kind, state) that a known problem can have."""
    for kind, state in product(ProblemKind, ProblemState):
        yield kind.value, state.value


def of_announcement_tickets() -> Iterator[Labels]:
    """Every (kind, progress) that tickets of an announcement can have."""
    for kind, progress in product(AnnouncementKind, (WAITING, TOLD, PASSED_BY)):
        yield kind.value, progress


def of_clocks(desks: Iterable[Desk], target: Target) -> Iterator[Labels]:
    """Every (target, tier, priority, queue) that a clock run of a target can have."""
    for queue, tier, priority in of_tickets(desks):
        yield target.value, tier, priority, queue


def of_open_tickets(desks: Iterable[Desk]) -> Iterator[Labels]:
    """Every (queue, tier, priority, status) that a ticket not closed can have."""
    not_closed = [status for status in Status if status is not Status.CLOSED]
    for queue, tier, priority in of_tickets(desks):
        for status in not_closed:
            yield queue, tier, priority, status.value


def of_tickets(desks: Iterable[Desk]) -> Iterator[Labels]:
    """Every (queue, tier, priority) that a ticket can have."""
    for queue, policy in desks:
        for tier, priority in product(policy.tiers, policy.resolve):
            yield queue, tier.name, priority


def _of_queue(queue: str, policy: Policy) -> Iterator[tuple[str, Labels]]:
    for priority in policy.resolve:
        yield totals.OPENED, (priority, queue)
        yield totals.REOPENED, (priority, queue)
        for outcome in Outcome:
            yield totals.CLOSED, (outcome.value, priority, queue)
    chases = [kind for kind in ContactKind if kind.is_a_chase]
    for kind, tier, priority in product(chases, policy.tier_names, policy.resolve):
        yield totals.CHASES, (kind.value, tier, priority, queue)
    for name in (
        totals.CUSTOMERS_FLAGGED,
        totals.LEAVING,
        totals.MERGED,
        totals.IMPORTED,
        totals.REJECTED,
        totals.SOLVED_BY_ARTICLE,
    ):
        yield name, (queue,)
    for stars in range(1, MOST_STARS + 1):
        yield totals.RATINGS, (str(stars), queue)
    for of in (*(each.value for each in CreditOf), totals.BY_HAND):
        yield totals.CREDITS_OFFERED, (of, queue)
    for tier in policy.tier_names:
        yield totals.HOLDS, (tier, queue)
    for target, tier, priority, name in product(Target, policy.tier_names, policy.resolve, CLOCKS):
        if target is not Target.PROMISE or name != totals.CLOCKS_REINSTATED:  # a promise that is over stays so
            yield name, (target.value, tier, priority, queue)
    yield from _of_ladder(queue, policy.tier_names)


def _of_ladder(queue: str, tiers: Sequence[str]) -> Iterator[tuple[str, Labels]]:
    for cause in Cause:
        for lower, higher in combinations(tiers, 2):
            yield totals.ESCALATIONS, (lower, higher, cause.value, queue)
        yield totals.EXHAUSTIONS, (tiers[-1], cause.value, queue)
    for one, other in permutations(tiers, 2):
        yield totals.TRANSFERS, (one, other, queue)
    for tier in tiers:
        yield totals.PING_PONGS, (tier, queue)
    for tier, why in product(tiers[:-1], SkipReason):  # the last is never skipped
        yield totals.TIERS_PASSED_BY, (tier, why.value, queue)
