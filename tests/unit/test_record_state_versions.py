"""Ticket states across releases: older rows load and are judged on, newer ones are left to those who know them."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from services.records import codec
from services.records.state_versions import version_of
from tests.support.record import a_policy, an_opening
from workflows.domain.policy import Policy, hours
from workflows.domain.policy_data import version_of as version_of_policy
from workflows.domain.ticket.commands import (
    AddNote,
    ChangePolicy,
    ChangePriority,
    Command,
    Escalate,
    PostUpdate,
    Transfer,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import PromiseBroken, PromiseKept
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.state import TICK, Credit, Ticket
from workflows.domain.ticket.words import Audience, CreditState, PromiseState, Target, TicketKind

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OLD = frozenset(
    {"chases", "update_breaches", "waiting", "reminding", "resolution", "closed_at", "sequence", "version"}
    | {field.name for field in fields(Ticket)[: [each.name for each in fields(Ticket)].index("clocks") + 1]}
)
"""What the first release kept, besides when the customer would hear next."""


def escalated() -> Ticket:
    """A ticket that climbed: its customer was told when they will hear next."""
    opened = open_ticket(a_policy(), an_opening(), AT).ticket
    climbs = Escalate(actor="kim", from_tier=opened.tier, reason="beyond us")
    return judge(a_policy(), opened, AT + timedelta(minutes=1), climbs).ticket


def as_stored_before(ticket: Ticket, next_news_at: datetime | None) -> str:
    """The row of a release that knew of no promises."""
    state = {name: value for name, value in json.loads(codec.state_to_json(ticket)).items() if name in OLD}
    return json.dumps(
        state | {"next_news_at": next_news_at and next_news_at.isoformat()}, separators=(",", ":"), ensure_ascii=False
    )


def deadline(ticket: Ticket) -> datetime:
    """When the update clock runs out."""
    (at,) = (clock.deadline_at for clock in ticket.clocks if clock.target is Target.UPDATE)
    assert at is not None
    return at


def test_what_an_older_release_told_the_customer_on_climbing_is_a_promise() -> None:
    """6.5: the engine's, from the entry of the tier to the update deadline; an update keeps it, silence breaks it."""
    before = escalated()
    loaded = codec.state_from_json(as_stored_before(before, deadline(before)))
    (promise,) = loaded.promises

    assert loaded == replace(before, promises=(replace(promise, run=1),))
    assert (promise.state, promise.made_by, promise.run) == (PromiseState.OPEN, None, 1)
    assert (promise.made_at, promise.promised_at) == (before.tier_entered_at, deadline(before))
    updated = judge(a_policy(), loaded, AT + timedelta(minutes=2), PostUpdate(actor="kim", text="soon"))
    assert [type(each.event) for each in updated.entries].count(PromiseKept) == 1
    silent = judge(a_policy(), loaded, deadline(before) + TICK)
    assert [type(each.event) for each in silent.entries].count(PromiseBroken) == 1


def test_what_was_kept_or_broken_before_is_no_promise() -> None:
    """4.2: no instant stands that was kept; and one from which silence went on was broken by the rules of then."""
    before = escalated()
    kept = codec.state_from_json(as_stored_before(before, None))
    assert kept == replace(before, promises=())

    silent = judge(a_policy(), before, deadline(before) + TICK).ticket
    broken = codec.state_from_json(as_stored_before(silent, deadline(before)))
    assert broken == replace(silent, promises=())


def reranked() -> Policy:
    """Two tiers, three priorities: the lower, the longer until the customer hears."""
    policy = a_policy()
    updates = {"high": hours(2), "normal": hours(4), "low": hours(8)}
    tiers = tuple(
        replace(
            tier, targets={name: replace(tier.targets["normal"], update_every=each) for name, each in updates.items()}
        )
        for tier in policy.tiers
    )
    return replace(policy, resolve=dict.fromkeys(updates, hours(24)), tiers=tiers)


def patient() -> Policy:
    """Another version of it, by which the customer hears later."""
    policy = reranked()
    tiers = tuple(
        replace(
            tier,
            targets={name: replace(each, update_every=2 * each.update_every) for name, each in tier.targets.items()},
        )
        for tier in policy.tiers
    )
    return replace(policy, tiers=tiers)


MOVES: dict[str, Command] = {
    "raised": ChangePriority(actor="kim", priority="high", reason="a hospital"),
    "lowered": ChangePriority(actor="kim", priority="low", reason="no hospital"),
    "migrated": ChangePolicy(actor="ops", policy_version=version_of_policy(patient()), reason="a new version"),
    "handed back": Transfer(actor="kim", to_tier="desk", reason="theirs"),
}
"""What moves the update clock, or the ticket, and nothing that the customer was told."""


