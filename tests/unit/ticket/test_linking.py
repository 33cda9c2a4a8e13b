"""A ticket's log knows the problems that are behind it, and nobody is told of a link."""

from tests.support.policies import ladder
from workflows.domain.ticket.commands import Confirm, LinkProblem, PostUpdate, Resolve, UnlinkProblem
from workflows.domain.ticket.linking import MOST_PROBLEMS
from workflows.domain.ticket.words import Outcome, Status
from workflows.testing.story import Tell


def link(problem_id: str = "p-1") -> LinkProblem:
    """Put a problem behind the ticket."""
    return LinkProblem(actor="lea", problem_id=problem_id, title="no line in Leeds")


def unlink(problem_id: str = "p-1") -> UnlinkProblem:
    """Take it away."""
    return UnlinkProblem(actor="lea", problem_id=problem_id, reason="another matter")


def test_a_link_is_a_line_and_changes_nothing_that_is_decided_on(tell: Tell) -> None:
    """5.4: linked and unlinked, told to nobody; the version does not rise, no clock moves, what was warned stays."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").as_told()
    version, clocks = story.ticket.version, story.ticket.clocks
    story.until("Mon 23 Nov 10:00").send(link()).happened("Mon 23 Nov 10:00 linked to problem p-1").told()
    assert story.ticket.problems == ("p-1",)
    story.until("Mon 23 Nov 11:00").send(link("p-2")).until("Mon 23 Nov 12:00").send(unlink()).happened(
        "Mon 23 Nov 11:00 linked to problem p-2", "Mon 23 Nov 12:00 unlinked from problem p-1"
    ).told()
    assert (story.ticket.problems, story.ticket.version, story.ticket.clocks) == (("p-2",), version, clocks)


def test_what_is_so_already_is_said(tell: Tell) -> None:
    """Linking twice and unlinking what is not linked are refused, and change nothing."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").send(link()).as_told()
    story.until("Mon 23 Nov 10:00").send(link()).until("Mon 23 Nov 11:00").send(unlink("p-2")).happened(
        "Mon 23 Nov 10:00 refused PROBLEM_LINKED_ALREADY: the ticket is linked to problem 'p-1' already: "
        "there is nothing to do",
        "Mon 23 Nov 11:00 refused PROBLEM_NOT_LINKED: the ticket is not linked to problem 'p-2': "
        "there is nothing to unlink",
    )
    assert story.ticket.problems == ("p-1",)


def test_a_ticket_is_about_so_many_problems_at_most(tell: Tell) -> None:
    """What a ticket keeps is bounded."""
    story = tell(ladder()).open("Mon 23 Nov 09:00")
    for number in range(MOST_PROBLEMS):
        story.send(link(f"p-{number}"))
    story.as_told().until("Mon 23 Nov 10:00").send(link("p-too-many")).happened(
        "Mon 23 Nov 10:00 refused TOO_MANY_PROBLEMS: the ticket is linked to 20 problems: unlink one of them first"
    )


def test_what_was_one_fault_may_be_seen_when_all_is_over(tell: Tell) -> None:
    """A closed ticket is linked as any other: that is how it is known how many there were."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").resolve().send(Confirm(actor="c-1"))
    story.as_told().until("Mon 23 Nov 11:00").send(link()).happened("Mon 23 Nov 11:00 linked to problem p-1")


def test_what_another_tickets_letter_tells_has_none_of_its_own(tell: Tell) -> None:
    """6.4, 6.7: the customer was told all the same: the update clock is met, sign-off begins; nobody hears twice."""
    update = PostUpdate(actor="lea", text="a digger", told_in="RT5H-9WXA")
    story = tell(ladder()).open("Mon 23 Nov 09:00").send(link()).as_told()
    story.until("Mon 23 Nov 10:00").send(update).happened(
        "Mon 23 Nov 10:00 update posted, told in RT5H-9WXA",
        "Mon 23 Nov 10:00 met update/1 of agent, 1h spent",
        "Mon 23 Nov 10:00 started update/2 of agent, 800h, until Sat 26 Dec 18:00",
        "Mon 23 Nov 10:00 promise next_news/1 kept, for Sat 26 Dec 17:00",
        "Mon 23 Nov 10:00 promise next_news/2 made: next_news, by Sat 26 Dec 18:00",
    ).told()
    fix = Resolve(actor="lea", outcome=Outcome.FIXED, explanation="mended", told_in="RT5H-9WXA")
    story.until("Mon 23 Nov 11:00").send(fix).in_short(
        "Mon 23 Nov 11:00 resolved fixed, told in RT5H-9WXA",
        "Mon 23 Nov 11:00 met acknowledge/1 of agent, 2h spent",
        "Mon 23 Nov 11:00 met update/2 of agent, 1h spent",
    ).told()
    assert story.ticket.status is Status.RESOLVED


def test_a_letter_for_several_says_so_in_the_log(tell: Tell) -> None:
    """Whoever reads the log sees which other tickets the customer was told of in it."""
    fix = Resolve(actor="lea", outcome=Outcome.FIXED, explanation="mended", also_for=("RT5H-9WXA", "9RTM-2KQA"))
    story = tell(ladder()).open("Mon 23 Nov 09:00").as_told().until("Mon 23 Nov 10:00").send(fix)
    story.in_short(
        "Mon 23 Nov 10:00 resolved fixed, also for RT5H-9WXA 9RTM-2KQA",
        "Mon 23 Nov 10:00 met acknowledge/1 of agent, 1h spent",
        "Mon 23 Nov 10:00 met update/1 of agent, 1h spent",
    ).told("resolved to customer c-1")
