"""Past tickets of the system's own record: their inputs, as they were obeyed. Reads, in pages; writes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from services.desk_log.sample import evenly
from services.records.errors import LogTooNew, PolicyTooNew, PolicyUnreadable
from services.records.queries import Input, Queries, TicketFilter
from services.simulation.past import PastTicket, Said
from services.simulation.source import CannotSimulate, Given, Source, Wanted
from workflows.domain.ticket.closures import Closure
from workflows.domain.ticket.commands import Import, Open
from workflows.domain.ticket.roster import RosterAnswer
from workflows.planning.restating import Ladder

PAGE = 200
"""Tickets that are asked for at once."""
TIERS = (
    "tiers: what people did is said to the tier that has the ticket under the policy simulated. A hand-over is one "
    "tier up, and none where the clocks have taken it; a transfer goes to the tier of that name, else of that rung"
)
ROSTERS = "rosters: who could not be reached then cannot be reached here, as far as it reached the ticket"
IMPORTED = "it was imported: how it came to where it was then is told elsewhere"
PEOPLE = "people: they do what they did, when they did it. That they would have acted otherwise, nobody knows"


async def from_record(
    queries: Queries, name: str, wanted: Wanted, *, read: Callable[[int], None] = lambda _: None
) -> Given:
    """Read the tickets that are wanted. They are judged until the record's present instant.

    Calls `read` with a number of tickets whenever so many more were read. Raises `RecordError`; `CannotSimulate` when
    there is none.
    """
    until = await queries.instant()
    found = await _found(queries, wanted)
    chosen = evenly(found, wanted.number or len(found))
    if not chosen:
        raise CannotSimulate(_nothing(name, wanted))
    pasts: list[PastTicket] = []
    problems: list[str] = []
    left_out: list[str] = []
    for first in range(0, len(chosen), PAGE):
        page = chosen[first : first + PAGE]
        inputs = await queries.inputs_of([each.ticket_id for each in page])
        for each in page:
            try:
                ladder = Ladder.of(await queries.policy(each.policy_version))
            except (PolicyUnreadable, PolicyTooNew) as unreadable:
                problems.append(f"ticket {each.reference}: {unreadable}")
                continue
            past = _past(inputs.get(each.ticket_id, []), ladder, wanted.priority)
            if past is None:
                left_out.append(f"ticket {each.reference}: {IMPORTED}")
            elif isinstance(past, str):
                problems.append(f"ticket {each.reference}: {past}")
            else:
                pasts.append(past)
        read(len(page))
    if not pasts:
        raise CannotSimulate(
            f"{name}: none of {len(chosen)} tickets can be read, the first: {[*problems, *left_out][0]}"
        )
    return Given(
        pasts=tuple(pasts),
        until=until,
        source=Source(
            name=name,
            counts={
                "tickets found": len(found),
                "left out: not asked for": len(found) - len(chosen),
                "left out: cannot be read": len(problems),
                "left out: imported": len(left_out),
                "tickets told again": len(pasts),
                "commands of these": sum(len(past.said) for past in pasts),
            },
            problems=tuple(problems),
            left_out=tuple(left_out),
            notes=(*_priorities(wanted.priority), TIERS, ROSTERS, PEOPLE),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What is kept of a ticket while the others are being found."""

    ticket_id: str
    reference: str
    policy_version: str


async def _found(queries: Queries, wanted: Wanted) -> list[_Found]:
    """In the order of their ids, which is roughly that of their openings."""
    which = TicketFilter(
        queue=wanted.queue, policy=wanted.policy, opened_since=wanted.since, opened_before=wanted.before
    )
    found: list[_Found] = []
    page = await queries.tickets(which, page_size=PAGE)
    while page:
        found += (_Found(each.ticket_id, each.reference, each.policy_version) for each in page)
        page = await queries.tickets(which, page_size=PAGE, after=page[-1].ticket_id)
    return found


def _past(inputs: Sequence[Input] | LogTooNew, ladder: Ladder, priority: str | None) -> PastTicket | str | None:
    """Make a past ticket of its inputs, or say why it cannot be; none: it was imported."""
    if isinstance(inputs, LogTooNew):
        return str(inputs)
    match inputs:
        case [Input(command=Open() as opening, at=opened_at), *others]:
            opening = replace(opening, priority=priority) if priority else opening
            said, roster, closures = [], [], []
            for each in others:
                if isinstance(each.command, RosterAnswer):
                    roster.append(each.command)
                elif isinstance(each.command, Closure):
                    closures.append(each.command)
                elif not isinstance(each.command, Open | Import):
                    said.append(Said(at=each.at, command=each.command))
            return PastTicket(
                opening=opening,
                opened_at=opened_at,
                said=tuple(said),
                ladder=ladder,
                roster=tuple(roster),
                closures=tuple(closures),
            )
        case [Input(command=Import()), *_]:
            return None
        case _:
            return "its first input is no opening"


def _nothing(name: str, wanted: Wanted) -> str:
    asked = {
        "under policy": wanted.policy,
        "at queue": wanted.queue,
        "since": wanted.since and f"{wanted.since:%Y-%m-%d %H:%M}",
        "before": wanted.before and f"{wanted.before:%Y-%m-%d %H:%M}",
    }
    said = " ".join(f"{what} {value!r}" for what, value in asked.items() if value)
    return f"{name} has no ticket{' opened ' + said if said else ''}: ask for others, or simulate a log with --log"


def _priorities(given: str | None) -> Sequence[str]:
    return [f"priorities: every ticket is {given!r}, as it was asked for"] if given is not None else []
