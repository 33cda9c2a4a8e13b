"""The life of a promise: made, kept, re-agreed, warned of, broken, cancelled (semantics 2.4).

A promise is no clock: its deadline is the promised instant itself, in wall-clock time, it never stands still, and
neither escalation, transfer nor reassignment touches it. Who calls here says only that something happened: a person
told the customer something, the ladder moved, the ticket closed. What that does to which promise is told here alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, count

from workflows.domain.policy import Policy
from workflows.domain.ticket import credit
from workflows.domain.ticket.commands import ChangePromise, KeepPromise, MakePromise, TakenPromise
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import (
    PromiseBroken,
    PromiseCancelled,
    PromiseChanged,
    PromiseKept,
    PromiseMade,
    PromiseWarned,
)
from workflows.domain.ticket.refusing import WORKED_ON, CommandRefused, present_state, require
from workflows.domain.ticket.state import LATE_AFTER, PendingWarning, Promise
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.domain.ticket.words import Audience, PromiseKind, PromiseState, Status, Target

NEXT_NEWS = "next_news"
"""What the engine's own promise is called: when the customer hears next (6.1, 6.5)."""

TURNAROUND = "turnaround"
"""What the promise that is made on acknowledging is called (6.2)."""

LONGEST_AHEAD = timedelta(days=366)
"""How far ahead something may be promised."""

MOST_PROMISES = 50
"""Names that one ticket's promises are made under: nobody keeps more of them in mind, and a ticket is shown whole."""

LONGEST_NAME = 64
"""Characters of what a promise is called."""

_NOT_CLOSED = (*WORKED_ON, Status.RESOLVED)


# What people ask for.


def make(draft: Draft, at: datetime, command: MakePromise) -> None:
    """Promise the customer something, or raise `CommandRefused`."""
    require(draft, "make a promise", _NOT_CLOSED, hint="reopen it first")
    owner = command.owner or draft.handler or command.actor
    _make(draft, at, command.name, command.kind, command.promised_at, owner=owner, words=command.words)


def promise_turnaround(draft: Draft, at: datetime, turnaround_at: datetime, handler: str) -> None:
    """By when it is done, said on acknowledging (6.2); `CommandRefused` as of any other promise."""
    _make(draft, at, TURNAROUND, PromiseKind.TURNAROUND, turnaround_at, owner=handler, words="")


def keep(draft: Draft, at: datetime, command: KeepPromise) -> None:
    """Record that it was done; of a broken one that it was done late. `CommandRefused` where nothing is left to do.

    The engine's own is not kept by saying so: the customer is to hear something (2.4).
    """
    promise = _to_be_kept(draft, command.name)
    if promise.name == NEXT_NEWS:
        raise _engines(draft, "keep", "post an update, which keeps it")
    _keep(draft, at, promise, words=command.words)


def change(draft: Draft, at: datetime, command: ChangePromise) -> None:
    """Another instant in place of the one promised, re-agreed before it passed; else `CommandRefused`."""
    promise = _known(draft, command.name, "change")
    if promise.name == NEXT_NEWS:
        raise _engines(draft, "change")
    if not promise.is_open:
        raise _over(draft, promise, "change")
    _require_ahead(draft, at, command.promised_at, command.name)
    anew = replace(
        promise,
        run=promise.run + 1,
        promised_at=command.promised_at,
        made_at=at,
        words=command.words,
        warnings=_warnings(draft, at, command.promised_at),
    )
    _add(draft, anew)
    sequence = draft.record(
        at,
        PromiseChanged(
            name=anew.name,
            run=anew.run,
            from_promised_at=promise.promised_at,
            promised_at=anew.promised_at,
            words=anew.words,
            reason=command.reason,
        ),
    )
    draft.tell(sequence, "promise_changed", Audience.CUSTOMER)


# What happens to them with the ticket.


def is_news_owed(draft: Draft) -> bool:
    """Whether the desk works on it: else it is the customer's turn, and the engine promises them no news (6.5).

    Who wishes to leave is asked, and nobody waits for them: what they want goes on, and they hear of it meanwhile.
    """
    is_at_work = draft.status is Status.OPEN or draft.status is Status.IN_PROGRESS
    return is_at_work or (draft.is_leaving and draft.status is Status.WAITING_ON_CUSTOMER)


