"""An occasion read: what is true of it in the record's own terms, and the log as it stood at the end of its instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from services.words.occasion import Occasion
from services.words.standing import Promised, Standing, standing
from workflows.domain.money import Money
from workflows.domain.ticket.events import (
    CreditOffered,
    Event,
)
from workflows.domain.working_time import due


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """An instant at which something is owed, or was: the customer's deadline or the desk's."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """An instant at which something happened."""

    at: datetime


Fact = str | int | bool | By | When | timedelta | Money | tuple[str, ...] | None
Facts = Mapping[str, Fact]

Wanted = TypeVar("Wanted")


class Read:
    """An occasion, with the log read up to the end of its own instant."""

    def __init__(self, occasion: Occasion) -> None:
        self.occasion = occasion
        self.entry = occasion.entry
        self.event: Event = self.entry.event
        ordered = sorted(occasion.entries, key=lambda entry: entry.sequence)
        self.before = [entry for entry in ordered if entry.sequence < occasion.sequence]
        self.after = [entry for entry in ordered if entry.sequence > occasion.sequence and entry.at == self.entry.at]
        lines = (*self.before, self.entry, *self.after)
        self.stood: Standing = standing(lines, occasion.policy, occasion.ticket.owner)

    def line(self, kind: type[Wanted]) -> Wanted:
        """The line's event, which ought to be of that kind."""
        if isinstance(self.event, kind):
            return self.event
        raise LookupError(f"a {self.occasion.kind!r} is of a line {type(self.event).__name__!r}")

    def ahead(self, at: datetime | None) -> By | None:
        """An instant that is still to come."""
        return By(at=at) if at is not None and at > self.occasion.now_at else None

    def until(self, at: datetime | None) -> When | None:
        """An instant until which the customer has time, if it is still to come."""
        return When(at=at) if at is not None and at > self.occasion.now_at else None

    def credit(self) -> Money | None:
        """What is offered in the same step for what this line says was broken (6.13)."""
        for entry in self.after:
            event = entry.event
            if isinstance(event, CreditOffered) and event.earned_by == self.occasion.sequence:
                return Money(minor=event.minor, currency=event.currency)
        return None

    def promise(self, name: str, run: int) -> Promised | None:
        """A run of a promise, as it was made."""
        return self.stood.promises.get((name, run))

    def open_time_from(self, at: datetime, length: timedelta) -> datetime:
        """So much of the policy's open time later."""
        return due(self.occasion.policy.calendar, at, length)
