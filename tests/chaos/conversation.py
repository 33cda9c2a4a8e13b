"""Doctored facts of what one ticket's clocks do not show: problems, merges, closures, credits, policies, rosters.

Each case breaks one promise; the fine ones are as anybody may find them.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from tests.chaos.doctored import (
    HONEST,
    ID,
    NOON,
    VERSION,
    Doctoring,
    after,
    breach,
    clock,
    done,
    line,
    standing,
    timer,
    with_lines,
)
from tests.chaos.facts import Announcement, Asked, Facts, Input, Line, Message, QueueClosure, Standing
from tests.chaos.findings import What

OTHER = "t-2"
MARK = "fault-1/1"
SNOW = QueueClosure(closure_id="c-1", queue="home", mark="site/1", from_at=after(-9), until_at=after(-8))


def both(*doctorings: Doctoring) -> Doctoring:
    """One after the other."""

    def doctor(facts: Facts) -> Facts:
        for each in doctorings:
            facts = each(facts)
        return facts

    return doctor


def beside(*lines: Line, **changes: object) -> Doctoring:
    """Have a second ticket of the same customer, closed, with that log."""

    def doctor(facts: Facts) -> Facts:
        opened = replace(facts.lines[ID][0], ticket_id=OTHER, actor=None)
        own = (opened, *(replace(each, ticket_id=OTHER) for each in lines))
        row = Standing(
            ticket_id=OTHER,
            status="closed",
            tier="agent",
            queue="home",
            sequence=len(own),
            inputs=0,
            customer=facts.standings[ID].customer,
            policy_version=VERSION,
        )
        stands = replace(row, **changes)  # type: ignore[arg-type]  # whatever the row has
        return replace(facts, lines={**facts.lines, OTHER: own}, standings={**facts.standings, OTHER: stands})

    return doctor


def announced(*, state: str = "done", changed: float = 5, **results: str) -> Doctoring:
    """Have something been announced to the ticket, and to the second one if there is one; what is written down."""

    def doctor(facts: Facts) -> Facts:
        announcement = Announcement(
            announcement_id="a-1",
            problem_id="p-1",
            kind="update",
            mark=MARK,
            state=state,
            changed_at=after(changed),
            tickets=frozenset(facts.standings),
            results={name.replace("_", "-"): outcome for name, outcome in results.items()},
        )
        asked = Asked(mark=MARK, kind="announce_update", ticket_id="", answers=[replace(done(0), ticket_id="")])
        return replace(facts, announcements=(announcement,), asked=(*facts.asked, asked))

    return doctor


def letters(*names: tuple[str, int]) -> Doctoring:
    """Have these tickets' lines be told to their customers as well."""

    def doctor(facts: Facts) -> Facts:
        added = (
            Message(name=(*each, "update_posted", "customer", "C-1"), status="pending", recorded_at=after(5))
            for each in names
        )
        return replace(facts, messages=(*facts.messages, *added))

    return doctor


def closed(closure: QueueClosure, times: int = 1) -> Doctoring:
    """Have the queue been closed, as it was asked to be."""

    def doctor(facts: Facts) -> Facts:
        answer = replace(done(0), ticket_id="")
        asked = Asked(mark=closure.mark, kind="close_queue", ticket_id="", answers=[answer])
        return replace(facts, closures=(closure,) * times, asked=(*facts.asked, asked))

    return doctor


def inputs(*added: Input) -> Doctoring:
    """Have more been said to the ticket, by somebody who was asked to."""

    def doctor(facts: Facts) -> Facts:
        own = (*facts.inputs[ID], *added)
        asked = tuple(Asked(mark=each.mark, kind=each.kind, ticket_id=ID) for each in added if each.mark)
        row = replace(facts.standings[ID], inputs=len(own))
        return replace(facts, inputs={ID: own}, standings={**facts.standings, ID: row}, asked=(*facts.asked, *asked))

    return doctor


def here_for_long(facts: Facts) -> Facts:
    """Have the ticket been opened a quarter of an hour earlier."""
    first, *rest = facts.lines[ID]
    return replace(facts, lines={**facts.lines, ID: (replace(first, at=after(-15)), *rest)})


def credit(sequence: int, number: int = 1, *, of: str | None = None, earned_by: int | None = None) -> Line:
    """A credit is offered."""
    return line(sequence, "credit_offered", 5, number=number, of=of, earned_by=earned_by)


