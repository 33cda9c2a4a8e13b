"""What an edit of a policy changes: row by row of its table, and moment by moment of a story. Judges neither."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Generic, TypeVar

from workflows.domain.policy import Policy
from workflows.planning.moments import Deadline, Moment, Timeline
from workflows.planning.table import Row, rows_of
from workflows.planning.telling import listeners

_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Generic[_Thing]):
    """Something that is not as it was: it appears where there is no `before`, it vanishes where there is no `after`."""

    before: _Thing | None
    after: _Thing | None


def of_tables(before: Policy, after: Policy) -> tuple[Change[Row], ...]:
    """The rows that differ, in the order in which a person reads the tables; none: the same is promised."""
    return tuple(_changes(rows_of(before), rows_of(after), key=lambda row: row.key, said=lambda row: row.value))


def of_stories(before: Timeline, after: Timeline) -> tuple[Change[Moment], ...]:
    """The moments that move, appear, vanish, or tell somebody else something else; in order of time."""
    changes = _changes(_numbered(before.moments), _numbered(after.moments), key=lambda each: each[0], said=_what)
    found = (
        Change(before=each.before[1] if each.before else None, after=each.after[1] if each.after else None)
        for each in changes
    )
    return tuple(sorted(found, key=_when))


def of_endings(before: Timeline, after: Timeline) -> Change[str] | None:
    """How the end differs, in words; none when it does not."""
    if before.ending.text == after.ending.text:
        return None
    return Change(before=before.ending.text, after=after.ending.text)


_Numbered = tuple[tuple[str, str, int], Moment]


def _numbered(moments: Iterable[Moment]) -> tuple[_Numbered, ...]:
    """Name each moment by what happens to what, and the how-manieth time it is: its instant is what may differ."""
    seen: dict[tuple[str, str], int] = {}
    numbered = []
    for moment in moments:
        name = (moment.kind, moment.words.about)
        seen[name] = seen.get(name, 0) + 1
        numbered.append(((*name, seen[name]), moment))
    return tuple(numbered)


def _what(numbered: _Numbered) -> Hashable:
    moment = numbered[1]
    return (moment.at, moment.words, listeners(moment), _by_when(moment.deadlines))


def _by_when(deadlines: Iterable[Deadline]) -> Hashable:
    return frozenset((deadline.target, deadline.tier, deadline.at) for deadline in deadlines)


def _when(change: Change[Moment]) -> datetime:
    return min(each.at for each in (change.before, change.after) if each)


def _changes(
    before: Sequence[_Thing],
    after: Sequence[_Thing],
    *,
    key: Callable[[_Thing], Hashable],
    said: Callable[[_Thing], Hashable],
) -> Iterator[Change[_Thing]]:
    """Yield what differs, paired by key; what vanished stands where it was."""
    old, new = {key(each): each for each in before}, {key(each): each for each in after}
    olds, news = list(old), list(new)
    told: set[Hashable] = set()
    for _, old_from, old_to, new_from, new_to in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        for name in (*olds[old_from:old_to], *news[new_from:new_to]):
            if name in told:
                continue
            told.add(name)
            one, other = old.get(name), new.get(name)
            if one is None or other is None or said(one) != said(other):
                yield Change(before=one, after=other)
