"""What can be said of each kind of message: its audiences, and the variables that its templates may use.

The one list that templates, checks, previews and tests go by. A kind that is not in it cannot be told.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from workflows.domain.ticket.words import Audience


class Side(Enum):
    """Who reads it: their templates end on the value."""

    CUSTOMER = "customer"
    DESK = "desk"
    """Everybody else: handler, owner, tier, lead, last resort."""

    @classmethod
    def of(cls, audience: Audience) -> "Side":
        """The side that an audience is on."""
        return cls.CUSTOMER if audience is Audience.CUSTOMER else cls.DESK


class Type(Enum):
    """What a variable holds. Any but the reference may be none: then the log says nothing of it."""

    LINE = "a line of text"
    TEXT = "text, of several lines perhaps"
    WORD = "a word of a closed set"
    WORDS = "words of a closed set, a list"
    NUMBER = "a number"
    FLAG = "true or false"
    MOMENT = "an instant, in words; also .day, .time, .place and .iso"
    LENGTH = "a length of time, in words"
    MONEY = "an amount of money, in words"


ATTRIBUTES: Mapping[Type, frozenset[str]] = {Type.MOMENT: frozenset({"day", "time", "place", "iso"})}
"""What may be asked of a variable beside itself."""

Variables = Mapping[str, Type]

_ALL: Variables = {
    "reference": Type.LINE,
    "subject": Type.LINE,
    "happened": Type.MOMENT,
    "is_late": Type.FLAG,
    "next_news": Type.MOMENT,
    "is_leaving": Type.FLAG,
}
_CUSTOMER: Variables = {**_ALL, "name": Type.LINE}
_DESK: Variables = {
    **_ALL,
    "ticket_id": Type.LINE,
    "recipient": Type.LINE,
    "actor": Type.LINE,
    "customer": Type.LINE,
    "queue": Type.LINE,
    "priority": Type.LINE,
    "tier": Type.LINE,
    "owner": Type.LINE,
    "handler": Type.LINE,
    "acknowledge_by": Type.MOMENT,
    "tier_resolve_by": Type.MOMENT,
    "solve_by": Type.MOMENT,
    "update_by": Type.MOMENT,
}
_PROMISE: Variables = {"promise": Type.WORD, "promised": Type.MOMENT, "words": Type.TEXT}
_STILL: Variables = {"still_promised": Type.MOMENT, "still_words": Type.TEXT, "is_more_promised": Type.FLAG}
_SOLVED: Variables = {"outcome": Type.WORD, "explanation": Type.TEXT, "alternative": Type.TEXT}
_CLIMB: Variables = {
    "from_tier": Type.LINE,
    "causes": Type.WORDS,
    "reason": Type.TEXT,
    "is_ping_pong": Type.FLAG,
    "handover": Type.TEXT,
}
_EXHAUSTED: Variables = {
    "causes": Type.WORDS,
    "reason": Type.TEXT,
    "number": Type.NUMBER,
    "again_after": Type.LENGTH,
}


_MAYBE = frozenset(
    {
        "acknowledge_by",
        "actor",
        "again_after",
        "also_for",
        "also",
        "alternative",
        "answer_until",
        "asked",
        "comment",
        "credit",
        "customers_words",
        "deadline",
        "due",
        "elsewhere",
        "explanation",
        "handler",
        "handover",
        "next_news",
        "number",
        "outcome",
        "owner",
        "place",
        "other",
        "proposed_by",
        "promise_owner",
        "question",
        "reason",
        "reopen_until",
        "sign_off_until",
        "since",
        "solve_by",
        "still_promised",
        "still_words",
        "text",
        "tier_resolve_by",
        "update_by",
        "wait_until",
        "words",
    }
)
"""What may be none: the log does not say it, or it was to come and has passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of message, on one side."""

    name: str
    side: Side
    variables: Variables
    maybe: frozenset[str]
    """Those of them that may be none."""


def _kind(name: str, side: Side, variables: Variables, always: Collection[str]) -> Kind:
    return Kind(name=name, side=side, variables=variables, maybe=_MAYBE & variables.keys() - set(always))


def _of_customer(name: str, more: Variables | None = None, *, always: Collection[str] = ()) -> Kind:
    return _kind(name, Side.CUSTOMER, {**_CUSTOMER, **(more or {})}, always)


def _of_desk(name: str, more: Variables | None = None, *, always: Collection[str] = ()) -> Kind:
    return _kind(name, Side.DESK, {**_DESK, **(more or {})}, always)


_TABLE = (
    _of_customer("opened", {"solve_by": Type.MOMENT, "is_follow_up": Type.FLAG}),
    _of_customer("escalated", {"causes": Type.WORDS, "customers_words": Type.TEXT, "is_waiting": Type.FLAG}),
    _of_customer("transferred", {"is_waiting": Type.FLAG}),
    _of_customer("update_posted", {"text": Type.TEXT, "also_for": Type.LINE, "is_solved": Type.FLAG}, always=("text",)),
    _of_customer("question_asked", {"question": Type.TEXT, "wait_until": Type.MOMENT}, always=("question",)),
    _of_customer(
        "customer_reminded",
        {"question": Type.TEXT, "asked": Type.MOMENT, "number": Type.NUMBER, "wait_until": Type.MOMENT},
    ),
    _of_customer("gave_up_waiting", {"question": Type.TEXT, "asked": Type.MOMENT, "answer_until": Type.MOMENT}),
    _of_customer("resolved", {**_SOLVED, **_STILL, "also_for": Type.LINE, "sign_off_until": Type.MOMENT}),
    _of_customer(
        "closed",
        {
            **_SOLVED,
            "closed_by": Type.WORD,
            "reopen_until": Type.MOMENT,
            "is_rated": Type.FLAG,
            "is_promise_off": Type.FLAG,
        },
    ),
    _of_customer("rejected", {"customers_words": Type.TEXT}),
    _of_customer("reopened", {"is_rejection": Type.FLAG, "customers_words": Type.TEXT}),
    _of_customer("clock_breached", {"target": Type.WORD, "due": Type.MOMENT, "credit": Type.MONEY, "also": Type.TEXT}),
    _of_customer("promise_made", _PROMISE),
    _of_customer("promise_changed", {**_PROMISE, "promised_before": Type.MOMENT}),
    _of_customer("promise_broken", {**_PROMISE, "credit": Type.MONEY, "also": Type.TEXT}),
    _of_customer("resolve_missed", {"due": Type.MOMENT, "credit": Type.MONEY, "also": Type.TEXT}),
    _of_customer("credit_offered", {"credit": Type.MONEY}, always=("credit",)),
    _of_customer(
        "merged",
        {
            "survivor": Type.LINE,
            "is_waiting": Type.FLAG,
            "is_solved": Type.FLAG,
            "is_set_aside": Type.FLAG,
            "sign_off_until": Type.MOMENT,
            "explanation": Type.TEXT,
            **_STILL,
        },
    ),
    _of_desk("opened", {"is_follow_up": Type.FLAG, "text": Type.TEXT, "channel": Type.LINE}),
    _of_desk(
        "imported",
        {"text": Type.TEXT, "channel": Type.LINE, "opened": Type.MOMENT, "elsewhere": Type.LINE, "chases": Type.NUMBER},
    ),
    _of_desk("escalated", _CLIMB),
    _of_desk("transferred", _CLIMB),
    _of_desk("gave_up_waiting", {"question": Type.TEXT, "asked": Type.MOMENT, "answer_until": Type.MOMENT}),
    _of_desk("answer_missing", {"question": Type.TEXT, "asked": Type.MOMENT}),
    _of_desk("rejected", {"reason": Type.TEXT}),
    _of_desk("reopened", {"reason": Type.TEXT, "outcome": Type.WORD}),
    _of_desk(
        "contact_received",
        {
            "contact": Type.WORD,
            "channel": Type.LINE,
            "text": Type.TEXT,
            "is_answer": Type.FLAG,
            "chases": Type.NUMBER,
        },
    ),
    _of_desk("assigned", {"from_handler": Type.LINE}, always=("handler",)),
    _of_desk("priority_changed", {"from_priority": Type.LINE, "reason": Type.TEXT}),
    _of_desk("clock_warned", {"target": Type.WORD, "percent": Type.NUMBER, "deadline": Type.MOMENT}),
    _of_desk(
        "clock_breached",
        {"target": Type.WORD, "due": Type.MOMENT, "count": Type.NUMBER, "is_engine_late": Type.FLAG},
        always=("due",),
    ),
    _of_desk("ladder_exhausted", _EXHAUSTED),
    _of_desk("last_resort_reminded", _EXHAUSTED),
    _of_desk("promise_warned", {**_PROMISE, "percent": Type.NUMBER, "promise_owner": Type.LINE}),
    _of_desk(
        "promise_broken",
        {**_PROMISE, "promise_owner": Type.LINE, "credit": Type.MONEY, "is_engine_late": Type.FLAG},
    ),
    _of_desk("rated_low", {"stars": Type.NUMBER, "comment": Type.TEXT}),
    _of_desk(
        "credit_to_approve",
        {
            "number": Type.NUMBER,
            "credit": Type.MONEY,
            "reason": Type.TEXT,
            "other": Type.LINE,
            "proposed_by": Type.LINE,
        },
        always=("number", "credit"),
    ),
    _of_desk("merged", {"survivor": Type.LINE}),
    _of_desk("took_over", {"other": Type.LINE}, always=("other",)),
    _of_desk("credit_refused", {"number": Type.NUMBER, "reason": Type.TEXT}, always=("number",)),
    _of_desk("customer_at_risk", {"signals": Type.WORDS, "since": Type.MOMENT}),
)

KINDS: Mapping[tuple[str, Side], Kind] = {(kind.name, kind.side): kind for kind in _TABLE}
"""Every kind of message that can be told, by name and side, in the order of a ticket's life."""

