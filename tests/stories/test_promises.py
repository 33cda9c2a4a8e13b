"""Semantics 2.4, 2.8, 4.2, 4.8, 5.2, 5.4, 6.1, 6.2, 6.4, 6.5: what the customer was promised by an instant."""

from datetime import datetime, timedelta

import pytest

from tests.support.policies import ladder, row
from workflows.domain.policy import OnBreach, hours
from workflows.domain.ticket.commands import KeepPromise, MakePromise, PostUpdate
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.state import Promise
from workflows.domain.ticket.words import Audience, ClockState, Outcome, PromiseKind, PromiseState, Status, Target
from workflows.testing.story import Story, Tell

CLIMBS = {Target.PROMISE: OnBreach(notify=(Audience.LEAD,), escalate_every=1)}
"""A broken promise goes up the ladder too, where a policy says so."""


def promise_of(story: Story, name: str) -> Promise:
    """The latest run of that name."""
    (found,) = [promise for promise in story.ticket.promises if promise.name == name]
    return found


def hears_next(story: Story) -> datetime | None:
    """When the customer was promised to hear next."""
    return story.ticket.next_news_at


# 2.4: made, kept, broken, re-agreed.


def test_a_call_back_is_kept_by_name_and_by_nothing_else(tell: Tell) -> None:
    """2.4: neither an update nor a question keeps it; whoever recorded that the call was made does."""
    story = tell(ladder()).open("Fri 27 Nov 16:50").acknowledge().as_told()
    story.until("Fri 27 Nov 17:00").promise("call about the router", "Mon 30 Nov 15:00").in_short(
        "Fri 27 Nov 17:00 promise call about the router/1 made: call_back, by Mon 30 Nov 15:00, ann to keep it"
    ).told("promise_made to customer c-1")
    assert story.ticket.next_due_at() == story.ticket.deadline_at() == story.instant("Mon 30 Nov 15:00")
    story.until("Fri 27 Nov 17:30").post_update().until("Fri 27 Nov 18:00").ask().go_on().as_told()
    assert promise_of(story, "call about the router").is_open
    story.until("Mon 30 Nov 14:59").keep_promise("call about the router").in_short(
        "Mon 30 Nov 14:59 promise call about the router/1 kept, for 15:00"
    ).told()
    story.until("Mon 30 Nov 16:00").in_short().told()
    assert promise_of(story, "call about the router").kept_at == story.instant("Mon 30 Nov 14:59")


def test_a_promised_instant_counts_by_the_clock_on_the_wall_and_passes_once(tell: Tell) -> None:
    """2.4, 4.1, 4.2: over the week-end too; its owner, the lead and the customer hear of it. Done late is recorded."""
    story = tell(ladder()).open("Fri 27 Nov 16:50").acknowledge("bob").as_told()
    story.promise("call", "Sun 29 Nov 11:00").as_told().until("Sun 29 Nov 11:30").in_short(
        "Sun 29 Nov 11:00 promise call/1 broken, due 11:00"
    ).told("promise_broken to owner bob", "promise_broken to lead team-lead", "promise_broken to customer c-1")
    story.until("Mon 30 Nov 09:00").keep_promise("call").in_short(
        "Mon 30 Nov 09:00 promise call/1 done late, for Sun 29 Nov 11:00"
    ).told()
    kept = promise_of(story, "call")
    assert (kept.state, kept.kept_at) == (PromiseState.BROKEN, story.instant("Mon 30 Nov 09:00"))
    story.keep_promise("call").in_short(
        "Mon 30 Nov 09:00:00.000001 refused PROMISE_OVER: "
        "cannot keep promise 'call': it is broken and done late; make a new one"
    )


