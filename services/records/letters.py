"""An announcement's letter: what is said to a customer's tickets, and what comes of it once they are in hand.

Each of them is settled by itself; one carries the letter, which names those that it is for. Pure, as `decision` is, and
whoever decides the same tickets decides the same.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.records.clock import RecordClock
from services.records.decision import Decision, Judge, Question, decide, instant_of
from services.records.errors import PolicyUnreadable
from services.records.problem_facts import TOLD, AnnouncementKind
from services.records.rows import Held, ResultColumns, Rows, TurnColumns
from services.records.settled import SettledBy
from workflows.domain.languages import nearest
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import PostUpdate, Resolve
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import Outcome

MOST_IN_A_LETTER = 50
"""Tickets of one customer that one letter is for, and one transaction settles; who has more has one letter more."""
UNLINKED = "unlinked"
"""Somebody took the ticket from the problem since it was announced."""
MERGED = "merged"
"""Its survivor takes it instead."""


class Turn(NamedTuple):
    """A ticket whose customer is to be told."""

    ticket_id: str
    instead_of: str | None
    has_siblings: bool = False
    """Whether the announcement is for other tickets of that customer too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """The next tickets of an announcement."""

    announcement_id: str
    problem_id: str
    kind: AnnouncementKind
    words: str
    words_in: Mapping[str, str] = field(default_factory=dict)
    """The same in other languages, by tag."""
    actor: str
    tickets_per_second: int
    is_over: bool
    """Nobody is to be told just now: all were, or it is paused or cancelled."""
    turns: Sequence[Turn]
    """In the order of their ids; none: those after the place are done, though earlier ones may not be."""

    def command(
        self, language: str | None = None, *, told_in: str | None = None, also_for: tuple[str, ...] = ()
    ) -> PostUpdate | Resolve:
        """What is said to a ticket, in the name of who announced it; the language is its customer's."""
        words = self.words if language is None else self._words_for(language)
        match self.kind:
            case AnnouncementKind.UPDATE:
                return PostUpdate(actor=self.actor, text=words, told_in=told_in, also_for=also_for)
            case AnnouncementKind.FIX:
                return Resolve(
                    actor=self.actor, outcome=Outcome.FIXED, explanation=words, told_in=told_in, also_for=also_for
                )

    def _words_for(self, language: str) -> str:
        """The nearest: Austrian German, German, and else the words that are for everybody."""
        words_in = {next(nearest(tag)): words for tag, words in self.words_in.items()}
        return next((words_in[tag] for tag in nearest(language) if tag in words_in), self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What comes of some tickets of one customer."""

    outcomes: Mapping[str, str]
    """What became of each, by its id, in one word."""
    rows: Sequence[Rows]
    """Of each, in the order that they were given in."""
    heirs: Mapping[str, str]
    """Tickets that take the place of a merged one and were not given, with the one that was merged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What tickets are judged by."""

    policies: Mapping[str, Policy]
    clock: RecordClock
    judge: Judge
    unreadable: Mapping[str, PolicyUnreadable] = field(default_factory=dict)
    """Policies that were just looked for in vain, by version, and why."""


def decide_letter(
    turns: Turns, in_hand: Mapping[Turn, Held], rules: Rules, *, unlinked: Collection[str] = ()
) -> Letter:
    """Judge tickets of one customer in hand, all at one instant. Raises what `decide` does, of whichever it is.

    `unlinked`: those that others are told instead of, are not in hand, and are linked no more.
    """
    instant = max(instant_of(held, rules.clock) for held in in_hand.values())

    def decided(turn: Turn, command: PostUpdate | Resolve) -> Decision:
        question = Question(by=SettledBy.INTAKE, command=command, unreadable=rules.unreadable, instant=instant)
        return decide(in_hand[turn], question, policies=rules.policies, clock=rules.clock, judge=rules.judge)

    plain = turns.command()
    found = {turn: decided(turn, plain) for turn in in_hand}
    given = {turn.ticket_id for turn in in_hand}
    judged = [decision.judged.ticket for decision in found.values()]
    linked = [each for each in judged if turns.problem_id in each.problems]
    about = {each.ticket_id for each in linked} | {each.merged_into for each in linked}
    about |= {turn.ticket_id for turn in in_hand if turn.instead_of not in {None, *given, *unlinked}}
    outcomes = {turn: _outcome(decision, is_linked=turn.ticket_id in about) for turn, decision in found.items()}
    told = {turn: found[turn].judged.ticket for turn, outcome in outcomes.items() if outcome == TOLD}
    carrier = min(told, key=lambda turn: _place(turns.kind, told[turn]), default=None)  # of equals the first
    for turn, command in _commands(turns, told, carrier):
        if command != plain:
            found[turn] = decided(turn, command)
    told_in = {turn: carrier.ticket_id for turn in told if carrier is not None and turn != carrier}
    survivors = {
        survivor: turn.ticket_id
        for turn, outcome in outcomes.items()
        if outcome == MERGED and (survivor := found[turn].judged.ticket.merged_into) is not None
    }
    return Letter(
        outcomes={turn.ticket_id: outcome for turn, outcome in outcomes.items()},
        rows=[_rows(turns, turn, found[turn], outcomes[turn], told_in.get(turn)) for turn in in_hand],
        heirs={survivor: merged for survivor, merged in survivors.items() if survivor not in given},
    )


def _place(kind: AnnouncementKind, ticket: Ticket) -> tuple[bool, float]:
    """Whose letter goes first: what it names of its own is the earliest of all that it is for.

    Of news, so that the customer knows of whatever may break first; of a sign-off, so that silence closes none before.
    """
    sign_off_at = ticket.resolution.sign_off_at if ticket.resolution else None
    at = ticket.next_news_at if kind is AnnouncementKind.UPDATE else sign_off_at
    return at is None, at.timestamp() if at else 0


def _commands(
    turns: Turns, told: Mapping[Turn, Ticket], carrier: Turn | None
) -> Iterator[tuple[Turn, PostUpdate | Resolve]]:
    """What is said to each that takes it, once it is known which ones do."""
    if carrier is None:
        return
    others = tuple(ticket.reference for turn, ticket in told.items() if turn != carrier)
    for turn, ticket in told.items():
        language = ticket.customer.language
        if turn == carrier:
            yield turn, turns.command(language, also_for=others)
        else:
            yield turn, turns.command(language, told_in=told[carrier].reference)


def _rows(turns: Turns, turn: Turn, decision: Decision, outcome: str, told_in: str | None) -> Rows:
    """All that is written of one of them: nothing of its own where it was not told."""
    rows = decision.rows if outcome == TOLD and decision.rows is not None else Rows()
    survivor = decision.judged.ticket.merged_into
    also = []
    if turn.instead_of is not None:
        also.append(TurnColumns(turns.announcement_id, turn.ticket_id, turn.instead_of))
    if outcome == MERGED and survivor is not None:
        also.append(TurnColumns(turns.announcement_id, survivor, turn.ticket_id))
    result = ResultColumns(turns.announcement_id, turn.ticket_id, outcome, decision.instant, told_in)
    return rows._replace(turns=tuple(also), results=(result,))


def _outcome(decision: Decision, *, is_linked: bool) -> str:
    """What became of it: told, or in a word why not."""
    ticket, refusal = decision.judged.ticket, decision.judged.refusal
    if not is_linked:
        return UNLINKED
    if ticket.merged_into is not None:
        return MERGED
    if refusal is None:
        return TOLD
    return ticket.status.value if refusal.reason is RefusalReason.WRONG_STATE else refusal.reason.value.lower()
