"""An internal wait, for a part say: it pauses nothing, and the ledger shows it (semantics 2.11)."""

from datetime import datetime

from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import Held, HoldEnded
from workflows.domain.ticket.refusing import WORKED_ON, require, wrong_state
from workflows.domain.ticket.state import Holding


def hold(draft: Draft, at: datetime, reason: str) -> None:
    """Say what is waited for; whoever has the ticket, and however far up it goes, until somebody continues it."""
    require(draft, "hold", WORKED_ON)
    if draft.holding:
        raise wrong_state(draft, "hold", WORKED_ON, hint="it is on hold already: continue it first")
    draft.record(at, Held(reason=reason))
    draft.holding = Holding(reason=reason, since=at)


def end(draft: Draft, at: datetime, reason: str | None = None) -> None:
    """The wait is over, if there was one; without a reason where the ticket was resolved."""
    if draft.holding:
        draft.record(at, HoldEnded(reason=reason))
        draft.holding = None
