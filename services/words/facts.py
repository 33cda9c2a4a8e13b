"""What is true of an occasion, by the names that templates use: read from the log's lines, in no language yet.

What is internal stays on the desk's side: a customer's facts are their own words, what was written for them, and
instants. Whatever the lines do not say is none, and so is an instant that was to come and has passed meanwhile.
"""

from datetime import datetime

from services.words.facts_by_kind import BY_KIND
from services.words.kinds import Side
from services.words.occasion import Occasion
from services.words.reading import Fact, Facts, Read, When
from workflows.domain.ticket.events import Escalated, Opened
from workflows.domain.ticket.words import Target, TicketKind

OVER = frozenset({"closed", "merged", "gave_up_waiting"})
"""Kinds that promise no news: nothing is to come, or what is to come stands in the line itself."""
ASKING = frozenset({"question_asked", "customer_reminded"})
"""Kinds that promise none but to who wishes to leave: of everybody else it is the customer's turn (6.5)."""


def facts_of(occasion: Occasion) -> Facts:
    """Every fact of the occasion; `LookupError` when its line is not there, or is of another kind than the message."""
    read = Read(occasion)
    side = Side.of(occasion.audience)
    common = _common(read) | (_of_customer(read) if side is Side.CUSTOMER else _of_desk(read))
    special = BY_KIND.get((occasion.kind, side))
    if special:
        common.update(special(read))
    return common


def _common(read: Read) -> dict[str, Fact]:
    ticket = read.occasion.ticket
    is_leaving = ticket.kind is TicketKind.LEAVING
    is_over = read.occasion.kind in OVER or (read.occasion.kind in ASKING and not is_leaving)
    news = None if is_over else read.ahead(_next_news_at(read))
    return {
        "reference": ticket.reference,
        "subject": ticket.subject,
        "happened": When(at=read.entry.at),
        "is_late": read.occasion.is_late,
        "next_news": news,
        "is_leaving": is_leaving,
    }


def _next_news_at(read: Read) -> datetime | None:
    stood = read.stood.next_news_at()
    if isinstance(read.event, Opened) and stood is None:
        return read.stood.deadline(Target.UPDATE)  # an older release told it without a line of its own (6.1)
    if not isinstance(read.event, Escalated):
        return stood
    said = read.event.next_news_at  # the line itself says it, also where no promise was recorded yet
    return said if said is None or stood is None else min(said, stood)  # somebody may have promised news before that


def _of_customer(read: Read) -> dict[str, Fact]:
    return {"name": read.occasion.ticket.customer.name}


def _of_desk(read: Read) -> dict[str, Fact]:
    ticket, stood = read.occasion.ticket, read.stood
    return {
        "ticket_id": ticket.ticket_id,
        "recipient": read.occasion.recipient,
        "actor": read.entry.actor,
        "customer": ticket.customer.name,
        "queue": ticket.queue,
        "priority": stood.priority or ticket.priority,
        "tier": stood.tier or ticket.tier,
        "owner": stood.owner,
        "handler": stood.handler,
        "acknowledge_by": read.ahead(stood.deadline(Target.ACKNOWLEDGE)),
        "tier_resolve_by": read.ahead(stood.deadline(Target.TIER_RESOLVE)),
        "solve_by": read.ahead(stood.deadline(Target.RESOLVE)),
        "update_by": read.ahead(stood.deadline(Target.UPDATE)),
    }


def bare_of(occasion: Occasion) -> Facts:
    """What needs no working out: of which ticket, and when."""
    ticket = occasion.ticket
    return {
        "reference": ticket.reference,
        "subject": ticket.subject,
        "happened": When(at=occasion.entry.at),
        "is_late": occasion.is_late,
        "name": ticket.customer.name,
        "ticket_id": ticket.ticket_id,
    }
