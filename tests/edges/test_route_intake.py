"""Requests that leave their queue or priority open, through the contract: placed, or refused as ever."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import grpc
import pytest

from protos.followthrough.v1.ticket_service_pb2 import OpenTicketRequest, ReceiveContactRequest
from services.policy_host.in_force import Policies
from tests.policies.example import EXAMPLE
from tests.support.intake import Desk, a_desk, opening
from tests.support.policy_files import ROUTING, PolicyFiles, held, named, reloaded

ROUTE = """
SHOP = Route(queue="shop", priority="normal")

def route(request):
    if request.subject == "a vase":
        return SHOP
    raise KeyError(request.subject)
"""


@pytest.fixture
async def policies(tmp_path: Path) -> AsyncIterator[Policies]:
    """Two desks; vases go to the shop, everything else is more than the route can say."""
    files = PolicyFiles(folder=tmp_path / "policies")
    files.folder.mkdir()
    files.write("garden.py", EXAMPLE)
    files.write("craft.py", named("craft", "shop"))
    files.write("routing.py", ROUTING, ROUTE)
    async with held(files) as policies:
        yield policies


@pytest.fixture
async def desk(sqlite_url: str, policies: Policies) -> AsyncIterator[Desk]:
    """A contact centre in front of an intake that goes by those."""
    async with a_desk(sqlite_url, policies=policies) as desk:
        yield desk


def placeless(**given: str) -> OpenTicketRequest:
    """A request to open that leaves queue and priority open."""
    return opening(queue="", priority="", **given)


def received_placeless() -> ReceiveContactRequest:
    """A customer comes back, or comes for the first time: by themselves they name no desk."""
    return ReceiveContactRequest(
        request_id=str(uuid4()),
        caller="crm-1",
        actor="ana",
        customer=opening().customer,
        subject="a rake",
        channel="mail",
        text="It is broken.",
    )


async def test_a_request_is_opened_where_the_route_says(desk: Desk, policies: Policies) -> None:
    """The answer tells where; nothing else about it is different."""
    vase = await desk.ticket(placeless(subject="a vase"))
    assert (vase.queue, vase.priority, vase.policy) == ("shop", "normal", "craft")
    assert (await desk.ticket(opening(queue="garden", priority="normal"))).policy == "gardening"
    assert policies.counts.routed == 1


async def test_a_request_that_the_route_fails_is_opened_by_the_default(desk: Desk, policies: Policies) -> None:
    """It is never lost, and never the caller's trouble."""
    other = await desk.ticket(placeless(subject="a spade"))
    assert (other.queue, other.priority, other.policy) == ("garden", "normal", "gardening")
    assert policies.counts.route_failures.total() == 1


async def test_a_retry_is_answered_as_the_first_try_was(desk: Desk, policies: Policies) -> None:
    """5.5: the same request is recognised by what was asked, wherever it would go by now."""
    request = placeless(subject="a vase")
    first = await desk.ticket(request)
    files = PolicyFiles(folder=Path(policies.now.loaded.files["craft"]).parent)
    files.write("routing.py", ROUTING)
    await reloaded(policies)

    assert await desk.ticket(request) == first
    assert (await desk.ticket(placeless(subject="a vase"))).queue == "garden"


async def test_a_retry_is_answered_though_an_edit_took_its_queue_away(desk: Desk, policies: Policies) -> None:
    """5.5: whoever lost the answer learns of their ticket, and opens no second one elsewhere."""
    request = opening(queue="shop", priority="normal")
    first = await desk.ticket(request)
    files = PolicyFiles(folder=Path(policies.now.loaded.files["craft"]).parent)
    files.write("craft.py", named("craft", "studio"))
    await reloaded(policies)

    assert await desk.ticket(request) == first
    request.subject = "another"
    assert (await desk.refusal(request)).reason == "REQUEST_ID_REUSED"
    request.request_id = str(uuid4())
    assert (await desk.refusal(request)).reason == "UNKNOWN_QUEUE"


async def test_a_retry_is_answered_though_an_edit_took_the_default_away(desk: Desk, policies: Policies) -> None:
    """5.5: what it left open was filled in then; whoever leaves it open from now on is told to say it."""
    request, received = placeless(subject="a vase"), received_placeless()
    first = await desk.ticket(request)
    joined = await desk.ask(received)
    files = PolicyFiles(folder=Path(policies.now.loaded.files["craft"]).parent)
    files.write("routing.py", "")
    await reloaded(policies)
    assert not policies.now.has_default

    assert await desk.ticket(request) == first
    assert await desk.ask(received) == joined
    for again in (request, received):
        again.request_id = str(uuid4())
        refusal = await desk.refusal(again)
        assert refusal.violations == {
            "queue": "queue is empty: say it",
            "priority": "priority is empty: say it",
        }


async def test_what_would_become_of_it_can_be_asked(desk: Desk) -> None:
    """A dry run is placed too."""
    request = placeless(subject="a vase")
    request.validate_only = True
    answer = await desk.ticket(request)
    assert (answer.queue, answer.ticket_id) == ("shop", "")


@pytest.mark.parametrize(
    ("given", "reason", "said"),
    [
        ({"queue": "lawn"}, "UNKNOWN_QUEUE", "queue 'lawn' is unknown: use one of garden, shop"),
        (
            {"queue": "shop", "priority": "asap"},
            "UNKNOWN_PRIORITY",
            "priority 'asap' is unknown to policy 'craft' of queue 'shop': use one of normal",
        ),
        (
            {"priority": "asap"},
            "UNKNOWN_PRIORITY",
            "priority 'asap' is unknown to policy 'gardening' of queue 'garden': use one of normal",
        ),
        ({"queue": "lawn", "priority": "normal"}, "UNKNOWN_QUEUE", "queue 'lawn' is unknown: use one of garden, shop"),
    ],
)
async def test_a_name_that_is_wrong_is_still_the_callers_to_mend(
    desk: Desk, policies: Policies, given: dict[str, str], reason: str, said: str
) -> None:
    """A route fills in what was left open; it hides no mistake."""
    refusal = await desk.refusal(opening(**({"queue": "", "priority": ""} | given)))
    assert (refusal.code, refusal.reason, refusal.text) == (grpc.StatusCode.INVALID_ARGUMENT, reason, said)
    assert policies.counts.routed == 0


async def test_without_a_default_queue_and_priority_must_be_said(sqlite_url: str) -> None:
    """As ever: each field is named, with everything else that is wrong."""
    async with a_desk(sqlite_url) as desk:
        refusal = await desk.refusal(placeless(subject=""))

    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.reason == "REQUEST_INVALID"
    assert refusal.violations == {
        "subject": "subject is empty: say it",
        "queue": "queue is empty: say it",
        "priority": "priority is empty: say it",
    }


async def test_a_queue_that_an_edit_took_away_is_refused_from_then_on(desk: Desk, policies: Policies) -> None:
    """7.2: its tickets stay what they are, and are found; new ones are not opened."""
    vase = await desk.ticket(placeless(subject="a vase"))
    files = PolicyFiles(folder=Path(policies.now.loaded.files["craft"]).parent)
    files.write("craft.py", named("craft", "studio"))
    await reloaded(policies)

    refusal = await desk.refusal(opening(queue="shop", priority="normal"))
    assert refusal.text == "queue 'shop' is unknown: use one of garden, studio"
    assert (await desk.take(vase, "cleo")).queue == "shop"