def moved(by: str) -> tuple[Policy, Ticket, datetime]:
    """A ticket that an older release had climb and moved after that: its policy, it, and when its customer hears."""
    policy = reranked()
    opened = open_ticket(policy, an_opening(), AT).ticket
    climbs = Escalate(actor="kim", from_tier=opened.tier, reason="beyond us")
    climbed = judge(policy, opened, AT + timedelta(minutes=1), climbs).ticket
    onto = patient() if by == "migrated" else None
    judged = judge(policy, climbed, AT + timedelta(minutes=2), MOVES[by], onto=onto)
    assert judged.refusal is None
    promised_at = deadline(climbed)
    return onto or policy, codec.state_from_json(as_stored_before(judged.ticket, promised_at)), promised_at


@pytest.mark.parametrize("by", MOVES)
def test_what_moves_the_update_clock_moves_no_instant_that_the_customer_was_told(by: str) -> None:
    """6.5, 2.4: after another priority, a new version or a transfer back it is open, and broken or kept once."""
    policy, loaded, promised_at = moved(by)
    (promise,) = loaded.promises
    assert (promise.state, promise.promised_at, loaded.next_news_at) == (PromiseState.OPEN, promised_at, promised_at)
    assert promise.made_at <= loaded.tier_entered_at

    updated = judge(policy, loaded, AT + timedelta(minutes=3), PostUpdate(actor="kim", text="soon"))
    assert [entry.event.is_late for entry in updated.entries if isinstance(entry.event, PromiseKept)] == [False]
    ticket, broken = loaded, list[PromiseBroken]()
    while (wake_at := ticket.wake_at()) and wake_at <= promised_at + TICK:
        judged = judge(policy, ticket, wake_at)
        broken += [entry.event for entry in judged.entries if isinstance(entry.event, PromiseBroken)]
        ticket = judged.ticket
    (only,) = broken
    assert (only.due_at, only.effective_at, only.engine_late) == (promised_at, promised_at, False)


def test_an_instant_that_passed_unjudged_before_the_release_is_judged_late_once() -> None:
    """4.6: it takes effect when found, the customer is told once, and what a person then says is the late news."""
    policy, loaded, promised_at = moved("lowered")
    found_at = promised_at + hours(1)
    found = judge(policy, loaded, found_at, AddNote(actor="kim", text="called the exchange"))
    (broken,) = [entry.event for entry in found.entries if isinstance(entry.event, PromiseBroken)]
    assert (broken.due_at, broken.effective_at, broken.engine_late) == (promised_at, found_at, True)
    assert [each.kind for each in found.messages if each.audience is Audience.CUSTOMER] == ["promise_broken"]
    assert found.ticket.status is loaded.status
    wake_at = found.ticket.wake_at()
    assert wake_at is not None
    assert wake_at > found_at

    told = judge(policy, found.ticket, found_at + TICK, PostUpdate(actor="kim", text="sorry"))
    assert [type(entry.event) for entry in told.entries].count(PromiseBroken) == 0
    assert [entry.event.is_late for entry in told.entries if isinstance(entry.event, PromiseKept)] == [True]


def test_a_customers_words_are_no_field_of_the_row() -> None:
    """They are within quotes, whatever they say."""
    ticket = replace(escalated(), subject='"next_news_at":"2026-11-23T09:00:00Z"')
    assert codec.state_from_json(codec.state_to_json(ticket)) == ticket


def test_a_log_without_the_making_of_a_promise_is_explained_all_the_same() -> None:
    """8: the ledger tells what the log says; of the promise that a state was loaded with it says only the end."""
    opened = open_ticket(a_policy(), an_opening(), AT)
    older = [entry for entry in opened.entries if "Promise" not in type(entry.event).__name__]
    loaded = codec.state_from_json(as_stored_before(opened.ticket, deadline(opened.ticket)))
    asked = judge(a_policy(), loaded, AT + timedelta(minutes=2), WaitOnCustomer(actor="kim", question="which door?"))
    lines = ledger(a_policy(), [*older, *asked.entries], AT + timedelta(minutes=3))
    assert {line.target for line in lines} == set(Target) - {Target.PROMISE}


def test_a_state_has_the_oldest_version_that_holds_all_of_it() -> None:
    """Rolling deploys: whoever would lose something of a ticket leaves it alone."""
    ticket = escalated()
    plain = replace(ticket, promises=())
    assert (version_of(ticket), version_of(plain)) == (3, 1)
    moved_away = Credit(
        number=1, minor=900, currency="GBP", state=CreditState.MOVED, reason="two days", by="kim", at=AT, of=None
    )
    assert version_of(replace(ticket, resolve_credited=True)) == 4  # else another would be paid for the same
    assert version_of(replace(ticket, credits=(moved_away,))) == 4  # that word would not be read
    assert version_of(replace(ticket, credits=(replace(moved_away, state=CreditState.OFFERED),))) == 3
    assert version_of(replace(plain, kind=TicketKind.LEAVING)) == version_of(replace(plain, thread="m-1")) == 3
