"""What settle reads and writes, row by row: plain tuples in the order of their columns, and how they are made.

Pure: told the instant, the real one and the judge's word. The statements of each dialect only carry these over.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import NamedTuple

from services.records import codec
from services.records.contact_keys import key_of_matter, key_of_thread, keys_of_import
from services.records.owed_messages import stored_kind
from services.records.signals import SignalColumns, signals
from services.records.state_versions import version_of
from services.records.totals import Delta, deltas
from workflows.domain.policy import Policy
from workflows.domain.ticket.clocks import is_warned
from workflows.domain.ticket.closures import Told
from workflows.domain.ticket.commands import Import, RecordContact
from workflows.domain.ticket.events import Entry, ProblemLinked, ProblemUnlinked, Resolved, UpdatePosted
from workflows.domain.ticket.promises import is_promise_warned
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import RULES_VERSION, Judged
from workflows.domain.ticket.words import Audience, CreditState, Status


class TicketColumns(NamedTuple):
    """Every column of `tickets` that settle writes; it clears what marks a ticket as stuck."""

    ticket_id: str
    reference: str
    status: str
    tier: str
    queue: str
    priority: str
    policy: str
    policy_version: str
    owner: str | None
    handler: str | None
    promised_by: str | None
    credit_asked_at: datetime | None
    customer_id: str
    version: int
    sequence: int
    inputs: int
    opened_at: datetime
    closed_at: datetime | None
    deadline_at: datetime | None
    warned_deadline_at: datetime | None
    wake_at: datetime | None
    told_at: datetime | None
    advanced_to: datetime
    settled_at: datetime
    state: str
    state_version: int


class EventColumns(NamedTuple):
    """A new line of a log."""

    ticket_id: str
    sequence: int
    at: datetime
    recorded_at: datetime
    actor: str | None
    kind: str
    body: str
    rules_version: int


class InputColumns(NamedTuple):
    """An input that was applied."""

    ticket_id: str
    number: int
    at: datetime
    kind: str
    body: str


class ReplyColumns(NamedTuple):
    """What a request is answered, now and whenever it comes again."""

    caller: str
    request_id: str
    body_hash: bytes
    ticket_id: str
    at: datetime
    stored_at: datetime
    answer: bytes | None
    refusal: str | None


class MessageColumns(NamedTuple):
    """Somebody is to be told."""

    ticket_id: str
    sequence: int
    kind: str
    audience: str
    recipient: str
    recorded_at: datetime


class DeltaColumns(NamedTuple):
    """What a total grows by."""

    name: str
    labels: str
    amount: int


class LinkColumns(NamedTuple):
    """Whether a problem is behind a ticket, from now on."""

    problem_id: str
    ticket_id: str
    sequence: int
    at: datetime
    is_linked: bool


class TurnColumns(NamedTuple):
    """A ticket whose turn comes in an announcement, in the place of one that was merged into it."""

    announcement_id: str
    ticket_id: str
    instead_of: str


class ResultColumns(NamedTuple):
    """What became of one ticket of an announcement."""

    announcement_id: str
    ticket_id: str
    outcome: str
    at: datetime
    told_in: str | None


class KeyColumns(NamedTuple):
    """What a contact is found by, and the ticket that it leads to from now on."""

    key: bytes
    ticket_id: str


class PolicyColumns(NamedTuple):
    """A policy's snapshot."""

    version: str
    name: str
    body: str
    stored_at: datetime


class Held(NamedTuple):
    """A ticket's row as it was read under its lock."""

    ticket_id: str
    state: str
    state_version: int
    policy: str
    policy_version: str
    queue: str
    advanced_to: datetime
    wake_at: datetime | None
    told_at: datetime | None
    inputs: int
    stuck_tries: int
    real_at: datetime
    """The real instant, read once the lock was had."""
    told: tuple[Told, ...] = ()
    """What its policy's roster answered lately, and what stands; the closures of its queue that are not over."""


HELD_COLUMNS = Held._fields[:-2]
"""Those of them that are columns of `tickets`."""


class HeldProblem(NamedTuple):
    """A problem's row as it was read under its lock."""

    problem_id: str
    kind: str
    state: str
    title: str
    words: str
    opened_by: str
    opened_at: datetime
    changed_by: str
    changed_at: datetime
    closed_at: datetime | None
    closed_for: str | None
    version: int
    real_at: datetime
    """The real instant, read once the lock was had."""
    linked_count: int
    """Tickets that are linked to it."""


HELD_PROBLEM_COLUMNS = HeldProblem._fields[:-2]
"""Those of them that are columns of `problems`."""


