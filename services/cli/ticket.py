"""`followthrough ticket …`: what a contact centre asks through gRPC, by hand. Options in, one request out."""

import click

from protos.followthrough.v1.ticket_pb2 import ContactKind, Customer, Outcome, TicketStatus
from protos.followthrough.v1.ticket_service_pb2 import (
    AcknowledgeTicketRequest,
    CloseTicketRequest,
    ConfirmResolutionRequest,
    ContinueTicketRequest,
    EscalateTicketRequest,
    ListTicketsRequest,
    OpenTicketRequest,
    PostUpdateRequest,
    RecordContactRequest,
    RejectResolutionRequest,
    ReopenTicketRequest,
    ResolveTicketRequest,
    TransferTicketRequest,
    WaitOnCustomerRequest,
)
from services.cli.asking import LONGEST_PAGE, Asking, asks, changes, reads

STATUSES = click.Choice(["open", "in_progress", "waiting_on_customer", "resolved", "closed"])
OUTCOMES = click.Choice(["fixed", "workaround", "not_feasible", "no_response", "withdrawn", "duplicate"])
KINDS = click.Choice(["news", "information", "complaint"])


@click.group()
def ticket() -> None:
    """Open tickets, show them and work on them.

    KEY is a ticket's id or its reference. Exit code 0: done; 1: refused, with the reason; 2: no answer, or not
    understood.
    """


@ticket.command("open")
@click.option("--queue", required=True, help="The desk, one of those declared beside the policies.")
@click.option("--priority", required=True, help="One of the priorities of that desk's policy.")
@click.option("--customer", required=True, help="Your own key for the customer.")
@click.option("--name", required=True, help="What the customer is called.")
@click.option("--language", default="en", show_default=True, help="BCP 47 tag of the customer's language.")
@click.option("--zone", default="UTC", show_default=True, help="IANA name of the customer's time zone.")
@click.option("--subject", required=True, help="In one line.")
@click.option("--description", default="", help="In the customer's words.")
@click.option("--channel", default="phone", show_default=True, help="How the customer came.")
@click.option("--follows", default="", help="Id or reference of an older ticket that this one continues.")
@click.option("--dry-run", is_flag=True, help="Show which deadlines it would get; open nothing.")
@asks
def open_(asking: Asking, *, customer: str, name: str, language: str, zone: str, dry_run: bool, **fields: str) -> None:
    """Open a ticket: its clocks start."""
    who = Customer(external_id=customer, display_name=name, language=language, zone=zone)
    asking.open(OpenTicketRequest(customer=who, validate_only=dry_run, **fields))


@ticket.command()
@click.argument("key")
@reads
def show(asking: Asking, key: str) -> None:
    """Show one ticket and its clocks."""
    asking.show(key)


