"""What is handed to the record and cannot be: a typed error with field, value and remedy; the record unchanged."""

import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from math import inf, nan
from typing import Any, cast

import pytest

from services.records import (
    AskedWrongly,
    ClockRunOut,
    ClockUnusable,
    CommandFailed,
    Place,
    RecordFailed,
    Records,
    Request,
    SettledBy,
    TicketFilter,
    TicketUnknown,
    connect,
)
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.judging import Judging
from tests.support.record import Outsider, a_policy, a_request, an_acknowledgement, an_opening
from workflows.domain.errors import DomainError, PolicyError, TextError
from workflows.domain.ticket.commands import (
    AddNote,
    ChangePriority,
    Command,
    Confirm,
    Continue,
    Escalate,
    Open,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    Transfer,
)
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import Outcome
from workflows.policies import load

BAD_TEXTS = {"empty": "", "blank": " \u200b", "NUL": "k\x00m", "surrogate": "k\ud800m", "too long": "k" * 129}
TABLES = ("tickets", "events", "inputs", "replies", "outbox", "total_deltas", "policies")


async def everything(record_url: str) -> list[list[tuple[Any, ...]]]:
    """All that is in the record, but for what marks a ticket as told."""
    outsider = Outsider(record_url)
    return [await outsider.run(f"SELECT * FROM {table}") for table in TABLES]  # noqa: S608 - names of our own


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
async def test_text_that_cannot_be_stored_or_read_changes_nothing(record_url: str, records: Records, text: str) -> None:
    """On both databases alike, in a command, an opening, a customer's name or a request's own ids."""
    await records.record.open_ticket(a_policy(), an_opening())
    before = await everything(record_url)
    bad = an_opening(2)
    longer = text * 2

    with pytest.raises(TextError, match=r"^actor .*; handler .*(say it|leave control characters out|are allowed)"):
        await records.record.settle("t-0001", an_acknowledgement(text), by=SettledBy.INTAKE)
    for opening in (
        replace(bad, subject=longer),
        replace(bad, queue=text),
        replace(bad, customer=replace(bad.customer, name=longer)),
    ):
        with pytest.raises(TextError, match=r"^(subject|queue|customer\.name) "):
            await records.record.open_ticket(a_policy(), opening, request=a_request())
        with pytest.raises(TextError):
            await records.record.validate(a_policy(), opening)
    for request in (a_request(caller=text), a_request(text)):
        with pytest.raises(TextError, match=r"^(caller|request_id) "):
            await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE, request=request)

    assert await everything(record_url) == before


@pytest.mark.parametrize("text", ["k\x00m", "k\ud800m", "", "k" * 9999], ids=["NUL", "surrogate", "empty", "too long"])
async def test_name_that_no_ticket_can_have_is_unknown(records: Records, text: str) -> None:
    """Whoever asks for it is told the same on both databases."""
    with pytest.raises(TicketUnknown):
        await records.record.settle(text, an_acknowledgement(), by=SettledBy.INTAKE)
    with pytest.raises(TicketUnknown):
        await records.record.settle_for_workflow(text)
    with pytest.raises(TicketUnknown):
        await records.queries.ticket(text)
    with pytest.raises(TicketUnknown):
        await records.queries.ticket_by_reference(text)
    with pytest.raises(TicketUnknown):
        await records.queries.entries(text)
    with pytest.raises(TicketUnknown):
        await records.queries.inputs(text)
    with pytest.raises(TicketUnknown):
        await records.queries.ledger(text)
    with pytest.raises(TicketUnknown):
        await records.queries.rules_versions(text)


async def test_text_that_no_ticket_can_have_is_asked_for_in_no_list(records: Records) -> None:
    """Neither as the place after which a page begins, nor as a policy's version, on both databases alike."""
    for text in ("k\x00m", "k\ud800m"):
        with pytest.raises(TextError, match=r"^after '.*' has a character that no text can have: leave it out$"):
            await records.queries.tickets(TicketFilter(), page_size=9, after=text)
        with pytest.raises(TextError, match=r"^after\.ticket_id '.*' has a character that no text can have: leave it"):
            await records.queries.next_due(TicketFilter(), page_size=9, after=Place(deadline_at=None, ticket_id=text))
        with pytest.raises(RecordFailed, match=r"^policy version '.*' cannot be read \(it is not in the record\)"):
            await records.queries.policy(text)


