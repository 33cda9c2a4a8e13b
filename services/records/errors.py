"""What the record refuses or cannot do. Its texts hold ids, never a customer's words: drivers quote those."""

from datetime import timedelta

from workflows.ports import TicketIsStuck, TicketUnknown

__all__ = [
    "AskedWrongly",
    "ClockMismatch",
    "ClockRunOut",
    "ClockUnusable",
    "CommandFailed",
    "IdentityTaken",
    "LogTooNew",
    "PolicyTooNew",
    "PolicyUnreadable",
    "RecordError",
    "RecordFailed",
    "RecordNotWritable",
    "RecordUnavailable",
    "RequestIdReused",
    "SchemaMissing",
    "StateTooNew",
    "TicketStuck",
    "TicketUnknown",
]


class RecordError(Exception):
    """Root of what the record says no with."""


class RecordUnavailable(RecordError):  # noqa: N818 - the fact, in the desk's words
    """The database is away, too slow, or another holds the lock: nothing is known to be written; try again."""


class RecordNotWritable(RecordUnavailable):
    """It answers and can be read, but not written just now: a full disk, a file or a server that is read only."""


class RecordFailed(RecordError):  # noqa: N818 - the fact, in the desk's words
    """The database refused a statement for a reason that trying again will not mend; only its type is told."""


class AskedWrongly(RecordError, ValueError):  # noqa: N818 - the fact, in the desk's words
    """A number or a length that no database can be asked for; the text names it, the value and the remedy."""


class CommandFailed(RecordFailed):
    """The rules could not judge a ticket with this command, but can without: nothing changed, and it is not stuck."""

    def __init__(self, ticket_id: str, command: str, error_type: str) -> None:
        super().__init__(
            f"ticket {ticket_id!r} could not be judged with {command!r} ({error_type}): "
            "see the log of the process that settled it"
        )
        self.ticket_id = ticket_id
        self.error_type = error_type


class RequestIdReused(RecordError):  # noqa: N818 - the fact, in the desk's words
    """The caller used this request id before, with another body (5.5)."""

    def __init__(self, request_id: str) -> None:
        super().__init__(
            f"request id {request_id!r} was used before with another body: draw a new one for a new request"
        )
        self.request_id = request_id


class IdentityTaken(RecordError):  # noqa: N818 - the fact, in the desk's words
    """A new ticket's id or reference belongs to another: draw again."""

    def __init__(self, ticket_id: str, reference: str) -> None:
        super().__init__(f"ticket id {ticket_id!r} or reference {reference!r} is taken: draw another")


class KeyTaken(RecordError):  # noqa: N818 - the fact, in the desk's words
    """What a contact would be found by leads to a ticket already, which it joins; or one from elsewhere is here."""

    def __init__(self) -> None:
        super().__init__("another of the same matter was quicker: look again which ticket it leads to")


class TicketStuck(RecordError, TicketIsStuck):  # noqa: N818 - the fact, in the desk's words
    """The rules could not judge this ticket: it is marked, and nothing of it changed."""

    def __init__(self, ticket_id: str, error_type: str, retry_in: timedelta = timedelta()) -> None:
        super().__init__(f"ticket {ticket_id!r} is stuck on {error_type}: see the log of the process that settled it")
        self.ticket_id = ticket_id
        self.error_type = error_type
        self.retry_in = retry_in


class StateTooNew(RecordError):  # noqa: N818 - the fact, in the desk's words
    """A newer release wrote this ticket's state: this one would lose what it does not know, so it writes nothing."""

    def __init__(self, ticket_id: str, found: int, known: int) -> None:
        super().__init__(
            f"ticket {ticket_id!r} has state version {found} and this release knows {known}: deploy the newer release"
        )


class LogTooNew(StateTooNew):
    """A newer release wrote a line of this ticket's log, or an input, of a kind that this one does not know."""

    def __init__(self, ticket_id: str, kind: str) -> None:
        told = f"the log of ticket {ticket_id!r} has {kind!r}, which this release does not know"
        RecordError.__init__(self, f"{told}: deploy the newer release")


class PolicyTooNew(StateTooNew):
    """A newer release wrote the policy that a ticket carries: this one would judge by a part of it, so it does not."""

    def __init__(self, version: str, found: int, known: int) -> None:
        told = f"policy version {version!r} has format {found} and this release knows {known}"
        RecordError.__init__(self, f"{told}: deploy the newer release")


class PolicyUnreadable(RecordFailed):
    """The policy that a ticket carries cannot be read: no ticket of that version can be judged."""

    def __init__(self, version: str, why: str) -> None:
        super().__init__(
            f"policy version {version!r} cannot be read ({why}): restore its row in `policies`, its tickets wait for it"
        )


class SchemaMissing(RecordError):  # noqa: N818 - the fact, in the desk's words
    """The database's schema is not the one of this release; the text says which command to run."""


class ClockRunOut(RecordError):  # noqa: N818 - the fact, in the desk's words
    """The record's time has gone beyond what an instant can be."""

    def __init__(self, clock: str) -> None:
        super().__init__(
            f"by the clock {clock!r} it is later than any instant there is: use another database and clock"
        )


class ClockUnusable(RecordError):  # noqa: N818 - the fact, in the desk's words
    """The record's clock gave something that is no instant in UTC: a fault of the clock, and no ticket's."""

    def __init__(self, clock: str, found: object) -> None:
        super().__init__(
            f"the clock {clock!r} says {str(found)[:60]!r}: "
            "make its `read` return an aware datetime in UTC, of 1900 or later"
        )


class ClockMismatch(RecordError):  # noqa: N818 - the fact, in the desk's words
    """The record holds tickets of another clock, whose instants mean nothing by this one."""

    def __init__(self, kept: str, asked: str) -> None:
        super().__init__(
            f"the record holds tickets of the clock {kept!r}, not {asked!r}: set FOLLOWTHROUGH_CLOCK={kept}, "
            "or use another database"
        )
