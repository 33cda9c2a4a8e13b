"""`followthrough ticket …`: what a contact centre changes through gRPC, by hand. Options in, one request out."""

from collections.abc import Sequence
from datetime import timedelta

import click
from google.protobuf.duration_pb2 import Duration

from protos.followthrough.v1.ticket_pb2 import Customer, Outcome, TicketKind
from protos.followthrough.v1.ticket_service_pb2 import (
    AcknowledgeTicketRequest,
    AddNoteRequest,
    AssignTicketRequest,
    ChangePriorityRequest,
    CloseTicketRequest,
    ConfirmResolutionRequest,
    ContinueTicketRequest,
    EscalateTicketRequest,
    LogTimeRequest,
    MergeTicketsRequest,
    OpenTicketRequest,
    PostUpdateRequest,
    RejectResolutionRequest,
    ReopenTicketRequest,
    ResolveTicketRequest,
    TransferTicketRequest,
    WaitOnCustomerRequest,
)
from services.cli.asking import Asking, Instant
from services.cli.local_zone import in_zone
from services.cli.numbers import Positive
from services.cli.options import NUMBER, InstantOption, LengthOption, asks, changes

OUTCOMES = click.Choice(["fixed", "workaround", "not_feasible", "no_response", "withdrawn", "duplicate"])


@click.command("open")
@click.option("--queue", default="", help="The desk, one of those declared beside the policies. Default: by route.")
@click.option("--priority", default="", help="One of the priorities of that desk's policy. Default: by route.")
@click.option("--customer", required=True, help="Your own key for the customer.")
@click.option("--name", required=True, help="What the customer is called.")
@click.option("--language", default="en", show_default=True, help="BCP 47 tag of the customer's language.")
@in_zone
@click.option("--subject", required=True, help="In one line.")
@click.option("--description", default="", help="In the customer's words.")
@click.option("--channel", default="phone", show_default=True, help="How the customer came.")
@click.option("--follows", default="", help="Id or reference of an older ticket that this one continues.")
@click.option("--leaving", is_flag=True, help="The customer wants to leave: the policy's own targets for that apply.")
@click.option("--dry-run", is_flag=True, help="Show which deadlines it would get; open nothing.")
@asks
def open_(
    asking: Asking,
    *,
    customer: str,
    name: str,
    language: str,
    zone: str,
    leaving: bool,
    dry_run: bool,
    **fields: str,
) -> None:
    """Open a ticket: its clocks start."""
    who = Customer(external_id=customer, display_name=name, language=language, zone=zone)
    kind = TicketKind.TICKET_KIND_LEAVING if leaving else TicketKind.TICKET_KIND_UNSPECIFIED
    asking.open(OpenTicketRequest(customer=who, kind=kind, validate_only=dry_run, **fields))


@click.command()
@click.argument("key")
@click.option("--tier", required=True, help="The tier you speak for; it must be the present one.")
@click.option("--handler", help="Who works on it from now on. Default: the actor.")
@click.option("--turnaround", type=InstantOption(), help="By when it will be done, like 15:00: the customer is told.")
@changes
def ack(asking: Asking, *, key: str, tier: str, handler: str | None, turnaround: Instant | None) -> None:
    """Take a ticket on, speaking for its present tier."""
    request = AcknowledgeTicketRequest(tier=tier, handler=handler or asking.actor)
    if turnaround is not None:
        request.turnaround_time.FromDatetime(asking.instant(turnaround))
    asking.change(key, request)


@click.command()
@click.argument("key")
@click.argument("handler")
@changes
def assign(asking: Asking, key: str, handler: str) -> None:
    """Pass a ticket on within its tier: to HANDLER."""
    asking.change(key, AssignTicketRequest(handler=handler))


@click.command()
@click.argument("key")
@click.argument("priority")
@click.option("--reason", required=True, help="Why.")
@changes
def priority(asking: Asking, key: str, priority: str, reason: str) -> None:
    """Hold a ticket to the targets of another PRIORITY, with the time already spent."""
    asking.change(key, ChangePriorityRequest(priority=priority, reason=reason))


@click.command()
@click.argument("key")
@click.argument("text")
@changes
def note(asking: Asking, key: str, text: str) -> None:
    """Add a work note, which the customer never sees: TEXT."""
    asking.change(key, AddNoteRequest(text=text))


@click.command(cls=Positive)
@click.argument("key")
@click.argument("spent", type=LengthOption())
@click.argument("text", default="")
@changes
def time(asking: Asking, key: str, spent: timedelta, text: str) -> None:
    """Add time that was spent on a ticket: SPENT, like 25m or 1h30m, on TEXT. The customer never sees it."""
    length = Duration()
    length.FromTimedelta(spent)
    asking.change(key, LogTimeRequest(spent=length, text=text))


