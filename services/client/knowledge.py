"""What a portal, an author's tool or an agent's desk asks of the articles, with an event loop or without."""

import copy
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from protos.followthrough.v1.knowledge_service_pb2 import (
    Article,
    ArticleReport,
    ArticleSuggestion,
    GetArticleRequest,
    ListArticlesRequest,
    PutArticleRequest,
    RecordDeflectionRequest,
    ReportArticlesRequest,
    RetireArticleRequest,
    SuggestArticlesRequest,
)
from protos.followthrough.v1.knowledge_service_pb2_grpc import KnowledgeServiceStub
from services.client.blocking_connection import BlockingConnection
from services.client.calls import Who
from services.client.connection import Connection
from services.client.paging import next_page

if TYPE_CHECKING:
    from protos.followthrough.v1.knowledge_service_pb2_grpc import KnowledgeServiceAsyncStub

Writing = TypeVar("Writing", PutArticleRequest, RetireArticleRequest)
Listing = TypeVar("Listing", ListArticlesRequest, ReportArticlesRequest)


class KnowledgeClient(Connection):
    """Asks one intake about articles."""

    @cached_property
    def _articles(self) -> "KnowledgeServiceAsyncStub":
        return KnowledgeServiceStub(self._channel)

    async def put(self, request: PutArticleRequest) -> Article:
        """Make an article, or change all of it. Fills in who asks where the request does not say."""
        return await self._ask(self._articles.PutArticle, signed(request, self._who))

    async def retire(self, article_id: str, *, expected_version: int = 0) -> Article:
        """Have an article suggested no more. 0 is any version."""
        request = RetireArticleRequest(article_id=article_id, expected_version=expected_version)
        return await self._ask(self._articles.RetireArticle, signed(request, self._who))

    async def article(self, article_id: str) -> Article:
        """Read one article, a retired one too."""
        return await self._ask(self._articles.GetArticle, GetArticleRequest(article_id=article_id))

    async def articles(self, request: ListArticlesRequest) -> AsyncIterator[Article]:
        """Read every article that passes the request's filters, without its body, page by page, by id."""
        async for answer in self._pages(self._articles.ListArticles, request, next_page):
            for article in answer.articles:
                yield article

    async def suggestions(self, request: SuggestArticlesRequest) -> Sequence[ArticleSuggestion]:
        """Find what may answer a customer's words, the likeliest first."""
        return (await self._ask(self._articles.SuggestArticles, request)).suggestions

    async def record_deflection(self, request: RecordDeflectionRequest) -> None:
        """Record that an article helped somebody. Fills in the caller and a new `request_id`."""
        await self._ask(self._articles.RecordDeflection, named(request, self._who))

    async def reports(self, request: ReportArticlesRequest) -> AsyncIterator[ArticleReport]:
        """Read what each article was good for, page by page, by id."""
        async for answer in self._pages(self._articles.ReportArticles, request, next_page):
            for report in answer.reports:
                yield report


class BlockingKnowledgeClient(BlockingConnection):
    """Asks one intake about articles. The same methods as `KnowledgeClient`, with the same answers."""

    @cached_property
    def _articles(self) -> KnowledgeServiceStub:
        return KnowledgeServiceStub(self._channel)

    def put(self, request: PutArticleRequest) -> Article:
        """Make an article, or change all of it."""
        return self._ask(self._articles.PutArticle, signed(request, self._who))

    def retire(self, article_id: str, *, expected_version: int = 0) -> Article:
        """Have an article suggested no more. 0 is any version."""
        request = RetireArticleRequest(article_id=article_id, expected_version=expected_version)
        return self._ask(self._articles.RetireArticle, signed(request, self._who))

    def article(self, article_id: str) -> Article:
        """Read one article, a retired one too."""
        return self._ask(self._articles.GetArticle, GetArticleRequest(article_id=article_id))

    def articles(self, request: ListArticlesRequest) -> Iterator[Article]:
        """Read every article that passes the request's filters, without its body, page by page, by id."""
        for answer in self._pages(self._articles.ListArticles, request, next_page):
            yield from answer.articles

    def suggestions(self, request: SuggestArticlesRequest) -> Sequence[ArticleSuggestion]:
        """Find what may answer a customer's words, the likeliest first."""
        return self._ask(self._articles.SuggestArticles, request).suggestions

    def record_deflection(self, request: RecordDeflectionRequest) -> None:
        """Record that an article helped somebody."""
        self._ask(self._articles.RecordDeflection, named(request, self._who))

    def reports(self, request: ReportArticlesRequest) -> Iterator[ArticleReport]:
        """Read what each article was good for, page by page, by id."""
        for answer in self._pages(self._articles.ReportArticles, request, next_page):
            yield from answer.reports


def signed(request: Writing, who: Who) -> Writing:
    """Give a copy of a change who asks, where it does not say; it needs no id: doing it again changes nothing."""
    whole = copy.deepcopy(request)
    whole.caller = request.caller or who.caller
    whole.actor = request.actor or who.actor
    return whole


def named(request: RecordDeflectionRequest, who: Who) -> RecordDeflectionRequest:
    """Give a copy who asks and an id, which makes its retries safe."""
    whole = copy.deepcopy(request)
    whole.caller = request.caller or who.caller
    whole.request_id = request.request_id or str(uuid.uuid4())
    return whole
