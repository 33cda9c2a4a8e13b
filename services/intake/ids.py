"""Ticket ids and references. Knows nothing of tickets; whether a reference is taken is the record's to say.

A ticket id is 48 bits of milliseconds and 80 random ones in Crockford's base 32: ids sort by the time they were made,
whoever made them. A reference is what a customer reads over the phone.
"""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of references: without 0, O, 1 and I."""
ID_LENGTH = 26
REFERENCE_LENGTH = 8
"""Characters of a reference, its check character included and its hyphen not: 35 random bits."""
FIELD_POLYNOMIAL = 0b100101
"""x⁵ + x² + 1: characters are elements of the field of 32, where two different weights never cancel out."""

_HALF = REFERENCE_LENGTH // 2
_IGNORED = re.compile(r"[\s-]+")
_ARTICLE_ID = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
_TICKET_ID = re.compile(f"[{CROCKFORD}]{{{ID_LENGTH}}}")


class ReferenceInvalid(ValueError):  # noqa: N818 - the fact, in the desk's words
    """A text that no ticket can have as its reference: its text says why."""


class Ids:
    """Makes ids and references. Told how to ask for the time and for chance."""

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        random_bits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self._now = now
        self._random_bits = random_bits

    def ticket_id(self) -> str:
        """Make an id that sorts after those made in earlier milliseconds."""
        milliseconds = int(self._now().timestamp() * 1000)
        return _spelt(milliseconds << 80 | self._random_bits(80), CROCKFORD, ID_LENGTH)

    def reference(self) -> str:
        """Make a reference, like `K7QM-3XVP`: unambiguous, with a check character. It may be taken already."""
        payload = _spelt(self._random_bits(5 * (REFERENCE_LENGTH - 1)), ALPHABET, REFERENCE_LENGTH - 1)
        return _hyphenated(payload + check_character(payload))


def is_ticket_id(text: str) -> bool:
    """Whether a text could be a ticket's id; whether it is one, the record knows."""
    return _TICKET_ID.fullmatch(text) is not None


def is_article_id(text: str) -> bool:
    """Whether a text could be an article's id, which its author gives it; whether it is one, the record knows."""
    return _ARTICLE_ID.fullmatch(text) is not None


def parse_reference(text: str) -> str:
    """Return the reference as the record writes it; case, spaces and hyphens do not matter.

    Raises `ReferenceInvalid`. Any one wrong character, and any two that changed places, are found.
    """
    reference = _IGNORED.sub("", text).upper()
    if len(reference) != REFERENCE_LENGTH:
        raise ReferenceInvalid(f"a reference has {REFERENCE_LENGTH} characters, like 'K7QM-3XVP'")
    if not set(reference) <= set(ALPHABET):
        raise ReferenceInvalid(f"a reference is made of {ALPHABET}: there is no 0, O, 1 or I in it")
    if check_character(reference[:-1]) != reference[-1]:
        raise ReferenceInvalid("a character is wrong or two changed places: read it again")
    return _hyphenated(reference)


def check_character(payload: str) -> str:
    """Return the character that makes the weighted sum of all of them nothing.

    The sum is taken in the field of 32 with a different weight for each place, so that one wrong character, or two
    that changed places, always show. A sum modulo 32 could not do that: half its weights have no inverse.
    """
    total = 0
    for character in payload:
        total = _doubled(total ^ ALPHABET.index(character))
    return ALPHABET[total]


def _doubled(element: int) -> int:
    """Multiply by x in the field of 32."""
    element <<= 1
    return element ^ FIELD_POLYNOMIAL if element & 0b100000 else element


def _spelt(number: int, alphabet: str, length: int) -> str:
    return "".join(alphabet[number >> 5 * place & 31] for place in reversed(range(length)))


def _hyphenated(reference: str) -> str:
    return f"{reference[:_HALF]}-{reference[_HALF:]}"
