"""What people, and the engine, ask of a ticket: by its state, as whoever sees it would, and now and then illegally.

Knows no merge and no change of policy: those need more than the one ticket.
"""

from datetime import datetime

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
from workflows.domain.ticket.words import ContactKind, Outcome, PromiseKind, Signal, Status

PROMISES = {"call": PromiseKind.CALL_BACK, "news": PromiseKind.NEXT_NEWS, "fix": PromiseKind.TURNAROUND}
"""What people promise, by the name that they give it."""
PROBLEMS = ("p-1", "p-2")
THREADS = (None, "th-1", "th-2")

WORK = (
    *("update", "ask", "escalate", "to agent", "to specialist", "to supplier", "news", "complaint", "information"),
    *("as urgent", "as urgent", "as normal", "as normal", "assign", "note", "time"),
    *("promise", "promise", "promise", "re-agree", "keep", "update of it"),
    *("hold", "continue", "offer", "approve", "link", "unlink", "flag", "a stranger's"),
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
        return _resolve(kind, number)
    if kind in set(ContactKind):
        return RecordContact(
            actor="desk",
            kind=ContactKind(kind),
            channel="phone",
            text="any news?",
            thread=THREADS[number % len(THREADS)],
            customer=_customers(number, ticket),
        )
    return {**_by_name(number, at), **_of_work(number, ticket, at), **_of_the_end(number, ticket)}[kind]


def _customers(number: int, ticket: Ticket) -> str | None:
    """Who says so: whoever asks knows them, or they are named."""
    return ticket.customer.external_id if number % 3 == 1 else None


def _resolve(kind: str, number: int) -> Resolve:
    return Resolve(
        actor="ann",
        outcome=Outcome(kind),
        explanation="done",
        alternative="another",
        duplicate_of="t-0",
        keeps=((), (), ("call",), ("news", "call"))[number % 4],
        article=(None, "a-1")[number % 2],
    )


def _promised_at(number: int, at: datetime) -> datetime:
    """Whole quarters again, so that promises meet deadlines and each other; some of them lie in the past."""
    quarter = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    return quarter + (number % 40 - 1) * minutes(15)


def _by_name(number: int, at: datetime) -> dict[str, Command]:
    """What is said of a promise."""
    name, promised_at = tuple(PROMISES)[number % len(PROMISES)], _promised_at(number, at)
    return {
        "update of it": PostUpdate(actor="ann", text="as we said", keeps=(name,)),
        "promise": MakePromise(
            actor="ann",
            name=name,
            kind=PROMISES[name],
            promised_at=promised_at,
            words="we will",
            owner=("bob", None)[number % 2],
        ),
        "re-agree": ChangePromise(
            actor="ann", name=name, promised_at=promised_at, words="a little later", reason="the part is late"
        ),
        "keep": KeepPromise(actor="ann", name=name, words="spoke to them"),
    }


def _of_work(number: int, ticket: Ticket, at: datetime) -> dict[str, Command]:
    """What the desk does, and what the engine sees."""
    return {
        "acknowledge": Acknowledge(actor="ann", handler="ann", tier=ticket.tier),
        "turnaround": Acknowledge(actor="ann", handler="ann", tier=ticket.tier, turnaround_at=_promised_at(number, at)),
        "last resort": Acknowledge(actor="dora", handler="dora", tier="duty-manager"),
        "assign": Assign(actor="ann", handler="bob"),
        "note": AddNote(actor="ann", text="swapped the splitter"),
        "time": LogTime(actor="ann", spent=minutes(20), text="on the phone"),
        "update": PostUpdate(actor="ann", text="soon"),
        "hold": Hold(actor="ann", reason="waiting for a part"),
        "ask": WaitOnCustomer(actor="ann", question="which router?"),
        "continue": Continue(actor="ann", reason="found it"),
        "escalate": Escalate(actor="ann", from_tier=ticket.tier, reason="beyond us"),
        "link": LinkProblem(actor="ann", problem_id=PROBLEMS[number % 2], title="no lines in the north"),
        "unlink": UnlinkProblem(actor="ann", problem_id=PROBLEMS[number % 2], reason="another matter"),
        "flag": FlagCustomer(actor=ENGINE, signals=(Signal.CHASED,) * (1 + number % 4), since=ticket.opened_at),
        "a stranger's": RecordContact(
            actor="desk", kind=ContactKind.NEWS, channel="mail", text="mine?", customer="c-nobody"
        ),
    }


def _of_the_end(number: int, ticket: Ticket) -> dict[str, Command]:
    """What the customer says in the end, and what makes good."""
    customer = _customers(number, ticket)
    return {
        "offer": OfferCredit(
            actor=("ann", "ann", "team-lead")[number % 3],
            minor=1 + number * 7 % 1500,
            currency="GBP",
            reason="for the trouble",
        ),
        "approve": DecideCredit(actor="team-lead", number=1 + number % 4, is_approved=number % 2 == 0, reason="so"),
        "rate": Rate(actor="desk", stars=1 + number % 5, comment="as it was", customer=customer),
        "confirm": Confirm(actor="desk", customer=customer),
        "reject": Reject(actor="desk", reason="still dead", customer=customer),
        "reopen": Reopen(actor="desk", reason="dead again"),
        "close": Close(actor="ann", reason="agreed"),
    }
