"""Ticket states across releases: older rows load and are judged on, newer ones are left to those who know them."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

from services.records import codec
from services.records.state_versions import version_of
from tests.support.record import a_policy, an_opening
from workflows.domain.ticket.commands import Escalate, PostUpdate
from workflows.domain.ticket.events import PromiseBroken, PromiseKept
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.state import TICK, Ticket
from workflows.domain.ticket.words import PromiseState, Target, TicketKind

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
    """Nobody is told of an instant that another release has judged already."""
    before = escalated()
    for next_news_at in (None, deadline(before) - timedelta(hours=1)):
        loaded = codec.state_from_json(as_stored_before(before, next_news_at))
        assert loaded == replace(before, promises=())


def test_a_customers_words_are_no_field_of_the_row() -> None:
    """They are within quotes, whatever they say."""
    ticket = replace(escalated(), subject='"next_news_at":"2026-11-23T09:00:00Z"')
    assert codec.state_from_json(codec.state_to_json(ticket)) == ticket


def test_a_log_without_the_making_of_a_promise_is_explained_all_the_same() -> None:
    """8: the ledger tells what the log says; of the promise that a state was loaded with it says only the end."""
    opened = open_ticket(a_policy(), an_opening(), AT)
    older = [entry for entry in opened.entries if "Promise" not in type(entry.event).__name__]
    loaded = codec.state_from_json(as_stored_before(opened.ticket, deadline(opened.ticket)))
    updated = judge(a_policy(), loaded, AT + timedelta(minutes=2), PostUpdate(actor="kim", text="soon"))
    lines = ledger(a_policy(), [*older, *updated.entries], AT + timedelta(minutes=3))
    assert {line.target for line in lines} == set(Target) - {Target.PROMISE}


def test_a_state_has_the_oldest_version_that_holds_all_of_it() -> None:
    """Rolling deploys: whoever would lose something of a ticket leaves it alone."""
    ticket = escalated()
    plain = replace(ticket, promises=())
    assert (version_of(ticket), version_of(plain)) == (3, 1)
    assert version_of(replace(plain, kind=TicketKind.LEAVING)) == version_of(replace(plain, thread="m-1")) == 3
