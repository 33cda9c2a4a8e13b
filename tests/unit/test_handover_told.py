"""What a log tells whoever has the ticket next, line by line: nothing that is over, and nothing twice (6.5)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from workflows.domain.ticket import events
from workflows.domain.ticket.events import Entry, Event
from workflows.domain.ticket.words import Cause, Outcome, PromiseKind, Target, WaitEnd
from workflows.planning.handover_log import story
from workflows.planning.handover_story import Story

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def minute(number: float) -> datetime:
    """So many minutes after nine."""
    return MONDAY + timedelta(minutes=number)


def told(*lines: Event) -> Story:
    """The story of these lines, one a minute from nine on, each of ana's."""
    entries = [
        Entry(sequence=place, at=minute(place - 1), actor="ana", event=each) for place, each in enumerate(lines, 1)
    ]
    return story(entries, "UTC")


def texts(said: Sequence[object]) -> list[str]:
    """What each says."""
    return [str(each.text) for each in said]  # type: ignore[attr-defined]  # every part of a story has it


def made(name: str, at: float, *, is_engines: bool = False) -> events.PromiseMade:
    """News promised for a minute."""
    return events.PromiseMade(
        name=name,
        run=1,
        kind=PromiseKind.NEXT_NEWS,
        promised_at=minute(at),
        owner=None if is_engines else "ben",
        words="" if is_engines else "By then.",
        is_engines=is_engines,
        replaces=False,
    )


def broken(name: str, at: float) -> events.PromiseBroken:
    """It did not come."""
    return events.PromiseBroken(
        name=name,
        run=1,
        kind=PromiseKind.NEXT_NEWS,
        owner="ben",
        due_at=minute(at),
        detected_at=minute(at),
        effective_at=minute(at),
        engine_late=False,
        late_after_seconds=60,
        held_by="agent",
        is_engines=False,
    )


def kept(name: str, *, is_late: bool = False, words: str = "") -> events.PromiseKept:
    """It came."""
    return events.PromiseKept(
        name=name, run=1, kind=PromiseKind.NEXT_NEWS, promised_at=minute(9), is_late=is_late, words=words
    )


def breach(target: Target, count: int = 1) -> events.ClockBreached:
    """A target of the agents was missed, perhaps several times in a row."""
    return events.ClockBreached(
        target=target,
        run=1,
        tier="agent",
        held_by="agent",
        due_at=minute(9),
        detected_at=minute(9),
        effective_at=minute(9),
        engine_late=False,
        late_after_seconds=60,
        count=count,
        last_due_at=minute(30) if count > 1 else None,
    )


def test_what_is_promised_still_is_neither_kept_nor_broken_nor_called_off_and_the_earliest_is_first() -> None:
    """2.4: whoever has it next keeps what is open, and owes nothing for what is over."""
    engines = made("next_news", 70, is_engines=True)
    open_ones = [made("b", 50), made("a", 90), made("kept", 9), made("off", 9), made("broken", 3), engines]
    cancelled = events.PromiseCancelled(name="off", run=1, reason="merged")
    found = told(*open_ones, kept("kept"), cancelled, broken("broken", 3))
    assert [each.name for each in found.promised] == ["b", "next_news", "a"]
    assert [str(each) for each in found.promised] == ["'b', ben's to keep", "news", "'a', ben's to keep"]
    # What the engine promises is no person's word.
    assert "next_news" not in " ".join(texts(found.told.said))
    assert len(found.told.said) + found.told.left_out == 5


