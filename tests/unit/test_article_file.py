"""An article as its author keeps it: a Markdown file, read and written."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protos.followthrough.v1.knowledge_service_pb2 import Article
from services.cli.article_file import ArticleFileWrong, read, written

SLOW = """---
# as the desk keeps it
id: slow-in-the-evening
title: "Slow: the internet in the evening"
language: en-GB
keywords: slow, 'speed', buffering,
queues:
  - home
  - business
---

Move the router.

---
Then restart it.
"""


def test_a_file_is_read_with_its_lists_in_either_form() -> None:
    """A line with commas, an item a line, brackets and quotes: as people write such heads."""
    article = read(SLOW)
    assert (article.article_id, article.title) == ("slow-in-the-evening", "Slow: the internet in the evening")
    assert (article.language, list(article.keywords)) == ("en-GB", ["slow", "speed", "buffering"])
    assert list(article.queues) == ["home", "business"]
    assert article.body == "Move the router.\n\n---\nThen restart it."
    assert list(read(SLOW.replace("slow, 'speed', buffering,", '["a b", c]')).keywords) == ["a b", "c"]
    assert read("\ufeff" + SLOW.replace("\n", "\r\n")) == article


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: an article begins with a line '---'"),
        ("# Title\n", "line 1: an article begins with a line '---'"),
        ("---\nid: a\n", "line 2: the fields do not end: write a line '---' before the answer"),
        (SLOW.replace("id: slow-in-the-evening\n", ""), "line 1: 'id' is missing: write a line 'id: …'"),
        (SLOW.replace("language: en-GB", "language:"), "line 1: 'language' is missing"),
        (
            SLOW.replace("language", "lang"),
            "line 5: 'lang' is no field of an article: write 'name: value' of id, title",
        ),
        (SLOW.replace("language: en-GB", "language en-GB"), "line 5: 'language en-GB' is no field of an article"),
        (SLOW.replace("language: en-GB", "id: b"), "line 5: 'id' is said twice: say it once"),
        (SLOW.replace("buffering,\n", "buffering,\n- b\n"), "line 7: '- b' belongs to no list: write it after"),
        (SLOW.replace("language: en-GB", "- b"), "line 5: '- b' belongs to no list: write it after 'keywords:'"),
        ("---\nid: a\ntitle: b\nlanguage: en\n---\n \n", "line 6: there is no answer after the second '---': write it"),
    ],
)
def test_what_is_no_article_is_told_by_its_line(text: str, told: str) -> None:
    """Line, field, value and remedy."""
    with pytest.raises(ArticleFileWrong) as wrong:
        read(text)
    assert str(wrong.value).startswith(told)


LINE = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@given(
    title=LINE,
    keywords=st.lists(LINE, max_size=4, unique=True),
    queues=st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), max_size=3, unique=True),
    body=LINE,
)
@example(title='"quoted"', keywords=["'a'"], queues=[], body="x")
def test_what_is_written_is_read_again(title: str, keywords: list[str], queues: list[str], body: str) -> None:
    """Whatever an article says, its file says the same: an export can be put."""
    article = Article(
        article_id="a-1", title=title, language="de", keywords=keywords, queues=queues, body=body, version=7
    )
    again = read(written(article))
    assert (again.title, list(again.keywords), list(again.queues)) == (title, keywords, queues)
    assert (again.article_id, again.language, again.body) == ("a-1", "de", body)