TOLD = line(9, "update_posted", 5, MARK)
TWO_TOLD = both(with_lines(TOLD), beside(replace(TOLD, sequence=2)), announced(t_1="told", t_2="told"))
MERGED = (
    line(2, "promise_made", 1, name="call", run=1, promised_at=after(20), replaces=False, is_engines=False),
    line(3, "merged", 5, survivor_id=ID),
    line(4, "promise_cancelled", 5, name="call", run=1),
)
TOOK_OVER = line(9, "took_over", 5, ticket_id=OTHER, customer_spoke_at=after(0))
PROMISED = line(10, "promise_made", 5, name="call", run=1, promised_at=after(20), replaces=False, is_engines=False)
WAKES = both(standing(wake_at=after(20), told_at=after(20)), timer(fires_at=NOON + timedelta(seconds=15)))
BEGAN = replace(line(9, "closure_began", -9, closure_id="c-1"), recorded_at=after(5))
ENDED = replace(line(10, "closure_ended", -8, closure_id="c-1"), recorded_at=after(5))
BROKEN = (
    line(9, "promise_made", 4, name="call", run=1, promised_at=after(4.5), replaces=False, is_engines=False),
    line(10, "promise_broken", 5, name="call", run=1, is_engines=False, due_at=after(4.5), detected_at=after(5)),
)
LATE = breach(9, 5, "resolve", 1, due=4)
MOVED = line(9, "policy_changed", 5, from_policy_version=VERSION, policy_version="v-2", priority="urgent", tier="agent")
DECIDED = Input(
    ticket_id=ID, number=3, kind="decide_credit", mark="crm-5/1", at=after(5), body={"number": 1, "is_approved": True}
)


def answer_of_roster(*, at: datetime, is_reachable: bool, heard: float = 5) -> Input:
    """Whether anybody of the suppliers is there, and when the ticket heard of it."""
    body = {"tier": "supplier", "at": at.isoformat(), "is_reachable": is_reachable}
    return Input(ticket_id=ID, number=3, kind="roster_answer", mark="", at=after(heard), body=body)


HIGHER = {"from_tier": "specialist", "to_tier": "supplier", "causes": ["tier_resolve_breached"]}
EMPTY = line(9, "tier_skipped", 5, tier="supplier", why="empty")
GONE = answer_of_roster(at=after(4), is_reachable=False)
BACK = answer_of_roster(at=after(4.5), is_reachable=True)
HEARD_LATER = answer_of_roster(at=after(4.5), is_reachable=True, heard=6)

