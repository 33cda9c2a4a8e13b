"""A customer who may leave: what goes wrong on any of their tickets adds up, on both databases; the lead hears once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.records import Records, Settled, SettledBy, connect
from services.records.at_risk import CustomersAtRisk
from tests.support.clock import StoryClock
from tests.support.merging import a_merge_request
from tests.support.record import A_TICK, Outsider, PoisonJudge, a_policy, an_acknowledgement, an_opening, answer
from tests.support.story_record import owed_messages
from workflows.domain.policy import AtRisk, hours
from workflows.domain.ticket.commands import (
    Command,
    Confirm,
    MakePromise,
    Rate,
    RecordContact,
    Reject,
    Resolve,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import CustomerFlagged
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import ContactKind, Outcome, PromiseKind, Signal

QUIET = replace(
    a_policy(), chases_to_escalate=99, sign_off=hours(1), at_risk=AtRisk(period=timedelta(days=90), number=3)
)
SIGNALS = "SELECT ticket_id, kind FROM customer_signals ORDER BY at, ticket_id"


def on(month: int, day: int, hour: int = 12) -> datetime:
    """That hour of a day of the winter of 2026."""
    return datetime(2026 if month > 6 else 2027, month, day, hour, tzinfo=UTC)


async def open_for(records: Records, number: int, customer: str = "c-1") -> str:
    """Open a ticket for a customer."""
    opening = an_opening(number)
    opening = replace(opening, customer=replace(opening.customer, external_id=customer))
    await records.record.open_ticket(QUIET, opening)
    return opening.ticket_id


async def send(records: Records, ticket_id: str, *commands: Command) -> None:
    """Settle it with each, one after the other; each is obeyed."""
    for command in commands:
        settled = await records.record.settle(ticket_id, command, by=SettledBy.INTAKE)
        assert settled.refusal is None, settled.refusal.text


async def chase(records: Records, ticket_id: str, kind: ContactKind = ContactKind.NEWS) -> None:
    """The customer comes back."""
    await send(records, ticket_id, RecordContact(actor="crm", kind=kind, channel="mail", text="any news?"))


async def rate(records: Records, ticket_id: str, stars: int) -> None:
    """Solve it, have it confirmed and rated."""
    solved = Resolve(actor="kim", outcome=Outcome.FIXED, explanation="a new router")
    await send(records, ticket_id, solved, Confirm(actor="crm"), Rate(actor="crm", stars=stars))


async def break_a_promise(records: Records, clock: StoryClock, ticket_id: str) -> None:
    """Promise a call within the hour, and forget about it."""
    at = clock.at + hours(1)
    call = MakePromise(actor="kim", name="call", kind=PromiseKind.CALL_BACK, promised_at=at, words="we call you")
    await send(records, ticket_id, call)
    clock.pass_(hours(2))
    await records.record.settle(ticket_id, by=SettledBy.WORKFLOW)


async def flags(records: Records, ticket_id: str) -> list[CustomerFlagged]:
    """What the lead was told by a ticket, of its customer."""
    entries = await records.queries.entries(ticket_id)
    return [entry.event for entry in entries if isinstance(entry.event, CustomerFlagged)]


async def at_risk(records: Records, clock: StoryClock, *numbers: int) -> list[str]:
    """Three tickets of one customer, on each of which something goes wrong: the last is rated low."""
    first, second, third = [await open_for(records, number) for number in numbers]
    await chase(records, first)
    await break_a_promise(records, clock, second)
    await rate(records, third, stars=1)
    return [first, second, third]


async def test_what_goes_wrong_over_a_winter_is_told_to_the_lead_once_a_period(
    records: Records, story_clock: StoryClock
) -> None:
    """At risk: broken promises, chases and bad ratings of one customer over a period; the lead hears, they never do."""
    sweep = records.customers_at_risk.sweep
    story_clock.set(on(11, 23))
    first = await open_for(records, 1)
    await chase(records, first)
    assert await sweep() == []
    story_clock.set(on(12, 10))
    second = await open_for(records, 2)
    await break_a_promise(records, story_clock, second)
    await sweep()
    story_clock.set(on(1, 5))
    third = await open_for(records, 3)
    await rate(records, third, stars=2)
    assert [await flags(records, each) for each in (first, second, third)] == [[], [], []]

    await sweep()
    told = CustomerFlagged(signals=(Signal.CHASED, Signal.PROMISE_BROKEN, Signal.RATED_LOW), since=on(11, 23) + A_TICK)
    assert [await flags(records, each) for each in (first, second, third)] == [[], [], [told]]
    messages = await owed_messages(records, third, after_sequence=0)
    about = [(each.audience.value, each.recipient) for each in messages if each.kind == "customer_at_risk"]
    assert about == [("lead", "team-lead")]
    assert (await records.queries.ticket(third)).flagged_at == on(1, 5) + 4 * A_TICK
    assert (await records.queries.figures()).totals["customers_flagged", ("home",)] == 1

    story_clock.set(on(2, 1))
    fourth = await open_for(records, 4)
    for _ in range(5):
        await chase(records, fourth)
        await sweep()
    assert await flags(records, fourth) == []  # once a period

    story_clock.set(on(4, 10))
    fifth = await open_for(records, 5)
    await chase(records, fifth)
    await sweep()
    assert await flags(records, fifth) == [CustomerFlagged(signals=(Signal.CHASED,) * 6, since=on(2, 1) + A_TICK)]


async def test_once_a_period_is_once_for_all_tickets_of_a_customer(records: Records, story_clock: StoryClock) -> None:
    """At risk: told by one ticket, not again by another, also when the first signals are out of the period by then."""
    sweep = records.customers_at_risk.sweep
    story_clock.set(on(11, 23))
    first = await open_for(records, 1)
    await chase(records, first)
    story_clock.set(on(1, 5))
    for _ in range(3):
        story_clock.pass_(hours(1))
        await chase(records, first)
    await sweep()
    assert len(await flags(records, first)) == 1
    second = await open_for(records, 2)

    for at in (on(2, 25), on(3, 20)):  # the first chase was more than a period ago; then almost all of them
        story_clock.set(at)
        for _ in range(3):
            story_clock.pass_(hours(1))
            await chase(records, second)
        await sweep()
        assert await flags(records, second) == []
    assert len(await flags(records, first)) == 1

    story_clock.set(on(4, 10))
    await chase(records, second)
    await sweep()
    assert [len(flag.signals) for flag in await flags(records, second)] == [7]


async def test_what_is_no_signal_adds_nothing_and_every_customer_counts_alone(
    records: Records, record_url: str, story_clock: StoryClock
) -> None:
    """Not the engine's own promise, an answer, information, a contact on what is solved, nor a good rating."""
    first, other = await open_for(records, 1), await open_for(records, 2, "c-2")
    await send(records, first, an_acknowledgement())
    story_clock.pass_(hours(5))
    await records.record.settle(first, by=SettledBy.WORKFLOW)  # an update was missed, and the engine's next news
    await send(records, first, WaitOnCustomer(actor="kim", question="which router?"))
    await chase(records, first)  # the answer
    await chase(records, first, ContactKind.INFORMATION)
    await send(records, first, Resolve(actor="kim", outcome=Outcome.FIXED, explanation="a new router"))
    await chase(records, first)
    await send(records, first, Confirm(actor="crm"), Rate(actor="crm", stars=3))
    assert await Outsider(record_url).run(SIGNALS) == []

    await chase(records, other)
    await chase(records, other, ContactKind.COMPLAINT)
    third = await open_for(records, 3, "c-3")
    await chase(records, third)
    await records.customers_at_risk.sweep()
    assert await Outsider(record_url).run(SIGNALS) == [(other, "chased"), (other, "chased"), (third, "chased")]
    assert await flags(records, other) == await flags(records, third) == []