MOMENT = Kind(
    name="_moment",
    side=Side.CUSTOMER,
    variables={"day": Type.LINE, "time": Type.LINE, "place": Type.LINE},
    maybe=frozenset({"place"}),
)
"""How a language joins day and time: `_moment.txt`, asked for every instant that a message names."""

ALSO = Kind(
    name="_also",
    side=Side.CUSTOMER,
    variables={**_PROMISE, "target": Type.WORD, "due": Type.MOMENT, "credit": Type.MONEY},
    maybe=frozenset({"promise", "due", "words", "credit"}),
)
"""What else was not kept at the same instant, each in a paragraph: `_also.txt`; of a promise, or else of a target."""

BARE: Mapping[Side, Kind] = {
    Side.CUSTOMER: _of_customer("_bare"),
    Side.DESK: _of_desk("_bare", {"kind": Type.LINE}),
}
"""What is said when a kind's own templates all fail: that there is news, and of which ticket."""

PAGE = Kind(
    name="_page",
    side=Side.CUSTOMER,
    variables={
        "title": Type.LINE,
        "paragraphs": Type.WORDS,
        "language": Type.LINE,
        "direction": Type.LINE,
    },
    maybe=frozenset(),
)
"""How a text becomes a page of HTML: `_page.html`, where a kind has no HTML of its own."""
