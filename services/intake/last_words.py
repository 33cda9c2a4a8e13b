"""What a customer's word at the end comes to where their ticket was merged meanwhile: the one that goes on hears it.

A letter of the merged ticket may ask for it long after (6.7). That it is not solved, and what they thought of it, is of
the matter, which is the same. That it is solved is of a solution: it signs off none that they were told elsewhere.
"""

from collections.abc import Iterator
from typing import assert_never

from workflows.domain.ticket.commands import Confirm, Rate, RecordContact, Reject
from workflows.domain.ticket.texts import TEXTS
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import ContactKind

LastWord = Confirm | Reject | Rate

ELSEWHERE = frozenset({RefusalReason.MERGED})
"""Why the ticket that it was said to does not take it."""

NOT_NOW = frozenset({RefusalReason.WRONG_STATE, RefusalReason.RATED_ALREADY, RefusalReason.REOPEN_WINDOW_OVER})
"""Why the one that goes on takes no rejection or rating as it stands: then it is a contact."""


def said_to_survivor(word: LastWord, reference: str) -> Iterator[Reject | Rate | RecordContact]:
    """Yield what it may be on the ticket that goes on, the first that is taken; `reference` is the merged one's."""
    if not isinstance(word, Confirm):
        yield word
    match word:
        case Confirm():
            kind, channel, text = ContactKind.INFORMATION, "sign-off", f"says of {reference} that it is solved"
        case Reject(reason=reason):
            kind, channel = ContactKind.COMPLAINT, "sign-off"
            text = f"says of {reference} that it is not solved: {reason}"
        case Rate(stars=stars, comment=comment):
            kind, channel = ContactKind.INFORMATION, "rating"
            text = f"rates {reference} {stars} of 5{f': {comment}' if comment else ''}"
        case _:
            assert_never(word)
    text = text[: TEXTS["text"].longest]
    yield RecordContact(actor=word.actor, kind=kind, channel=channel, text=text, customer=word.customer)
