"""What whoever has a ticket next is told of it: everything that was said before, on one page (6.5)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edges.test_intake_contract import values_of
from tests.support.policies import LINES
from workflows.domain.money import Money
from workflows.domain.ticket import events
from workflows.domain.ticket.commands import (
    Acknowledge,
    AddNote,
    Assign,
    ChangePromise,
    Command,
    Continue,
    Customer,
    DecideCredit,
    Escalate,
    HadBreach,
    Hold,
    KeepPromise,
    LinkProblem,
    LogTime,
    MakePromise,
    OfferCredit,
    Open,
    PostUpdate,
    RecordContact,
    Reject,
    Resolve,
    Transfer,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.words import ContactKind, Outcome, PromiseKind, Status, Target, TicketKind
from workflows.planning.handover import NextStep, handover, live_clocks
from workflows.planning.handover_log import READ, story
from workflows.planning.handover_page import LONGEST_LINE, MOST_LINES, page, told
from workflows.planning.wording import kind_of

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
POLICY = replace(
    LINES,
    credit_for_promise=Money(minor=500, currency="GBP"),
    credit_limit=Money(minor=1000, currency="GBP"),
    leaving="normal",
)


class Life:
    """A ticket that is lived command by command, and everything that was written of it."""

    def __init__(self, **given: object) -> None:
        fields: dict[str, object] = {
            "actor": "ana",
            "ticket_id": "01KB",
            "reference": "K7QM-3XVP",
            "queue": "home",
            "priority": "urgent",
            "customer": Customer(external_id="c-1", name="Ada Example", language="en-GB", zone="America/New_York"),
            "subject": "no line",
            "description": "Dead since the storm.\nThe shop cannot take cards.",
            "channel": "phone",
        }
        judged = open_ticket(POLICY, Open(**{**fields, **given}), MONDAY)  # type: ignore[arg-type]  # each test knows what it gives
        self.ticket = judged.ticket
        self.entries: list[Entry] = list(judged.entries)
        self.at = MONDAY

    def does(self, minutes: float, command: Command) -> None:
        """So many minutes after nine."""
        self.at = MONDAY + minutes * MINUTE
        judged = judge(POLICY, self.ticket, self.at, command)
        assert judged.refusal is None, judged.refusal
        self.ticket = judged.ticket
        self.entries += judged.entries

    def page(self) -> str:
        """What is handed over at its last instant."""
        return page(handover(self.ticket, self.entries, self.at))


def call_back(name: str, minutes: float, words: str) -> MakePromise:
    """A call by so many minutes after nine."""
    return MakePromise(
        actor="ana",
        name=name,
        kind=PromiseKind.CALL_BACK,
        promised_at=MONDAY + minutes * MINUTE,
        words=words,
    )


def test_a_ticket_with_a_past_is_handed_over_whole(golden: Callable[[str, str], None]) -> None:
    """Everything that was said, promised, asked, missed and noted is on the page, and what is to be done first."""
    life = Life()
    life.does(5, Acknowledge(actor="ana", handler="ana", tier="agent"))
    life.does(6, call_back("call back", 40, "We call you about the engineer."))
    life.does(7, call_back("parts", 500, "We tell you when the parts are here."))
    life.does(8, LinkProblem(actor="ana", problem_id="P-1", title="Storm damage in Leith"))
    life.does(12, AddNote(actor="ana", text="Socket is wet.\nSee the photo."))
    life.does(13, LogTime(actor="ana", spent=25 * MINUTE, text="line test"))
    life.does(15, WaitOnCustomer(actor="ana", question="Which lamp is red?"))
    life.does(20, RecordContact(actor="ana", kind=ContactKind.NEWS, channel="mail", text="The left one."))
    life.does(60, KeepPromise(actor="ana", name="call back", words="She was in."))
    life.does(61, PostUpdate(actor="ana", text="The line card in your street is broken."))
    life.does(62, Assign(actor="ana", handler="ben"))
    life.does(65, RecordContact(actor="ben", kind=ContactKind.COMPLAINT, channel="phone", text="Nobody called me!"))
    life.does(66, OfferCredit(actor="ben", minor=2500, currency="GBP", reason="a shop without a till"))
    life.does(70, Escalate(actor="ben", from_tier="agent", reason="needs somebody at the exchange"))
    life.does(75, Acknowledge(actor="sam", handler="sam", tier="specialist"))
    life.does(76, Hold(actor="sam", reason="a line card from Leeds"))
    life.does(80, LogTime(actor="sam", spent=HOUR, text="at the exchange"))
    golden("handover.txt", life.page())


def test_after_a_rejection_it_says_what_was_tried(golden: Callable[[str, str], None]) -> None:
    """The explanation that did not help, and the customer's own word on it, wait for the next tier (6.8)."""
    life = Life(kind=TicketKind.LEAVING, priority="normal", description="")
    life.does(5, Acknowledge(actor="ana", handler="ana", tier="agent"))
    life.does(
        10, Resolve(actor="ana", outcome=Outcome.WORKAROUND, explanation="Use the app.", alternative="A paper form.")
    )
    life.does(30, Reject(actor="ada", reason="I have no phone."))
    golden("handover-rejected.txt", life.page())


