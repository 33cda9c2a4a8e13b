"""What became of each clock of one ticket, and where two policies say otherwise of the same one. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from workflows.domain.policy import Policy
from workflows.domain.ticket.events import ClockBreached, ClockMet, ClockReinstated, Entry
from workflows.domain.ticket.words import ClockState, Target


class Which(NamedTuple):
    """A clock of a ticket under any policy: the customer's, or that of the tier on a rung, whatever it is called."""

    target: Target
    rung: int | None = None
    """From 0; none for the customer's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of all runs of a clock together: breached when one was."""

    is_breached: bool
    at: datetime
    """Of the first breach, when it was due; else when it was met last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A clock that one policy says was met, and another that it was breached."""

    which: Which
    before: Verdict | None
    """None when it has no verdict: it is still running, or was cancelled. Of the customer's clocks only."""
    after: Verdict | None

    @property
    def is_worse(self) -> bool:
        """Whether it is the other policy that breaches."""
        return self.after is not None and self.after.is_breached


def verdicts(policy: Policy, entries: Iterable[Entry]) -> Mapping[Which, Verdict]:
    """Say what became of every clock that has a verdict, by a ticket's whole log."""
    said: dict[Which, Verdict] = {}
    for entry in entries:
        match entry.event:
            case ClockBreached() as breach:
                which = _which(policy, breach.target, breach.tier)
                if not _is_breached(said, which):
                    said[which] = Verdict(is_breached=True, at=breach.due_at)
            case ClockMet() as met:
                which = _which(policy, met.target, met.tier)
                if not _is_breached(said, which):
                    said[which] = Verdict(is_breached=False, at=met.as_of)
            case ClockReinstated(was=ClockState.MET) as withdrawn:
                which = _which(policy, withdrawn.target, withdrawn.tier)
                if not _is_breached(said, which):
                    said.pop(which, None)
            case _:
                pass
    return said


def flips(before: Mapping[Which, Verdict], after: Mapping[Which, Verdict]) -> Iterator[Flip]:
    """Yield the clocks that are breached under one policy only, in the targets' order, then up the ladder.

    A tier's clock that has a verdict under one policy only is none: the ticket was not with that tier under the other.
    """
    for which in sorted({*before, *after}, key=lambda each: (_ORDER[each.target], each.rung or 0)):
        one, other = before.get(which), after.get(which)
        is_compared = which.rung is None or (one is not None and other is not None)
        if is_compared and _is_breached(before, which) != _is_breached(after, which):
            yield Flip(which=which, before=one, after=other)


_ORDER = {target: place for place, target in enumerate((Target.RESOLVE, Target.UPDATE, *Target))}
"""The customer's first."""


def _which(policy: Policy, target: Target, tier: str) -> Which:
    return Which(target, policy.rung(tier) if target.is_the_tiers else None)


def _is_breached(said: Mapping[Which, Verdict], which: Which) -> bool:
    found = said.get(which)
    return found is not None and found.is_breached