def promise_next_news(draft: Draft, at: datetime, promised_at: datetime | None) -> None:
    """The engine says when they hear next: it promises news by that instant, in place of what it said last (6.5).

    None: the customer is waited for and nobody owes them news; then its open promise is cancelled.
    """
    if promised_at is not None:
        _begin(draft, at, NEXT_NEWS, PromiseKind.NEXT_NEWS, promised_at)
        return
    for promise in draft.promises:
        if promise.name == NEXT_NEWS and promise.is_open:
            _cancel(draft, at, promise, "waiting on the customer")


def person_told_the_customer(draft: Draft, at: datetime, names: Iterable[str] = ()) -> None:
    """A person's message is the news that was promised: in time, or late of what broke (2.4). So are those it names."""
    for name in dict.fromkeys(names):
        _keep(draft, at, _to_be_kept(draft, name))
    _keep_all(draft, at, PromiseKind.NEXT_NEWS)


def resolved(draft: Draft, at: datetime) -> None:
    """To resolve it is what a turnaround promised (6.2); the rest runs on (2.4)."""
    _keep_all(draft, at, PromiseKind.TURNAROUND)


def closed(draft: Draft, at: datetime, reason: str) -> None:
    """What is open still ends with the ticket, for the closing's reason (2.4)."""
    for promise in draft.promises:
        if promise.is_open:
            _cancel(draft, at, promise, reason)


def take_over(draft: Draft, at: datetime, taken: TakenPromise, reference: str) -> None:
    """Go on for a promise of a ticket that was merged into this one: same instant, same owner, same words (6.7).

    Of the engine's own the earlier stays, and none comes where it is the customer's turn, for nobody would keep it. A
    person's keeps its name where none of that name is to be kept here, else it has the merged ticket's reference behind
    it. `CommandRefused` where there is no room for it: none is lost by a merge.
    """
    before = _find(draft, taken.name)
    is_engines = taken.name == NEXT_NEWS
    if is_engines and not is_news_owed(draft):
        return
    if is_engines and before and before.is_open and before.promised_at <= taken.promised_at:
        return
    name = taken.name if is_engines else _free_name(draft, taken.name, reference)
    before = _find(draft, name)
    if before is None and not is_engines and len(draft.promises) >= MOST_PROMISES:
        text = f"cannot take promise {name!r} over: there are {len(draft.promises)} already; keep it before you merge"
        raise _refused(draft, RefusalReason.TOO_MANY_PROMISES, text)
    ahead = taken.promised_at - taken.made_at
    promise = Promise(
        name=name,
        run=before.run + 1 if before else 1,
        kind=taken.kind,
        promised_at=taken.promised_at,
        made_at=taken.made_at,
        made_by=taken.made_by,
        owner=taken.owner,
        words=taken.words,
        state=PromiseState.OPEN,
        warnings=tuple(PendingWarning(fraction=each, at=taken.made_at + ahead * each) for each in taken.warnings),
    )
    _add(draft, promise)
    _record_made(draft, at, promise, before)


def policy_changed(draft: Draft, at: datetime, before: Policy) -> None:
    """Go on by another version: every instant stays, the warnings not sent yet are the new version's (2.8, 7.3).

    One that is then past is due at once.
    """
    for promise in draft.promises:
        if promise.is_open and promise.made_by is not None:
            left = {warning.fraction for warning in promise.warnings}
            sent = max((fraction for fraction in before.warn_at if fraction not in left), default=0.0)
            anew = (each for each in _warnings(draft, promise.made_at, promise.promised_at) if each.fraction > sent)
            _put(draft, replace(promise, warnings=tuple(replace(each, at=max(at, each.at or at)) for each in anew)))


def is_owed(draft: Draft, name: str) -> bool:
    """Whether there is a promise of that name that nobody has kept yet, in time or late."""
    promise = _find(draft, name)
    return promise is not None and _is_to_be_kept(promise)


# What falls due.


def is_news(draft: Draft, name: str) -> bool:
    """Whether what was promised under that name is to hear something."""
    return _named(draft, name).kind is PromiseKind.NEXT_NEWS


def is_promise_warned(policy: Policy, promise: Promise) -> bool:
    """Whether it is open, and a fraction of the time to its instant was warned of: it is at risk (2.8)."""
    return promise.is_open and promise.made_by is not None and len(promise.warnings) < len(policy.warn_at)


def warn(draft: Draft, at: datetime, name: str, fraction: float, *, due_at: datetime, detected_at: datetime) -> None:
    """A fraction of the time to the instant has passed: whoever has the ticket and whoever promised are told (2.8)."""
    promise = _named(draft, name)
    left = tuple(each for each in promise.warnings if each.fraction != fraction)
    _put(draft, replace(promise, warnings=left))
    sequence = draft.record(
        at,
        PromiseWarned(name=name, run=promise.run, fraction=fraction, due_at=due_at, detected_at=detected_at),
    )
    draft.tell(sequence, "promise_warned", Audience.HANDLER, Audience.OWNER, owner=promise.owner)


