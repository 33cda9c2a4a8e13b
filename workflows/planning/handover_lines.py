"""Keeps the lines of a story's parts while a log is read: the latest, what repeats itself once, what is owed always.

Knows lines and counts, not what events say.
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime

from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.words import PromiseKind
from workflows.planning.handover_story import Part, Said, StillPromised, by_the_minute
from workflows.planning.local_time import Wall


class Latest:
    """The latest lines of one part, and how many there were."""

    def __init__(self, most: int, wall: Wall) -> None:
        self._said: deque[Said] = deque(maxlen=most)
        self._wall = wall
        self._count = 0
        self._repeated: dict[Hashable, tuple[Entry, int]] = {}
        self._line_of: dict[Hashable, Said] = {}

    def add(self, entry: Entry, text: str, key: Hashable = None) -> None:
        """Say one more; what has the same key is one line, in the place of the last, with how often it was."""
        first, times = self._repeated.get(key, (entry, 0))
        if key is None or not times:
            self._count += 1
        if key is not None:
            before = self._line_of.get(key)
            if before is not None and before in self._said:
                self._said.remove(before)
            self._repeated[key] = (first, times + 1)
            if times:
                text = f"{text} ({times + 1} times since {by_the_minute(self._wall, first.at)})"
        said = Said(sequence=entry.sequence, effective_at=entry.at, actor=entry.actor, text=text)
        self._said.append(said)
        if key is not None:
            self._line_of[key] = said

    def part(self) -> Part:
        """What is told of it."""
        return Part(said=tuple(self._said), left_out=self._count - len(self._said))


@dataclass(slots=True, kw_only=True)
class _Missed:
    """What was not kept, as often as it was for one cause."""

    entry: Entry
    """The last line that says so."""
    what: str
    first_due_at: datetime
    last_due_at: datetime
    count: int = 1
    besides: str = ""
    after: str = ""
    is_promise: bool = False
    promise: StillPromised | None = None
    """A person's, which is not done yet."""


@dataclass(slots=True)
class Broken:
    """Targets missed and promises not kept: the latest, and every promise of a person's that is not done yet."""

    wall: Wall
    most: int
    """Lines besides those of what is still to be done."""
    _missed: dict[Hashable, _Missed] = field(default_factory=dict)

    def miss(
        self,
        entry: Entry,
        key: Hashable,
        what: str,
        due_at: datetime,
        *,
        count: int = 1,
        last_due_at: datetime | None = None,
        besides: str = "",
    ) -> None:
        """One more of that cause, or so many at once; an instant that was told of is not told again."""
        before = self._missed.pop(key, None)
        last = last_due_at or due_at
        if before is None:
            found = _Missed(entry=entry, what=what, first_due_at=due_at, last_due_at=last, count=count, besides=besides)
        else:
            found = before
            if due_at > before.last_due_at:
                found.entry, found.last_due_at, found.count = entry, last, before.count + count
        self._missed[key] = found

    def promise(self, entry: Entry, run: int, promise: StillPromised) -> None:
        """A promise of a person's: a line of its own, and owed until it is done."""
        self._missed[promise.name, run] = _Missed(
            entry=entry,
            what=str(promise),
            first_due_at=promise.promised_at,
            last_due_at=promise.promised_at,
            is_promise=True,
            promise=promise,
        )

    def offered(self, sequence: int, money: str) -> None:
        """What was offered for that line."""
        for each in self._missed.values():
            if each.entry.sequence == sequence:
                each.after += f"; offered {money} for it"

    def done_late(self, name: str, run: int, at: datetime) -> None:
        """Done after its instant."""
        if broken := self._missed.get((name, run)):
            broken.promise = None
            broken.after += f"; done late, {by_the_minute(self.wall, at)}"

    def promised_anew(self, name: str) -> None:
        """Another promise of that name stands in its place."""
        for each in self._missed.values():
            if each.promise is not None and each.promise.name == name:
                each.promise = None

    def told(self) -> None:
        """Somebody told the customer something: nobody owes the news any more that was promised before."""
        for each in self._missed.values():
            if each.promise is not None and each.promise.kind is PromiseKind.NEXT_NEWS:
                each.promise = None

    def owed(self) -> tuple[StillPromised, ...]:
        """What persons promised and nobody has done yet, in the order of the log."""
        lines = sorted(self._missed.values(), key=lambda each: each.entry.sequence)
        return tuple(each.promise for each in lines if each.promise is not None)

    def part(self) -> Part:
        """What is told of it: nothing is left out that is still to be done."""
        lines = sorted(self._missed.values(), key=lambda each: each.entry.sequence)
        others = [each for each in lines if each.promise is None]
        left_out = others[: -self.most]
        said = tuple(self._said(each) for each in lines if not any(each is other for other in left_out))
        return Part(said=said, left_out=len(left_out))

    def _said(self, missed: _Missed) -> Said:
        due = by_the_minute(self.wall, missed.first_due_at)
        owed = missed.promise
        if owed is not None:
            words = f": {owed.words}" if owed.words else ""
            text = f"{missed.what}, promised for {due} and not done yet{missed.after}{words}"
        elif missed.count > 1:
            last = by_the_minute(self.wall, missed.last_due_at)
            text = f"{missed.what} {missed.count} times, due {due} to {last}{missed.besides}{missed.after}"
        else:
            due = f"promised for {due}" if missed.is_promise else f"due {due}"
            text = f"{missed.what}, {due}{missed.besides}{missed.after}"
        return Said(
            sequence=missed.entry.sequence,
            effective_at=missed.entry.at,
            actor=missed.entry.actor,
            text=text,
            is_owed=owed is not None,
        )