class _DiesBeforeItNotes(CustomersAtRisk):
    """Tells the lead, and dies before it notes that it looked."""

    async def _note(self, *_: object) -> None:
        raise ConnectionAbortedError


class _DiesBeforeItTells(CustomersAtRisk):
    """Looks, and dies before it tells the lead."""

    async def _flag(self, *_: object) -> Settled:
        raise ConnectionAbortedError


@pytest.mark.parametrize("dying", [_DiesBeforeItNotes, _DiesBeforeItTells])
async def test_a_sweep_that_dies_anywhere_is_made_again_and_the_lead_is_told_once(
    records: Records, story_clock: StoryClock, dying: type[CustomersAtRisk]
) -> None:
    """Between look and settle, and between settle and note: nothing is lost and nothing is told twice."""
    *_, last = await at_risk(records, story_clock, 1, 2, 3)
    swept = records.customers_at_risk
    parts = (swept._database, swept._statements, swept._clock, swept._policies, swept._record)
    for _ in range(2):
        with pytest.raises(ConnectionAbortedError):
            await dying(*parts).sweep()

    await swept.sweep()
    await swept.sweep()
    assert len(await flags(records, last)) == 1


async def test_keepers_that_look_at_once_have_the_lead_told_once(
    records: Records, record_url: str, story_clock: StoryClock
) -> None:
    """Any number of keepers may look at the same customers at the same time (5.5)."""
    *_, last = await at_risk(records, story_clock, 1, 2, 3)
    async with await connect(record_url, story_clock) as others:
        sweeps = (records.customers_at_risk.sweep, others.customers_at_risk.sweep)
        await asyncio.gather(*(sweep() for sweep in sweeps * 4))

    assert len(await flags(records, last)) == 1


