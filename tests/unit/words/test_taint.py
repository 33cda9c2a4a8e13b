"""Work notes, time spent and what else is the desk's never reach a customer: over every template and message (6.12).

Everything in a log that is text is marked, unless it stands in the short list of what a customer may read. So a new
field of a new event is the desk's until somebody writes here that it is not.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar, cast

import pytest
from hypothesis import given

from services.words.kinds import KINDS, Side
from services.words.occasion import Occasion
from services.words.words import Rendered, Words
from tests.support.telling import lives
from tests.unit.ticket.lives import ENOUGH
from tests.unit.ticket.plans import Plan, lives_of, worlds
from workflows.domain.ticket.commands import Customer
from workflows.domain.ticket.events import Entry, Escalated, Reopened
from workflows.domain.ticket.words import Audience, Cause

MARK = "\N{WARNING SIGN}internal"
LANGUAGES = ("en-GB", "de-DE", "fr-FR")
CHANNELS = ("", "file", "sms")
CUSTOMERS = {
    ("Opened", "reference"),
    ("Opened", "subject"),
    ("Opened", "customer"),
    ("UpdatePosted", "text"),
    ("UpdatePosted", "also_for"),
    ("WaitStarted", "question"),
    ("Resolved", "explanation"),
    ("Resolved", "also_for"),
    ("Resolved", "alternative"),
    ("Rejected", "reason"),
    ("PromiseMade", "words"),
    ("PromiseChanged", "words"),
    ("CreditOffered", "currency"),
    ("Merged", "survivor_reference"),
    ("Merged", "explanation"),
    ("Ticket", "reference"),
    ("Ticket", "subject"),
    ("Ticket", "customer"),
}
"""What a customer may read: their own words, and what was written for them."""

Value = TypeVar("Value")


def tainted(value: Value) -> Value:
    """The same with every text marked that is the desk's."""
    if not is_dataclass(value):
        return value
    return cast(Value, replace(cast(Any, value), **dict(_marked(value))))


def _marked(value: object) -> Iterator[tuple[str, object]]:
    kind = type(value).__name__
    for each in fields(cast(Any, value)):
        held = getattr(value, each.name)
        if (kind, each.name) in CUSTOMERS or not each.init:
            continue
        if isinstance(value, Escalated | Reopened) and each.name == "reason" and _is_the_customers(value):
            continue
        yield each.name, _mark(held)


def _mark(held: object) -> object:
    if isinstance(held, Enum):
        return held
    if isinstance(held, str):
        return f"{MARK} {held}"
    if isinstance(held, tuple):
        return tuple(_mark(each) for each in held)
    return tainted(held)


def _is_the_customers(event: Escalated | Reopened) -> bool:
    """Words that came with a rejection (6.5, 6.8)."""
    if isinstance(event, Reopened):
        return event.is_rejection
    return Cause.SOLUTION_REJECTED in event.causes and Cause.BY_HAND not in event.causes


def with_marks(occasion: Occasion) -> Occasion:
    """The same message of a log in which all that is the desk's is marked."""
    return replace(
        occasion,
        ticket=tainted(occasion.ticket),
        entries=tuple(replace(entry, actor=MARK, event=tainted(entry.event)) for entry in occasion.entries),
    )


def all_of(said: Rendered) -> str:
    """Every text that a channel is given to tell somebody by."""
    return "\n".join([said.subject, said.text, said.html, said.reference, str(said.facts)])


def test_the_mark_is_seen_where_it_is_said() -> None:
    """The test can fail: the desk is told what the customer is not."""
    desk = with_marks(lives()[3].first("escalated", Audience.TIER))
    assert MARK in Words().say(desk).text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
def test_nothing_internal_reaches_a_customer(language: str, channel: str) -> None:
    """6.12: over every kind of message that a customer is ever told, in every language, by every channel."""
    words, told = Words(), set[str]()
    for life in lives(Customer(external_id="c-1", name="Ida Example", language=language, zone="Europe/Paris")):
        for occasion in life.occasions():
            if occasion.audience is Audience.CUSTOMER:
                told.add(occasion.kind)
                assert MARK not in all_of(words.say(with_marks(occasion), channel)), occasion.kind
    assert told == {name for name, side in KINDS if side is Side.CUSTOMER}


@ENOUGH
@given(plan=worlds)
def test_nothing_internal_reaches_a_customer_in_any_life(plan: Plan) -> None:
    """6.12: whatever the policies, whatever is done to however many tickets, however late it is found."""
    words = Words()
    for life in lives_of(plan):
        ticket, entries = tainted(life.ticket), list[Entry]()
        for policy, judged in zip((*life.policies[1:], life.policy), life.judgements, strict=True):
            entries += [replace(entry, actor=MARK, event=tainted(entry.event)) for entry in judged.entries]
            for message in judged.messages:
                said = words.say(
                    Occasion(
                        kind=message.kind,
                        audience=message.audience,
                        recipient=message.recipient,
                        key="0" * 32,
                        sequence=message.sequence,
                        ticket=ticket,
                        policy=policy,
                        entries=tuple(entries),
                        now_at=datetime(2026, 11, 23, tzinfo=UTC),
                    )
                )
                assert ticket.reference in said.subject or message.kind == "merged"
                if message.audience is Audience.CUSTOMER:
                    assert MARK not in all_of(said), message.kind
