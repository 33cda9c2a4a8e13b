"""What people, and the engine, ask of a ticket: by its state, as whoever sees it would, and now and then illegally.

Knows no merge and no change of policy: those need more than the one ticket.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from workflows.domain.policy import minutes
from workflows.domain.ticket.at_risk import ENGINE
from workflows.domain.ticket.commands import (
    Acknowledge,
    AddNote,
    Assign,
    ChangePriority,
    ChangePromise,
    Close,
    Command,
    Confirm,
    Continue,
    DecideCredit,
    Escalate,
    FlagCustomer,
    Hold,
    KeepPromise,
    LinkProblem,
    LogTime,
    MakePromise,
    OfferCredit,
    PostUpdate,
    Rate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    Transfer,
    UnlinkProblem,
    WaitOnCustomer,
)
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import ContactKind, CreditState, Outcome, PromiseKind, Signal, Status

PROMISES = {"call": PromiseKind.CALL_BACK, "news": PromiseKind.NEXT_NEWS, "fix": PromiseKind.TURNAROUND}
"""What people promise, by the name that they give it."""
Known = TypeVar("Known")
PROBLEMS = ("p-1", "p-2")
THREADS = (None, "th-1", "th-2")

WORK = (
    *("update", "ask", "escalate", "to agent", "to specialist", "to supplier", "news", "complaint", "information"),
    *("as urgent", "as urgent", "as normal", "as normal", "assign", "note", "time"),
    *("promise", "promise", "promise", "re-agree", "keep", "update of it"),
    *("hold", "continue", "offer", "offer", "approve", "approve", "link", "unlink", "flag", "a stranger's"),
)
OUTCOMES = ("fixed", "fixed", "workaround", "not_feasible", "no_response", "withdrawn", "duplicate")
KINDS = {
    Status.OPEN: (*WORK, *OUTCOMES, "acknowledge", "acknowledge", "turnaround", "last resort", "confirm"),
    Status.IN_PROGRESS: (*WORK, *OUTCOMES, "last resort", "acknowledge", "reopen"),
    Status.WAITING_ON_CUSTOMER: (*WORK, *OUTCOMES, "news", "continue", "acknowledge", "close"),
    Status.RESOLVED: (
        *("confirm", "confirm", "reject", "reject", "close", "update", "news", "information", "ask"),
        *("promise", "keep", "offer", "rate", "link", "a stranger's"),
    ),
    Status.CLOSED: (
        *("reopen", "reopen", "reject", "news", "escalate", "note", "promise", "keep", "rate", "rate", "approve"),
        *("offer", "unlink", "flag", "a stranger's"),
    ),
}
"""What would be sent in that state, and something illegal."""


def command_of(choice: int, ticket: Ticket, at: datetime) -> Command:
    """A command as somebody who sees the ticket at that instant would send it."""
    kinds = KINDS[ticket.status]
    kind, number = kinds[choice % len(kinds)], choice // len(kinds)
    if kind.startswith("to "):
        return Transfer(actor="ann", to_tier=kind.removeprefix("to "), reason="theirs")
    if kind.startswith("as "):
        return ChangePriority(actor="ann", priority=kind.removeprefix("as "), reason="their shop")
    if kind in set(Outcome):
        return _resolve(kind, number, ticket)
    if kind in set(ContactKind):
        return RecordContact(
            actor="desk",
            kind=ContactKind(kind),
            channel="phone",
            text="any news?",
            thread=THREADS[number % len(THREADS)],
            customer=_customers(number, ticket),
        )
    return {**_by_name(number, ticket, at), **_of_work(number, ticket, at), **_of_the_end(number, ticket)}[kind]


def _customers(number: int, ticket: Ticket) -> str | None:
    """Who says so: whoever asks knows them, or they are named; now and then somebody else."""
    return (None, ticket.customer.external_id, None, "c-nobody")[number % 11 % 4]


def _letter(number: int) -> dict[str, Any]:
    """Which of the customer's tickets has the letter, where what is said is announced to several."""
    return ({}, {}, {}, {"told_in": "R-8"}, {"also_for": ("R-8", "R-9")})[number % 5]