class Greeting(NamedTuple):
    """What an opening reads before it judges."""

    real_at: datetime
    clock: str | None
    """The name that the record was written by; none before the first connection."""
    reply: ReplyColumns | None
    told: tuple[Told, ...] = ()
    """What the policy's roster answered lately, and what stands, and the queue's closures; where it was asked for."""


class Rows(NamedTuple):
    """All that one transaction writes, of one ticket or of many."""

    tickets: tuple[TicketColumns, ...] = ()
    events: tuple[EventColumns, ...] = ()
    inputs: tuple[InputColumns, ...] = ()
    replies: tuple[ReplyColumns, ...] = ()
    messages: tuple[MessageColumns, ...] = ()
    links: tuple[LinkColumns, ...] = ()
    turns: tuple[TurnColumns, ...] = ()
    results: tuple[ResultColumns, ...] = ()
    signals: tuple[SignalColumns, ...] = ()
    keys: tuple[KeyColumns, ...] = ()
    """They lead to this ticket from now on, whatever they led to."""
    claims: tuple[KeyColumns, ...] = ()
    """They must lead to none: where another was quicker nothing of all this is written."""
    deltas: tuple[DeltaColumns, ...] = ()


def together(batch: Sequence[Rows]) -> Rows:
    """What is written of many tickets at once: whatever adds to one total is one delta."""
    sums: Counter[tuple[str, str]] = Counter()
    for rows in batch:
        for name, labels, amount in rows.deltas:
            sums[name, labels] += amount
    return Rows(
        tickets=tuple(chain.from_iterable(rows.tickets for rows in batch)),
        events=tuple(chain.from_iterable(rows.events for rows in batch)),
        inputs=tuple(chain.from_iterable(rows.inputs for rows in batch)),
        replies=tuple(chain.from_iterable(rows.replies for rows in batch)),
        messages=tuple(chain.from_iterable(rows.messages for rows in batch)),
        links=tuple(chain.from_iterable(rows.links for rows in batch)),
        turns=tuple(chain.from_iterable(rows.turns for rows in batch)),
        results=tuple(chain.from_iterable(rows.results for rows in batch)),
        signals=tuple(chain.from_iterable(rows.signals for rows in batch)),
        keys=tuple(chain.from_iterable(rows.keys for rows in batch)),
        claims=tuple(chain.from_iterable(rows.claims for rows in batch)),
        deltas=tuple(DeltaColumns(*key, amount) for key, amount in sums.items()),
    )


def rows_of(
    judged: Judged,
    policy: Policy,
    *,
    after: Policy,
    instant: datetime,
    real_at: datetime,
    wake_at: datetime | None,
    told_at: datetime | None,
    number: int,
    clock_speed: float,
    command: codec.Input | None = None,
    rescued: bool = False,
) -> Rows:
    """Everything that a judged ticket changes, but for the reply.

    `policy` is the ticket's own before, and `after` afterwards: another where it was moved to another version (7.3).
    `number` is that of the last input before; `wake_at` is the ticket's own, as it stands now; `told_at` is the wake-up
    that the workflow knows of after this settle; `clock_speed` is the record's clock's, in seconds a real one.
    """
    inputs: list[codec.Input] = [command] if command is not None and judged.refusal is None else []
    inputs += judged.answers
    inputs += judged.closures
    first, number = number + 1, number + len(inputs)
    ticket_id = judged.ticket.ticket_id
    return Rows(
        tickets=(
            _ticket_columns(
                judged.ticket, after, instant=instant, real_at=real_at, wake_at=wake_at, told_at=told_at, inputs=number
            ),
        ),
        events=tuple(
            EventColumns(
                ticket_id,
                entry.sequence,
                entry.at,
                instant,
                entry.actor,
                codec.kind_of(entry.event),
                codec.event_to_json(entry.event),
                RULES_VERSION,
            )
            for entry in judged.entries
        ),
        inputs=tuple(
            InputColumns(ticket_id, place, instant, codec.kind_of(given), codec.command_to_json(given))
            for place, given in enumerate(inputs, first)
        ),
        messages=tuple(_messages(judged, instant)),
        links=tuple(_links(ticket_id, judged.entries, instant)),
        signals=tuple(signals(judged.ticket, judged.entries, after)),
        keys=_keys(judged.ticket, inputs[0], is_new=first == 1) if inputs else (),
        claims=_claims(command) if isinstance(command, Import) else (),
        deltas=tuple(
            delta_columns(delta)
            for delta in deltas(
                judged.ticket, judged.entries, policy, after=after, clock_speed=clock_speed, rescued=rescued
            )
        ),
    )


