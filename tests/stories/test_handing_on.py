"""By hand: updates, escalations, transfers, and two people who answer the same alarm."""

from tests.support.policies import ladder, row
from workflows.domain.ticket.commands import PostUpdate
from workflows.testing.story import Tell


def test_an_early_update_moves_the_deadline_and_silence_after_it_climbs(tell: Tell) -> None:
    """2.9, 4.2, 4.3: two hours from the update, not from the old grid; every second breach escalates."""
    story = tell(ladder(agent=row(update_every=2))).open("Mon 23 Nov 09:00").acknowledge("ann").as_told()
    story.until("Mon 23 Nov 09:30").post_update().happened(
        "Mon 23 Nov 09:30 update posted",
        "Mon 23 Nov 09:30 met update/1 of agent, 30m spent",
        "Mon 23 Nov 09:30 started update/2 of agent, 2h, until 11:30",
        "Mon 23 Nov 09:30 promise next_news/1 kept, for 11:00",
        "Mon 23 Nov 09:30 promise next_news/2 made: next_news, by 11:30",
    ).told("update_posted to customer c-1")
    story.until("Mon 23 Nov 15:45").happened(
        "Mon 23 Nov 11:30 breached update/2 of agent, due 11:30",
        "Mon 23 Nov 11:30 started update/3 of agent, 2h, until 13:30",
        "Mon 23 Nov 11:30 promise next_news/2 broken, due 11:30",
        "Mon 23 Nov 13:30 breached update/3 of agent, due 13:30",
        "Mon 23 Nov 13:30 started update/4 of agent, 2h, until 15:30",
        "Mon 23 Nov 13:30 escalated agent -> specialist: update_breached, next news 15:30",
        "Mon 23 Nov 13:30 cancelled tier_resolve/1 of agent, 4h30m spent",
        "Mon 23 Nov 13:30 started acknowledge/2 of specialist, 700h, until Tue 22 Dec 17:30",
        "Mon 23 Nov 13:30 started tier_resolve/2 of specialist, 900h, until Thu 31 Dec 01:30",
        "Mon 23 Nov 13:30 promise next_news/3 made: next_news, by 15:30",
        "Mon 23 Nov 15:30 breached update/4 of agent, due 15:30",
        "Mon 23 Nov 15:30 started update/5 of specialist, 800h, until Sat 26 Dec 23:30",
        "Mon 23 Nov 15:30 promise next_news/3 broken, due 15:30",
    ).told(
        "clock_breached to handler ann",
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
        "clock_breached to handler ann",
        "escalated to customer c-1",
        "escalated to tier specialist",
        "escalated to owner ann",
        "clock_breached to handler specialist",
        "clock_breached to owner ann",
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
    )


