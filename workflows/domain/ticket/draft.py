"""A ticket while it is being judged: the only mutable thing of the domain, and it never leaves the judge."""

from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from workflows.domain.policy import Policy
from workflows.domain.ticket import clocks, closures, roster
from workflows.domain.ticket.events import (
    ClockCancelled,
    ClockMet,
    ClockMoved,
    ClockPaused,
    ClockResumed,
    ClockStarted,
    Entry,
    Event,
)
from workflows.domain.ticket.state import Clock, Ticket
from workflows.domain.ticket.verdict import Judged, Message, Refusal
from workflows.domain.ticket.words import Audience, ClockState, Pause, Status, Target, TicketKind
from workflows.domain.zones import tzdata_version

_ORDER = {target: place for place, target in enumerate(Target)}


class Draft:
    """Gathers what one settle changes: every change of the ticket stands beside the line that records it."""

    def __init__(
        self,
        policy: Policy,
        ticket: Ticket,
        new_answers: roster.Answers = (),
        new_closures: closures.Closures = (),
    ) -> None:
        self.policy = policy
        self.before = ticket
        """The ticket as it was given. What no settle changes is read there."""
        self.actor: str | None = None
        """Whose command is being obeyed; none while the clocks decide."""
        self._entries: list[Entry] = []
        self._messages: list[Message] = []
        self._new_answers = new_answers
        self.answers = roster.together(ticket.roster, new_answers) if new_answers else ticket.roster
        """What the roster has said, as far as this settle may go by it."""
        self._new_closures = new_closures
        self.closures = closures.together(ticket.closures, new_closures) if new_closures else ticket.closures
        """When the queue is closed, as far as this settle knows."""
        # The ticket as it stands, in the ticket's own words.
        self.policy_version = ticket.policy_version
        self.priority = ticket.priority
        self.status = ticket.status
        self.tier = ticket.tier
        self.tier_entered_at = ticket.tier_entered_at
        self.visited = ticket.visited
        self.owner = ticket.owner
        self.handler = ticket.handler
        self.clocks = ticket.clocks
        self.chases = ticket.chases
        self.update_breaches = ticket.update_breaches
        self.promises = ticket.promises
        self.waiting = ticket.waiting
        self.reminding = ticket.reminding
        self.resolution = ticket.resolution
        self.closed_at = ticket.closed_at
        self.rating = ticket.rating
        self.credits = ticket.credits
        self.holding = ticket.holding
        self.article = ticket.article
        self.flagged_at = ticket.flagged_at
        self.thread = ticket.thread
        self.customer_spoke_at = ticket.customer_spoke_at
        self.problems = ticket.problems
        self.merged_into = ticket.merged_into
        self.merged_into_reference = ticket.merged_into_reference
        self.merged = ticket.merged
        self.resolve_credited = ticket.resolve_credited
        self.version = ticket.version
        self._sequence = ticket.sequence

    @property
    def is_leaving(self) -> bool:
        """Whether the customer wishes to leave: then a question holds nothing up, and nobody waits for its answer."""
        return self.before.kind is TicketKind.LEAVING

    @property
    def waiting_pauses(self) -> tuple[Target, ...]:
        """The clocks that stand still while the customer is waited for: of a request to leave, none."""
        return () if self.is_leaving else self.policy.waiting_pauses

    @property
    def has_changed(self) -> bool:
        """Whether anything stands in the log that did not: but closures ahead, nothing changes without a line."""
        return bool(self._entries)

    @property
    def has_learnt_of_closures(self) -> bool:
        """Whether its queue is closed at other instants than the ticket knew: when it wakes hangs on them (2.11)."""
        return bool(self._new_closures) and self.status is not Status.CLOSED

    def judged(self, refusal: Refusal | None = None) -> Judged:
        """What stands so far."""
        ticket = replace(
            self.before,
            policy_version=self.policy_version,
            priority=self.priority,
            status=self.status,
            tier=self.tier,
            tier_entered_at=self.tier_entered_at,
            visited=self.visited,
            owner=self.owner,
            handler=self.handler,
            clocks=self.clocks,
            chases=self.chases,
            update_breaches=self.update_breaches,
            promises=self.promises,
            waiting=self.waiting,
            reminding=self.reminding,
            resolution=self.resolution,
            closed_at=self.closed_at,
            rating=self.rating,
            credits=self.credits,
            holding=self.holding,
            article=self.article,
            flagged_at=self.flagged_at,
            thread=self.thread,
            customer_spoke_at=self.customer_spoke_at,
            problems=self.problems,
            merged_into=self.merged_into,
            merged_into_reference=self.merged_into_reference,
            merged=self.merged,
            resolve_credited=self.resolve_credited,
            version=self.version,
            sequence=self._sequence,
            roster=roster.last_of_each(self.answers) if self._new_answers else self.answers,
            closures=self.closures,
        )
        return Judged(
            ticket=ticket,
            entries=tuple(self._entries),
            messages=tuple(self._messages),
            refusal=refusal,
            answers=self._new_answers,
            closures=self._new_closures,
        )

    # The log.

    def record(self, at: datetime, event: Event) -> int:
        """Append one line to the log; its sequence is what `tell` wants to know."""
        self._sequence += 1
        self._entries.append(Entry(sequence=self._sequence, at=at, actor=self.actor, event=event))
        return self._sequence

    def tell(
        self,
        of: int,
        kind: str,
        *audiences: Audience,
        owner: str | None = None,
        but_those_told_of: int | None = None,
        but_the_desk_told_of: Sequence[int] = (),
    ) -> None:
        """Say who, as the ticket stands now, is to be told of the line of that sequence; the same person once.

        `owner`: of what it is about, where that is not the ticket's. Who is told of the line `but_those_told_of` is
        not told of this one too; nor, but for the customer, who is told of one of the lines `but_the_desk_told_of`.
        """
        told: set[tuple[bool, str]] = set()
        for message in self._messages:
            is_customers = message.audience is Audience.CUSTOMER
            if message.sequence == but_those_told_of or (message.sequence in but_the_desk_told_of and not is_customers):
                told.add((is_customers, message.recipient))
        for audience in audiences:
            recipient = owner if owner and audience is Audience.OWNER else self._recipient(audience)
            # A customer whose external id reads like a tier's name is not that tier.
            if (person := (audience is Audience.CUSTOMER, recipient)) not in told:
                told.add(person)
                self._messages.append(Message(sequence=of, kind=kind, audience=audience, recipient=recipient))

    def has_told(self, of: int, audience: Audience) -> bool:
        """Whether that audience is told of the line of that sequence by what was said so far."""
        return any(message.sequence == of and message.audience is audience for message in self._messages)

    def _recipient(self, audience: Audience) -> str:
        match audience:
            case Audience.CUSTOMER:
                return self.before.customer.external_id
            case Audience.HANDLER:
                return self.handler or self.tier
            case Audience.OWNER:
                return self.owner or self.policy.first_tier.name
            case Audience.TIER:
                return self.tier
            case Audience.LEAD:
                return self.policy.lead
            case Audience.LAST_RESORT:
                return self.policy.last_resort
            case _:
                assert_never(audience)

    # The clocks.

    def live(self, *targets: Target) -> list[Clock]:
        """Runs that have not ended, of these targets, in the targets' order."""
        return [clock for clock in self.clocks if clock.target in targets and clock.state.is_live]

    def latest(self, target: Target, tier: str | None = None) -> Clock | None:
        """The last run of a target, ended or not; of one tier when given."""
        runs = [clock for clock in self.clocks if clock.target is target and (tier is None or clock.tier == tier)]
        return max(runs, key=lambda clock: clock.run, default=None)

    def keep(self, clock: Clock) -> None:
        """Put a clock in the place of the run before it: one a tier for the tier's targets, one for the customer's."""
        kept = [other for other in self.clocks if not _is_same_place(other, clock)]
        insort(kept, clock, key=_in_order)
        self.clocks = tuple(kept)

    def rename_tiers(self, names: Mapping[str, str]) -> None:
        """Call tiers otherwise, wherever the ticket names them; of two that are one now, the later run stays."""
        self.tier = names.get(self.tier, self.tier)
        self.visited = tuple(names.get(tier, tier) for tier in self.visited)
        # A tier that is called otherwise is asked for by that name: what was answered of it comes with the next settle.
        self.answers = tuple(answer for answer in self.answers if answer.tier not in names)
        before, self.clocks = self.clocks, ()
        for clock in before:
            self.keep(replace(clock, tier=names.get(clock.tier, clock.tier)))

    def start(
        self,
        target: Target,
        at: datetime,
        *,
        recorded_at: datetime | None = None,
        carried: Clock | None = None,
        pause: Pause | None = None,
    ) -> Clock:
        """Start the next run of a target for the present tier, with the time spent of the run it carries on.

        The tier's own stand still from the first while the queue is closed (2.11).
        """
        last = self.latest(target)
        if pause is None and self._is_kept_closed(target, at):
            pause = Pause.QUEUE_CLOSED
        clock = clocks.started(
            self.policy,
            target,
            run=last.run + 1 if last else 1,
            tier=self.tier,
            priority=self.priority,
            at=at,
            carried=carried,
            pause=pause,
        )
        self.keep(clock)
        self.record(
            recorded_at or at,
            ClockStarted(
                target=target,
                run=clock.run,
                tier=clock.tier,
                length=clock.length,
                started_at=at,
                spent=clock.spent,
                deadline_at=clock.deadline_at,
                pause=pause,
                tzdata=tzdata_version(),
            ),
        )
        return clock

    def pause(self, targets: Iterable[Target], at: datetime, why: Pause) -> None:
        """Let the live runs of these targets stand still; one that stands already takes the new reason."""
        for clock in self.live(*targets):
            if clock.pause is why:
                continue
            stopped = clocks.paused(self.policy, clock, at, why)
            self.keep(stopped)
            self.record(
                at,
                ClockPaused(target=clock.target, run=clock.run, tier=clock.tier, pause=why, spent=stopped.spent),
            )
            if clock.deadline_at is None or clock.deadline_at <= at or stopped.spent < stopped.length:
                continue
            if kept := clocks.kept_until(
                self.policy, clock, at, clock.deadline_at, tier=self.tier, priority=self.priority
            ):
                self.move(replace(stopped, length=stopped.length + kept), at)

    def resume(self, targets: Iterable[Target], at: datetime) -> None:
        """Let the paused runs of these targets count again; the tier's own not while the queue is closed (2.11)."""
        for clock in self.live(*targets):
            if clock.state is not ClockState.PAUSED:
                continue
            if self._is_kept_closed(clock.target, at):
                self.pause((clock.target,), at, Pause.QUEUE_CLOSED)
                continue
            counting = clocks.running(self.policy, clock, at)
            self.keep(counting)
            if counting.deadline_at is None:
                raise AssertionError(f"a running {clock.target} clock has no deadline")
            self.record(
                at,
                ClockResumed(
                    target=clock.target,
                    run=clock.run,
                    tier=clock.tier,
                    spent=clock.spent,
                    deadline_at=counting.deadline_at,
                    tzdata=tzdata_version(),
                ),
            )

    def _is_kept_closed(self, target: Target, at: datetime) -> bool:
        return bool(self.closures) and target.is_the_tiers and closures.hold(self.closures, at)

    def move(
        self, clock: Clock, at: datetime, *, started_at: datetime | None = None, taken_over: timedelta = timedelta()
    ) -> None:
        """Give a live run another length, another calendar to count in, or another's start and time spent (6.7)."""
        self.keep(clock)
        self.record(
            at,
            ClockMoved(
                target=clock.target,
                run=clock.run,
                tier=clock.tier,
                length=clock.length,
                spent=clock.spent,
                deadline_at=clock.deadline_at,
                tzdata=tzdata_version(),
                started_at=started_at,
                taken_over=taken_over,
            ),
        )

    def meet(self, targets: Iterable[Target], at: datetime, *, as_of: datetime | None = None) -> None:
        """The live runs of these targets were kept, as of an instant earlier than now if need be (2.10).

        Never as of one before the run: an update told while resolved starts a run later than the Resolve.
        """
        self._end(
            targets,
            at,
            ClockState.MET,
            lambda clock: ClockMet(
                target=clock.target,
                run=clock.run,
                tier=clock.tier,
                held_by=self.tier,
                started_at=clock.started_at,
                as_of=max(as_of or at, clock.started_at),
                spent=clock.spent,
            ),
        )

    def cancel(self, targets: Iterable[Target], at: datetime) -> None:
        """The live runs of these targets end without a verdict."""
        self._end(
            targets,
            at,
            ClockState.CANCELLED,
            lambda clock: ClockCancelled(
                target=clock.target, run=clock.run, tier=clock.tier, held_by=self.tier, spent=clock.spent
            ),
        )

    def _end(self, targets: Iterable[Target], at: datetime, state: ClockState, event: Callable[[Clock], Event]) -> None:
        for clock in self.live(*targets):
            over = clocks.ended(self.policy, clock, at, state)
            self.keep(over)
            self.record(at, event(over))


def _in_order(clock: Clock) -> tuple[int, int]:
    return _ORDER[clock.target], clock.run


def _is_same_place(one: Clock, other: Clock) -> bool:
    if one.target is not other.target:
        return False
    return one.tier == other.tier or one.target is not Target.TIER_RESOLVE