def test_an_instant_agreed_anew_stands_in_the_place_of_the_first(tell: Tell) -> None:
    """2.4: before its instant; the customer is told, and only the new one can be broken."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge().promise("call", "Mon 23 Nov 12:00").as_told()
    story.until("Mon 23 Nov 11:59").change_promise("call", "Mon 23 Nov 15:00").in_short(
        "Mon 23 Nov 11:59 promise call/2 agreed anew: 12:00 -> 15:00"
    ).told("promise_changed to customer c-1")
    story.until("Mon 23 Nov 15:01").in_short("Mon 23 Nov 15:00 promise call/2 broken, due 15:00").as_told()
    story.change_promise("call", "Mon 23 Nov 17:00").in_short(
        "Mon 23 Nov 15:01 refused PROMISE_OVER: cannot change promise 'call': it is broken; make a new one"
    )
    story.promise("call", "Mon 23 Nov 17:00").in_short(
        "Mon 23 Nov 15:01:00.000001 promise call/3 made: call_back, by 17:00, ann to keep it"
    ).as_told()


def test_next_news_of_a_persons_is_kept_by_an_update_and_by_a_question(tell: Tell) -> None:
    """2.4, 6.4: by any person's message; what the message names besides is kept too."""
    news = PromiseKind.NEXT_NEWS
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge().as_told()
    story.promise("news by noon", "Mon 23 Nov 12:00", news).promise("the form", "Mon 23 Nov 13:00").as_told()
    story.until("Mon 23 Nov 10:00").post_update(keeps=("the form",)).happened(
        "Mon 23 Nov 10:00 update posted",
        "Mon 23 Nov 10:00 met update/1 of agent, 1h spent",
        "Mon 23 Nov 10:00 started update/2 of agent, 800h, until Sat 26 Dec 18:00",
        "Mon 23 Nov 10:00 promise the form/1 kept, for 13:00",
        "Mon 23 Nov 10:00 promise next_news/1 kept, for Sat 26 Dec 17:00",
        "Mon 23 Nov 10:00 promise news by noon/1 kept, for 12:00",
        "Mon 23 Nov 10:00 promise next_news/2 made: next_news, by Sat 26 Dec 18:00",
    ).told("update_posted to customer c-1")
    story.promise("more news", "Mon 23 Nov 12:00", news).as_told().until("Mon 23 Nov 11:00").ask().in_short(
        "Mon 23 Nov 11:00 wait started",
        "Mon 23 Nov 11:00 met update/2 of agent, 1h spent",
        "Mon 23 Nov 11:00 promise more news/1 kept, for 12:00",
    ).as_told()


def test_news_that_comes_after_its_instant_is_recorded_as_done_late_once(tell: Tell) -> None:
    """2.4, 6.4: by a person's first message, of the engine's own and a person's alike; no later one says it again."""
    story = tell(ladder(agent=row(acknowledge=10, update_every=2, resolve=100))).open("Mon 23 Nov 09:00").acknowledge()
    story.promise("news by noon", "Mon 23 Nov 10:00", PromiseKind.NEXT_NEWS).until("Mon 23 Nov 11:30").as_told()
    assert {each.state for each in story.ticket.promises} == {PromiseState.BROKEN}
    story.post_update().happened(
        "Mon 23 Nov 11:30 update posted",
        "Mon 23 Nov 11:30 met update/2 of agent, 30m spent",
        "Mon 23 Nov 11:30 started update/3 of agent, 2h, until 13:30",
        "Mon 23 Nov 11:30 promise next_news/1 done late, for 11:00",
        "Mon 23 Nov 11:30 promise news by noon/1 done late, for 10:00",
        "Mon 23 Nov 11:30 promise next_news/2 made: next_news, by 13:30",
    ).told("update_posted to customer c-1")
    late = promise_of(story, "news by noon")
    assert (late.state, late.kept_at) == (PromiseState.BROKEN, story.instant("Mon 23 Nov 11:30"))
    story.until("Mon 23 Nov 12:00").ask().happened(
        "Mon 23 Nov 12:00 wait started",
        "Mon 23 Nov 12:00 met update/3 of agent, 30m spent",
        "Mon 23 Nov 12:00 started update/4 of agent, 2h, paused: waiting_on_customer",
        "Mon 23 Nov 12:00 promise next_news/2 kept, for 13:30",
        "Mon 23 Nov 12:00 paused tier_resolve/1 of agent: waiting_on_customer, 3h spent",
        "Mon 23 Nov 12:00 paused resolve/1 of agent: waiting_on_customer, 3h spent",
    ).as_told()


def test_a_turnaround_is_kept_by_whoever_takes_it_on(tell: Tell) -> None:
    """6.2: it is the handler's to keep, also where somebody else speaks to the customer."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge("ann").escalate().as_told()
    story.acknowledge("sam", turnaround="Mon 23 Nov 12:00").as_told()
    assert (story.ticket.owner, promise_of(story, "turnaround").owner) == ("ann", "sam")


def test_a_turnaround_that_broke_is_done_late_by_resolving(tell: Tell) -> None:
    """2.4, 6.2: to resolve is what it promised; that it came late is recorded, and it stays broken."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge(turnaround="Mon 23 Nov 12:00").as_told()
    story.until("Mon 23 Nov 13:00").as_told().resolve().in_short(
        "Mon 23 Nov 13:00 resolved fixed",
        "Mon 23 Nov 13:00 met update/1 of agent, 4h spent",
        "Mon 23 Nov 13:00 promise turnaround/1 done late, for 12:00",
    ).as_told()
    assert promise_of(story, "turnaround").state is PromiseState.BROKEN


