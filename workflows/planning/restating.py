"""A past command, said to the ticket as it stands under another policy. Pure.

What people did is kept: who took it on, that it was handed up, to which rung. Which tier has it by then is the
simulated ladder's to say, so a command that names a tier names the one that has it now, and a step that the clocks
have taken already is not taken twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Acknowledge, ChangePolicy, ChangePriority, Command, Escalate, Transfer
from workflows.domain.ticket.state import Ticket


class Unsaid(StrEnum):
    """Why a past command is not said; the value is what the report says."""

    THERE_ALREADY = "the tier that it asks for, or a later one, has the ticket already"
    NOT_REMINDED = "the last resort is not reminded"
    ANOTHER_POLICY = "the policy simulated is another one from the start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The words of the policy that the command was said under."""

    tiers: tuple[str, ...]
    """Bottom up."""
    priorities: tuple[str, ...]
    """Most urgent first."""
    last_resort: str

    @classmethod
    def of(cls, policy: Policy) -> "Ladder":
        """The words of a policy."""
        return cls(tiers=policy.tier_names, priorities=policy.priorities, last_resort=policy.last_resort)


def restated(command: Command, before: Ladder, policy: Policy, ticket: Ticket) -> Command | Unsaid:
    """Say a command of then in the words of now."""
    match command:
        case Acknowledge():
            return _acknowledged(command, before, policy, ticket)
        case Escalate():
            return _escalated(command, before, policy, ticket)
        case Transfer():
            to_tier = counterpart(command.to_tier, before.tiers, policy.tier_names)
            return Unsaid.THERE_ALREADY if to_tier == ticket.tier else replace(command, to_tier=to_tier)
        case ChangePolicy():
            return Unsaid.ANOTHER_POLICY
        case ChangePriority():
            return replace(command, priority=counterpart(command.priority, before.priorities, policy.priorities))
        case _:
            return command


def counterpart(name: str, before: Sequence[str], now: Sequence[str]) -> str:
    """What has the same name, else the same place, else the last place of a list that is shorter.

    A name that was not in the list before, and is not now, is left as it is, to be refused.
    """
    if name in now or name not in before:
        return name
    return now[min(before.index(name), len(now) - 1)]


def _acknowledged(command: Acknowledge, before: Ladder, policy: Policy, ticket: Ticket) -> Acknowledge | Unsaid:
    """For the tier that has it now; the last resort for itself, where it was told of anything."""
    if command.tier != before.last_resort or command.tier in before.tiers:
        return replace(command, tier=ticket.tier)
    return replace(command, tier=policy.last_resort) if ticket.reminding else Unsaid.NOT_REMINDED


def _escalated(command: Escalate, before: Ladder, policy: Policy, ticket: Ticket) -> Escalate | Unsaid:
    """Up one rung, unless the ticket is on the rung that was meant, or above it, already; from the end, exhaustion."""
    left = counterpart(command.from_tier, before.tiers, policy.tier_names)
    is_of_the_ladder = left in policy.tier_names
    has_gone_on = is_of_the_ladder and policy.rung(ticket.tier) > policy.rung(left)
    return Unsaid.THERE_ALREADY if has_gone_on else replace(command, from_tier=ticket.tier)
