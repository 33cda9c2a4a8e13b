"""Moments from what the judge returns: each thing that happened, who is told of it, and the deadlines that it gave.

Knows what is worth telling, and no rule: what happened, happened.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from workflows.domain.ticket.events import (
    ClockBreached,
    ClockMoved,
    ClockResumed,
    ClockStarted,
    ClockWarned,
    Closed,
    Entry,
    Escalated,
    Event,
    LadderExhausted,
    LastResortReminded,
    Opened,
    PromiseChanged,
    PromiseMade,
    TierSkipped,
    Transferred,
)
from workflows.domain.ticket.verdict import Judged, Message
from workflows.domain.ticket.words import Cause, Target
from workflows.planning.moments import Deadline, Moment, Stay, Told
from workflows.planning.wording import is_bookkeeping, kind_of, of_event, of_refusal

REMINDERS_TOLD = 2
"""How many reminders of the last resort are told, if they say the same: they go on until somebody acknowledges."""


class Notes:
    """What is noted of one ticket, settle by settle."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.moments: list[Moment] = []
        self.told_before_the_end = 0
        """How many moments there were when the ladder ended last."""
        self._tier = ""
        self._lengths: dict[tuple[Target, int], timedelta] = {}
        self._reminded_of: tuple[Cause, ...] = ()

    def take(self, judged: Judged, at: datetime) -> None:
        """Note one settle, judged at that instant."""
        self.entries += judged.entries
        step: int | None = None
        for entry in judged.entries:
            if is_bookkeeping(entry.event):
                self._note_deadline(step, entry.event)
                continue
            moment = self._moment(entry, judged.messages)
            if self._is_repetition(entry.event):
                continue
            self.moments.append(moment)
            # A tier that is passed by gives no deadline: what follows is of the step that passed it by.
            if step is None or not isinstance(entry.event, TierSkipped):
                step = len(self.moments) - 1
        if judged.refusal:
            words = of_refusal(judged.refusal)
            self.moments.append(Moment(at=at, kind="refused", tier=self._tier, words=words))

    def stays(self) -> Iterator[Stay]:
        """Yield who had the ticket when."""
        tier, from_at = "", None
        for entry in self.entries:
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

    def _moment(self, entry: Entry, messages: Iterable[Message]) -> Moment:
        event, allowed = entry.event, None
        deadlines: tuple[Deadline, ...] = ()
        match event:
            case Opened(tier=tier) | Transferred(to_tier=tier):
                self._tier = tier
            case Escalated(to_tier=tier, next_news_at=next_news_at):
                self._tier = tier
                if next_news_at:
                    deadlines = (Deadline(target=Target.UPDATE, tier=tier, at=next_news_at),)
            case ClockWarned(target=target, run=run) | ClockBreached(target=target, run=run):
                allowed = self._lengths[target, run]
            case PromiseMade(promised_at=promised_at) | PromiseChanged(promised_at=promised_at):
                deadlines = (Deadline(target=Target.PROMISE, tier=self._tier, at=promised_at),)
            case _:
                pass
        return Moment(
            at=entry.at,
            kind=kind_of(event),
            tier=self._tier,
            words=of_event(event, self._tier, allowed),
            told=_told(message for message in messages if message.sequence == entry.sequence),
            deadlines=deadlines,
        )

    def _note_deadline(self, step: int | None, event: Event) -> None:
        """Have the step tell the deadline that it gave."""
        if not isinstance(event, ClockStarted | ClockMoved | ClockResumed):
            return
        if not isinstance(event, ClockResumed):
            self._lengths[event.target, event.run] = event.length
        if step is None or event.deadline_at is None:
            return
        moment = self.moments[step]
        others = tuple(deadline for deadline in moment.deadlines if deadline.target is not event.target)
        tier = event.tier if event.target.is_the_tiers else self._tier
        new = Deadline(target=event.target, tier=tier, at=event.deadline_at)
        self.moments[step] = replace(moment, deadlines=(*others, new))

    def _is_repetition(self, event: Event) -> bool:
        """Whether the last resort hears the same once more: of those the first few are told."""
        match event:
            case LadderExhausted(is_repeat=False):
                self.told_before_the_end = len(self.moments)
            case LastResortReminded(number=number, causes=causes):
                is_same = number > REMINDERS_TOLD and causes == self._reminded_of
                self._reminded_of = causes
                return is_same
            case _:
                pass
        return False


def _told(messages: Iterable[Message]) -> tuple[Told, ...]:
    """Everybody who is told, once each, in the order of the messages."""
    parts: dict[str, list[str]] = {}
    for message in messages:
        parts.setdefault(message.recipient, []).append(message.audience.value)
    return tuple(Told(recipient=recipient, audiences=tuple(audiences)) for recipient, audiences in parts.items())
