"""A request to leave: it has the targets that the policy has for those, whatever it names, and meets no hurdle."""

from dataclasses import replace
from typing import TypeVar

from workflows.domain.errors import DomainError
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Import, Open
from workflows.domain.ticket.words import TicketKind

Opening = TypeVar("Opening", bound=Open | Import)


def as_promised(policy: Policy, command: Opening) -> Opening:
    """The opening with the priority that it really has; `DomainError` where the policy takes no request to leave."""
    if command.kind is not TicketKind.LEAVING:
        return command
    if policy.leaving is None:
        raise DomainError(not_offered(policy))
    return replace(command, priority=policy.leaving)


def not_offered(policy: Policy) -> str:
    """Say why a request to leave is not taken, and what to do about it."""
    return (
        f"policy {policy.name!r} has no priority for requests to leave: open it as 'request', "
        f"or name one of {list(policy.priorities)} as the policy's `leaving`"
    )
