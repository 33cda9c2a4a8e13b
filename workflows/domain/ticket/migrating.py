"""A running ticket goes on by another version of its policy: what is spent stays spent, what is allowed is new (7.3).

Counts by two policies: up to this instant by the ticket's own, from it on by the new one. Breaches stand, what was met
stays met, and nobody is told: it is the desk's own decision, which the log explains. So are these:

- A row that both versions have alike changes nothing, calendar and zone rules aside.
- What is spent already follows 6.11, reminders, sign-off silence and the last resort's reminders included.
- As many reminders of a question as were sent count as sent; a pause lasts as long as the wait that began it.
- The news that the customer was promised by an instant stays promised by that instant.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from workflows.domain.errors import DomainError
from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.domain.ticket import clocks, promises
from workflows.domain.ticket.commands import ChangePolicy, Renaming
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import PolicyChanged
from workflows.domain.ticket.refusing import WORKED_ON, CommandRefused, present_state, require, wrong_state
from workflows.domain.ticket.state import Clock, PendingWarning, Reminding, Resolution, Waiting
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.domain.ticket.words import ClockState, Status, Target
from workflows.domain.working_time import due, worked

NOT_CLOSED = (*WORKED_ON, Status.RESOLVED)
"""The states in which a ticket has something running."""
_CLOSED = "a closed ticket keeps the policy that it was closed under"


def change_policy(draft: Draft, at: datetime, command: ChangePolicy, onto: Policy | None) -> None:
    """Have everything that runs go on by the new version, or raise `CommandRefused`; none of it ends in the past.

    `DomainError` when the policy given is not the one that the command names, or another than the ticket's; when a name
    that the new version has is to be another, or one to be what it has not.
    """
    before = draft.policy
    if onto is None or version_of(onto) != command.policy_version:
        raise DomainError(f"policy version {command.policy_version!r} is not the one given: give that one's content")
    if onto.name != before.name:
        raise DomainError(f"policy {before.name!r} is called {onto.name!r} now: give it back its name")
    tiers = _names("tier", command.tiers, onto.tier_names)
    priorities = _names("priority", command.priorities, onto.priorities)
    require(draft, "change the policy", NOT_CLOSED, {Status.CLOSED: _CLOSED})
    tier, priority = tiers.get(draft.tier, draft.tier), priorities.get(draft.priority, draft.priority)
    _require_known(draft, onto, tier, priority)
    change = _Change(draft, at, onto, tier, priority)
    moved = tuple(change.clocks(tiers))
    waiting, reminding, resolution = change.waiting(), change.reminding(), change.resolution()
    if draft.policy_version == command.policy_version and not any(is_moved for _, is_moved in moved):
        hint = f"its policy has version {command.policy_version!r} already, and nothing of it would move"
        raise wrong_state(draft, "change the policy", NOT_CLOSED, hint)
    draft.record(
        at,
        PolicyChanged(
            from_policy_version=draft.policy_version,
            policy_version=command.policy_version,
            from_tier=draft.tier,
            tier=tier,
            from_priority=draft.priority,
            priority=priority,
            reason=command.reason,
        ),
    )
    draft.policy, draft.policy_version, draft.priority = onto, command.policy_version, priority
    draft.rename_tiers(tiers)
    promises.policy_changed(draft, at, before)
    draft.waiting, draft.reminding, draft.resolution = waiting, reminding, resolution
    for clock, is_moved in moved:
        if is_moved:
            draft.move(clock, at)
        else:
            draft.keep(clock)


class _Change:
    """What becomes of everything that runs: worked out before anything is changed."""

    def __init__(self, draft: Draft, at: datetime, onto: Policy, tier: str, priority: str) -> None:
        self._draft = draft
        self._at = at
        self._onto = onto
        self._tier = tier
        self._priority = priority
        self._floor = clocks.length_of(onto, Target.ACKNOWLEDGE, tier, priority)
        """What a run keeps at most whose new length is spent already (6.11)."""

    def clocks(self, tiers: Mapping[str, str]) -> Iterator[tuple[Clock, bool]]:
        """Yield every live run as it goes on, and whether that is another length, calendar, deadline or name."""
        for clock in self._draft.live(*Target):
            name = tiers.get(clock.tier, clock.tier)
            # A run of the customer's may have begun in a tier that there is no more.
            yield self._clock(clock, name if name in self._onto.tier_names else self._tier)

    def waiting(self) -> Waiting | None:
        """The wait with the step after those that were taken: the customer is reminded next, or given up on."""
        waiting = self._draft.waiting
        if waiting is None:
            return None
        was, becomes = (
            policy.wait_steps[min(waiting.reminders_sent, len(policy.wait_steps) - 1)]
            for policy in (self._draft.policy, self._onto)
        )
        return replace(waiting, next_at=self._instant(waiting.next_at, was, becomes))

    def reminding(self) -> Reminding | None:
        """The last resort's reminders, the next of them at its new instant."""
        reminding = self._draft.reminding
        if reminding is None:
            return None
        was, becomes = self._draft.policy.remind_every, self._onto.remind_every
        return replace(reminding, next_at=self._instant(reminding.next_at, was, becomes))

    def resolution(self) -> Resolution | None:
        """The resolution, with the instant at which silence closes it."""
        resolution = self._draft.resolution
        if resolution is None or resolution.sign_off_at is None:
            return resolution
        was, becomes = self._draft.policy.sign_off, self._onto.sign_off
        return replace(resolution, sign_off_at=self._instant(resolution.sign_off_at, was, becomes))

    def _instant(self, next_at: datetime, was: timedelta, becomes: timedelta) -> datetime:
        """When a length of the policy's calendar is over that had another length, with what is spent of it kept."""
        before, after = self._draft.policy.calendar, self._onto.calendar
        if was == becomes and before == after:
            return next_at
        left = worked(before, self._at, next_at)
        spent = max(was - left, timedelta())
        whole = clocks.whole_length(becomes, spent, self._floor, left=left)
        return due(after, self._at, whole - spent)

    def _clock(self, clock: Clock, tier: str) -> tuple[Clock, bool]:
        before, onto = self._draft.policy, self._onto
        spent = clocks.spent_by(before, clock, self._at)
        whole = clocks.whole_length(self._length(clock, tier), spent, self._floor, left=clock.length - spent)
        named = replace(clock, tier=tier, warnings=self._unsent(clock))
        if clock.state is not ClockState.RUNNING:
            return replace(named, length=whole), (whole, tier) != (clock.length, clock.tier)
        if whole == spent:  # it ends at this very instant, in which it may still be met
            moved = replace(named, spent=spent, running_since=self._at, warnings=())
        else:
            moved = clocks.running(onto, replace(named, length=whole, spent=spent), self._at)
        is_same_calendar = clocks.calendar_of(before, clock.target, clock.tier) == clocks.calendar_of(
            onto, clock.target, tier
        )
        is_same = (moved.deadline_at, whole, tier) == (clock.deadline_at, clock.length, clock.tier)
        if is_same and is_same_calendar:
            return replace(named, warnings=moved.warnings), False
        return moved, True

    def _length(self, clock: Clock, tier: str) -> timedelta:
        """The new version's, unless both promise the same: then what it was, whatever it came to since (6.11)."""
        was = self._promised(self._draft.policy, clock.target, {clock.tier, self._draft.tier}, self._draft.priority)
        becomes = self._promised(self._onto, clock.target, {tier, self._tier}, self._priority)
        return clock.length if was == becomes else becomes

    def _promised(self, policy: Policy, target: Target, tiers: set[str], priority: str) -> timedelta:
        """An update run is its first tier's, or the present one's where that is shorter (2.2); others are of one."""
        return min(clocks.length_of(policy, target, tier, priority) for tier in tiers)

    def _unsent(self, clock: Clock) -> tuple[PendingWarning, ...]:
        """The new version's warnings of a run, but for those at or below a fraction that was warned of (2.8)."""
        left = {warning.fraction for warning in clock.warnings}
        sent = max((fraction for fraction in self._draft.policy.warn_at if fraction not in left), default=0.0)
        return tuple(PendingWarning(fraction=each, at=None) for each in self._onto.warn_at if each > sent)


def _names(what: str, renamings: tuple[Renaming, ...], known: tuple[str, ...]) -> dict[str, str]:
    for each in renamings:
        if each.old in known:
            raise DomainError(f"{what} {each.old!r} is one of the new version's: leave it out")
        if each.new not in known:
            raise DomainError(f"{what} {each.new!r} is none of the new version's: name one of {', '.join(known)}")
    return {each.old: each.new for each in renamings}


def _require_known(draft: Draft, onto: Policy, tier: str, priority: str) -> None:
    """Refuse where the new version has no room for the ticket as it stands."""
    for reason, what, name, known in (
        (RefusalReason.UNKNOWN_TIER, "tier", tier, onto.tier_names),
        (RefusalReason.UNKNOWN_PRIORITY, "priority", priority, onto.priorities),
    ):
        if name not in known:
            raise CommandRefused(
                Refusal(
                    reason=reason,
                    text=f"cannot change the policy: the ticket is of {what} {name!r}, which version "
                    f"{version_of(onto)!r} has not: say which takes its place, of {', '.join(known)}",
                    facts=present_state(draft, priority=priority),
                )
            )
