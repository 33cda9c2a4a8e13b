"""What the customer thought of it, once, after closing; the lead is told of a bad one (semantics 6.10)."""

from datetime import datetime

from workflows.domain.ticket.commands import Rate
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import Rated
from workflows.domain.ticket.refusing import NOT_TO_BE_RATED, CommandRefused, present_state, require
from workflows.domain.ticket.state import Rating
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.domain.ticket.words import Audience, Status


def rate(draft: Draft, at: datetime, command: Rate) -> None:
    """Keep the customer's stars and words; tell the lead when they are few, by the policy's threshold."""
    if draft.rating:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.RATED_ALREADY,
                text=f"cannot rate: it was rated {draft.rating.stars} already; a ticket is rated once",
                facts=present_state(draft),
            )
        )
    require(draft, "rate", (Status.CLOSED,), NOT_TO_BE_RATED)
    sequence = draft.record(at, Rated(stars=command.stars, comment=command.comment))
    draft.rating = Rating(stars=command.stars, comment=command.comment, at=at)
    if command.stars <= draft.policy.rating_tells_lead:
        draft.tell(sequence, "rated_low", Audience.LEAD)
