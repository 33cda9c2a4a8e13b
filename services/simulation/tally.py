"""What came of past tickets under one policy, as counts. Tallies of parts add up to that of the whole."""

from collections import Counter
from dataclasses import dataclass, field

from workflows.planning.figures import Figures
from workflows.planning.waiting import Waits


@dataclass(slots=True)
class Tally:
    """Counts over every past ticket that was told again."""

    figures: Figures = field(default_factory=Figures)
    waits: Waits = field(default_factory=Waits)
    said: Counter[str] = field(default_factory=Counter)
    """What people did that was done here too, by kind."""
    restated: Counter[str] = field(default_factory=Counter)
    """Of these, by kind, what was said to another tier, or of another priority, than it was then."""
    unsaid: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What people did that could not be done here, by kind and reason."""
    priorities_taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Tickets whose priority this policy does not have, and which of its own was taken for it."""
    failed: Counter[str] = field(default_factory=Counter)
    """Tickets of which the rules made nothing, by the type of the exception: they are in no other count."""
    first_failed: str | None = None
    """The key of the first of them."""

    def include(self, other: "Tally") -> None:
        """Add a later part's counts."""
        self.figures.include(other.figures)
        self.waits.include(other.waits)
        for ours, theirs in (
            (self.said, other.said),
            (self.restated, other.restated),
            (self.failed, other.failed),
        ):
            ours.update(theirs)
        self.unsaid.update(other.unsaid)
        self.priorities_taken.update(other.priorities_taken)
        self.first_failed = self.first_failed or other.first_failed