def test_what_came_late_stands_with_what_was_broken_and_a_new_promise_of_that_name_stays() -> None:
    """2.4: done late, it is broken still; what was promised anew meanwhile is not over with it."""
    found = told(
        made("news", 3), broken("news", 3), made("news", 60), kept("news", is_late=True, words="The engineer came.")
    )
    assert texts(found.broken.said) == [
        "'news', ben's to keep, promised for Mon 23 Nov 09:03; done late, Mon 23 Nov 09:03"
    ]
    assert [each.promised_at for each in found.promised] == [minute(60)]
    assert texts(found.told.said)[-1] == "'news' done as promised but late: The engineer came."


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (breach(Target.ACKNOWLEDGE), "not acknowledged by agent in time, due Mon 23 Nov 09:09"),
        (breach(Target.TIER_RESOLVE), "not resolved by agent in time, due Mon 23 Nov 09:09"),
        (breach(Target.UPDATE), "no news for the customer in time, due Mon 23 Nov 09:09"),
        (breach(Target.RESOLVE), "not solved for the customer in time, due Mon 23 Nov 09:09"),
        (
            breach(Target.UPDATE, 2),
            "no news for the customer in time 2 times, due Mon 23 Nov 09:09 to Mon 23 Nov 09:30",
        ),
    ],
)
def test_what_was_missed_is_told_with_whose_it_was_and_how_often(line: events.ClockBreached, said: str) -> None:
    """4.1, 4.3: a customer's target is no tier's to have missed; runs that broke in silence are one line."""
    assert texts(told(line).broken.said) == [said]


def test_how_often_the_customer_was_reminded_stands_with_the_question() -> None:
    """6.6: the number of the last reminder, of the last question."""
    first, second = (events.WaitStarted(question=each) for each in ("Which lamp?", "Which cable?"))
    reminders = [events.CustomerReminded(number=each, due_at=minute(9), detected_at=minute(9)) for each in (1, 2)]
    found = told(first, reminders[0], second, *reminders)
    assert [(each.question, each.reminders) for each in found.questions] == [("Which lamp?", 1), ("Which cable?", 2)]


def test_who_went_on_without_an_answer_says_why_and_whoever_gave_up_says_nothing_more() -> None:
    """6.6: the giving up has a line of its own, which is told to the customer."""
    asked = events.WaitStarted(question="Which lamp?")
    went_on = events.WaitEnded(by=WaitEnd.CONTINUED, reason="found it")
    found = told(asked, went_on, asked, events.WaitEnded(by=WaitEnd.GAVE_UP))
    assert texts(found.notes.said) == ["went on without an answer: found it"]


def test_a_problem_that_is_not_behind_it_after_all_is_not_told() -> None:
    """6: those that it is linked to now."""
    one, other = (events.ProblemLinked(problem_id=each, title=f"title {each}") for each in ("P-1", "P-2"))
    found = told(one, other, events.ProblemUnlinked(problem_id="P-1", reason="another matter"))
    assert [(each.problem_id, each.title) for each in found.problems] == [("P-2", "title P-2")]


def test_what_was_offered_instead_is_that_of_the_latest_resolution() -> None:
    """6.7, 6.8: what was offered with an earlier one is not on offer any more."""
    instead = events.Resolved(outcome=Outcome.NOT_FEASIBLE, explanation="No cable there.", alternative="By radio.")
    found = told(instead)
    assert (found.explanation, found.alternative) == ("No cable there.", "By radio.")
    found = told(instead, events.Resolved(outcome=Outcome.FIXED, explanation="A cable was laid."))
    assert (found.explanation, found.alternative) == ("A cable was laid.", "")
    assert texts(found.told.said) == [
        "resolved as not feasible: No cable there.; offered instead: By radio.",
        "resolved as fixed: A cable was laid.",
    ]


def test_a_ticket_that_goes_to_and_fro_says_so() -> None:
    """6.5: whoever has it again knows that they had it, and why it came back."""
    up = events.Escalated(
        from_tier="agent",
        to_tier="specialist",
        causes=(Cause.BY_HAND,),
        reason="ours",
        next_news_at=None,
        is_ping_pong=True,
    )
    back = events.Transferred(
        from_tier="specialist", to_tier="agent", reason="theirs", is_forward=False, is_ping_pong=True
    )
    assert texts(told(up, back).hand_offs.said) == [
        "agent to specialist: somebody asked for it: ours (not for the first time)",
        "specialist to agent by hand: theirs (not for the first time)",
    ]
