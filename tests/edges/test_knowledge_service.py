"""KnowledgeService through gRPC: what an author, a portal and an agent do, and what each is told that does not work."""

import uuid
from collections.abc import AsyncIterator
from typing import cast

import grpc
import pytest
from google.protobuf.message import Message

from protos.followthrough.v1 import knowledge_service_pb2 as contract
from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.knowledge_service_pb2 import (
    GetArticleRequest,
    ListArticlesRequest,
    PutArticleRequest,
    RecordDeflectionRequest,
    ReportArticlesRequest,
    RetireArticleRequest,
    SuggestArticlesRequest,
)
from protos.followthrough.v1.ticket_service_pb2 import RejectResolutionRequest, ResolveTicketRequest
from tests.support.articles import ARTICLES
from tests.support.intake import MONDAY, Desk, a_desk, of
from tests.support.record import Outsider

CODES = grpc.StatusCode


@pytest.fixture
async def desk(record_url: str) -> AsyncIterator[Desk]:
    """A contact centre that knows the articles of `ARTICLES`."""
    async with a_desk(record_url) as desk:
        for article_id in ARTICLES:
            await put(desk, article_id)
        yield desk


def putting(article_id: str, **given: object) -> PutArticleRequest:
    """A request to put one of `ARTICLES`; what is given replaces what it says."""
    content = ARTICLES.get(article_id, ARTICLES["read-a-bill"])
    said: dict[str, object] = {
        "caller": "wiki",
        "actor": "ana",
        "article_id": article_id,
        "title": content.title,
        "body": content.body,
        "language": content.language,
        "keywords": content.keywords,
        "queues": content.queues,
    }
    return PutArticleRequest(**{**said, **given})  # type: ignore[arg-type]  # as given above


async def put(desk: Desk, article_id: str, **given: object) -> contract.Article:
    """Put one."""
    return cast(contract.Article, await desk.ask(putting(article_id, **given)))


async def suggested(desk: Desk, **asked: object) -> list[str]:
    """The ids of what is suggested."""
    answer = await desk.ask(SuggestArticlesRequest(**asked))  # type: ignore[arg-type]  # fields by name
    return [each.article_id for each in cast(contract.SuggestArticlesResponse, answer).suggestions]


async def reported(desk: Desk) -> dict[str, tuple[int, int, int, int]]:
    """Suggested, helped, solved and reopened, of each article that was good for anything."""
    answer = cast(contract.ReportArticlesResponse, await desk.ask(ReportArticlesRequest()))
    figures = {each.article_id: (each.suggested, each.helped, each.solved, each.reopened) for each in answer.reports}
    return {article_id: counts for article_id, counts in figures.items() if any(counts)}


async def test_an_author_writes_changes_and_retires(desk: Desk) -> None:
    """Each change is a version; a retired article is read, listed on request, and not suggested."""
    made = await put(desk, "no-dial-tone", title="No dial tone", keywords=["dial tone"], queues=["home"])
    assert (made.version, made.changed_by, list(made.queues)) == (1, "ana", ["home"])
    assert not made.HasField("retire_time")
    assert made.create_time.ToDatetime(MONDAY.tzinfo) == made.change_time.ToDatetime(MONDAY.tzinfo) == MONDAY
    assert await put(desk, "no-dial-tone", title="No dial tone", keywords=["dial tone"], queues=["home"]) == made
    changed = await put(desk, "no-dial-tone", expected_version=1)
    assert (changed.version, changed.title) == (2, "How to read your bill")
    assert await desk.ask(GetArticleRequest(article_id="no-dial-tone")) == changed

    retired = cast(
        contract.Article, await desk.ask(RetireArticleRequest(caller="wiki", actor="bo", article_id="no-dial-tone"))
    )
    assert (retired.version, retired.changed_by, retired.HasField("retire_time")) == (3, "bo", True)
    assert "no-dial-tone" not in await suggested(desk, text="refund")

    async def listed(**asked: object) -> list[str]:
        request = ListArticlesRequest(**asked)  # type: ignore[arg-type]  # fields by name
        return [each.article_id for each in cast(contract.ListArticlesResponse, await desk.ask(request)).articles]

    assert await listed() == sorted(ARTICLES)
    assert await listed(include_retired=True, language="en", queue="business") == [
        "no-dial-tone",
        "read-a-bill",
        "slow-evenings",
    ]


async def test_a_portal_asks_before_a_ticket_is_needed(desk: Desk) -> None:
    """Articles in the customer's language, the likeliest first; what helped is recorded once, whatever is retried."""
    request = SuggestArticlesRequest(text='"Charged" twice?! 🎉 I want my refund', language="en-US", queue="home")
    answer = cast(contract.SuggestArticlesResponse, await desk.ask(request))
    (first,) = answer.suggestions
    assert (first.article_id, first.version, first.language) == ("read-a-bill", 1, "en")
    assert (first.title, first.excerpt) == (ARTICLES["read-a-bill"].title, ARTICLES["read-a-bill"].body)
    assert await suggested(desk, text="🎉 … ?") == []

    helped = RecordDeflectionRequest(
        caller="portal", request_id=str(uuid.uuid4()), article_id="read-a-bill", queue="home"
    )
    for _ in range(2):
        await desk.ask(helped)
    helped.request_id = helped.request_id.upper()
    await desk.ask(helped)
    assert await reported(desk) == {"read-a-bill": (1, 1, 0, 0)}
    helped.article_id = "slow-evenings"
    refusal = await desk.refusal(helped)
    assert (refusal.code, refusal.reason) == (CODES.ALREADY_EXISTS, "REQUEST_ID_REUSED")


