"""A customer who may leave, and one who does: the lead hears of it in time, the customer never, and nobody holds them.

Told through gRPC, on each of the two databases, of several tickets of one customer; the keeper sweeps as days go by.
"""

from dataclasses import replace
from datetime import timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    ConfirmResolutionRequest,
    MakePromiseRequest,
    OfferCreditRequest,
    RateTicketRequest,
    RecordContactRequest,
    ResolveTicketRequest,
)
from tests.support.day import Day, a_day
from tests.support.policies import LINES, PROMISED, Standing
from workflows.domain.policy import AtRisk, Money, hours

GENEROUS = replace(
    LINES,
    sign_off=hours(9),
    credit_for_promise=Money(minor=500, currency="GBP"),
    leaving="high",
    at_risk=AtRisk(period=timedelta(days=30), number=3),
)
STANDING = Standing(promised=replace(PROMISED, policies={LINES.name: GENEROUS}))
FLAG = "customer_at_risk to lead team-lead"


async def _sweep(day: Day, *tickets: Ticket) -> list[bool]:
    """Have the keeper look, twice; whether the lead was ever told by each of the tickets."""
    for _ in range(2):
        await day.desk.records.customers_at_risk.sweep()
    told = [await day.told(ticket) for ticket in tickets]
    assert all(kinds.count(FLAG) <= 1 for kinds in told)
    assert not any(kind.startswith("customer_at_risk to customer") for kinds in told for kind in kinds)
    return [FLAG in kinds for kinds in told]


async def _solve(day: Day, ticket: Ticket, stars: int) -> None:
    solved = ResolveTicketRequest(outcome=ticket_pb2.OUTCOME_FIXED, explanation="A new router.")
    await day.ask(ticket, solved)
    await day.ask(ticket, ConfirmResolutionRequest(customer="c-1"))
    await day.ask(ticket, RateTicketRequest(stars=stars, comment="at last", customer="c-1"))


async def test_a_customer_who_may_leave_is_told_to_the_lead_before_they_do(record_url: str) -> None:
    """A chase, a promise that broke and a low rating on three tickets within the period: the lead hears once."""
    async with a_day(record_url, policies=STANDING) as day:
        line = await day.open(priority="normal", subject="no line")
        await day.take(line)
        await day.comes("Mon 23 Nov 10:00")
        await day.ask(line, RecordContactRequest(kind=ticket_pb2.CONTACT_KIND_NEWS, channel="phone", text="Any news?"))
        assert await _sweep(day, line) == [False]

        bill = await day.open(priority="normal", subject="a wrong bill")
        await day.take(bill)
        at = Timestamp()
        at.FromDatetime(day.instant("Mon 23 Nov 15:00"))
        call = MakePromiseRequest(
            kind=ticket_pb2.PROMISE_KIND_CALL_BACK, name="call back", promise_time=at, words="We call you by three."
        )
        await day.ask(bill, call)
        await day.comes("Mon 23 Nov 15:01")
        assert "promise_broken to customer c-1" in await day.told(bill, "customer")
        [credit] = (await day.now(bill)).credits
        assert (credit.minor, credit.currency) == (500, "GBP")
        assert await _sweep(day, line, bill) == [False, False]

        await _solve(day, line, stars=2)
        assert "rated_low to lead team-lead" in await day.told(line)
        assert await _sweep(day, line, bill) == [True, False]
        [flag] = await day.of_kind(line, "customer_flagged", lambda event: event.customer_flagged)
        assert list(flag.signals) == [
            ticket_pb2.SIGNAL_CHASED,
            ticket_pb2.SIGNAL_PROMISE_BROKEN,
            ticket_pb2.SIGNAL_RATED_LOW,
        ]
        assert day.at(flag.since_time) == "Mon 23 Nov 10:00"

        await day.comes("Tue 24 Nov 09:00")
        await _solve(day, bill, stars=1)
        assert await _sweep(day, line, bill) == [True, False]  # once a period


async def test_a_customer_who_leaves_is_let_go(record_url: str) -> None:
    """A request to leave: the targets that the policy has for it, whatever the caller said, and no hurdle."""
    async with a_day(record_url, policies=STANDING) as day:
        goes = await day.open(priority="normal", subject="I want to leave", kind=ticket_pb2.TICKET_KIND_LEAVING)
        assert goes.priority == "high"
        assert await day.deadline(goes, ticket_pb2.TARGET_ACKNOWLEDGE) == "Mon 23 Nov 10:00"
        await day.take(goes)
        await day.comes("Mon 23 Nov 09:30")
        await day.ask(goes, OfferCreditRequest(minor=5000, currency="GBP", reason="Stay with us."))
        assert "credit_to_approve to lead team-lead" in await day.told(goes)
        assert (await day.told(goes, "customer"))[-1] != "credit_offered to customer c-1"  # nobody is bought unasked
        await day.ask(goes, ResolveTicketRequest(outcome=ticket_pb2.OUTCOME_FIXED, explanation="You are free to go."))
        await day.comes("Tue 24 Nov 09:00")
        assert (await day.now(goes)).status == ticket_pb2.TICKET_STATUS_CLOSED
