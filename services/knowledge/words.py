"""The words that a text is found by, the same for both databases: what an article says, and what a customer asks.

Nothing in a text has a meaning of its own here: quotes, operators and emoji are gaps between words. Whether two forms
of a word are one is each database's to know.
"""

import unicodedata
from functools import cache

LONGEST_WORD = 64
"""Characters; what is longer nobody says again."""
MOST_ASKED = 16
"""Words of a question that are looked for: more cost time and tell nothing new."""

_WITHIN_WORDS = frozenset("LMN")
"""Unicode's categories of letters, of what stands on them, and of numbers."""
_LEAST_ACCENT = 10
"""Of Unicode's classes of what is written above or below a letter; lower ones are letters of their script."""

SAID_ALWAYS = """
a about after again all also am an and any are as at be because been but by can could did do does for from get had
has have he hello help her here hi his how i if in is it its just me my no not of on or our out please she since so
some still than thank thanks that the their them then there they this to up us was we were what when where which
who why will with would you your don didn doesn isn wasn won ll ve re
aber als am auch auf aus bei bin bitte da danke das dass dem den der des die doch ein eine einem einen einer er es
für habe haben hallo hat ich ihr im in ist ja kann kein keine man mehr mein meine mich mir mit nach nicht noch nur
oder schon sehr sein seit sich sie sind so und uns von vor war was wenn wer wie wir wird wo zu zum zur
au aux avec bonjour ce cela ces cette dans de depuis des du elle en est et il je la le les leur mais merci mes moi
mon ne nous on ou où par pas plus pour que qui sa se ses son sur un une vous
al como con de del desde el ella en es esta este ha hay hola la las lo los me mi mis muy no nos para pero por que se
si sin su un una y ya
"""
"""What customers say whatever they ask, in the languages that most of them speak."""


def plain(text: str) -> str:
    """Return the words of a text in order, folded to what both databases take for the same, with a space between."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    kept = unicodedata.normalize("NFC", "".join(_kept(character) for character in folded))
    return " ".join(word for word in kept.split() if len(word) <= LONGEST_WORD)


def asked_for(text: str) -> tuple[str, ...]:
    """Return the words of a question that tell something, the longest first, each once: they are the rarest."""
    words = dict.fromkeys(plain(text).split())
    telling = [word for word in words if not _is_said_always(word)]
    return tuple(sorted(telling, key=len, reverse=True)[:MOST_ASKED])


def _kept(character: str) -> str:
    """A character of a word as it stands; nothing for an accent; a space for what is between words."""
    if character.isascii():
        return character if character.isalnum() else " "
    if unicodedata.combining(character) >= _LEAST_ACCENT:
        return ""
    return character if unicodedata.category(character)[0] in _WITHIN_WORDS else " "


def _is_said_always(word: str) -> bool:
    """Letters that stand alone are what an apostrophe left over."""
    return word in _said_always() or (len(word) == 1 and word.isascii() and word.isalpha())


@cache
def _said_always() -> frozenset[str]:
    return frozenset(plain(SAID_ALWAYS).split())