async def test_what_happened_on_a_ticket_that_was_merged_is_told_by_the_one_that_goes_on(
    records: Records, story_clock: StoryClock
) -> None:
    """6.7: what reaches the merged ticket is answered with the survivor, which the flag goes to."""
    survivor, merged = [await open_for(records, number) for number in (1, 2)]
    for _ in range(3):
        story_clock.pass_(hours(0.1))
        await chase(records, merged)
    pair = await records.record.merge(merged, survivor, actor="kim", request=a_merge_request(), encode=answer)
    assert pair.survivor.refusal is None

    await records.customers_at_risk.sweep()
    await records.customers_at_risk.sweep()
    assert await flags(records, merged) == []
    assert [flag.signals for flag in await flags(records, survivor)] == [(Signal.CHASED,) * 3]


async def test_a_ticket_that_cannot_be_judged_keeps_no_other_customer_waiting(
    record_url: str, story_clock: StoryClock
) -> None:
    """One customer's trouble is one customer's; when it is over, their lead is told too."""
    judge = PoisonJudge()
    async with await connect(record_url, story_clock, judge=judge) as records:
        stuck, well = await open_for(records, 1, "c-1"), await open_for(records, 2, "c-2")
        for ticket_id in (stuck, well):
            for _ in range(3):
                await chase(records, ticket_id)
        judge.poisoned.add(stuck)
        await records.customers_at_risk.sweep()
        assert [len(await flags(records, each)) for each in (stuck, well)] == [0, 1]

        judge.poisoned.clear()
        await records.customers_at_risk.sweep()
        assert [len(await flags(records, each)) for each in (stuck, well)] == [1, 1]


async def test_signals_are_forgotten_after_the_longest_period_there_can_be(
    records: Records, record_url: str, story_clock: StoryClock
) -> None:
    """What no policy looks back to is nobody's to keep."""
    first = await open_for(records, 1)
    await chase(records, first)
    story_clock.pass_(timedelta(days=366))
    await records.customers_at_risk.sweep()
    assert await Outsider(record_url).run(SIGNALS) == [(first, "chased")]
    story_clock.pass_(timedelta(days=2))
    nudges = await records.customers_at_risk.sweep()
    assert await Outsider(record_url).run(SIGNALS) == []
    assert not nudges


async def test_confirmed_and_rejected_at_once_one_word_counts_and_the_other_is_judged_by_it(
    records: Records, story_clock: StoryClock
) -> None:
    """6.8, 5.2: a record gives no two commands one instant: whichever was first made the ticket what it is."""
    ticket_id = await open_for(records, 1)
    await send(records, ticket_id, Resolve(actor="kim", outcome=Outcome.FIXED, explanation="a new router"))
    story_clock.pass_(hours(0.5))
    confirmed, rejected = await asyncio.gather(
        records.record.settle(ticket_id, Confirm(actor="portal", customer="c-1"), by=SettledBy.INTAKE),
        records.record.settle(
            ticket_id, Reject(actor="phone", reason="still dead", customer="c-1"), by=SettledBy.INTAKE
        ),
    )
    assert confirmed.instant != rejected.instant
    kinds = [type(entry.event).__name__ for entry in await records.queries.entries(ticket_id)]
    assert rejected.refusal is None
    if confirmed.instant < rejected.instant:
        assert confirmed.refusal is None
        assert kinds.index("Closed") < kinds.index("Reopened")
    else:
        assert confirmed.refusal is not None
        assert confirmed.refusal.reason is RefusalReason.WRONG_STATE
        assert "Rejected" in kinds
        assert "Closed" not in kinds
