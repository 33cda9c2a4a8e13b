"""The client of the articles, in both its forms, against a running intake."""

import asyncio
import inspect
import uuid
from typing import get_args

import pytest

from protos.followthrough.v1 import knowledge_service_pb2 as contract
from protos.followthrough.v1.knowledge_service_pb2 import (
    ListArticlesRequest,
    PutArticleRequest,
    RecordDeflectionRequest,
    ReportArticlesRequest,
    SuggestArticlesRequest,
)
from services.client import BlockingKnowledgeClient, KnowledgeClient, NotFound, Refused
from services.client.knowledge import Listing, Writing
from tests.support.intake import a_desk

ASKED = {"GetArticleRequest", "SuggestArticlesRequest", "RecordDeflectionRequest"}
"""What the clients have a method for, beside what is written and what is listed."""


def putting(number: int) -> PutArticleRequest:
    """An article of a number."""
    return PutArticleRequest(
        article_id=f"bill-{number:03}", title="Bill", body="Read it.", language="en", keywords=["bill"]
    )


def test_the_clients_speak_the_whole_contract_in_the_same_words() -> None:
    """Each method of the service has its own in both forms, with the same parameters."""
    service = contract.DESCRIPTOR.services_by_name["KnowledgeService"]
    generic = {kind.__name__ for variable in (Writing, Listing) for kind in variable.__constraints__}
    assert {method.input_type.name for method in service.methods} == ASKED | generic
    assert not get_args(Writing)

    def public(client: type) -> dict[str, list[str]]:
        methods = inspect.getmembers(client, inspect.isfunction)
        return {name: list(inspect.signature(each).parameters) for name, each in methods if not name.startswith("_")}

    assert public(KnowledgeClient) == public(BlockingKnowledgeClient)


async def test_with_an_event_loop(sqlite_url: str) -> None:
    """Pages are read to their end; a retry under one id counts once; a refusal has the contract's reason."""
    async with a_desk(sqlite_url) as desk, KnowledgeClient(str(desk.address), caller="wiki", actor="ana") as client:
        for number in range(6):
            await client.put(putting(number))
        made = await client.put(putting(6))
        assert (made.changed_by, made.version) == ("ana", 1)
        assert await client.article("bill-006") == made
        listed = [each.article_id async for each in client.articles(ListArticlesRequest(page_size=3))]
        assert listed == [f"bill-{number:03}" for number in range(7)]
        found = await client.suggestions(SuggestArticlesRequest(text="my bill", page_size=2))
        assert [each.article_id for each in found] == ["bill-000", "bill-001"]
        helped = RecordDeflectionRequest(article_id="bill-000", request_id=str(uuid.uuid4()))
        for _ in range(2):
            await client.record_deflection(helped)
        await client.record_deflection(RecordDeflectionRequest(article_id="bill-000"))
        await client.record_deflection(RecordDeflectionRequest(article_id="bill-000"))
        reports = [each async for each in client.reports(ReportArticlesRequest(page_size=2))]
        assert [(each.suggested, each.helped) for each in reports[:2]] == [(1, 3), (1, 0)]
        assert (await client.retire("bill-000", expected_version=1)).version == 2
        with pytest.raises(NotFound, match="'none-yet' names no article"):
            await client.retire("none-yet")
        with pytest.raises(Refused) as refused:
            await client.retire("bill-001", expected_version=5)
        assert (refused.value.reason, refused.value.facts) == ("STALE_VERSION", {"version": "1"})


async def test_without_an_event_loop(sqlite_url: str) -> None:
    """The same, in a thread of the caller's own."""
    async with a_desk(sqlite_url) as desk:

        def ask() -> None:
            with BlockingKnowledgeClient(str(desk.address), caller="wiki", actor="ana") as client:
                for number in range(3):
                    client.put(putting(number))
                made = client.put(putting(3))
                assert client.article("bill-003") == made
                assert len(list(client.articles(ListArticlesRequest(page_size=3)))) == 4
                assert len(client.suggestions(SuggestArticlesRequest(text="bill"))) == 4
                client.record_deflection(RecordDeflectionRequest(article_id="bill-000"))
                assert [each.helped for each in client.reports(ReportArticlesRequest())] == [1, 0, 0, 0]
                assert client.retire("bill-000").HasField("retire_time")
                with pytest.raises(NotFound):
                    client.article("none-yet")

        await asyncio.to_thread(ask)