UNASKABLE: dict[str, tuple[Callable[[Records], Coroutine[None, None, Any]], str]] = {
    "a page of less than nothing": (lambda r: r.queries.tickets(TicketFilter(), page_size=-1), "page_size -1"),
    "a page of too many": (lambda r: r.queries.tickets(TicketFilter(), page_size=2**63), "page_size 92233"),
    "what is due, too many": (lambda r: r.queries.next_due(TicketFilter(), page_size=2**31), "page_size 2147483648"),
    "a line too far": (lambda r: r.queries.entries("t-0001", after_sequence=2**70), "after_sequence 11805"),
    "fewer lines than none": (lambda r: r.queries.entries("t-0001", limit=-1), "limit -1"),
    "a rescue of too many": (lambda r: r.upkeep.rescue_late(grace_seconds=1, limit=2**63), "limit 92233"),
    "a grace beyond all instants": (lambda r: r.upkeep.rescue_late(grace_seconds=1e12, limit=9), "grace_seconds 1000"),
    "a grace that is no number": (lambda r: r.upkeep.rescue_late(grace_seconds=nan, limit=9), "grace_seconds nan"),
    "a grace of less than nothing": (lambda r: r.upkeep.rescue_late(grace_seconds=-1, limit=9), "grace_seconds -1"),
    "a debt of all ages": (lambda r: r.upkeep.owed_nudges(older_than_seconds=inf, limit=9), "older_than_seconds inf"),
    "debts, too many": (lambda r: r.upkeep.owed_nudges(older_than_seconds=1, limit=2**63), "limit 92233"),
    "debts, too many passed over": (
        lambda r: r.upkeep.owed_nudges(older_than_seconds=1, limit=9, skip=2**63),
        "skip 92233",
    ),
    "replies of all ages": (lambda r: r.upkeep.purge_replies(older_than=timedelta.max, limit=9), "older_than 864"),
    "replies of the future": (
        lambda r: r.upkeep.purge_replies(older_than=-timedelta.resolution, limit=9),
        "older_than",
    ),
    "replies, too many": (lambda r: r.upkeep.purge_replies(older_than=timedelta(1), limit=2**63), "limit 92233"),
    "messages of all ages": (lambda r: r.upkeep.purge_messages(older_than=timedelta.max, limit=9), "older_than 864"),
    "messages, too many": (lambda r: r.upkeep.purge_messages(older_than=timedelta(1), limit=-1), "limit -1"),
    "messages in hand for ever": (lambda r: r.outbox.take(limit=9, lease_seconds=1e300), "lease_seconds 1e"),
    "messages in hand, too many": (lambda r: r.outbox.take(limit=2**63, lease_seconds=1), "limit 92233"),
}


@pytest.mark.parametrize("unaskable", UNASKABLE)
async def test_number_that_cannot_be_asked_for_is_told_with_its_remedy(
    record_url: str, records: Records, unaskable: str
) -> None:
    """By field and value, on both databases alike; nothing is written."""
    ask, told = UNASKABLE[unaskable]
    await records.record.open_ticket(a_policy(), an_opening())
    before = await everything(record_url)

    with pytest.raises(AskedWrongly, match=f"^{told}.*: say "):
        await ask(records)

    assert await everything(record_url) == before


WRONG: Any = "news"

