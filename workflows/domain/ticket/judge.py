"""The judge: everything due before the instant, then the command. The one place where a ticket changes (5.2, 5.3).

Pure: the same policy, ticket, instant and command give the same verdict, whoever asks and however late.
"""

from collections.abc import Iterable
from datetime import datetime

from workflows.domain.errors import DomainError
from workflows.domain.policy import Policy
from workflows.domain.ticket import closures, importing, ladder, leaving, opening, promises, roster
from workflows.domain.ticket.closures import Told
from workflows.domain.ticket.commands import Command, Import, KeepPromise, Open, UnlinkProblem
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.lapse import Lapse
from workflows.domain.ticket.obey import obey
from workflows.domain.ticket.refusing import CommandRefused, merged_elsewhere, present_state
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import (
    RULES_VERSION,
    Judged,
    Message,
    Refusal,
    RefusalReason,
)
from workflows.domain.ticket.words import Audience, Target
from workflows.domain.zones import require_utc

__all__ = ["RULES_VERSION", "Judged", "Message", "Refusal", "RefusalReason", "judge", "open_ticket"]


def open_ticket(policy: Policy, command: Open | Import, at: datetime, *, told: Iterable[Told] = ()) -> Judged:
    """A new ticket in the first tier that is not skipped, its clocks running from `at` (6.1, 4.5).

    Or one from elsewhere, which goes on in its tier from there (6.14).

    `told`: what the roster has answered of the policy's tiers; without an answer a tier is reachable (4.9). And the
    unplanned closures of its queue (2.11).
    Raises `DomainError` when the policy does not promise this priority, or takes no request to leave;
    `ImportImplausible`.
    """
    require_utc(at)
    command = leaving.as_promised(policy, command)
    if command.priority not in policy.priorities:
        raise DomainError(
            f"policy {policy.name!r} has no priority {command.priority!r}: use one of {list(policy.priorities)}"
        )
    told = tuple(told)
    answers = roster.news((), closures.answers_of(told), policy.tier_names, at) if told else ()
    learnt = (answers, closures.news((), closures.closures_of(told), at) if told else ())
    if isinstance(command, Import):
        return importing.import_ticket(policy, command, at, learnt)
    tier, skipped = ladder.reachable(policy, 0, command.priority, at, answers)
    draft, sequence = opening.begin(policy, command, at, tier.name, learnt)
    ladder.record_skipped(draft, skipped, at)
    ladder.start_tier_clocks(draft, at)
    update = draft.start(Target.UPDATE, at)
    draft.start(Target.RESOLVE, at)
    promises.promise_next_news(draft, at, update.deadline_at)
    draft.tell(sequence, "opened", Audience.CUSTOMER, Audience.TIER)
    return draft.judged()


def judge(
    policy: Policy,
    ticket: Ticket,
    at: datetime,
    command: Command | None = None,
    *,
    expected_version: int | None = None,
    onto: Policy | None = None,
    told: Iterable[Told] = (),
) -> Judged:
    """Advance the ticket to `at`, then apply the command if there is one.

    `policy` is the ticket's own; `onto` the one that a `ChangePolicy` names, for no other command. `told`: what the
    roster has answered lately, known to the ticket or not; `Judged.answers` are those of it that were news (4.9).

    A refused command comes back as `Judged.refusal`; what fell due before it is in the verdict all the same.
    `expected_version` is compared after advancing (5.4). `at` must be later than every instant judged before.
    """
    require_utc(at)
    learnt = _learnt(policy, ticket, at, told)
    draft = _advanced(policy, ticket, at, learnt)
    if command is None:
        return _judged(draft)
    if draft.merged_into is not None and not _is_its_own(draft, command):
        return _judged(draft, merged_elsewhere(draft, draft.merged_into))
    if expected_version is not None and expected_version != (version := _version(draft)):
        return _judged(draft, _stale(draft, expected_version, version))
    try:
        obey(draft, at, command, onto)
    except CommandRefused as refused:
        # Of a command half obeyed nothing stands.
        return _judged(_advanced(policy, ticket, at, learnt), refused.refusal)
    return _judged(draft)


def _is_its_own(draft: Draft, command: Command) -> bool:
    """Whether it is of what a merged ticket keeps: what it was about, and a broken promise that is owed still."""
    match command:
        case UnlinkProblem():
            return True
        case KeepPromise(name=name):
            return promises.is_owed(draft, name)
        case _:
            return False


def _learnt(policy: Policy, ticket: Ticket, at: datetime, told: Iterable[Told]) -> opening.Learnt:
    told = tuple(told)
    if not told:
        return (), ()
    return (
        roster.news(ticket.roster, closures.answers_of(told), policy.tier_names, at),
        closures.news(ticket.closures, closures.closures_of(told), ticket.entered_at),
    )


def _advanced(policy: Policy, ticket: Ticket, at: datetime, learnt: opening.Learnt) -> Draft:
    draft = Draft(policy, ticket, *learnt)
    Lapse(draft, at).run()
    return draft


def _judged(draft: Draft, refusal: Refusal | None = None) -> Judged:
    if not draft.has_changed and not draft.has_learnt_of_closures:
        # What was only learnt from the roster is learnt again by the next settle, and kept by the first that finds.
        return Judged(ticket=draft.before, refusal=refusal)
    draft.version = _version(draft)
    return draft.judged(refusal)


def _version(draft: Draft) -> int:
    """One settle raises the version by one, if anything changed that a person decides on (5.4)."""
    return draft.before.version + (_substance(draft) != _substance(draft.before))


def _substance(of: Draft | Ticket) -> tuple[object, ...]:
    deadlines = tuple((clock.target, clock.deadline_at) for clock in of.clocks if clock.deadline_at)
    promises = tuple((each.name, each.run, each.promised_at, each.state, each.kept_at) for each in of.promises)
    return (of.status, of.tier, of.handler, of.owner, of.priority, of.policy_version, deadlines, promises)


def _stale(draft: Draft, expected: int, version: int) -> Refusal:
    return Refusal(
        reason=RefusalReason.STALE_VERSION,
        text=f"expected_version is {expected}, the ticket is at {version}: look at it again and decide anew",
        facts=present_state(draft, version=str(version)),
    )
