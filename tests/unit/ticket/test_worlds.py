"""What the properties are tried on is everything that there is: no command is never asked, no event never written."""

from functools import cache
from typing import get_args

from tests.unit.ticket.plans import a_plan, gone_through
from workflows.domain.ticket.commands import Command, Import, Open
from workflows.domain.ticket.events import Event
from workflows.domain.ticket.verdict import RefusalReason

WORLDS = 400
"""So many are looked through; a third of them would do."""
OF_OTHERS = {
    *("PROBLEM_CLOSED", "NOTHING_LINKED", "ANNOUNCEMENT_RUNNING", "ANNOUNCEMENT_OVER"),  # the record's to say
    *("LEAVING_NOT_OFFERED",),  # of an opening: intake's
    *("STALE_VERSION",),  # of the version that is named beside the command
    *("UNKNOWN_TIER", "UNKNOWN_PRIORITY"),  # these lives' policies have the same names
    *("ALTERNATIVE_REQUIRED", "SURVIVOR_REQUIRED", "CREDIT_OTHER_CURRENCY"),  # of words that are left out or wrong
    *("TOO_MANY_PROMISES", "TOO_MANY_CREDITS", "TOO_MANY_PROBLEMS", "PROMISE_TOO_FAR"),  # beyond a made-up week
    *("REOPEN_WINDOW_OVER",),  # of fourteen days later
}
"""Reasons that no life here is refused for, and why not."""


@cache
def seen() -> tuple[frozenset[type], frozenset[type], frozenset[str]]:
    """Classes of what was asked, classes of what was written, reasons of what was refused: of all those worlds."""
    asked, written, refused = set[type](), set[type](), set[str]()
    for life in (life for seed in range(WORLDS) for life in gone_through(a_plan(seed)).lives):
        asked.add(type(life.opening))
        asked.update(type(command) for command in life.asked if command)
        written.update(type(entry.event) for entry in life.entries)
        refused.update(judged.refusal.reason for judged in life.judgements if judged.refusal)
    return frozenset(asked), frozenset(written), frozenset(refused)


def test_every_command_is_asked() -> None:
    """5.3: whatever can be asked of a ticket is an input of some life here; a new command has to be made one."""
    assert seen()[0] == {Open, Import, *get_args(Command)}


def test_every_event_is_written() -> None:
    """5.3: nothing that a log can say is beyond the lives that the properties are tried on."""
    assert seen()[1] == set(get_args(Event))


def test_every_refusal_is_met_or_is_of_others() -> None:
    """6: and nothing that the judge refuses for, but for what these lives cannot come to."""
    assert seen()[2] == {str(reason) for reason in RefusalReason} - OF_OTHERS
