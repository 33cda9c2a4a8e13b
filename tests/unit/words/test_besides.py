"""6.5, 6.13: who was let down in several ways at one instant hears it in one letter, with each credit."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.words.occasion import Behind, Occasion
from services.words.words import Rendered, Words
from tests.support.telling import HOUR, IDA, OPENED_AT, Life, a_policy, an_opening
from workflows.domain.policy import OnBreach
from workflows.domain.ticket.commands import Acknowledge, Customer, MakePromise, PostUpdate
from workflows.domain.ticket.words import Audience, PromiseKind, Target

WORDS = Words()
ANN = Acknowledge(actor="ann", handler="ann", tier="agent")
NOON = OPENED_AT + 3 * HOUR


def promised(name: str, kind: PromiseKind, words: str = "", *, hours: float = 3) -> MakePromise:
    """Made by Ann, for so many hours after the opening."""
    return MakePromise(actor="ann", name=name, kind=kind, promised_at=OPENED_AT + hours * HOUR, words=words)


def owed(life: Life) -> list[Occasion]:
    """Every message that the customer was owed, with those of the same settle that came behind it."""
    customers = [each for each in life.occasions() if each.audience is Audience.CUSTOMER]
    return [
        replace(
            each,
            behind=tuple(
                Behind(later.sequence, later.kind)
                for later in customers[place + 1 :]
                if later.entries == each.entries  # of one settle
            ),
        )
        for place, each in enumerate(customers)
    ]


def first(life: Life, kind: str) -> Rendered:
    """The first letter of that kind."""
    return WORDS.say(next(each for each in owed(life) if each.kind == kind))


def let_down(customer: Customer = IDA) -> Life:
    """A call, a visit and news, promised for one instant, which passed."""
    return (
        Life(opening=an_opening(customer))
        .do(ANN, promised("call", PromiseKind.CALL_BACK, "On your mobile."))
        .do(promised("news", PromiseKind.NEXT_NEWS), promised("visit", PromiseKind.TURNAROUND, "By Ben."))
        .until(3.5)
    )


def test_the_first_letter_names_all_that_was_broken_at_its_instant() -> None:
    """Each with its own words and credit, in the order of the log; the messages behind it are told with it."""
    life = let_down()
    broken = [each for each in owed(life) if each.kind == "promise_broken"]
    assert [len(each.behind) for each in broken] == [2, 1, 0]
    letter = WORDS.say(broken[0])
    assert letter.also == broken[0].behind
    said = [
        "We promised to call you about your request “No line” by Monday 23 November at 12:00, and did not.",
        "We apologise. It is not forgotten.",
        "On your mobile.",
        "We also promised you news by Monday 23 November at 12:00, and you had none.\nWe apologise for that as well.",
        "We also promised you something for Monday 23 November at 12:00, and did not keep it.",
        "By Ben.",
        "Your reference is QX7K-4MPD.",
    ]
    places = [letter.text.find(each) for each in said]
    assert -1 not in places, letter.text
    assert places == sorted(places)
    assert letter.text.count("we offer you a credit of £10.00") == 3
    assert "&#" not in letter.text
    assert letter.facts["also"] == [
        {"promise": "next_news", "promised": NOON, "words": None, "credit": {"minor": 1000, "currency": "GBP"}},
        {"promise": "turnaround", "promised": NOON, "words": "By Ben.", "credit": {"minor": 1000, "currency": "GBP"}},
    ]
    last = WORDS.say(broken[2])
    assert (last.also, last.text.count("£10.00")) == ((), 1)


def test_it_is_said_in_the_customers_language() -> None:
    """9: all of it."""
    letter = first(let_down(replace(IDA, language="de-AT")), "promise_broken")
    assert "Wir haben Ihnen auch bis Montag, 23. November, 12:00 Uhr Nachricht versprochen" in letter.text
    assert "also" not in letter.text
    assert len(letter.also) == 2


def test_a_missed_solution_and_a_promise_of_its_instant_are_one_letter() -> None:
    """5.2: the customer's resolve is judged before promises, and its letter goes first."""
    solved_by = next(clock.deadline_at for clock in Life().ticket.clocks if clock.target is Target.RESOLVE)
    assert solved_by is not None
    call = MakePromise(actor="ann", name="call", kind=PromiseKind.CALL_BACK, promised_at=solved_by, words="")
    letter = first(Life().do(ANN, call).until(24 * 7), "resolve_missed")
    assert [each.kind for each in letter.also] == ["promise_broken"]
    assert "was to be solved by Friday 27 November at 09:00. It is not." in letter.text
    assert "We also promised to call you by Friday 27 November at 09:00, and did not." in letter.text


def test_one_line_of_which_the_customer_is_owed_two_messages_is_told_once() -> None:
    """4.2: a policy may have customers told of every breach; of a missed solution they hear anyway (6.13)."""
    policy = a_policy()
    tells = OnBreach(notify=(Audience.CUSTOMER, Audience.LAST_RESORT))
    tiers = tuple(replace(tier, on_breach={**tier.on_breach, Target.RESOLVE: tells}) for tier in policy.tiers)
    life = Life(policy=replace(policy, tiers=tiers)).until(24 * 5)
    missed = next(each for each in owed(life) if each.kind == "resolve_missed")
    letter = WORDS.say(next(each for each in owed(life) if each.sequence == missed.sequence))
    assert letter.kind == "clock_breached"
    assert [each.kind for each in letter.also] == ["resolve_missed"]
    assert letter.text.count("solved") == 1
    assert letter.text.count("£10.00") == 1


def test_what_is_no_admission_is_a_letter_of_its_own() -> None:
    """6.5: the step that a broken word brings about is told by itself, and so is what another instant broke."""
    life = let_down()
    opened = next(each for each in owed(life) if each.kind == "opened")
    assert WORDS.say(replace(opened, behind=(Behind(opened.sequence, "resolve_missed"),))).also == ()
    two = Life().do(ANN, promised("call", PromiseKind.CALL_BACK), promised("visit", PromiseKind.TURNAROUND, hours=3.5))
    earlier, later = [each for each in owed(two.until(6)) if each.kind == "promise_broken"][:2]
    assert earlier.entry.at < later.entry.at
    unlike = replace(earlier, entries=later.entries, behind=(Behind(later.sequence, later.kind),))
    assert WORDS.say(unlike).also == ()
    posted = life.do(PostUpdate(actor="ann", text="We are on our way."))
    assert first(posted, "update_posted").also == ()


@pytest.mark.parametrize("ending", ["txt", "html"])
def test_what_a_desks_own_template_leaves_out_is_not_told(tmp_path: Path, ending: str) -> None:
    """Nothing is lost: the messages behind it are then letters of their own."""
    own = {
        "txt": "Subject: Sorry ({{ reference }})\n\nWe broke our word.",
        "html": "<p>{{ reference }}: we broke our word.</p>",
    }
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / f"promise_broken.customer.{ending}").write_text(own[ending])
    occasion = next(each for each in owed(let_down()) if each.kind == "promise_broken")
    said = Words(tmp_path).say(occasion)
    assert said.also == ()
    assert "also" not in said.facts
