"""Semantics 8, of closures: each pause with who and why, though no line of a clock says so."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tests.unit.ticket.test_closures_2 import MONDAY, OPENING, POLICY, closure, minute
from workflows.domain.ticket.closures import Closure, Told
from workflows.domain.ticket.commands import Command, RecordContact, WaitOnCustomer
from workflows.domain.ticket.events import ClosureBegan, Entry
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.words import ContactKind, Pause, Target

Stretch = tuple[datetime, datetime | None, str | None, str | None]
SNOW = replace(closure(1, 10, None), actor="lea", reason="Snow: nobody gets here.")
FIRE = replace(closure(2, 20, None), actor="ben", reason="A fire drill.")


def over(shut: Closure, at: float) -> Closure:
    """That closure, which somebody said is over from that minute on."""
    return replace(shut, until_at=minute(at), ended_by="noa", end_reason="dug out")


def log_of(*steps: tuple[float, Sequence[Told], Command | None]) -> list[Entry]:
    """What happens to a ticket that is opened, and settled at these minutes: what it is told each time, and asked."""
    (_, told, _), *rest = steps
    judged = open_ticket(POLICY, OPENING, MONDAY, told=told)
    entries = list(judged.entries)
    for at, news, command in rest:
        judged = judge(POLICY, judged.ticket, minute(at), command, told=news)
        entries += judged.entries
    return entries


def stretches(entries: list[Entry], target: Target = Target.ACKNOWLEDGE) -> list[Stretch]:
    """When its first run of a target stood still for a closed queue, by whom and why."""
    line = next(line for line in ledger(POLICY, entries, minute(200)) if line.target is target)
    still = [each for each in line.intervals if each.pause is Pause.QUEUE_CLOSED]
    began = {entry.sequence for entry in entries if isinstance(entry.event, ClosureBegan)}
    assert {each.sequence for each in still} <= began
    assert all(each.reason is None for each in line.intervals if each.pause is not Pause.QUEUE_CLOSED)
    return [(each.from_at, each.to_at, each.actor, each.reason) for each in still]


def test_who_closed_the_queue_stands_in_the_ledger_of_a_ticket_opened_meanwhile() -> None:
    """8, 2.11: not whoever opened it; and why, in their words."""
    shut = replace(SNOW, from_at=minute(-60))
    found = stretches(log_of((0, [shut], None), (30, [over(shut, 30)], None), (40, [], None)))
    assert found == [(MONDAY, minute(30), "lea", "Snow: nobody gets here.")]


def test_and_of_one_that_was_there_before() -> None:
    """8, 2.11: both clocks of the tier, from the closure's own instant."""
    entries = log_of((0, [SNOW], None), (30, [over(SNOW, 30)], None), (40, [], None))
    for target in (Target.ACKNOWLEDGE, Target.TIER_RESOLVE):
        assert stretches(entries, target) == [(minute(10), minute(30), "lea", "Snow: nobody gets here.")]


def test_of_two_closures_each_is_named_as_long_as_it_is_the_first_that_holds() -> None:
    """8, 2.11: the snow is gone, the drill goes on: from then on it is the drill's."""
    told = [SNOW, FIRE]
    entries = log_of((0, told, None), (25, told, None), (31, [over(SNOW, 30), over(FIRE, 45)], None), (50, [], None))
    assert stretches(entries) == [
        (minute(10), minute(30), "lea", "Snow: nobody gets here."),
        (minute(30), minute(45), "ben", "A fire drill."),
    ]


def test_one_that_ends_within_another_changes_nothing() -> None:
    """8, 2.11: it held nothing still that did not stand still already."""
    told = [SNOW, over(FIRE, 25)]
    entries = log_of((0, told, None), (40, told, None), (50, [over(SNOW, 50)], None), (60, [], None))
    assert stretches(entries) == [(minute(10), minute(50), "lea", "Snow: nobody gets here.")]


def test_a_wait_that_ends_while_the_queue_is_closed_goes_over_into_the_closure() -> None:
    """8, 2.7, 2.11: the customer's answer ended the wait; that the clock stands still is who closed the queue."""
    asked = WaitOnCustomer(actor="ann", question="Which lights?")
    answer = RecordContact(actor="mail", channel="mail", kind=ContactKind.NEWS, text="All red.")
    entries = log_of((0, [SNOW], None), (5, [], asked), (20, [], answer))
    assert stretches(entries, Target.TIER_RESOLVE) == [(minute(20), None, "lea", "Snow: nobody gets here.")]


def test_a_log_that_does_not_say_who_closed_the_queue_tells_what_it_says() -> None:
    """8: of an older release the line has no actor, or there is no such line: the rest is told."""
    entries = log_of((0, [SNOW], None), (30, [over(SNOW, 30)], None), (40, [], None))
    nobodys = [replace(each, actor=None) if isinstance(each.event, ClosureBegan) else each for each in entries]
    assert stretches(nobodys) == [(minute(10), minute(30), None, "Snow: nobody gets here.")]
    without = [each for each in entries if not isinstance(each.event, ClosureBegan)]
    line = next(line for line in ledger(POLICY, without, minute(40)) if line.target is Target.ACKNOWLEDGE)
    (still,) = [each for each in line.intervals if each.pause is Pause.QUEUE_CLOSED]
    assert (still.actor, still.reason) == ("lea", None)
