"""One past ticket under one policy: its life by the very judge, with what people did said as the ticket then stands.

A step that the ticket does not allow is not taken and is counted with its reason; the life goes on without it.
"""

import re
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from services.desk_log.decide import CHANNEL, Course, Seen, Skip, decide
from services.desk_log.log import Case
from services.desk_log.plan import plan
from services.simulation.past import Past, PastCase, PastTicket
from services.simulation.tally import Tally
from workflows.domain.policy import Policy
from workflows.domain.ticket.closures import Told
from workflows.domain.ticket.commands import Command, Customer, Open
from workflows.domain.ticket.state import TICK
from workflows.domain.ticket.verdict import Refusal
from workflows.domain.ticket.words import TicketKind
from workflows.planning.life import Life
from workflows.planning.restating import Unsaid, counterpart, restated

NOBODY = Customer(external_id="customer", name="customer", language="en", zone="UTC")
"""A log tells of no customer, and nothing that is counted depends on who it was."""


def replay(past: Past, policy: Policy, until: datetime, tally: Tally) -> Life:
    """Tell a past ticket again, judged to that instant; what was said and what was not is added to the tally."""
    priority = counterpart(past.priority, past.ladder.priorities, policy.priorities)
    if priority != past.priority:
        tally.priorities_taken[past.priority, priority] += 1
    match past:
        case PastCase():
            life = Life(policy, _opening(past.case, priority), past.opened_at)
            _tell_case(past.case, life, tally)
        case PastTicket():
            life = Life(policy, _opened_again(past.opening, priority, policy), past.opened_at, _told(past, policy))
            _tell_ticket(past, life, tally)
        case _:
            assert_never(past)
    life.pass_until(until + TICK)
    return life


def _tell_case(case: Case, life: Life, tally: Tally) -> None:
    course = Course()
    for moment in plan(case).moments():
        at = case.started_at + moment.offset
        life.pass_until(at)
        decided = decide(moment, Seen.of(life.ticket), life.policy.tier_names, course)
        if isinstance(decided, Skip):
            tally.unsaid[moment.step.value, decided.value] += 1
            continue
        refusal = life.say(at, decided.command)
        _count(tally, moment.step.value, refusal)
        if refusal is None:
            course = decided.course


def _tell_ticket(past: PastTicket, life: Life, tally: Tally) -> None:
    for each in past.said:
        life.pass_until(each.at)
        kind = _kind(each.command)
        command = restated(each.command, past.ladder, life.policy, life.ticket)
        if isinstance(command, Unsaid):
            tally.unsaid[kind, command.value] += 1
            continue
        refusal = life.say(each.at, command)
        _count(tally, kind, refusal)
        if refusal is None and command != each.command:
            tally.restated[kind] += 1


def _count(tally: Tally, what: str, refusal: Refusal | None) -> None:
    if refusal is None:
        tally.said[what] += 1
    else:
        tally.unsaid[what, f"refused: {refusal.reason}"] += 1


def _kind(command: Command) -> str:
    """Say what a command asks for, in the words of its name: `wait on customer`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", type(command).__name__).lower()


def _opening(case: Case, priority: str) -> Open:
    return Open(
        actor=case.rows[0].who,
        ticket_id=case.case,
        reference=case.case,
        queue="",
        priority=priority,
        customer=NOBODY,
        subject="",
        description="",
        channel=CHANNEL,
    )


def _opened_again(opening: Open, priority: str, policy: Policy) -> Open:
    """The opening by the policy's own priorities; where it takes no request to leave, that is a request like others."""
    kind = opening.kind if policy.leaving is not None else TicketKind.REQUEST
    return replace(opening, priority=priority, kind=kind)


def _told(past: PastTicket, policy: Policy) -> tuple[Told, ...]:
    """When its queue was closed, and who could be reached of the tiers that this policy has too.

    Tiers are the same by name, else on the same rung.
    """
    names = dict(zip(past.ladder.tiers, policy.tier_names, strict=False)) | {name: name for name in policy.tier_names}
    reachable = (replace(each, tier=names[each.tier]) for each in past.roster if each.tier in names)
    return (*reachable, *past.closures)
