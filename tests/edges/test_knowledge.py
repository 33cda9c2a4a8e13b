"""Articles on both databases: kept under one version each, found by what customers say, and what they were good for."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.knowledge.article import Article, ArticleMovedOn, ArticleUnknown, Content, Report
from services.knowledge.articles import Articles
from services.knowledge.uses import Uses
from services.records import Records, RequestIdReused, SettledBy, connect
from tests.support.articles import ARTICLES
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.record import Outsider, a_policy, an_opening
from workflows.domain.ticket.commands import Command, Confirm, Reject, Reopen, Resolve
from workflows.domain.ticket.words import Outcome


@pytest.fixture
async def articles(records: Records) -> Articles:
    """A record that knows the articles of `ARTICLES`."""
    known = Articles(records)
    for article_id, content in ARTICLES.items():
        await known.put(article_id, content, by="ana")
    return known


async def found(articles: Articles, said: str, *, language: str | None = None, queue: str | None = None) -> list[str]:
    """The ids of what is suggested."""
    return [each.article_id for each in await articles.suggestions(said, language=language, queue=queue, limit=10)]


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("My internet is so slow in the evenings, I can't watch anything!", "slow-evenings"),
        ("there is a red light blinking on that box of yours", "router-lights"),
        ("You CHARGED me twice?! I want a refund.", "read-a-bill"),
        ("invoices", "read-a-bill"),
        ("Seit gestern gibt es jeden Abend Störungen und alles ist langsam", "langsam-am-abend"),
        ("stoerung, storung am abend", "langsam-am-abend"),
        ("Hallo, die Leitungen sind tot.", "leitung-tot"),
    ],
)
async def test_the_obvious_article_comes_first(articles: Articles, said: str, first: str) -> None:
    """Both databases agree on what is obviously meant, in other forms of its words, without accents, within a story."""
    assert (await found(articles, said))[0] == first


async def test_keywords_weigh_more_than_the_body(articles: Articles) -> None:
    """What customers call it decides, however often a body says the same; a title stands between the two."""
    said_often = replace(ARTICLES["read-a-bill"], title="Other", body="modem " * 50, keywords=("other",))
    await articles.put("in-the-body", said_often, by="ana")
    await articles.put("in-the-title", replace(said_often, title="Your modem", body="Other."), by="ana")
    await articles.put("in-the-keywords", replace(said_often, body="Other.", keywords=("modem",)), by="ana")

    assert await found(articles, "modem") == ["in-the-keywords", "in-the-title", "in-the-body"]


async def test_what_is_asked_again_is_answered_in_the_same_order(articles: Articles) -> None:
    """Equal words, equal order; what weighs the same stands in the order of ids."""
    same = ARTICLES["read-a-bill"]
    for article_id in ("twin-c", "twin-a", "twin-b"):
        await articles.put(article_id, same, by="ana")

    answers = [await found(articles, said) for said in ("refund of a bill", "refund of a bill", "BILL? refund: bill!")]

    assert answers == [["read-a-bill", "twin-a", "twin-b", "twin-c"]] * 3
    assert [each.article_id for each in await articles.suggestions("refund", limit=2)] == ["read-a-bill", "twin-a"]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "   \n",
        "🎉🎉🎉",
        "... !?",
        "'); DROP TABLE articles; --",
        'NEAR("" *) AND OR NOT ^ {a} : - +',
        "!!! & | <-> :* 'a",
        "what is this and why?",
        "x" * 8000,
        "हिन्दी 日本語 ไทย",
        "\u2028\u202e\ufeff",
        "99999999999999999999999999999999",
    ],
)
async def test_text_that_has_nothing_to_do_with_it_finds_nothing(articles: Articles, said: str) -> None:
    """Whatever somebody types is words or nothing: never an error, never an operator."""
    assert await found(articles, said) == []
    assert "read-a-bill" in await found(articles, f"{said} refund")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.text(max_size=80) | st.text("abcé'\"*()&|!:^-+<>{}\\ \u0301\u0b95ß٣½", max_size=30))
async def test_any_text_is_a_question(articles: Articles, said: str) -> None:
    """No text brings either database to an error, and what is asked twice is answered alike."""
    assert await found(articles, said) == await found(articles, said)
    kept = said.replace("\x00", "")  # which no text at the door has
    await articles.put("any", replace(ARTICLES["read-a-bill"], keywords=(kept,), body=kept), by="ana")


async def test_a_long_story_is_looked_for_by_its_longest_words(articles: Articles) -> None:
    """As much as a customer can write is a question like any other."""
    story = " ".join(f"word{number}" for number in range(700)) + " everything is buffering"
    assert await found(articles, story) == ["slow-evenings"]


async def test_only_articles_of_the_language_and_queue_are_suggested(articles: Articles) -> None:
    """A language of whatever region; articles that name queues are for those, the others for all."""
    assert set(await found(articles, "router")) == {"slow-evenings", "router-lights", "langsam-am-abend"}
    assert await found(articles, "router", language="DE-ch") == ["langsam-am-abend"]
    assert await found(articles, "router", language="fr") == []
    assert set(await found(articles, "router", queue="mobile")) == {"slow-evenings", "langsam-am-abend"}
    assert set(await found(articles, "router", language="en", queue="home")) == {"slow-evenings", "router-lights"}
    odd = 'o\'brien & co: \\ ("north") | !x'
    await articles.put("for-one", replace(ARTICLES["router-lights"], queues=(odd,)), by="ana")
    assert "for-one" in await found(articles, "router", queue=odd)
    assert "for-one" not in await found(articles, "router", queue="o'brien")
    assert await found(articles, "queue language config", queue=odd) == []


async def test_an_article_is_read_as_it_was_put(articles: Articles, story_clock: StoryClock) -> None:
    """Each change is a version with who and when; the same content put again is none."""
    first = await articles.article("router-lights")
    content = ARTICLES["router-lights"]
    assert first == Article(
        article_id="router-lights",
        version=1,
        content=content,
        created_at=MONDAY_NOON,
        changed_at=MONDAY_NOON,
        changed_by="ana",
        retired_at=None,
    )
    story_clock.pass_(timedelta(hours=1))
    assert await articles.put("router-lights", content, by="bo", expected_version=7) == first
    changed = replace(content, keywords=("lamps",), queues=())
    second = await articles.put("router-lights", changed, by="bo", expected_version=1)
    assert (second.version, second.changed_by, second.changed_at) == (2, "bo", MONDAY_NOON + timedelta(hours=1))
    assert second == await articles.article("router-lights")
    assert await found(articles, "blinking") == []
    assert await found(articles, "lamps", queue="mobile") == ["router-lights"]
    with pytest.raises(ArticleMovedOn, match="'router-lights' has version 2, not 1"):
        await articles.put("router-lights", content, by="cleo", expected_version=1)
    with pytest.raises(ArticleMovedOn, match="'none-yet' has version 0, not 3"):
        await articles.put("none-yet", content, by="cleo", expected_version=3)
    with pytest.raises(ArticleUnknown, match="'none-yet' is not in the record"):
        await articles.article("none-yet")


async def test_a_retired_article_is_read_and_not_suggested(articles: Articles, story_clock: StoryClock) -> None:
    """Tickets that name it can still be read; put again, it is in use again."""
    story_clock.pass_(timedelta(hours=1))
    with pytest.raises(ArticleMovedOn):
        await articles.retire("read-a-bill", by="bo", expected_version=2)
    retired = await articles.retire("read-a-bill", by="bo", expected_version=1)
    assert (retired.version, retired.retired_at) == (2, MONDAY_NOON + timedelta(hours=1))
    assert retired == await articles.article("read-a-bill") == await articles.retire("read-a-bill", by="cleo")
    assert await found(articles, "refund") == []
    with pytest.raises(ArticleUnknown):
        await articles.retire("none-yet", by="bo")

    again = await articles.put("read-a-bill", ARTICLES["read-a-bill"], by="cleo", expected_version=2)
    assert (again.version, again.retired_at) == (3, None)
    assert await found(articles, "refund") == ["read-a-bill"]


async def test_articles_are_listed_page_by_page(articles: Articles) -> None:
    """In the order of their ids, without bodies, by language and queue."""
    await articles.retire("leitung-tot", by="bo")

    async def listed(**asked: object) -> list[str]:
        wanted = {"language": None, "queue": None, "is_retired_too": False, "page_size": 10, "after": None}
        found = await articles.articles(**{**wanted, **asked})  # type: ignore[arg-type]  # as given above
        assert not any(each.content.body for each in found)
        return [each.article_id for each in found]

    everything = ["langsam-am-abend", "leitung-tot", "read-a-bill", "router-lights", "slow-evenings"]
    assert await listed(is_retired_too=True) == everything
    assert await listed(page_size=2) == ["langsam-am-abend", "read-a-bill"]
    assert await listed(page_size=2, after="read-a-bill") == ["router-lights", "slow-evenings"]
    assert await listed(after="slow-evenings") == []
    assert await listed(language="de-CH", is_retired_too=True) == ["langsam-am-abend", "leitung-tot"]
    assert await listed(language="en", queue="mobile") == ["read-a-bill", "slow-evenings"]


async def test_of_authors_who_decided_on_one_version_one_is_heard(
    records: Records, record_url: str, story_clock: StoryClock
) -> None:
    """However many at once, from several processes: one change, and the others are told."""
    content = ARTICLES["read-a-bill"]
    async with await connect(record_url, story_clock) as others:
        both = [Articles(records), Articles(others)]
        await both[0].put("read-a-bill", content, by="ana")
        puts = (
            both[number % 2].put("read-a-bill", replace(content, title=f"Bill {number}"), by="bo", expected_version=1)
            for number in range(8)
        )
        results = await asyncio.gather(*puts, return_exceptions=True)

    assert sum(isinstance(each, Article) for each in results) == 1
    assert sum(isinstance(each, ArticleMovedOn) for each in results) == 7
    assert (await both[0].article("read-a-bill")).version == 2


async def test_articles_made_at_once_are_all_found(records: Records, record_url: str, story_clock: StoryClock) -> None:
    """New ones, and changes of one without a version: each is applied whole, and its words are its own."""
    async with await connect(record_url, story_clock) as others:
        both = [Articles(records), Articles(others)]
        puts = [
            both[number % 2].put(name, replace(ARTICLES["read-a-bill"], keywords=(f"word{number}",)), by="ana")
            for number, name in enumerate(["one", "one", "one", "two", "three", "four", "five", "six"])
        ]
        made = await asyncio.gather(*puts)

    assert sorted(each.version for each in made if each.article_id == "one") == [1, 2, 3]
    (last,) = (each for each in made if each.version == 3)
    words = [f"word{number}" for number in range(8)]
    assert [await found(both[0], word) for word in words if word not in {"word0", "word1", "word2"}] == [
        ["two"],
        ["three"],
        ["four"],
        ["five"],
        ["six"],
    ]
    assert [word for word in words[:3] if await found(both[0], word)] == list(last.content.keywords)


async def test_suggestions_are_counted_by_all_at_once(records: Records, articles: Articles) -> None:
    """Whoever counts in whatever order: none is lost, and nobody waits for each other in a ring."""
    del articles
    uses = Uses(records)
    names = list(ARTICLES)
    await asyncio.gather(*(uses.count_suggested(names[number % 5 :] + names[: number % 5]) for number in range(20)))

    reports = await uses.reports(is_retired_too=False, page_size=10, after=None)
    assert {each.article_id: each.suggested for each in reports} == dict.fromkeys(ARTICLES, 20)


async def test_a_deflection_counts_once_for_each_request(records: Records, articles: Articles) -> None:
    """A retry adds nothing; the same request about something else is refused."""
    uses = Uses(records)

    async def helped(request_id: str, article_id: str = "read-a-bill", queue: str | None = None) -> None:
        await uses.keep_helped(caller="portal", request_id=request_id, article_id=article_id, queue=queue)

    await asyncio.gather(*(helped("r-1") for _ in range(5)), helped("r-2", queue="home"))
    for article_id, queue in (("slow-evenings", None), ("read-a-bill", "home")):
        with pytest.raises(RequestIdReused):
            await helped("r-1", article_id, queue)
    with pytest.raises(ArticleUnknown):
        await helped("r-3", "none-yet")
    await articles.retire("read-a-bill", by="bo")
    await helped("r-4")  # somebody read it before

    assert [each.helped for each in await uses.reports(is_retired_too=True, page_size=3, after=None)] == [0, 0, 3]
    in_use = await uses.reports(is_retired_too=False, page_size=9, after=None)
    assert {each.article_id for each in in_use} == set(ARTICLES) - {"read-a-bill"}


def solved_by(article: str | None) -> Resolve:
    """A resolution that names an article."""
    return Resolve(actor="kim", outcome=Outcome.FIXED, explanation="done", article=article)


async def test_what_an_article_solved_is_read_from_the_log(
    records: Records, articles: Articles, story_clock: StoryClock
) -> None:
    """Tickets whose resolution named it, once each; those that came back since it was named last."""
    del articles
    reject = Reject(actor="ada", reason="no")
    lives: tuple[list[Command], ...] = (
        [solved_by("read-a-bill")],
        [solved_by("read-a-bill"), reject, solved_by("read-a-bill")],
        [solved_by("read-a-bill"), reject, solved_by("slow-evenings")],
        [solved_by("slow-evenings"), Confirm(actor="ada"), Reopen(actor="ada", reason="slow again")],
        [solved_by(None)],
    )
    for number, commands in enumerate(lives, start=1):
        await records.record.open_ticket(a_policy(), an_opening(number))
        for command in commands:
            story_clock.pass_(timedelta(seconds=1))
            settled = await records.record.settle(f"t-{number:04}", command, by=SettledBy.INTAKE)
            assert settled.refusal is None

    reports = await Uses(records).reports(is_retired_too=False, page_size=10, after="leitung-tot")
    assert reports == [
        Report(article_id="read-a-bill", title="How to read your bill", suggested=0, helped=0, solved=3, reopened=1),
        Report(
            article_id="router-lights",
            title="What the lights on the router mean",
            suggested=0,
            helped=0,
            solved=0,
            reopened=0,
        ),
        Report(
            article_id="slow-evenings",
            title="Slow internet in the evening",
            suggested=0,
            helped=0,
            solved=2,
            reopened=1,
        ),
    ]


@pytest.mark.usefixtures("records")
async def test_resolutions_that_name_an_article_have_an_index(record_url: str) -> None:
    """A report reads those lines of the log that name an article, and no others, however long the log is."""
    outsider = Outsider(record_url)
    named = "json_extract(body, '$.article')" if outsider.is_sqlite else "(body ->> 'article')"
    asked = f"SELECT ticket_id FROM events WHERE kind = 'resolved' AND {named} IS NOT NULL AND {named} IN ('a', 'b')"  # noqa: S608 - a test's own words
    plan = (
        str(await outsider.run(f"EXPLAIN QUERY PLAN {asked}"))
        if outsider.is_sqlite
        else str(await outsider.run(f"EXPLAIN {asked}"))
    )
    assert "ix_events_article" in plan


async def test_words_of_an_article_are_its_contents(records: Records) -> None:
    """An article may have no keywords, and a body of nothing that could be found."""
    articles = Articles(records)
    await articles.put("sign", Content(title="🎉", body="…", language="xx"), by="ana")
    assert await found(articles, "🎉") == []
    assert (await articles.article("sign")).content.title == "🎉"