def _messages(judged: Judged, instant: datetime) -> Iterator[MessageColumns]:
    """What somebody is owed; the same message twice is one message."""
    for_others = {
        entry.sequence
        for entry in judged.entries
        if isinstance(entry.event, (UpdatePosted, Resolved)) and entry.event.also_for
    }
    for each in dict.fromkeys(judged.messages):
        is_for_others = each.sequence in for_others and each.audience is Audience.CUSTOMER
        kind = stored_kind(each.kind, is_for_others=is_for_others)
        yield MessageColumns(judged.ticket.ticket_id, each.sequence, kind, each.audience.value, each.recipient, instant)


def _links(ticket_id: str, entries: Iterable[Entry], instant: datetime) -> Iterator[LinkColumns]:
    """What the log says of problems, to be found by the problem."""
    for entry in entries:
        if isinstance(entry.event, (ProblemLinked, ProblemUnlinked)):
            is_linked = isinstance(entry.event, ProblemLinked)
            yield LinkColumns(entry.event.problem_id, ticket_id, entry.sequence, instant, is_linked)


def _keys(ticket: Ticket, given: codec.Input, *, is_new: bool) -> tuple[KeyColumns, ...]:
    """What leads to a ticket from now on; in one order, so that two who write the same never wait for each other."""
    if is_new:
        thread = None if ticket.thread is None else key_of_thread(ticket.thread)
        keys = filter(None, (thread, key_of_matter(ticket.customer.external_id, ticket.subject)))
        return tuple(KeyColumns(key, ticket.ticket_id) for key in sorted(keys))
    if isinstance(given, RecordContact) and given.thread is not None:
        return (KeyColumns(key_of_thread(given.thread), ticket.ticket_id),)
    return ()


def _claims(command: Import) -> tuple[KeyColumns, ...]:
    """What must lead to no other ticket: it comes in once (6.14)."""
    keys = keys_of_import(command.references, command.customer.external_id, command.subject, command.opened_at)
    return tuple(KeyColumns(key, command.ticket_id) for key in keys)


def delta_columns(delta: Delta) -> DeltaColumns:
    """One total's growth as it is stored."""
    return DeltaColumns(delta.name, _labels(delta.labels), delta.amount)


@cache  # there are as many as series of figures: policies and desks name them, never a customer
def _labels(labels: tuple[str, ...]) -> str:
    return codec.data_to_json(labels)


def _ticket_columns(
    ticket: Ticket,
    policy: Policy,
    *,
    instant: datetime,
    real_at: datetime,
    wake_at: datetime | None,
    told_at: datetime | None,
    inputs: int,
) -> TicketColumns:
    return TicketColumns(
        ticket_id=ticket.ticket_id,
        reference=ticket.reference,
        status=ticket.status.value,
        tier=ticket.tier,
        queue=ticket.queue,
        priority=ticket.priority,
        policy=ticket.policy,
        policy_version=ticket.policy_version,
        owner=ticket.owner,
        handler=ticket.handler,
        promised_by=promised_by(ticket),
        credit_asked_at=_credit_asked_at(ticket),
        customer_id=ticket.customer.external_id,
        version=ticket.version,
        sequence=ticket.sequence,
        inputs=inputs,
        opened_at=ticket.opened_at,
        closed_at=ticket.closed_at,
        deadline_at=ticket.deadline_at(),
        warned_deadline_at=_warned_deadline_at(ticket, policy),
        wake_at=wake_at,
        told_at=told_at,
        advanced_to=instant,
        settled_at=real_at,
        state=codec.state_to_json(ticket),
        state_version=version_of(ticket),
    )


def promised_by(ticket: Ticket) -> str | None:
    """Who owes an open promise on it, and does not find it among their own work; none: nobody does.

    So of a ticket that another handles, or nobody, and of one that is resolved, which its handler has done with.
    """
    works_on_it = None if ticket.status is Status.RESOLVED else ticket.handler
    owed_by = dict.fromkeys(each.owner for each in ticket.promises if each.is_open and each.owner != works_on_it)
    return "".join(f"\n{owner}\n" for owner in owed_by if owner) or None


def _credit_asked_at(ticket: Ticket) -> datetime | None:
    asked = (credit.at for credit in ticket.credits if credit.state is CreditState.AWAITING_APPROVAL)
    return min(asked, default=None)


def _warned_deadline_at(ticket: Ticket, policy: Policy) -> datetime | None:
    warned = [clock.deadline_at for clock in ticket.clocks if is_warned(policy, clock)]
    warned += [promise.promised_at for promise in ticket.promises if is_promise_warned(policy, promise)]
    return min(filter(None, warned), default=None)
