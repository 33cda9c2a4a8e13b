"""Texts that people wrote, made fit to stand in others: of one line or of several, and nothing that steers.

And whether a text has words in it, or a page of HTML, however its lines are broken.
"""

import re
import unicodedata
from html import unescape

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of what follows: in a line of somebody else's it would turn theirs."""
_TAG = re.compile("<[^>]*>")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_ISOLATE, _END = "\u2068", "\u2069"


def line(text: str) -> str:
    """One line, safe within another: what reads from right to left is set apart, so that it turns nothing else."""
    flat = _DIRECTIONS.sub("", _flat(text))
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in flat):
        return f"{_ISOLATE}{flat}{_END}"
    return flat


def one_line(text: str, longest: int) -> str:
    """One line of at most so many characters, as a header is."""
    flat = _flat(text)
    return flat if len(flat) <= longest else f"{flat[: longest - 1].rstrip()}…"


def text_of(text: str) -> str:
    """Lines as they were written, without what no reader sees; never more than one empty line together."""
    lines = [_CONTROLS.sub("", each).rstrip() for each in _LINE_ENDS.sub("\n", text).expandtabs(4).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n ")


def paragraphs(text: str) -> tuple[tuple[str, ...], ...]:
    """What empty lines part, line by line."""
    return tuple(tuple(each.split("\n")) for each in text.split("\n\n"))


def of_html(page: str) -> str:
    """The words of a page, without its tags."""
    return unescape(_TAG.sub(" ", page))


def has_words(text: str, words: str) -> bool:
    """Whether those words stand in a text, however its lines are broken."""
    return " ".join(words.split()) in " ".join(text.split())


def _flat(text: str) -> str:
    return " ".join(_CONTROLS.sub(" ", _LINE_ENDS.sub(" ", text)).split())
