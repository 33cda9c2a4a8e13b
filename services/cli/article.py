"""`followthrough article …`: answers that can be suggested, by hand and from files. Options in, one question out."""

import functools
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import click

from protos.followthrough.v1.knowledge_service_pb2 import (
    ListArticlesRequest,
    PutArticleRequest,
    RecordDeflectionRequest,
    ReportArticlesRequest,
    SuggestArticlesRequest,
)
from services import certificates
from services.cli import article_file
from services.cli.article_asking import ArticleAsking
from services.cli.failing import Failed
from services.cli.numbers import WholeNumber
from services.cli.options import NUMBER, AddressOption
from services.cli.sections import Sections
from services.settings import Address, Settings, SettingsError

PAGE = 100
"""Intake gives no longer one."""
PATHS = click.Path(exists=True, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def asks(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that every question has, and an `ArticleAsking` that goes by them."""

    @click.option("--server", type=AddressOption(), help="Where intake answers. Default: FOLLOWTHROUGH_INTAKE_ADDRESS.")
    @click.option("--json", "is_json", is_flag=True, help="One JSON object a line instead of tables.")
    @functools.wraps(command)
    def with_options(*, server: Address | None, is_json: bool, actor: str | None = None, **options: object) -> None:
        try:
            settings = Settings.load()
            credentials = certificates.to_intake(settings)
        except SettingsError as error:
            raise Failed(str(error), exit_code=2) from None
        asking = ArticleAsking(
            server=server or settings.intake_address,
            credentials=credentials,
            actor=actor or settings.actor,
            is_json=is_json,
        )
        command(asking, **options)

    return with_options


def writes(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of every change, beside those of every question."""
    with_version = click.option(
        "--expected-version", type=NUMBER, default=0, help="Refuse it when the article has moved on. Default: any."
    )
    with_who = click.option("--actor", help="Who asks. Default: FOLLOWTHROUGH_ACTOR, else the login name.")
    return with_version(with_who(asks(command)))


@click.group(cls=Sections)
def article() -> None:
    """Write answers that can be suggested, find them, and see what they were good for.

    An article is a Markdown file that begins with its id, title, language, keywords and queues between two lines of
    `---`; `article show` writes one. Exit code 0: done; 1: refused, with the reason; 2: no answer, or not understood.
    """


@article.command()
@click.argument("paths", type=PATHS, nargs=-1, required=True)
@writes
def put(asking: ArticleAsking, *, paths: Sequence[Path], expected_version: int) -> None:
    """Make or change an article for each file, or for each .md file of a folder.

    Nothing is put unless all files can be read. What says what is known already changes nothing: put them again.
    """
    requests = _read_all(paths)
    if expected_version:
        if len(requests) > 1:
            raise click.UsageError("--expected-version is of one article: put one file with it")
        for request in requests.values():
            request.expected_version = expected_version
    asking.put(requests)


@article.command("list")
@click.option("--language", default="", help="Only those in this language, of whatever region.")
@click.option("--queue", default="", help="Only those that are for this queue, or for all.")
@click.option("--retired", "is_retired_too", is_flag=True, help="Those that were retired too.")
@asks
def list_(asking: ArticleAsking, *, language: str, queue: str, is_retired_too: bool) -> None:
    """List articles, by their ids."""
    asking.articles(ListArticlesRequest(language=language, queue=queue, include_retired=is_retired_too, page_size=PAGE))


@article.command()
@click.argument("article_id", metavar="ID")
@asks
def show(asking: ArticleAsking, *, article_id: str) -> None:
    """Show an article as its file: what `put` reads."""
    asking.show(article_id)


@article.command()
@click.argument("folder", type=FOLDER)
@click.option("--language", default="", help="Only those in this language, of whatever region.")
@click.option("--queue", default="", help="Only those that are for this queue, or for all.")
@asks
def export(asking: ArticleAsking, *, folder: Path, language: str, queue: str) -> None:
    """Write every article in use to a file of its own in FOLDER."""
    asking.export(folder, ListArticlesRequest(language=language, queue=queue, page_size=PAGE))


@article.command()
@click.argument("text", default="")
@click.option("--ticket", "key", default="", help="For this ticket, by its id or its reference; TEXT counts too.")
@click.option("--language", default="", help="Only in this language, of whatever region.")
@click.option("--queue", default="", help="Only what is for this queue, or for all. Default: the ticket's, or any.")
@click.option("--limit", type=WholeNumber(min=1, max=10), default=5, show_default=True, help="At most so many.")
@asks
def suggest(asking: ArticleAsking, *, text: str, key: str, language: str, queue: str, limit: int) -> None:
    """Show what may answer TEXT, in the customer's own words, the likeliest first."""
    asking.suggest(SuggestArticlesRequest(text=text, language=language, queue=queue, page_size=limit), key)


@article.command()
@click.argument("article_id", metavar="ID")
@click.option("--queue", default="", help="The queue that a ticket would have gone to.")
@click.option("--request-id", default="", help="Give the same UUID again to repeat it safely.")
@asks
def helped(asking: ArticleAsking, *, article_id: str, queue: str, request_id: str) -> None:
    """Record that an article helped somebody, who now needs no ticket."""
    asking.helped(RecordDeflectionRequest(article_id=article_id, queue=queue, request_id=request_id))


@article.command()
@click.argument("article_id", metavar="ID")
@writes
def retire(asking: ArticleAsking, *, article_id: str, expected_version: int) -> None:
    """Have an article suggested no more."""
    asking.retire(article_id, expected_version=expected_version)


@article.command()
@click.option("--retired", "is_retired_too", is_flag=True, help="Those that were retired too.")
@asks
def report(asking: ArticleAsking, *, is_retired_too: bool) -> None:
    """Show what each article was good for: suggested, helped before a ticket, solved a ticket, which came back."""
    asking.report(ReportArticlesRequest(include_retired=is_retired_too, page_size=PAGE))


def _read_all(paths: Sequence[Path]) -> dict[Path, PutArticleRequest]:
    """Read every file before anything is put; `Failed` names each that is no article, and what two files share."""
    problems: list[str] = []
    requests: dict[Path, PutArticleRequest] = {}
    first: dict[str, Path] = {}
    for path in dict.fromkeys(chain.from_iterable(map(_files, paths))):
        try:
            request = article_file.read(path.read_text(encoding="utf-8"))
        except article_file.ArticleFileWrong as wrong:
            problems.append(f"{path}: {wrong}")
        except UnicodeDecodeError:
            problems.append(f"{path}: it is no UTF-8: save it as that")
        except OSError as error:
            problems.append(f"{path}: {(error.strerror or 'it cannot be read').lower()}: see that it can be read")
        else:
            if (other := first.setdefault(request.article_id, path)) != path:
                problems.append(f"{path}: id {request.article_id!r} is that of {other} too: give each its own")
            requests[path] = request
    if problems:
        raise Failed(*problems, exit_code=2)
    if not requests:
        raise Failed(f"there is no .md file in {', '.join(map(str, paths))}: name one", exit_code=2)
    return requests


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(path.glob("*.md"))
    else:
        yield path