def test_news_is_not_kept_by_saying_so_but_by_telling_the_customer(tell: Tell) -> None:
    """2.4: the engine's own is refused by name, open or broken; a person's of another name is kept by it."""
    story = tell(ladder(agent=row(acknowledge=10, update_every=2, resolve=100))).open("Mon 23 Nov 09:00").acknowledge()
    story.promise("news by noon", "Mon 23 Nov 12:00", PromiseKind.NEXT_NEWS).until("Mon 23 Nov 10:00").as_told()
    refused = (
        "refused PROMISE_NAME_TAKEN: cannot keep promise 'next_news': that is the engine's own; "
        "post an update, which keeps it"
    )
    story.keep_promise("next_news").in_short(f"Mon 23 Nov 10:00 {refused}").told()
    story.until("Mon 23 Nov 10:30").keep_promise("news by noon").in_short(
        "Mon 23 Nov 10:30 promise news by noon/1 kept, for 12:00"
    ).told()
    story.until("Mon 23 Nov 11:30").as_told().keep_promise("next_news").in_short(f"Mon 23 Nov 11:30 {refused}").told()
    assert promise_of(story, "next_news").kept_at is None


def test_resolving_keeps_news_and_turnaround_and_leaves_the_rest_running(tell: Tell) -> None:
    """2.4, 6.2: a resolved ticket is still called back; closing ends what is open, with its reason."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge(turnaround="Tue 24 Nov 12:00").as_told()
    story.promise("call", "Tue 24 Nov 15:00").promise("visit", "Wed 25 Nov 10:00").as_told()
    story.until("Mon 23 Nov 16:00").resolve().in_short(
        "Mon 23 Nov 16:00 resolved fixed",
        "Mon 23 Nov 16:00 met update/1 of agent, 7h spent",
        "Mon 23 Nov 16:00 promise turnaround/1 kept, for Tue 24 Nov 12:00",
    ).as_told()
    story.until("Tue 24 Nov 15:30").in_short("Tue 24 Nov 15:00 promise call/1 broken, due 15:00").as_told()
    story.close().in_short(
        "Tue 24 Nov 15:30 closed fixed by desk",
        "Tue 24 Nov 15:30 met tier_resolve/1 of agent, 7h spent, as of Mon 23 Nov 16:00",
        "Tue 24 Nov 15:30 met update/2 of agent, 0m spent, as of Mon 23 Nov 16:00",
        "Tue 24 Nov 15:30 met resolve/1 of agent, 7h spent, as of Mon 23 Nov 16:00",
        "Tue 24 Nov 15:30 promise visit/1 cancelled: agreed on the phone",
    ).told("closed to customer c-1")
    story.until("Wed 25 Nov 12:00").in_short().told()
    assert story.ticket.next_due_at() is None


def test_a_promise_is_kept_in_time_at_its_own_instant_and_not_a_microsecond_later(tell: Tell) -> None:
    """5.2: judged by when it entered the record, as every deadline is."""
    in_time = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge().promise("call", "Mon 23 Nov 12:00").as_told()
    in_time.until("Mon 23 Nov 12:00").keep_promise("call").in_short("Mon 23 Nov 12:00 promise call/1 kept, for 12:00")
    late = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge().promise("call", "Mon 23 Nov 12:00").as_told()
    late.unnoticed_until("Mon 23 Nov 12:00:00.000001").keep_promise("call").in_short(
        "Mon 23 Nov 12:00 promise call/1 broken, due 12:00",
        "Mon 23 Nov 12:00:00.000001 promise call/1 done late, for 12:00",
    ).as_told()


# 2.4: it survives.


def test_a_promise_survives_escalation_transfer_reassignment_and_a_wait(tell: Tell) -> None:
    """2.4, 2.7: whoever has the ticket by then; whose it was to keep, hears of it."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge("ann").as_told()
    story.promise("call", "Tue 24 Nov 12:00", owner="bob").as_told()
    story.until("Mon 23 Nov 10:00").escalate().until("Mon 23 Nov 11:00").transfer("agent").as_told()
    story.until("Mon 23 Nov 12:00").acknowledge("cy").until("Mon 23 Nov 13:00").ask().as_told()
    made = promise_of(story, "call")
    assert (made.is_open, made.run, made.owner) == (True, 1, "bob")
    story.until("Tue 24 Nov 12:30").in_short(
        "Mon 23 Nov 23:00 customer reminded 1, due 23:00",
        "Tue 24 Nov 09:00 customer reminded 2, due 09:00",
        "Tue 24 Nov 12:00 promise call/1 broken, due 12:00",
    ).told(
        "customer_reminded to customer c-1",
        "customer_reminded to customer c-1",
        "promise_broken to owner bob",
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
    )


def test_a_promise_is_warned_of_by_the_wall_clock(tell: Tell) -> None:
    """2.8: at the policy's fractions of the time between, once each, to whoever has the ticket and whoever promised."""
    story = tell(ladder(warn_at=(0.5, 0.75))).open("Mon 23 Nov 09:00").acknowledge("cy").as_told()
    story.until("Mon 23 Nov 09:30").promise("call", "Mon 23 Nov 13:30", owner="bob").as_told()
    story.until("Mon 23 Nov 13:00").in_short(
        "Mon 23 Nov 11:30 warned 50% of promise call/1, due 11:30",
        "Mon 23 Nov 12:30 warned 75% of promise call/1, due 12:30",
    ).told(
        "promise_warned to handler cy",
        "promise_warned to owner bob",
        "promise_warned to handler cy",
        "promise_warned to owner bob",
    )
    story.keep_promise("call").in_short("Mon 23 Nov 13:00 promise call/1 kept, for 13:30")


