"""What the judge does in a second, on ordinary lives of tickets.

Each life is told once by the story kit, to a backend that keeps every question; then the same questions are put to the
judge again and again. A question is a command, or a wake-up at the instant at which something is due.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.bench.rounds import Spread
from tests.support.policies import LINES
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Command, Open
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import Judged
from workflows.domain.ticket.words import Status
from workflows.testing.story import PureDomain, Story

ZONE = "Europe/London"


@dataclass(frozen=True, slots=True)
class Question:
    """One call of the judge."""

    ticket: Ticket
    at: datetime
    command: Command | None


class Asked:
    """Judges by the rules and keeps what it was asked; fails on a refusal, which no ordinary life has."""

    def __init__(self, policy: Policy) -> None:
        self._domain = PureDomain(policy)
        self._ticket: Ticket | None = None
        self.opening: tuple[Open, datetime] | None = None
        self.questions: list[Question] = []
        self.found = 0
        """Entries in the log, but for the opening's."""

    def open(self, at: datetime, command: Open) -> Judged:
        """Enter the ticket."""
        self.opening = command, at
        judged = self._domain.open(at, command)
        self._ticket = judged.ticket
        return judged

    def answer(self, answer: RosterAnswer) -> None:
        """No ordinary life hears from a roster."""
        raise AssertionError(f"an ordinary life has no roster: {answer}")

    def settle(self, at: datetime, command: Command | None = None, *, expected_version: int | None = None) -> Judged:
        """Advance it to the instant and apply the command, if there is one."""
        if self._ticket is None:
            raise AssertionError("nothing was opened yet")
        judged = self._domain.settle(at, command, expected_version=expected_version)
        if judged.refusal:
            raise AssertionError(f"an ordinary life has no refusals: {judged.refusal.text}")
        self.questions.append(Question(self._ticket, at, command))
        self.found += len(judged.entries)
        self._ticket = judged.ticket
        return judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What was asked in one ticket's life."""

    name: str
    opening: tuple[Open, datetime]
    questions: tuple[Question, ...]
    found: int
    """Entries that the questions came to."""


def lives() -> tuple[Life, ...]:
    """From the quick answer to the ticket that nobody takes."""
    tellers = {
        "solved at once": _solved_at_once,
        "waits for the customer": _waits_for_the_customer,
        "up to the supplier": _up_to_the_supplier,
        "rejected once": _rejected_once,
        "nobody takes it on": _nobody_takes_it_on,
    }
    told = []
    for name, tell in tellers.items():
        backend = Asked(LINES)
        tell(Story(backend, zone=ZONE))
        if backend.opening is None:
            raise AssertionError(f"{name!r} opens no ticket")
        told.append(Life(name=name, opening=backend.opening, questions=tuple(backend.questions), found=backend.found))
    return tuple(told)


def _solved_at_once(story: Story) -> None:
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:20").acknowledge()
    story.until("Mon 23 Nov 10:00").post_update().until("Mon 23 Nov 11:00").resolve()
    story.until("Mon 23 Nov 12:00").confirm()
    _closed(story)


def _waits_for_the_customer(story: Story) -> None:
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:20").acknowledge()
    story.until("Mon 23 Nov 10:00").ask().until("Tue 24 Nov 15:00").contact()
    story.until("Tue 24 Nov 16:00").resolve().until("Mon 30 Nov 18:00")
    _closed(story)


def _up_to_the_supplier(story: Story) -> None:
    story.open("Mon 23 Nov 16:00", priority="high").until("Mon 23 Nov 16:30").acknowledge()
    story.until("Mon 23 Nov 17:00").escalate().until("Tue 24 Nov 09:00").acknowledge("bob")
    story.until("Tue 24 Nov 10:00").escalate().until("Tue 24 Nov 11:00").acknowledge("net")
    story.until("Tue 24 Nov 12:00").post_update().until("Tue 24 Nov 15:00").contact()
    story.until("Wed 25 Nov 10:00").resolve().until("Wed 25 Nov 10:30").confirm()
    _closed(story)


def _rejected_once(story: Story) -> None:
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:20").acknowledge()
    story.until("Mon 23 Nov 11:00").resolve().until("Mon 23 Nov 14:00").reject()
    story.until("Mon 23 Nov 15:00").acknowledge("bob").until("Mon 23 Nov 16:00").post_update()
    story.until("Tue 24 Nov 10:00").resolve().until("Tue 24 Nov 10:10").confirm()
    _closed(story)


def _nobody_takes_it_on(story: Story) -> None:
    story.open("Fri 27 Nov 15:00", priority="urgent").until("Fri 4 Dec 12:00")


def _closed(story: Story) -> None:
    if story.ticket.status is not Status.CLOSED:
        raise AssertionError(f"the life has not ended: {story.ticket.status}")


def openings_per_second(life: Life, *, rounds: int, calls: int) -> Spread:
    """Open the same ticket over and over."""
    command, at = life.opening
    rates = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(calls):
            open_ticket(LINES, command, at)
        rates.append(calls / (time.perf_counter() - began))
    return Spread.of(rates)


def judged_per_second(questions: Sequence[Question], *, rounds: int, calls: int) -> Spread:
    """Put all questions to the judge, as often as that many calls take."""
    repeats = max(calls // len(questions), 1)
    rates = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(repeats):
            for question in questions:
                judge(LINES, question.ticket, question.at, question.command)
        rates.append(repeats * len(questions) / (time.perf_counter() - began))
    return Spread.of(rates)
