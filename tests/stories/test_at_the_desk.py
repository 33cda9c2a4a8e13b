"""Among colleagues: handing a ticket to the next chair, another priority, notes and hours."""

from dataclasses import replace

from tests.support.policies import ladder, row
from workflows.domain.policy import Policy, hours, minutes
from workflows.domain.ticket.commands import AddNote, Assign, ChangePriority, LogTime
from workflows.testing.story import Tell


def two_priorities() -> Policy:
    """The quiet ladder, with an urgent priority that has a quarter of the agents' time."""
    policy = ladder(agent=row(acknowledge=8, resolve=16), resolve=hours(1000))
    tiers = tuple(
        replace(
            tier,
            targets={
                "urgent": row(acknowledge=2, update_every=790, resolve=4) if tier.name == "agent" else row(),
                **tier.targets,
            },
        )
        for tier in policy.tiers
    )
    return replace(policy, resolve={"urgent": hours(900), **policy.resolve}, tiers=tiers)


def test_a_shift_ends_and_the_next_one_goes_on(tell: Tell) -> None:
    """6.2, 6.12: assigning moves no clock; notes and hours are told to nobody, and are kept on a closed ticket too."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge("ann").as_told()
    before = story.ticket.clocks
    story.until("Mon 23 Nov 17:00").send(AddNote(actor="ann", text="socket is wet, box is fine"))
    story.until("Mon 23 Nov 17:01").send(LogTime(actor="ann", spent=hours(2) + minutes(30), text=""))
    story.until("Mon 23 Nov 17:02").send(Assign(actor="lead", handler="bob")).happened(
        "Mon 23 Nov 17:00 note added",
        "Mon 23 Nov 17:01 time logged: 2h30m",
        "Mon 23 Nov 17:02 assigned ann -> bob",
    ).told("assigned to handler bob", "assigned to owner ann")
    assert (story.ticket.handler, story.ticket.owner, story.ticket.clocks) == ("bob", "ann", before)
    version = story.ticket.version
    story.until("Mon 23 Nov 18:00").resolve().confirm().as_told()
    story.until("Tue 24 Nov 09:00").send(LogTime(actor="bob", spent=minutes(5), text="wrote it up"))
    story.happened("Tue 24 Nov 09:00 time logged: 5m").told()
    assert story.ticket.version == version + 2


def test_another_priority_in_the_middle_of_it(tell: Tell) -> None:
    """6.11: three hours spent of sixteen, where an urgent ticket has four: one is left, and it is kept to."""
    story = tell(two_priorities()).open("Mon 23 Nov 09:00").as_told()
    urgent = ChangePriority(actor="lead", priority="urgent", reason="the shop cannot open")
    story.until("Mon 23 Nov 12:00").send(urgent).in_short("Mon 23 Nov 12:00 priority normal -> urgent")
    story.told("priority_changed to handler agent")
    story.until("Mon 23 Nov 12:01").send(urgent).in_short(
        "Mon 23 Nov 12:01 refused WRONG_STATE: cannot change the priority: the ticket is 'open'; "
        "its priority is 'urgent' already: name another"
    )
    story.until("Mon 23 Nov 13:30").in_short(
        "Mon 23 Nov 13:00 breached tier_resolve/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 escalated agent -> specialist: tier_resolve_breached, next news Sat 26 Dec 07:00",
    )