@click.command()
@click.argument("key")
@click.argument("text")
@click.option("--keeps", multiple=True, metavar="NAME", help="A promise that is kept by it; may be given again.")
@changes
def update(asking: Asking, key: str, text: str, keeps: Sequence[str]) -> None:
    """Tell the customer something: TEXT."""
    asking.change(key, PostUpdateRequest(text=text, keeps=keeps))


@click.command()
@click.argument("key")
@click.argument("question")
@changes
def wait(asking: Asking, key: str, question: str) -> None:
    """Ask the customer QUESTION and wait for the answer."""
    asking.change(key, WaitOnCustomerRequest(question=question))


@click.command("continue")
@click.argument("key")
@click.option("--reason", required=True, help="Why you go on.")
@changes
def continue_(asking: Asking, key: str, reason: str) -> None:
    """End the wait without an answer, or the hold."""
    asking.change(key, ContinueTicketRequest(reason=reason))


@click.command()
@click.argument("key")
@click.option("--from", "from_tier", required=True, help="The tier it leaves; it must be the present one.")
@click.option("--reason", required=True, help="Why.")
@changes
def escalate(asking: Asking, key: str, from_tier: str, reason: str) -> None:
    """Move a ticket to the next tier."""
    asking.change(key, EscalateTicketRequest(from_tier=from_tier, reason=reason))


@click.command()
@click.argument("key")
@click.option("--to", "to_tier", required=True, help="The tier it goes to.")
@click.option("--reason", required=True, help="Why.")
@changes
def transfer(asking: Asking, key: str, to_tier: str, reason: str) -> None:
    """Move a ticket to any other tier."""
    asking.change(key, TransferTicketRequest(to_tier=to_tier, reason=reason))


@click.command()
@click.argument("key")
@click.option("--outcome", type=OUTCOMES, default="fixed", show_default=True, help="How it was resolved.")
@click.option("--explanation", required=True, help="What the customer is told.")
@click.option("--alternative", default="", help="What is offered instead, when it is not feasible.")
@click.option("--duplicate-of", default="", help="Id or reference of the ticket it is merged into, as a duplicate.")
@click.option("--article", default="", help="Id of the article that solved it.")
@click.option("--keeps", multiple=True, metavar="NAME", help="A promise that is kept by it; may be given again.")
@changes
def resolve(asking: Asking, *, key: str, outcome: str, keeps: Sequence[str], **texts: str) -> None:
    """Say that a ticket is solved, or as solved as it gets."""
    request = ResolveTicketRequest(keeps=keeps)
    request.outcome = Outcome.Value(f"OUTCOME_{outcome.upper()}")
    for name, text in texts.items():
        setattr(request, name, text)
    asking.change(key, request)


@click.command()
@click.argument("key")
@click.option("--into", "survivor", required=True, help="Id or reference of the ticket that goes on.")
@click.option("--survivor-expected-version", type=NUMBER, default=0, help="The same of the ticket that goes on.")
@changes
def merge(asking: Asking, key: str, survivor: str, survivor_expected_version: int) -> None:
    """Close a ticket that says the same as another of its customer, which goes on with the earlier deadlines."""
    request = MergeTicketsRequest(survivor_id=survivor, survivor_expected_version=survivor_expected_version)
    asking.change(key, request)


@click.command()
@click.argument("key")
@click.option("--customer", default="", help="Your own key of who says so; another than the ticket's is refused.")
@changes
def confirm(asking: Asking, key: str, customer: str) -> None:
    """Record that the customer says it is solved."""
    asking.change(key, ConfirmResolutionRequest(customer=customer))


@click.command()
@click.argument("key")
@click.option("--reason", required=True, help="What is still wrong, in the customer's words.")
@click.option("--customer", default="", help="Your own key of who says so; another than the ticket's is refused.")
@changes
def reject(asking: Asking, key: str, reason: str, customer: str) -> None:
    """Record that the customer says it is not solved."""
    asking.change(key, RejectResolutionRequest(reason=reason, customer=customer))


@click.command()
@click.argument("key")
@click.option("--reason", required=True, help="Why.")
@changes
def reopen(asking: Asking, key: str, reason: str) -> None:
    """Take a closed ticket up again."""
    asking.change(key, ReopenTicketRequest(reason=reason))


@click.command()
@click.argument("key")
@click.option("--reason", required=True, help="Why the customer's word is not waited for.")
@changes
def close(asking: Asking, key: str, reason: str) -> None:
    """Close a resolved ticket without the customer's word."""
    asking.change(key, CloseTicketRequest(reason=reason))
