"""`followthrough ticket import`: brings tickets in from elsewhere, one by one, and says which could not be.

The file can be given again: what was brought in stays, and is said to be in already, with the ticket that it became.
"""

import asyncio
import json
import sys
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TextIO

import click
from google.protobuf.json_format import MessageToDict

from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import ImportTicketRequest
from services.cli.asking import CALLER, Asking
from services.cli.failing import Failed
from services.cli.import_file import Asked, Mistake, read
from services.cli.options import reads
from services.cli.progress import TicketBar
from services.cli.told import told_plainly
from services.client import Refused, TicketClient

BROUGHT_IN, IN_ALREADY, WRONG = "brought in", "in already", "wrong"
TRIED = "nothing was brought in: this is what would be"


@click.command("import")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--actor", help="Who asks: an operator. Default: FOLLOWTHROUGH_ACTOR, else the login name.")
@click.option("--keep-going", is_flag=True, help="Go on behind what cannot be brought in, and tell all of it.")
@click.option("--dry-run", is_flag=True, help="Say what cannot be brought in; bring nothing in.")
@reads
def import_(asking: Asking, *, file: TextIO, keep_going: bool, dry_run: bool) -> None:
    """Bring open tickets in from elsewhere: FILE, or - for what is piped.

    JSON with the fields of ImportTicketRequest: a list, or an object a line. Stops at the first mistake. Prints what
    each ticket is called there and here. Give the same FILE again after a mistake: what is in stays as it is, and is
    said to be in already. An item is known again by each of its references, without one by its customer, subject and
    open_time: whoever brought it in, and however long ago.

    \b
    {"references": ["INC0012345"], "queue": "home", "priority": "normal", "channel": "phone",
     "subject": "No connection", "open_time": "2026-11-23T08:00:00Z",
     "customer": {"external_id": "C-1042", "display_name": "Ada Example",
                  "language": "en-GB", "zone": "Europe/London"},
     "tier": "agent", "status": "in_progress", "handler": "ann", "owner": "ann",
     "clocks": [{"target": "tier_resolve", "used": "2h"}, {"target": "update", "used": "30m"},
                {"target": "resolve", "used": "5h30m"}],
     "breaches": [{"target": "acknowledge", "due_time": "2026-11-23T08:15:00Z"}]}
    """
    items = list(_read(file))
    if not items:
        raise Failed(f"{file.name!r} holds no ticket: write a JSON list, or an object a line", exit_code=1)
    done: Counter[str] = Counter()
    is_through = False
    try:
        with told_plainly(asking.server, asking.credentials):
            asyncio.run(_bring_in(asking, items, done, keeps_going=keep_going, is_tried=dry_run))
            is_through = True
    finally:
        _sum_up(done, len(items), is_tried=dry_run, is_through=is_through)
    if done[WRONG]:
        raise click.exceptions.Exit(1)


def _read(file: TextIO) -> Sequence[Asked | Mistake]:
    try:
        return list(read(file.read()))
    except UnicodeDecodeError as error:
        raise Failed(f"{file.name!r} is no UTF-8 at byte {error.start}: write it so", exit_code=1) from None


async def _bring_in(
    asking: Asking, items: Sequence[Asked | Mistake], done: Counter[str], *, keeps_going: bool, is_tried: bool
) -> None:
    client_of = TicketClient(str(asking.server), caller=CALLER, actor=asking.actor, credentials=asking.credentials)
    # What is printed is progress enough, where it is printed.
    with TicketBar(is_shown=not sys.stdout.isatty()) as shown:
        shown.expects(len(items))
        async with client_of as client:
            begun_at, seen = await client.record_time(), set[str]()
            for item in items:
                try:
                    if isinstance(item, Asked):
                        item.request.validate_only = item.request.validate_only or is_tried
                        ticket = await client.change(item.request)
                        is_known = ticket.ticket_id in seen or _was_in(ticket, begun_at)
                        seen.update(filter(None, (ticket.ticket_id,)))
                        _show(asking, item, ticket, is_known=is_known)
                        done[IN_ALREADY if is_known else BROUGHT_IN] += 1
                    else:
                        _blame(item.name, item.problem, done)
                except Refused as refused:
                    if isinstance(item, Asked) and refused.reason == "ALREADY_IMPORTED":
                        _show(asking, item, _called(refused), is_known=True)
                        done[IN_ALREADY] += 1
                        continue
                    if not refused.reason or refused.reason == "NOT_AN_OPERATOR":  # so it is with all of them
                        raise
                    if isinstance(item, Asked) and item.is_drawn and refused.reason == "REQUEST_ID_REUSED":
                        _blame(item.name, await _changed(client, item), done)
                        continue
                    told = [each.description for each in refused.violations] or [refused.text]
                    _blame(item.name, f"was refused: {'; '.join(told)} [{refused.reason}]", done)
                finally:
                    shown.advance()
                if done[WRONG] and not keeps_going:
                    return


async def _changed(client: TicketClient, item: Asked) -> str:
    """Say of an item that came in with other content what it became, which the rules tell who tries it anew."""
    tried = ImportTicketRequest()
    tried.CopyFrom(item.request)
    tried.request_id, tried.validate_only = str(uuid.uuid4()), True
    here = ""
    try:
        await client.change(tried)
    except Refused as refused:
        here = f" as {_called(refused).reference}" if refused.reason == "ALREADY_IMPORTED" else ""
    return f"was brought in already{here}, with other content: change it there, and leave it out here"


def _called(refused: Refused) -> Ticket:
    """What the ticket is called that it became, whoever brought it in and however long ago."""
    return Ticket(ticket_id=refused.facts.get("ticket_id", ""), reference=refused.facts.get("reference", ""))


def _was_in(ticket: Ticket, begun_at: datetime | None) -> bool:
    """Whether it had come in before: a request that was answered then is answered the same."""
    return begun_at is not None and ticket.HasField("import_time") and ticket.import_time.ToDatetime(UTC) < begun_at


def _blame(name: str, problem: str, done: Counter[str]) -> None:
    done[WRONG] += 1
    click.echo(f"followthrough: {name} {problem}", err=True)


def _show(asking: Asking, item: Asked, ticket: Ticket, *, is_known: bool) -> None:
    if asking.is_json:
        click.echo(json.dumps(MessageToDict(ticket, preserving_proto_field_name=True), ensure_ascii=False))
        return
    called = ", ".join(item.request.references) or item.name
    here = f"{called} -> {ticket.reference} {ticket.ticket_id}{f', {IN_ALREADY}' if is_known else ''}"
    click.echo(here if ticket.ticket_id else f"{called} can be")


def _sum_up(done: Counter[str], whole: int, *, is_tried: bool, is_through: bool) -> None:
    """Say how far it came, and what to do now; where it was not gone through, that is for the reason that follows."""
    known = f"; {done[IN_ALREADY]} {'was' if done[IN_ALREADY] == 1 else 'were'} in already" if done[IN_ALREADY] else ""
    said = TRIED if is_tried else f"brought in {done[BROUGHT_IN]} of {whole}{known}"
    left = whole - done.total()
    wrong = f"; {done[WRONG]} wrong" if done[WRONG] else ""
    more = f"; {left} not asked yet" if left else ""
    again = (
        ""
        if is_tried or not is_through or not (left or done[WRONG])
        else ": correct what is wrong and give the same file again"
    )
    click.echo(f"followthrough: {said}{wrong}{more}{again}", err=True)
