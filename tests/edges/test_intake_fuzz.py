"""Whatever is sent, the answer is a proper one: never UNKNOWN, never our fault, one ErrorInfo each."""

from collections.abc import AsyncIterator
from typing import cast

import grpc
import grpc.aio
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.methods import path
from services.intake.rooms import SERVICES
from services.intake.server import Limits
from tests.support.intake import Desk, a_desk, refusal_of

METHODS = [pytest.param(method, id=method.name) for service in SERVICES for method in service.methods]
ASKING_FOR_NOTHING = {
    "ListTickets",
    "ListArticles",
    "ReportArticles",
    "ListProblems",
    "ListAnnouncements",
    "ListQueueClosures",
}
"""What may be asked without saying anything."""
OURS = {grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNIMPLEMENTED}
"""What no request may bring about."""
GOOD: dict[str, object] = {
    "caller": "crm-1",
    "actor": "ana",
    "validate_only": False,
    "queue": "home",
    "priority": "urgent",
    "subject": "no line",
    "channel": "phone",
    "follows": "",
    "reference": "2222-2222",
    "status": 0,
    "tier": "agent",
    "handler": "",
    "from_tier": "agent",
    "to_tier": "specialist",
    "outcome": 1,
    "duplicate_of": "",
    "customer_external_id": "",
    "page_size": 2,
    "page_token": "",
    "order_by": "",
    "policy": "",
    "owner": "",
    "spent": {"seconds": 900},
    "customer": {"external_id": "c-1", "display_name": "Ada Example", "language": "en-GB", "zone": "Europe/London"},
    "promise_time": {"seconds": 1795449600},  # Monday 2026-11-23, 16:00 UTC
    "turnaround_time": {"seconds": 1795449600},
    "open_time": {"seconds": 1795420800},  # that Monday, 08:00 UTC
    "clocks": [{"target": target, "used": {"seconds": 600}} for target in (2, 3, 4)],
    "keeps": [],
    "stars": 3,
    "minor": 500,
    "currency": "EUR",
    "number": 1,
    "article": "",
    "article_id": "read-a-bill",
    "language": "en",
}
"""What is right for a field, where a field's type does not say enough."""


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    """A contact centre in front of a running intake; who watches is let go at once."""
    limits = Limits(longest_watch_seconds=0.001)
    async with a_desk(sqlite_url, limits=limits, operators=(str(GOOD["actor"]),)) as desk:
        yield desk


async def send(desk: Desk, method: MethodDescriptor, content: bytes) -> None:
    """Call a method with any bytes, and take every answer."""
    call: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = desk.channel.unary_stream(path(method))
    async for _ in call(content, timeout=60):
        pass


def right(field: FieldDescriptor, ticket_id: str) -> st.SearchStrategy[object]:
    """What a field should carry."""
    if field.is_repeated:
        return st.just(GOOD.get(field.name, []))
    if field.name == "ticket_id":
        return st.just(ticket_id)
    if field.name == "customer" and field.message_type is None:
        return st.just("c-1")
    if field.name == "request_id":
        return st.uuids().map(str)
    if field.message_type is not None:
        return st.just(GOOD.get(field.name, {}))
    return st.just(GOOD.get(field.name, "words" if field.type == field.TYPE_STRING else 0))


def wild(field: FieldDescriptor) -> st.SearchStrategy[object]:
    """Anything that a field can carry."""
    return st.lists(wild_one(field), max_size=60) if field.is_repeated else wild_one(field)


def wild_one(field: FieldDescriptor) -> st.SearchStrategy[object]:
    """Anything that a field can carry once."""
    if field.message_type is not None:
        within = {each.name: wild(each) for each in field.message_type.fields}
        return st.fixed_dictionaries({}, optional=within)
    if field.type == field.TYPE_INT64:
        return st.integers(-(2**63), 2**63 - 1)
    if field.type == field.TYPE_BOOL:
        return st.booleans()
    if field.type == field.TYPE_STRING:
        return TEXTS
    return st.integers(-1, 8) if field.enum_type is not None else NUMBERS


NUMBERS = st.integers(-(2**31), 2**31 - 1) | st.integers(-1, 3)
TEXTS = (
    st.text(max_size=40) | st.just("x" * 9000) | st.sampled_from(("", " ", "home", "agent", "supplier", "K7QM-3XVP"))
)


@st.composite
def contents(draw: st.DrawFn, descriptor: Descriptor, ticket_id: str) -> dict[str, object]:
    """The fields of a message: what is right, and in every second one a field or two that are wild."""
    fields = {field.name: field for field in descriptor.fields}
    content = {name: draw(right(field, ticket_id)) for name, field in fields.items()}
    for name in draw(st.just([]) | st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=2)):
        content[name] = draw(wild(fields[name]))
    return content


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_message_gets_a_proper_answer(desk: Desk, method: MethodDescriptor, data: st.DataObject) -> None:
    """Nothing answers UNKNOWN, and no message is our fault."""
    if not desk.nudges.kept:
        await desk.open()
    kind = GetMessageClass(method.input_type)
    request = kind(**data.draw(contents(cast(Descriptor, kind.DESCRIPTOR), desk.nudges.kept[0].ticket_id)))
    try:
        await send(desk, method, request.SerializeToString())
    except grpc.aio.AioRpcError as error:
        assert refusal_of(error).code not in OURS  # noqa: PT017 - an answer is as good as a refusal


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60))
async def test_any_bytes_get_a_proper_answer(desk: Desk, method: MethodDescriptor, content: bytes) -> None:
    """Bytes that are no message at all are the caller's mistake."""
    try:
        await send(desk, method, content)
    except grpc.aio.AioRpcError as error:
        assert refusal_of(error).code not in OURS  # noqa: PT017 - an answer is as good as a refusal


@pytest.mark.parametrize("method", METHODS)
async def test_an_empty_message_is_told_what_it_lacks(desk: Desk, method: MethodDescriptor) -> None:
    """Every method but the lists requires something, and says what."""
    request = GetMessageClass(method.input_type)()
    if method.name in ASKING_FOR_NOTHING:
        await send(desk, method, request.SerializeToString())
        return
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await send(desk, method, request.SerializeToString())
    assert refusal_of(raised.value).violations
