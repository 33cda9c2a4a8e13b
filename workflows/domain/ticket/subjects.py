"""When two subjects are the same matter in other words: case, spaces, and what mail programs put in front (6.3).

Knows no ticket and no customer.
"""

import re
import unicodedata

_PREFIXES = (
    # a reply, in the languages of mail programs
    "re aw antw antwort sv vs odp res rif r vá atb ynt bls απ σχετ отв ответ відп השב رد 回复 回覆 答复 返信 답장 "
    # and passed on
    "fw fwd wg tr rv enc i pd vb vl trs ilt yml doorst továbbítás πρθ пересл הועבר تحويل 转发 轉寄 転送 전달"
)
_BEFORE = re.compile(
    rf"(?:{'|'.join(sorted(_PREFIXES.split(), key=len, reverse=True))})\s*(?:\[\d{{1,3}}\]|\(\d{{1,3}}\))?\s*:\s*"
)
"""One of them, with the count that some programs keep: `re[2]:`."""


def matter_of(subject: str) -> str:
    """What subjects of one matter have in common; empty where nothing is left to go by. Compare it, never show it."""
    folded = unicodedata.normalize("NFKC", subject).casefold()
    # What only steers how it is shown, like the marks around Arabic that mail programs add, says nothing.
    shown = "".join(each for each in folded if unicodedata.category(each) != "Cf")
    matter = " ".join(unicodedata.normalize("NFKC", shown).split())
    while before := _BEFORE.match(matter):
        matter = matter[before.end() :]
    return matter
