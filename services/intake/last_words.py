"""What a customer's word at the end comes to where their ticket was merged meanwhile: the one that goes on hears it.

A letter of the merged ticket may ask for it long after (6.7). That it is solved or is not, and what they thought of it,
is of the matter, which is the same.
"""

from collections.abc import Collection, Mapping
from typing import assert_never

from services.records.settled import Request, Settled, SettledBy
from services.records.store import Encode, Record
from workflows.domain.ticket.commands import Confirm, Rate, RecordContact, Reject
from workflows.domain.ticket.texts import TEXTS
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import ContactKind, Status

LastWord = Confirm | Reject | Rate

ELSEWHERE = frozenset({RefusalReason.MERGED})
"""Why the ticket that it was said to does not take it."""

NOT_NOW = frozenset({RefusalReason.WRONG_STATE, RefusalReason.RATED_ALREADY, RefusalReason.REOPEN_WINDOW_OVER})
"""Why the one that goes on takes no such word as it stands."""

_HEARD_AS_CONTACT: Mapping[type[LastWord], Collection[str]] = {
    Reject: frozenset(Status),
    Confirm: frozenset(Status) - {Status.CLOSED},
    Rate: frozenset({Status.OPEN, Status.IN_PROGRESS}),
}
"""Where a contact does no more than the word would: one opens again what was given up, and ends a wait."""


async def say_to_survivor(
    record: Record, word: LastWord, survivor: str, reference: str, *, request: Request, encode: Encode
) -> Settled:
    """Have the ticket that goes on hear it: nothing that a customer says is lost for its ticket having been merged.

    `reference` is the merged one's. Raises what `Record.settle` does, of the one that goes on.
    """

    async def said(what: LastWord | RecordContact, elsewhere: frozenset[RefusalReason] = frozenset()) -> Settled:
        return await record.settle(
            survivor, what, by=SettledBy.INTAKE, request=request, encode=encode, elsewhere=elsewhere
        )

    settled = await said(word, NOT_NOW)
    if not is_refused_for(settled, NOT_NOW):
        return settled
    if settled.refusal is None or settled.refusal.facts.get("status") not in _HEARD_AS_CONTACT[type(word)]:
        return await said(word)
    return await said(_as_contact(word, reference))


def is_refused_for(settled: Settled, reasons: Collection[RefusalReason]) -> bool:
    """Whether it is another ticket's to take, or to be said otherwise; an answer that was given before stands."""
    return not settled.repeated and settled.refusal is not None and settled.refusal.reason in reasons


def _as_contact(word: LastWord, reference: str) -> RecordContact:
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
    return RecordContact(actor=word.actor, kind=kind, channel=channel, text=text, customer=word.customer)
