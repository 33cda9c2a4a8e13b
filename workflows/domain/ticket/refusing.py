"""How a command is refused: what has to hold, and what the caller is told of the present state (semantics 6)."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.domain.ticket.words import Status

WORKED_ON = (Status.OPEN, Status.IN_PROGRESS, Status.WAITING_ON_CUSTOMER)
"""The states in which the desk owes work."""


class CommandRefused(Exception):  # noqa: N818 - the fact, in the desk's words
    """Carries the refusal out of a half-obeyed command; the judge throws the draft away."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


NOT_TO_BE_CLOSED: Mapping[Status, str] = {
    Status.CLOSED: "it is closed already",
    **dict.fromkeys(WORKED_ON, "resolve it first, with an explanation"),
}
NOT_TO_BE_REOPENED: Mapping[Status, str] = {
    Status.RESOLVED: "a resolved ticket is rejected, not reopened",
    **dict.fromkeys(WORKED_ON, "it is not closed: go on with it"),
}
NOT_TO_BE_RATED: Mapping[Status, str] = {
    Status.RESOLVED: "confirm or reject the solution first",
    **dict.fromkeys(WORKED_ON, "it is rated once it is closed"),
}
NOT_TO_BE_CONFIRMED: Mapping[Status, str] = {Status.CLOSED: "it is closed already"}


def require(
    draft: Draft, what: str, allowed: Collection[Status], hint: Mapping[Status, str] | str | None = None
) -> None:
    """Refuse unless the ticket is in one of these states; the hint, or the state's own, replaces the list of them."""
    if draft.status not in allowed:
        said = hint.get(draft.status) if isinstance(hint, Mapping) else hint
        raise wrong_state(draft, what, allowed, said)


def wrong_state(draft: Draft, what: str, allowed: Collection[Status], hint: str | None = None) -> CommandRefused:
    """The refusal of a transition that is not allowed."""
    states = " or ".join(repr(status.value) for status in allowed)
    remedy = hint or f"possible while it is {states}"
    return CommandRefused(
        Refusal(
            reason=RefusalReason.WRONG_STATE,
            text=f"cannot {what}: the ticket is {draft.status.value!r}; {remedy}",
            facts=present_state(draft),
        )
    )


def require_tier(draft: Draft, named: str, what: str) -> None:
    """Refuse unless the tier named has the ticket; the answer says who has it (4.2, 5.4)."""
    if named != draft.tier:
        who = repr(draft.handler) if draft.handler else "nobody yet"
        names = draft.policy.tier_names
        is_somebody = named in (*names, draft.policy.last_resort)
        known = "" if is_somebody else f"the policy has {', '.join(names)}; "
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.WRONG_TIER,
                text=f"cannot {what} tier {named!r}: {known}tier {draft.tier!r} has the ticket now, handled by {who}",
                facts=present_state(draft),
            )
        )


def require_customer(draft: Draft, named: str | None, what: str) -> None:
    """Refuse the word of somebody else than the ticket's customer (6.8); none named: whoever asks knows them."""
    if named is not None and named != draft.before.customer.external_id:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.NOT_THE_CUSTOMER,
                text=f"cannot {what}: the customer named is not this ticket's; only its own customer's word counts",
                facts=present_state(draft),
            )
        )


def require_within_window(draft: Draft, at: datetime) -> None:
    """Refuse on a ticket that has been closed for longer than its reopen window (6.3, 6.9)."""
    closed_at = draft.closed_at
    if closed_at is None or at - closed_at <= draft.policy.reopen_window:
        return
    raise CommandRefused(
        Refusal(
            reason=RefusalReason.REOPEN_WINDOW_OVER,
            text=f"closed since {closed_at:%Y-%m-%d %H:%M} UTC, longer than the reopen window of "
            f"{draft.policy.reopen_window / timedelta(hours=1):g} h: "
            f"open a new ticket that follows {draft.before.ticket_id!r}",
            facts=present_state(draft, follows=draft.before.ticket_id),
        )
    )


def merged_elsewhere(draft: Draft, survivor: str) -> Refusal:
    """What later reaches a ticket that was merged is answered with the one that goes on (6.7)."""
    reference = draft.merged_into_reference or survivor
    return Refusal(
        reason=RefusalReason.MERGED,
        text=f"merged into ticket {reference!r}, which goes on in its place: ask that one",
        facts=present_state(draft, survivor=survivor, survivor_reference=reference),
    )


def present_state(draft: Draft, **more: str) -> dict[str, str]:
    """What a refused caller needs to decide anew."""
    return {"status": draft.status.value, "tier": draft.tier, "handler": draft.handler or "", **more}
