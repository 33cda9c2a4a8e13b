"""How customers were waited for, over many tickets: how often, how long, and what a promise owes to it. Pure.

A wait stops the customer's clocks (2.7). That is fair while an answer is needed, and abuse where it saves a promise.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from workflows.domain.policy import Policy
from workflows.domain.ticket.events import (
    ClockMet,
    ClockMoved,
    ClockReinstated,
    ClockStarted,
    ClockWarned,
    Entry,
    Escalated,
    Opened,
    Rejected,
    Reopened,
    Resolved,
    Transferred,
    WaitEnded,
    WaitStarted,
)
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import ClockState, Target, WaitEnd
from workflows.domain.working_time import worked

NOTHING = timedelta()


@dataclass(slots=True)
class Waits:
    """Counts over every ticket that was added."""

    tickets: int = 0
    """Whose customer was waited for at least once."""
    questions: Counter[str] = field(default_factory=Counter)
    """By the tier that asked."""
    ended: Counter[WaitEnd] = field(default_factory=Counter)
    """By what ended them; one that is still on at the end is in none."""
    waited: dict[str, timedelta] = field(default_factory=dict)
    """Wall-clock time, by the tier that had the ticket when the wait began."""
    worked_on: timedelta = NOTHING
    """Wall-clock time in which tickets were neither resolved nor closed, waits included."""
    asked_at_risk: int = 0
    """Questions asked after the customer's resolve had been warned of: the clock stopped when it became tight."""
    kept_by_waiting: int = 0
    """The customer's resolve was met, and would not have been had it run on while the customer was waited for."""

    @property
    def waited_in_all(self) -> timedelta:
        """Wall-clock time, of all tiers."""
        return sum(self.waited.values(), NOTHING)

    def add(self, policy: Policy, ticket: Ticket, entries: Iterable[Entry], until: datetime) -> None:
        """Count one ticket by its whole log, which was judged until that instant."""
        one = _One(policy, self)
        for entry in entries:
            one.read(entry)
        one.end(until, is_worked_on=ticket.is_worked_on)
        self.tickets += one.has_waited

    def include(self, other: "Waits") -> None:
        """Add another part's counts."""
        self.tickets += other.tickets
        self.questions.update(other.questions)
        self.ended.update(other.ended)
        for tier, length in other.waited.items():
            self.waited[tier] = self.waited.get(tier, NOTHING) + length
        self.worked_on += other.worked_on
        self.asked_at_risk += other.asked_at_risk
        self.kept_by_waiting += other.kept_by_waiting


class _One:
    """One ticket's log, read line by line into the counts."""

    def __init__(self, policy: Policy, waits: Waits) -> None:
        self._calendar = policy.calendar
        self._stands_still = Target.RESOLVE in policy.waiting_pauses
        self._waits = waits
        self.has_waited = False
        self._tier = policy.first_tier.name
        self._asked: tuple[datetime, str] | None = None
        """When the question was asked that is waited for, and by which tier."""
        self._worked_on_since: datetime | None = None
        self._is_at_risk = False
        self._allowed = NOTHING
        """Of the customer's resolve."""
        self._waited_open = NOTHING
        """Open time of the policy's calendar."""
        self._was_kept = False

    def read(self, entry: Entry) -> None:
        """Take in the next line."""
        match entry.event:
            case Opened(tier=tier):
                self._tier, self._worked_on_since = tier, entry.at
            case Escalated(to_tier=tier) | Transferred(to_tier=tier):
                self._tier = tier
            case WaitStarted():
                self._question(entry.at)
            case WaitEnded(by=by):
                self._waits.ended[by] += 1
                self._wait_over(entry.at)
            case Resolved():
                self._stop_work(entry.at)
            case Rejected() | Reopened():
                self._worked_on_since = self._worked_on_since or entry.at
            case ClockStarted() | ClockMoved() | ClockWarned() | ClockMet() | ClockReinstated() as clock:
                if clock.target is Target.RESOLVE:
                    self._resolve(clock)
            case _:
                pass

    def end(self, until: datetime, *, is_worked_on: bool) -> None:
        """Count what is still on."""
        if self._asked:
            self._wait_over(until)
        if is_worked_on:
            self._stop_work(until)

    def _question(self, at: datetime) -> None:
        self.has_waited = True
        if self._asked:
            self._wait_over(at)
        self._asked = (at, self._tier)
        self._waits.questions[self._tier] += 1
        self._waits.asked_at_risk += self._is_at_risk

    def _wait_over(self, at: datetime) -> None:
        if self._asked is None:
            raise AssertionError("a wait ended that never began")
        asked_at, tier = self._asked
        self._waits.waited[tier] = self._waits.waited.get(tier, NOTHING) + (at - asked_at)
        self._waited_open += worked(self._calendar, asked_at, at)
        self._asked = None

    def _stop_work(self, at: datetime) -> None:
        if self._worked_on_since is not None:
            self._waits.worked_on += at - self._worked_on_since
            self._worked_on_since = None

    def _resolve(self, clock: ClockStarted | ClockMoved | ClockWarned | ClockMet | ClockReinstated) -> None:
        match clock:
            case ClockStarted(length=length) | ClockMoved(length=length):
                self._allowed, self._is_at_risk = length, False
            case ClockWarned():
                self._is_at_risk = True
            case ClockMet(spent=spent):
                self._was_kept = self._stands_still and spent + self._waited_open > self._allowed
                self._waits.kept_by_waiting += self._was_kept
            case ClockReinstated(was=ClockState.MET):
                self._waits.kept_by_waiting -= self._was_kept
            case ClockReinstated():
                pass
