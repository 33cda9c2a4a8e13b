"""2.11 through gRPC, on either database: a queue that cannot work, its tickets, and those that come meanwhile."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar, cast

import grpc
import grpc.aio
import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.queue_service_pb2 import (
    CloseQueueRequest,
    ListQueueClosuresRequest,
    ListQueueClosuresResponse,
    QueueClosure,
    ReopenQueueRequest,
)
from protos.followthrough.v1.ticket_service_pb2 import ExplainDeadlinesRequest, ExplainDeadlinesResponse
from tests.support.day import Day, a_day
from tests.support.intake import Refusal, refusal_of

Asked = TypeVar("Asked", bound=Message)
ACKNOWLEDGE = ticket_pb2.TARGET_ACKNOWLEDGE
TIER_RESOLVE = ticket_pb2.TARGET_TIER_RESOLVE


@pytest.fixture
async def day(record_url: str) -> AsyncIterator[Day]:
    """Monday, 23 November 2026, 09:00 in London."""
    async with a_day(record_url) as day:
        yield day


def closing(**given: object) -> CloseQueueRequest:
    """A request to close the queue `home`; what is given replaces what it says."""
    request = CloseQueueRequest(caller="crm-1", actor="ops", queue="home", reason="The hill road is snowed in.")
    return _with(request, given)


def reopening(closure: QueueClosure, **given: object) -> ReopenQueueRequest:
    """A request to reopen it."""
    return _with(
        ReopenQueueRequest(caller="crm-1", actor="ops", closure_id=closure.closure_id, reason="The plough came."), given
    )


async def ask(day: Day, request: Message) -> Message:
    """Call the method of the request's name."""
    method = type(request).__name__.removesuffix("Request")
    answer = {"ListQueueClosures": ListQueueClosuresResponse}.get(method, QueueClosure)
    call = day.desk.channel.unary_unary(
        f"/followthrough.v1.QueueService/{method}",
        request_serializer=type(request).SerializeToString,
        response_deserializer=answer.FromString,
    )
    return await call(request, timeout=20)


async def closed(day: Day, **given: object) -> QueueClosure:
    """Close the queue."""
    return cast(QueueClosure, await ask(day, closing(**given)))


async def refused(day: Day, request: Message) -> Refusal:
    """Ask for what must be refused."""
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await ask(day, request)
    return refusal_of(error.value)


async def walk(day: Day) -> None:
    """Have the keeper bring the queue's tickets to what has come, and the clock move on a little before."""
    day.desk.clock.pass_(timedelta(seconds=1))
    await day.desk.records.closure_walk.sweep()


async def test_both_clocks_of_the_tier_stand_still_until_the_commanded_end(day: Day) -> None:
    """2.11: snowed in from 09:05 to 10:05; ten of fifteen minutes are left, and the customer's clocks went on."""
    ticket = await day.open()
    await day.comes("Mon 23 Nov 09:05")
    closure = await closed(day)
    await walk(day)
    standing = [clock for clock in (await day.now(ticket)).clocks if clock.state == ticket_pb2.CLOCK_STATE_PAUSED]
    assert [(clock.target, clock.pause) for clock in standing] == [
        (ACKNOWLEDGE, ticket_pb2.PAUSE_REASON_QUEUE_CLOSED),
        (TIER_RESOLVE, ticket_pb2.PAUSE_REASON_QUEUE_CLOSED),
    ]
    await day.comes("Mon 23 Nov 10:05")
    assert await day.breaches(ticket) == ["update of agent due Mon 23 Nov 10:00"]
    await ask(day, reopening(closure))
    await walk(day)
    assert await day.deadline(ticket, ACKNOWLEDGE) == "Mon 23 Nov 10:15"


async def test_whoever_settles_first_judges_it_the_same(day: Day) -> None:
    """2.11, 5.3: no keeper walks; the ticket's own timer comes at 09:15, and finds that nothing has run out."""
    ticket = await day.open()
    await day.comes("Mon 23 Nov 09:05")
    await closed(day, end_time=day.instant("Mon 23 Nov 10:05"))
    await day.comes("Mon 23 Nov 09:30")
    assert await day.happened(ticket, "closure_began", "clock_breached") == ["Mon 23 Nov 09:05 closure_began"]
    await day.comes("Mon 23 Nov 10:10")
    assert await day.deadline(ticket, ACKNOWLEDGE) == "Mon 23 Nov 10:15"
    assert await day.happened(ticket, "closure_ended") == ["Mon 23 Nov 10:05 closure_ended"]


async def test_a_ticket_that_enters_meanwhile_begins_at_a_standstill(day: Day) -> None:
    """2.11: opened at 09:10 into a queue that is closed until 10:00, it has its fifteen minutes from then on."""
    await closed(day, end_time=day.instant("Mon 23 Nov 10:00"))
    await day.comes("Mon 23 Nov 09:10")
    ticket = await day.open()
    assert await day.deadline(ticket, ACKNOWLEDGE) is None
    other = await day.open(queue="business")
    assert await day.deadline(other, ACKNOWLEDGE) == "Mon 23 Nov 09:25"
    await day.comes("Mon 23 Nov 10:01")
    assert await day.deadline(ticket, ACKNOWLEDGE) == "Mon 23 Nov 10:15"


async def test_a_later_instant_and_an_end_that_is_said_at_first(day: Day) -> None:
    """2.11: announced at 09:00 for 09:10 to 09:20; nobody has to say that it is over."""
    ticket = await day.open()
    await closed(day, start_time=day.instant("Mon 23 Nov 09:10"), end_time=day.instant("Mon 23 Nov 09:20"))
    await day.comes("Mon 23 Nov 09:12")
    await walk(day)
    assert await day.deadline(ticket, ACKNOWLEDGE) is None
    await day.comes("Mon 23 Nov 09:21")
    assert await day.deadline(ticket, ACKNOWLEDGE) == "Mon 23 Nov 09:25"