async def test_an_excerpt_is_a_line_that_ends_after_a_word(desk: Desk) -> None:
    """However a body is written, what is shown of it is short and in one line."""
    await put(desk, "long-one", body="First  line\n\n" + "wording " * 100, keywords=["lengthy"])
    answer = cast(contract.SuggestArticlesResponse, await desk.ask(SuggestArticlesRequest(text="lengthy")))
    excerpt = answer.suggestions[0].excerpt
    assert excerpt.startswith("First line wording")
    assert excerpt.endswith(" wording…")
    assert len(excerpt) <= 200


async def test_an_agent_asks_for_a_ticket(desk: Desk) -> None:
    """The ticket's own words and queue count; text that is given besides counts too."""
    ticket = await desk.open(queue="home", subject="Red light", description="It is blinking, and buffering of late.")
    assert await suggested(desk, ticket_id=ticket.ticket_id) == ["router-lights", "slow-evenings"]
    assert await suggested(desk, ticket_id=ticket.ticket_id, page_size=1) == ["router-lights"]
    assert "read-a-bill" in await suggested(desk, ticket_id=ticket.ticket_id, text="and a refund")
    await put(desk, "router-lights", queues=["business"])
    assert await suggested(desk, ticket_id=ticket.ticket_id) == ["slow-evenings"]
    assert "router-lights" in await suggested(desk, ticket_id=ticket.ticket_id, queue="business")


async def test_no_more_than_ten_are_suggested(desk: Desk) -> None:
    """Five, unless somebody asks for more; ten at most."""
    for number in range(12):
        await put(desk, f"bill-{number}", keywords=["refund"])
    assert [len(await suggested(desk, text="refund", page_size=size)) for size in (0, 7, 10, 400)] == [5, 7, 10, 10]


async def test_what_solved_a_ticket_is_reported(desk: Desk) -> None:
    """The article that a resolution names is in the ticket, its log and the report; so is that it did not last."""
    ticket = await desk.take(await desk.open())

    def resolving(article: str) -> ResolveTicketRequest:
        return of(
            ticket, ResolveTicketRequest(outcome=ticket_pb2.OUTCOME_FIXED, explanation="restarted", article=article)
        )

    for article, code, reason in (
        ("none-yet", CODES.NOT_FOUND, "UNKNOWN_ARTICLE"),
        ("No article!", CODES.INVALID_ARGUMENT, "REQUEST_INVALID"),
    ):
        refusal = await desk.refusal(resolving(article))
        assert (refusal.code, refusal.reason) == (code, reason)
        assert refusal.text.startswith(f"article {article!r}")

    await desk.ask(RetireArticleRequest(caller="wiki", actor="bo", article_id="slow-evenings"))
    resolved = await desk.ticket(resolving("slow-evenings"))  # somebody read it before
    await put(desk, "slow-evenings")
    assert resolved.article == "slow-evenings"
    assert await reported(desk) == {"slow-evenings": (0, 0, 1, 0)}
    await desk.ticket(of(ticket, RejectResolutionRequest(reason="slow again")))
    assert await reported(desk) == {"slow-evenings": (0, 0, 1, 1)}


async def test_lists_go_on_where_they_ended(desk: Desk) -> None:
    """Page by page, nothing twice; a token is of its own list."""
    ids = sorted(ARTICLES)
    request = ListArticlesRequest(page_size=2)
    pages = []
    while True:
        answer = cast(contract.ListArticlesResponse, await desk.ask(request))
        pages.append([each.article_id for each in answer.articles])
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert pages == [ids[:2], ids[2:4], ids[4:]]

    report = ReportArticlesRequest(page_size=3)
    first = cast(contract.ReportArticlesResponse, await desk.ask(report))
    report.page_token = first.next_page_token
    rest = cast(contract.ReportArticlesResponse, await desk.ask(report))
    assert [each.article_id for each in (*first.reports, *rest.reports)] == ids
    assert not rest.next_page_token
    for token in (first.next_page_token, "garbage", "%%%"):
        refusal = await desk.refusal(ListArticlesRequest(page_size=3, page_token=token))
        assert refusal.reason == "PAGE_TOKEN_INVALID"


LONG = "x" * 20_001


