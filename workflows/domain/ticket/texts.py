"""What a text in a command must look like: how long it may be, and that people and every database can read it.

One table by field name, for the record's door and for intake alike. Knows no ticket, no policy, and no wire.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, NamedTuple

from workflows.domain.errors import TextError
from workflows.domain.ticket.commands import Command, Customer, Import, Open, Renaming

QUOTED_CHARACTERS = 60
"""A longer value is cut where it is quoted: errors travel in headers, and headers are small."""

_UNWRITABLE_IN_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_UNWRITABLE_IN_A_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_UNSEEN = re.compile(
    "[\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*"
)
"""Nothing that anybody could read: spaces, and what Unicode calls default-ignorable or draws as a blank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The rule of a text field."""

    longest: int
    """In characters."""
    has_lines: bool = False
    """Whether it may have several lines; else it is a name or a line: nothing around it, no line ends within."""
    is_a_customers: bool = False
    """Whether it may hold a customer's words: then it is never quoted."""


_NAME = Text(longest=64)
_PERSON = Text(longest=128)
_WORDS = Text(longest=8000, has_lines=True, is_a_customers=True)
_REASON = Text(longest=2000, has_lines=True, is_a_customers=True)

TEXTS: Mapping[str, Text] = {
    # who asks, and which request it is
    "caller": _NAME,
    "actor": _PERSON,
    "request_id": Text(longest=36),
    # which ticket
    "ticket_id": _NAME,
    "reference": Text(longest=32),
    "follows": _NAME,
    "duplicate_of": _NAME,
    "survivor_id": _NAME,
    "survivor_reference": Text(longest=32),
    "survivor_external_id": Text(longest=128, is_a_customers=True),
    "references": _NAME,
    "told_in": Text(longest=32),
    "also_for": Text(longest=32),
    "thread": Text(longest=255),
    # who is promised something
    "external_id": Text(longest=128, is_a_customers=True),
    "name": Text(longest=200, is_a_customers=True),
    "language": Text(longest=35),
    "zone": Text(longest=64),
    # what the policies and the desk have names for
    "queue": _NAME,
    "priority": _NAME,
    "tier": _NAME,
    "from_tier": _NAME,
    "to_tier": _NAME,
    "handler": _PERSON,
    "owner": _PERSON,
    "channel": Text(longest=32),
    "policy_version": _NAME,
    "old": _NAME,
    "new": _NAME,
    "keeps": _NAME,
    "problem_id": _NAME,
    "title": Text(longest=200),
    # what people said
    "subject": Text(longest=200, is_a_customers=True),
    "description": _WORDS,
    "text": _WORDS,
    "question": _WORDS,
    "explanation": _WORDS,
    "alternative": _WORDS,
    "reason": _REASON,
    "words": _REASON,
    # how it ended
    "customer": Text(longest=128, is_a_customers=True),
    "comment": _WORDS,
    "currency": Text(longest=3),
    "article": _NAME,
}
"""By field name: a name means the same in every command."""

_PROMISES_NAMES = {(command, "name"): _NAME for command in ("MakePromise", "KeepPromise", "ChangePromise")}
"""Of these commands `name` is a promise's; else it is a person's."""

MAY_BE_EMPTY = frozenset(
    {
        ("Open", "description"),
        ("Import", "description"),
        ("RecordContact", "text"),
        ("LogTime", "text"),
        ("Rate", "comment"),
        ("KeepPromise", "words"),
    }
)
"""Every other text of a command is said, or left out as none where the command allows it."""


def require_texts(command: Open | Import | Command, *, but: Collection[str] = ()) -> None:
    """See that every text of a command, but those named, can be stored and read.

    `TextError` names each field that cannot, what is wrong, and the remedy.
    """
    problems = tuple(_problems(command, "", but))
    if problems:
        raise TextError(*problems)


def require_text(field: str, value: object, rule: Text) -> None:
    """See that a single required text keeps its rule; `TextError` names the field, what is wrong, and the remedy."""
    if problem := _problem(rule, value, is_required=True):
        raise TextError(f"{field} {problem}")


def text_problem(rule: Text, value: str, *, is_required: bool) -> str | None:
    """What is wrong with a text: the first thing, for one remedy at a time; none: nothing."""
    if _UNSEEN.fullmatch(value):
        if is_required:
            return "is empty: say it"
        return "is blank: leave it empty or say it" if value else None
    if len(value) > rule.longest:
        return f"has {len(value)} characters: at most {rule.longest} are allowed"
    unwritable = (_UNWRITABLE_IN_LINES if rule.has_lines else _UNWRITABLE_IN_A_LINE).search(value)
    if unwritable:
        return f"has the character U+{ord(unwritable[0]):04X} at {unwritable.start()}: leave control characters out"
    return None


def stray_space(rule: Text, value: str) -> str | None:
    """What is wrong around a name or a line."""
    if rule.has_lines or value == value.strip():
        return None
    return "begins or ends with a space: leave it out"


def is_storable(value: str) -> bool:
    """Whether every database can be asked for it: none stores a NUL or half a character."""
    return _UNSTORABLE.search(value) is None


def quoted(value: object) -> str:
    """Quote a value in an error, cut to a length that fits a header."""
    text = repr(value)
    return text if len(text) <= QUOTED_CHARACTERS else f"{text[:QUOTED_CHARACTERS]}…"


def _problems(command: Open | Import | Command | Customer | Renaming, path: str, but: Collection[str]) -> Iterator[str]:
    kind: Any = type(command)  # to mypy, a class of these is not hashable
    for check in _checks(kind):
        value: Any = getattr(command, check.name)
        if isinstance(value, Customer):
            yield from _problems(value, f"{path}{check.name}.", ())
            continue
        if isinstance(value, tuple):
            for each in value:
                if isinstance(each, Renaming):
                    yield from _problems(each, f"{path}{check.name}.", ())
                elif check.rule and (problem := _problem(check.rule, each, is_required=True)):
                    yield f"{path}{check.name} {problem}"
            continue
        if check.rule is None or check.name in but or (value is None and check.may_be_none):
            continue
        if problem := _problem(check.rule, value, is_required=check.is_required):
            yield f"{path}{check.name} {problem}"


class _Check(NamedTuple):
    """What is asked of one field of a command."""

    name: str
    rule: Text | None
    """None: it is no text, but may be the customer, or renamings."""
    is_required: bool
    may_be_none: bool


@cache
def _checks(kind: type) -> tuple[_Check, ...]:
    return tuple(
        _Check(
            field.name,
            _PROMISES_NAMES.get((kind.__name__, field.name)) or TEXTS.get(field.name),
            (kind.__name__, field.name) not in MAY_BE_EMPTY,
            field.default is None,
        )
        for field in fields(kind)
    )


def _problem(rule: Text, value: object, *, is_required: bool) -> str | None:
    if not isinstance(value, str):
        return f"is of type {type(value).__name__!r}: give a text"
    if _is_plain(value) and len(value) <= rule.longest:
        return None
    problem = text_problem(rule, value, is_required=is_required) or stray_space(rule, value)
    if problem is None or rule.is_a_customers or not value:
        return problem
    return f"{quoted(value)} {problem}"


def _is_plain(value: str) -> bool:
    """Whether it is of visible ASCII, with spaces only within, as most are: only its length is left to look at."""
    return value.isascii() and value.isprintable() and value[:1] not in {"", " "} and value[-1] != " "
