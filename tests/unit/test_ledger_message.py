"""What an answer about a deadline shows of internal waits: the latest, and how many there were (2.11, 8)."""

from datetime import timedelta

from services.intake.convert import HOLDS_SHOWN, REASON_SHOWN, ledger_message
from tests.support.policies import LINES
from tests.unit.ticket.lives import OPENING
from workflows.domain.ticket.closures import Closure
from workflows.domain.ticket.commands import Continue, Hold
from workflows.domain.ticket.judge import open_ticket
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.words import Target
from workflows.testing.story import PureDomain, Story


def test_of_many_holds_the_latest_are_shown_in_short_and_all_are_counted() -> None:
    """However often the desk waited, an answer stays one that clients take."""
    story = Story(PureDomain(LINES)).open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:05").acknowledge("ann")
    for number in range(HOLDS_SHOWN + 2):
        story.until(f"Mon 23 Nov 09:{10 + 2 * number}").send(Hold(actor="ann", reason=f"{number} " + "x" * 300))
        story.until(f"Mon 23 Nov 09:{11 + 2 * number}").send(Continue(actor="ann", reason="it came"))
    story.as_told()
    lines = {line.target: line for line in ledger(LINES, story.entries, story.instant("Mon 23 Nov 10:00"))}

    message = ledger_message(lines[Target.RESOLVE])

    assert message.hold_count == HOLDS_SHOWN + 2
    assert [each.reason[:2] for each in message.holds] == [f"{number} " for number in range(2, HOLDS_SHOWN + 2)]
    assert {len(each.reason) for each in message.holds} == {REASON_SHOWN}


def test_a_long_reason_of_a_closed_queue_is_shown_in_short() -> None:
    """2.11, 8: of each pause the first of the words in which the queue was closed, whoever talks at length."""
    shut = Closure(
        closure_id="c-1",
        from_at=Story(PureDomain(LINES)).instant("Mon 23 Nov 08:00"),
        until_at=None,
        actor="lea",
        reason="snow " * 100,
    )
    at = shut.from_at + timedelta(hours=1)
    lines = ledger(LINES, open_ticket(LINES, OPENING, at, told=[shut]).entries, at + timedelta(hours=1))
    acknowledge = next(line for line in lines if line.target is Target.ACKNOWLEDGE)

    (interval,) = ledger_message(acknowledge).intervals

    assert (interval.actor, interval.reason) == ("lea", shut.reason[:REASON_SHOWN])
