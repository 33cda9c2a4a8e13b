"""A request to leave, derived again: giving up its wait resolves nothing, and says when it was found (5.3, 6.6)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.policies import ladder
from tests.unit.ticket.lives import OPENED_AT, OPENING
from workflows.domain.policy import hours
from workflows.domain.ticket.commands import WaitOnCustomer
from workflows.domain.ticket.events import WaitEnded
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.rederive import Input, looks, rederive
from workflows.domain.ticket.words import TicketKind, WaitEnd

LETS_GO = replace(ladder(), leaving="normal")
LEAVING = replace(OPENING, kind=TicketKind.LEAVING)


@pytest.mark.parametrize("late", [timedelta(), timedelta(seconds=30), hours(2)])
def test_a_wait_that_was_given_up_is_derived_to_the_letter(late: timedelta) -> None:
    """5.3: the record keeps when it was found to be due, as of every step that nobody asked for."""
    asked_at = OPENED_AT + hours(1)
    asked = WaitOnCustomer(actor="ann", question="From when?")
    judged = open_ticket(LETS_GO, LEAVING, OPENED_AT)
    entries = list(judged.entries)
    judged = judge(LETS_GO, judged.ticket, asked_at, asked)
    entries += judged.entries
    while not any(isinstance(each.event, WaitEnded) for each in entries):
        wake_at = judged.ticket.wake_at()
        assert wake_at is not None
        judged = judge(LETS_GO, judged.ticket, wake_at + late)
        entries += judged.entries

    derived = rederive(LETS_GO, LEAVING, OPENED_AT, [Input(at=asked_at, command=asked)], looks(entries))

    assert [each.event.by for each in entries if isinstance(each.event, WaitEnded)] == [WaitEnd.GAVE_UP]
    assert (list(derived.entries), derived.ticket) == (entries, judged.ticket)