# 4.2, 4.6, 4.8, 5.2: what a broken one does.


def test_a_broken_promise_escalates_where_the_policy_says_so(tell: Tell) -> None:
    """4.2: by default it tells, and no more."""
    story = tell(ladder(on_breach=CLIMBS)).open("Mon 23 Nov 09:00").acknowledge().as_told()
    story.promise("call", "Mon 23 Nov 12:00").as_told().until("Mon 23 Nov 12:30").in_short(
        "Mon 23 Nov 12:00 promise call/1 broken, due 12:00",
        "Mon 23 Nov 12:00 escalated agent -> specialist: promise_broken, next news Sat 26 Dec 17:00",
    ).told(
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
        "escalated to customer c-1",
        "escalated to tier specialist",
        "escalated to owner ann",
    )


def test_promises_come_after_the_clocks_of_their_instant_by_name_and_all_are_one_step(tell: Tell) -> None:
    """5.2, 4.8: acknowledge, update, promises by name, then one escalation under all its reasons."""
    story = tell(ladder(agent=row(acknowledge=3, update_every=3), on_breach=CLIMBS)).open("Mon 23 Nov 09:00").as_told()
    for name in ("visit", "call", "parcel"):
        story.promise(name, "Mon 23 Nov 12:00").as_told()
    story.until("Mon 23 Nov 12:30").happened(
        "Mon 23 Nov 12:00 breached acknowledge/1 of agent, due 12:00",
        "Mon 23 Nov 12:00 breached update/1 of agent, due 12:00",
        "Mon 23 Nov 12:00 started update/2 of agent, 3h, until 15:00",
        "Mon 23 Nov 12:00 promise call/1 broken, due 12:00",
        "Mon 23 Nov 12:00 promise next_news/1 broken, due 12:00",
        "Mon 23 Nov 12:00 promise parcel/1 broken, due 12:00",
        "Mon 23 Nov 12:00 promise visit/1 broken, due 12:00",
        "Mon 23 Nov 12:00 escalated agent -> specialist: acknowledge_breached + promise_broken, next news 15:00",
        "Mon 23 Nov 12:00 cancelled tier_resolve/1 of agent, 3h spent",
        "Mon 23 Nov 12:00 started acknowledge/2 of specialist, 700h, until Tue 22 Dec 16:00",
        "Mon 23 Nov 12:00 started tier_resolve/2 of specialist, 900h, until Thu 31 Dec 00:00",
        "Mon 23 Nov 12:00 promise next_news/2 made: next_news, by 15:00",
    ).as_told()


def test_an_escalation_that_a_promise_brings_at_the_entry_of_a_tier_is_absorbed(tell: Tell) -> None:
    """4.8: by hand at the very instant, and the promise that passes then skips no tier."""
    story = tell(ladder(on_breach=CLIMBS)).open("Mon 23 Nov 09:00").acknowledge().as_told()
    story.promise("call", "Mon 23 Nov 12:00").as_told().until("Mon 23 Nov 12:00").escalate()
    story.until("Mon 23 Nov 12:30").in_short(
        "Mon 23 Nov 12:00 escalated agent -> specialist: by_hand, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 12:00 promise call/1 broken, due 12:00",
        "Mon 23 Nov 12:00 absorbed in specialist: promise_broken",
    ).as_told()


def test_a_promise_found_broken_late_takes_effect_when_it_is_found(tell: Tell) -> None:
    """4.6: recorded as late, still counted, and what follows counts from then."""
    story = tell(ladder(on_breach=CLIMBS)).open("Mon 23 Nov 09:00").acknowledge().as_told()
    story.promise("call", "Mon 23 Nov 12:00").as_told().late_until("Mon 23 Nov 14:00").in_short(
        "Mon 23 Nov 14:00 promise call/1 broken, due 12:00, late",
        "Mon 23 Nov 14:00 escalated agent -> specialist: promise_broken, next news Sat 26 Dec 17:00",
    ).as_told()
    assert story.ticket.tier_entered_at == story.instant("Mon 23 Nov 14:00")


def test_a_decision_on_what_was_promised_before_is_refused(tell: Tell) -> None:
    """5.4: a promise made, kept, changed or broken raises the version; a warning of one does not."""
    story = tell(ladder(warn_at=(0.5,))).open("Mon 23 Nov 09:00").acknowledge().as_told()
    seen = story.ticket.version
    story.promise("call", "Mon 23 Nov 12:00").as_told()
    assert story.ticket.version == seen + 1
    story.until("Mon 23 Nov 11:00").as_told()
    assert story.ticket.version == seen + 1
    story.send(PostUpdate(actor="bob", text="soon"), expected_version=seen).in_short(
        "Mon 23 Nov 11:00 refused STALE_VERSION: expected_version is 2, the ticket is at 3: "
        "look at it again and decide anew"
    )
    story.change_promise("call", "Mon 23 Nov 13:00").as_told()
    assert story.ticket.version == seen + 2
    story.until("Mon 23 Nov 13:30").as_told()
    assert story.ticket.version == seen + 3


