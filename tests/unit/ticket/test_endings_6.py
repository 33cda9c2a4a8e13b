"""Semantics 6: what comes with an end that no story over the wire tells."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.policies import ladder
from workflows.domain.policy import AtRisk, Money, Policy
from workflows.domain.ticket.at_risk import Observed, due
from workflows.domain.ticket.commands import DecideCredit, FlagCustomer, OfferCredit, Resolve
from workflows.domain.ticket.events import CreditOffered
from workflows.domain.ticket.words import CreditState, Outcome, Signal
from workflows.testing.story import PureDomain, Story

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)
LEAD = "team-lead"


def resolved(policy: Policy | None = None) -> Story:
    """Open, taken on and resolved, an answer's article named."""
    story = Story(PureDomain(policy or ladder())).open("Mon 23 Nov 09:00")
    return story.until("Mon 23 Nov 09:20").acknowledge("ann")


def test_a_solution_names_the_article_that_it_came_from() -> None:
    """Which article solved a ticket is recorded; a solution that was none takes it back."""
    story = resolved().until("Mon 23 Nov 10:00")
    answer = Resolve(actor="ann", outcome=Outcome.WORKAROUND, explanation="restart it", article="a-7")
    known = []
    for step in (story.resolve, story.reject, lambda: story.send(answer), story.confirm, story.reopen):
        step()
        known.append(story.ticket.article)
    assert known == [None, None, "a-7", "a-7", None]


offers = st.lists(
    st.tuples(st.sampled_from(["ann", LEAD]), st.integers(1, 3000), st.sampled_from([None, True, False])), max_size=12
)


@given(limit=st.integers(1, 5000), offered=offers)
def test_nobody_but_the_lead_gives_away_more_than_the_limit(
    limit: int, offered: list[tuple[str, int, bool | None]]
) -> None:
    """6.13: whatever is offered, and whatever the lead says, the desk's own credits keep within the limit together."""
    story = resolved(replace(ladder(), credit_limit=Money(minor=limit, currency="GBP")))
    for actor, minor, word in offered:
        story.send(OfferCredit(actor=actor, minor=minor, currency="GBP", reason="sorry"))
        newest = story.ticket.credits[-1]
        if newest.state is CreditState.AWAITING_APPROVAL and word is not None:
            story.send(DecideCredit(actor=LEAD, number=newest.number, is_approved=word, reason="so"))
    approved = {
        entry.event.number: entry.event.approved_by for entry in story.entries if isinstance(entry.event, CreditOffered)
    }
    standing = [each for each in story.ticket.credits if each.state is CreditState.OFFERED]
    assert {each.number for each in standing} == set(approved)
    assert sum(each.minor for each in standing if approved[each.number] is None) <= limit
    assert [each.number for each in story.ticket.credits] == list(range(1, len(offered) + 1))


signals = st.lists(st.tuples(st.integers(0, 400), st.sampled_from(Signal)), max_size=20).map(
    lambda found: [Observed(signal=kind, at=MONDAY + days * A_DAY) for days, kind in sorted(found)]
)
A_PERIOD_APART = [Observed(signal=Signal.CHASED, at=MONDAY + days * A_DAY) for days in (0, 10)]
"""To the instant: the period is over."""


@given(observed=signals, days=st.integers(1, 366), number=st.integers(1, 6), flagged=st.none() | st.integers(0, 400))
@example(observed=A_PERIOD_APART, days=10, number=2, flagged=None)
@example(observed=A_PERIOD_APART, days=10, number=1, flagged=0)
def test_a_customer_is_at_risk_by_what_happened_since_the_lead_was_told_within_the_period(
    observed: list[Observed], days: int, number: int, flagged: int | None
) -> None:
    """So many signals within the period, once in each: none counts twice."""
    at_risk = AtRisk(period=days * A_DAY, number=number)
    flagged_at = None if flagged is None else MONDAY + flagged * A_DAY
    found = due(at_risk, observed, flagged_at)
    latest = observed[-1].at if observed else MONDAY
    within = [each for each in observed if latest - each.at < at_risk.period]
    is_too_soon = flagged_at is not None and latest - flagged_at < at_risk.period
    if found is None:
        assert len(within) < number or is_too_soon
    else:
        assert not is_too_soon
        assert found.signals == tuple(each.signal for each in within)
        assert found.since == within[0].at
        assert len(within) >= number
    assert due(None, observed, flagged_at) is None


def test_the_lead_is_told_of_a_customer_once_a_period_and_the_customer_never() -> None:
    """At risk: flagged to the lead; a second time only when the period is over, and never for less than the number."""
    policy = replace(ladder(), at_risk=AtRisk(period=10 * A_DAY, number=2))
    story = resolved(policy).as_told()
    command = FlagCustomer(actor="followthrough", signals=(Signal.CHASED, Signal.RATED_LOW), since=MONDAY)
    story.until("Mon 23 Nov 10:00").send(command).happened(
        "Mon 23 Nov 10:00 customer at risk: chased + rated_low, since 09:00"
    ).told("customer_at_risk to lead team-lead")
    assert story.ticket.flagged_at == story.instant("Mon 23 Nov 10:00")
    story.until("Thu 3 Dec 09:59").send(command).happened(
        "Thu 3 Dec 09:59 refused NOT_AT_RISK: cannot flag the customer: they were flagged at 2026-11-23 10:00 UTC; "
        "once a period is enough"
    )
    story.until("Thu 3 Dec 10:00").send(replace(command, signals=(Signal.CHASED,))).happened(
        "Thu 3 Dec 10:00 refused NOT_AT_RISK: cannot flag the customer: signals are 1, the policy's number is 2"
    ).until("Thu 3 Dec 10:01").send(command).in_short(
        "Thu 3 Dec 10:01 customer at risk: chased + rated_low, since Mon 23 Nov 09:00"
    )
    story = resolved(replace(policy, at_risk=None)).as_told().until("Mon 23 Nov 10:00").send(command)
    story.happened("Mon 23 Nov 10:00 refused NOT_AT_RISK: cannot flag the customer: the policy flags nobody").told()
