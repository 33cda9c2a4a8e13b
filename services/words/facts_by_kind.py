"""What is true of each kind of message besides what is true of all: one function a kind, read from its own line."""

from collections.abc import Callable, Mapping, Sequence

from services.words.kinds import Side
from services.words.reading import By, Fact, Facts, Read, When
from services.words.standing import Promised
from workflows.domain.money import Money
from workflows.domain.ticket.events import (
    Assigned,
    ClockBreached,
    ClockStarted,
    ClockWarned,
    Closed,
    ContactReceived,
    CreditOffered,
    CreditProposed,
    CreditRefused,
    CustomerFlagged,
    CustomerReminded,
    Escalated,
    Imported,
    LadderExhausted,
    LastResortReminded,
    Merged,
    PriorityChanged,
    PromiseBroken,
    PromiseCancelled,
    PromiseChanged,
    PromiseMade,
    PromiseWarned,
    Rated,
    Rejected,
    Reopened,
    Resolved,
    TookOver,
    Transferred,
    UpdatePosted,
)
from workflows.domain.ticket.words import Audience, Cause, Outcome, PromiseKind, Status, Target, TicketKind
from workflows.planning.handover import merged_stories
from workflows.planning.handover_log import story
from workflows.planning.handover_page import told

# One function a kind; `LookupError` where the line is none of that kind's.


def _opened(read: Read) -> Facts:
    started = [entry.event for entry in read.after if isinstance(entry.event, ClockStarted)]
    solve_by = next((event.deadline_at for event in started if event.target is Target.RESOLVE), None)
    return {"solve_by": read.ahead(solve_by), "is_follow_up": read.occasion.ticket.follows is not None}


def _opened_desk(read: Read) -> Facts:
    ticket = read.occasion.ticket
    return {
        "is_follow_up": ticket.follows is not None,
        "text": ticket.description or None,
        "channel": ticket.channel,
    }


def _imported(read: Read) -> Facts:
    event, ticket = read.line(Imported), read.occasion.ticket
    return {
        "text": ticket.description or None,
        "channel": ticket.channel,
        "opened": When(at=event.opened_at),
        "elsewhere": ", ".join(event.references) or None,
        "chases": event.chases,
    }


def _escalated_customer(read: Read) -> Facts:
    event = read.line(Escalated)
    # Words that came with a rejection are the customer's own; those given by hand are the desk's.
    is_customers = Cause.SOLUTION_REJECTED in event.causes and Cause.BY_HAND not in event.causes
    return {
        "causes": tuple(event.causes),
        "customers_words": event.reason if is_customers else None,
        "is_waiting": read.stood.is_waiting,
    }


def _transferred_customer(read: Read) -> Facts:
    return {"is_waiting": read.stood.is_waiting}


def _climbed(read: Read) -> Facts:
    event = read.event
    if isinstance(event, Escalated):
        causes: tuple[str, ...] = tuple(event.causes)
    else:
        event, causes = read.line(Transferred), (Cause.BY_HAND,)
    return {
        "from_tier": event.from_tier,
        "causes": causes,
        "reason": event.reason,
        "is_ping_pong": event.is_ping_pong,
        "handover": _handover(read) if read.occasion.audience is Audience.TIER else None,
    }


def _handover(read: Read) -> str:
    """What the log told by then, and those of the tickets merged into it, for the tier that has it now (6.5, 6.7).

    Nobody has to tell it twice.
    """
    zone = read.occasion.policy.calendar.zone
    merged = merged_stories(read.occasion.merged, zone)
    return told(story((*read.before, read.entry, *read.after), zone), zone, merged)


def _update_posted(read: Read) -> Facts:
    event = read.line(UpdatePosted)
    return {"text": event.text, "also_for": _all(event.also_for), "is_solved": read.stood.resolved is not None}


def _question(read: Read) -> Facts:
    stood, policy = read.stood, read.occasion.policy
    wait_until = read.open_time_from(stood.asked_at, policy.give_up) if stood.asked_at else None
    event = read.event
    return {
        "question": stood.question,
        "asked": When(at=stood.asked_at) if stood.asked_at else None,
        "number": event.number if isinstance(event, CustomerReminded) else None,
        "wait_until": read.until(wait_until),
    }


def _asked(read: Read) -> Facts:
    stood = read.stood
    return {"question": stood.question, "asked": When(at=stood.asked_at) if stood.asked_at else None}


def _gave_up(read: Read) -> Facts:
    """An answer reopens it until it is closed by silence, and for the reopen window after that (6.9)."""
    policy, stood = read.occasion.policy, read.stood
    closes_at = read.open_time_from(read.entry.at, policy.sign_off)
    return {
        "question": stood.question,
        "asked": When(at=stood.asked_at) if stood.asked_at else None,
        "answer_until": read.until(closes_at + policy.reopen_window),
    }


def _solution(read: Read) -> dict[str, Fact]:
    resolved = read.stood.resolved
    return {
        "outcome": resolved.outcome if resolved else None,
        "explanation": (resolved.explanation or None) if resolved else None,
        "alternative": resolved.alternative if resolved else None,
    }


