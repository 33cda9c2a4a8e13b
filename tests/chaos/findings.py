"""What a checker may find, in closed sets and plain words; every count is printed, the zeros too."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class What(StrEnum):
    """A promise of the engine's, by how it is broken; the value is what the table says."""

    TICKET_LOST = "accepted tickets lost"
    COMMAND_LOST = "accepted commands lost"
    APPLIED_TWICE = "commands applied twice"
    APPLIED_UNASKED = "commands applied though refused, or never asked"
    ANSWERED_OTHERWISE = "answers repeated differently"
    WRONG_ANSWER = "answers that must never be given"
    LOG_BROKEN = "logs with gaps, or changed after they were shown"
    DEADLINE_MISSED = "deadlines missed"
    BREACHED_EARLY = "breaches before the deadline"
    BREACHED_TWICE = "breaches doubled"
    BREACH_WITHDRAWN = "breaches withdrawn"
    TIER_SKIPPED = "tiers skipped"
    STEP_MISSING = "breaches that nothing followed"
    OPENED_TWICE = "tickets opened of a matter that had one"
    ANSWERED_WAIT = "waits on a customer who has answered"
    UNANNOUNCED = "announcements that were not carried to their end"
    TOLD_OTHERWISE = "announcements told twice, or not as is written down"
    LETTERS = "customers with no letter of an announcement, or two"
    HALF_MERGED = "merges of one half"
    MERGED_GOES_ON = "merged tickets that go on"
    PROMISE_LOST = "promises that a merge lost"
    CLOSURE_MISSED = "tickets that a closure of their queue did not reach"
    CLOSURE_UNHEEDED = "tiers' deadlines missed while the queue was closed"
    CREDIT_TWICE = "credits twice, or for nothing"
    CREDIT_MISSING = "broken promises without their credit"
    HALF_MOVED = "tickets half moved to another policy"
    PROMISE_LEFT = "promises neither kept, broken, cancelled nor ahead"
    TOTAL_WRONG = "totals that differ from the events"
    WITHOUT_WORKFLOW = "open tickets without a running workflow"
    OVERSLEPT = "workflows that sleep past their ticket's deadline"
    WORKFLOW_FAILED = "workflows that failed"
    STUCK = "tickets stuck"
    MESSAGE_LOST = "messages never sent"
    SENT_TWICE = "messages sent twice without saying so"
    NOT_DERIVED = "tickets that are not what the domain says (5.3)"

    @property
    def passes_with_time(self) -> bool:
        """Whether what is found in a busy moment may be nothing: settling waits for it to go."""
        return self in _PASSING


_PASSING = frozenset(
    {
        *(What.DEADLINE_MISSED, What.PROMISE_LEFT, What.WITHOUT_WORKFLOW, What.OVERSLEPT, What.MESSAGE_LOST),
        *(What.UNANNOUNCED, What.CLOSURE_MISSED),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken promise."""

    what: What
    ticket_id: str
    """Empty where it is no one ticket's."""
    text: str


def counted(findings: Iterable[Finding]) -> dict[What, int]:
    """How often each was found, none left out."""
    counts = Counter(each.what for each in findings)
    return {what: counts[what] for what in What}
