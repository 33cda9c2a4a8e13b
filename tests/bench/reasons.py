"""Which rule of the semantics has each kind of message sent, on each side: the one table of it.

Written apart from the rules: a kind that is missing here, or that is told no more, fails its test.
"""

from collections.abc import Mapping

from services.words.kinds import Side
from workflows.domain.ticket.words import Audience

AT_RISK = "`at_risk`"
"""A field of the policy; no numbered rule speaks of it."""
RULES: Mapping[tuple[str, Side], str] = {
    ("opened", Side.CUSTOMER): "6.1",
    ("opened", Side.DESK): "2.1",
    ("imported", Side.DESK): "6.14",
    ("assigned", Side.DESK): "6.2",
    ("priority_changed", Side.DESK): "6.11",
    ("update_posted", Side.CUSTOMER): "6.4",
    ("contact_received", Side.DESK): "6.3, 6.9",
    ("escalated", Side.CUSTOMER): "6.5",
    ("escalated", Side.DESK): "6.5",
    ("transferred", Side.CUSTOMER): "6.5",
    ("transferred", Side.DESK): "6.5",
    ("ladder_exhausted", Side.DESK): "4.4",
    ("last_resort_reminded", Side.DESK): "4.4",
    ("question_asked", Side.CUSTOMER): "6.6",
    ("customer_reminded", Side.CUSTOMER): "6.6",
    ("gave_up_waiting", Side.CUSTOMER): "6.6",
    ("gave_up_waiting", Side.DESK): "6.6",
    ("answer_missing", Side.DESK): "6.6",
    ("promise_made", Side.CUSTOMER): "2.4, 6.2",
    ("promise_changed", Side.CUSTOMER): "2.4",
    ("promise_warned", Side.DESK): "2.8",
    ("promise_broken", Side.CUSTOMER): "6.5, 6.13",
    ("promise_broken", Side.DESK): "4.2",
    ("clock_warned", Side.DESK): "2.8",
    ("clock_breached", Side.CUSTOMER): "4.2",
    ("clock_breached", Side.DESK): "4.2",
    ("resolve_missed", Side.CUSTOMER): "6.13",
    ("credit_offered", Side.CUSTOMER): "6.13",
    ("credit_to_approve", Side.DESK): "6.13",
    ("credit_refused", Side.DESK): "6.13",
    ("resolved", Side.CUSTOMER): "6.7",
    ("rejected", Side.CUSTOMER): "6.8",
    ("rejected", Side.DESK): "6.8",
    ("closed", Side.CUSTOMER): "6.8",
    ("reopened", Side.CUSTOMER): "6.9",
    ("reopened", Side.DESK): "6.9",
    ("rated_low", Side.DESK): "6.10",
    ("customer_at_risk", Side.DESK): AT_RISK,
    ("merged", Side.CUSTOMER): "6.7",
    ("merged", Side.DESK): "6.7",
    ("took_over", Side.DESK): "6.7",
}
"""In the order of a ticket's life."""


def rule_of(kind: str, audience: Audience) -> str:
    """The rule by which somebody is told this."""
    return RULES[kind, Side.of(audience)]


def place_of(kind: str, audience: Audience) -> int:
    """Where in a ticket's life it comes, for tables."""
    return list(RULES).index((kind, Side.of(audience)))
