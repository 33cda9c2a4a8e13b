"""What a message says is true of its event, whenever it is sent: when the customer hears next, why, and by when."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from services.words.facts import facts_of
from services.words.kinds import Side
from services.words.occasion import Occasion
from services.words.words import Rendered, Words
from tests.support.telling import HOUR, IDA, OPENED_AT, USED, Life, a_policy, an_opening, lives
from tests.unit.ticket.lives import ENOUGH, Step, lived, plans, policies
from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.commands import (
    Acknowledge,
    Assign,
    ChangePolicy,
    ChangePriority,
    Command,
    Confirm,
    Continue,
    Escalate,
    FlagCustomer,
    Import,
    MakePromise,
    MergeInto,
    Open,
    PostUpdate,
    Rate,
    Reject,
    Renaming,
    Reopen,
    Resolve,
    SpentClock,
    Transfer,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.state import TICK, Ticket
from workflows.domain.ticket.words import Audience, Outcome, PromiseKind, Signal, Status, Target
from workflows.planning.handover_log import story
from workflows.planning.handover_page import told

WORDS = Words()
ANN = Acknowledge(actor="ann", handler="ann", tier="agent")
IN_HAND = {Status.OPEN, Status.IN_PROGRESS}
"""Whoever is told something then is told when they hear next (6.4)."""


def said(life: Life, kind: str, audience: Audience = Audience.CUSTOMER) -> Rendered:
    """The first message of a kind, in words."""
    return WORDS.say(life.first(kind, audience))


def occasions(policy: Policy, plan: list[Step], *, outages: bool) -> Iterator[tuple[Occasion, Ticket, Ticket]]:
    """Every message of a life, and the ticket when it was owed and in the end."""
    life = lived(policy, plan, outages=outages)
    entries = list[Entry]()
    for judged in life.judgements:
        entries += judged.entries
        for message in judged.messages:
            own = next(entry for entry in entries if entry.sequence == message.sequence)
            occasion = Occasion(
                kind=message.kind,
                audience=message.audience,
                recipient=message.recipient,
                key="0" * 32,
                sequence=message.sequence,
                ticket=judged.ticket,
                policy=policy,
                entries=tuple(entries),
                now_at=own.at,
            )
            yield occasion, judged.ticket, life.ticket


@ENOUGH
@given(policy=policies, plan=plans)
def test_a_message_says_the_same_however_late_it_is_put_into_words(policy: Policy, plan: list[Step]) -> None:
    """4.7: the ticket has moved on; what happened then is what is told."""
    for occasion, _, in_the_end in occasions(policy, plan, outages=True):
        assert WORDS.say(replace(occasion, ticket=in_the_end)) == WORDS.say(occasion), occasion.kind


@ENOUGH
@given(policy=policies, plan=plans)
def test_when_they_hear_next_is_what_the_ticket_owes(policy: Policy, plan: list[Step]) -> None:
    """2.4, 6.5: the promise of next news, or else the deadline of an update, and nothing where there is neither."""
    for occasion, ticket, _ in occasions(policy, plan, outages=False):
        news = WORDS.say(occasion).next_news_at
        owed = [each.promised_at for each in ticket.promises if each.is_open and each.kind is PromiseKind.NEXT_NEWS]
        update = next((clock.deadline_at for clock in ticket.clocks if clock.target is Target.UPDATE), None)
        expected = min(owed, default=update)
        assert news is None or news == expected, occasion.kind
        if occasion.kind == "opened" or (occasion.kind == "update_posted" and ticket.status in IN_HAND):
            assert news is not None, occasion.kind


@ENOUGH
@given(policy=policies, plan=plans)
def test_whom_a_letter_calls_the_owner_is_the_owner(policy: Policy, plan: list[Step]) -> None:
    """1: who acknowledged first in the policy's first tier, which need not be the tier that it was opened in."""
    for occasion, ticket, in_the_end in occasions(policy, plan, outages=False):
        if Side.of(occasion.audience) is Side.DESK and occasion.entry.at == occasion.entries[-1].at:
            assert facts_of(replace(occasion, ticket=in_the_end))["owner"] == ticket.owner, occasion.kind


IMPORTED = Import(
    actor="operator",
    ticket_id="t-3",
    reference="QX7K-4MPD",
    queue="home",
    priority="normal",
    customer=IDA,
    subject="No line",
    description="The line is dead.",
    channel="phone",
    opened_at=OPENED_AT - HOUR,
    tier="specialist",
    status=Status.OPEN,
    clocks=tuple(SpentClock(target=target, used=HOUR) for target in USED),
)
SAM = replace(ANN, actor="sam", handler="sam", tier="specialist")