MISTYPED: dict[str, tuple[Callable[[Records], Coroutine[None, None, Any]], str]] = {
    "a text for a kind": (
        lambda r: r.record.settle(
            "t-0001", RecordContact(actor="c", kind=WRONG, channel="phone", text="again"), by=SettledBy.INTAKE
        ),
        "^kind is of type 'str': make it of type 'ContactKind'$",
    ),
    "a text for an outcome": (
        lambda r: r.record.settle("t-0001", Resolve(actor="c", outcome=WRONG, explanation="x"), by=SettledBy.INTAKE),
        "^outcome is of type 'str': make it of type 'Outcome'$",
    ),
    "an opening for a command": (
        lambda r: r.record.settle("t-0001", cast(Any, an_opening(2)), by=SettledBy.INTAKE),
        r"^command is of type 'Open': give one of \['Acknowledge', ",
    ),
    "a command for an opening": (
        lambda r: r.record.open_ticket(a_policy(), cast(Any, an_acknowledgement())),
        r"^command is of type 'Acknowledge': give one of \['Open', 'Import'\]$",
    ),
    "a text for a customer": (
        lambda r: r.record.open_ticket(a_policy(), replace(an_opening(2), customer=WRONG)),
        "^customer is of type 'str': make it of type 'Customer'$",
    ),
    "a text for a hash": (
        lambda r: r.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE, request=a_request(body=WRONG)),
        "^body_hash is of type 'str': make it of type 'bytes'$",
    ),
    "a zone that is none": (
        lambda r: r.record.open_ticket(a_policy(), abroad("Europe/Londn")),
        "^customer.zone 'Europe/Londn' is no time zone: did you mean 'Europe/London'",
    ),
    "a zone that is none, on trial": (
        lambda r: r.record.validate(a_policy(), abroad("Nowhere/X")),
        "^customer.zone 'Nowhere/X' is no time zone: a zone is a place",
    ),
}


def abroad(zone: str) -> Open:
    """An opening for a customer who lives there."""
    opening = an_opening(2)
    return replace(opening, customer=replace(opening.customer, zone=zone))


@pytest.mark.parametrize("mistyped", MISTYPED)
async def test_field_that_is_not_what_it_must_be_changes_nothing(
    record_url: str, records: Records, mistyped: str
) -> None:
    """By field, what it is and what it must be; the ticket is not stuck for it."""
    ask, told = MISTYPED[mistyped]
    await records.record.open_ticket(a_policy(), an_opening())
    before = await everything(record_url)

    with pytest.raises(DomainError, match=told):
        await ask(records)

    assert await everything(record_url) == before


async def test_command_that_cannot_be_judged_leaves_its_ticket_healthy(
    record_url: str, story_clock: StoryClock, caplog: pytest.LogCaptureFixture
) -> None:
    """It is the command's fault, not the ticket's: the caller is told, the log says where, and the next one goes."""
    async with await connect(record_url, story_clock, judge=Judging(before=hate_notes)) as records:
        await records.record.open_ticket(a_policy(), an_opening())
        before = await everything(record_url)

        with pytest.raises(CommandFailed, match=r"^ticket 't-0001' could not be judged with 'AddNote' \(KeyError\)"):
            await records.record.settle("t-0001", AddNote(actor="kim", text="Ada is upset"), by=SettledBy.INTAKE)

        assert await everything(record_url) == before
        [told] = [each for each in caplog.records if each.levelno >= logging.ERROR]
        assert told.getMessage() == "command cannot be judged"
        assert "Ada" not in str(vars(told))
        assert (await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)).refusal is None


async def test_any_other_text_comes_back_as_it_was_said(records: Records) -> None:
    """Scripts, signs beyond the basic plane, quotes and backslashes are the customer's own."""
    said = "\\u0000 'quoted' \"twice\" 日本語 🎉 %s {x} ; DROP TABLE tickets;\n\tsecond line"
    await records.record.open_ticket(a_policy(), an_opening(text=said))

    assert (await records.queries.ticket("t-0001")).description == said


def hate_notes(_: Ticket, command: Command | None) -> None:
    """Die of them."""
    if isinstance(command, AddNote):
        raise KeyError(command.text)