# 6.1, 6.2, 6.5: what opening, acknowledging and escalating promise.


def test_opening_promises_news_by_the_update_deadline(tell: Tell) -> None:
    """6.1: a real instant; the acknowledgement does not keep it, a person's message does."""
    story = tell(ladder(agent=row(update_every=4))).open("Mon 23 Nov 09:00").as_told()
    assert story.ticket.next_news_at == story.instant("Mon 23 Nov 13:00")
    story.until("Mon 23 Nov 09:10").acknowledge().as_told()
    assert story.ticket.next_news_at == story.instant("Mon 23 Nov 13:00")
    story.until("Mon 23 Nov 12:00").post_update().happened(
        "Mon 23 Nov 12:00 update posted",
        "Mon 23 Nov 12:00 met update/1 of agent, 3h spent",
        "Mon 23 Nov 12:00 started update/2 of agent, 4h, until 16:00",
        "Mon 23 Nov 12:00 promise next_news/1 kept, for 13:00",
        "Mon 23 Nov 12:00 promise next_news/2 made: next_news, by 16:00",
    ).as_told()


def test_a_persons_update_promises_the_next_and_nothing_else_that_is_said_does(tell: Tell) -> None:
    """6.4, 6.5: an update by the new run's deadline; a question, one while waiting, or of a solution promises none."""
    story = tell(ladder(agent=row(update_every=4))).open("Mon 23 Nov 09:00").acknowledge().as_told()
    story.until("Mon 23 Nov 10:00").post_update().as_told()
    assert hears_next(story) == story.instant("Mon 23 Nov 14:00")
    story.until("Mon 23 Nov 11:00").ask().until("Mon 23 Nov 12:00").post_update().as_told()
    assert hears_next(story) is None
    story.until("Mon 23 Nov 12:30").go_on().as_told()  # nothing is said, and so nothing promised
    assert hears_next(story) is None
    story.until("Mon 23 Nov 13:00").post_update().as_told()
    assert hears_next(story) == story.instant("Mon 23 Nov 17:00")
    story.until("Mon 23 Nov 13:30").resolve().until("Mon 23 Nov 14:00").post_update().as_told()
    assert hears_next(story) is None


def test_news_that_did_not_come_is_promised_anew_by_the_next_persons_message_alone(tell: Tell) -> None:
    """4.2, 6.4: each broken word is admitted once, however long the silence after it lasts."""
    notified = {Target.UPDATE: OnBreach(notify=(Audience.HANDLER,), escalate_every=0)}
    story = tell(ladder(agent=row(update_every=2), on_breach=notified)).open("Mon 23 Nov 09:00").acknowledge()
    story.until("Mon 23 Nov 10:00").post_update().as_told().until("Mon 23 Nov 16:30").happened(
        "Mon 23 Nov 12:00 breached update/2 of agent, due 12:00",
        "Mon 23 Nov 12:00 started update/3 of agent, 2h, until 14:00",
        "Mon 23 Nov 12:00 promise next_news/2 broken, due 12:00",
        "Mon 23 Nov 14:00 breached update/3 of agent, due 14:00",
        "Mon 23 Nov 14:00 started update/4 of agent, 2h, until 16:00",
        "Mon 23 Nov 16:00 breached update/4 of agent, due 16:00",
        "Mon 23 Nov 16:00 started update/5 of agent, 2h, until 18:00",
    ).told(
        "clock_breached to handler ann",
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
        "clock_breached to handler ann",
        "clock_breached to handler ann",
    )
    assert story.ticket.next_news_at is None
    story.post_update().as_told()
    assert story.ticket.next_news_at == story.instant("Mon 23 Nov 18:30")


