"""The methods of KnowledgeService: ask the record, convert, answer. Requests arrive checked field by field."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import knowledge_service_pb2 as contract
from services.intake.errors import Problem, Reason, invalid, stale_version, unknown_article, unknown_ticket
from services.intake.fields import Violation
from services.intake.ids import is_article_id
from services.intake.means import Handle, Means, Methods
from services.intake.paging import PageTokenInvalid, after_token, page_size, token
from services.intake.promises import HoldsPolicies
from services.knowledge.article import Article, ArticleMovedOn, ArticleUnknown, Content, Report, Suggestion
from services.knowledge.articles import Articles
from services.knowledge.uses import Uses
from services.records import RecordError
from services.records.queries import Queries
from workflows.domain.ticket.texts import quoted
from workflows.ports import TicketUnknown

logger = logging.getLogger(__name__)

SUGGESTIONS = 5
"""How many are given to who does not say."""
MOST_SUGGESTIONS = 10
EXCERPT = 200
"""Characters of a body that are shown with a suggestion."""


def methods(means: Means) -> Methods:
    """What answers each method about articles."""
    records = means.records
    answers = Answers(Articles(records), Uses(records), records.queries, means.policies)
    return Methods(once=answers.methods())


class Answers:
    """Everything that can be asked of what is known. Holds no state of its own."""

    def __init__(self, articles: Articles, uses: Uses, queries: Queries, policies: HoldsPolicies) -> None:
        self._articles = articles
        self._uses = uses
        self._queries = queries
        self._policies = policies

    def methods(self) -> Mapping[type[Message], Handle[Message]]:
        """What handles each request."""
        own: dict[type[Message], object] = {
            contract.PutArticleRequest: self._put,
            contract.GetArticleRequest: self._get,
            contract.ListArticlesRequest: self._list,
            contract.RetireArticleRequest: self._retire,
            contract.SuggestArticlesRequest: self._suggest,
            contract.RecordDeflectionRequest: self._record_deflection,
            contract.ReportArticlesRequest: self._report,
        }
        return cast(Mapping[type[Message], Handle[Message]], own)

    async def _put(self, request: contract.PutArticleRequest) -> contract.Article:
        self._require_queues("queues", request.queues)
        content = Content(
            title=request.title,
            body=request.body,
            language=request.language,
            keywords=tuple(request.keywords),
            queues=tuple(sorted(request.queues)),
        )
        expected = request.expected_version or None
        try:
            article = await self._articles.put(request.article_id, content, by=request.actor, expected_version=expected)
        except ArticleMovedOn as moved:
            raise _moved_on(moved) from None
        return _message(article)

    async def _get(self, request: contract.GetArticleRequest) -> contract.Article:
        try:
            return _message(await self._articles.article(request.article_id))
        except ArticleUnknown:
            raise unknown_article(request.article_id) from None

    async def _list(self, request: contract.ListArticlesRequest) -> contract.ListArticlesResponse:
        after, size = _after(request), page_size(request.page_size)
        if request.queue:
            self._require_queues("queue", [request.queue])
        found = await self._articles.articles(
            language=request.language or None,
            queue=request.queue or None,
            is_retired_too=request.include_retired,
            page_size=size + 1,
            after=after,
        )
        page = found[:size]
        return contract.ListArticlesResponse(
            articles=[_message(article) for article in page],
            next_page_token=token(request, page[-1].article_id) if len(found) > size else "",
        )

    async def _retire(self, request: contract.RetireArticleRequest) -> contract.Article:
        expected = request.expected_version or None
        try:
            return _message(
                await self._articles.retire(request.article_id, by=request.actor, expected_version=expected)
            )
        except ArticleUnknown:
            raise unknown_article(request.article_id) from None
        except ArticleMovedOn as moved:
            raise _moved_on(moved) from None

    async def _suggest(self, request: contract.SuggestArticlesRequest) -> contract.SuggestArticlesResponse:
        said, queue = [request.text], request.queue
        if queue:
            self._require_queues("queue", [queue])
        if request.ticket_id:
            try:
                ticket = await self._queries.ticket(request.ticket_id)
            except TicketUnknown:
                raise unknown_ticket(request.ticket_id) from None
            said += ticket.subject, ticket.description
            queue = queue or ticket.queue
        elif not request.text:
            raise invalid([Violation("text", "is missing: give it, or a ticket_id, or both")])
        found = await self._articles.suggestions(
            "\n".join(said),
            language=request.language or None,
            queue=queue or None,
            limit=min(request.page_size or SUGGESTIONS, MOST_SUGGESTIONS),
        )
        await self._count(found)
        return contract.SuggestArticlesResponse(suggestions=[_suggestion(each) for each in found])

    async def _count(self, found: Iterable[Suggestion]) -> None:
        """Count what is suggested. A record that cannot be written is no reason to leave a customer without it."""
        article_ids = [each.article_id for each in found]
        try:
            if article_ids:
                await self._uses.count_suggested(article_ids)
        except RecordError as error:
            logger.warning("suggestions not counted", extra={"articles": len(article_ids), "why": str(error)})

    async def _record_deflection(self, request: contract.RecordDeflectionRequest) -> contract.RecordDeflectionResponse:
        if request.queue:
            self._require_queues("queue", [request.queue])
        try:
            await self._uses.keep_helped(
                caller=request.caller,
                request_id=request.request_id.lower(),
                article_id=request.article_id,
                queue=request.queue or None,
            )
        except ArticleUnknown:
            raise unknown_article(request.article_id) from None
        return contract.RecordDeflectionResponse()

    async def _report(self, request: contract.ReportArticlesRequest) -> contract.ReportArticlesResponse:
        after, size = _after(request), page_size(request.page_size)
        found = await self._uses.reports(is_retired_too=request.include_retired, page_size=size + 1, after=after)
        page = found[:size]
        return contract.ReportArticlesResponse(
            reports=[_report(each) for each in page],
            next_page_token=token(request, page[-1].article_id) if len(found) > size else "",
        )

    def _require_queues(self, field: str, names: Iterable[str]) -> None:
        """See that each queue is declared beside the policies."""
        declared = self._policies.now.promised.queues
        for name in names:
            if name not in declared:
                text = f"{quoted(name)} is unknown: use one of {', '.join(sorted(declared))}"
                raise invalid([Violation(field, text)], Reason.UNKNOWN_QUEUE, queue=name)


def _after(request: contract.ListArticlesRequest | contract.ReportArticlesRequest) -> str | None:
    """The article after whose id the page begins; none: it is the first."""
    try:
        after = after_token(request)
    except PageTokenInvalid:
        raise _not_of_this_list(request.page_token) from None
    if after is not None and not is_article_id(after):
        raise _not_of_this_list(request.page_token)
    return after


def _not_of_this_list(page_token: str) -> Problem:
    problem = f"{quoted(page_token)} is no token of this list with these filters: begin again without one"
    return invalid([Violation("page_token", problem)], Reason.PAGE_TOKEN_INVALID)


def _moved_on(moved: ArticleMovedOn) -> Problem:
    if not moved.version:
        return unknown_article(moved.article_id)
    text = (
        f"article {quoted(moved.article_id)} has version {moved.version}, "
        f"and this was decided on version {moved.expected}: read it again"
    )
    return stale_version(text, version=moved.version)


def _message(article: Article) -> contract.Article:
    content = article.content
    return contract.Article(
        article_id=article.article_id,
        version=article.version,
        title=content.title,
        body=content.body,
        language=content.language,
        keywords=content.keywords,
        queues=content.queues,
        create_time=_timestamp(article.created_at),
        change_time=_timestamp(article.changed_at),
        changed_by=article.changed_by,
        retire_time=None if article.retired_at is None else _timestamp(article.retired_at),
    )


def _suggestion(found: Suggestion) -> contract.ArticleSuggestion:
    return contract.ArticleSuggestion(
        article_id=found.article_id,
        version=found.version,
        title=found.title,
        language=found.language,
        excerpt=_excerpt(found.beginning),
    )


def _excerpt(beginning: str) -> str:
    """How a body begins, in one line; it ends after a word."""
    line = " ".join(beginning.split())
    if len(line) <= EXCERPT:
        return line
    cut = line[: EXCERPT - 1]
    return (cut.rpartition(" ")[0] or cut) + "…"


def _report(report: Report) -> contract.ArticleReport:
    return contract.ArticleReport(
        article_id=report.article_id,
        title=report.title,
        suggested=report.suggested,
        helped=report.helped,
        solved=report.solved,
        reopened=report.reopened,
    )


def _timestamp(at: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(at)
    return made
