"""How a moment of a story is said to a person: what happens, why, and by which rule. Knows no instant and no layout.

Sentences that a manager can read aloud, with the policy's own names for its tiers and contacts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from workflows.domain.money import Money, plainly
from workflows.domain.ticket.events import (
    Acknowledged,
    ClockBreached,
    ClockCancelled,
    ClockMet,
    ClockMoved,
    ClockPaused,
    ClockReinstated,
    ClockResumed,
    ClockStarted,
    ClockWarned,
    Closed,
    CreditOffered,
    CustomerReminded,
    Escalated,
    EscalationAbsorbed,
    Event,
    LadderExhausted,
    LastResortReminded,
    Opened,
    PromiseBroken,
    PromiseCancelled,
    PromiseChanged,
    PromiseKept,
    PromiseMade,
    PromiseWarned,
    Resolved,
    TierSkipped,
    UpdatePosted,
    WaitEnded,
    WaitStarted,
)
from workflows.domain.ticket.promises import NEXT_NEWS
from workflows.domain.ticket.verdict import Refusal
from workflows.domain.ticket.words import Cause, ClosedBy, SkipReason, Target, WaitEnd
from workflows.planning.local_time import length_in_words

_BOOKKEEPING = (ClockStarted, ClockPaused, ClockResumed, ClockMoved, ClockMet, ClockCancelled, ClockReinstated)

TARGETS = {
    Target.ACKNOWLEDGE: "acknowledge",
    Target.TIER_RESOLVE: "resolve",
    Target.UPDATE: "next news",
    Target.RESOLVE: "solved",
    Target.PROMISE: "promised",
}
"""A clock in a word or two, beside the name of whose it is: the tier, or the customer."""

_CAUSES = {
    Cause.ACKNOWLEDGE_BREACHED: "nobody acknowledged in time",
    Cause.TIER_RESOLVE_BREACHED: "the tier's own time to resolve it is over",
    Cause.UPDATE_BREACHED: "the customer heard nothing for too long",
    Cause.RESOLVE_BREACHED: "the customer's promise is broken",
    Cause.BY_HAND: "somebody asked for it",
    Cause.REPEAT_CONTACT: "the customer asked for news again",
    Cause.SOLUTION_REJECTED: "the customer says that it is not solved",
    Cause.PROMISE_BROKEN: "what the customer was promised for then was not done",
}
_SKIPPED = {
    SkipReason.CLOSED: "it is closed, and a later tier is open",
    SkipReason.EMPTY: "nobody of it is on duty",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A moment as a person says it."""

    about: str
    """What it happens to: beside the event's kind, what tells it from the other moments of a story."""
    what: str
    """A sentence without its full stop."""
    why: str = ""
    """Half a sentence, or nothing."""
    rule: str = ""
    """The number of the rule that says so."""


def is_bookkeeping(event: Event) -> bool:
    """Whether it follows from a moment, and is no moment of its own: so it is with the engine's promises of news."""
    if isinstance(event, PromiseMade | PromiseKept | PromiseCancelled):
        return event.name == NEXT_NEWS
    return isinstance(event, _BOOKKEEPING)


def of_event(event: Event, tier: str, allowed: timedelta | None = None) -> Words:
    """Say an event; `tier` has the ticket then, `allowed` is the length of the clock run that it is about."""
    match event:
        case ClockWarned() | ClockBreached():
            return _of_clock(event, allowed)
        case TierSkipped() | Escalated() | EscalationAbsorbed() | LadderExhausted() | LastResortReminded():
            return _of_ladder(event)
        case PromiseMade() | PromiseWarned() | PromiseKept() | PromiseBroken() | PromiseChanged() | PromiseCancelled():
            return _of_promise(event)
        case CreditOffered():
            return _of_credit(event)
        case _:
            return _of_life(event, tier)


def of_refusal(refusal: Refusal) -> Words:
    """Say that an act was refused, in the judge's own words."""
    return Words(about=refusal.reason.value, what="It is refused, and nothing changes", why=refusal.text, rule="6")


def of_causes(causes: Iterable[Cause]) -> str:
    """Why the ladder moved."""
    return ", and ".join(_CAUSES[cause] for cause in causes)


def of_skip(why: SkipReason) -> str:
    """Why a tier was passed by."""
    return _SKIPPED[why]


def _of_clock(event: ClockWarned | ClockBreached, allowed: timedelta | None) -> Words:
    target, tier = event.target, event.tier
    about = f"{target} of {tier}" if target.is_the_tiers else str(target)
    why = "" if allowed is None else f"{length_in_words(allowed)} of open time allowed"
    if isinstance(event, ClockWarned):
        whose = {
            Target.ACKNOWLEDGE: f"{_of(tier)} time to acknowledge",
            Target.TIER_RESOLVE: f"{_of(tier)} time to resolve it",
            Target.UPDATE: "the time until the customer hears something",
            Target.RESOLVE: "the time until it is solved for the customer",
        }
        spent = f"{100 * event.fraction:.10g} %"
        return Words(about=f"{spent} of {about}", what=f"{spent} of {whose[target]} is spent", why=why, rule="2.8")
    missed = {
        Target.ACKNOWLEDGE: f"Not acknowledged by {tier} in time",
        Target.TIER_RESOLVE: f"Not resolved by {tier} in time",
        Target.UPDATE: "The customer has heard nothing from a person in time",
        Target.RESOLVE: "Not solved for the customer in time",
    }
    return Words(about=about, what=missed[target], why=why, rule="4.3" if target is Target.UPDATE else "4.1")