class OddClock(StoryClock):
    """Says what it is told to, instant or not."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: Any = MONDAY_NOON

    def read(self, real: datetime) -> datetime:
        """Say it."""
        super().read(real)
        odd: datetime = self.odd
        return odd


@pytest.mark.parametrize(
    ("odd", "error"),
    [
        (MONDAY_NOON.replace(tzinfo=None), ClockUnusable),
        (MONDAY_NOON.astimezone(timezone(timedelta(hours=1))), ClockUnusable),
        (MONDAY_NOON.timestamp(), ClockUnusable),
        (MONDAY_NOON.isoformat(), ClockUnusable),
        (None, ClockUnusable),
        (datetime.min.replace(tzinfo=UTC), ClockUnusable),
        (datetime.max.replace(tzinfo=UTC), ClockRunOut),
    ],
    ids=["naive", "another zone", "a number", "a text", "nothing", "long ago", "far ahead"],
)
async def test_clock_that_says_no_instant_changes_nothing(record_url: str, odd: object, error: type[Exception]) -> None:
    """It is told by name with what it said; no ticket is marked for it, and all goes on once it is mended."""
    clock = OddClock()
    async with await connect(record_url, clock) as records:
        await records.record.open_ticket(a_policy(), an_opening())
        before = await everything(record_url)
        clock.odd = odd

        for asked in (
            lambda: records.record.open_ticket(a_policy(), an_opening(2)),
            lambda: records.record.validate(a_policy(), an_opening(2)),
            lambda: records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE),
            lambda: records.record.settle_for_workflow("t-0001"),
            lambda: records.upkeep.rescue_late(grace_seconds=0, limit=9),
            lambda: records.queries.ledger("t-0001"),
            records.queries.figures,
        ):
            with pytest.raises(error, match="the clock 'story'"):
                await asked()

        assert await everything(record_url) == before
        clock.odd = MONDAY_NOON
        assert (await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)).refusal is None


async def test_priority_that_the_policy_does_not_know_opens_nothing(record_url: str, records: Records) -> None:
    """The value and those there are; nothing is written, not even the policy."""
    before = await everything(record_url)

    with pytest.raises(DomainError, match=r"has no priority 'huge': use one of \['normal'\]"):
        await records.record.open_ticket(a_policy(), replace(an_opening(), priority="huge"), request=a_request())

    assert await everything(record_url) == before


async def test_unknown_policy_and_queue_are_told() -> None:
    """A queue is a policy's, and the set of policies says which there are."""
    with pytest.raises(PolicyError, match=r"unknown queue 'nowhere': use one of \["):
        load().of_queue("nowhere")


async def test_policy_version_that_nobody_stored_is_told(records: Records) -> None:
    """By its version, on both databases alike."""
    with pytest.raises(RecordFailed, match="policy version 'feedbeef' cannot be read"):
        await records.queries.policy("feedbeef")


ILLEGAL: dict[str, tuple[Command, RefusalReason]] = {
    "confirm what is not solved": (Confirm(actor="c"), RefusalReason.WRONG_STATE),
    "reject what is not solved": (Reject(actor="c", reason="still down"), RefusalReason.WRONG_STATE),
    "reopen what is open": (Reopen(actor="c", reason="still down"), RefusalReason.WRONG_STATE),
    "continue what does not wait": (Continue(actor="kim", reason="go on"), RefusalReason.WRONG_STATE),
    "acknowledge for another tier": (an_acknowledgement(tier="nobody"), RefusalReason.WRONG_TIER),
    "escalate from another tier": (
        Escalate(actor="kim", from_tier="nobody", reason="beyond us"),
        RefusalReason.WRONG_TIER,
    ),
    "transfer to no tier": (Transfer(actor="kim", to_tier="nobody", reason="theirs"), RefusalReason.UNKNOWN_TIER),
    "priority there is none": (
        ChangePriority(actor="kim", priority="huge", reason="angry"),
        RefusalReason.UNKNOWN_PRIORITY,
    ),
    "duplicate of nothing": (
        Resolve(actor="kim", outcome=Outcome.DUPLICATE, explanation="same"),
        RefusalReason.SURVIVOR_REQUIRED,
    ),
}


@pytest.mark.parametrize("illegal", ILLEGAL)
async def test_illegal_transition_is_refused_and_changes_nothing(
    record_url: str, records: Records, illegal: str
) -> None:
    """A refusal is an answer: typed, with the present state; nothing was due, so only the answer itself is stored."""
    command, reason = ILLEGAL[illegal]
    opened = await records.record.open_ticket(a_policy(), an_opening())
    assert opened.judged is not None
    before = await everything(record_url)

    settled = await records.record.settle(
        "t-0001", command, by=SettledBy.INTAKE, request=Request(caller="crm", request_id="r-9", body_hash=b"b")
    )

    assert settled.refusal is not None
    assert settled.refusal.reason is reason
    assert settled.refusal.facts["status"] == "open"
    after = await everything(record_url)
    assert await records.queries.ticket("t-0001") == opened.judged.ticket
    assert [rows for table, rows in zip(TABLES, after, strict=True) if table not in {"tickets", "replies"}] == [
        rows for table, rows in zip(TABLES, before, strict=True) if table not in {"tickets", "replies"}
    ]
