"""What a settle decides once it holds a ticket: pure, from the row as it was read to the rows to be written.

The same for a caller's command, a workflow's wake-up and the keeper's batch. Reads no clock but the one it is told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from services.records import codec
from services.records.clock import RecordClock, instant_by, real_seconds_until
from services.records.errors import ClockRunOut, ClockUnusable, PolicyUnreadable, StateTooNew
from services.records.rows import Held, Rows, rows_of
from services.records.settled import Settled, SettledBy
from services.records.state_versions import STATE_VERSION
from workflows.domain.policy import Policy
from workflows.domain.ticket.closures import Told
from workflows.domain.ticket.commands import ChangePolicy, Command
from workflows.domain.ticket.state import TICK, Ticket
from workflows.domain.ticket.verdict import Judged

FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(hours=1)


class Judge(Protocol):
    """The rules for a ticket that exists: `workflows.domain.ticket.judge.judge`."""

    def __call__(
        self,
        policy: Policy,
        ticket: Ticket,
        at: datetime,
        command: Command | None = None,
        *,
        expected_version: int | None = None,
        onto: Policy | None = None,
        told: Iterable[Told] = (),
    ) -> Judged:
        """Advance the ticket to `at`, then apply the command.

        `onto` is the policy that a `ChangePolicy` names, `told` what the roster has answered, and its queue's closures.
        """
        ...


class PolicyNotLoaded(LookupError):  # noqa: N818 - the fact; never leaves the record
    """A policy that this process has not read yet: read it, with no lock held, and settle again."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version


class Poison(Exception):  # noqa: N818 - the fact; never leaves the record
    """The rules could not judge a ticket."""

    def __init__(self, held: Held, error: Exception) -> None:
        super().__init__()
        self.held = held
        self.error = error

    @property
    def error_type(self) -> str:
        """All that may be told of it: its text may hold a customer's words."""
        return type(self.error).__name__

    @property
    def retry_in(self) -> timedelta:
        """Real time for which batches leave the ticket out: 10 s, doubling up to an hour."""
        doubled: timedelta = FIRST_RETRY * (1 << min(self.held.stuck_tries, 20))
        return min(doubled, LONGEST_RETRY)

    @property
    def retry_at(self) -> datetime:
        """The end of it."""
        return self.held.real_at + self.retry_in


class PoisonousCommand(Poison):
    """The rules could not judge a ticket with this command; without it they can, so that it is not stuck."""


class NothingMoved(AssertionError):  # noqa: N818 - the fact, as it stands in `stuck_type`
    """The ticket was due, and judging it neither found anything nor moved its wake-up: it would spin for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a settle is for."""

    by: SettledBy
    command: Command | None = None
    expected_version: int | None = None
    unreadable: Mapping[str, PolicyUnreadable] = field(default_factory=dict)
    """Policies that were just looked for in vain, by version, and why."""
    instant: datetime | None = None
    """Of tickets that are settled together, no earlier than any one's own; none: the ticket's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What comes of it."""

    judged: Judged
    instant: datetime
    wake_at: datetime | None
    told_at: datetime | None
    rows: Rows | None
    """None when nothing was due and nothing was asked: then at most `told_at` is written."""

    def settled(self, clock: RecordClock, answer: bytes | None) -> Settled:
        """Say what was done."""
        wake_at = self.wake_at
        return Settled(
            ticket_id=self.judged.ticket.ticket_id,
            judged=self.judged,
            answer=answer,
            refusal=self.judged.refusal,
            repeated=False,
            instant=self.instant,
            wake_at=wake_at,
            wake_in_seconds=None if wake_at is None else real_seconds_until(wake_at, self.instant, clock),
            told_at=self.told_at,
            owes_nudge=wake_at is not None and (self.told_at is None or wake_at < self.told_at),
            is_new=self.told_at is None,
        )


