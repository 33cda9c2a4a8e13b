"""What a customer is told who wishes to leave and is asked something: nothing waits for their answer."""

from dataclasses import replace

import pytest

from services.words.words import Rendered, Words
from tests.support.telling import IDA, Life, an_opening
from workflows.domain.ticket.commands import Acknowledge, Escalate, MergeInto, Open, WaitOnCustomer
from workflows.domain.ticket.words import Audience, Status, TicketKind

WORDS = Words()
ANN = Acknowledge(actor="ann", handler="ann", tier="agent")
ASKED = WaitOnCustomer(actor="ann", question="From when?")
WAITS_FOR = ("We wait for it", "We still need", "Wir warten", "Wir brauchen")


def leaves(locale: str = "en-GB") -> Open:
    """A request to leave, of a customer who reads that language."""
    return replace(an_opening(replace(IDA, language=locale)), kind=TicketKind.LEAVING)


def asked(opening: Open) -> Life:
    """An hour after they came they were asked something; they are reminded after five hours more."""
    return Life(opening=opening).do(ANN).until(1).do(ASKED)


def said(life: Life, kind: str) -> Rendered:
    """The first message of a kind to the customer, in words."""
    return WORDS.say(life.first(kind, Audience.CUSTOMER))


@pytest.mark.parametrize(
    ("locale", "goes_on", "hears"),
    [
        ("en-GB", "What you asked for goes on meanwhile", "You will hear from us again by"),
        ("de-AT", "Worum Sie gebeten haben, geht inzwischen weiter", "Sie hören spätestens bis"),
    ],
)
@pytest.mark.parametrize("kind", ["question_asked", "customer_reminded"])
def test_a_reminder_says_what_the_question_said(kind: str, locale: str, goes_on: str, hears: str) -> None:
    """6.5, 6.6: what they asked for goes on meanwhile, and they are told when they hear next; nobody waits for them."""
    message = said(asked(leaves(locale)).until(7), kind)
    assert goes_on in message.text
    assert hears in message.text
    assert not [words for words in WAITS_FOR if words in message.subject + message.text]


@pytest.mark.parametrize("kind", ["question_asked", "customer_reminded"])
def test_whoever_is_waited_for_is_told_so_and_promised_nothing(kind: str) -> None:
    """6.5: of everybody else it is the customer's turn, and no news is promised until they have answered."""
    message = said(asked(an_opening()).until(7), kind)
    assert "We wait for it until" in message.text
    assert message.next_news_at is None
    assert "hear from us" not in message.text


def test_who_goes_up_meanwhile_is_told_when_they_hear_next() -> None:
    """6.5: in the same step they are told that, why, and when they hear next, asked or not."""
    life = asked(leaves()).do(Escalate(actor="ann", from_tier="agent", reason="the contract"))
    message = said(life, "escalated")
    assert message.next_news_at == life.ticket.next_news_at is not None
    assert "You will hear from us again by" in message.text
    assert "need your answer" not in message.text


@pytest.mark.parametrize(("kind", "is_needed"), [(TicketKind.LEAVING, False), (TicketKind.REQUEST, True)])
def test_who_is_merged_into_it_is_not_told_that_an_answer_is_needed_there(kind: TicketKind, *, is_needed: bool) -> None:
    """6.5, 6.7: the one that goes on waits for nobody; of any other one the answer is what is next."""
    into = MergeInto(
        actor="ann",
        survivor_id="t-2",
        survivor_reference="RT5H-9WXA",
        survivor_kind=kind,
        survivor_status=Status.WAITING_ON_CUSTOMER,
    )
    merged = said(Life().do(ANN, into), "merged")
    assert ("something that we need your answer to" in merged.text) is is_needed