def owners(life: Life) -> list[object]:
    """Whom the desk's letters call the owner, one after another."""
    found = (facts_of(each) for each in life.occasions() if Side.of(each.audience) is Side.DESK)
    return [each["owner"] for each in found]


@pytest.mark.parametrize("opening", [an_opening(), IMPORTED])
def test_who_takes_it_on_in_a_later_tier_owns_nothing_whatever_tier_it_was_opened_in(opening: Open | Import) -> None:
    """1, 4.5, 6.14: the first tier is the policy's: one that was passed by, or that an import was never in, is it."""
    policy = a_policy()
    agent, *later = policy.tiers
    afternoons = Calendar("Europe/London", {"mon-fri": "13:00-18:00"})
    closed = replace(agent, calendar=afternoons, skip_when_closed=("normal",))
    life = Life(policy=replace(policy, tiers=(closed, *later)), opening=opening)
    assert life.ticket.tier == "specialist"
    life.do(SAM, Assign(actor="sam", handler="tom"))
    assert {life.ticket.owner, *owners(life)} == {None}
    life.do(Transfer(actor="tom", to_tier="agent", reason="theirs"), replace(SAM, tier="agent"))
    life.do(
        Assign(actor="sam", handler="ben"), Resolve(actor="ben", outcome=Outcome.FIXED, explanation="A new router.")
    )
    life.do(Confirm(actor="desk"), Reopen(actor="desk", reason="It drops."), ANN, Assign(actor="ann", handler="ben"))
    assert owners(life)[-1] == life.ticket.owner == "sam"
    assert owners(life)[0] is None


def renamed(life: Life, old: str, new: str) -> Life:
    """It goes on by a version of its policy that calls a tier otherwise."""
    tiers = tuple(replace(tier, name=new) if tier.name == old else tier for tier in life.policy.tiers)
    onto = replace(life.policy, tiers=tiers)
    names = (Renaming(old=old, new=new),)
    rename = ChangePolicy(actor="ops", policy_version=version_of(onto), reason="another word", tiers=names)
    life.now += TICK
    life.judgements.append(judge(life.policy, life.ticket, life.now, rename, onto=onto))
    life.policy = onto
    return life


def test_who_owns_it_is_told_by_whatever_name_the_tiers_had_then() -> None:
    """1, 7.3: another version of the policy calls the first tier otherwise, or another."""
    life = renamed(Life().do(ANN), "agent", "desk").do(Assign(actor="ann", handler="ben"))
    assert (life.ticket.tier, owners(life)[-1]) == ("desk", "ann")

    life = renamed(Life(opening=IMPORTED).do(SAM), "specialist", "expert").do(Assign(actor="sam", handler="tom"))
    life.do(Transfer(actor="tom", to_tier="agent", reason="theirs"), replace(SAM, tier="agent"))
    assert (life.ticket.owner, *owners(life)[-2:]) == ("sam", None, None)


def test_an_escalation_says_of_two_promises_of_news_the_earlier() -> None:
    """2.4, 6.5: somebody promised news before the engine does; the customer is told when they hear next."""
    promised_at = OPENED_AT + 2 * HOUR
    news = MakePromise(
        actor="ann", name="news", kind=PromiseKind.NEXT_NEWS, promised_at=promised_at, words="By eleven."
    )
    life = Life().do(ANN, news, Escalate(actor="ann", from_tier="agent", reason="beyond us"))
    assert said(life, "escalated").next_news_at == promised_at


def test_what_was_to_come_and_has_passed_is_not_promised() -> None:
    """9: a truth, or nothing: an hour of delivery away is no reason to promise an instant of the past."""
    life = Life()
    at_once = WORDS.say(life.first("opened"))
    assert at_once.next_news_at == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    assert "You will hear from us again by Monday 23 November at 13:00" in at_once.text
    late = replace(life.first("opened"), now_at=OPENED_AT + 5 * HOUR, is_late=True)
    assert WORDS.say(late).next_news_at is None
    assert "hear from us" not in WORDS.say(late).text
    assert "it tells you what happened on Monday 23 November at 09:00" in WORDS.say(late).text
    assert "It should be solved by Friday 27 November at 09:00" in WORDS.say(late).text


def test_opening_tells_when_and_by_when_in_the_customers_own_zone() -> None:
    """6.1: real instants in their own zone and words, the zone named as it is not the desk's."""
    customer = replace(IDA, language="en-US", zone="America/New_York")
    text = said(Life(opening=an_opening(customer)), "opened").text.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "solved by Friday, November 27 at 4:00 AM (New York time)." in text
    assert "hear from us again by Monday, November 23 at 8:00 AM (New York time) at the latest." in text
    assert "UTC" not in text


