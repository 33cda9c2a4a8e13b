"""How articles are found by what somebody says: SQLite's FTS5, PostgreSQL's full text. Keywords weigh more than bodies.

PostgreSQL knows the forms of words in the languages it has a dictionary for; SQLite those of English alone. The words
themselves are found by `words`, so that both are asked for the same. What weighs the same stands in the order of ids.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.knowledge.article import Content, Suggestion
from services.knowledge.words import plain

BEGINNING = 400
"""Characters of a body that are read for an excerpt."""

_DICTIONARIES: Mapping[str, str] = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
"""PostgreSQL's name for what it knows of a language, by the language; it has those since version 14."""

_FITS = """
    (CAST(:spoken AS TEXT) IS NULL OR articles.spoken = :spoken)
    AND (
        CAST(:queue AS TEXT) IS NULL
        OR NOT EXISTS (SELECT 1 FROM article_queues WHERE article_queues.article_id = articles.article_id)
        OR EXISTS (
            SELECT 1 FROM article_queues
            WHERE article_queues.article_id = articles.article_id AND article_queues.queue = :queue
        )
    )
"""
_SHOWN = (
    "articles.article_id, articles.version, articles.title, articles.language, substr(articles.body, 1, :beginning)"
)


class Search(Protocol):
    """The words of all articles in use, in one database's form."""

    async def learn(self, connection: AsyncConnection, number: int, article_id: str, content: Content) -> None:
        """Have an article found by these words, and no others."""
        ...

    async def forget(self, connection: AsyncConnection, number: int) -> None:
        """Have an article not found any more."""
        ...

    async def find(
        self, connection: AsyncConnection, words: Sequence[str], *, spoken: str | None, queue: str | None, limit: int
    ) -> list[Suggestion]:
        """Find articles in which any of these words stands, the likeliest first."""
        ...


_LONG = 6
_ENDING = 2
"""Letters of a word from which on its last ones may be its form's."""


_WEIGHT = "10 * bm25(article_words, 1, 0, 0) + 5 * bm25(article_words, 0, 1, 0) + bm25(article_words, 0, 0, 1)"
"""Each column by itself: BM25 counts a word said often hardly more, and its own weights are that."""


class SqliteSearch:
    """FTS5: ranks by BM25, which is negative."""

    _FORGET = text("DELETE FROM article_words WHERE rowid = :number")
    _LEARN = text("INSERT INTO article_words (rowid, keywords, title, body) VALUES (:number, :keywords, :title, :body)")
    _FIND = text(f"""
        SELECT {_SHOWN}
        FROM article_words JOIN articles ON articles.number = article_words.rowid
        WHERE article_words MATCH :words AND {_FITS}
        ORDER BY round({_WEIGHT}, 9), articles.article_id LIMIT :limit
    """)  # noqa: S608 - words of our own

    async def learn(self, connection: AsyncConnection, number: int, article_id: str, content: Content) -> None:
        """Replace what was known of it; its id is found by its number."""
        del article_id
        await self.forget(connection, number)
        await connection.execute(self._LEARN, {"number": number, **_texts(content)})

    async def forget(self, connection: AsyncConnection, number: int) -> None:
        """Delete what was known of it."""
        await connection.execute(self._FORGET, {"number": number})

    async def find(
        self, connection: AsyncConnection, words: Sequence[str], *, spoken: str | None, queue: str | None, limit: int
    ) -> list[Suggestion]:
        """Match any of the words; of keywords and titles what a long one begins with: how it may end is not known here.

        In quotes none of them is an operator.
        """
        asked = " OR ".join(f'"{word}"' for word in words)
        if beginnings := " OR ".join(f'"{word[:-_ENDING]}" *' for word in words if len(word) >= _LONG):
            asked = f"{asked} OR {{keywords title}} : ({beginnings})"
        values = {"words": asked, "spoken": spoken, "queue": queue, "limit": limit, "beginning": BEGINNING}
        return _suggestions(await connection.execute(self._FIND, values))


