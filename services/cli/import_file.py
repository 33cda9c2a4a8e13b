"""What `followthrough ticket import` reads: a file of tickets from elsewhere, as requests. Asks nobody anything.

JSON: a list, one object, or an object a line, with the fields of ImportTicketRequest. Closed sets and lengths may be
written as people say them: `open`, `resolve`, `5h30m`.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from protos.followthrough.v1.ticket_service_pb2 import ImportTicketRequest
from services.cli.json_fields import NoMessage, fill, kind_of

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "followthrough.v1.ImportTicket")
"""Of the ids of requests that name none: the same item has the same id, whenever the file is read."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that is no request."""

    name: str
    """Which item it is, for people."""
    problem: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and which item it is of, for people."""

    name: str
    request: ImportTicketRequest
    is_drawn: bool
    """Whether its id was drawn here: the file names none."""


def read(text: str) -> Iterator[Asked | Mistake]:
    """Yield every item of a file, in its order."""
    for number, item in enumerate(_items(text), start=1):
        if isinstance(item, Mistake):
            yield item
            continue
        name = f"item {number}"
        if not isinstance(item, dict):
            yield Mistake(name, f"is a JSON {kind_of(item)}: write an object with the fields of ImportTicketRequest")
            continue
        references = item.get("references")
        first = references[0] if isinstance(references, list) and references else None
        if isinstance(first, str) and first:
            name = f"{name} ({first})"
        request = ImportTicketRequest()
        try:
            fill(request, item)
        except NoMessage as error:
            yield Mistake(name, f"is no ImportTicketRequest: {error}")
            continue
        is_drawn = not request.request_id
        request.request_id = request.request_id or _request_id(item, first)
        yield Asked(name, request, is_drawn)


def _items(text: str) -> Iterator[object]:
    """Yield the objects of a list, a single one, or those of each line."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        yield from _lines(text)
    else:
        yield from whole if isinstance(whole, list) else [whole]


def _lines(text: str) -> Iterator[object]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except ValueError as error:
            yield Mistake(f"line {number}", f"is no JSON: {error}")
        except RecursionError:
            yield Mistake(f"line {number}", "has lists within lists without end: write one object a line")


def _request_id(item: Mapping[str, object], reference: object) -> str:
    """Draw it from what the ticket is called elsewhere, else from all of it.

    So a file that is read again brings nothing in twice; and a ticket that was edited since, by its name, is refused.
    """
    said = reference if isinstance(reference, str) and reference else json.dumps(item, sort_keys=True)
    return str(uuid.uuid5(_NAMESPACE, said))