def _resolved(read: Read) -> Facts:
    sign_off_at = read.open_time_from(read.entry.at, read.occasion.policy.sign_off)
    also_for = _all(read.event.also_for) if isinstance(read.event, Resolved) else None
    told = _solution(read) | {"also_for": also_for, "sign_off_until": read.until(sign_off_at)}
    return told | _still_promised(read, read.stood.still_promised())


def _still_promised(read: Read, promises: Sequence[Promised]) -> dict[str, Fact]:
    """What somebody is still to do for the customer, as it was promised: the earliest, and whether there is more."""
    ahead = [each for each in promises if read.ahead(each.promised_at)]
    first = ahead[0] if ahead else None
    return {
        "still_promised": By(at=first.promised_at) if first else None,
        "still_words": (first.words or None) if first else None,
        "is_more_promised": len(ahead) > 1,
    }


def _ended(read: Read) -> list[Promised]:
    """What else than news was promised and ended with this step, the earliest first."""
    ended = (each.event for each in (*read.before, *read.after) if each.at == read.entry.at)
    found = (read.promise(event.name, event.run) for event in ended if isinstance(event, PromiseCancelled))
    promises = (each for each in found if each is not None and each.kind is not PromiseKind.NEXT_NEWS)
    return sorted(promises, key=lambda each: each.promised_at)


def _all(references: tuple[str, ...]) -> str | None:
    """References of a customer's other tickets in one line."""
    return ", ".join(references) or None


def _closed(read: Read) -> Facts:
    reopen_until = read.entry.at + read.occasion.policy.reopen_window
    return _solution(read) | {
        "closed_by": read.line(Closed).by,
        "reopen_until": read.until(reopen_until),
        "is_rated": read.stood.is_rated,
        "is_promise_off": bool(_ended(read)),
    }


def _breached(read: Read) -> Facts:
    event = read.line(ClockBreached)
    return {
        "target": event.target,
        "due": By(at=event.last_due_at or event.due_at),
        "count": event.count,
        "is_engine_late": event.engine_late,
    }


def _admitted(read: Read) -> Facts:
    """To the customer: no instant but one that they were told, for theirs may have moved since, or was never said."""
    event = read.line(ClockBreached)
    due_at = event.last_due_at or event.due_at
    is_known = read.stood.has_told(event.target, due_at)
    return {"target": event.target, "due": By(at=due_at) if is_known else None, "credit": read.credit()}


def _warned(read: Read) -> Facts:
    event = read.line(ClockWarned)
    deadline = read.stood.deadlines.get((event.target, event.run))
    return {
        "target": event.target,
        "percent": round(event.fraction * 100),
        "deadline": By(at=deadline) if deadline else None,
    }


def _promised(promise: Promised | None) -> dict[str, Fact]:
    if promise is None:
        return {}
    return {
        "promise": promise.kind,
        "promised": By(at=promise.promised_at),
        "words": promise.words or None,
        "promise_owner": promise.owner,
    }


def _promise(read: Read) -> Facts:
    """Of a promise that was made, re-agreed, warned of or broken."""
    event = read.event
    if not isinstance(event, PromiseMade | PromiseChanged | PromiseWarned | PromiseBroken):
        raise LookupError(f"a {read.occasion.kind!r} is of a line {type(event).__name__!r}")  # noqa: TRY004 - a line that is not there
    found = _promised(read.promise(event.name, event.run))
    match event:
        case PromiseMade():
            return found
        case PromiseChanged(from_promised_at=before):
            return found | {"promised_before": By(at=before)}
        case PromiseWarned(fraction=fraction):
            return found | {"percent": round(fraction * 100)}
        case PromiseBroken(due_at=due_at, kind=kind, owner=owner, engine_late=is_late):
            return found | {
                "promise": kind,
                "promised": By(at=due_at),
                "promise_owner": owner,
                "is_engine_late": is_late,
                "credit": read.credit(),
            }


def _exhausted(read: Read) -> Facts:
    event = read.event
    again_after = read.occasion.policy.remind_every
    match event:
        case LadderExhausted(causes=causes, reason=reason):
            return {"causes": tuple(causes), "reason": reason, "again_after": again_after}
        case LastResortReminded(causes=causes, number=number):
            return {"causes": tuple(causes), "number": number, "again_after": again_after}
        case _:
            raise LookupError(f"a {read.occasion.kind!r} is of a line {type(event).__name__!r}")


def _rejected_customer(read: Read) -> Facts:
    return {"customers_words": read.line(Rejected).reason or None}


def _rejected(read: Read) -> Facts:
    return {"reason": read.line(Rejected).reason}


def _reopened_customer(read: Read) -> Facts:
    """The words that came with a rejection are the customer's own; those given by hand are the desk's."""
    event = read.line(Reopened)
    is_rejection = event.is_rejection
    return {"is_rejection": is_rejection, "customers_words": (event.reason or None) if is_rejection else None}


def _reopened(read: Read) -> Facts:
    event = read.line(Reopened)
    return {"reason": event.reason, "outcome": event.was}


