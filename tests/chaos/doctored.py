"""One ticket's honest facts, and small changes to them: what tests of the checker feed it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos.facts import Answer, Asked, Facts, Input, Line, Message, Printed, Shown, Standing, Timer, Verdict

ID = "t-1"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
VERSION = "v-1"
NAME = (ID, 4, "clock_breached", "owner", "ada")


def after(minutes: float) -> datetime:
    """So long after noon."""
    return NOON + timedelta(minutes=minutes)


def line(sequence: int, kind: str, at: float, actor: str | None = None, **body: object) -> Line:
    """Write a line of the log, found at the instant that it took effect."""
    plain = {name: _plain(value) for name, value in body.items()}
    return Line(
        ticket_id=ID, sequence=sequence, kind=kind, at=after(at), recorded_at=after(at), actor=actor, body=plain
    )


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def clock(sequence: int, kind: str, at: float, target: str, run: int, **body: Any) -> Line:  # noqa: ANN401 - plain data
    """Write a line about a clock run."""
    return line(sequence, kind, at, target=target, run=run, tier="agent", held_by="agent", **body)


def breach(sequence: int, at: float, target: str, run: int, *, due: float, **body: object) -> Line:
    """Write a breach, found at `at`."""
    return clock(sequence, "clock_breached", at, target, run, due_at=after(due), detected_at=after(at), **body)


HONEST = (
    line(1, "opened", 0, "crm-1/1", priority="urgent", tier="agent", policy_version=VERSION),
    clock(2, "clock_started", 0, "acknowledge", 1, deadline_at=after(2)),
    clock(3, "clock_started", 0, "update", 1, deadline_at=after(30)),
    breach(4, 3, "acknowledge", 1, due=2),
    line(
        5,
        "escalated",
        3,
        from_tier="agent",
        to_tier="specialist",
        causes=["acknowledge_breached"],
        is_ping_pong=False,
    ),
    clock(6, "clock_started", 3, "acknowledge", 2, deadline_at=after(9)),
    line(7, "acknowledged", 4, "crm-2/1", handler="ada", tier="specialist"),
    clock(8, "clock_met", 4, "acknowledge", 2, as_of=after(4)),
)
"""Opened at noon, not taken on within two minutes, escalated; taken on by the specialist at 12:04."""

TOTALS = {
    ("opened", ("urgent", "home")): 1,
    ("clocks_breached", ("acknowledge", "agent", "urgent", "home")): 1,
    ("clocks_met", ("acknowledge", "agent", "urgent", "home")): 1,
    ("time_to_bucket", ("acknowledge", "agent", "urgent", "home", "120.0")): 1,
    ("time_to_bucket", ("acknowledge", "agent", "urgent", "home", "+Inf")): 1,
    ("escalations", ("agent", "specialist", "acknowledge_breached", "home")): 1,
    ("breach_lag_bucket", ("1",)): 1,
    ("breach_lag_microseconds", ()): 1_000_000,
    ("messages_sent", ("clock_breached",)): 1,
    ("rescued", ()): 7,
}


def done(sequence: int, *, breached: frozenset[tuple[str, int]] = frozenset()) -> Answer:
    """What an accepted command is answered."""
    return Answer(
        verdict=Verdict.DONE,
        body=b"%d" % sequence,
        text=f"OK, line {sequence}",
        ticket_id=ID,
        sequence=sequence,
        breached=breached,
    )


REFUSED = Answer(verdict=Verdict.REFUSED, body=b"no", text="FAILED_PRECONDITION")


def honest() -> Facts:
    """Everything as it was promised, at 12:05; the record runs at sixty times the world's speed."""
    standing = Standing(
        ticket_id=ID,
        status="in_progress",
        tier="specialist",
        queue="home",
        sequence=8,
        inputs=2,
        wake_at=after(30),
        told_at=after(30),
        customer="C-1",
        policy_version=VERSION,
    )
    opened = Asked(mark="crm-1/1", kind="open", ticket_id=ID, answers=[done(3)])
    taken = Asked(mark="crm-2/1", kind="acknowledge", ticket_id=ID, answers=[done(8)])
    return Facts(
        ladder=("agent", "specialist", "supplier"),
        real_at=NOON,
        now=after(5),
        grace=timedelta(minutes=10),
        speed=60.0,
        reopen_window=timedelta(minutes=10),
        asked=(opened, taken),
        shown=(Shown(ticket_id=ID, sequence=7, kind="acknowledged", at=after(4), actor="crm-2/1"),),
        standings={ID: standing},
        lines={ID: HONEST},
        inputs={
            ID: (
                Input(ticket_id=ID, number=1, kind="open", mark="crm-1/1", at=after(0)),
                Input(ticket_id=ID, number=2, kind="acknowledge", mark="crm-2/1", at=after(4)),
            )
        },
        totals=TOTALS,
        messages=(Message(name=NAME, status="sent", recorded_at=after(3)),),
        printed=(Printed(name=NAME, key="k-1", is_flagged=False),),
        timers={
            ID: Timer(
                ticket_id=ID,
                is_running=True,
                fires_at=NOON + timedelta(seconds=25),
                moved_at=NOON - timedelta(seconds=30),
            )
        },
        newest_policy=VERSION,
    )


Doctoring = Callable[[Facts], Facts]


def with_lines(*added: Line, without: tuple[int, ...] = ()) -> Doctoring:
    """Take lines out of the log, add others at its end, and number it anew."""

    def doctor(facts: Facts) -> Facts:
        kept = [each for each in facts.lines[ID] if each.sequence not in without]
        numbered = [replace(each, sequence=number) for number, each in enumerate((*kept, *added), start=1)]
        standing = replace(facts.standings[ID], sequence=len(numbered))
        return replace(facts, lines={ID: tuple(numbered)}, standings={ID: standing}, shown=())

    return doctor


def standing(**changes: Any) -> Doctoring:  # noqa: ANN401 - whatever the row has
    """Have the ticket stand otherwise."""
    return lambda facts: replace(facts, standings={ID: replace(facts.standings[ID], **changes)})


def timer(**changes: Any) -> Doctoring:  # noqa: ANN401 - whatever a history shows
    """Have its workflow look otherwise."""
    return lambda facts: replace(facts, timers={ID: replace(facts.timers[ID], **changes)})


def answered(mark: str, *answers: Answer) -> Doctoring:
    """Have a request be answered otherwise."""

    def doctor(facts: Facts) -> Facts:
        asked = tuple(replace(each, answers=list(answers)) if each.mark == mark else each for each in facts.asked)
        return replace(facts, asked=asked)

    return doctor
