"""The codec: whatever the domain can hold comes back as it was, to the microsecond."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.records import codec
from tests.support.record import a_policy, an_acknowledgement, an_opening
from workflows.domain.money import MOST_MINOR, Money
from workflows.domain.policy import AtRisk, OnBreach, Policy
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.commands import LONGEST_SPENT, Command, Import, LogTime, OfferCredit, Open, Rate
from workflows.domain.ticket.events import ClockBreached, Event
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import Refusal
from workflows.domain.ticket.words import Target

instants = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
st.register_type_strategy(datetime, instants)
st.register_type_strategy(timedelta, st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=4000)))
st.register_type_strategy(
    LogTime,
    st.builds(
        LogTime,
        actor=st.text(),
        spent=st.timedeltas(min_value=timedelta(microseconds=1), max_value=LONGEST_SPENT),
        text=st.text(),
    ),
)
st.register_type_strategy(
    Rate, st.builds(Rate, actor=st.text(), stars=st.integers(1, 5), comment=st.text(), customer=st.none() | st.text())
)
st.register_type_strategy(
    OfferCredit,
    st.builds(
        OfferCredit,
        actor=st.text(),
        minor=st.integers(1, MOST_MINOR),
        currency=st.from_regex("[A-Z]{3}", fullmatch=True),
        reason=st.text(),
    ),
)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))

events = st.one_of(*(st.from_type(kind) for kind in get_args(Event)))
commands = st.one_of(*(st.from_type(kind) for kind in (Open, Import, *get_args(Command))))


@given(event=events)
def test_every_event_comes_back(event: Event) -> None:
    """The log is written once and read for years."""
    assert codec.event_from_json(codec.kind_of(event), codec.event_to_json(event)) == event


@given(command=commands)
def test_every_command_comes_back(command: codec.Input) -> None:
    """5.3: the inputs are what a ticket is a function of."""
    assert codec.command_from_json(codec.kind_of(command), codec.command_to_json(command)) == command


@given(ticket=st.from_type(Ticket))
def test_every_state_comes_back(ticket: Ticket) -> None:
    """A settle goes on from exactly what the one before left."""
    assert codec.state_from_json(codec.state_to_json(ticket)) == ticket


@given(refusal=st.builds(Refusal, facts=st.dictionaries(st.text(), st.text())))
def test_every_refusal_comes_back(refusal: Refusal) -> None:
    """5.5: a refusal is given again as it was."""
    assert codec.refusal_from_json(codec.refusal_to_json(refusal)) == refusal


def test_ticket_that_was_read_back_is_judged_the_same() -> None:
    """What comes back is no mere likeness: the judge says the same of it."""
    at = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    ticket = open_ticket(a_policy(), an_opening(), at).ticket
    again = codec.state_from_json(codec.state_to_json(ticket))
    later = at + timedelta(hours=30)

    assert judge(a_policy(), again, later, an_acknowledgement()) == judge(
        a_policy(), ticket, later, an_acknowledgement()
    )


@pytest.mark.parametrize(
    ("kind", "name"),
    [(ClockBreached, "clock_breached"), (Open, "open")],
)
def test_kind_is_the_class_name_in_snake_case(kind: type, name: str) -> None:
    """A column's value that a person can read and a later release can find."""
    assert codec.kind_of(object.__new__(kind)) == name


def test_unknown_fields_are_ignored_and_unknown_kinds_are_not() -> None:
    """A field that a newer release added is no harm; an event that it invented is not guessed at."""
    text = codec.command_to_json(an_acknowledgement())
    assert codec.command_from_json("acknowledge", text[:-1] + ',"mood":"calm"}') == replace(an_acknowledgement())
    with pytest.raises(KeyError):
        codec.event_from_json("abducted", "{}")


@pytest.mark.parametrize(
    ("policy", "its_format"),
    [
        (a_policy(), 1),
        (replace(a_policy(), credit_for_promise=Money(minor=500, currency="GBP")), 2),
        (replace(a_policy(), credit_limit=Money(minor=2500, currency="GBP")), 2),
        (replace(a_policy(), leaving=a_policy().priorities[0]), 2),
        (replace(a_policy(), rating_tells_lead=3), 2),
        (replace(a_policy(), at_risk=None), 2),
        (replace(a_policy(), at_risk=AtRisk(period=timedelta(days=30), number=2)), 2),
        (
            replace(
                a_policy(),
                tiers=tuple(
                    replace(tier, on_breach={Target.PROMISE: OnBreach(escalate_every=1)}) for tier in a_policy().tiers
                ),
            ),
            2,
        ),
    ],
)
def test_a_policy_is_stored_in_the_oldest_format_that_holds_all_of_it(policy: Policy, its_format: int) -> None:
    """7.2: a release that knows nothing of promises and credits leaves their tickets to one that does; others go on."""
    stored = codec.policy_to_json(policy)

    assert codec.data_from_json(stored)["format"] == its_format
    assert codec.policy_from_json(version_of(policy), stored) == policy