def break_(
    draft: Draft,
    at: datetime,
    name: str,
    *,
    detected_at: datetime,
    is_late: bool,
    breach: int | None,
    news: Sequence[int],
) -> int:
    """The instant passed and nothing kept it: recorded, and told to whom the policy says and to the customer (4.2).

    Returns the sequence of the line that says so.

    Of next news nobody is told twice (6.5): neither who was told of `breach`, the line of the update clock's breach of
    that very instant, nor who of the desk was told of `news`, the lines of other news that did not come by then. What
    the customer is owed of each promise is one letter: delivery sees to that.
    """
    promise = replace(_named(draft, name), state=PromiseState.BROKEN, warnings=())
    _put(draft, promise)
    sequence = draft.record(
        at,
        PromiseBroken(
            name=name,
            run=promise.run,
            kind=promise.kind,
            owner=promise.owner,
            due_at=promise.promised_at,
            detected_at=detected_at,
            effective_at=at,
            engine_late=is_late,
            late_after_seconds=int(LATE_AFTER.total_seconds()),
            held_by=draft.tier,
            is_engines=promise.made_by is None,
        ),
    )
    notified = draft.policy.on_breach(draft.tier, Target.PROMISE).notify
    is_news = promise.kind is PromiseKind.NEXT_NEWS
    draft.tell(
        sequence,
        "promise_broken",
        *notified,
        Audience.CUSTOMER,
        owner=promise.owner,
        but_those_told_of=breach if is_news else None,
        but_the_desk_told_of=news if is_news else (),
    )
    if promise.made_by:  # the engine's own word earns nothing (6.13)
        credit.earned_by_promise(draft, at, sequence)
    return sequence


# How one is written down.


def _make(
    draft: Draft, at: datetime, name: str, kind: PromiseKind, promised_at: datetime, *, owner: str, words: str
) -> None:
    """A person's, of which the customer is told; `CommandRefused` unless it may be made."""
    if name == NEXT_NEWS:
        raise _engines(draft, "make")
    before = _find(draft, name)
    if before and before.is_open:
        raise _refused(
            draft,
            RefusalReason.PROMISE_NAME_TAKEN,
            f"cannot make promise {name!r}: one of that name is open until {_said(before.promised_at)}; "
            "change that one, or call this one something else",
        )
    if before is None and len(draft.promises) >= MOST_PROMISES:
        text = f"cannot make promise {name!r}: there are {len(draft.promises)} already; take a name that is over again"
        raise _refused(draft, RefusalReason.TOO_MANY_PROMISES, text)
    _require_ahead(draft, at, promised_at, name)
    sequence = _begin(draft, at, name, kind, promised_at, made_by=draft.actor, owner=owner, words=words)
    draft.tell(sequence, "promise_made", Audience.CUSTOMER)


def _begin(
    draft: Draft,
    at: datetime,
    name: str,
    kind: PromiseKind,
    promised_at: datetime,
    *,
    made_by: str | None = None,
    owner: str | None = None,
    words: str = "",
) -> int:
    """Begin the next run of that name, in the place of one that is open still; the sequence of its line."""
    before = _find(draft, name)
    promise = Promise(
        name=name,
        run=before.run + 1 if before else 1,
        kind=kind,
        promised_at=promised_at,
        made_at=at,
        made_by=made_by,
        owner=owner,
        words=words,
        state=PromiseState.OPEN,
        # Of the engine's own the update clock's warnings tell: it is the same deadline.
        warnings=_warnings(draft, at, promised_at) if made_by else (),
    )
    _add(draft, promise)
    return _record_made(draft, at, promise, before)


def _record_made(draft: Draft, at: datetime, promise: Promise, before: Promise | None) -> int:
    return draft.record(
        at,
        PromiseMade(
            name=promise.name,
            run=promise.run,
            kind=promise.kind,
            promised_at=promise.promised_at,
            owner=promise.owner,
            words=promise.words,
            is_engines=promise.made_by is None,
            replaces=before is not None and before.is_open,
        ),
    )