async def test_the_ledger_says_who_and_why(day: Day) -> None:
    """2.11, 8: the interval that does not count names its pause and who closed the queue; the log has the reason."""
    ticket = await day.open()
    closure = await closed(day)
    await walk(day)
    await ask(day, reopening(closure))
    await walk(day)
    request = ExplainDeadlinesRequest(ticket_id=ticket.ticket_id, target=ACKNOWLEDGE)
    (ledger,) = cast(ExplainDeadlinesResponse, await day.desk.ask(request)).ledgers
    pause = next(each for each in ledger.intervals if each.pause)
    assert (pause.pause, pause.actor) == (ticket_pb2.PAUSE_REASON_QUEUE_CLOSED, "ops")
    (began,) = await day.of_kind(ticket, "closure_began", lambda event: event.closure_began)
    assert began.reason == "The hill road is snowed in."


async def test_closures_that_overlap_and_a_wait_do_not_end_one_another(day: Day) -> None:
    """2.11, 2.7: open again only when none holds; a clock that waits on the customer too goes on waiting."""
    ticket = await day.open()
    snow = await closed(day)
    fire = await closed(day, reason="A fire alarm.")
    await walk(day)
    await ask(day, reopening(snow))
    await walk(day)
    assert await day.deadline(ticket, ACKNOWLEDGE) is None
    await ask(day, reopening(fire))
    await walk(day)
    assert await day.deadline(ticket, ACKNOWLEDGE) is not None


async def test_a_retry_is_the_same_closure(day: Day) -> None:
    """5.5: the same request is answered the same, closing and reopening; another under its id is refused."""
    request = closing()
    first, again = await ask(day, request), await ask(day, request)
    assert first == again
    other = closing(request_id=request.request_id, reason="Something else.")
    assert (await refused(day, other)).reason == "REQUEST_ID_REUSED"
    end = reopening(cast(QueueClosure, first))
    assert await ask(day, end) == await ask(day, end)
    listed = cast(ListQueueClosuresResponse, await ask(day, ListQueueClosuresRequest(include_over=True)))
    assert [each.closure_id for each in listed.closures] == [cast(QueueClosure, first).closure_id]


async def test_bad_closures_are_refused_by_field(day: Day) -> None:
    """2.11: never backwards; an end after the beginning; a queue and a closure that there are; nothing is kept."""
    await day.comes("Mon 23 Nov 10:00")
    past = await refused(day, closing(start_time=day.instant("Mon 23 Nov 09:00")))
    assert list(past.violations) == ["start_time"]
    assert "2026-11-23 09:00:00 UTC, which is past" in past.text
    turned = closing(start_time=day.instant("Mon 23 Nov 12:00"), end_time=day.instant("Mon 23 Nov 11:00"))
    assert list((await refused(day, turned)).violations) == ["end_time"]
    assert (await refused(day, closing(queue="hoem"))).reason == "UNKNOWN_QUEUE"
    assert list((await refused(day, closing(reason=""))).violations) == ["reason"]
    nothing = QueueClosure(closure_id="01M80WH4KWHE6E8WGW5Y4CPE06")
    assert (await refused(day, reopening(nothing))).reason == "UNKNOWN_CLOSURE"
    assert not cast(ListQueueClosuresResponse, await ask(day, ListQueueClosuresRequest(include_over=True))).closures
    over = await closed(day, end_time=day.instant("Mon 23 Nov 10:30"))
    await day.comes("Mon 23 Nov 11:00")
    assert "is over since 2026-11-23 10:30:00 UTC" in (await refused(day, reopening(over))).text


async def test_closures_are_listed_page_by_page(day: Day) -> None:
    """Those that hold or are ahead, the last that was said first; those that are over only when asked for."""
    said = [await closed(day, reason=f"Reason {number}.") for number in range(3)]
    await ask(day, reopening(said[0]))
    day.desk.clock.pass_(timedelta(seconds=1))
    first = cast(ListQueueClosuresResponse, await ask(day, ListQueueClosuresRequest(page_size=1)))
    assert [each.reason for each in first.closures] == ["Reason 2."]
    request = ListQueueClosuresRequest(page_size=1, page_token=first.next_page_token)
    second = cast(ListQueueClosuresResponse, await ask(day, request))
    assert [each.reason for each in second.closures] == ["Reason 1."]
    assert not second.next_page_token
    wrong = ListQueueClosuresRequest(queue="home", page_token=first.next_page_token)
    assert (await refused(day, wrong)).reason == "PAGE_TOKEN_INVALID"


async def test_a_queue_that_nobody_declared_is_no_open_queue(day: Day) -> None:
    """Asked for a misspelt one, it says which there are, and not that none is closed; what was closed once is known."""
    refusal = await refused(day, ListQueueClosuresRequest(queue="hoem"))
    assert refusal.reason == "UNKNOWN_QUEUE"
    assert refusal.violations == {"queue": "queue 'hoem' is unknown, and was never closed: use one of business, home"}
    nothing = cast(ListQueueClosuresResponse, await ask(day, ListQueueClosuresRequest(queue="home")))
    assert not nothing.closures


def _with(request: Asked, given: dict[str, object]) -> Asked:
    for name, value in ({"request_id": str(uuid.uuid4())} | given).items():
        if isinstance(value, datetime):
            stamp = Timestamp()
            stamp.FromDatetime(value.astimezone(UTC))
            getattr(request, name).CopyFrom(stamp)
        else:
            setattr(request, name, value)
    return request
