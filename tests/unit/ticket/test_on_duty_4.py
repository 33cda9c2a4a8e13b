"""What the roster says beside the other rules: other versions of a policy, several tiers, old logs (4.5, 4.9)."""

from dataclasses import replace

import pytest

from services.records import codec
from tests.support.policies import OFFICE, ladder, row
from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.commands import ChangePolicy, Renaming
from workflows.domain.ticket.events import TierSkipped
from workflows.domain.ticket.words import SkipReason
from workflows.testing.story import PureDomain, Story, Tell

HOURLY = ladder(agent=row(acknowledge=1), specialist=row(acknowledge=1), supplier=row(acknowledge=1))
RENAMED = replace(HOURLY, tiers=tuple(replace(t, name="expert") if t.name == "specialist" else t for t in HOURLY.tiers))


def _moved(story: Story, after: Policy) -> Story:
    names = (Renaming(old="specialist", new="expert"),)
    return story.send(
        ChangePolicy(actor="ops", policy_version=version_of(after), reason="another word", tiers=names)
    ).as_told()


def test_a_tier_that_is_called_otherwise_is_asked_for_by_its_new_name() -> None:
    """7.3, 4.9: what was answered of the old name is nobody's now; until the new one is asked for, it is reachable."""
    story = Story(PureDomain(HOURLY, RENAMED)).open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:10")
    story.nobody_on_duty("specialist").until("Mon 23 Nov 09:20").contact()
    assert [answer.tier for answer in story.ticket.roster] == ["specialist"]
    _moved(story.until("Mon 23 Nov 09:30"), RENAMED)
    assert story.ticket.roster == ()
    story.until("Mon 23 Nov 09:40").escalate().as_told()
    assert story.ticket.tier == "expert"


def test_what_was_said_of_the_new_name_before_holds_from_the_next_step_on() -> None:
    """4.9: the roster of the version in force was asked already when the ticket came to it."""
    story = Story(PureDomain(HOURLY, RENAMED)).open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:10")
    story.nobody_on_duty("expert").until("Mon 23 Nov 09:20").contact()
    assert story.ticket.roster == ()
    _moved(story.until("Mon 23 Nov 09:30"), RENAMED)
    story.until("Mon 23 Nov 09:40").escalate().in_short(
        "Mon 23 Nov 09:40 skipped expert: nobody on duty",
        "Mon 23 Nov 09:40 escalated agent -> supplier: by_hand, next news Sat 26 Dec 17:00",
    )


@pytest.fixture
def story(tell: Tell) -> Story:
    """Night, with the agents closed and passed by then."""
    policy = ladder(agents_calendar=OFFICE)
    policy = replace(policy, tiers=tuple(replace(tier, skip_when_closed=("normal",)) for tier in policy.tiers))
    return tell(policy)


def test_a_tier_that_is_both_closed_and_empty_is_passed_by_as_empty(story: Story) -> None:
    """4.5: it is one line, and the roster is the first that says so."""
    story.nobody_on_duty("agent", "Mon 23 Nov 08:00").open("Mon 23 Nov 20:00").in_short(
        "Mon 23 Nov 20:00 opened normal in specialist",
        "Mon 23 Nov 20:00 skipped agent: nobody on duty",
    )


def test_closed_below_and_empty_above_leads_to_the_next_that_is_there(story: Story) -> None:
    """4.5: the agents are closed, the specialists have gone, the supplier is there: both are passed by, each why."""
    story.nobody_on_duty("specialist", "Mon 23 Nov 08:00").open("Mon 23 Nov 20:00").in_short(
        "Mon 23 Nov 20:00 opened normal in supplier",
        "Mon 23 Nov 20:00 skipped agent",
        "Mon 23 Nov 20:00 skipped specialist: nobody on duty",
    )


def test_coming_back_makes_a_tier_reachable_again(tell: Tell) -> None:
    """4.9: the last answer, not the worst."""
    story = (
        tell(HOURLY).nobody_on_duty("specialist", "Mon 23 Nov 08:00").somebody_on_duty("specialist", "Mon 23 Nov 08:30")
    )
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 09:10").escalate().as_told()
    assert story.ticket.tier == "specialist"


def test_what_an_older_release_wrote_is_read_as_it_was_meant() -> None:
    """A skip without its reason was of a closed tier; a ticket without a roster knows of none."""
    assert codec.event_from_json("tier_skipped", '{"tier":"agent"}') == TierSkipped(tier="agent", why=SkipReason.CLOSED)
    ticket = Story(PureDomain(HOURLY)).open("Mon 23 Nov 09:00").ticket
    text = codec.state_to_json(ticket)
    assert ',"roster":[]' in text
    assert codec.state_from_json(text.replace(',"roster":[]', "")) == ticket
