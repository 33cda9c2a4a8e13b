"""What a settle of two tickets decides once it holds both: they are merged, or neither changes by it (6.7).

Pure, as `decision` is. Both are judged at one instant; what the survivor is told of the other is the other as it stands
then, after everything that was due before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from services.records.clock import RecordClock
from services.records.decision import Decision, Judge, PoisonousCommand, Question, decide, instant_of
from services.records.errors import PolicyUnreadable
from services.records.rows import Held, Rows, together
from services.records.settled import SettledBy
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Command
from workflows.domain.ticket.merging import halves, with_survivor
from workflows.domain.ticket.verdict import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """What a merge is asked with."""

    actor: str
    expected_version: int | None = None
    """Of the ticket that is merged."""
    explanation: str | None = None
    """What the other's customer is told besides."""
    survivor_expected_version: int | None = None
    unreadable: Mapping[str, PolicyUnreadable] = field(default_factory=dict)
    """Policies that were just looked for in vain, by version, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What comes of it."""

    other: Decision
    survivor: Decision
    refusal: Refusal | None
    """Of either: then both are advanced to the instant, and no more."""

    @property
    def rows(self) -> Rows | None:
        """What both change, to be written at once; none: nothing was due and it was refused."""
        both = [each.rows for each in (self.other, self.survivor) if each.rows is not None]
        return together(both) if both else None


def decide_merge(
    other: Held,
    survivor: Held,
    asked: Merging,
    *,
    policies: Mapping[str, Policy],
    clock: RecordClock,
    judge: Judge,
) -> Merged:
    """Judge two tickets in hand. Raises what `decide` does, of whichever it is."""
    instant = max(instant_of(other, clock), instant_of(survivor, clock))

    def decided(held: Held, command: Command | None = None, expected_version: int | None = None) -> Decision:
        question = Question(
            by=SettledBy.INTAKE,
            command=command,
            expected_version=expected_version,
            unreadable=asked.unreadable,
            instant=instant,
        )
        return decide(held, question, policies=policies, clock=clock, judge=judge)

    one, two = decided(other), decided(survivor)
    try:
        policy = policies[other.policy_version]
        into, over = halves(policy, one.judged.ticket, two.judged.ticket, instant, asked.actor)
        into = replace(into, explanation=asked.explanation)
    except Exception as error:  # whatever it is, both can be judged without it
        raise PoisonousCommand(other, error) from error
    grown = decided(survivor, over, asked.survivor_expected_version)
    merged = decided(other, with_survivor(into, grown.judged.ticket), asked.expected_version)
    refusal = merged.judged.refusal or grown.judged.refusal
    if refusal is None:
        return Merged(other=merged, survivor=grown, refusal=None)
    # Both halves or none: of one that was not refused nothing stands, either.
    return Merged(other=_refused(one, refusal), survivor=_refused(two, refusal), refusal=refusal)


def _refused(decision: Decision, refusal: Refusal) -> Decision:
    return replace(decision, judged=replace(decision.judged, refusal=refusal))