def _contact(read: Read) -> Facts:
    event = read.line(ContactReceived)
    return {
        "contact": event.kind,
        "channel": event.channel,
        "text": event.text or None,
        "is_answer": event.answered_wait,
        "chases": event.chases,
    }


def _assigned(read: Read) -> Facts:
    return {"from_handler": read.line(Assigned).from_handler}


def _priority(read: Read) -> Facts:
    event = read.line(PriorityChanged)
    return {"from_priority": event.from_priority, "reason": event.reason}


def _credit(read: Read) -> Facts:
    event = read.line(CreditOffered)
    return {"credit": Money(minor=event.minor, currency=event.currency)}


def _proposed(read: Read) -> Facts:
    event = read.line(CreditProposed)
    return {
        "number": event.number,
        "credit": Money(minor=event.minor, currency=event.currency),
        "reason": event.reason,
        "other": event.merged_reference,
        "proposed_by": event.proposed_by or read.entry.actor,
    }


def _credit_refused(read: Read) -> Facts:
    event = read.line(CreditRefused)
    return {"number": event.number, "reason": event.reason}


def _rated(read: Read) -> Facts:
    event = read.line(Rated)
    return {"stars": event.stars, "comment": event.comment or None}


def _merged(read: Read) -> Facts:
    return {"survivor": read.line(Merged).survivor_reference}


def _merged_customer(read: Read) -> Facts:
    """The one that goes on, and what is next there: news that is promised, or the customer's turn (6.7).

    It may be thought solved there, or set aside as nobody answered: then no one goes on unless they say so (6.8, 6.9).
    """
    event = read.line(Merged)
    is_resolved = event.survivor_status is Status.RESOLVED
    is_unanswered = event.survivor_outcome is Outcome.NO_RESPONSE
    return {
        "survivor": event.survivor_reference,
        "next_news": read.ahead(event.next_news_at),
        "is_waiting": event.survivor_status is Status.WAITING_ON_CUSTOMER
        and event.survivor_kind is not TicketKind.LEAVING,
        "is_solved": is_resolved and not is_unanswered,
        "is_set_aside": is_resolved and is_unanswered,
        "sign_off_until": read.until(event.sign_off_at),
        "explanation": event.explanation,
    } | _still_promised(read, _ended(read))


def _took_over(read: Read) -> Facts:
    return {"other": read.line(TookOver).reference}


def _at_risk(read: Read) -> Facts:
    event = read.line(CustomerFlagged)
    return {"signals": tuple(event.signals), "since": When(at=event.since)}


BY_KIND: Mapping[tuple[str, Side], Callable[[Read], Facts]] = {
    ("opened", Side.CUSTOMER): _opened,
    ("escalated", Side.CUSTOMER): _escalated_customer,
    ("transferred", Side.CUSTOMER): _transferred_customer,
    ("update_posted", Side.CUSTOMER): _update_posted,
    ("question_asked", Side.CUSTOMER): _question,
    ("customer_reminded", Side.CUSTOMER): _question,
    ("gave_up_waiting", Side.CUSTOMER): _gave_up,
    ("resolved", Side.CUSTOMER): _resolved,
    ("closed", Side.CUSTOMER): _closed,
    ("rejected", Side.CUSTOMER): _rejected_customer,
    ("reopened", Side.CUSTOMER): _reopened_customer,
    ("clock_breached", Side.CUSTOMER): _admitted,
    ("promise_made", Side.CUSTOMER): _promise,
    ("promise_changed", Side.CUSTOMER): _promise,
    ("promise_broken", Side.CUSTOMER): _promise,
    ("resolve_missed", Side.CUSTOMER): _admitted,
    ("credit_offered", Side.CUSTOMER): _credit,
    ("merged", Side.CUSTOMER): _merged_customer,
    ("opened", Side.DESK): _opened_desk,
    ("imported", Side.DESK): _imported,
    ("escalated", Side.DESK): _climbed,
    ("transferred", Side.DESK): _climbed,
    ("gave_up_waiting", Side.DESK): _gave_up,
    ("answer_missing", Side.DESK): _asked,
    ("merged", Side.DESK): _merged,
    ("took_over", Side.DESK): _took_over,
    ("rejected", Side.DESK): _rejected,
    ("reopened", Side.DESK): _reopened,
    ("contact_received", Side.DESK): _contact,
    ("assigned", Side.DESK): _assigned,
    ("priority_changed", Side.DESK): _priority,
    ("clock_warned", Side.DESK): _warned,
    ("clock_breached", Side.DESK): _breached,
    ("ladder_exhausted", Side.DESK): _exhausted,
    ("last_resort_reminded", Side.DESK): _exhausted,
    ("promise_warned", Side.DESK): _promise,
    ("promise_broken", Side.DESK): _promise,
    ("rated_low", Side.DESK): _rated,
    ("credit_to_approve", Side.DESK): _proposed,
    ("credit_refused", Side.DESK): _credit_refused,
    ("customer_at_risk", Side.DESK): _at_risk,
}
