"""An article as plain values, and what is refused about one. Instants are the record's, in UTC."""

from dataclasses import dataclass
from datetime import datetime

from workflows.domain.languages import spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What an author writes."""

    title: str
    body: str
    language: str
    """A BCP 47 tag."""
    keywords: tuple[str, ...] = ()
    """What customers call it."""
    queues: tuple[str, ...] = ()
    """Those it is for, in the order of their names; none: all."""

    @property
    def spoken(self) -> str:
        """The language without its region."""
        return spoken(self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An answer to what customers ask."""

    article_id: str
    version: int
    content: Content
    """In lists its body is empty."""
    created_at: datetime
    changed_at: datetime
    changed_by: str
    retired_at: datetime | None
    """None: it is in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An article that may answer what is asked."""

    article_id: str
    version: int
    title: str
    language: str
    beginning: str
    """Of its body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one article was good for, since there is a record."""

    article_id: str
    title: str
    suggested: int
    helped: int
    """Times it helped before a ticket was needed."""
    solved: int
    """Tickets whose resolution named it."""
    reopened: int
    """Those of them that their customer rejected, or that were reopened, since it was named last."""


class ArticleUnknown(LookupError):  # noqa: N818 - the fact, in the desk's words
    """There is no article of this id."""

    def __init__(self, article_id: str) -> None:
        super().__init__(f"article {article_id!r} is not in the record")
        self.article_id = article_id


class ArticleMovedOn(Exception):  # noqa: N818 - the fact, in the desk's words
    """The article has another version than the one that a change was decided on: nothing was changed."""

    def __init__(self, article_id: str, expected: int, version: int) -> None:
        super().__init__(f"article {article_id!r} has version {version}, not {expected}")
        self.article_id = article_id
        self.expected = expected
        self.version = version
