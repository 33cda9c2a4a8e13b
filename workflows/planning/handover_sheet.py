"""Shares the room on a page among what is to stand on it. Knows titles and lines, not what they say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a page with its title; nothing of it is shown without lines."""

    title: str
    lines: tuple[str, ...]
    left_out: int = 0
    """How many lines there are besides."""
    which: str = "earlier"
    """Those are: `earlier` ones, or `later` ones."""
    kept: int = 0
    """Lines at its beginning that are never left out."""

    @property
    def height(self) -> int:
        """Lines on the page, with the blank one before it and its title."""
        return len(self.lines) + 2 if self.lines else 0

    @property
    def least(self) -> int:
        """Lines on the page if as little as possible is shown of it."""
        return max(1, self.kept) + 2 if self.lines else 0

    def shorter(self) -> "Section":
        """The same with a line less: the oldest, or where later ones are left out the last."""
        place = len(self.lines) - 1 if self.which == "later" else min(self.kept, len(self.lines) - 1)
        return replace(self, lines=(*self.lines[:place], *self.lines[place + 1 :]), left_out=self.left_out + 1)

    def shown(self) -> Iterator[str]:
        """Line by line; how many are left out stands with the title."""
        if self.lines:
            yield ""
            yield f"{self.title} ({self.left_out} {self.which} left out)" if self.left_out else self.title
            yield from self.lines


def share(own: Sequence[Section], others: Sequence[Section], room: int) -> Iterator[Section]:
    """Yield all of them within so many lines: a ticket's own sections, and one of each ticket that was merged into it.

    Who needs less than an equal share gets what they need, and the rest is for the others.
    """
    heights = [section.height for section in others]
    least = sum(section.least for section in own)
    ours = max(_shares([_height(own), *heights], room)[0], least)
    yield from _fitted(own, ours)
    for section, lines in zip(others, _shares(heights, room - ours), strict=True):
        yield from _fitted([section], lines)


def _fitted(sections: Sequence[Section], room: int) -> list[Section]:
    """Sections in so many lines, or in as few as there can be: what is longest loses the next line."""
    fitted = list(sections)
    while _height(fitted) > room:
        longest = max(
            (place for place, each in enumerate(fitted) if each.height > each.least),
            key=lambda place: fitted[place].height,
            default=None,
        )
        if longest is None:
            break
        fitted[longest] = fitted[longest].shorter()
    return fitted


def _height(sections: Sequence[Section]) -> int:
    return sum(section.height for section in sections)


def _shares(needs: Sequence[int], room: int) -> list[int]:
    """Share so many lines among these, the least needs first."""
    shares = [0] * len(needs)
    for left, place in enumerate(sorted(range(len(needs)), key=lambda each: needs[each])):
        shares[place] = min(needs[place], max(0, room) // (len(needs) - left))
        room -= shares[place]
    return shares