def test_what_is_to_be_done_first_is_what_is_due_first() -> None:
    """A promise of a person goes before a clock that runs out later; what stands still is nobody's next step."""
    life = Life()
    assert next_step(life) == NextStep(what="take it on", due_at=MONDAY + 15 * MINUTE)
    life.does(5, Acknowledge(actor="ana", handler="ana", tier="agent"))
    life.does(6, call_back("call back", 30, "We call you."))
    assert next_step(life) == NextStep(
        what="keep what was promised: 'call back', ana's to keep", due_at=MONDAY + 30 * MINUTE
    )
    life.does(7, KeepPromise(actor="ana", name="call back"))
    life.does(8, WaitOnCustomer(actor="ana", question="Which lamp?"))
    assert next_step(life) == NextStep(what="wait for the customer's answer", due_at=None)
    life.does(9, Resolve(actor="ana", outcome=Outcome.FIXED, explanation="Done."))
    assert next_step(life) == NextStep(what="wait for the customer's word that it is solved", due_at=None)
    life.does(60 * 24 * 40, AddNote(actor="ana", text="Closed by silence."))
    assert life.ticket.status is Status.CLOSED
    assert next_step(life) is None


def test_what_stands_still_is_told_after_what_runs_out() -> None:
    """8: the first line is what is due first, whenever a clock began."""
    life = Life()
    life.does(5, WaitOnCustomer(actor="ana", question="Which lamp?"))
    first, *others = live_clocks(life.ticket)
    assert (first.target, {each.deadline_at for each in others}) == (Target.ACKNOWLEDGE, {None})


def test_where_nothing_is_due_it_is_taken_on_or_gone_on_with() -> None:
    """Whoever opens the page is told what to do, by whether somebody has it."""
    life = Life()
    assert handover(replace(life.ticket, clocks=()), (), life.at).next_step == NextStep(what="take it on", due_at=None)
    life.does(5, Acknowledge(actor="ana", handler="ana", tier="agent"))
    taken = replace(life.ticket, clocks=())
    assert handover(taken, (), life.at).next_step == NextStep(what="go on with it", due_at=None)


def test_a_call_that_is_still_owed_is_never_left_out() -> None:
    """6.5: whoever comes next reads of it first, however often the engine missed something since, until it is done."""
    life = Life()
    life.does(5, Acknowledge(actor="ana", handler="ana", tier="agent"))
    life.does(6, call_back("call", 20, "We call you."))
    life.does(60 * 24 * 3, AddNote(actor="ana", text="Nobody was here."))
    owed = (
        "  'call', ana's to keep, promised for Mon 23 Nov 04:20 and not done yet; offered 5.00 GBP for it: We call you."
    )
    lines = life.page().splitlines()
    assert lines[lines.index("BROKEN") + 1] == owed
    assert next_step(life) == NextStep(
        what="do what was promised and not done: 'call', ana's to keep", due_at=MONDAY + 20 * MINUTE
    )
    life.does(60 * 24 * 3 + 1, KeepPromise(actor="ana", name="call"))
    assert "done late" in life.page()
    assert "not done yet" not in life.page()


