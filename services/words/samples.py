"""Made-up facts of each kind of message, for previews and checks: of nobody, and of no ticket."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from services.words.kinds import Kind, Type
from services.words.reading import By, Fact, Facts, When
from workflows.domain.money import Money
from workflows.domain.ticket.words import (
    Cause,
    ClosedBy,
    ContactKind,
    Outcome,
    PromiseKind,
    Signal,
    Target,
)

HAPPENED_AT = datetime(2026, 11, 24, 9, 12, 40, tzinfo=UTC)  # a Tuesday
ZONE = "Europe/London"
"""The policy's, in samples."""

WORDS: dict[str, tuple[str, ...]] = {
    "causes": tuple(Cause),
    "closed_by": tuple(ClosedBy),
    "contact": tuple(ContactKind),
    "outcome": tuple(Outcome),
    "promise": tuple(PromiseKind),
    "signals": tuple(Signal),
    "paragraphs": ("one", "two"),
    "target": tuple(target for target in Target if target is not Target.PROMISE),
}
"""The closed sets that templates tell apart, by variable."""

_SAID: dict[str, Fact] = {
    "acknowledge_by": By(at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC)),
    "actor": "ann",
    "again_after": timedelta(hours=1),
    "also": "We also promised you news by Tuesday 24 November at 09:00, and you had none. We apologise for that too.",
    "also_for": "9RTM-2KQA, K7QM-3XVP",
    "alternative": "We can connect you by radio within two days, at the same price.",
    "answer_until": When(at=datetime(2026, 12, 11, 17, 0, tzinfo=UTC)),
    "asked": When(at=datetime(2026, 11, 23, 10, 5, tzinfo=UTC)),
    "channel": "phone",
    "chases": 2,
    "comment": "Nobody called.",
    "count": 1,
    "credit": Money(minor=1000, currency="GBP"),
    "customer": "Ida Example",
    "customers_words": "The line drops as soon as it rains.",
    "day": "Thursday 26 November",
    "deadline": By(at=datetime(2026, 11, 24, 12, 0, tzinfo=UTC)),
    "direction": "ltr",
    "due": By(at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC)),
    "elsewhere": "OLD-4711",
    "explanation": "The line card in your street was broken. It was changed this morning.",
    "from_handler": "ben",
    "from_priority": "normal",
    "from_tier": "agent",
    "handler": "ann",
    "handover": "Who had it\n  Mon 23 Nov 10:00  agent to specialist",
    "happened": When(at=HAPPENED_AT),
    "kind": "opened",
    "language": "en",
    "name": "Ida Example",
    "next_news": By(at=datetime(2026, 11, 26, 12, 0, tzinfo=UTC)),
    "number": 1,
    "opened": When(at=datetime(2026, 11, 20, 14, 30, tzinfo=UTC)),
    "other": "RT5H-9WXA",
    "owner": "ann",
    "percent": 75,
    "place": "New York",
    "priority": "urgent",
    "promise_owner": "ann",
    "proposed_by": "ben",
    "promised": By(at=datetime(2026, 11, 25, 15, 0, tzinfo=UTC)),
    "promised_before": By(at=datetime(2026, 11, 24, 15, 0, tzinfo=UTC)),
    "question": "Which lights of your router are on?",
    "queue": "home",
    "reason": "It needs somebody at the exchange.",
    "recipient": "specialist",
    "reference": "QX7K-4MPD",
    "reopen_until": When(at=datetime(2026, 12, 8, 9, 12, 40, tzinfo=UTC)),
    "sign_off_until": When(at=datetime(2026, 11, 27, 9, 0, tzinfo=UTC)),
    "since": When(at=datetime(2026, 10, 2, 8, 0, tzinfo=UTC)),
    "solve_by": By(at=datetime(2026, 11, 27, 17, 0, tzinfo=UTC)),
    "stars": 1,
    "still_promised": By(at=datetime(2026, 11, 25, 15, 0, tzinfo=UTC)),
    "still_words": "Ann calls you on the number that you gave us.",
    "subject": "No connection since this morning",
    "survivor": "RT5H-9WXA",
    "text": "An engineer is on the way to the exchange.",
    "ticket_id": "0000000000sample",
    "tier": "specialist",
    "time": "12:00",
    "title": "We have your request",
    "tier_resolve_by": By(at=datetime(2026, 11, 25, 17, 0, tzinfo=UTC)),
    "update_by": By(at=datetime(2026, 11, 26, 12, 0, tzinfo=UTC)),
    "wait_until": When(at=datetime(2026, 11, 27, 17, 0, tzinfo=UTC)),
    "words": "Ann calls you on the number that you gave us.",
}


ALSO_BROKEN: Facts = {
    "promise": PromiseKind.NEXT_NEWS,
    "promised": By(at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC)),
    "target": Target.UPDATE,
}
"""What else was not kept, in samples of letters that tell of that too."""


def sample(kind: Kind, choice: int = 0, *, is_sparse: bool = False) -> Facts:
    """Facts of that kind, of each closed set the word that the choice falls on; sparse: without what may be none."""
    return {name: _fact(kind, name, choice, is_sparse=is_sparse) for name in kind.variables}


def samples(kind: Kind) -> Iterator[Facts]:
    """Yield facts in which every word of every closed set comes, full and sparse."""
    choices = max((len(WORDS[name]) for name in kind.variables if name in WORDS), default=2)
    for choice in range(choices):
        for is_sparse in (False, True):
            yield sample(kind, choice, is_sparse=is_sparse)


def _fact(kind: Kind, name: str, choice: int, *, is_sparse: bool) -> Fact:
    if is_sparse and name in kind.maybe:
        return None
    match kind.variables[name]:
        case Type.FLAG:
            return choice % 2 == 1 and not is_sparse
        case Type.WORD:
            return WORDS[name][choice % len(WORDS[name])]
        case Type.WORDS:
            return (WORDS[name][choice % len(WORDS[name])],)
        case _:
            return _SAID[name]
