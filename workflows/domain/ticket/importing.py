"""An open ticket from elsewhere, as it stands there: clocks partly used, breaches already had (6.14).

What cannot be is refused before anything is recorded. What was had elsewhere causes nothing here: a breach is no event
of this ticket's, the customer is told of nothing, and only what is still to come is judged.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from workflows.domain.errors import DomainError
from workflows.domain.policy import Policy
from workflows.domain.ticket import clocks, opening
from workflows.domain.ticket.commands import LONGEST_USED, MOST_REFERENCES, HadBreach, Import, SpentClock
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import Imported
from workflows.domain.ticket.state import Clock
from workflows.domain.ticket.verdict import Judged
from workflows.domain.ticket.words import Audience, ClockState, Status, Target
from workflows.domain.working_time import worked

USED = (Target.TIER_RESOLVE, Target.UPDATE, Target.RESOLVE)
"""The targets of which it is told how much is used: acknowledge starts anew, or is over."""

MOST_BREACHES = 500
"""Of those that are listed."""

ZERO = timedelta()


class Implausible(NamedTuple):
    """One thing that cannot be."""

    field: str
    """The path of the field, like `clocks[0].used`."""
    problem: str
    """What is wrong with which value, and the remedy."""


class ImportImplausible(DomainError):  # noqa: N818 - the fact, in the desk's words
    """What an import says of a ticket cannot be: all of it at once."""

    def __init__(self, *found: Implausible) -> None:
        super().__init__(*(f"{field} {problem}" for field, problem in found))
        self.found = found


def import_ticket(policy: Policy, command: Import, at: datetime, learnt: opening.Learnt) -> Judged:
    """Enter the ticket as of `at`; raises `ImportImplausible`. The policy promises its priority."""
    if found := tuple(_implausible(policy, command, at)):
        raise ImportImplausible(*found)
    draft, _ = opening.begin(policy, command, at, command.tier, learnt)
    sequence = draft.record(
        at,
        Imported(
            opened_at=command.opened_at,
            status=command.status,
            handler=command.handler,
            owner=command.owner,
            chases=command.chases,
            clocks=command.clocks,
            breaches=command.breaches,
            references=command.references,
        ),
    )
    draft.status, draft.handler, draft.owner = command.status, command.handler, command.owner
    draft.chases = command.chases
    if command.status is Status.OPEN:
        draft.start(Target.ACKNOWLEDGE, at)
        draft.tell(sequence, "imported", Audience.TIER)
    used = {each.target: each.used for each in command.clocks}
    for target in USED:
        _go_on(draft, at, target, used.get(target, ZERO), is_breached=_is_breached(command, target))
    return draft.judged()


def _go_on(draft: Draft, at: datetime, target: Target, used: timedelta, *, is_breached: bool) -> None:
    """Let a target run on with what is used of it; one that broke elsewhere is over."""
    length = clocks.length_of(draft.policy, target, draft.tier, draft.priority)
    carried = Clock(
        target=target,
        run=1,
        tier=draft.tier,
        state=ClockState.BREACHED,
        started_at=at,
        length=length,
        spent=length,
    )
    if target is Target.UPDATE:
        # Silence begins again at each deadline that passed (4.3). Those breaches were had: they cause nothing here, the
        # count of what escalates (4.2) begins with the first that this desk lets pass.
        used -= _passed(used, length) * length
    elif is_breached:
        draft.keep(carried)
        return
    draft.start(target, at, carried=replace(carried, spent=used) if used else None)


def _is_breached(command: Import, target: Target) -> bool:
    return any(each.target is target and each.tier in {None, command.tier} for each in command.breaches)


def _has_broken(command: Import, target: Target, at: datetime) -> bool:
    """Whether a breach of it is listed that can have been."""
    return any(
        each.due_at.tzinfo is UTC and command.opened_at < each.due_at < at
        for each in command.breaches
        if each.target is target and each.tier in {None, command.tier}
    )


def _passed(used: timedelta, length: timedelta) -> int:
    """How many whole targets have passed: at a deadline's own instant it has not (5.2)."""
    return max(0, -(-used // length) - 1)


# What cannot be.


def _implausible(policy: Policy, command: Import, at: datetime) -> Iterator[Implausible]:
    """Find all that cannot be; what depends on something that is wrong already is not looked at."""
    is_past = command.opened_at.tzinfo is UTC and at - LONGEST_USED <= command.opened_at <= at
    if command.opened_at.tzinfo is not UTC:
        yield Implausible("opened_at", f"{command.opened_at} is no instant in UTC: give one")
    elif not is_past:
        when = "is ahead" if command.opened_at > at else f"is more than {LONGEST_USED.days} days ago"
        yield Implausible("opened_at", f"{_said(command.opened_at)} {when}, now is {_said(at)}: say when it was opened")
    yield from _implausible_standing(policy, command)
    is_known = command.tier in policy.tier_names
    if is_past and is_known:
        yield from _implausible_clocks(policy, command, at)
    if is_past:
        yield from _implausible_breaches(policy, command, at)


def _implausible_standing(policy: Policy, command: Import) -> Iterator[Implausible]:
    names = policy.tier_names
    if command.tier not in names:
        yield Implausible("tier", f"{command.tier!r} is none of the policy's: name one of {', '.join(names)}")
    if command.status not in {Status.OPEN, Status.IN_PROGRESS}:
        yield Implausible(
            "status", f"{command.status.value!r} cannot be imported: say 'open' or 'in_progress', and go on from there"
        )
    elif command.status is Status.OPEN and command.handler is not None:
        yield Implausible("handler", "is given of an 'open' ticket: leave it out, or say that it is 'in_progress'")
    elif command.status is Status.IN_PROGRESS and command.handler is None:
        yield Implausible("handler", "is missing of a ticket that is 'in_progress': say who works on it")
    most = policy.chases_to_escalate
    if not 0 <= command.chases < most:
        yield Implausible(
            "chases", f"{command.chases} cannot be: at {most} they act, so say a number from 0 to {most - 1}"
        )
    if len(command.references) > MOST_REFERENCES:
        yield Implausible("references", f"are {len(command.references)}: give at most {MOST_REFERENCES}")
    if len(set(command.references)) < len(command.references):
        yield Implausible("references", "name one twice: leave it out")


def _implausible_clocks(policy: Policy, command: Import, at: datetime) -> Iterator[Implausible]:
    seen = Counter(each.target for each in command.clocks)
    for target in USED:
        if not seen[target] and (target is Target.UPDATE or not _is_breached(command, target)):
            yield Implausible("clocks", f"lack {target.value!r}: say how much of it is used, 0 if nothing is")
    known: set[Target] = set()
    for place, clock in enumerate(command.clocks[: len(Target)]):
        path, target, used, before = f"clocks[{place}]", clock.target, clock.used, frozenset(known)
        known.add(target)
        if target not in USED:
            yield Implausible(f"{path}.target", f"{target.value!r} is not carried over: leave it out")
        elif target in before:
            yield Implausible(f"{path}.target", f"{target.value!r} is there twice: leave one out")
        elif used < ZERO:
            yield Implausible(
                f"{path}.used", f"{_length(used)} of {target.value!r} is less than nothing: say 0 or more"
            )
        else:
            yield from _implausible_use(policy, command, at, clock, f"{path}.used")


def _implausible_use(
    policy: Policy, command: Import, at: datetime, clock: SpentClock, path: str
) -> Iterator[Implausible]:
    """Find a target of which more is used than there was, or more than is promised without a word of its breach."""
    target, used = clock.target, clock.used
    there_was = worked(clocks.calendar_of(policy, target, command.tier), command.opened_at, at)
    if used > there_was:
        yield Implausible(
            path,
            f"{_length(used)} of {target.value!r} cannot be: its calendar was open for {_length(there_was)} since "
            f"{_said(command.opened_at)}; say no more than that",
        )
        return
    length = clocks.length_of(policy, target, command.tier, command.priority)
    passed = _passed(used, length)
    listed = sum(each.target is target and each.tier in {None, command.tier} for each in command.breaches)
    if target is not Target.UPDATE:
        passed = min(passed, 1)
    if used < length and target is not Target.UPDATE and _has_broken(command, target, at):
        yield Implausible(
            path,
            f"{_length(used)} of {target.value!r} is less than the {_length(length)} that are promised, and its breach "
            "is listed: leave out what is used of it, for of a clock that broke nothing is left",
        )
        return
    if passed > listed:
        breaches = "its breach" if passed == 1 else f"its {passed} breaches"
        yield Implausible(
            path,
            f"{_length(used)} of {target.value!r} is beyond the {_length(length)} that are promised: list {breaches} "
            "among the breaches",
        )


def _implausible_breaches(policy: Policy, command: Import, at: datetime) -> Iterator[Implausible]:
    if len(command.breaches) > MOST_BREACHES:
        yield Implausible("breaches", f"are {len(command.breaches)}: give the last {MOST_BREACHES} at most")
        return
    known: set[tuple[object, ...]] = set()
    for place, breach in enumerate(command.breaches):
        path, is_known = f"breaches[{place}]", (named := _named(command, breach)) in known
        known.add(named)
        if breach.target is Target.PROMISE:
            yield Implausible(f"{path}.target", "'promise' is not carried over: leave it out, and promise anew")
        elif breach.tier is not None and not breach.target.is_the_tiers:
            yield Implausible(f"{path}.tier", f"{breach.tier!r} goes with a tier's target only: leave it out")
        elif breach.tier is not None and breach.tier not in policy.tier_names:
            names = ", ".join(policy.tier_names)
            yield Implausible(f"{path}.tier", f"{breach.tier!r} is none of the policy's: name one of {names}")
        elif is_known:
            yield Implausible(path, f"{breach.target.value!r} is there twice: leave one out")
        elif breach.due_at.tzinfo is not UTC:
            yield Implausible(f"{path}.due_at", f"{breach.due_at} is no instant in UTC: give one")
        elif breach.due_at >= at:
            yield Implausible(
                f"{path}.due_at", f"{_said(breach.due_at)} has not passed: leave out what may still be kept"
            )
        elif breach.due_at <= command.opened_at:
            yield Implausible(
                f"{path}.due_at",
                f"{_said(breach.due_at)} is no later than the opening, {_said(command.opened_at)}: correct one of them",
            )


def _named(command: Import, breach: HadBreach) -> tuple[object, ...]:
    """What one breach goes by: a resolve target breaks once a tier or ticket, the others once a deadline."""
    breaks_once = breach.target is Target.RESOLVE or breach.target is Target.TIER_RESOLVE
    return breach.target, breach.tier or command.tier, None if breaks_once else breach.due_at


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _length(length: timedelta) -> str:
    """In hours and minutes, never days (3.7)."""
    minutes, seconds = divmod(abs(length).total_seconds(), 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{seconds:g} s" if seconds else ""]
    return ("-" if length < ZERO else "") + (" ".join(part for part in parts if part) or "0 min")
