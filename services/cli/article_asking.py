"""How `followthrough article` asks intake, and how an answer is shown. Exit code 0: done; 1: refused; 2: no answer."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click
import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import RenderableType

from protos.followthrough.v1.knowledge_service_pb2 import (
    Article,
    ListArticlesRequest,
    PutArticleRequest,
    RecordDeflectionRequest,
    ReportArticlesRequest,
    SuggestArticlesRequest,
)
from services.cli import article_file, article_shown, tables
from services.cli.asking import CALLER, LONGEST_REFERENCE
from services.cli.failing import Failed
from services.cli.progress import TicketBar
from services.cli.told import in_words_typed, told_plainly
from services.client import BlockingKnowledgeClient, BlockingTicketClient, Refused
from services.settings import Address

Item = TypeVar("Item", bound=Message)

NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"
"""What putting an article did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleAsking:
    """One question about articles to one intake."""

    server: Address
    credentials: grpc.ChannelCredentials | None
    """None: the way there is not encrypted."""
    actor: str
    is_json: bool

    def put(self, requests: Mapping[Path, PutArticleRequest]) -> None:
        """Put every article; one that is refused keeps no other from being put. `Failed` names each that was."""
        refused: list[str] = []
        made: list[Article] = []
        done: Counter[str] = Counter()
        with self._client() as client, TicketBar(is_shown=len(requests) > 1, what="articles") as shown:
            shown.expects(len(requests))
            for path, request in requests.items():
                try:
                    before = _version(client, request.article_id)
                    made.append(client.put(request))
                    done[_what(before, made[-1].version)] += 1
                except Refused as no:
                    if not no.reason:
                        raise
                    refused.append(f"{path}: refused: {in_words_typed(no)}")
                shown.advance()
        if self.is_json or len(requests) == 1:
            self._show(made, article_shown.of_articles)
        if not self.is_json:
            counted = f": {_counted(done)}" if made else ""
            _say(f"put {len(made)} of {len(requests)} article{'s' if len(requests) > 1 else ''}{counted}")
        if refused:
            raise Failed(*refused, exit_code=1)

    def show(self, article_id: str) -> None:
        """Show an article as its author's file."""
        with self._client() as client:
            article = client.article(article_id)
        if self.is_json:
            _write_json([article])
            return
        click.echo(article_file.written(article), nl=False)
        if article.HasField("retire_time"):
            _say(f"{article_id!r} is retired: it is suggested no more, until it is put again")

    def articles(self, request: ListArticlesRequest) -> None:
        """Show the articles that pass the request's filters."""
        with self._client() as client:
            found = list(client.articles(request))
        if not found:
            _say("no article matches")
            return
        self._show(found, article_shown.of_articles)

    def export(self, folder: Path, request: ListArticlesRequest) -> None:
        """Write each article to a file of its own."""
        with self._client() as client, TicketBar(what="articles") as shown:
            found = [article.article_id for article in client.articles(request)]
            shown.expects(len(found))
            for article_id in found:
                _write(folder / f"{article_id}.md", article_file.written(client.article(article_id)))
                shown.advance()
        _say(f"wrote {len(found)} articles to {folder}")

    def suggest(self, request: SuggestArticlesRequest, key: str) -> None:
        """Show what may answer a text, or a ticket of this id or reference."""
        with self._client() as client:
            request.ticket_id = self._ticket_id(key)
            found = client.suggestions(request)
        if not found:
            _say("nothing that is known has to do with it")
            return
        self._show(found, article_shown.of_suggestions)

    def helped(self, request: RecordDeflectionRequest) -> None:
        """Record that an article helped somebody before a ticket was needed."""
        with self._client() as client:
            client.record_deflection(request)
        _say(f"recorded that {request.article_id!r} helped")

    def retire(self, article_id: str, *, expected_version: int) -> None:
        """Have an article suggested no more, and show it."""
        with self._client() as client:
            self._show([client.retire(article_id, expected_version=expected_version)], article_shown.of_articles)

    def report(self, request: ReportArticlesRequest) -> None:
        """Show what articles were good for."""
        with self._client() as client:
            found = list(client.reports(request))
        if not found:
            _say("there is no article yet: write one, and put it with `followthrough article put FILE.md`")
            return
        self._show(found, article_shown.of_reports)

    @contextmanager
    def _client(self) -> Iterator[BlockingKnowledgeClient]:
        client = BlockingKnowledgeClient(
            str(self.server), caller=CALLER, actor=self.actor, credentials=self.credentials
        )
        with told_plainly(self.server, self.credentials), client:
            yield client

    def _ticket_id(self, key: str) -> str:
        """The id of a ticket that was named by either."""
        if not 0 < len(key) <= LONGEST_REFERENCE:
            return key.upper()
        client = BlockingTicketClient(str(self.server), caller=CALLER, actor=self.actor, credentials=self.credentials)
        with client:
            return client.ticket(reference=key).ticket_id

    def _show(self, items: Sequence[Item], table: Callable[[Sequence[Item]], RenderableType]) -> None:
        if self.is_json:
            _write_json(items)
        elif items:
            tables.write(table(items))


def _write_json(items: Sequence[Message]) -> None:
    for item in items:
        click.echo(json.dumps(MessageToDict(item, preserving_proto_field_name=True), ensure_ascii=False))


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        why = (error.strerror or "it cannot be written").lower()
        raise Failed(f"{str(path)!r}: {why}: name a folder that can be written to", exit_code=2) from None


def _version(client: BlockingKnowledgeClient, article_id: str) -> int | None:
    """Which version there is; none: there is no such article, or it is asked for wrongly, which its put will say."""
    try:
        return client.article(article_id).version
    except Refused as no:
        if not no.reason:
            raise
        return None


def _what(before: int | None, after: int) -> str:
    return NEW if before is None else UNCHANGED if before == after else CHANGED


def _counted(done: Mapping[str, int]) -> str:
    return ", ".join(f"{done[what]} {what}" for what in (NEW, CHANGED, UNCHANGED) if done[what])


def _say(text: str) -> None:
    """Say something about an answer, where it is in nobody's way."""
    click.echo(f"followthrough: {text}", err=True)
