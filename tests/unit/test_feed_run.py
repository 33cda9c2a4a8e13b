"""One case through the contract: what is sent, what is skipped, and what happens when nobody answers."""

import asyncio
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import AcknowledgeTicketRequest, OpenTicketRequest
from services.client import Change, Refused, Unreachable
from services.desk_log.log import Case, Row, VinstStatus
from services.desk_log.plan import Step
from services.feed.run import Driven, Patience, Queue, Run
from services.feed.schedule import Turn
from services.records.clock import ScaledClock
from workflows.domain.ticket.commands import Acknowledge, Resolve
from workflows.domain.ticket.words import Outcome

MONDAY = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)
QUEUE = Queue(
    name="home",
    priorities=("urgent", "high", "normal"),
    ladder=("agent", "specialist", "supplier"),
    policy_version="1",
)


def ticket(status: ticket_pb2.TicketStatus.ValueType, tier: str = "agent") -> Ticket:
    """Give a ticket as the contract tells it."""
    return Ticket(ticket_id="T1", status=status, tier=tier)


OPEN = ticket(ticket_pb2.TICKET_STATUS_OPEN)
IN_PROGRESS = ticket(ticket_pb2.TICKET_STATUS_IN_PROGRESS)
RESOLVED = ticket(ticket_pb2.TICKET_STATUS_RESOLVED)


class ScriptedDesk:
    """Answers as it was told to, in order, and fails on a call too many."""

    def __init__(self, *answers: Ticket | Exception) -> None:
        self._answers = list(answers)
        self.sent: list[Change] = []

    async def change(self, request: Change) -> Ticket:
        """Answer a change."""
        self.sent.append(deepcopy(request))
        return self._next()

    async def ticket(self, *, ticket_id: str) -> Ticket:
        """Answer a question."""
        assert ticket_id == "T1"
        return self._next()

    def _next(self) -> Ticket:
        assert self._answers, "nobody expected another call"
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def is_done(self) -> bool:
        """Whether every answer was asked for."""
        return not self._answers


def refused(reason: str, code: grpc.StatusCode = grpc.StatusCode.FAILED_PRECONDITION) -> Refused:
    """Give a refusal."""
    return Refused(code, "no", reason, {})


def case(*statuses: VinstStatus) -> Case:
    """Give Ada's case, with a row a minute."""
    return Case(
        case="7",
        rows=tuple(
            Row(line=minute + 2, at=MONDAY + timedelta(minutes=minute), status=status, who="Ada")
            for minute, status in enumerate(statuses)
        ),
    )


async def driven_by(desk: ScriptedDesk, given: Case, *, stopping: asyncio.Event | None = None) -> Driven:
    """Drive one case, ten thousand times as fast."""
    clock = ScaledClock(origin=datetime.now(UTC), speed=10_000)
    run = Run(
        desk=desk,
        clock=clock,
        queue=QUEUE,
        stopping=stopping or asyncio.Event(),
        patience=Patience(seconds=0.05, pause_seconds=0.01),
    )
    (driven,) = await run.drive([Turn(case=given, opens_at=clock.read(datetime.now(UTC)))])
    assert desk.is_done
    return driven


async def test_a_case_is_opened_taken_on_and_solved() -> None:
    """Each step is decided on the ticket as it is read just before; the customer is made up, the priority a hash."""
    desk = ScriptedDesk(OPEN, OPEN, IN_PROGRESS, IN_PROGRESS, RESOLVED)

    driven = await driven_by(desk, case(VinstStatus.IN_PROGRESS, VinstStatus.IN_CALL))

    opening = desk.sent[0]
    assert isinstance(opening, OpenTicketRequest)
    assert (opening.queue, opening.priority, opening.subject) == ("home", QUEUE.priority_of("7"), "Incident 7")
    assert (opening.actor, opening.customer.external_id) == ("Ada", "incident-7")
    assert driven.said == [
        Acknowledge(actor="Ada", handler="Ada", tier="agent"),
        Resolve(actor="Ada", outcome=Outcome.FIXED, explanation="It works again."),
    ]
    assert (driven.ticket_id, driven.skipped, driven.cut_short, len(driven.lateness)) == ("T1", [], None, 2)
    assert len({each.request_id for each in desk.sent}) == 3


