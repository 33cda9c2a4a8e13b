"""Nobody waits on a customer who has answered: no state that a ticket can come to has it (semantics 6.3, 6.6)."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ticket.lives import ENOUGH, OPENED_AT, Life, gaps, lags, policies
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import (
    Acknowledge,
    AddNote,
    Command,
    Continue,
    Escalate,
    PostUpdate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import ContactReceived, Entry, WaitEnded, WaitStarted
from workflows.domain.ticket.state import TICK
from workflows.domain.ticket.words import ContactKind, Outcome, Status, WaitEnd

SAID: dict[str, Command] = {
    "ask": WaitOnCustomer(actor="ann", question="which router?"),
    **{kind: RecordContact(actor="desk", kind=kind, channel="mail", text="the left") for kind in ContactKind},
    "take": Acknowledge(actor="ann", handler="ann", tier="agent"),
    "continue": Continue(actor="ann", reason="found it"),
    "escalate": Escalate(actor="ann", from_tier="agent", reason="beyond us"),
    "update": PostUpdate(actor="ann", text="soon"),
    "note": AddNote(actor="ann", text="seen"),
    "resolve": Resolve(actor="ann", outcome=Outcome.FIXED, explanation="a new router"),
    "reject": Reject(actor="desk", reason="still dead"),
    "reopen": Reopen(actor="desk", reason="dead again"),
}
"""What desk and customer say in turn."""
OFTEN = ("ask", "ask", "ask", "ask", *ContactKind, *ContactKind)
commands = st.sampled_from((*OFTEN, *SAID)).map(lambda said: SAID[said])
talks = st.lists(st.tuples(gaps, st.none() | commands, st.booleans()), min_size=4, max_size=14)
Talk = list[tuple[timedelta, Command | None, bool]]


def talked(policy: Policy, talk: Talk, lag: timedelta) -> Life:
    """A life that is mostly questions and contacts; in an outage nobody looks at the clocks meanwhile."""
    life, now = Life(policy), OPENED_AT
    for gap, command, is_outage in talk:
        now += gap
        if not is_outage:
            life.until(now, lag)
        life.settle(max(now, life.settled_at[-1] + TICK), command)
    return life


@ENOUGH
@given(policies, talks, lags)
def test_no_reachable_state_has_a_contact_later_than_the_question_while_it_waits(
    policy: Policy, talk: Talk, lag: timedelta
) -> None:
    """6.3: after every settle, whatever was asked, however late it was found: the question is the last word."""
    life, entries = talked(policy, talk, lag), list[Entry]()
    for judged in life.judgements:
        entries += judged.entries
        ticket = judged.ticket
        assert (ticket.waiting is not None) == (ticket.status is Status.WAITING_ON_CUSTOMER)
        if ticket.waiting is None:
            continue
        asked = max(entry.sequence for entry in entries if isinstance(entry.event, WaitStarted))
        (question,) = (entry for entry in entries if entry.sequence == asked)
        contacts = [entry for entry in entries if isinstance(entry.event, ContactReceived)]
        assert ticket.waiting.question_at == question.at
        assert all(contact.sequence < asked and contact.at < question.at for contact in contacts)


@ENOUGH
@given(policies, talks, lags)
def test_a_contact_says_that_it_is_the_answer_exactly_when_it_ends_a_wait(
    policy: Policy, talk: Talk, lag: timedelta
) -> None:
    """2.7, 6.3: the wait ends with the contact's own next line, at its own instant, and such a contact is no chase."""
    entries = talked(policy, talk, lag).entries
    chases = 0
    for contact, following in zip(entries, (*entries[1:], None), strict=True):
        if not isinstance(contact.event, ContactReceived):
            continue
        ends = (
            following is not None and isinstance(following.event, WaitEnded) and following.event.by is WaitEnd.CONTACT
        )
        assert contact.event.answered_wait == ends
        if following is not None and ends:
            assert following.at == contact.at
            assert contact.event.chases <= chases
        chases = contact.event.chases
