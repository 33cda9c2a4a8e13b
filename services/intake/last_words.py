"""What a customer's word at the end comes to where their ticket was merged meanwhile: the one that goes on hears it.

A letter of the merged ticket may ask for it long after (6.7). That it is not solved, and what they thought of it, is of
the matter, which is the same. That it is solved is of a solution: it signs off none that they were told elsewhere.
"""

from collections.abc import Collection, Iterator
from typing import assert_never

from services.records.settled import Request, Settled, SettledBy
from services.records.store import Encode, Record
from workflows.domain.ticket.commands import Confirm, Rate, RecordContact, Reject
from workflows.domain.ticket.texts import TEXTS
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import ContactKind

LastWord = Confirm | Reject | Rate

ELSEWHERE = frozenset({RefusalReason.MERGED})
"""Why the ticket that it was said to does not take it."""

NOT_NOW = frozenset({RefusalReason.WRONG_STATE, RefusalReason.RATED_ALREADY, RefusalReason.REOPEN_WINDOW_OVER})
"""Why the one that goes on takes no rejection or rating as it stands: then it is a contact."""


async def say_to_survivor(
    record: Record, word: LastWord, survivor: str, reference: str, *, request: Request, encode: Encode
) -> Settled:
    """Have the ticket that goes on hear it: nothing that a customer says is lost for its ticket having been merged.

    `reference` is the merged one's. Raises what `Record.settle` does, of the one that goes on.
    """
    for said in _ways_of_saying(word, reference):
        is_contact = isinstance(said, RecordContact)
        elsewhere = frozenset[RefusalReason]() if is_contact else NOT_NOW
        settled = await record.settle(
            survivor, said, by=SettledBy.INTAKE, request=request, encode=encode, elsewhere=elsewhere
        )
        if is_contact or not is_refused_for(settled, NOT_NOW):
            return settled
    raise AssertionError("unreachable: a contact is the last that it may be")


def is_refused_for(settled: Settled, reasons: Collection[RefusalReason]) -> bool:
    """Whether it is another ticket's to take, or to be said otherwise; an answer that was given before stands."""
    return not settled.repeated and settled.refusal is not None and settled.refusal.reason in reasons


def _ways_of_saying(word: LastWord, reference: str) -> Iterator[Reject | Rate | RecordContact]:
    """Yield what it may be on the ticket that goes on, a contact in the end."""
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