CASES: dict[str, tuple[Doctoring, What]] = {
    "an announcement that nobody carries on": (announced(state="running", changed=-6), What.UNANNOUNCED),
    "an announcement that never came to a ticket": (announced(), What.UNANNOUNCED),
    "an announcement that is written down and was not told": (announced(t_1="told"), What.TOLD_OTHERWISE),
    "an announcement that was told and is not written down": (
        both(with_lines(TOLD), announced(t_1="closed")),
        What.TOLD_OTHERWISE,
    ),
    "a ticket that was told twice": (both(with_lines(TOLD, TOLD), announced(t_1="told")), What.TOLD_OTHERWISE),
    "a link that the log does not have": (
        lambda facts: replace(facts, links={("p-1", ID): True}),
        What.TOLD_OTHERWISE,
    ),
    "a link that the list does not have": (
        with_lines(line(9, "problem_linked", 5, problem_id="p-1")),
        What.TOLD_OTHERWISE,
    ),
    "a customer who had no letter": (both(with_lines(TOLD), announced(t_1="told")), What.LETTERS),
    "a customer of two tickets who had two letters": (both(TWO_TOLD, letters((ID, 9), (OTHER, 2))), What.LETTERS),
    "an announcement that is lost": (
        both(announced(t_1="closed"), lambda facts: replace(facts, announcements=())),
        What.COMMAND_LOST,
    ),
    "an announcement made twice": (
        both(announced(t_1="closed"), lambda facts: replace(facts, announcements=facts.announcements * 2)),
        What.APPLIED_TWICE,
    ),
    "a merge that the survivor does not know of": (beside(*MERGED), What.HALF_MERGED),
    "a merge that only the survivor knows of": (both(with_lines(TOOK_OVER), beside()), What.HALF_MERGED),
    "a merged ticket that escalates": (
        beside(
            *MERGED,
            line(5, "escalated", 6, from_tier="agent", to_tier="specialist", causes=["by_hand"], is_ping_pong=False),
        ),
        What.MERGED_GOES_ON,
    ),
    "a merged ticket that is open": (beside(*MERGED, status="open"), What.MERGED_GOES_ON),
    "a promise that the survivor does not make": (both(with_lines(TOOK_OVER), beside(*MERGED)), What.PROMISE_LOST),
    "a promise that is open on a closed ticket": (
        both(with_lines(PROMISED), standing(status="closed")),
        What.PROMISE_LEFT,
    ),
    "a closure that is lost": (closed(SNOW, times=0), What.COMMAND_LOST),
    "a closure that is there twice": (closed(SNOW, times=2), What.APPLIED_TWICE),
    "a closure that a ticket never came to": (
        both(here_for_long, closed(replace(SNOW, from_at=after(-6), until_at=None))),
        What.CLOSURE_MISSED,
    ),
    "a closure whose end a ticket never came to": (
        both(here_for_long, with_lines(BEGAN), closed(SNOW)),
        What.CLOSURE_MISSED,
    ),
    "a tier that is late while its queue is closed": (
        with_lines(line(9, "closure_began", 4, closure_id="c-1"), breach(10, 6, "tier_resolve", 1, due=5)),
        What.CLOSURE_UNHEEDED,
    ),
    "a credit offered twice": (with_lines(credit(9), credit(10)), What.CREDIT_TWICE),
    "a credit proposed twice": (
        with_lines(line(9, "credit_proposed", 5, number=1), line(10, "credit_proposed", 5, number=1)),
        What.CREDIT_TWICE,
    ),
    "a credit refused and granted": (
        with_lines(line(9, "credit_refused", 5, number=1), credit(10)),
        What.CREDIT_TWICE,
    ),
    "a credit for what was never promised": (with_lines(credit(9, of="promise", earned_by=4)), What.CREDIT_TWICE),
    "two credits for one broken promise": (
        with_lines(*BROKEN, credit(11, 1, of="promise", earned_by=10), credit(12, 2, of="promise", earned_by=10)),
        What.CREDIT_TWICE,
    ),
    "two credits for one resolve": (
        with_lines(LATE, credit(10, 1, of="resolve", earned_by=9), credit(11, 2, of="resolve", earned_by=9)),
        What.CREDIT_TWICE,
    ),
    "a broken promise without a credit": (with_lines(*BROKEN), What.CREDIT_MISSING),
    "a breached resolve without a credit": (with_lines(LATE), What.CREDIT_MISSING),
    "a credit that the lead approved in vain": (
        both(with_lines(line(9, "credit_proposed", 5, number=1)), inputs(DECIDED)),
        What.COMMAND_LOST,
    ),
    "a ticket whose row goes by another policy than its log": (standing(policy_version="v-2"), What.HALF_MOVED),
    "a ticket that was moved from what it had not": (
        with_lines(MOVED, replace(MOVED, sequence=10)),
        What.HALF_MOVED,
    ),
    "a ticket that is left with the policy before": (
        lambda facts: replace(facts, newest_policy="v-2"),
        What.HALF_MOVED,
    ),
    "a tier passed by as empty that nobody called so": (with_lines(EMPTY), What.TIER_SKIPPED),
    "a tier passed by as empty that is back": (both(with_lines(EMPTY), inputs(GONE, BACK)), What.TIER_SKIPPED),
}

FINE: dict[str, Doctoring] = {
    "announced to one": both(with_lines(TOLD), announced(t_1="told"), letters((ID, 9))),
    "announced to two of a customer": both(TWO_TOLD, letters((OTHER, 2))),
    "announced and passed by": announced(t_1="resolved"),
    "an announcement that rests": announced(state="paused", changed=-60),
    "just announced": announced(state="running"),
    "linked": both(
        with_lines(line(9, "problem_linked", 5, problem_id="p-1")),
        lambda facts: replace(facts, links={("p-1", ID): True}),
    ),
    "merged": both(with_lines(TOOK_OVER, PROMISED), WAKES, beside(*MERGED)),
    "closed and open again": both(here_for_long, with_lines(BEGAN, ENDED), closed(SNOW)),
    "just closed": closed(replace(SNOW, from_at=after(4), until_at=None)),
    "closed before it came": closed(SNOW),
    "late before its queue was closed": both(
        with_lines(
            clock(9, "clock_started", 4, "tier_resolve", 1, deadline_at=after(4.5)),
            line(10, "closure_began", 4.6, closure_id="c-1"),
            breach(11, 5, "tier_resolve", 1, due=4.5),
            replace(HONEST[4], at=after(5), recorded_at=after(5), body={**HONEST[4].body, **HIGHER}),
        ),
        standing(tier="supplier"),
    ),
    "earned": with_lines(*BROKEN, credit(11, of="promise", earned_by=10)),
    "decided": both(with_lines(line(9, "credit_proposed", 5, number=1), credit(10)), inputs(DECIDED)),
    "moved": both(with_lines(MOVED), standing(policy_version="v-2"), lambda facts: replace(facts, newest_policy="v-2")),
    "nobody there": both(with_lines(EMPTY), inputs(GONE)),
    "nobody there as far as was known": both(with_lines(EMPTY), inputs(GONE, HEARD_LATER)),
}