def _keep(draft: Draft, at: datetime, promise: Promise, words: str = "") -> None:
    """It was done: in time while it is open, else late, and it stays broken."""
    state = PromiseState.KEPT if promise.is_open else promise.state
    _put(draft, replace(promise, state=state, kept_at=at, warnings=()))
    draft.record(
        at,
        PromiseKept(
            name=promise.name,
            run=promise.run,
            kind=promise.kind,
            promised_at=promise.promised_at,
            is_late=not promise.is_open,
            words=words,
        ),
    )


def _keep_all(draft: Draft, at: datetime, kind: PromiseKind) -> None:
    """Keep what is open of a kind; what broke is done now, late."""
    for promise in draft.promises:
        if promise.kind is kind and _is_to_be_kept(promise):
            _keep(draft, at, promise)


def _is_to_be_kept(promise: Promise) -> bool:
    return promise.kept_at is None and promise.state is not PromiseState.CANCELLED


def _cancel(draft: Draft, at: datetime, promise: Promise, reason: str) -> None:
    _put(draft, replace(promise, state=PromiseState.CANCELLED, warnings=()))
    draft.record(at, PromiseCancelled(name=promise.name, run=promise.run, reason=reason))


def _warnings(draft: Draft, at: datetime, promised_at: datetime) -> tuple[PendingWarning, ...]:
    """At the policy's fractions of the time between, by the wall clock (2.8)."""
    ahead = promised_at - at
    return tuple(PendingWarning(fraction=each, at=at + ahead * each) for each in draft.policy.warn_at)


def _free_name(draft: Draft, name: str, reference: str) -> str:
    """That name, or the first like it that no promise has which is to be kept still, in time or late."""
    taken = {each.name for each in draft.promises if _is_to_be_kept(each)}
    tails = chain(("", f" ({reference})"), (f" ({reference}, {number})" for number in count(2)))
    return next(each for each in (name[: LONGEST_NAME - len(tail)] + tail for tail in tails) if each not in taken)


def _find(draft: Draft, name: str) -> Promise | None:
    return next((each for each in draft.promises if each.name == name), None)


def _named(draft: Draft, name: str) -> Promise:
    promise = _find(draft, name)
    if promise is None:
        raise AssertionError("a promise fell due that nobody made")
    return promise


def _put(draft: Draft, promise: Promise) -> None:
    """Put it in the place of how it stood before."""
    draft.promises = tuple(promise if each.name == promise.name else each for each in draft.promises)


def _add(draft: Draft, promise: Promise) -> None:
    """Put a new run last; the run before of its name is over."""
    draft.promises = (*(each for each in draft.promises if each.name != promise.name), promise)


# What is refused.


def _to_be_kept(draft: Draft, name: str) -> Promise:
    promise = _known(draft, name, "keep")
    if not _is_to_be_kept(promise):
        raise _over(draft, promise, "keep")
    return promise


def _known(draft: Draft, name: str, what: str) -> Promise:
    promise = _find(draft, name)
    if promise is None:
        names = ", ".join(repr(each.name) for each in draft.promises if each.is_open) or "none"
        raise _refused(
            draft, RefusalReason.PROMISE_UNKNOWN, f"cannot {what} promise {name!r}: the ticket's open ones are {names}"
        )
    return promise


def _engines(draft: Draft, what: str, remedy: str = "call yours something else") -> CommandRefused:
    return _refused(
        draft,
        RefusalReason.PROMISE_NAME_TAKEN,
        f"cannot {what} promise {NEXT_NEWS!r}: that is the engine's own; {remedy}",
    )


def _require_ahead(draft: Draft, at: datetime, promised_at: datetime, name: str) -> None:
    if promised_at <= at:
        raise _refused(
            draft,
            RefusalReason.PROMISE_NOT_AHEAD,
            f"cannot promise {name!r} for {_said(promised_at)}: it is {_said(at)} already; name an instant ahead",
        )
    if promised_at - at > LONGEST_AHEAD:
        raise _refused(
            draft,
            RefusalReason.PROMISE_TOO_FAR,
            f"cannot promise {name!r} for {_said(promised_at)}: at most {LONGEST_AHEAD.days} days ahead are promised",
        )


def _over(draft: Draft, promise: Promise, what: str) -> CommandRefused:
    done = " and done late" if promise.kept_at and promise.state is PromiseState.BROKEN else ""
    return _refused(
        draft,
        RefusalReason.PROMISE_OVER,
        f"cannot {what} promise {promise.name!r}: it is {promise.state.value}{done}; make a new one",
    )


def _refused(draft: Draft, reason: RefusalReason, text: str) -> CommandRefused:
    return CommandRefused(Refusal(reason=reason, text=text, facts=present_state(draft)))


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
