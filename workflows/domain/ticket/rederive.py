"""What a ticket's log must say, worked out anew from its list of (instant, input) (semantics 5.3).

Pure, and by the judge only. What the record keeps besides commands and the roster's answers is the instants at which
somebody looked at the clocks and found something due: `detected_at`. Told those, the judge says the same again, whoever
settled, however late, however often tried.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from workflows.domain.policy import Policy
from workflows.domain.ticket.closures import Told
from workflows.domain.ticket.commands import ChangePolicy, Command, Import, Open
from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.state import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A command that was applied, and the instant that it counts from (5.1)."""

    at: datetime
    command: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What nobody said to the ticket, and the instant of the settle with which it reached it (4.9, 2.11, 5.3)."""

    at: datetime
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """The ticket and its whole log, as the domain says they must be."""

    ticket: Ticket
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first line of a log that is not what the domain says; none on the side that has no such line."""

    sequence: int
    recorded: Entry | None
    derived: Entry | None


def rederive(
    policy: Policy,
    opening: Open | Import,
    opened_at: datetime,
    inputs: Iterable[Input],
    looked_at: Iterable[datetime],
    *,
    learnt: Iterable[Learnt] = (),
    later: Mapping[str, Policy] = MappingProxyType({}),
) -> Derived:
    """Judge a ticket from its opening on, at each instant of an input or a look, in the order of time.

    `policy` is the one that it was opened under; `later` those that it was moved to, by version (7.3). A command
    that is refused here changes nothing, as anywhere: the log then ends differently, and that shows.
    """
    commands = {each.at: each.command for each in inputs}
    told: dict[datetime, list[Told]] = {}
    for each in learnt:
        told.setdefault(each.at, []).append(each.told)
    judged = open_ticket(policy, opening, opened_at, told=told.pop(opened_at, ()))
    policies = {**later, judged.ticket.policy_version: policy}
    entries = list(judged.entries)
    for at in sorted({*commands, *told, *looked_at}):
        command = commands.get(at)
        onto = policies[command.policy_version] if isinstance(command, ChangePolicy) else None
        own = policies[judged.ticket.policy_version]
        judged = judge(own, judged.ticket, at, command, onto=onto, told=told.get(at, ()))
        entries += judged.entries
    return Derived(ticket=judged.ticket, entries=tuple(entries))


def looks(entries: Iterable[Entry]) -> tuple[datetime, ...]:
    """Every instant at which the clocks were found due, each once, in order."""
    detected = (getattr(entry.event, "detected_at", None) for entry in entries)
    return tuple(sorted({at for at in detected if at is not None}))


def first_difference(recorded: Iterable[Entry], derived: Iterable[Entry]) -> Difference | None:
    """Compare two logs line by line; none when they are the same."""
    theirs, ours = tuple(recorded), tuple(derived)
    for index in range(max(len(theirs), len(ours))):
        one = theirs[index] if index < len(theirs) else None
        other = ours[index] if index < len(ours) else None
        if one != other:
            return Difference(sequence=index + 1, recorded=one, derived=other)
    return None
