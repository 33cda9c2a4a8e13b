"""`followthrough ticket …`: what can be seen of tickets. Options in, one question out."""

from collections.abc import Sequence

import click

from protos.followthrough.v1.ticket_pb2 import Target, TicketStatus
from protos.followthrough.v1.ticket_service_pb2 import ExplainDeadlinesRequest, ListTicketsRequest
from services.cli.asking import LONGEST_PAGE, Asking
from services.cli.numbers import WholeNumber
from services.cli.options import NUMBER, reads

STATUSES = click.Choice(["open", "in_progress", "waiting_on_customer", "resolved", "closed"])
CLOCKS = click.Choice(["acknowledge", "tier_resolve", "update", "resolve", "promise"])


@click.command()
@click.argument("key")
@reads
def show(asking: Asking, key: str) -> None:
    """Show one ticket and its clocks."""
    asking.show(key)


@click.command()
@click.argument("key")
@reads
def handover(asking: Asking, key: str) -> None:
    """Show a ticket's story in one page, for whoever has it next: nobody has to tell it twice.

    Times are the customer's own. Notes are in it: it is not for the customer.
    """
    asking.handover(key)


@click.command("list")
@click.option("--status", "statuses", type=STATUSES, multiple=True, help="Only these; one status at a time.")
@click.option("--tier", default="", help="Only those that this tier has.")
@click.option("--queue", default="", help="Only those of this queue.")
@click.option("--priority", default="", help="Only those of this priority.")
@click.option("--policy", default="", help="Only those that this policy was promised to.")
@click.option("--handler", default="", help="Only those that this person works on.")
@click.option("--owner", default="", help="Only those of which this person speaks to the customer.")
@click.option("--untaken", is_flag=True, help="Only those that nobody of their present tier works on.")
@click.option("--customer", "customer_external_id", default="", help="Only those of this customer.")
@click.option("--limit", type=WholeNumber(min=1), default=50, show_default=True, help="At most so many.")
@click.option("--all", "is_all", is_flag=True, help="However many there are.")
@click.option("--wide", "is_wide", is_flag=True, help="Every column, however narrow the terminal is.")
@reads
def list_(
    asking: Asking, *, statuses: Sequence[str], untaken: bool, limit: int, is_all: bool, is_wide: bool, **filters: str
) -> None:
    """List tickets, the oldest first; what is left out by the limit is said."""
    page_size = LONGEST_PAGE if is_all else min(limit + 1, LONGEST_PAGE)  # one more tells whether there are more
    request = _wanted(filters, untaken=untaken, page_size=page_size)
    if len(statuses) > 1:
        raise click.UsageError(f"--status is given {len(statuses)} times: give it once, and ask once for each")
    for status in statuses:
        request.status = TicketStatus.Value(f"TICKET_STATUS_{status.upper()}")
    asking.tickets(request, limit=None if is_all else limit, is_wide=is_wide)


@click.command("next")
@click.option("--handler", help="Whose tickets. Default: FOLLOWTHROUGH_ACTOR, else the login name.")
@click.option("--untaken", is_flag=True, help="Instead, what waits to be taken; with --tier, by that tier.")
@click.option("--tier", default="", help="Only those that this tier has.")
@click.option("--queue", default="", help="Only those of this queue.")
@click.option("--limit", type=WholeNumber(min=1, max=LONGEST_PAGE), default=10, show_default=True, help="So many.")
@click.option("--wide", "is_wide", is_flag=True, help="Every column, however narrow the terminal is.")
@reads
def next_(asking: Asking, *, handler: str | None, untaken: bool, limit: int, is_wide: bool, **filters: str) -> None:
    """Show what is due next: your tickets, the most pressing first, and the wall-clock time that is left.

    With them what you promised the customers of other tickets: those that somebody else works on, or nobody, and those
    that are resolved. Of these the time left is your promise's.
    """
    if untaken and handler:
        raise click.UsageError("--untaken is what nobody works on: leave out --handler")
    request = _wanted(filters, untaken=untaken, page_size=limit)
    request.order_by = "deadline_time"
    request.handler = "" if untaken else handler or asking.actor
    request.with_promises = not untaken
    asking.next_due(request, limit=limit, is_wide=is_wide)


@click.command()
@click.argument("key")
@click.option("--clock", type=CLOCKS, help="Only this one.")
@click.option("--live", "is_live", is_flag=True, help="Only those that have not ended.")
@reads
def explain(asking: Asking, *, key: str, clock: str | None, is_live: bool) -> None:
    """Show why each deadline is when it is: what was promised, when it counted, when it stood still, what is left.

    Local times are those of the calendar that the clock counts in. All is shown to the second; --json tells the
    recorded figures, to the microsecond.
    """
    request = ExplainDeadlinesRequest(live_only=is_live)
    if clock is not None:
        request.target = Target.Value(f"TARGET_{clock.upper()}")
    asking.explain(key, request)


@click.command()
@click.argument("key")
@click.option("--after", "after_sequence", type=NUMBER, default=0, help="Only what happened after this number.")
@reads
def events(asking: Asking, key: str, after_sequence: int) -> None:
    """Show what happened to a ticket, in order."""
    asking.events(key, after_sequence)


@click.command()
@click.argument("key")
@click.option("--after", "after_sequence", type=NUMBER, help="Also what happened after this number.")
@reads
def watch(asking: Asking, key: str, after_sequence: int | None) -> None:
    """Show what happens to a ticket from now on, as it happens, until Ctrl-C.

    A connection that is lost is made again, and nothing is left out; when nobody answers for a minute, it ends.
    """
    asking.watch(key, after_sequence)


def _wanted(filters: dict[str, str], *, untaken: bool, page_size: int) -> ListTicketsRequest:
    request = ListTicketsRequest(untaken=untaken, page_size=page_size)
    for name, value in filters.items():
        setattr(request, name, value)
    return request
