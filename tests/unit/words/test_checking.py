"""A template that is wrong fails the check, not the sending: file, line, what is wrong, and the remedy."""

from pathlib import Path

import pytest

from services.words.checking import check
from services.words.words import Words

HEAD = "Subject: {{ reference }}\n\n"


@pytest.mark.parametrize(
    ("name", "text", "line", "said"),
    [
        (
            "en/opened.customer.txt",
            f"{HEAD}a\n{{{{ nmae }}}}",
            4,
            "there is no variable 'nmae' in 'opened': use one of happ",
        ),
        ("en/opened.customer.txt", f"{HEAD}{{{{ handler }}}}", 3, "there is no variable 'handler' in 'opened'"),
        ("en/opened.customer.txt", f"{HEAD}{{% if name %}}", 3, "unexpected end of template"),
        ("en/opened.customer.txt", f"{HEAD}{{{{ name | shout }}}}", 3, "there is no filter 'shout'"),
        (
            "en/opened.customer.txt",
            f"{HEAD}{{{{ happened.hour }}}}",
            3,
            "'happened' has no 'hour': it has day, iso, place",
        ),
        ("en/opened.customer.txt", f"{HEAD}{{{{ name.first }}}}", 3, "'name' has no 'first': it has none"),
        (
            "en/opened.customer.txt",
            f"{HEAD}by {{{{ next_news }}}}",
            3,
            "uses 'next_news', which may be none in 'opened': ask for it first, like {% if next_news %}…{% endif %}; ",
        ),
        (
            "en/opened.customer.txt",
            f"{HEAD}{{{{ name }}}}, {{{{ solve_by.day }}}} {{% if next_news %}}{{{{ next_news }}}}{{% endif %}}",
            3,
            "uses 'solve_by', which may be none in 'opened': ask for it first",
        ),
        ("en/opened.customer.txt", "Subject: hello\n\n{{ name }}", None, "does not say the reference"),
        ("en/opened.customer.txt", "{{ reference }}\n\n{{ name }}", None, "its first line is no subject"),
        ("en/opened.customer.txt", "Subject: {{ reference }}\n", None, "it has no subject or no text"),
        ("en/opened.customer.txt", f"{HEAD}{{{{ name + 1 }}}}", 3, "can only concatenate str"),
        ("en/opened.customer.txt", f"{HEAD}{{% include '_gone.txt' %}}", 3, "includes '_gone.txt', which is not there"),
        ("en/opened.customer.txt", f"{HEAD}{{% include '../x.txt' %}}", 3, "includes '../x.txt', which is not there"),
        ("en/opened.customer.txt", f"{HEAD}{{% include name %}}", 3, "includes what is not said here"),
        (
            "en/promise_broken.customer.txt",
            f"{HEAD}{{% if promise == 'x' %}}{{{{ promised.utc }}}}{{% endif %}}",
            3,
            "no 'utc'",
        ),
        (
            "en/promise_broken.customer.txt",
            f"{HEAD}a{{% if promise == 'turnaround' %}}{{{{ 1 // 0 }}}}{{% endif %}}",
            3,
            "zero",
        ),
        ("en/opened.customer.html", "<p>{{ reference }} {{ tilte }}</p>", 1, "there is no variable 'tilte'"),
        ("en/opned.customer.txt", HEAD, None, "is of no kind: there is no 'opned'"),
        ("en/opened.handler.sms.extra.txt", HEAD, None, "is of kind 'opened', but for nobody who is told that"),
        ("en/clock_warned.customer.txt", HEAD, None, "is of kind 'clock_warned', but for nobody"),
        ("en/readme.md", "hello", None, "is no template"),
        ("de_at/opened.customer.txt", HEAD, None, "is no language: call it by its tag, 'de-AT'"),
        ("DE/opened.customer.txt", HEAD, None, "is no language: call it by its tag, 'de'"),
        ("german/opened.customer.txt", HEAD, None, "is no language: call it by its tag, 'de'"),
        ("Deutsch/opened.customer.txt", HEAD, None, "is no language: call it by its tag, 'de'"),
        ("klingonese/opened.customer.txt", HEAD, None, "is no language: call it by its tag, like 'de' or 'pt-BR'"),
        ("opened.customer.txt", HEAD, None, "lies in no language"),
        ("en/_moment.txt", "{{ day }} {{ hour }}", 1, "there is no variable 'hour' in '_moment'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, text: str, line: int | None, said: str) -> None:
    """9, 7.1: named are the file, the line, what is wrong, and the remedy."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    found = [problem for problem in check(Words(tmp_path)) if problem.is_fatal]
    assert len(found) == 1, [str(each) for each in found]
    at = path.parent if "is no language" in said else path
    assert (found[0].path, found[0].line) == (at, line)
    assert said in found[0].text.lower() or said in found[0].text


def test_a_part_is_told_of_with_what_includes_it(tmp_path: Path) -> None:
    """9: a part may use what every kind has that includes it."""
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "mine.txt").write_text("x", encoding="utf-8")
    (tmp_path / "en" / "_mine.txt").write_text("{{ credit }} {{ reference }}", encoding="utf-8")
    (tmp_path / "en" / "merged.customer.txt").write_text("Subject: x\n\n{% include '_mine.txt' %}", encoding="utf-8")
    found = [problem.text for problem in check(Words(tmp_path)) if problem.path.name == "_mine.txt"]
    [told] = found
    assert told.startswith(
        "there is no variable 'credit' in 'merged', for which 'merged.customer.txt' includes this: use"
    )


@pytest.mark.parametrize(
    ("part", "line", "said"),
    [
        ("Dear {{ nmae }},\n", 1, "there is no variable 'nmae'"),
        ("Dear\n{% if name %}", 2, "Unexpected end of template"),
        ("Dear\n\nyou, {{ next_news }}", 3, "uses 'next_news', which may be none in "),
    ],
)
def test_a_part_in_place_of_ours_is_checked_in_all_that_ships(tmp_path: Path, part: str, line: int, said: str) -> None:
    """9: a greeting that is changed once can be wrong for every kind: told of once, and not at the first sending."""
    path = tmp_path / "en" / "_head.customer.txt"
    path.parent.mkdir()
    path.write_text(part, encoding="utf-8")
    [found] = [problem for problem in check(Words(tmp_path)) if problem.is_fatal]
    assert (found.path, found.line) == (path, line)
    assert said in found.text


def test_a_language_that_lacks_kinds_is_told_of(tmp_path: Path) -> None:
    """9: a French desk that wrote two kinds says the rest in another language: it is told, and may."""
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "opened.customer.txt").write_text(f"{HEAD}bonjour", encoding="utf-8")
    (tmp_path / "fr" / "_moment.txt").write_text(
        "{{ day }} à {{ time }}{% if place %} ({{ place }}){% endif %}", "utf-8"
    )
    found, left_out = check(Words(tmp_path))
    assert not found.is_fatal
    assert left_out.path.name == "opened.customer.txt"
    assert found.text.startswith("lacks escalated.customer.txt, transferred.customer.txt")
    assert found.text.endswith("write them, or these are said in another language")
    assert "desk" not in found.text


def test_a_folder_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    """7.1: a mistyped folder is not a desk without templates of its own."""
    [found] = check(Words(tmp_path / "gone"))
    assert str(found) == f"{tmp_path / 'gone'}: is no folder: name one with a folder for each language in it"


def test_all_that_is_wrong_with_a_file_is_named_at_once(tmp_path: Path) -> None:
    """9: who mends a template is not sent back to it for the next fault."""
    (tmp_path / "en").mkdir()
    text = "Subject: {{ reference }}\n\n{{ name | shout }}\n{{ nmae }}{{ name is loud }}\n{{ due | scream }}\n"
    (tmp_path / "en" / "opened.customer.txt").write_text(text, encoding="utf-8")
    found = [(each.line, each.text.partition(":")[0]) for each in check(Words(tmp_path)) if each.is_fatal]
    assert found == [
        (3, "there is no filter 'shout'"),
        (4, "there is no test 'loud'"),
        (5, "there is no filter 'scream'"),
        (4, "there is no variable 'nmae' in 'opened'"),
        (5, "there is no variable 'due' in 'opened'"),
    ]
