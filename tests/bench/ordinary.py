"""Ordinary lives of tickets, each a dated story that a customer and a desk might have had."""

from protos.followthrough.v1 import problem_service_pb2, ticket_pb2
from protos.followthrough.v1.problem_service_pb2 import (
    AnnounceFixRequest,
    AnnounceUpdateRequest,
    LinkTicketsRequest,
    OpenProblemRequest,
)
from protos.followthrough.v1.ticket_service_pb2 import (
    AcknowledgeTicketRequest,
    ConfirmResolutionRequest,
    KeepPromiseRequest,
    MakePromiseRequest,
    MergeTicketsRequest,
    PostUpdateRequest,
    ResolveTicketRequest,
    WaitOnCustomerRequest,
)
from tests.bench.played import Day, Life
from tests.support.day import LONDON

TAKEN = AcknowledgeTicketRequest(handler="ann", tier="agent")
NEWS = PostUpdateRequest(text="We are at the exchange.")
FIXED = ResolveTicketRequest(outcome=ticket_pb2.OUTCOME_FIXED, explanation="A new line card.")
CONFIRMED = ConfirmResolutionRequest()
CALL = "call"


async def _solved(day: Day) -> None:
    ticket = await day.open()
    await day.comes("Mon 23 Nov 09:20")
    await day.do(ticket, TAKEN)
    await day.comes("Mon 23 Nov 11:00")
    await day.do(ticket, NEWS)
    await _fixed_and_confirmed(day, ticket)


async def _call_kept(day: Day) -> None:
    ticket = await _call_promised(day)
    await day.comes("Mon 23 Nov 13:15")
    await day.do(ticket, KeepPromiseRequest(name=CALL, words="Told her what we found."))
    await _fixed_and_confirmed(day, ticket)


async def _call_broken(day: Day) -> None:
    ticket = await _call_promised(day)
    await day.comes("Mon 23 Nov 13:50")
    await day.do(ticket, KeepPromiseRequest(name=CALL, words="Called, too late."))
    await _fixed_and_confirmed(day, ticket)


async def _nobody_takes_it(day: Day) -> None:
    ticket = await day.open()
    await day.comes("Tue 24 Nov 16:25")
    await day.do(ticket, AcknowledgeTicketRequest(handler="net", tier="supplier"))
    await day.comes("Tue 24 Nov 16:40")
    await day.do(ticket, NEWS)
    await day.comes("Wed 25 Nov 10:20")
    await day.do(ticket, FIXED)
    await day.comes("Wed 25 Nov 11:10")
    await day.do(ticket, CONFIRMED)


async def _given_up(day: Day) -> None:
    ticket = await day.open()
    await day.comes("Mon 23 Nov 09:20")
    await day.do(ticket, TAKEN)
    await day.comes("Mon 23 Nov 10:00")
    await day.do(ticket, WaitOnCustomerRequest(question="Which lamps are lit?"))
    await day.comes("Fri 4 Dec 18:00")


async def _merged(day: Day) -> None:
    older = await day.open()
    await day.comes("Mon 23 Nov 09:20")
    await day.do(older, TAKEN)
    await day.comes("Mon 23 Nov 10:00")
    younger = await day.open()
    await day.comes("Mon 23 Nov 10:10")
    await day.do(younger, MergeTicketsRequest(survivor_id=older))
    await day.comes("Mon 23 Nov 11:00")
    await day.do(older, NEWS)
    await _fixed_and_confirmed(day, older)


async def _one_fault(day: Day) -> None:
    ticket = await day.open()
    await day.comes("Mon 23 Nov 09:20")
    await day.do(ticket, TAKEN)
    await day.comes("Mon 23 Nov 10:00")
    opened = OpenProblemRequest(
        kind=problem_service_pb2.PROBLEM_KIND_FAULT,
        state=problem_service_pb2.PROBLEM_STATE_INVESTIGATING,
        title="The cable to Leeds is cut",
    )
    problem = (await day.problems.change(opened)).problem_id
    await day.problems.link(LinkTicketsRequest(problem_id=problem, ticket_ids=[ticket]))
    await day.comes("Mon 23 Nov 11:00")
    await day.announce(AnnounceUpdateRequest(problem_id=problem, text="It is the cable to Leeds."))
    await day.comes("Mon 23 Nov 14:40")
    await day.announce(AnnounceFixRequest(problem_id=problem, explanation="The cable is mended."))
    await day.comes("Mon 23 Nov 16:30")
    await day.do(ticket, CONFIRMED)


async def _call_promised(day: Day) -> str:
    ticket = await day.open()
    await day.comes("Mon 23 Nov 09:20")
    await day.do(ticket, TAKEN)
    await day.comes("Mon 23 Nov 11:00")
    await day.do(ticket, NEWS)
    await day.comes("Mon 23 Nov 11:30")
    promised = MakePromiseRequest(kind=ticket_pb2.PROMISE_KIND_CALL_BACK, name=CALL, words="Ann calls you at home.")
    promised.promise_time.FromDatetime(LONDON.read("Mon 23 Nov 13:30"))
    await day.do(ticket, promised)
    return ticket


async def _fixed_and_confirmed(day: Day, ticket: str) -> None:
    await day.comes("Mon 23 Nov 14:40")
    await day.do(ticket, FIXED)
    await day.comes("Mon 23 Nov 16:30")
    await day.do(ticket, CONFIRMED)


LIVES = (
    Life(
        name="solved",
        told="Opened on Monday at 9:00, taken at 9:20, news at 11:00, solved at 14:40, confirmed at 16:30.",
        tell=_solved,
    ),
    Life(
        name="call kept",
        told="The same, with a call promised at 11:30 for 13:30 and made at 13:15, when Ann had been warned of it.",
        tell=_call_kept,
    ),
    Life(
        name="call broken",
        told="The same, but the call is made at 13:50: broken at 13:30, with an apology and a credit.",
        tell=_call_broken,
    ),
    Life(
        name="nobody takes it",
        told="Opened, and nobody takes it: up two tiers and out of the ladder; the last resort is told, and reminded "
        "until the supplier takes it on Tuesday at 16:25 and has news at 16:40; solved and confirmed on Wednesday.",
        tell=_nobody_takes_it,
    ),
    Life(
        name="given up",
        told="Taken, and a question at 10:00 that is never answered: reminded twice, given up, closed by silence.",
        tell=_given_up,
    ),
    Life(
        name="merged",
        told="The customer opens a second ticket at 10:00, which is merged into the first at 10:10; that goes on as "
        "the solved one did.",
        tell=_merged,
    ),
    Life(
        name="one fault",
        told="Taken, linked to a problem at 10:00; news announced at 11:00 and the fix at 14:40; confirmed at 16:30.",
        tell=_one_fault,
    ),
)
