"""Ticket states across releases: the oldest that holds all of a ticket, and what an older one meant by what it kept.

Knows what each release kept, nothing of tables and settling.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from datetime import datetime
from functools import cache

from workflows.domain.ticket.promises import NEXT_NEWS
from workflows.domain.ticket.state import Promise, Ticket
from workflows.domain.ticket.words import CreditState, PromiseKind, PromiseState, Target

STATE_VERSION = 4
"""Of the ticket's stored state, the newest: 2 came with rosters, 3 with promises and all that people say at the end, 4
with credits over a merge."""

_BEFORE_3 = frozenset(
    {"chases", "update_breaches", "waiting", "reminding", "resolution", "closed_at", "sequence", "version", "roster"}
)
"""Of the fields that have defaults, those that releases before know."""


def version_of(ticket: Ticket) -> int:
    """The oldest version that holds all of it: who would lose some of it leaves the ticket to others that do not."""
    if ticket.resolve_credited or any(each.state is CreditState.MOVED for each in ticket.credits):
        return 4
    if ticket.promises or any(getattr(ticket, name) != default for name, default in _since_3().items()):
        return 3
    return 2 if ticket.roster else 1


def promising_news(ticket: Ticket, next_news_at: datetime) -> Ticket:
    """The ticket with what an older release told the customer on climbing as the promise that it is (6.5).

    That release forgot the instant with every person's message, and moved no instant with the update clock: one that
    stands was never kept. It was broken when silence went on at the instant itself or later, as a new update run says.
    """
    is_over = any(clock.target is Target.UPDATE and clock.started_at >= next_news_at for clock in ticket.clocks)
    if ticket.promises or is_over:
        return ticket
    promise = Promise(
        name=NEXT_NEWS,
        run=1,
        kind=PromiseKind.NEXT_NEWS,
        promised_at=next_news_at,
        # The tier may have been entered since, by a transfer back: it was promised before it was to come.
        made_at=min(ticket.tier_entered_at, next_news_at),
        made_by=None,
        owner=None,
        words="",
        state=PromiseState.OPEN,
    )
    return replace(ticket, promises=(promise,))


@cache
def _since_3() -> Mapping[str, object]:
    """The fields that came with promises, and what each is where it says nothing."""
    with_default = (each for each in fields(Ticket) if each.default is not MISSING)
    return {each.name: each.default for each in with_default if each.name not in _BEFORE_3}
