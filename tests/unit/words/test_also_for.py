"""6.4, 6.8: a letter for several tickets names them all, in whatever words: who is not told cannot say no."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from services.words.words import Words
from tests.support.telling import Life
from workflows.domain.ticket.commands import Acknowledge, PostUpdate, Resolve
from workflows.domain.ticket.words import Outcome

OTHERS = ("RT5H-9WXA", "9RTM-2KQA")
SAID: dict[str, PostUpdate | Resolve] = {
    "update_posted": PostUpdate(actor="ann", text="A digger.", also_for=OTHERS),
    "resolved": Resolve(actor="ann", outcome=Outcome.FIXED, explanation="Mended.", also_for=OTHERS),
}
TAKEN_ON = Acknowledge(actor="ann", handler="ann", tier="agent")


def write(folder: Path, name: str, text: str) -> None:
    """Have a template of the desk's own."""
    (folder / "en").mkdir(exist_ok=True)
    (folder / "en" / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("kind", list(SAID))
@pytest.mark.parametrize("named", ["", "and {{ also_for.split(', ')[0] }}"])
def test_own_words_that_leave_out_others_are_not_used_for_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str, named: str
) -> None:
    """The words that ship are, and it is said loudly; a letter for one ticket is told in the desk's own as ever."""
    write(tmp_path, f"{kind}.customer.txt", f"Subject: {{{{ reference }}}}\n\nours {named}")
    words = Words(tmp_path)
    life = Life().do(TAKEN_ON, SAID[kind])
    with caplog.at_level(logging.ERROR):
        said = words.say(life.first(kind))
    assert all(each in said.text and each in said.html for each in OTHERS)
    assert not said.text.startswith("ours")
    assert words.told_instead == {"shipped": 1, "bare": 0}
    [record] = caplog.records
    assert record.message == "a template leaves out which other requests it is for, another is used"
    assert "Ida" not in str(record.__dict__)
    if not named:
        alone = Life().do(TAKEN_ON, replace(SAID[kind], also_for=()))
        assert words.say(alone.first(kind)).text == "ours"


@pytest.mark.parametrize("kind", list(SAID))
def test_own_words_that_name_them_are_used(tmp_path: Path, kind: str) -> None:
    """One by one or in a line, however that is broken."""
    write(
        tmp_path, f"{kind}.customer.txt", "Subject: {{ reference }}\n\nours for {{ also_for | replace(', ', '\\n') }}"
    )
    words = Words(tmp_path)
    said = words.say(Life().do(TAKEN_ON, SAID[kind]).first(kind))
    assert said.text == "ours for RT5H-9WXA\n9RTM-2KQA"
    assert words.told_instead == {"shipped": 0, "bare": 0}


def test_a_page_that_leaves_them_out_is_not_used(tmp_path: Path) -> None:
    """Some read the page, and some the plain text: both say it."""
    write(tmp_path, "update_posted.customer.html", "<p>{{ text }}</p>")
    said = Words(tmp_path).say(Life().do(TAKEN_ON, SAID["update_posted"]).first("update_posted"))
    assert all(each in said.html for each in OTHERS)