def test_the_desks_reason_stays_the_desks_and_the_customers_words_come_back_to_them() -> None:
    """6.5: why, in the customer's words: a reason by hand is not shown, one that they gave with a rejection is."""
    by_hand = Life().do(ANN, Escalate(actor="ann", from_tier="agent", reason="customer is difficult"))
    assert "difficult" not in str(said(by_hand, "escalated"))
    assert "customer is difficult" in said(by_hand, "escalated", Audience.TIER).text
    fixed = Resolve(actor="ann", outcome=Outcome.FIXED, explanation="A new router.")
    rejected = Life().do(ANN, fixed, Reject(actor="desk", reason="It is as slow as ever."))
    assert (
        "You told us that it is not solved, and we are sorry.\n\nIn your words:\n\nIt is as slow as ever."
        in said(rejected, "escalated").text
    )
    given = Life().do(ANN, Transfer(actor="ann", to_tier="specialist", reason="theirs, not ours"))
    assert "theirs" not in str(said(given, "transferred"))
    waited = Life().do(
        ANN, WaitOnCustomer(actor="ann", question="Which lights?"), Continue(actor="ann", reason="found it")
    )
    assert "found it" not in str([WORDS.say(each) for each in waited.occasions() if each.audience is Audience.CUSTOMER])


def test_a_broken_promise_is_admitted_with_its_credit_in_one_message() -> None:
    """6.13: an apology and the credit, unasked, and when they hear next."""
    broken = said(lives()[1], "promise_broken")
    assert (
        "We promised to call you about your request “No line” by Monday 23 November at 16:00, and did not."
        in broken.text
    )
    assert "We apologise." in broken.text
    assert "we offer you a credit of £10.00." in broken.text
    assert broken.facts["credit"] == {"minor": 1000, "currency": "GBP"}
    missed = said(lives()[0], "resolve_missed")
    assert "was to be solved by Friday 27 November at 09:00. It is not. We apologise" in missed.text
    assert "we offer you a credit of £10.00." in missed.text


CALL = MakePromise(
    actor="ann", name="call", kind=PromiseKind.CALL_BACK, promised_at=OPENED_AT + 3 * HOUR, words="On your mobile."
)
FIXED = Resolve(actor="ann", outcome=Outcome.FIXED, explanation="A new router.")


def last(life: Life, kind: str) -> Rendered:
    """The customer's last message of a kind, in words."""
    return WORDS.say([each for each in life.occasions() if (each.kind, each.audience) == (kind, Audience.CUSTOMER)][-1])


def test_a_call_that_is_promised_stands_when_it_is_solved_and_is_off_when_it_is_closed() -> None:
    """2.4: nobody is left to wonder whether they will still be called."""
    life = Life().do(ANN, CALL, replace(CALL, name="visit", promised_at=OPENED_AT + 5 * HOUR, words="Ben."), FIXED)
    stands = (
        "What we promised you for Monday 23 November at 12:00 still stands:\n\nOn your mobile.\n\nSo does what else"
    )
    assert stands in last(life, "resolved").text
    assert "What else we had promised you is no longer needed" in last(life.do(Confirm(actor="desk")), "closed").text
    bare = Life().do(ANN, replace(CALL, name="turnaround", kind=PromiseKind.TURNAROUND), FIXED, Confirm(actor="desk"))
    assert "promised" not in last(bare, "resolved").text
    assert "no longer needed" not in last(bare, "closed").text


def test_a_call_that_is_promised_stands_after_a_merge() -> None:
    """6.7: who goes on keeps it."""
    into = MergeInto(actor="ann", survivor_id="t-2", survivor_reference="RT5H-9WXA", survivor_status=Status.OPEN)
    merged = last(Life().do(ANN, CALL, into), "merged")
    assert "What we promised you for Monday 23 November at 12:00 still stands:\n\nOn your mobile." in merged.text
    assert "still stands" not in last(Life().do(ANN, into), "merged").text


def test_who_has_rated_it_is_not_asked_again() -> None:
    """6.10: once."""
    life = Life().do(ANN, FIXED, Confirm(actor="desk"))
    assert "one to five stars" in last(life, "closed").text
    life.do(Rate(actor="desk", stars=4), Reopen(actor="desk", reason="It drops."), ANN, FIXED, Confirm(actor="desk"))
    assert "stars" not in last(life, "closed").text


