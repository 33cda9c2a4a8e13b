"""An article as its author keeps it: a Markdown file that begins with what is known of it. Asks nobody.

    ---
    id: slow-in-the-evening
    title: Slow internet in the evening
    language: en-GB
    keywords: slow, speed, buffering
    queues: home
    ---
    Move the router away from the television, then restart it.

`keywords` and `queues` may also be lists, an item a line after `- `. What each may say is intake's to judge.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from protos.followthrough.v1.knowledge_service_pb2 import Article, PutArticleRequest

FENCE = "---"
TEXTS = ("id", "title", "language")
LISTS = ("keywords", "queues")
FIELDS = (*TEXTS, *LISTS)
QUOTES = ("'", '"')


class ArticleFileWrong(ValueError):  # noqa: N818 - the fact, in the desk's words
    """A file that is no article: its line, the field, the value and the remedy."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")


@dataclass(slots=True)
class _Head:
    """What is known of an article so far."""

    said: dict[str, list[str]] = field(default_factory=dict)
    listed: str = ""
    """The field whose items follow, a line each."""

    def take(self, number: int, line: str) -> None:
        """Read one line. Raises `ArticleFileWrong`."""
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            return
        if stripped.startswith("- ") or stripped == "-":
            if not self.listed:
                raise ArticleFileWrong(number, f"{stripped!r} belongs to no list: write it after 'keywords:'")
            self.said[self.listed] += filter(None, [_unquoted(stripped[1:])])
            return
        name, colon, value = stripped.partition(":")
        name = name.strip()
        if not colon or name not in FIELDS:
            known = ", ".join(FIELDS)
            raise ArticleFileWrong(number, f"{name!r} is no field of an article: write 'name: value' of {known}")
        if name in self.said:
            raise ArticleFileWrong(number, f"{name!r} is said twice: say it once")
        self.said[name] = list(_items(value)) if name in LISTS else [_unquoted(value)]
        self.listed = name if name in LISTS and not value.strip() else ""


def read(text: str) -> PutArticleRequest:
    """Read an article's file. Raises `ArticleFileWrong`."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != FENCE:
        raise ArticleFileWrong(1, f"an article begins with a line {FENCE!r}, its fields, and another {FENCE!r}")
    head = _Head()
    for number, line in enumerate(lines[1:], start=2):
        if line.rstrip() == FENCE:
            break
        head.take(number, line)
    else:
        raise ArticleFileWrong(len(lines), f"the fields do not end: write a line {FENCE!r} before the answer")
    missing = [name for name in TEXTS if not head.said.get(name, [""])[0]]
    if missing:
        raise ArticleFileWrong(1, f"{missing[0]!r} is missing: write a line '{missing[0]}: …'")
    body = "\n".join(lines[number:]).strip()
    if not body:
        raise ArticleFileWrong(len(lines), f"there is no answer after the second {FENCE!r}: write it")
    return PutArticleRequest(
        article_id=head.said["id"][0],
        title=head.said["title"][0],
        language=head.said["language"][0],
        keywords=head.said.get("keywords", []),
        queues=head.said.get("queues", []),
        body=body,
    )


def written(article: Article) -> str:
    """Write an article so that `read` finds it again."""
    head = [FENCE, f"id: {article.article_id}", f"title: {_quoted(article.title)}", f"language: {article.language}"]
    for name in LISTS:
        head += _list(name, getattr(article, name))
    return "\n".join([*head, FENCE, article.body.strip(), ""])


def _list(name: str, items: Sequence[str]) -> list[str]:
    """A line, or one each where a line would be read otherwise."""
    if not items:
        return []
    line = ", ".join(items)
    if list(_items(line)) == list(items):
        return [f"{name}: {line}"]
    return [f"{name}:", *(f"- {_quoted(item)}" for item in items)]


def _items(value: str) -> Iterator[str]:
    value = value.strip()
    if value.startswith("[") and value.endswith("]"):
        value = value[1:-1]
    for item in value.split(","):
        if found := _unquoted(item):
            yield found


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] in QUOTES and value[-1] == value[0]:
        return value[1:-1]
    return value


def _quoted(value: str) -> str:
    """In quotes where they would be taken for the file's own."""
    return f'"{value}"' if _unquoted(value) != value else value