def test_a_turnaround_given_on_acknowledging_is_a_promise(tell: Tell) -> None:
    """6.2: the customer is told; it is the handler's to keep, and kept by resolving it."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 09:10").acknowledge("bob", turnaround="Mon 23 Nov 17:00").in_short(
        "Mon 23 Nov 09:10 acknowledged by bob of agent",
        "Mon 23 Nov 09:10 met acknowledge/1 of agent, 10m spent",
        "Mon 23 Nov 09:10 promise turnaround/1 made: turnaround, by 17:00, bob to keep it",
    ).told("promise_made to customer c-1")
    story.until("Mon 23 Nov 18:00").in_short("Mon 23 Nov 17:00 promise turnaround/1 broken, due 17:00").told(
        "promise_broken to owner bob", "promise_broken to lead team-lead", "promise_broken to customer c-1"
    )


def test_climbing_promises_news_anew_in_place_of_what_was_said_last(tell: Tell) -> None:
    """6.5: by hand, by a breach and by a transfer forward; backward says nothing, and leaves what was said."""
    policy = ladder(agent=row(update_every=8), specialist=row(update_every=4), supplier=row(update_every=2))
    story = tell(policy).open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 10:00").escalate().happened(
        "Mon 23 Nov 10:00 escalated agent -> specialist: by_hand, next news 13:00",
        "Mon 23 Nov 10:00 cancelled acknowledge/1 of agent, 1h spent",
        "Mon 23 Nov 10:00 cancelled tier_resolve/1 of agent, 1h spent",
        "Mon 23 Nov 10:00 started acknowledge/2 of specialist, 700h, until Tue 22 Dec 14:00",
        "Mon 23 Nov 10:00 started tier_resolve/2 of specialist, 900h, until Wed 30 Dec 22:00",
        "Mon 23 Nov 10:00 moved update/1 of agent to 4h, 1h spent, until 13:00",
        "Mon 23 Nov 10:00 promise next_news/2 made again: next_news, by 13:00",
    ).told("escalated to customer c-1", "escalated to tier specialist", "escalated to owner agent")
    story.until("Mon 23 Nov 10:30").transfer("supplier").as_told()
    assert story.ticket.next_news_at == story.instant("Mon 23 Nov 11:00")
    story.until("Mon 23 Nov 10:40").transfer("agent").in_short(
        "Mon 23 Nov 10:40 transferred supplier -> agent backward, ping-pong"
    ).as_told()
    assert story.ticket.next_news_at == story.instant("Mon 23 Nov 11:00")


def test_when_news_and_the_update_clock_run_out_together_everybody_hears_once(tell: Tell) -> None:
    """6.5: both are recorded; who is told of the update clock is not told of the promise too."""
    lead_hears = {Target.UPDATE: OnBreach(notify=(Audience.HANDLER, Audience.LEAD), escalate_every=2)}
    story = tell(ladder(agent=row(update_every=4), on_breach=lead_hears)).open("Mon 23 Nov 09:00").acknowledge()
    story.as_told().until("Mon 23 Nov 13:30").happened(
        "Mon 23 Nov 13:00 breached update/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 started update/2 of agent, 4h, until 17:00",
        "Mon 23 Nov 13:00 promise next_news/1 broken, due 13:00",
    )
    story.told("clock_breached to handler ann", "clock_breached to lead team-lead", "promise_broken to customer c-1")
    story.until("Mon 23 Nov 16:00").in_short().told()


def test_news_that_was_promised_twice_for_one_instant_is_missed_once(tell: Tell) -> None:
    """6.5: by the engine and by people: each of the desk hears of the first by name, and the customer in one letter."""
    news = PromiseKind.NEXT_NEWS
    story = tell(ladder(agent=row(update_every=4))).open("Mon 23 Nov 09:00").acknowledge().as_told()
    for name in ("news", "word of the parts"):
        story.promise(name, "Mon 23 Nov 13:00", news).as_told()
    story.promise("the call", "Mon 23 Nov 13:00").as_told()
    story.until("Mon 23 Nov 13:30").happened(
        "Mon 23 Nov 13:00 breached update/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 started update/2 of agent, 4h, until 17:00",
        "Mon 23 Nov 13:00 promise news/1 broken, due 13:00",
        "Mon 23 Nov 13:00 promise next_news/1 broken, due 13:00",
        "Mon 23 Nov 13:00 promise the call/1 broken, due 13:00",
        "Mon 23 Nov 13:00 promise word of the parts/1 broken, due 13:00",
    ).told(
        "clock_breached to handler ann",
        "promise_broken to lead team-lead",  # of news
        "promise_broken to customer c-1",
        "promise_broken to customer c-1",
        "promise_broken to owner ann",  # of the call, which is something else
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
        "promise_broken to customer c-1",
    )


def test_news_that_was_promised_for_two_instants_is_missed_at_each(tell: Tell) -> None:
    """6.5: also where both are found at once: what broke later is told of later, and so is the update clock."""
    news = PromiseKind.NEXT_NEWS
    story = tell(ladder(agent=row(update_every=4))).open("Mon 23 Nov 09:00").acknowledge().as_told()
    story.promise("news", "Mon 23 Nov 12:59", news).promise("parts", "Mon 23 Nov 13:01", news).as_told()
    story.late_until("Mon 23 Nov 13:30").happened(
        "Mon 23 Nov 13:30 promise news/1 broken, due 12:59, late",
        "Mon 23 Nov 13:30 breached update/1 of agent, due 13:00, late",
        "Mon 23 Nov 13:30 started update/2 of agent from 13:00, 4h, until 17:00",
        "Mon 23 Nov 13:30 promise next_news/1 broken, due 13:00, late",
        "Mon 23 Nov 13:30 promise parts/1 broken, due 13:01, late",
    ).told(
        "promise_broken to owner ann",
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
        "clock_breached to handler ann",
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
        "promise_broken to owner ann",
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
    )


def test_who_waits_on_the_customer_owes_no_news(tell: Tell) -> None:
    """6.5: the question keeps what was promised; climbing meanwhile promises nothing, and cancels what is open."""
    story = (
        tell(ladder(agent=row(acknowledge=3)))
        .open("Mon 23 Nov 09:00")
        .until("Mon 23 Nov 10:00")
        .ask()
        .happened(
            "Mon 23 Nov 09:00 opened normal in agent",
            "Mon 23 Nov 09:00 started acknowledge/1 of agent, 3h, until 12:00",
            "Mon 23 Nov 09:00 started tier_resolve/1 of agent, 900h, until Wed 30 Dec 21:00",
            "Mon 23 Nov 09:00 started update/1 of agent, 800h, until Sat 26 Dec 17:00",
            "Mon 23 Nov 09:00 started resolve/1 of agent, 1000h, until Mon 4 Jan 01:00",
            "Mon 23 Nov 09:00 promise next_news/1 made: next_news, by Sat 26 Dec 17:00",
            "Mon 23 Nov 10:00 wait started",
            "Mon 23 Nov 10:00 met update/1 of agent, 1h spent",
            "Mon 23 Nov 10:00 started update/2 of agent, 800h, paused: waiting_on_customer",
            "Mon 23 Nov 10:00 promise next_news/1 kept, for Sat 26 Dec 17:00",
            "Mon 23 Nov 10:00 paused tier_resolve/1 of agent: waiting_on_customer, 1h spent",
            "Mon 23 Nov 10:00 paused resolve/1 of agent: waiting_on_customer, 1h spent",
        )
        .as_told()
    )
    story.until("Mon 23 Nov 12:30").in_short(
        "Mon 23 Nov 12:00 breached acknowledge/1 of agent, due 12:00",
        "Mon 23 Nov 12:00 escalated agent -> specialist: acknowledge_breached, no news promised",
    ).as_told()
    assert story.ticket.next_news_at is None


def test_a_missed_resolve_is_admitted_to_the_customer(tell: Tell) -> None:
    """6.13, 4.2: whatever the policy tells its own people."""
    quiet = {Target.RESOLVE: OnBreach()}
    story = tell(ladder(resolve=hours(3), on_breach=quiet)).open("Mon 23 Nov 09:00").acknowledge().as_told()
    story.until("Mon 23 Nov 11:00").post_update().as_told().until("Mon 23 Nov 12:30").in_short(
        "Mon 23 Nov 12:00 breached resolve/1 of agent, due 12:00"
    ).told("resolve_missed to customer c-1")


# 8: explained.


def test_a_promise_is_explained_as_a_deadline_is(tell: Tell) -> None:
    """8: since when, by when, by whom, and how it ended; an instant agreed anew is a line of its own."""
    policy = ladder()
    story = tell(policy).open("Mon 23 Nov 09:00").acknowledge("ann").until("Mon 23 Nov 10:00").as_told()
    story.promise("call", "Mon 23 Nov 12:00").until("Mon 23 Nov 11:00").change_promise("call", "Mon 23 Nov 14:00")
    story.until("Mon 23 Nov 15:00").as_told()
    lines = ledger(policy, story.entries, story.instant("Mon 23 Nov 15:00"))
    first, anew = (line for line in lines if line.promise == "call")
    (interval,) = first.intervals
    assert (first.state, interval.counted, interval.actor) == (ClockState.CANCELLED, hours(1), "ann")
    assert (anew.state, anew.run, anew.length, anew.left) == (ClockState.BREACHED, 2, hours(3), hours(0))
    assert anew.deadline_at == story.instant("Mon 23 Nov 14:00")


# What is refused.


_PASSED = "PROMISE_NOT_AHEAD: cannot promise 'call' for 2026-11-23 {} UTC: it is {} UTC already; name an instant ahead"
_TAKEN = (
    "PROMISE_NAME_TAKEN: cannot make promise 'visit': one of that name is open until 2026-11-24 09:00:00 UTC; "
    "change that one, or call this one something else"
)
_ENGINES = "PROMISE_NAME_TAKEN: cannot make promise 'next_news': that is the engine's own; call yours something else"


@pytest.mark.parametrize(
    ("name", "by", "refused"),
    [
        ("call", "Mon 23 Nov 10:00", _PASSED.format("10:00:00", "2026-11-23 10:00:00")),
        ("call", "Mon 23 Nov 09:59", _PASSED.format("09:59:00", "2026-11-23 10:00:00")),
        ("next_news", "Mon 23 Nov 12:00", _ENGINES),
        ("visit", "Mon 23 Nov 12:00", _TAKEN),
    ],
)
def test_what_cannot_be_promised(tell: Tell, name: str, by: str, refused: str) -> None:
    """2.4: an instant that is not ahead, a name that stands for something already; nothing changes."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge().promise("visit", "Tue 24 Nov 09:00").as_told()
    before = story.until("Mon 23 Nov 10:00").ticket
    story.promise(name, by).in_short(f"Mon 23 Nov 10:00 refused {refused}").told()
    assert (story.ticket.promises, story.ticket.version) == (before.promises, before.version)


