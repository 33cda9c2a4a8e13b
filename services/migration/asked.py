"""What a migration is asked to do: which tickets, to which version of their policy, and in whose name."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from uuid import UUID, uuid5

from services.records import codec
from services.records.settled import Request
from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.commands import ChangePolicy, Renaming
from workflows.domain.ticket.state import Ticket
from workflows.domain.zones import tzdata_version

CALLER = "followthrough-migration"
_REQUESTS = UUID("5f0a4b1e-7d0c-5c58-9d83-0f2a1e6bb7c3")


@dataclass(frozen=True, kw_only=True)
class Migration:
    """To one version of one policy."""

    onto: Policy
    actor: str
    reason: str
    from_versions: frozenset[str] = frozenset()
    """Only tickets that have one of these; none: whichever they have."""
    queues: tuple[str, ...] = ()
    """Only tickets of these; none: of all."""
    tiers: tuple[Renaming, ...] = ()
    priorities: tuple[Renaming, ...] = ()

    @cached_property
    def version(self) -> str:
        """The version that tickets are moved to."""
        return version_of(self.onto)

    @cached_property
    def command(self) -> ChangePolicy:
        """What is asked of each ticket."""
        return ChangePolicy(
            actor=self.actor,
            policy_version=self.version,
            reason=self.reason,
            tiers=self.tiers,
            priorities=self.priorities,
        )

    def is_of(self, ticket: Ticket) -> bool:
        """Whether the ticket has one of the versions that are asked for."""
        return not self.from_versions or ticket.policy_version in self.from_versions

    def request(self, ticket: Ticket) -> Request:
        """Name this migration of this ticket as it was seen, so that it is done once, however often it is asked (5.5).

        Zone rules are part of the name: by newer ones the same command is another (3.6).
        """
        command = codec.command_to_json(self.command)
        seen = f"{ticket.ticket_id} {ticket.policy_version} {ticket.version} {tzdata_version()} {command}"
        return Request(
            caller=CALLER,
            request_id=str(uuid5(_REQUESTS, seen)),
            body_hash=sha256(f"ChangePolicy {ticket.ticket_id} {command}".encode()).digest(),
        )