def test_who_says_no_to_a_closed_one_has_an_apology_and_their_words_again() -> None:
    """6.8: as they have before it is closed; what the desk wrote as it opened it again stays the desk's."""
    life = Life().do(ANN, FIXED, Confirm(actor="desk"))
    by_hand = last(
        Life(judgements=[]).do(ANN, FIXED, Confirm(actor="desk"), Reopen(actor="ann", reason="odd")), "reopened"
    )
    life.do(Reject(actor="desk", reason="It is as slow as ever."))
    text = last(life, "reopened").text
    assert "is not solved. We are sorry that our answer did not do it." in text
    assert "In your words:\n\nIt is as slow as ever." in text
    assert "odd" not in str(by_hand)
    assert "sorry" not in by_hand.text


def test_the_lead_reads_how_often_each_thing_went_wrong() -> None:
    """6.13: a count, not the same line again and again."""
    signals = (Signal.CHASED, Signal.PROMISE_BROKEN, Signal.CHASED, Signal.CHASED)
    life = Life().do(FlagCustomer(actor="followthrough", signals=signals, since=OPENED_AT))
    text = said(life, "customer_at_risk", Audience.LEAD).text
    assert "- had to ask again, 3 times\n- a promise was broken\n\n" in text


def test_no_letter_apologises_before_the_minute_that_another_one_named() -> None:
    """2.4, 9: promised to the second, told as a clock shows it, in promise, apology and page alike."""
    promised_at = OPENED_AT + HOUR + timedelta(minutes=6, seconds=5)
    call = MakePromise(actor="ann", name="call", kind=PromiseKind.CALL_BACK, promised_at=promised_at, words="We call.")
    life = Life().do(ANN, call).until(2)
    made, broken = said(life, "promise_made"), said(life, "promise_broken")
    assert "We will call you by Monday 23 November at 10:06." in made.text
    assert "by Monday 23 November at 10:06, and did not" in broken.text
    entries = [entry for judged in life.judgements for entry in judged.entries]
    assert "promised for Mon 23 Nov 10:06" in told(story(entries, "Europe/London"), "Europe/London")


@pytest.mark.parametrize(
    "moved_by",
    [
        (ANN, WaitOnCustomer(actor="ann", question="Which lights are on?")),
        (ChangePriority(actor="ann", priority="urgent", reason="a surgery"),),
    ],
)
def test_the_instant_of_a_missed_solution_is_one_that_the_customer_was_told(moved_by: tuple[Command, ...]) -> None:
    """6.1, 7.3: nobody is told that a deadline moved: that it is not solved is admitted then, and no instant named."""
    life = Life().do(*moved_by).until(5)
    if life.ticket.waiting:
        life.do(Continue(actor="ann", reason="found it"))
    missed = said(life.until(24 * 14), "resolve_missed")
    assert "Your request “No line” is not solved in the time that we promise. We apologise" in missed.text
    assert missed.facts["due"] is None


def test_news_that_is_late_is_named_by_the_instant_that_was_promised_and_by_no_other() -> None:
    """4.2: of a policy whose customers hear of late updates; of the run after a silence nobody was told an instant."""
    life = Life().do(ANN).until(9)
    first, second = (
        WORDS.say(each)
        for each in life.occasions()
        if each.kind == "clock_breached" and each.audience is Audience.CUSTOMER
    )
    assert "should have had news of your request “No line” by Monday 23 November at 13:00, and had none." in first.text
    assert "should have had news of your request “No line” by now, and had none." in second.text


def test_a_reminder_repeats_the_question_it_is_of() -> None:
    """6.6: the last that was asked before the reminder, not one that was asked since."""
    life = Life().do(ANN, WaitOnCustomer(actor="ann", question="Which lights are on?")).until(6)
    life.do(WaitOnCustomer(actor="ann", question="Which cable is it?"))
    reminded = said(life, "customer_reminded")
    assert "Which lights are on?" in reminded.text
    assert "On Monday 23 November at 09:00 we asked you" in reminded.text
    assert "Which cable" not in reminded.text


def test_news_while_it_rests_promises_nothing_more() -> None:
    """2.10: solved, the update clock stands still: nobody is promised news that nobody owes."""
    life = Life().do(ANN, Resolve(actor="ann", outcome=Outcome.FIXED, explanation="A new router."))
    life.do(PostUpdate(actor="ann", text="We watch it for a day."))
    assert said(life, "update_posted").next_news_at is None
    assert "hear from us" not in said(life, "update_posted").text


@pytest.mark.parametrize("hours_since", [0, 23, 24])
def test_how_long_one_can_come_back_is_said_while_it_is_true(hours_since: int) -> None:
    """6.9: the reopen window is told with its end, and not any more when that has passed."""
    life = lives()[3]
    closed = life.first("closed")
    later = replace(closed, now_at=closed.entry.at + timedelta(days=13, hours=hours_since))
    words = "Tell us by Monday 7 December at 09:00 and we open it again"
    assert (words in WORDS.say(later).text) is (hours_since < 24)