def test_what_is_missed_again_and_again_is_one_line_with_its_first_and_last_instant() -> None:
    """4.3, 6.5: a silence is one, not a clock's and a promise's; and it hides nothing else."""
    life = Life()
    life.does(5, Acknowledge(actor="ana", handler="ana", tier="agent"))
    for day in range(1, 6):
        life.does(60 * 24 * day, AddNote(actor="ana", text="x"))
    breaches = [each.event for each in life.entries if isinstance(each.event, events.ClockBreached)]
    silent = [each for each in breaches if each.target is Target.UPDATE]
    count = sum(each.count for each in silent)
    lines = [line for line in life.page().splitlines() if line.startswith("  no news for the customer in time")]
    assert count > 5
    assert len(lines) == 1
    assert f"in time {count} times, due Mon 23 Nov 05:00 to " in lines[0]


def test_a_promise_of_news_is_owed_until_somebody_tells_them_something() -> None:
    """2.4: any person's message is the news; another promise of its name stands in a call's place."""
    life = Life()
    life.does(5, Acknowledge(actor="ana", handler="ana", tier="agent"))
    news = MakePromise(
        actor="ana", name="results", kind=PromiseKind.NEXT_NEWS, promised_at=MONDAY + 10 * MINUTE, words="The results."
    )
    life.does(6, news)
    life.does(7, call_back("call", 11, "We call you."))
    life.does(12, AddNote(actor="ana", text="x"))
    assert [each.name for each in story(life.entries, "UTC").owed] == ["results", "call"]
    life.does(13, PostUpdate(actor="ana", text="They are good."))
    assert [each.name for each in story(life.entries, "UTC").owed] == ["call"]
    life.does(14, call_back("call", 100, "We do call you."))
    assert story(life.entries, "UTC").owed == ()


def test_fifty_promises_that_nobody_kept_are_all_named() -> None:
    """None of them is cut, on however few lines they stand."""
    life = Life()
    life.does(5, Acknowledge(actor="ana", handler="ana", tier="agent"))
    for number in range(45):
        life.does(6, call_back(f"call {number}", 10 + number % 3, "We call you."))
    life.does(20, AddNote(actor="ana", text="x"))
    assert all(f"'call {number}'" in life.page() for number in range(45))
    assert len(life.page().splitlines()) <= MOST_LINES
    assert max(len(line) for line in life.page().splitlines()) <= LONGEST_LINE


def test_who_had_it_shows_people_and_not_how_often_nobody_was_above() -> None:
    """6.5: the last tier's every missed clock is one line with a count, beside those who took it on."""
    life = Life()
    life.does(5, Acknowledge(actor="ana", handler="ana", tier="agent"))
    life.does(6, Transfer(actor="ana", to_tier="supplier", reason="theirs"))
    for minute in range(8):
        life.does(60 + minute, Escalate(actor="ana", from_tier="supplier", reason="nobody answers"))
    exhausted = [each for each in life.entries if isinstance(each.event, events.LadderExhausted)]
    had_it = [each.text for each in story(life.entries, "UTC").hand_offs.said]
    assert len(exhausted) > 1
    assert had_it[:2] == ["ana of agent took it on", "agent to supplier by hand: theirs"]
    assert len(had_it) == 3
    assert f"({len(exhausted)} times since " in had_it[2]


def next_step(life: Life) -> NextStep | None:
    """What is to be done first, by the ticket as it stands."""
    return handover(life.ticket, life.entries, life.at).next_step


