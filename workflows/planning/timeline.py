"""One dated story of a policy: a ticket is opened, some may act, and then everything that happens while nobody does.

Stepped through the judge that runs tickets, from wake-up to wake-up (7.5): it knows no rule of its own. Told when the
ticket is opened, never asks what time it is. Instants are UTC; zones are named for whoever tells the story.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from workflows.domain.errors import CalendarError, DomainError
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Command, Customer, Open
from workflows.domain.ticket.judge import Judged, judge, open_ticket
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.promises import NEXT_NEWS
from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.state import TICK
from workflows.domain.ticket.words import Audience, ClockState, Target
from workflows.domain.zones import require_utc
from workflows.planning.local_time import length_in_words
from workflows.planning.moments import Act, Deadline, End, Ending, Timeline
from workflows.planning.noting import REMINDERS_TOLD, Notes

AFTERMATH = 24
"""How many moments are told at most after the ladder has ended, for what is still promised by then to run out."""

AFTERMATH_WAKE_UPS = 500
"""As many wake-ups at most: a policy may remind every minute, and little of that is told."""

MOST_MOMENTS = 200
"""Where a story is cut that does not end: a policy may let a ticket be silent for ever."""

MOST_WAKE_UPS = 5_000
"""Where it is cut however little of it is told."""


def timeline(
    policy: Policy,
    *,
    priority: str,
    at: datetime,
    acts: Iterable[Act] = (),
    empty: Iterable[str] = (),
    customer_zone: str | None = None,
) -> Timeline:
    """Tell what happens to a ticket of that priority that is opened at that instant.

    In the tiers that are `empty` nobody is on duty all the while (4.5). Raises `DomainError` when the policy has no
    such priority, when an act lies before the opening, or when a calendar does not open any more after it.
    """
    zone = customer_zone or policy.calendar.zone
    to_come = sorted(acts, key=lambda act: act.at)
    if to_come and to_come[0].at < at:
        early, opened = (f"{instant:%Y-%m-%d %H:%M:%S} UTC" for instant in (to_come[0].at, at))
        raise DomainError(f"an act at {early} lies before the ticket is opened, {opened}: give a later instant")
    answers = [RosterAnswer(tier=policy.tier(name).name, at=at - TICK, is_reachable=False) for name in empty]
    story = _Story(policy, open_ticket(policy, _opening(priority, zone), require_utc(at), told=answers), at)
    ending = story.run(to_come)
    return Timeline(
        policy=policy,
        priority=priority,
        customer_zone=zone,
        opened_at=at,
        moments=tuple(story.notes.moments),
        stays=tuple(story.notes.stays()),
        clocks=ledger(policy, story.notes.entries, story.judged_at),
        ending=ending,
    )


class _Story:
    """The ticket while its story is told."""

    def __init__(self, policy: Policy, opened: Judged, at: datetime) -> None:
        self.notes = Notes()
        self.judged_at = at
        self._policy = policy
        self._wake_ups = 0
        self._wake_ups_before_the_end = 0
        self._take(opened)

    def run(self, acts: Sequence[Act]) -> Ending:
        """Go on from wake-up to wake-up, with what is done in between, until the story ends."""
        to_come = list(reversed(acts))
        while to_come or not self._is_over():
            if len(self.notes.moments) >= MOST_MOMENTS or self._wake_ups >= MOST_WAKE_UPS:
                return self._ending(End.CUT, _cut(len(to_come)))
            wake_at = self._ticket.wake_at()
            try:
                # At a deadline's own instant an act is in time (5.2): the wake-up is the instant after.
                if to_come and (wake_at is None or to_come[-1].at < wake_at):
                    act = to_come.pop()
                    self._judge(act.at, act.command)
                elif wake_at is None:
                    status = self._ticket.status
                    return self._ending(End.QUIET, f"The ticket is {status}, and nothing is owed any more")
                else:
                    self._judge(wake_at)
            except CalendarError as error:
                return self._ending(End.CALENDAR, f"It cannot be told further: {error}")
        policy = self._policy
        often = f"{policy.last_resort} is told again every {length_in_words(policy.remind_every)} of open time"
        return self._ending(End.EXHAUSTED, f"{often}, until somebody acknowledges")

    def _judge(self, at: datetime, command: Command | None = None) -> None:
        self._wake_ups += 1
        self.judged_at = max(at, self.judged_at + TICK)
        self._take(judge(self._policy, self._ticket, self.judged_at, command))

    def _take(self, judged: Judged) -> None:
        self._ticket = judged.ticket
        self.notes.take(judged, self.judged_at)
        if self._ticket.reminding is None:
            self._wake_ups_before_the_end = self._wake_ups

    def _is_over(self) -> bool:
        """Whether the ladder has ended, the first reminders are told, and so is what was still promised by then."""
        reminding = self._ticket.reminding
        if reminding is None or reminding.sent < REMINDERS_TOLD:
            return False
        clocks, promises = self._ticket.clocks, self._ticket.promises
        is_owed = any(clock.target is not Target.UPDATE and clock.state.is_live for clock in clocks)
        is_owed = is_owed or any(promise.is_open for promise in promises)
        told = len(self.notes.moments) - self.notes.told_before_the_end
        wake_ups = self._wake_ups - self._wake_ups_before_the_end
        return not is_owed or told >= AFTERMATH or wake_ups >= AFTERMATH_WAKE_UPS

    def _ending(self, end: End, text: str) -> Ending:
        running = [
            Deadline(
                target=clock.target,
                tier=clock.tier if clock.target.is_the_tiers else self._ticket.tier,
                at=clock.deadline_at,
            )
            for clock in self._ticket.clocks
            if clock.state is ClockState.RUNNING and clock.deadline_at
        ]
        running += [
            Deadline(target=Target.PROMISE, tier=self._ticket.tier, at=promise.promised_at)
            for promise in self._ticket.promises
            if promise.is_open and promise.name != NEXT_NEWS  # that is the update clock's deadline (6.5)
        ]
        return Ending(end=end, text=text, running=tuple(sorted(running, key=lambda deadline: deadline.at)))


def _cut(to_come: int) -> str:
    beyond = f"; {to_come} of what was to be done lies beyond that" if to_come else ""
    return f"It goes on like this, and is cut here{beyond}"


def _opening(priority: str, zone: str) -> Open:
    return Open(
        actor="explain",
        ticket_id="explained",
        reference="explained",
        queue="explained",
        priority=priority,
        customer=Customer(external_id=Audience.CUSTOMER.value, name="", language="en", zone=zone),
        subject="",
        description="",
        channel="",
    )
