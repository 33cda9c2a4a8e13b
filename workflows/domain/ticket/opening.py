"""The first line of every ticket, whether it is opened here or comes from elsewhere (6.1, 6.14)."""

from datetime import datetime

from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.domain.ticket import closed_queue, closures, roster
from workflows.domain.ticket.commands import Import, Open
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import Opened
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import Status

Learnt = tuple[roster.Answers, closures.Closures]
"""What is news to a ticket of what a settle is told."""


def begin(policy: Policy, command: Open | Import, at: datetime, tier: str, learnt: Learnt) -> tuple[Draft, int]:
    """A ticket in that tier, without a clock yet, and the sequence of the line that says that it was opened."""
    version = version_of(policy)
    draft = Draft(
        policy,
        Ticket(
            ticket_id=command.ticket_id,
            reference=command.reference,
            policy=policy.name,
            policy_version=version,
            queue=command.queue,
            priority=command.priority,
            customer=command.customer,
            subject=command.subject,
            description=command.description,
            channel=command.channel,
            follows=command.follows,
            kind=command.kind,
            thread=command.thread,
            opened_at=command.opened_at if isinstance(command, Import) else at,
            imported_at=at if isinstance(command, Import) else None,
            status=Status.OPEN,
            tier=tier,
            tier_entered_at=at,
            visited=(tier,),
            owner=None,
            handler=None,
            clocks=(),
        ),
        *learnt,
    )
    draft.actor = command.actor
    sequence = draft.record(
        at,
        Opened(
            reference=command.reference,
            policy=policy.name,
            policy_version=version,
            queue=command.queue,
            priority=command.priority,
            tier=tier,
            customer=command.customer,
            subject=command.subject,
            description=command.description,
            channel=command.channel,
            follows=command.follows,
            kind=command.kind,
            thread=command.thread,
        ),
    )
    closed_queue.begin_at_opening(draft, at)
    return draft, sequence
