"""What a text in a command must look like, field by field: bad ones are told with field, value and remedy."""

from contextlib import nullcontext
from dataclasses import fields, replace
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.domain.errors import TextError
from workflows.domain.ticket.commands import (
    Acknowledge,
    AddNote,
    ChangePriority,
    Command,
    Customer,
    Import,
    LogTime,
    Open,
    PostUpdate,
    RecordContact,
    Resolve,
)
from workflows.domain.ticket.texts import MAY_BE_EMPTY, TEXTS, require_texts, stray_space, text_problem
from workflows.domain.ticket.words import ContactKind, Outcome

ACKNOWLEDGE = Acknowledge(actor="kim", handler="kim", tier="desk")
OPEN = Open(
    actor="crm",
    ticket_id="t-1",
    reference="R-1",
    queue="home",
    priority="normal",
    customer=Customer(external_id="c-1", name="Ada Okafor", language="en-GB", zone="Europe/London"),
    subject="line down",
    description="",
    channel="phone",
)


def told(command: Open | Command) -> str:
    """Why it is refused."""
    with pytest.raises(TextError) as refused:
        require_texts(command)
    return str(refused.value)


@pytest.mark.parametrize(
    "command",
    [
        OPEN,
        ACKNOWLEDGE,
        replace(OPEN, description="two\nlines, a\ttab and 日本語 🎉"),
        PostUpdate(actor="kim", text="x" * 8000),
        RecordContact(actor="kim", kind=ContactKind.NEWS, channel="phone", text=""),
        LogTime(actor="kim", spent=timedelta(minutes=5), text=""),
        Resolve(actor="kim", outcome=Outcome.FIXED, explanation="port reset"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_text_that_people_write_passes(command: Open | Command) -> None:
    """Several lines, any script, the full length, and nothing where nothing need be said."""
    require_texts(command)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (replace(ACKNOWLEDGE, handler=""), "handler is empty: say it"),
        (replace(ACKNOWLEDGE, handler=" \u200b"), r"handler ' \u200b' is empty: say it"),
        (replace(ACKNOWLEDGE, handler="k\x00m"), r"handler 'k\x00m' has the character U+0000 at 1: leave control"),
        (replace(ACKNOWLEDGE, tier="\ud83dx"), r"tier '\ud83dx' has the character U+D83D at 0: leave control"),
        (replace(ACKNOWLEDGE, handler="kim "), "handler 'kim ' begins or ends with a space: leave it out"),
        (replace(ACKNOWLEDGE, handler="k\nm"), r"handler 'k\nm' has the character U+000A at 1: leave control"),
        (AddNote(actor="kim", text=" \n"), "text is empty: say it"),
        (AddNote(actor="kim", text="x" * 8001), "text has 8001 characters: at most 8000 are allowed"),
        (ChangePriority(actor="kim", priority="p" * 65, reason="r"), "has 65 characters: at most 64 are allowed"),
        (replace(OPEN, customer=replace(OPEN.customer, name="\udc00")), "customer.name has the character U+DC00 at 0"),
        (Resolve(actor="kim", outcome=Outcome.DUPLICATE, explanation="same", duplicate_of=""), "duplicate_of is empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_text_that_cannot_be_stored_or_read_is_refused(command: Open | Command, why: str) -> None:
    """The field, what is wrong with it, and the remedy."""
    assert why in told(command)


def test_value_that_is_no_text_at_all_is_refused() -> None:
    """A caller that mypy did not see is told the field and the type."""
    assert told(replace(ACKNOWLEDGE, handler=7)) == "handler is of type 'int': give a text"  # type: ignore[arg-type]  # what is tested
    assert told(replace(ACKNOWLEDGE, handler=None)) == "handler is of type 'NoneType': give a text"  # type: ignore[arg-type]  # what is tested


def test_all_that_is_wrong_is_told_at_once_and_shortened() -> None:
    """A name is quoted, cut to a length that fits a header; what may be a customer's word is not."""
    bad = replace(OPEN, queue="q" * 500, subject="Zebedee\x07 Canary", priority="")

    why = told(bad)

    assert [problem.partition(" ")[0] for problem in why.split("; ")] == ["queue", "priority", "subject"]
    assert len(why) < 300
    assert "Canary" not in why


def test_every_text_of_every_command_has_a_rule() -> None:
    """A field that is added to a command cannot get in unchecked."""
    kinds = (*get_args(Command), Open, Import, Customer)
    texts = {(kind.__name__, field.name) for kind in kinds for field in fields(kind) if "str" in str(field.type)}

    assert {name for _, name in texts} <= set(TEXTS)
    assert texts >= MAY_BE_EMPTY


@given(
    text=st.text(alphabet=" \n\t\x00~aZ\x7f\xa0é\u200b", max_size=202),
    field=st.sampled_from(["subject", "description"]),
)
def test_plain_texts_are_let_through_by_the_same_rules(text: str, field: str) -> None:
    """Most are known at a glance to be in order: no other is taken for one of them."""
    rule = TEXTS[field]
    command = replace(OPEN, subject=text) if field == "subject" else replace(OPEN, description=text)
    is_wrong = bool(text_problem(rule, text, is_required=field == "subject") or stray_space(rule, text))

    with pytest.raises(TextError) if is_wrong else nullcontext():
        require_texts(command)