def decide(
    held: Held, question: Question, *, policies: Mapping[str, Policy], clock: RecordClock, judge: Judge
) -> Decision:
    """Judge a ticket in hand.

    Raises `StateTooNew`; `ClockRunOut`; `ClockUnusable`; `PolicyNotLoaded`; `Poison` with whatever the rules, or
    reading the state or the policy, died of; `PoisonousCommand` when they die of the command.
    """
    if held.state_version > STATE_VERSION:
        raise StateTooNew(held.ticket_id, held.state_version, STATE_VERSION)
    version = held.policy_version
    policy = policies.get(version)
    if policy is None:
        if version in question.unreadable:
            raise Poison(held, question.unreadable[version])
        raise PolicyNotLoaded(version)
    onto = _policy_named(held, question, policies)
    try:
        return _decide(held, question, policy, clock, judge, onto=onto)
    except (ClockRunOut, ClockUnusable):  # no ticket's fault
        raise
    except Exception as error:  # whatever it is, this one ticket must not stop the others
        if question.command is not None and _is_healthy(held, question, policy, clock, judge):
            raise PoisonousCommand(held, error) from error
        raise Poison(held, error) from error


def _policy_named(held: Held, question: Question, policies: Mapping[str, Policy]) -> Policy | None:
    """The policy that the command would move the ticket to; where it cannot be read the ticket is as well as it was."""
    command = question.command
    if not isinstance(command, ChangePolicy):
        return None
    version = command.policy_version
    if version in question.unreadable:
        raise PoisonousCommand(held, question.unreadable[version])
    if version not in policies:
        raise PolicyNotLoaded(version)
    return policies[version]


def _is_healthy(held: Held, question: Question, policy: Policy, clock: RecordClock, judge: Judge) -> bool:
    """Whether the ticket can be judged when nothing is asked of it."""
    try:
        _decide(held, replace(question, command=None, expected_version=None), policy, clock, judge)
    except Exception:  # noqa: BLE001 - it is told with the first
        return False
    return True


def _decide(
    held: Held, question: Question, policy: Policy, clock: RecordClock, judge: Judge, *, onto: Policy | None = None
) -> Decision:
    instant = question.instant or instant_of(held, clock)
    before = codec.state_from_json(held.state)
    judged = judge(
        policy,
        before,
        instant,
        question.command,
        expected_version=question.expected_version,
        onto=onto,
        told=held.told,
    )
    wake_at = judged.ticket.wake_at()
    told_at = None if wake_at is None else _known_to_temporal(question.by, wake_at, held.told_at)
    is_idle = not judged.entries and judged.ticket == before
    if is_idle and wake_at is not None and wake_at <= instant:
        raise NothingMoved
    if is_idle and question.command is None and not held.stuck_tries and held.wake_at == wake_at:
        return Decision(judged=judged, instant=instant, wake_at=wake_at, told_at=told_at, rows=None)
    rows = rows_of(
        judged,
        policy,
        after=onto if onto and judged.refusal is None else policy,
        instant=instant,
        real_at=held.real_at,
        wake_at=wake_at,
        told_at=told_at,
        number=held.inputs,
        clock_speed=clock.speed,
        command=question.command,
        rescued=question.by is SettledBy.KEEPER,
    )
    return Decision(judged=judged, instant=instant, wake_at=wake_at, told_at=told_at, rows=rows)


def instant_of(held: Held, clock: RecordClock) -> datetime:
    """When a ticket in hand is judged: now by the record's clock, and later than ever before."""
    return max(instant_by(clock, held.real_at), held.advanced_to + TICK)


def _known_to_temporal(by: SettledBy, wake_at: datetime, told_at: datetime | None) -> datetime | None:
    match by:
        case SettledBy.WORKFLOW:
            return wake_at
        case SettledBy.KEEPER:
            return None  # its workflow did not come when it should have, and may be gone; if it comes, it says so
        case SettledBy.INTAKE:
            return told_at
