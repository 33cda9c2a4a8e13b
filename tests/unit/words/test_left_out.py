"""What a desk's own words no longer say is told of before a customer misses it: rendered with facts that show."""

from pathlib import Path

import pytest

from services.words.checking import Problem, check
from services.words.kinds import KINDS, Side
from services.words.library import SHIPPED
from services.words.words import Words

HEAD = "Subject: News of {{ reference }}\n\n"
FOOT = "{% include '_foot.customer.txt' %}"


def told(folder: Path, files: dict[str, str]) -> list[Problem]:
    """What is told of these files of a desk's own, languages that lack kinds aside."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [each for each in check(Words(folder)) if not each.text.startswith(("lacks", "is not there"))]


def test_a_foot_without_the_next_news_is_told_of_once(tmp_path: Path) -> None:
    """9: every kind of message ends with it, and none would say when the customer hears next."""
    [problem] = told(tmp_path, {"en/_foot.customer.txt": "Name {{ reference }} when you call.\n"})
    assert (problem.path, problem.is_fatal) == (tmp_path / "en" / "_foot.customer.txt", False)
    assert problem.text == (
        "leaves out when the customer hears next, that a message is late, and of when it tells, which the words that "
        "ship say in 'opened', 'escalated', 'transferred', 'update_posted' and 13 more: say it, or customers are not "
        "told"
    )


def test_a_foot_that_says_it_all_in_other_words_is_well(tmp_path: Path) -> None:
    """9: the day is enough, or the time; only whether it is said counts."""
    foot = (
        "{% if next_news %}Until {{ next_news.day }}.{% endif %}"
        "{% if is_late %}Sorry, that was {{ happened.time }}.{% endif %} {{ reference }}\n"
    )
    assert told(tmp_path, {"en/_foot.customer.txt": foot}) == []


@pytest.mark.parametrize(
    ("kind", "text", "what"),
    [
        (
            "promise_broken",
            f"{{{{ promised }}}} {{{{ words or '' }}}} {FOOT}",
            ["the credit", "an apology"],
        ),
        ("update_posted", f"There is news. {FOOT}", ["what there is to tell"]),
        ("question_asked", f"{{{{ question }}}} {FOOT}", ["how long an answer is waited for"]),
        ("merged", "Yours are one now.", ["the reference from now on"]),
        ("escalated", f"It goes on. {FOOT}", ["an apology"]),
    ],
)
def test_what_a_kind_tells_is_not_to_be_missed(tmp_path: Path, kind: str, text: str, what: list[str]) -> None:
    """6.4-6.8, 6.13: what happens, until when, the credit, and an apology where a promise was broken."""
    [problem] = told(tmp_path, {f"en/{kind}.customer.txt": HEAD + text})
    assert problem.path.name == f"{kind}.customer.txt"
    assert f"in '{kind}'" in problem.text
    for each in what:
        assert each in problem.text


def test_an_apology_is_known_in_the_languages_that_it_is_looked_for_in(tmp_path: Path) -> None:
    """9: a French desk that apologises says so in French; a language that nobody knows here is not blamed."""
    apologies = {
        folder: any(
            "an apology" in each.text for each in told(tmp_path / folder, {file: f"{HEAD}{{{{ due }}}}. {text}"})
        )
        for folder, file, text in (
            ("sorry", "fr/resolve_missed.customer.txt", "Nous vous prions de nous excuser."),
            ("rude", "fr/resolve_missed.customer.txt", "Voilà."),
            ("unknown", "is/resolve_missed.customer.txt", "Svona er það."),
        )
    }
    assert apologies == {"sorry": False, "rude": True, "unknown": False}


def test_a_channel_of_its_own_and_a_page_of_html_are_looked_at_too(tmp_path: Path) -> None:
    """9: what is left out is told of the file in which it is."""
    files = {
        "de/opened.customer.sms.txt": "Subject: {{ reference }}\n\nDanke!",
        "de/opened.customer.html": "<p>{{ reference }}: {{ solve_by or '' }}</p>",
    }
    found = {each.path.name: each.text for each in told(tmp_path, files)}
    assert found.keys() == {"opened.customer.sms.txt", "opened.customer.html"}
    assert "by when it should be solved" in found["opened.customer.sms.txt"]
    assert "by when it should be solved" not in found["opened.customer.html"]
    assert "when the customer hears next" in found["opened.customer.html"]


def test_copies_of_all_that_ships_leave_out_nothing(tmp_path: Path) -> None:
    """9: whoever begins with copies begins without a warning."""
    files = {f"{path.parent.name}/{path.name}": path.read_text("utf-8") for path in SHIPPED.glob("*/*")}
    assert len(files) > len([kind for kind in KINDS.values() if kind.side is Side.CUSTOMER])
    assert told(tmp_path, files) == []
