"""`followthrough queue …`: close a queue that cannot work, and open it again. Options in, one question out."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import click
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import RenderableType
from rich.table import Table

from protos.followthrough.v1.queue_service_pb2 import (
    CloseQueueRequest,
    ListQueueClosuresRequest,
    QueueClosure,
    ReopenQueueRequest,
)
from services.cli import tables, wording
from services.cli.asking import CALLER, Asking, Instant
from services.cli.options import InstantOption, asks, reads
from services.cli.sections import Sections
from services.cli.tables import headed
from services.cli.told import told_plainly
from services.client import BlockingQueueClient, Refused, Unreachable

PAGE = 100


@click.group(cls=Sections)
def queue() -> None:
    """Close a queue that cannot work, and open it again.

    While it is closed both clocks of the tier stand still, of all its tickets and of those that come meanwhile; what
    the customer was promised goes on. Planned days belong into the calendar of a policy. Exit code 0: done; 1: refused,
    with the reason; 2: no answer, or not understood.
    """


@queue.command()
@click.argument("queue", metavar="QUEUE")
@click.argument("reason")
@click.option("--from", "start_time", type=InstantOption(), help="From when on. Default: from now on.")
@click.option("--until", "end_time", type=InstantOption(), help="Until when. Default: until it is reopened.")
@asks
def close(asking: Asking, *, queue: str, reason: str, start_time: Instant | None, end_time: Instant | None) -> None:
    """Close QUEUE, for a REASON that whoever asks for a deadline later is told.

    Instants are read in the zone of your terminal unless they name one: 2026-11-26T15:00, 2026-11-26T15:00Z or 15:00,
    which is that of today, by the record's clock.

    \b
    followthrough queue close home "Snow on the hill road." --until 2026-11-26T12:00
    """
    request = CloseQueueRequest(queue=queue, reason=reason, request_id=asking.request_id)
    if start_time is not None:
        request.start_time.FromDatetime(asking.instant(start_time))
    if end_time is not None:
        request.end_time.FromDatetime(asking.instant(end_time))
    with _client(asking) as client:
        closed = client.close_queue(request)
        _show(asking, [closed], _one)
        _say_what_else_holds(client, closed, at=closed.start_time, holds="is closed already")


@queue.command()
@click.argument("closure_id", metavar="CLOSURE")
@click.argument("reason")
@click.option("--at", "end_time", type=InstantOption(), help="From when on it is open again. Default: from now on.")
@asks
def reopen(asking: Asking, *, closure_id: str, reason: str, end_time: Instant | None) -> None:
    """Say that CLOSURE is over, for a REASON; one that is ahead does not take place."""
    request = ReopenQueueRequest(closure_id=closure_id.upper(), reason=reason, request_id=asking.request_id)
    if end_time is not None:
        request.end_time.FromDatetime(asking.instant(end_time))
    with _client(asking) as client:
        over = client.reopen_queue(request)
        _show(asking, [over], _one)
        _say_what_else_holds(client, over, at=over.end_time, holds="is still closed")


@queue.command()
@click.argument("queue", metavar="QUEUE", default="")
@click.option("--all", "is_all", is_flag=True, help="Those too that are over.")
@reads
def closures(asking: Asking, *, queue: str, is_all: bool) -> None:
    """List closures that hold or are ahead, of QUEUE or of all, the last that was said first."""
    request = ListQueueClosuresRequest(queue=queue, include_over=is_all, page_size=PAGE)
    with _client(asking) as client:
        found = list(client.closures(request))
    if found:
        _show(asking, found, _several)
    else:
        click.echo("followthrough: no queue is closed" if not is_all else "followthrough: none was closed", err=True)


@contextmanager
def _client(asking: Asking) -> Iterator[BlockingQueueClient]:
    with told_plainly(asking.server, asking.credentials):
        address, credentials = str(asking.server), asking.credentials
        with BlockingQueueClient(address, caller=CALLER, actor=asking.actor, credentials=credentials) as client:
            yield client


def _say_what_else_holds(client: BlockingQueueClient, but: QueueClosure, *, at: Timestamp, holds: str) -> None:
    """Name the queue's other closures that hold at an instant: it is open when none does."""
    instant = wording.at(at)
    try:
        closures = list(client.closures(ListQueueClosuresRequest(queue=but.queue, page_size=PAGE)))
    except (Refused, Unreachable):
        return  # what was asked for is done and shown
    for each in closures:
        has_begun = wording.at(each.start_time) <= instant
        if each.closure_id != but.closure_id and has_begun and not _is_over(each, instant):
            until = wording.instant(each, "end_time") or "it is reopened"
            why = f"{each.closure_id}, by {each.actor}, until {until}: {each.reason}"
            click.echo(wording.plain(f"followthrough: {but.queue!r} {holds} by closure {why}").plain, err=True)


def _is_over(closure: QueueClosure, at: datetime) -> bool:
    return closure.HasField("end_time") and wording.at(closure.end_time) <= at


def _show(
    asking: Asking, found: Sequence[QueueClosure], table: Callable[[Sequence[QueueClosure]], RenderableType]
) -> None:
    if not asking.is_json:
        tables.write(table(found))
        return
    for each in found:
        click.echo(json.dumps(MessageToDict(each, preserving_proto_field_name=True), ensure_ascii=False))


def _one(found: Sequence[QueueClosure]) -> RenderableType:
    (closure,) = found
    rows = [
        ("closure", closure.closure_id),
        ("queue", closure.queue),
        ("from", wording.instant(closure, "start_time")),
        ("until", wording.instant(closure, "end_time") or "it is reopened"),
        ("closed by", f"{closure.actor}: {closure.reason}"),
    ]
    if closure.ended_by:
        rows.append(("reopened by", f"{closure.ended_by}: {closure.end_reason}"))
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, said in rows:
        table.add_row(name, wording.plain(said))
    return table


def _several(found: Sequence[QueueClosure]) -> RenderableType:
    table = headed("closure", "queue", "from", "until", "by", "reason")
    for each in found:
        until = wording.short_instant(each, "end_time") or "it is reopened"
        cells = (each.closure_id, each.queue, wording.short_instant(each, "start_time"), until, each.actor, each.reason)
        table.add_row(*(wording.plain(cell) for cell in cells))
    return table