def _of(tier: str) -> str:
    return f"{tier}'" if tier.endswith("s") else f"{tier}'s"


def _of_ladder(event: TierSkipped | Escalated | EscalationAbsorbed | LadderExhausted | LastResortReminded) -> Words:
    match event:
        case TierSkipped(tier=tier, why=why):
            return Words(about=tier, what=f"{tier} is passed by", why=_SKIPPED[why], rule="4.5")
        case Escalated(from_tier=lower, to_tier=upper):
            what = f"The ticket goes up from {lower} to {upper}"
            return Words(about=upper, what=what, why=of_causes(event.causes), rule="4.2")
        case EscalationAbsorbed(tier=tier):
            what = f"No further step: {tier} has got it this very moment"
            return Words(about=tier, what=what, why=of_causes(event.causes), rule="4.8")
        case LadderExhausted(is_repeat=False):
            what = f"The ladder ends, nobody is above {event.tier}"
            return Words(about="", what=what, why=of_causes(event.causes), rule="4.4")
        case LadderExhausted():
            what = f"The ladder ends again, and {event.last_resort} hears of it with the next reminder"
            return Words(about="again", what=what, why=of_causes(event.causes), rule="4.4")
        case LastResortReminded():
            what = f"{event.last_resort} is told again"
            return Words(about="", what=what, why=of_causes(event.causes), rule="4.4")


_Promise = PromiseMade | PromiseWarned | PromiseKept | PromiseBroken | PromiseChanged | PromiseCancelled


def _of_promise(event: _Promise) -> Words:  # noqa: PLR0911 - one sentence an event, no more
    name = f"{event.name!r}"
    match event:
        case PromiseMade(name=about):
            return Words(about=about, what=f"The customer is promised {name}", rule="2.4")
        case PromiseChanged(name=about):
            return Words(about=about, what=f"{name} is agreed anew with the customer", rule="2.4")
        case PromiseWarned(name=about):
            spent = f"{100 * event.fraction:.10g} %"
            what = f"{spent} of the time until the promise {name} is over"
            return Words(about=f"{spent} of {about}", what=what, rule="2.8")
        case PromiseKept(name=about):
            done = "was done after all" if event.is_late else "is kept"
            return Words(about=about, what=f"The promise {name} {done}", rule="2.4")
        case PromiseBroken(name=about, is_engines=True):
            what = "The customer was told to hear something by now, and is told that it was not so"
            return Words(about=about, what=what, rule="6.5")
        case PromiseBroken(name=about):
            return Words(about=about, what=f"The promise {name} is broken", rule="2.4")
        case PromiseCancelled(name=about):
            return Words(about=about, what=f"The promise {name} ends with the ticket", rule="2.4")


def _of_credit(event: CreditOffered) -> Words:
    money = plainly(Money(minor=event.minor, currency=event.currency))
    beside = ", in the message that says so" if event.of else ""
    return Words(about=money, what=f"The customer is offered {money}{beside}", rule="6.13")


def _of_life(event: Event, tier: str) -> Words:  # noqa: PLR0911 - one sentence an event, no more
    match event:
        case Opened():
            return Words(about="", what=f"The ticket is opened, {event.priority}, and is with {event.tier}", rule="6.1")
        case Acknowledged():
            return Words(about=event.tier, what=f"{event.handler} acknowledges", rule="6.2")
        case UpdatePosted():
            return Words(about="", what="A person tells the customer how it stands", rule="6.4")
        case WaitStarted():
            return Words(about="", what="The customer is asked a question and waited for", rule="6.6")
        case CustomerReminded():
            return Words(about="", what="The customer is reminded of the question", rule="6.6")
        case WaitEnded(by=WaitEnd.GAVE_UP):
            return Words(about="gave up", what="The customer is waited for no longer", why="no answer came", rule="6.6")
        case Resolved():
            return Words(about="", what=f"It is resolved as {event.outcome.replace('_', ' ')}", rule="6.7")
        case Closed(by=ClosedBy.SILENCE):
            return Words(about="", what="It is closed", why="the customer said nothing against it", rule="6.8")
        case Closed():
            return Words(about="", what="It is closed", rule="6.8")
        case _:
            return Words(about="", what=f"In {tier}: {kind_of(event).replace('_', ' ')}")


def kind_of(event: Event) -> str:
    """The event's name, as messages and the record have it: `clock_breached`."""
    name = type(event).__name__
    return name[0].lower() + "".join(f"_{char.lower()}" if char.isupper() else char for char in name[1:])