@ticket.command("list")
@click.option("--status", type=STATUSES, help="Only these.")
@click.option("--tier", default="", help="Only those that this tier has.")
@click.option("--queue", default="", help="Only those of this queue.")
@click.option("--handler", default="", help="Only those that this person works on.")
@click.option("--customer", "customer_external_id", default="", help="Only those of this customer.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@click.option("--all", "is_all", is_flag=True, help="However many there are.")
@click.option("--wide", "is_wide", is_flag=True, help="Every column, however narrow the terminal is.")
@reads
def list_(asking: Asking, *, status: str | None, limit: int, is_all: bool, is_wide: bool, **filters: str) -> None:
    """List tickets, the oldest first; what is left out by the limit is said."""
    wanted = TicketStatus.Value(f"TICKET_STATUS_{status.upper()}") if status else TicketStatus.TICKET_STATUS_UNSPECIFIED
    page_size = LONGEST_PAGE if is_all else min(limit + 1, LONGEST_PAGE)  # one more tells whether there are more
    request = ListTicketsRequest(status=wanted, page_size=page_size, **filters)
    asking.tickets(request, limit=None if is_all else limit, is_wide=is_wide)


@ticket.command()
@click.argument("key")
@click.option("--after", "after_sequence", default=0, help="Only what happened after this number.")
@reads
def events(asking: Asking, key: str, after_sequence: int) -> None:
    """Show what happened to a ticket, in order."""
    asking.events(key, after_sequence)


@ticket.command()
@click.argument("key")
@click.option("--tier", required=True, help="The tier you speak for; it must be the present one.")
@click.option("--handler", help="Who works on it from now on. Default: the actor.")
@changes
def ack(asking: Asking, key: str, tier: str, handler: str | None) -> None:
    """Take a ticket on, speaking for its present tier."""
    asking.change(key, AcknowledgeTicketRequest(tier=tier, handler=handler or asking.actor))


@ticket.command()
@click.argument("key")
@click.argument("text")
@changes
def update(asking: Asking, key: str, text: str) -> None:
    """Tell the customer something: TEXT."""
    asking.change(key, PostUpdateRequest(text=text))


@ticket.command()
@click.argument("key")
@click.argument("text", default="")
@click.option("--kind", type=KINDS, default="news", show_default=True, help="What the customer came back with.")
@click.option("--channel", default="phone", show_default=True, help="How the customer came.")
@changes
def contact(asking: Asking, key: str, text: str, kind: str, channel: str) -> None:
    """Record that the customer came back, in their words: TEXT."""
    wanted = ContactKind.Value(f"CONTACT_KIND_{kind.upper()}")
    asking.change(key, RecordContactRequest(kind=wanted, channel=channel, text=text))


@ticket.command()
@click.argument("key")
@click.argument("question")
@changes
def wait(asking: Asking, key: str, question: str) -> None:
    """Ask the customer QUESTION and wait for the answer."""
    asking.change(key, WaitOnCustomerRequest(question=question))


@ticket.command("continue")
@click.argument("key")
@click.option("--reason", required=True, help="Why you go on without an answer.")
@changes
def continue_(asking: Asking, key: str, reason: str) -> None:
    """End the wait without an answer."""
    asking.change(key, ContinueTicketRequest(reason=reason))


@ticket.command()
@click.argument("key")
@click.option("--from", "from_tier", required=True, help="The tier it leaves; it must be the present one.")
@click.option("--reason", required=True, help="Why.")
@changes
def escalate(asking: Asking, key: str, from_tier: str, reason: str) -> None:
    """Move a ticket to the next tier."""
    asking.change(key, EscalateTicketRequest(from_tier=from_tier, reason=reason))


@ticket.command()
@click.argument("key")
@click.option("--to", "to_tier", required=True, help="The tier it goes to.")
@click.option("--reason", required=True, help="Why.")
@changes
def transfer(asking: Asking, key: str, to_tier: str, reason: str) -> None:
    """Move a ticket to any other tier."""
    asking.change(key, TransferTicketRequest(to_tier=to_tier, reason=reason))


@ticket.command()
@click.argument("key")
@click.option("--outcome", type=OUTCOMES, default="fixed", show_default=True, help="How it was resolved.")
@click.option("--explanation", required=True, help="What the customer is told.")
@click.option("--alternative", default="", help="What is offered instead, when it is not feasible.")
@click.option("--duplicate-of", default="", help="Id or reference of the ticket that goes on, when it is a duplicate.")
@changes
def resolve(asking: Asking, *, key: str, outcome: str, explanation: str, alternative: str, duplicate_of: str) -> None:
    """Say that a ticket is solved, or as solved as it gets."""
    request = ResolveTicketRequest(explanation=explanation, alternative=alternative, duplicate_of=duplicate_of)
    request.outcome = Outcome.Value(f"OUTCOME_{outcome.upper()}")
    asking.change(key, request)


@ticket.command()
@click.argument("key")
@changes
def confirm(asking: Asking, key: str) -> None:
    """Record that the customer says it is solved."""
    asking.change(key, ConfirmResolutionRequest())


@ticket.command()
@click.argument("key")
@click.option("--reason", required=True, help="What is still wrong, in the customer's words.")
@changes
def reject(asking: Asking, key: str, reason: str) -> None:
    """Record that the customer says it is not solved."""
    asking.change(key, RejectResolutionRequest(reason=reason))


@ticket.command()
@click.argument("key")
@click.option("--reason", required=True, help="Why.")
@changes
def reopen(asking: Asking, key: str, reason: str) -> None:
    """Take a closed ticket up again."""
    asking.change(key, ReopenTicketRequest(reason=reason))


@ticket.command()
@click.argument("key")
@click.option("--reason", required=True, help="Why the customer's word is not waited for.")
@changes
def close(asking: Asking, key: str, reason: str) -> None:
    """Close a resolved ticket without the customer's word."""
    asking.change(key, CloseTicketRequest(reason=reason))
