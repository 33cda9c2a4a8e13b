"""Every kind of message that the rules owe somebody has words, on every side that is told it, in every language."""

import ast
from pathlib import Path

import pytest

import workflows.domain.ticket
from services.words.checking import check
from services.words.kinds import KINDS, Side
from services.words.library import SHIPPED, Library, file_names
from services.words.words import Words
from tests.support.telling import lives
from workflows.domain.ticket.words import Audience

DOMAIN = Path(workflows.domain.ticket.__path__[0])
SHIPPED_LANGUAGES = ("de", "en")


def told() -> set[tuple[str, str, Side | None]]:
    """Every `tell` of the domain: where, of what kind, and on which side; none where the policy says who."""
    found: set[tuple[str, str, Side | None]] = set()
    for path in DOMAIN.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "tell"):
                continue
            kind = node.args[1]
            assert isinstance(kind, ast.Constant), f"{path.name}:{node.lineno} tells of a kind that is not written out"
            for audience in node.args[2:]:
                side = Side.of(Audience[audience.attr]) if isinstance(audience, ast.Attribute) else None
                found.add((path.name, str(kind.value), side))
    return found


def test_every_kind_that_the_rules_tell_has_words() -> None:
    """9: a kind without a template would be a message in nobody's words."""
    found = told()
    assert len(found) > 30
    missing = [
        (file, kind, side)
        for file, kind, side in found
        if not any((kind, each) in KINDS for each in ([side] if side else list(Side)))
    ]
    assert missing == []


def test_who_a_policy_may_notify_has_words_whoever_it_is() -> None:
    """4.2: a policy's rule may name any audience, the customer among them."""
    for kind in ("clock_breached", "promise_broken"):
        assert {side for name, side in KINDS if name == kind} == set(Side)


def test_no_kind_has_words_that_the_rules_never_tell() -> None:
    """What nobody is ever told needs no template; these lives owe every kind to each side."""
    owed = {(each.kind, Side.of(each.audience)) for life in lives() for each in life.occasions()}
    assert set(KINDS) == owed


@pytest.mark.parametrize("language", SHIPPED_LANGUAGES)
def test_each_customers_kind_ships_in_each_language(language: str) -> None:
    """9: English and one more language ship whole."""
    library = Library((SHIPPED,))
    lacking = [
        name
        for (name, side), kind in KINDS.items()
        if side is Side.CUSTOMER
        and not any(library.at(language, file) for file in file_names(kind, audience=None, channel="", ending="txt"))
    ]
    assert lacking == []


def test_what_ships_is_in_order() -> None:
    """9: no unknown variable, no slip, no text without the reference, nothing printed that may be none."""
    assert check(Words()) == ()


def test_no_variable_of_a_customers_kind_is_the_desks() -> None:
    """6.12: what a customer's template could name holds nothing internal, whoever writes it."""
    internal = {
        "actor",
        "handler",
        "owner",
        "tier",
        "from_tier",
        "queue",
        "priority",
        "recipient",
        "ticket_id",
        "reason",
        "handover",
        "promise_owner",
        "comment",
        "signals",
    }
    named = {name for (_, side), kind in KINDS.items() if side is Side.CUSTOMER for name in kind.variables}
    assert named & internal == set()
