"""Several tickets of one customer in one queue: all that can reach any of them, whoever says it (semantics 5.3).

Besides what people ask of one ticket: it is opened, imported or asked to leave; its queue is closed and opens; the
roster answers; two are merged; its policy gets another version.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from tests.unit.ticket.asking import command_of
from tests.unit.ticket.lives import OPENED_AT, OPENING, Life
from workflows.domain.policy import Policy, minutes
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.closures import Closure, Told
from workflows.domain.ticket.commands import ChangePolicy, Command, HadBreach, Import, Open, SpentClock
from workflows.domain.ticket.importing import USED, ImportImplausible
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.merging import halves, with_survivor
from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.state import TICK
from workflows.domain.ticket.words import Status, Target, TicketKind

MOST_TICKETS = 4

HAPPENS = (
    *("ask",) * 14,
    *("open", "leave", "import"),
    *("close queue", "close queue", "open queue", "open queue", "roster", "roster"),
    *("merge", "move", "nothing"),
)
"""What may come next; asking is what happens most."""


@dataclass(frozen=True)
class Happening:
    """Some time passes, then something happens; in an outage nobody settles meanwhile, nor walks to any ticket."""

    gap: timedelta
    what: str
    number: int
    """Chooses its particulars."""
    is_outage: bool


class Opened(NamedTuple):
    """A ticket was opened, or brought in."""

    at: datetime
    life: Life


class Settled(NamedTuple):
    """A ticket was looked at, perhaps for a command."""

    at: datetime
    life: Life
    command: Command | None


class Merge(NamedTuple):
    """A merge that was asked for, done or refused."""

    at: datetime
    other: Life
    survivor: Life
    is_done: bool


class Announced(NamedTuple):
    """The queue was closed, or it was said when it is open again; or the roster answered."""

    at: datetime
    told: Told


Done = Opened | Settled | Merge | Announced


@dataclass
class World:
    """Tickets, settled again and again, and what reaches them."""

    versions: tuple[Policy, Policy]
    lives: list[Life] = field(default_factory=list)
    closures: dict[str, Closure] = field(default_factory=dict)
    answers: list[RosterAnswer] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    """Everything that was done, in the order of its instants."""
    now: datetime = OPENED_AT

    def __post_init__(self) -> None:
        """The first ticket."""
        self._opened(OPENING)

    @property
    def merges(self) -> list[Merge]:
        """Those that were asked for."""
        return [each for each in self.done if isinstance(each, Merge)]

    @property
    def told(self) -> tuple[Told, ...]:
        """What every settle is told by now."""
        return (*self.answers, *self.closures.values())

    def happen(self, step: Happening) -> None:
        """Have it happen, now."""
        draw = Random(step.number)  # noqa: S311 - particulars of a made-up life
        life = draw.choice(self.lives)
        match step.what:
            case "ask":
                at = life.next_at(self.now)
                seen = judge(life.policy, life.ticket, at, told=self.told).ticket
                self._settle(life, at, command_of(draw.randrange(10_000), seen, at))
            case "open" | "leave":
                self._open(draw, TicketKind.LEAVING if step.what == "leave" else TicketKind.REQUEST)
            case "import":
                self._import(draw)
            case "close queue":
                self._close(draw, is_outage=step.is_outage)
            case "open queue":
                self._end(draw, is_outage=step.is_outage)
            case "roster":
                self._answer(draw.choice(self.versions[0].tier_names), is_reachable=draw.random() < 1 / 2)
            case "merge":
                self._merge(draw)
            case "move":
                onto = self.versions[draw.randrange(2)]
                command = ChangePolicy(actor="ops", policy_version=version_of(onto), reason="anew")
                self._settle(life, life.next_at(self.now), command, onto)
            case _:
                self._settle(life, life.next_at(self.now))

    def look(self) -> None:
        """Have somebody look at every ticket now."""
        for life in self.lives:
            self._settle(life, life.next_at(self.now))

    def until(self, goal: datetime, lag: timedelta) -> None:
        """Time passes for every ticket."""
        before = len(self.done)
        for life in self.lives:
            for at in life.looks_until(goal, lag):
                self._settle(life, at)
        self.done[before:] = sorted(self.done[before:], key=lambda each: each.at)
        self.now = goal

    def _settle(self, life: Life, at: datetime, command: Command | None = None, onto: Policy | None = None) -> None:
        life.settle(at, command, onto=onto, told=self.told)
        self.done.append(Settled(at, life, command))

    def _answer(self, tier: str, *, is_reachable: bool) -> None:
        """What the roster says of a tier: only what is something else than before is kept, each later than the last."""
        before = next((each for each in reversed(self.answers) if each.tier == tier), None)
        if before is None or before.is_reachable != is_reachable:
            at = self.now if before is None else max(self.now, before.at + TICK)
            self._announce(RosterAnswer(tier=tier, at=at, is_reachable=is_reachable))

    def _announce(self, told: Told) -> None:
        if isinstance(told, Closure):
            self.closures[told.closure_id] = told
        else:
            self.answers.append(told)
        self.done.append(Announced(self.now, told))

    def _opened(self, opening: Open | Import) -> None:
        policy = self.versions[len(self.lives) % 2]
        self.lives.append(Life(policy, opening=opening, opened_at=self.now, told=self.told))
        self.done.append(Opened(self.now, self.lives[-1]))

    def _open(self, draw: Random, kind: TicketKind) -> None:
        if len(self.lives) < MOST_TICKETS:
            name, priority = len(self.lives) + 1, draw.choice(("normal", "urgent"))
            named = replace(OPENING, ticket_id=f"t-{name}", reference=f"R-{name}", thread=f"th-{name}")
            self._opened(replace(named, priority=priority, kind=kind))

    def _import(self, draw: Random) -> None:
        """Bring one in from elsewhere; what cannot be is refused, and then there is none."""
        if len(self.lives) == MOST_TICKETS:
            return
        opened_at = self.now - draw.randint(1, 400) * minutes(15)
        status = draw.choice((Status.OPEN, Status.IN_PROGRESS))
        handler = "ann" if status is Status.IN_PROGRESS else None
        used = tuple(SpentClock(target=each, used=draw.choice((0, 1, 3, 30)) * minutes(15)) for each in USED)
        had = tuple(
            HadBreach(target=each, due_at=opened_at + draw.randint(1, 200) * minutes(15))
            for each in draw.choices((Target.ACKNOWLEDGE, Target.UPDATE, *USED), k=draw.choice((0, 0, 1, 2)))
        )
        name = str(len(self.lives) + 1)
        try:
            self._opened(
                Import(
                    actor="ops",
                    ticket_id=f"t-{name}",
                    reference=f"R-{name}",
                    queue=OPENING.queue,
                    priority=draw.choice(("normal", "urgent")),
                    customer=OPENING.customer,
                    subject="no line",
                    description="as it stood there",
                    channel="mail",
                    opened_at=opened_at,
                    tier=draw.choice(self.versions[0].tier_names),
                    status=status,
                    handler=handler,
                    owner=draw.choice((None, "ann")),
                    clocks=used,
                    breaches=had,
                    references=(f"X-{name}",),
                    kind=draw.choice((TicketKind.REQUEST, TicketKind.REQUEST, TicketKind.LEAVING)),
                )
            )
        except ImportImplausible:
            return

    def _close(self, draw: Random, *, is_outage: bool) -> None:
        """Close the queue from now or a later instant, with a stated end or without; never backwards (2.11)."""
        from_at = self.now + draw.choice((0, 0, 1, 20)) * minutes(15)
        until_at = draw.choice((None, from_at + draw.randint(1, 40) * minutes(15)))
        name = f"c-{len(self.closures) + 1}"
        reason = "snow on the road"
        self._announce(Closure(closure_id=name, from_at=from_at, until_at=until_at, actor="lea", reason=reason))
        if not is_outage:
            self.look()

    def _end(self, draw: Random, *, is_outage: bool) -> None:
        """Say of one that is not over when it is."""
        going_on = [each for each in self.closures.values() if each.until_at is None or each.until_at > self.now]
        if going_on:
            closure = draw.choice(going_on)
            until_at = max(self.now + draw.choice((0, 0, 2)) * minutes(15), closure.from_at)
            self._announce(replace(closure, until_at=until_at, ended_by="lea", end_reason="it has thawed"))
            if not is_outage:
                self.look()

    def _merge(self, draw: Random) -> None:
        """Both at one instant: both halves, or neither and only what was due (6.7)."""
        if len(self.lives) == 1:
            return
        other, survivor = draw.sample(self.lives, 2)
        at = max(other.next_at(self.now), survivor.next_at(self.now))
        stood, goes_on = (judge(life.policy, life.ticket, at, told=self.told).ticket for life in (other, survivor))
        into, over = halves(other.policy, stood, goes_on, at, "kim")
        grown = judge(survivor.policy, survivor.ticket, at, over, told=self.told)
        into = with_survivor(into, grown.ticket)
        merged = judge(other.policy, other.ticket, at, into, told=self.told)
        is_done = merged.refusal is None and grown.refusal is None
        # Both halves or none: a half is asked in vain, or not at all.
        survivor.settle(at, over if is_done or grown.refusal else None, told=self.told)
        other.settle(at, into if is_done or merged.refusal else None, told=self.told)
        self.done.append(Merge(at, other, survivor, is_done))
