"""One figure of both sides, and whether it is what we aim at. Knows nothing of how it was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from tests.bench.rounds import Spread, ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """How ours is to stand beside the rival's: a ratio that is the least, or the most."""

    bound: float
    is_least: bool

    def is_met(self, found: float) -> bool:
        """Whether a ratio is as good."""
        return found >= self.bound if self.is_least else found <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {self.bound:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Of some rounds."""

    name: str
    unit: str
    ours: Spread
    rival: Spread
    ratio: Spread
    """Ours over the rival's, round by round."""
    aim: Aim | None

    @classmethod
    def of(cls, name: str, unit: str, ours: Sequence[float], rival: Sequence[float], aim: Aim | None = None) -> Self:
        """Of at least one round; the aim's verdict is the median's."""
        return cls(
            name=name,
            unit=unit,
            ours=Spread.of(ours),
            rival=Spread.of(rival),
            ratio=ratio(ours, rival),
            aim=aim,
        )

    @property
    def cells(self) -> tuple[str, ...]:
        """For a table of `COLUMNS`."""
        return (self.name, self.unit, str(self.ours), str(self.rival), str(self.ratio), self.verdict)

    @property
    def verdict(self) -> str:
        """The aim, and whether the median meets it."""
        if self.aim is None:
            return ""
        return f"{self.aim}: {'met' if self.aim.is_met(self.ratio.middle) else 'missed'}"


COLUMNS = ("figure", "unit", "Followthrough", "polling rival", "ratio", "aim")
