"""What the record lets in: looked at before any database is asked, so that both say the same of it.

Knows what a field must be to be stored and read, and no rule of a ticket.
"""

from dataclasses import fields
from datetime import datetime, timedelta
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from services.records.errors import AskedWrongly, TicketUnknown
from services.records.settled import Request
from workflows.domain.errors import CalendarError, DomainError, TextError
from workflows.domain.ticket.commands import Command, Import, MergeInto, Open, TakeOver
from workflows.domain.ticket.texts import TEXTS, is_storable, quoted, require_text, require_texts
from workflows.domain.zones import zone

MOST = 2**31 - 1
"""Of anything that is asked for by number at once."""
LAST_SEQUENCE = 2**63 - 1
"""The highest number that a log's line could have."""

COMMANDS = get_args(Command)
HALVES = (MergeInto, TakeOver)
"""Of a merge, which the record asks of both tickets or of neither."""


def require_command(command: Command | None) -> None:
    """See that a command is one, with fields of its types and texts that can be stored and read.

    Raises `DomainError`, for texts `TextError`: field, what is wrong, remedy.
    """
    if command is not None:
        _require_kind(command, COMMANDS)
        if isinstance(command, HALVES):
            raise DomainError(f"command {type(command).__name__!r} is half of a merge: merge both tickets at once")
        require_texts(command)
        _require_types(command)


def require_opening(command: Open | Import, *, is_named: bool = True) -> None:
    """See the same of an opening, and that the customer lives in a time zone; ids that are to be drawn need be none."""
    _require_kind(command, (Open, Import))
    require_texts(command, but=() if is_named else ("ticket_id", "reference"))
    _require_types(command)
    try:
        zone(command.customer.zone)
    except CalendarError as error:
        remedy = str(error).partition(": ")[2]
        raise DomainError(f"customer.zone {quoted(command.customer.zone)} is no time zone: {remedy}") from None


def require_request(request: Request | None) -> None:
    """See that a request's name can be stored, and its hash is one; raises `TextError`, `DomainError`."""
    if request is not None:
        require_text("caller", request.caller, TEXTS["caller"])
        require_text("request_id", request.request_id, TEXTS["request_id"])
        _require_types(request)


def require_ticket(ticket_id: str) -> None:
    """See that the record could hold a ticket of this id; raises `TicketUnknown`."""
    if not is_possible(ticket_id):
        raise TicketUnknown(f"ticket {ticket_id!r} is not in the record")


def is_possible(named: object) -> bool:
    """Whether a ticket, or a policy's version, could have this name: not every database can be asked for another."""
    return isinstance(named, str) and is_storable(named)


def require_possible(field: str, value: str) -> None:
    """See that every database can be asked for this text; raises `TextError`."""
    if not is_possible(value):
        raise TextError(f"{field} {quoted(value)} has a character that no text can have: leave it out")


def require_count(field: str, value: int, *, most: int = MOST) -> None:
    """See that so many can be asked for; raises `AskedWrongly`."""
    if not 0 <= value <= most:
        raise AskedWrongly(f"{field} {quoted(value)} cannot be asked for: say a whole number from 0 to {most}")


def instant_after(at: datetime, field: str, seconds: float) -> datetime:
    """The instant so many seconds later; raises `AskedWrongly` when there is none."""
    return _moved(at, field, seconds, 1)


def instant_before(at: datetime, field: str, seconds: float, *, speed: float = 1) -> datetime:
    """The instant so many seconds earlier, each `speed` seconds long; raises `AskedWrongly` when there is none."""
    return _moved(at, field, seconds, -speed)


def _moved(at: datetime, field: str, seconds: float, speed: float) -> datetime:
    try:
        if seconds >= 0:  # it may be no number at all
            return at + timedelta(seconds=seconds * speed)
    except OverflowError:
        pass
    raise AskedWrongly(f"{field} {seconds!r} leads to no instant: say seconds, from 0 and no more than a few years'")


def _require_kind(command: object, kinds: tuple[type, ...]) -> None:
    if not isinstance(command, kinds):
        raise DomainError(
            f"command is of type {type(command).__name__!r}: give one of {[kind.__name__ for kind in kinds]}"
        )


def _require_types(value: object) -> None:
    kind: Any = type(value)  # to mypy, a class of these is not hashable
    problems = tuple(
        f"{name} is of type {type(found).__name__!r}: make it of type {expected[0].__name__!r}"
        for name, expected in _types(kind)
        if not isinstance(found := getattr(value, name), expected)
    )
    if problems:
        raise DomainError(*problems)


@cache
def _types(kind: type) -> tuple[tuple[str, tuple[type, ...]], ...]:
    """The types of each field that is no text: texts have a rule of their own."""
    hints = get_type_hints(kind)
    allowed = ((field.name, _allowed(hints[field.name])) for field in fields(kind))
    return tuple((name, types) for name, types in allowed if name not in TEXTS or str not in types)


def _allowed(hint: Any) -> tuple[type, ...]:  # noqa: ANN401 - a type hint has no narrower type
    """What a field's hint allows; nothing is asked of what a tuple holds."""
    options = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return tuple(get_origin(option) or option for option in options)
