"""Personal data live in SQL only: a canary stands in every text that anybody may write, and is seen nowhere else."""

import io
import logging
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import get_args

import pytest
from temporalio.client import Client

from services import logs
from services.keeper.keeper import Pace
from services.settings import LogFormat, LogLevel
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.engine import CANARY, Engine, keeping
from tests.support.policies import LINES
from tests.support.problems import PROBLEM, a_problem
from tests.support.temporal import history_of, until_events, until_gone, working
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.commands import (
    Acknowledge,
    AddNote,
    Assign,
    ChangePolicy,
    ChangePriority,
    ChangePromise,
    Close,
    Command,
    Confirm,
    Continue,
    DecideCredit,
    Escalate,
    FlagCustomer,
    Hold,
    KeepPromise,
    LinkProblem,
    LogTime,
    MakePromise,
    OfferCredit,
    Open,
    PostUpdate,
    Rate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    TakenPromise,
    Transfer,
    UnlinkProblem,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import ClockBreached
from workflows.domain.ticket.words import ContactKind, Outcome, PromiseKind, Signal

LEAD = f"{CANARY} the lead"
OLD_LINES = replace(LINES, lead=LEAD)
NEW_LINES = replace(OLD_LINES, sign_off=timedelta(hours=9))
EAGER = Pace(grace_seconds=0.0, owed_for_seconds=0.0, rescue_every_seconds=0.05, nudge_every_seconds=0.05)
NAMED = {
    *("ticket_id", "reference", "queue", "priority", "tier", "from_tier", "to_tier", "duplicate_of", "follows"),
    *("policy_version", "problem_id", "survivor_id", "survivor_reference", "currency", "language", "zone"),
}
"""Texts that the desk's own tables give, or that name a ticket."""
LATER = MONDAY_NOON + timedelta(days=9)
OF_THE_OTHER = MakePromise(
    actor=CANARY, name=CANARY, kind=PromiseKind.CALL_BACK, promised_at=LATER, words=CANARY, owner=CANARY
)
"""What is promised on a second ticket, before it is merged into the first."""
WORK: tuple[Command, ...] = (
    RecordContact(actor=CANARY, kind=ContactKind.NEWS, channel=CANARY, text=CANARY),
    Acknowledge(actor=CANARY, handler=CANARY, tier="agent"),
    Assign(actor=CANARY, handler=f"{CANARY} the second"),
    PostUpdate(actor=CANARY, text=CANARY),
    AddNote(actor=CANARY, text=CANARY),
    LogTime(actor=CANARY, spent=timedelta(minutes=10), text=CANARY),
    WaitOnCustomer(actor=CANARY, question=CANARY),
    Continue(actor=CANARY, reason=CANARY),
    ChangePriority(actor=CANARY, priority="urgent", reason=CANARY),
    MakePromise(actor=CANARY, name=CANARY, kind=PromiseKind.CALL_BACK, promised_at=LATER, words=CANARY, owner=CANARY),
    ChangePromise(actor=CANARY, name=CANARY, promised_at=LATER + timedelta(days=1), words=CANARY, reason=CANARY),
    KeepPromise(actor=CANARY, name=CANARY, words=CANARY),
    Hold(actor=CANARY, reason=CANARY),
    LinkProblem(actor=CANARY, problem_id=PROBLEM, title=CANARY),
    UnlinkProblem(actor=CANARY, problem_id=PROBLEM, reason=CANARY),
    OfferCredit(actor=CANARY, minor=500, currency="GBP", reason=CANARY),
    DecideCredit(actor=LEAD, number=1, is_approved=True, reason=CANARY),
    FlagCustomer(actor=CANARY, signals=(Signal.CHASED,) * 3, since=MONDAY_NOON),
    Escalate(actor=CANARY, from_tier="agent", reason=CANARY),
    Transfer(actor=CANARY, to_tier="supplier", reason=CANARY),
    ChangePolicy(actor=CANARY, policy_version=version_of(NEW_LINES), reason=CANARY),
)
END: tuple[Command, ...] = (
    Resolve(actor=CANARY, outcome=Outcome.NOT_FEASIBLE, explanation=CANARY, alternative=CANARY),
    Reject(actor=CANARY, reason=CANARY),
    Resolve(actor=CANARY, outcome=Outcome.FIXED, explanation=CANARY),
    Close(actor=CANARY, reason=CANARY),
    Reopen(actor=CANARY, reason=CANARY),
    Resolve(actor=CANARY, outcome=Outcome.FIXED, explanation=CANARY),
    Confirm(actor=CANARY),
    Rate(actor=CANARY, stars=1, comment=CANARY),
)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """All that processes write down, as they are shipped, at their most talkative."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.LIBRARIES}
    logs.configure(LogLevel.DEBUG, LogFormat.JSON, stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def require_canary(words: object, where: str) -> None:
    """Each text that somebody says, at any depth, is the canary: names of ours are not, nor the engine's promises."""
    if isinstance(words, tuple):
        for each in (each for each in words if not isinstance(each, TakenPromise) or each.made_by):
            require_canary(each, where)
    elif is_dataclass(words):
        for name in (each.name for each in fields(words)):
            if name not in NAMED:
                require_canary(getattr(words, name), f"{where}.{name}")
    elif isinstance(words, str) and not isinstance(words, Enum):
        assert CANARY in words, f"{where}: {words!r}"


async def test_no_text_of_anybody_enters_a_history_or_a_log(
    still_engine: Engine, story_clock: StoryClock, client: Client, task_queue: str, written: io.StringIO
) -> None:
    """Architecture, the record: whatever is opened, worked on, breached, rescued, closed and reopened."""
    engine, ticket_id, other_id = still_engine, task_queue, f"{task_queue}-other"
    async with working(client, engine.records.record, task_queue), keeping(engine, EAGER):
        await engine.open(ticket_id, OLD_LINES, priority="high")
        await a_problem(engine.records)
        await engine.records.record.keep_policy(NEW_LINES)
        await until_events(client, ticket_id, TimerStarted=1)
        for command in WORK:
            await engine.do(ticket_id, command)
        await engine.open(other_id, OLD_LINES)
        await engine.do(other_id, OF_THE_OTHER)
        merged = await engine.records.record.merge(other_id, ticket_id, actor=CANARY)
        assert merged.survivor.refusal is None
        story_clock.pass_(timedelta(days=1))
        await engine.until_happened(ticket_id, ClockBreached)
        for command in END:
            await engine.do(ticket_id, command)
        histories = []
        for each in (ticket_id, other_id):
            await engine.timers.wake(each)
            await until_gone(client, each)
            runs = [run.run_id async for run in client.list_workflows(f"WorkflowId = '{each}'")]
            histories += [await history_of(client, each, run_id) for run_id in (None, *runs)]
        given = [one.command for each in (ticket_id, other_id) for one in await engine.records.queries.inputs(each)]
    assert {type(words) for words in given} == {Open, *get_args(Command)}
    for words in given:
        require_canary(words, type(words).__name__)
    assert not any(CANARY.encode() in event.SerializeToString() for history in histories for event in history.events)
    assert "keeper stopped" in written.getvalue()
    assert CANARY not in written.getvalue()