def test_a_promise_agreed_anew_is_told_with_its_last_words() -> None:
    """What was said last is what is promised; a later promise of a name is not over with an earlier one."""
    life = Life()
    life.does(5, Acknowledge(actor="ana", handler="ana", tier="agent"))
    life.does(6, call_back("call back", 30, "We call you."))
    change = ChangePromise(
        actor="ana", name="call back", promised_at=MONDAY + 50 * MINUTE, words="At ten to ten.", reason="she is out"
    )
    life.does(7, change)
    (news, promised) = sorted(story(life.entries, "UTC").promised, key=lambda each: each.name == "call back")
    assert (promised.name, promised.promised_at, promised.words) == (
        "call back",
        MONDAY + 50 * MINUTE,
        "At ten to ten.",
    )
    assert str(news) == "news"
    life.does(55, KeepPromise(actor="ana", name="call back"))
    life.does(56, call_back("call back", 200, "Once more."))
    assert [each.words for each in story(life.entries, "UTC").promised if each.name == "call back"] == ["Once more."]


LONG = "words that go on and on, " * 300


def said(minute: int) -> tuple[Command, ...]:
    """One of everything that can be said of a ticket, each a minute after the other."""
    return (
        PostUpdate(actor="ana", text=LONG[:7000]),
        RecordContact(actor="ana", kind=ContactKind.INFORMATION, channel="mail", text=LONG[:7000]),
        WaitOnCustomer(actor="ana", question=LONG[:7000]),
        Continue(actor="ana", reason=LONG[:1900]),
        AddNote(actor="ana", text=LONG[:7000]),
        LogTime(actor="ana", spent=MINUTE, text="x"),
        call_back("x" * 60, minute + 6.5, LONG[:1900]),
    )


def test_a_clock_that_stands_still_is_told_to_the_second() -> None:
    """Rounded down, as every page says a length: the record's figures are to the microsecond."""
    life = Life()
    life.does(5, Acknowledge(actor="ana", handler="ana", tier="agent"))
    life.does(16.7318680, WaitOnCustomer(actor="ana", question="is the lamp red?"))
    assert ": 16 min 43 s of " in life.page()
    assert "43.9" not in life.page()


def test_what_the_lead_said_and_what_the_desk_waited_for_is_noted() -> None:
    """An offer by hand is told as what the customer heard; a refused one and a hold are the desk's own (2.11, 6.13)."""
    life = Life()
    life.does(5, Acknowledge(actor="ana", handler="ana", tier="agent"))
    life.does(6, OfferCredit(actor="ana", minor=900, currency="GBP", reason="two visits"))
    (why,) = story(life.entries, "UTC").notes.said
    assert why.text == "why the credit of 9.00 GBP: two visits"
    life.does(7, OfferCredit(actor="ana", minor=5000, currency="GBP", reason="a week"))
    life.does(8, DecideCredit(actor="team-lead", number=2, is_approved=False, reason="not a week"))
    life.does(9, Hold(actor="ana", reason="a part"))
    life.does(10, Continue(actor="ana", reason="it came"))
    found = story(life.entries, "UTC")
    assert [said.text for said in found.told.said] == ["offered a credit of 9.00 GBP"]
    assert [said.text for said in found.notes.said] == [
        "asked the lead for a credit of 50.00 GBP: a week",
        "the lead refuses the credit: not a week",
        "on hold: a part",
        "no longer on hold: it came",
    ]


def test_what_came_from_elsewhere_says_so_with_what_was_missed_there() -> None:
    """The name it has there helps whoever looks for it, and an apology is due for what was missed (6.14)."""
    imported = events.Imported(
        opened_at=MONDAY - HOUR,
        status=Status.OPEN,
        handler=None,
        owner=None,
        chases=0,
        clocks=(),
        breaches=(HadBreach(target=Target.ACKNOWLEDGE, due_at=MONDAY - 30 * MINUTE, tier="agent"),),
        references=("OLD-4711",),
    )
    merged = events.Merged(survivor_id="01KC", survivor_reference="QX7K-4MPD")
    lines = [
        Entry(sequence=1, at=MONDAY, actor="ops", event=imported),
        Entry(sequence=2, at=MONDAY, actor="ops", event=merged),
    ]
    found = story(lines, "UTC")
    assert [said.text for said in found.hand_offs.said] == [
        "came from elsewhere, where it is called OLD-4711",
        "merged into QX7K-4MPD, which goes on",
    ]
    assert [said.text for said in found.broken.said] == [
        "not acknowledged by agent in time, due Mon 23 Nov 08:30, before it came"
    ]


