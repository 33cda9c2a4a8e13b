"""What else of one step a letter admits: who was let down in several ways at once hears it in one letter.

Delivery says what is owed to the same customer behind a letter; here is decided which of it the letter tells of too.
"""

from dataclasses import replace

from services.words.facts_by_kind import BY_KIND
from services.words.kinds import Side
from services.words.occasion import Behind, Occasion
from services.words.reading import Facts, Read
from workflows.domain.ticket.verdict import ADMISSIONS
from workflows.domain.ticket.words import Audience


def besides(occasion: Occasion) -> dict[Behind, Facts | None]:
    """The messages behind it that it can tell of too, each with its facts; none where its own line says that already.

    Of the same instant only: what is written later in the log is in no letter that went before.
    """
    if occasion.audience is not Audience.CUSTOMER or occasion.kind not in ADMISSIONS:
        return {}
    lines = {entry.sequence: entry for entry in occasion.entries}
    at = occasion.entry.at
    found: dict[Behind, Facts | None] = {}
    for each in occasion.behind:
        line = lines.get(each.sequence)
        if each.kind not in ADMISSIONS or line is None or line.at != at:
            continue
        if each.sequence == occasion.sequence:
            found[each] = None
        else:
            read = Read(replace(occasion, kind=each.kind, sequence=each.sequence, behind=()))
            found[each] = BY_KIND[each.kind, Side.CUSTOMER](read)
    return found
