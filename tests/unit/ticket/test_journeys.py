"""Semantics 5.3, of lives that meet all that time spent and pauses survive.

Another priority, escalation, a transfer there and back, rejection, reopening and an answer after `no_response`; in any
order, each in the middle of a wait or not.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ticket.lives import (
    ENOUGH,
    OPENED_AT,
    OPENING,
    Life,
    lags,
    policies,
    without_detection,
)
from workflows.domain.policy import Policy, minutes
from workflows.domain.ticket.commands import (
    ChangePriority,
    Command,
    Confirm,
    Escalate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    Transfer,
    WaitOnCustomer,
)
from workflows.domain.ticket.rederive import looks, rederive
from workflows.domain.ticket.state import TICK, Ticket
from workflows.domain.ticket.words import ContactKind, Outcome


class Leg(NamedTuple):
    """One of the things that time spent and pauses survive, perhaps met in the middle of a wait."""

    steps: tuple[str, ...]
    is_waiting: bool
    gap: timedelta
    """Before each of its commands. Short beside what gives a wait up or closes a ticket by silence."""


LEGS = (
    ("priority",),
    ("escalate",),
    ("hand on",),
    ("hand on",),
    ("resolve", "reject"),
    ("resolve", "confirm", "reopen"),
    ("no response", "answer"),
)
gaps = st.integers(1, 16).map(lambda quarters: minutes(15 * quarters))
journeys = st.permutations(LEGS).flatmap(
    lambda legs: st.tuples(
        *(st.builds(Leg, steps=st.just(steps), is_waiting=st.booleans(), gap=gaps) for steps in legs)
    )
)


def command_of(step: str, ticket: Ticket) -> Command:
    """A step's command, as somebody who sees the ticket would send it."""
    commands: dict[str, Command] = {
        "ask": WaitOnCustomer(actor="ann", question="which router?"),
        "answer": RecordContact(actor="desk", kind=ContactKind.INFORMATION, channel="phone", text="the white one"),
        "priority": ChangePriority(
            actor="ann", priority="normal" if ticket.priority == "urgent" else "urgent", reason="their shop"
        ),
        "escalate": Escalate(actor="ann", from_tier=ticket.tier, reason="beyond us"),
        "hand on": Transfer(actor="ann", to_tier="agent" if ticket.tier != "agent" else "supplier", reason="theirs"),
        "resolve": Resolve(actor="ann", outcome=Outcome.FIXED, explanation="done"),
        "no response": Resolve(actor="ann", outcome=Outcome.NO_RESPONSE, explanation="asked in vain"),
        "reject": Reject(actor="desk", reason="still dead"),
        "confirm": Confirm(actor="desk"),
        "reopen": Reopen(actor="desk", reason="dead again"),
    }
    return commands[step]


def travelled(policy: Policy, journey: tuple[Leg, ...], lag: timedelta) -> Iterator[Life]:
    """The same life again after each command of a journey, found that much later than it could be."""
    life, now = Life(policy), OPENED_AT
    for leg in journey:
        for step in (*(["ask"] if leg.is_waiting else []), *leg.steps, "answer"):
            now += leg.gap
            life.until(now, lag)
            now = max(now, life.settled_at[-1] + TICK)
            life.settle(now, command_of(step, life.ticket))
            assert life.judgements[-1].refusal is None
            yield life


@ENOUGH
@given(policies, journeys, lags)
def test_settling_later_gives_the_same_journey(policy: Policy, journey: tuple[Leg, ...], lag: timedelta) -> None:
    """5.3: with the same (instant, input) list and no lateness of more than 60 s, only `detected_at` differs."""
    *_, at_once = travelled(policy, journey, timedelta())
    *_, behind = travelled(policy, journey, lag)
    assert behind.applied == at_once.applied
    assert without_detection(behind.entries) == without_detection(at_once.entries)
    assert replace(behind.ticket, version=0) == replace(at_once.ticket, version=0)


@ENOUGH
@given(policies, journeys, lags)
def test_a_journey_is_a_function_of_its_inputs(policy: Policy, journey: tuple[Leg, ...], lag: timedelta) -> None:
    """5.3: policy, (instant, input) list and what the record keeps of detection give the same log."""
    *_, life = travelled(policy, journey, lag)
    again = rederive(policy, OPENING, OPENED_AT, life.applied, looks(life.entries))
    assert list(again.entries) == life.entries
    assert replace(again.ticket, version=0) == replace(life.ticket, version=0)
