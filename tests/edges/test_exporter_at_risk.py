"""What is at risk: what runs was warned of (2.8), a clock or a promise, and nobody has kept or broken it yet."""

from dataclasses import replace
from datetime import timedelta

from services.records import Records, SettledBy
from tests.support.clock import StoryClock
from tests.support.record import Outsider, a_policy, an_acknowledgement, an_opening
from workflows.domain.policy import Policy, minutes
from workflows.domain.ticket.commands import (
    Command,
    Continue,
    KeepPromise,
    MakePromise,
    PostUpdate,
    Resolve,
    WaitOnCustomer,
)
from workflows.domain.ticket.words import Outcome, PromiseKind

DESK = ("home", "desk", "normal")
SPECIALIST = ("home", "specialist", "normal")


def warning() -> Policy:
    """Warns when three quarters of a target are spent: of the first quarter of an hour, after 11 minutes and 15 s."""
    return replace(a_policy(), warn_at=(0.75,))


async def at_risk(records: Records) -> dict[tuple[str, ...], int]:
    """What the figures say."""
    return dict((await records.queries.figures()).at_risk_tickets)


async def settled(records: Records, clock: StoryClock, passing: timedelta, command: Command | None = None) -> None:
    """Let time go by, then settle, with a command or without."""
    clock.pass_(passing)
    by = SettledBy.WORKFLOW if command is None else SettledBy.INTAKE
    assert (await records.record.settle("t-0001", command, by=by)).refusal is None


async def test_a_ticket_is_at_risk_from_its_warning_until_it_is_taken_on(
    records: Records, story_clock: StoryClock
) -> None:
    """The wall shows what somebody can still keep; a promise kept is none any more."""
    await records.record.open_ticket(warning(), an_opening())
    assert await at_risk(records) == {}
    await settled(records, story_clock, minutes(11))
    assert await at_risk(records) == {}
    await settled(records, story_clock, minutes(1))
    assert await at_risk(records) == {DESK: 1}
    await settled(records, story_clock, minutes(1), an_acknowledgement())
    assert await at_risk(records) == {}


async def test_a_breach_ends_the_risk_and_the_next_tier_begins_without_one(
    records: Records, story_clock: StoryClock
) -> None:
    """Broken is not at risk; what the next tier promised is warned of in its own time."""
    await records.record.open_ticket(warning(), an_opening())
    await settled(records, story_clock, minutes(12))
    await settled(records, story_clock, minutes(4))
    assert await at_risk(records) == {}
    await settled(records, story_clock, minutes(22))
    assert await at_risk(records) == {SPECIALIST: 1}


async def test_what_stands_still_is_not_at_risk(record_url: str, records: Records, story_clock: StoryClock) -> None:
    """While the customer is waited for no deadline comes nearer; when they are not, it does again."""
    await records.record.open_ticket(warning(), an_opening())
    await settled(records, story_clock, minutes(1), an_acknowledgement())
    await settled(records, story_clock, minutes(200))  # of four hours until the next update
    assert await at_risk(records) == {DESK: 1}
    await settled(records, story_clock, minutes(1), WaitOnCustomer(actor="kim", question="is the lamp lit?"))
    assert await at_risk(records) == {}
    await settled(records, story_clock, minutes(1), Continue(actor="kim", reason="found it"))
    assert await at_risk(records) == {}  # the question was an update: its clock began anew
    await settled(records, story_clock, minutes(200))
    assert await at_risk(records) == {DESK: 1}
    await settled(records, story_clock, minutes(1), PostUpdate(actor="kim", text="it is the port"))
    await settled(records, story_clock, minutes(1), Resolve(actor="kim", outcome=Outcome.FIXED, explanation="reset"))
    assert await at_risk(records) == {}
    assert await Outsider(record_url).run("SELECT count(*) FROM tickets WHERE warned_deadline_at IS NOT NULL") == [(0,)]


async def test_what_somebody_promised_is_at_risk_from_its_warning_until_it_is_kept(
    records: Records, story_clock: StoryClock
) -> None:
    """2.8: of an hour that was promised, after 45 minutes; what the engine says of the next news has no risk apart."""
    await records.record.open_ticket(warning(), an_opening())
    await settled(records, story_clock, minutes(1), an_acknowledgement())
    promise = MakePromise(
        actor="kim",
        name="call back",
        kind=PromiseKind.CALL_BACK,
        promised_at=story_clock.at + minutes(60),
        words="we call you within the hour",
    )
    await settled(records, story_clock, minutes(0), promise)
    await settled(records, story_clock, minutes(44))
    assert await at_risk(records) == {}
    await settled(records, story_clock, minutes(2))
    assert await at_risk(records) == {DESK: 1}
    await settled(records, story_clock, minutes(1), KeepPromise(actor="kim", name="call back"))
    assert await at_risk(records) == {}
