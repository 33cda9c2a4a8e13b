"""Articles on the terminal: a list, suggestions, what each was good for. Shows what it is given; asks nobody."""

from collections.abc import Sequence

from rich.table import Table

from protos.followthrough.v1.knowledge_service_pb2 import Article, ArticleReport, ArticleSuggestion
from services.cli import tables, wording


def of_articles(articles: Sequence[Article]) -> Table:
    """A line an article."""
    table = tables.headed("id", "language", "version", "queues", "title")
    for article in articles:
        title = f"{article.title} (retired)" if article.HasField("retire_time") else article.title
        _row(table, article.article_id, article.language, str(article.version), ", ".join(article.queues), title)
    return table


def of_suggestions(suggestions: Sequence[ArticleSuggestion]) -> Table:
    """A line a suggestion, the likeliest first."""
    table = tables.headed("#", "id", "title", "begins")
    for number, found in enumerate(suggestions, start=1):
        _row(table, str(number), found.article_id, found.title, found.excerpt)
    return table


def of_reports(reports: Sequence[ArticleReport]) -> Table:
    """A line an article, what solved most first."""
    table = tables.headed("id", "suggested", "helped", "solved", "came back", "title")
    for each in sorted(reports, key=_by_use):
        figures = (each.suggested, each.helped, each.solved, each.reopened)
        _row(table, each.article_id, *map(str, figures), each.title)
    return table


def _by_use(report: ArticleReport) -> tuple[int, int, int, str]:
    return -report.solved, -report.helped, -report.suggested, report.article_id


def _row(table: Table, *cells: str) -> None:
    table.add_row(*map(wording.plain, cells))