def busy(events: int) -> Life:
    """A ticket that so much was said of that nobody would read it all."""
    life = Life(description="word " * 1600)
    minute = 1
    life.does(minute, Acknowledge(actor="ana", handler="ana", tier="agent"))
    while len(life.entries) < events:
        for command in said(minute + 1):
            minute += 1
            life.does(minute, command)
        other = "specialist" if life.ticket.tier != "specialist" else "supplier"
        life.does(minute, Transfer(actor="ana", to_tier=other, reason=LONG[:1900]))
    for number in range(20):
        life.does(minute, call_back(f"later {number}", minute + 400_000, LONG[:1900]))
    for number in range(4):
        life.does(minute, LinkProblem(actor="ana", problem_id=f"P-{number}", title="x" * 200))
        life.does(minute, OfferCredit(actor="ana", minor=900, currency="GBP", reason="x"))
    life.does(minute + 1, Hold(actor="ana", reason=LONG[:1900]))
    return life


def test_a_ticket_of_two_thousand_lines_is_one_page() -> None:
    """Older things are left out, and how many they are is said; nothing is longer than a screen shows."""
    life = busy(2000)
    assert len(life.entries) > 2000
    lines = life.page().splitlines()
    assert len(lines) <= MOST_LINES
    assert max(len(line) for line in lines) <= LONGEST_LINE
    titles = [line for line in lines if line.endswith("left out)")]
    assert [title.partition(" (")[0] for title in titles] == [
        "BROKEN",
        "The customer came",
        "The customer was asked",
        "The customer was told",
        "Who had it",
        "Notes, not for the customer",
    ]
    asked = sum(isinstance(entry.event, events.WaitStarted) for entry in life.entries)
    assert f"The customer was asked ({asked - 3} earlier left out)" in lines
    came = sum(isinstance(entry.event, events.ContactReceived) for entry in life.entries)
    assert f"The customer came ({came - 5} earlier left out)" in lines
    spent = sum(isinstance(entry.event, events.TimeLogged) for entry in life.entries)
    assert any(line.strip().startswith("time spent:") for line in lines)
    assert handover(life.ticket, life.entries, life.at).story.time_spent == spent * MINUTE


def test_a_line_stays_a_line_whatever_was_said() -> None:
    """Line ends and blanks within what people said do not tear the page."""
    life = Life(subject="no line", description="")
    life.does(5, AddNote(actor="ana", text="first\n\n  BROKEN\n second\t third"))
    (note,) = [line for line in life.page().splitlines() if "first" in line]
    assert note == "  Mon 23 Nov 04:05 ana  first BROKEN second third"


KINDS = {kind_of_class: kind_of(object.__new__(kind_of_class)) for kind_of_class in get_args(events.Event)}


@pytest.mark.parametrize(
    "kind", [each for each, name in KINDS.items() if name not in READ], ids=lambda kind: kind.__name__
)
@settings(max_examples=5)
@given(data=st.data())
def test_what_is_not_read_changes_no_story(kind: type, data: st.DataObject) -> None:
    """Whoever reads a log for its story may leave out every kind that is not named: the page is the same."""
    event = data.draw(st.builds(kind, **{name: values_of(hint) for name, hint in get_type_hints(kind).items()}))
    lines = Life().entries
    more = [*lines, Entry(sequence=len(lines) + 1, at=MONDAY, actor="ana", event=event)]
    assert story(more, "UTC") == story(lines, "UTC")


def test_every_kind_that_is_read_is_a_kind() -> None:
    """A name that is no event's would be read from nowhere."""
    assert set(KINDS.values()) >= READ


def test_the_log_alone_tells_no_more_than_the_page() -> None:
    """What the tier is told in its message stands on the page too, but for how the ticket stands now."""
    life = busy(200)
    page_lines = life.page().splitlines()
    zone = life.ticket.customer.zone
    assert set(told(story(life.entries, zone), zone).splitlines()) <= set(page_lines)
