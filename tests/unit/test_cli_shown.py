"""What the newer groups of the command line show of what they are answered, without anybody to ask."""

import io

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console, RenderableType

from protos.followthrough.v1 import problem_service_pb2 as problems
from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.knowledge_service_pb2 import Article, ArticleReport
from services.cli import article_shown, problem_shown
from services.cli.promises_shown import Promises
from services.cli.wording import at

NOON = Timestamp(seconds=1_795_435_200)


def shown(renderable: RenderableType, width: int = 200) -> list[str]:
    """Its lines on a terminal of that width."""
    written = io.StringIO()
    Console(highlight=False, width=width, file=written).print(renderable)
    return [line.strip() for line in written.getvalue().splitlines() if line.strip()]


def a_problem(**more: object) -> problems.Problem:
    """One that is being looked into."""
    fields: dict[str, object] = {
        "problem_id": "P-1",
        "title": "Cable cut",
        "kind": problems.PROBLEM_KIND_FAULT,
        "state": problems.PROBLEM_STATE_INVESTIGATING,
        "open_time": NOON,
        "opened_by": "lea",
        **more,
    }
    return problems.Problem(**fields)  # type: ignore[arg-type]  # each test knows what it gives


def test_a_closed_problem_says_so_with_its_reason() -> None:
    """Its state is what was known of it last; that nothing is linked to it any more is another matter."""
    closed = a_problem(close_time=NOON, closed_for="It was the same as P-2.")
    assert any(
        line.startswith("closed") and line.endswith(": It was the same as P-2.")
        for line in shown(problem_shown.of_problem(closed))
    )
    assert not any(line.startswith("closed") for line in shown(problem_shown.of_problem(a_problem())))
    _, _, first, second = shown(problem_shown.of_problems([closed, a_problem()]))
    assert "closed, investigating" in first
    assert "closed" not in second


def test_what_became_of_each_ticket_of_an_announcement_stands_in_its_own_column() -> None:
    """`told in`: the ticket whose letter it was; `instead of`: the merged one that it was told for."""
    told = problems.AnnouncementTicket(
        ticket_id="t-1", reference="R-1", outcome="told", time=NOON, told_in="R-9", instead_of="t-0"
    )
    head, _, line = shown(problem_shown.of_announced([told]))
    assert line.index("R-9") == head.index("told in")
    assert line.index("t-0") == head.index("instead of")


def test_an_announcement_says_who_was_passed_by_and_in_what_languages_it_is_said() -> None:
    """An operator reads there whom to tell by hand."""
    announcement = problems.Announcement(
        announcement_id="A-1",
        problem_id="P-1",
        kind=problems.ANNOUNCEMENT_KIND_UPDATE,
        state=problems.ANNOUNCEMENT_STATE_DONE,
        words="A digger.",
        words_in=[problems.AnnouncementWords(language="de", text="Ein Bagger.")],
        told_count=3,
        ticket_count=5,
        passed_by=[problems.PassedBy(reason="stuck", count=2)],
        end_time=NOON,
    )
    lines = [" ".join(line.split()) for line in shown(problem_shown.of_announcement(announcement))]
    assert {"told 3 of 5 tickets", "passed by 2 stuck", "in de Ein Bagger."} <= set(lines)
    assert any(line.startswith("ended ") for line in lines)


def test_what_solved_most_is_reported_first_and_a_retired_article_says_so() -> None:
    """What an author looks at: solved before helped, and that before suggested."""
    reports = [
        ArticleReport(article_id="a", title="A", suggested=90, helped=9, solved=1),
        ArticleReport(article_id="b", title="B", suggested=1, helped=0, solved=2),
        ArticleReport(article_id="c", title="C", suggested=99, helped=9, solved=1),
    ]
    _, _, *lines = shown(article_shown.of_reports(reports))
    assert [line[0] for line in lines] == ["b", "c", "a"]
    articles = [Article(article_id="x", title="X"), Article(article_id="y", title="Y", retire_time=NOON)]
    _, _, in_use, retired = shown(article_shown.of_articles(articles))
    assert ("retired" in in_use, "Y (retired)" in retired) == (False, True)


@pytest.mark.parametrize("width", [200, 40])
def test_a_promise_that_was_done_late_says_both_and_only_an_open_one_is_due(width: int) -> None:
    """2.4: broken stays broken, with when it was done; how long is left is said of what is still to be kept."""
    kind = ticket_pb2.PROMISE_KIND_CALL_BACK
    late = ticket_pb2.Promise(
        name="call",
        run=1,
        kind=kind,
        state=ticket_pb2.PROMISE_STATE_BROKEN,
        promise_time=NOON,
        keep_time=Timestamp(seconds=NOON.seconds + 3600),
    )
    missed = ticket_pb2.Promise(
        name="visit", run=1, kind=kind, state=ticket_pb2.PROMISE_STATE_BROKEN, promise_time=NOON
    )
    due = ticket_pb2.Promise(name="news", run=1, kind=kind, state=ticket_pb2.PROMISE_STATE_OPEN, promise_time=NOON)
    now = at(Timestamp(seconds=NOON.seconds - 600))
    lines = shown(Promises([late, missed, due], now), width)
    text = " ".join(" ".join(lines).split())
    assert text.count("BROKEN") == 2
    assert text.count("done late") == 1
    assert text.count("10 min") == 1
    past = " ".join(shown(Promises([due], at(Timestamp(seconds=NOON.seconds + 600))), width))
    assert "10 min late" in past
    assert "due in 10 min late" not in past
