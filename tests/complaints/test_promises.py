"""Callbacks that die, and broken promises that hurt more than the fault: told at our desk."""

from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_service_pb2 import (
    AssignTicketRequest,
    ChangePromiseRequest,
    EscalateTicketRequest,
    KeepPromiseRequest,
    MakePromiseRequest,
    PostUpdateRequest,
    TransferTicketRequest,
)
from tests.support.day import Day


async def test_family_18_a_callback_survives_assignment_escalation_and_transfer(day: Day) -> None:
    """Callbacks die when the ticket changes hands: here three do, and at 15:00 it is still ana who said she would call.

    Nobody calls: she and the lead are told, and so is the customer, who has not to find out by waiting.
    """
    ticket = await day.open(priority="normal")
    await day.take(ticket, "ana")
    await day.ask(ticket, _call_at(day, "Mon 23 Nov 15:00"))
    await day.ask(ticket, AssignTicketRequest(handler="ben"))
    await day.ask(ticket, EscalateTicketRequest(from_tier="agent", reason="It needs a technician."))
    await day.ask(ticket, TransferTicketRequest(to_tier="supplier", reason="It is in the street."))
    (promise,) = [each for each in (await day.now(ticket)).promises if each.name == "call back"]
    assert promise.owner == "ana"
    await day.comes("Mon 23 Nov 15:01")
    (broken,) = [
        each
        for each in await day.of_kind(ticket, "promise_broken", lambda event: event.promise_broken)
        if each.name == "call back"
    ]
    assert day.at(broken.due_time) == "Mon 23 Nov 15:00"
    told = await day.told(ticket)
    assert "promise_broken to owner ana" in told
    assert "promise_broken to lead team-lead" in told
    assert "promise_broken to customer c-1" in told


async def test_family_18_if_you_said_you_would_call_call(day: Day) -> None:
    """A call-back is kept only by its name, never by an update; a late call is recorded and withdraws nothing (2.4)."""
    ticket = await day.open(priority="normal")
    await day.take(ticket, "ana")
    await day.ask(ticket, _call_at(day, "Mon 23 Nov 11:00"))
    await day.comes("Mon 23 Nov 10:30")
    await day.ask(ticket, PostUpdateRequest(text="We are at it."))
    assert await day.happened(ticket, "promise_kept") == ["Mon 23 Nov 10:30 promise_kept"]  # that of next news
    await day.comes("Mon 23 Nov 11:30")
    await day.ask(ticket, KeepPromiseRequest(name="call back"))
    kept = await day.of_kind(ticket, "promise_kept", lambda event: event.promise_kept)
    assert [(each.name, each.late) for each in kept] == [("next_news", False), ("call back", True)]
    promise = next(each for each in (await day.now(ticket)).promises if each.name == "call back")
    assert promise.state == ticket_pb2.PROMISE_STATE_BROKEN


async def test_family_18_a_callback_is_agreed_anew_before_its_time_and_not_after(day: Day) -> None:
    """Re-agreed at 10:30 for the next day it is kept there; after its instant there is nothing left to agree (2.4)."""
    ticket = await day.open(priority="normal")
    await day.take(ticket, "ana")
    await day.ask(ticket, _call_at(day, "Mon 23 Nov 11:00"))
    await day.comes("Mon 23 Nov 10:30")
    tomorrow = _stamp(day, "Tue 24 Nov 10:00")
    change = ChangePromiseRequest(
        name="call back", promise_time=tomorrow, words="We call you on Tuesday at ten.", reason="Asked for by Ada."
    )
    await day.ask(ticket, change)
    await day.comes("Tue 24 Nov 09:59")
    assert await day.happened(ticket, "promise_broken") == ["Mon 23 Nov 13:00 promise_broken"]  # that of next news
    await day.comes("Tue 24 Nov 10:01")
    late = ChangePromiseRequest(
        name="call back", promise_time=_stamp(day, "Tue 24 Nov 12:00"), words="Later.", reason="Forgotten."
    )
    assert (await day.refused(ticket, late)).reason == "PROMISE_OVER"


def _call_at(day: Day, text: str) -> MakePromiseRequest:
    return MakePromiseRequest(
        kind=ticket_pb2.PROMISE_KIND_CALL_BACK,
        name="call back",
        promise_time=_stamp(day, text),
        words="We call you back.",
    )


def _stamp(day: Day, text: str) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(day.instant(text))
    return stamp