def test_an_escalation_by_hand_names_the_tier_it_leaves_and_an_update_the_version_it_saw(tell: Tell) -> None:
    """5.4, 6.5: two people answer the same alarm; the second is refused and nothing changes."""
    story = tell(ladder(agent=row(acknowledge=4), specialist=row(acknowledge=2)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").acknowledge("ann").as_told()
    seen = story.ticket.version
    story.until("Mon 23 Nov 10:30").escalate(from_tier="agent").happened(
        "Mon 23 Nov 10:30 escalated agent -> specialist: by_hand, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 10:30 cancelled tier_resolve/1 of agent, 1h30m spent",
        "Mon 23 Nov 10:30 started acknowledge/2 of specialist, 2h, until 12:30",
        "Mon 23 Nov 10:30 started tier_resolve/2 of specialist, 900h, until Wed 30 Dec 22:30",
        "Mon 23 Nov 10:30 promise next_news/2 made again: next_news, by Sat 26 Dec 17:00",
    )
    told = PostUpdate(actor="ann", text="on its way")
    story.until("Mon 23 Nov 10:31").escalate(from_tier="agent").until("Mon 23 Nov 10:32")
    story.send(told, expected_version=seen).happened(
        "Mon 23 Nov 10:31 refused WRONG_TIER: cannot escalate from tier 'agent': "
        "tier 'specialist' has the ticket now, handled by nobody yet",
        "Mon 23 Nov 10:32 refused STALE_VERSION: expected_version is 2, the ticket is at 3: "
        "look at it again and decide anew",
    ).told("escalated to customer c-1", "escalated to tier specialist", "escalated to owner ann")
    story.until("Mon 23 Nov 11:00").acknowledge("ben").until("Mon 23 Nov 11:15")
    story.send(told, expected_version=story.ticket.version).happened(
        "Mon 23 Nov 11:00 acknowledged by ben of specialist",
        "Mon 23 Nov 11:00 met acknowledge/2 of specialist, 30m spent",
        "Mon 23 Nov 11:15 update posted",
        "Mon 23 Nov 11:15 met update/1 of agent, 2h15m spent",
        "Mon 23 Nov 11:15 started update/2 of specialist, 800h, until Sat 26 Dec 19:15",
        "Mon 23 Nov 11:15 promise next_news/2 kept, for Sat 26 Dec 17:00",
        "Mon 23 Nov 11:15 promise next_news/3 made: next_news, by Sat 26 Dec 19:15",
    )
    assert (story.ticket.owner, story.ticket.handler) == ("ann", "ben")


def test_a_ticket_sent_to_and_fro_goes_on_from_the_time_each_tier_has_spent(tell: Tell) -> None:
    """2.3, 6.5: hand-offs to a tier visited before are ping-pong; backward ones do not tell the customer."""
    story = tell(ladder(agent=row(resolve=4), specialist=row(resolve=6)))
    story.open("Mon 23 Nov 09:00").acknowledge("ann").as_told()
    story.until("Mon 23 Nov 10:00").transfer("specialist").until("Mon 23 Nov 10:30").transfer("agent").happened(
        "Mon 23 Nov 10:00 transferred agent -> specialist forward",
        "Mon 23 Nov 10:00 cancelled tier_resolve/1 of agent, 1h spent",
        "Mon 23 Nov 10:00 started acknowledge/2 of specialist, 700h, until Tue 22 Dec 14:00",
        "Mon 23 Nov 10:00 started tier_resolve/2 of specialist, 6h, until 16:00",
        "Mon 23 Nov 10:00 promise next_news/2 made again: next_news, by Sat 26 Dec 17:00",
        "Mon 23 Nov 10:30 transferred specialist -> agent backward, ping-pong",
        "Mon 23 Nov 10:30 cancelled acknowledge/2 of specialist, 30m spent",
        "Mon 23 Nov 10:30 cancelled tier_resolve/2 of specialist, 30m spent",
        "Mon 23 Nov 10:30 started acknowledge/3 of agent, 700h, until Tue 22 Dec 14:30",
        "Mon 23 Nov 10:30 started tier_resolve/3 of agent, 4h with 1h spent, until 13:30",
    ).told(
        "transferred to customer c-1",
        "transferred to tier specialist",
        "transferred to owner ann",
        "transferred to tier agent",
        "transferred to owner ann",
    )
    story.until("Mon 23 Nov 11:00").transfer("specialist").until("Mon 23 Nov 11:01").transfer("nobody")
    story.until("Mon 23 Nov 17:00").in_short(
        "Mon 23 Nov 11:00 transferred agent -> specialist forward, ping-pong",
        "Mon 23 Nov 11:01 refused UNKNOWN_TIER: cannot transfer to tier 'nobody': "
        "the policy has agent, specialist, supplier",
        "Mon 23 Nov 16:30 breached tier_resolve/4 of specialist, due 16:30",
        "Mon 23 Nov 16:30 escalated specialist -> supplier: tier_resolve_breached, next news Sat 26 Dec 17:00",
    )