async def test_a_step_that_says_nothing_any_more_is_skipped_with_its_reason() -> None:
    """The ticket was closed by its own clocks."""
    desk = ScriptedDesk(OPEN, RESOLVED)

    driven = await driven_by(desk, case(VinstStatus.IN_PROGRESS))

    assert (driven.said, driven.skipped) == ([], [(Step.TAKE_ON, "resolved already")])


async def test_a_refused_step_is_decided_once_more_on_the_state_that_refused_it() -> None:
    """6.2: an acknowledgement that comes after its escalation is told who has the ticket now."""
    above = ticket(ticket_pb2.TICKET_STATUS_OPEN, "specialist")
    desk = ScriptedDesk(OPEN, OPEN, refused("WRONG_TIER"), above, above)

    driven = await driven_by(desk, case(VinstStatus.IN_PROGRESS))

    asked = [each for each in desk.sent if isinstance(each, AcknowledgeTicketRequest)]
    assert [each.tier for each in asked] == ["agent", "specialist"]
    assert asked[0].request_id != asked[1].request_id
    assert driven.said == [Acknowledge(actor="Ada", handler="Ada", tier="specialist")]


async def test_a_step_refused_twice_is_skipped_with_the_contracts_reason() -> None:
    """Never an error: the log's help desk was another one."""
    desk = ScriptedDesk(OPEN, OPEN, refused("WRONG_TIER"), OPEN, refused("WRONG_STATE"))

    driven = await driven_by(desk, case(VinstStatus.IN_PROGRESS))

    assert (driven.said, driven.skipped) == ([], [(Step.TAKE_ON, "refused: WRONG_STATE")])
    assert (driven.unsure, driven.cut_short) == (None, None)


@pytest.mark.parametrize(
    "away", [Unreachable("away"), refused("TOO_MANY_REQUESTS", grpc.StatusCode.RESOURCE_EXHAUSTED)]
)
async def test_who_gets_no_answer_asks_again_under_the_same_id(away: Exception) -> None:
    """5.5: what was judged is answered again; what was not is judged now."""
    desk = ScriptedDesk(away, away, OPEN, OPEN, away, IN_PROGRESS)

    driven = await driven_by(desk, case(VinstStatus.IN_PROGRESS))

    assert len(driven.said) == 1
    assert [type(each).__name__ for each in desk.sent] == ["OpenTicketRequest"] * 3 + ["AcknowledgeTicketRequest"] * 2
    assert len({each.request_id for each in desk.sent}) == 2


async def test_a_system_that_stays_away_cuts_the_case_short() -> None:
    """The command on its way is remembered as unsure: it may be in the record."""

    class Gone(ScriptedDesk):
        async def change(self, request: Change) -> Ticket:
            if isinstance(request, OpenTicketRequest):
                return await super().change(request)
            raise Unreachable("intake met a fault")

    driven = await driven_by(Gone(OPEN, OPEN), case(VinstStatus.IN_PROGRESS, VinstStatus.RESOLVED))

    assert driven.cut_short == "intake met a fault"
    assert driven.unsure == Acknowledge(actor="Ada", handler="Ada", tier="agent")
    assert driven.said == []


async def test_an_answer_that_no_state_explains_cuts_the_case_short() -> None:
    """A refused opening, a failure inside: the summary says what intake answered."""
    desk = ScriptedDesk(refused("INVALID_ARGUMENT", grpc.StatusCode.INVALID_ARGUMENT))

    driven = await driven_by(desk, case(VinstStatus.IN_PROGRESS))

    assert (driven.ticket_id, driven.cut_short) == (None, "intake answered INVALID_ARGUMENT INVALID_ARGUMENT")


async def test_a_stopped_run_sends_nothing_new() -> None:
    """Ctrl-C: what it has is told; this case was not even opened."""
    stopping = asyncio.Event()
    stopping.set()

    driven = await driven_by(ScriptedDesk(), case(VinstStatus.IN_PROGRESS), stopping=stopping)

    assert (driven.ticket_id, driven.cut_short) == (None, "stopped")


def test_priorities_come_from_a_hash_and_are_always_the_same() -> None:
    """Any two runs promise the same to the same incident, and no priority is rare."""
    given = [QUEUE.priority_of(str(number)) for number in range(300)]

    assert [QUEUE.priority_of(name) for name in ("1", "2", "3")] == given[1:4]
    assert all(given.count(priority) > 80 for priority in QUEUE.priorities)