def _resolve(kind: str, number: int, ticket: Ticket) -> Resolve:
    known = tuple(_promised(number, ticket))
    return Resolve(
        actor="ann",
        outcome=Outcome(kind),
        explanation="done",
        alternative="another",
        duplicate_of="t-0",
        keeps=((), (), known, known[:1], ("call",))[number % 5],
        article=(None, "a-1")[number % 2],
        **_letter(number // 5),
    )


def _promised_at(number: int, at: datetime) -> datetime:
    """Whole quarters again, so that promises meet deadlines and each other; some of them lie in the past."""
    quarter = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    return quarter + (number % 40 - 1) * minutes(15)


def _by_name(number: int, ticket: Ticket, at: datetime) -> dict[str, Command]:
    """What is said of a promise: mostly of one that there is, and where there is none one is made."""
    name, promised_at = tuple(PROMISES)[number % len(PROMISES)], _promised_at(number, at)
    known = _promised(number, ticket)
    one = _one_of(known, number, name)
    promise = MakePromise(
        actor="ann",
        name=name,
        kind=PROMISES[name],
        promised_at=promised_at,
        words="we will",
        owner=("bob", None)[number % 2],
    )
    change = ChangePromise(
        actor="ann", name=one, promised_at=promised_at, words="a little later", reason="the part is late"
    )
    keep = KeepPromise(actor="ann", name=one, words="spoke to them")
    is_said = bool(known) or number % 4 == 0
    return {
        "promise": promise,
        "update of it": PostUpdate(actor="ann", text="as we said", keeps=(one,)),
        "re-agree": change if is_said else promise,
        "keep": keep if is_said else promise,
    }


def _promised(number: int, ticket: Ticket) -> list[str]:
    """Names of what people have promised; now and then of what is over too, and of the engine's own."""
    open_still = [each for each in ticket.promises if each.is_open or number % 5 == 0]
    return [each.name for each in open_still if each.made_by or number % 7 == 0]


def _one_of(known: Sequence[Known], number: int, otherwise: Known) -> Known:
    """One of those that the ticket has, mostly; else what may be none of them."""
    return known[number % len(known)] if known and number % 4 else otherwise


def _of_work(number: int, ticket: Ticket, at: datetime) -> dict[str, Command]:
    """What the desk does, and what the engine sees."""
    return {
        "acknowledge": Acknowledge(actor="ann", handler="ann", tier=ticket.tier),
        "turnaround": Acknowledge(actor="ann", handler="ann", tier=ticket.tier, turnaround_at=_promised_at(number, at)),
        "last resort": Acknowledge(actor="dora", handler="dora", tier="duty-manager"),
        "assign": Assign(actor="ann", handler="bob"),
        "note": AddNote(actor="ann", text="swapped the splitter"),
        "time": LogTime(actor="ann", spent=minutes(20), text="on the phone"),
        "update": PostUpdate(actor="ann", text="soon", **_letter(number)),
        "hold": Hold(actor="ann", reason="waiting for a part"),
        "ask": WaitOnCustomer(actor="ann", question="which router?"),
        "continue": Continue(actor="ann", reason="found it"),
        "escalate": Escalate(actor="ann", from_tier=ticket.tier, reason="beyond us"),
        "link": LinkProblem(actor="ann", problem_id=PROBLEMS[number % 2], title="no lines in the north"),
        "unlink": UnlinkProblem(
            actor="ann", problem_id=_one_of(ticket.problems, number, PROBLEMS[0]), reason="another matter"
        ),
        "flag": FlagCustomer(actor=ENGINE, signals=(Signal.CHASED,) * (1 + number % 4), since=ticket.opened_at),
        "a stranger's": RecordContact(
            actor="desk", kind=ContactKind.NEWS, channel="mail", text="mine?", customer="c-nobody"
        ),
    }


def _of_the_end(number: int, ticket: Ticket) -> dict[str, Command]:
    """What the customer says in the end, and what makes good."""
    customer = _customers(number, ticket)
    awaited = [each.number for each in ticket.credits if each.state is CreditState.AWAITING_APPROVAL]
    return {
        "offer": OfferCredit(
            actor=("ann", "ann", "team-lead")[number % 3],
            minor=1 + number * 7 % 3000,
            currency="GBP",
            reason="for the trouble",
        ),
        "approve": DecideCredit(
            actor=("ann", "team-lead", "team-lead")[number % 3],
            number=_one_of(awaited, number, 1 + number % 4),
            is_approved=number % 2 == 0,
            reason="so",
        ),
        "rate": Rate(actor="desk", stars=1 + number % 5, comment="as it was", customer=customer),
        "confirm": Confirm(actor="desk", customer=customer),
        "reject": Reject(actor="desk", reason="still dead", customer=customer),
        "reopen": Reopen(actor="desk", reason="dead again"),
        "close": Close(actor="ann", reason="agreed"),
    }