@pytest.mark.parametrize(
    ("request_", "field", "told"),
    [
        (putting(""), "article_id", "is empty: say it"),
        (putting("Read_a_bill"), "article_id", "'Read_a_bill' is no article's id: write lower-case words with hyphens"),
        (putting("read--a-bill"), "article_id", "'read--a-bill' is no article's id"),
        (putting("x" * 65), "article_id", "has 65 characters: at most 64"),
        (putting("a", title=" "), "title", "is empty: say it"),
        (putting("a", title="a\nb"), "title", "has the character U+000A at 1"),
        (putting("a", body=""), "body", "is empty: say it"),
        (putting("a", body=LONG), "body", "has 20001 characters: at most 20000"),
        (putting("a", body="a\x00b"), "body", "has the character U+0000 at 1"),
        (putting("a", language="English"), "language", "'English' is no language tag: write a BCP 47 tag, 'en'"),
        (putting("a", language="en_GB"), "language", "'en_GB' is no language tag: write a BCP 47 tag, like 'en-GB'"),
        (putting("a", keywords=["a", ""]), "keywords", "number 2 is empty: say it"),
        (putting("a", keywords=["a", "b", "a"]), "keywords", "number 3 'a' was given before: leave it out"),
        (putting("a", keywords=["k" * 65]), "keywords", "has 65 characters: at most 64"),
        (putting("a", keywords=[f"k{n}" for n in range(51)]), "keywords", "has 51: at most 50 are allowed"),
        (putting("a", queues=["nowhere"]), "queues", "'nowhere' is unknown: use one of "),
        (putting("a", actor=""), "actor", "is empty: say it"),
        (putting("a", expected_version=-1), "expected_version", "is -1: the least is 0"),
        (SuggestArticlesRequest(), "text", "is missing: give it, or a ticket_id, or both"),
        (SuggestArticlesRequest(text="  "), "text", "is blank: leave it empty or say it"),
        (SuggestArticlesRequest(text="x" * 8001), "text", "has 8001 characters: at most 8000"),
        (SuggestArticlesRequest(text="a", language="12"), "language", "'12' is no language tag"),
        (SuggestArticlesRequest(text="a", queue="nowhere"), "queue", "'nowhere' is unknown: use one of "),
        (ListArticlesRequest(queue="nowhere"), "queue", "'nowhere' is unknown: use one of "),
        (ListArticlesRequest(page_size=-1), "page_size", "is -1: the least is 0"),
        (
            RecordDeflectionRequest(caller="p", request_id="1", article_id="read-a-bill"),
            "request_id",
            "'1' is no UUID",
        ),
        (
            RecordDeflectionRequest(
                caller="p", request_id=str(uuid.uuid4()), article_id="read-a-bill", queue="nowhere"
            ),
            "queue",
            "'nowhere' is unknown",
        ),
    ],
)
async def test_what_is_wrong_is_told_by_field(desk: Desk, request_: Message, field: str, told: str) -> None:
    """Field, value and remedy; nothing is changed by it."""
    before = await desk.ask(ListArticlesRequest())
    refusal = await desk.refusal(request_)
    assert refusal.code is CODES.INVALID_ARGUMENT
    assert told in refusal.violations[field]
    assert await desk.ask(ListArticlesRequest()) == before


@pytest.mark.parametrize(
    "request_",
    [
        GetArticleRequest(article_id="none-yet"),
        RetireArticleRequest(caller="wiki", actor="ana", article_id="none-yet"),
        RecordDeflectionRequest(caller="p", request_id=str(uuid.uuid4()), article_id="none-yet"),
        putting("none-yet", expected_version=2),
    ],
)
async def test_an_article_that_is_not_there_is_named(desk: Desk, request_: Message) -> None:
    """Whoever names one is told which, and where to look."""
    refusal = await desk.refusal(request_)
    assert (refusal.code, refusal.reason, refusal.resource) == (CODES.NOT_FOUND, "UNKNOWN_ARTICLE", "none-yet")
    assert refusal.text == "article_id 'none-yet' names no article: look for it with ListArticles"


async def test_who_decided_on_another_version_is_told_the_present_one(desk: Desk) -> None:
    """Two authors of one article do not overwrite each other unawares; the same content is no conflict."""
    await put(desk, "read-a-bill", title="Your bill", expected_version=1)
    assert (await put(desk, "read-a-bill", title="Your bill", expected_version=1)).version == 2
    for request in (
        putting("read-a-bill", title="The bill", expected_version=1),
        RetireArticleRequest(caller="wiki", actor="bo", article_id="read-a-bill", expected_version=1),
    ):
        refusal = await desk.refusal(request)
        assert (refusal.code, refusal.reason, refusal.facts["version"]) == (CODES.ABORTED, "STALE_VERSION", "2")
        assert "'read-a-bill' has version 2, and this was decided on version 1: read it again" in refusal.text


async def test_a_ticket_that_is_not_there_is_named(desk: Desk) -> None:
    """Suggestions for a ticket that nobody knows are refused, not empty."""
    refusal = await desk.refusal(SuggestArticlesRequest(ticket_id="01KB0000000000000000000000"))
    assert (refusal.code, refusal.reason) == (CODES.NOT_FOUND, "UNKNOWN_TICKET")


async def test_what_cannot_be_counted_is_suggested_all_the_same(desk: Desk, record_url: str) -> None:
    """A record that takes no count is no reason to leave a customer without an answer."""
    await Outsider(record_url).run("ALTER TABLE article_suggested RENAME TO elsewhere")
    assert await suggested(desk, text="refund") == ["read-a-bill"]
