"""One dated story of a policy: a ticket is opened, some may act, and then everything that happens while nobody does.

Stepped through the judge that runs tickets, from wake-up to wake-up (7.5): it knows no rule of its own. Told when the
ticket is opened, never asks what time it is. Instants are UTC; zones are named for whoever tells the story.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from workflows.domain.errors import CalendarError, DomainError
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Command, Customer, Open
from workflows.domain.ticket.events import (
    ClockBreached,
    ClockMoved,
    ClockResumed,
    ClockStarted,
    ClockWarned,
    Closed,
    Entry,
    Escalated,
    LadderExhausted,
    LastResortReminded,
    Opened,
    TierSkipped,
    Transferred,
)
from workflows.domain.ticket.judge import Judged, Message, judge, open_ticket
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.state import TICK
from workflows.domain.ticket.words import Audience, Cause, ClockState, Target
from workflows.domain.zones import require_utc
from workflows.planning.local_time import length_in_words
from workflows.planning.moments import Act, Deadline, End, Ending, Moment, Stay, Timeline, Told
from workflows.planning.wording import BOOKKEEPING, kind_of, of_event, of_refusal

REMINDERS_TOLD = 2
"""How many reminders of the last resort are told once the ladder has ended: they go on until somebody acknowledges."""

AFTERMATH = 24
"""How many moments are told at most after the ladder has ended, for what is still promised by then to run out."""

MOST_MOMENTS = 200
"""Where a story is cut that does not end: a policy may let a ticket be silent for ever."""

MOST_WAKE_UPS = 5_000
"""Where it is cut however little of it is told: a policy may remind every minute."""

AFTERMATH_WAKE_UPS = 500
"""As `AFTERMATH`, of wake-ups."""


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
        moments=tuple(story.moments),
        stays=tuple(_stays(story.entries)),
        clocks=ledger(policy, story.entries, story.judged_at),
        ending=ending,
    )


class _Story:
    """The ticket while its story is told."""

    def __init__(self, policy: Policy, opened: Judged, at: datetime) -> None:
        self.entries: list[Entry] = []
        self.moments: list[Moment] = []
        self.judged_at = at
        self._policy = policy
        self._tier = ""
        self._lengths: dict[tuple[Target, int], timedelta] = {}
        self._reminded_of: tuple[Cause, ...] = ()
        self._wake_ups = 0
        self._ended_before = (0, 0)
        """How many moments there were, and wake-ups, when the ladder ended."""
        self._take(opened)

    def run(self, acts: Sequence[Act]) -> Ending:
        """Go on from wake-up to wake-up, with what is done in between, until the story ends."""
        to_come = list(reversed(acts))
        while to_come or not self._is_over():
            wake_at = self._ticket.wake_at()
            if len(self.moments) >= MOST_MOMENTS or self._wake_ups >= MOST_WAKE_UPS:
                return self._ending(End.CUT, _cut(len(to_come)))
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
        self.entries += judged.entries
        head: int | None = None
        for entry in judged.entries:
            if isinstance(entry.event, BOOKKEEPING):
                # A tier that is passed by gives no deadline: what follows it is of the step that passed it by.
                if head is not None:
                    self._add_deadlines(head, entry)
                continue
            moment = self._moment(entry, judged.messages)
            if self._is_repetition(entry):
                continue
            self.moments.append(moment)
            if head is None or not isinstance(entry.event, TierSkipped):
                head = len(self.moments) - 1
        if judged.refusal:
            words = of_refusal(judged.refusal)
            self.moments.append(Moment(at=self.judged_at, kind="refused", tier=self._tier, words=words))

    def _moment(self, entry: Entry, messages: Iterable[Message]) -> Moment:
        event = entry.event
        deadlines: tuple[Deadline, ...] = ()
        match event:
            case Opened(tier=tier) | Transferred(to_tier=tier):
                self._tier = tier
            case Escalated(to_tier=tier, next_news_at=next_news_at):
                self._tier = tier
                if next_news_at:
                    deadlines = (Deadline(target=Target.UPDATE, tier=tier, at=next_news_at),)
            case _:
                pass
        allowed = (
            self._lengths.get((event.target, event.run)) if isinstance(event, ClockWarned | ClockBreached) else None
        )
        return Moment(
            at=entry.at,
            kind=kind_of(event),
            tier=self._tier,
            words=of_event(event, self._tier, allowed),
            told=_told(message for message in messages if message.sequence == entry.sequence),
            deadlines=deadlines,
        )

    def _add_deadlines(self, head: int, entry: Entry) -> None:
        """Have a moment tell the deadlines that it gave."""
        event = entry.event
        if not isinstance(event, ClockStarted | ClockMoved | ClockResumed):
            return
        if not isinstance(event, ClockResumed):
            self._lengths[event.target, event.run] = event.length
        if event.deadline_at is None:
            return
        tier = event.tier if event.target.is_the_tiers else self._tier
        moment = self.moments[head]
        others = tuple(deadline for deadline in moment.deadlines if deadline.target is not event.target)
        new = Deadline(target=event.target, tier=tier, at=event.deadline_at)
        self.moments[head] = replace(moment, deadlines=(*others, new))

    def _is_repetition(self, entry: Entry) -> bool:
        """Whether the last resort hears the same once more: of those the first few are told."""
        match entry.event:
            case LadderExhausted(is_repeat=False):
                self._reminded_of = ()
                self._ended_before = (len(self.moments), self._wake_ups)
            case LastResortReminded(number=number, causes=causes):
                is_same = number > REMINDERS_TOLD and causes == self._reminded_of
                self._reminded_of = causes
                return is_same
            case _:
                pass
        return False

    def _is_over(self) -> bool:
        """Whether the ladder has ended, the first reminders are told, and so is what was still promised by then."""
        reminding = self._ticket.reminding
        if reminding is None or reminding.sent < REMINDERS_TOLD:
            return False
        is_owed = any(clock.target is not Target.UPDATE and clock.state.is_live for clock in self._ticket.clocks)
        moments, wake_ups = self._ended_before
        is_long = len(self.moments) - moments >= AFTERMATH or self._wake_ups - wake_ups >= AFTERMATH_WAKE_UPS
        return is_long or not is_owed

    def _ending(self, end: End, text: str) -> Ending:
        running = (
            Deadline(
                target=clock.target, tier=clock.tier if clock.target.is_the_tiers else self._tier, at=clock.deadline_at
            )
            for clock in self._ticket.clocks
            if clock.state is ClockState.RUNNING and clock.deadline_at
        )
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


def _told(messages: Iterable[Message]) -> tuple[Told, ...]:
    """Everybody who is told, once each, in the order of the messages."""
    parts: dict[str, list[str]] = {}
    for message in messages:
        parts.setdefault(message.recipient, []).append(message.audience.value)
    return tuple(Told(recipient=recipient, audiences=tuple(audiences)) for recipient, audiences in parts.items())


def _stays(entries: Iterable[Entry]) -> Iterator[Stay]:
    """Yield who had the ticket when."""
    tier, from_at = "", None
    for entry in entries:
        match entry.event:
            case Opened(tier=entered) | Escalated(to_tier=entered) | Transferred(to_tier=entered):
                if from_at is not None:
                    yield Stay(tier=tier, from_at=from_at, until_at=entry.at)
                tier, from_at = entered, entry.at
            case Closed() if from_at is not None:
                yield Stay(tier=tier, from_at=from_at, until_at=entry.at)
                from_at = None
            case _:
                pass
    if from_at is not None:
        yield Stay(tier=tier, from_at=from_at, until_at=None)