class PostgresqlSearch:
    """A `tsvector` each, with the dictionary of the article's language; what was asked is read with each of those.

    Which language and queues an article is for stands among its words, behind a sign that no word has: so the index
    answers for those too, and only what is shown is read from the articles.
    """

    _FORGET = text("DELETE FROM article_words WHERE number = :number")
    _LEARN = text("""
        INSERT INTO article_words (number, article_id, config, words) VALUES (
            :number,
            :article_id,
            CAST(:config AS TEXT),
            setweight(to_tsvector(CAST(CAST(:config AS TEXT) AS REGCONFIG), :keywords), 'A')
            || setweight(to_tsvector(CAST(CAST(:config AS TEXT) AS REGCONFIG), :title), 'B')
            || setweight(to_tsvector(CAST(CAST(:config AS TEXT) AS REGCONFIG), :body), 'D')
            || array_to_tsvector(CAST(:marks AS TEXT[]))
        ) ON CONFLICT (number) DO UPDATE SET config = excluded.config, words = excluded.words
    """)
    _FIND = text("""
        WITH RECURSIVE configs (config) AS (
            (SELECT config FROM article_words ORDER BY config LIMIT 1)
            UNION ALL
            SELECT (
                SELECT following.config FROM article_words AS following
                WHERE following.config > configs.config ORDER BY following.config LIMIT 1
            ) FROM configs WHERE configs.config IS NOT NULL
        ), likeliest AS (
            SELECT found.article_id, found.weight
            FROM configs CROSS JOIN LATERAL (
                SELECT
                    article_words.article_id,
                    ts_rank(CAST('{0.1, 0.2, 0.5, 1.0}' AS REAL[]), article_words.words, asked) AS weight
                FROM to_tsquery(CAST(configs.config AS REGCONFIG), :words) AS asked
                JOIN article_words ON article_words.words @@ (
                    asked && CAST(:marks AS TSQUERY) && CAST('''=config:' || configs.config || '''' AS TSQUERY)
                )
                WHERE numnode(asked) > 0
                ORDER BY weight DESC, article_words.article_id LIMIT :limit
            ) AS found
            WHERE configs.config IS NOT NULL
            ORDER BY found.weight DESC, found.article_id LIMIT :limit
        )
        SELECT
            articles.article_id,
            articles.version,
            articles.title,
            articles.language,
            substr(articles.body, 1, :beginning)
        FROM likeliest JOIN articles ON articles.article_id = likeliest.article_id
        ORDER BY likeliest.weight DESC, likeliest.article_id
    """)

    async def learn(self, connection: AsyncConnection, number: int, article_id: str, content: Content) -> None:
        """Replace what was known of it."""
        config = _DICTIONARIES.get(content.spoken, "simple")
        queues = [f"{_OF_QUEUE}:{queue}" for queue in content.queues] or [_OF_QUEUE]
        values = {
            "number": number,
            "article_id": article_id,
            "config": config,
            "marks": [f"{_OF_CONFIG}:{config}", f"{_OF_LANGUAGE}:{content.spoken}", *queues],
        }
        await connection.execute(self._LEARN, {**values, **_texts(content)})

    async def forget(self, connection: AsyncConnection, number: int) -> None:
        """Delete what was known of it."""
        await connection.execute(self._FORGET, {"number": number})

    async def find(
        self, connection: AsyncConnection, words: Sequence[str], *, spoken: str | None, queue: str | None, limit: int
    ) -> list[Suggestion]:
        """Match any of the words. In quotes none of them is an operator."""
        marks = [] if spoken is None else [_quoted(f"{_OF_LANGUAGE}:{spoken}")]
        if queue is not None:
            marks.append(f"({_quoted(_OF_QUEUE)} | {_quoted(f'{_OF_QUEUE}:{queue}')})")
        asked = " | ".join(map(_quoted, words))
        values = {"words": asked, "marks": " & ".join(marks), "limit": limit, "beginning": BEGINNING}
        return _suggestions(await connection.execute(self._FIND, values))


_OF_CONFIG = "=config"
_OF_LANGUAGE = "=language"
_OF_QUEUE = "=queue"
"""By itself: for all queues."""


def _quoted(lexeme: str) -> str:
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _texts(content: Content) -> dict[str, str]:
    return {
        "keywords": plain(" ".join(content.keywords)),
        "title": plain(content.title),
        "body": plain(content.body),
    }


def _suggestions(found: Iterable[Row[*tuple[Any, ...]]]) -> list[Suggestion]:
    return [
        Suggestion(article_id=article_id, version=version, title=title, language=language, beginning=beginning)
        for article_id, version, title, language, beginning in found
    ]