def test_nothing_is_promised_for_later_than_a_year_from_now(tell: Tell) -> None:
    """2.4: the same day of next year is, however long the year; the day after that is not."""
    story = tell(ladder(), year=2027).open("Tue 23 Nov 09:00").acknowledge().until("Tue 23 Nov 10:00").as_told()
    far = story.instant("Tue 23 Nov 10:00") + timedelta(days=366)
    story.send(_promise(far)).as_told()
    assert promise_of(story, "call").promised_at == far
    story.send(KeepPromise(actor="ann", name="call")).as_told()
    story.until("Tue 23 Nov 11:00").send(_promise(far + timedelta(days=1))).in_short(
        "Tue 23 Nov 11:00 refused PROMISE_TOO_FAR: cannot promise 'call' for 2028-11-24 10:00:00 UTC: "
        "at most 366 days ahead are promised"
    )


def _promise(at: datetime) -> MakePromise:
    return MakePromise(actor="ann", name="call", kind=PromiseKind.CALL_BACK, promised_at=at, words="next year then")


def test_what_nobody_promised_is_neither_kept_nor_changed(tell: Tell) -> None:
    """2.4: a name that is not there, the engine's own, one that is over; what else was asked is not done either."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge().until("Mon 23 Nov 10:00").as_told()
    story.keep_promise("call").in_short(
        "Mon 23 Nov 10:00 refused PROMISE_UNKNOWN: cannot keep promise 'call': the ticket's open ones are 'next_news'"
    )
    story.until("Mon 23 Nov 10:10").change_promise("call", "Mon 23 Nov 12:00").in_short(
        "Mon 23 Nov 10:10 refused PROMISE_UNKNOWN: cannot change promise 'call': the ticket's open ones are 'next_news'"
    )
    story.until("Mon 23 Nov 10:20").change_promise("next_news", "Mon 23 Nov 12:00").in_short(
        "Mon 23 Nov 10:20 refused PROMISE_NAME_TAKEN: "
        "cannot change promise 'next_news': that is the engine's own; call yours something else"
    )
    story.until("Mon 23 Nov 10:30").post_update(keeps=("call",)).in_short(
        "Mon 23 Nov 10:30 refused PROMISE_UNKNOWN: cannot keep promise 'call': the ticket's open ones are 'next_news'"
    ).told()
    story.until("Mon 23 Nov 10:40").resolve(keeps=("call",)).in_short(
        "Mon 23 Nov 10:40 refused PROMISE_UNKNOWN: cannot keep promise 'call': the ticket's open ones are 'next_news'"
    )
    story.until("Mon 23 Nov 10:50").promise("call", "Mon 23 Nov 12:00").keep_promise("call").as_told()
    story.until("Mon 23 Nov 11:00").keep_promise("call").in_short(
        "Mon 23 Nov 11:00 refused PROMISE_OVER: cannot keep promise 'call': it is kept; make a new one"
    )
    story.until("Mon 23 Nov 11:10").change_promise("call", "Mon 23 Nov 12:00").in_short(
        "Mon 23 Nov 11:10 refused PROMISE_OVER: cannot change promise 'call': it is kept; make a new one"
    )


def test_an_acknowledgement_with_an_impossible_turnaround_is_none(tell: Tell) -> None:
    """6.2: refused as a whole: who acknowledges must know what they promised."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").as_told()
    story.acknowledge(turnaround="Mon 23 Nov 09:30").in_short(
        "Mon 23 Nov 10:00 refused PROMISE_NOT_AHEAD: cannot promise 'turnaround' for 2026-11-23 09:30:00 UTC: "
        "it is 2026-11-23 10:00:00 UTC already; name an instant ahead"
    ).told()
    assert (story.ticket.handler, story.ticket.status) == (None, Status.OPEN)


def test_nothing_is_promised_on_a_closed_ticket(tell: Tell) -> None:
    """2.4: closing ended what was open; that a broken one was done after all is still recorded."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge().promise("call", "Mon 23 Nov 10:00").as_told()
    story.until("Mon 23 Nov 11:00").resolve(Outcome.WITHDRAWN).as_told().until("Mon 23 Nov 12:00")
    story.promise("visit", "Tue 24 Nov 09:00").in_short(
        "Mon 23 Nov 12:00 refused WRONG_STATE: cannot make a promise: the ticket is 'closed'; reopen it first"
    )
    story.until("Mon 23 Nov 13:00").keep_promise("call").in_short(
        "Mon 23 Nov 13:00 promise call/1 done late, for 10:00"
    )
