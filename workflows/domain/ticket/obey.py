"""Obeys one command, or refuses it with the present state and changes nothing (semantics 6).

The ticket was advanced to the command's instant before.
"""

from datetime import datetime
from typing import assert_never

from workflows.domain.policy import Policy
from workflows.domain.ticket import (
    at_risk,
    clocks,
    closing,
    ending,
    holding,
    ladder,
    linking,
    merging,
    migrating,
    promises,
)
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
    MergeInto,
    OfferCredit,
    PostUpdate,
    Rate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    TakeOver,
    Transfer,
    UnlinkProblem,
    WaitOnCustomer,
)
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import (
    Acknowledged,
    Assigned,
    ContactReceived,
    NoteAdded,
    PriorityChanged,
    Resolved,
    TimeLogged,
    UpdatePosted,
)
from workflows.domain.ticket.refusing import (
    WORKED_ON,
    CommandRefused,
    present_state,
    require,
    require_customer,
    require_tier,
    require_within_window,
    wrong_state,
)
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.domain.ticket.words import Audience, Cause, Outcome, Pause, Status, Target, WaitEnd


def obey(draft: Draft, at: datetime, command: Command, onto: Policy | None = None) -> None:  # noqa: C901, PLR0912, PLR0915 - one branch a command, no more
    """Apply the command at its instant, or raise `CommandRefused`; `onto` is the policy that a `ChangePolicy` names."""
    draft.actor = command.actor
    match command:
        case Acknowledge():
            _acknowledge(draft, at, command)
        case Assign():
            _assign(draft, at, command)
        case PostUpdate():
            _post_update(draft, at, command)
        case RecordContact():
            _record_contact(draft, at, command)
        case WaitOnCustomer():
            require(draft, "wait on the customer", WORKED_ON)
            closing.start_wait(draft, at, command.question)
        case Continue():
            _continue(draft, at, command)
        case Hold():
            holding.hold(draft, at, command.reason)
        case Escalate():
            _escalate(draft, at, command)
        case Transfer():
            _transfer(draft, at, command)
        case Resolve():
            _resolve(draft, at, command)
        case Confirm() | Reject() | Reopen() | Close() | Rate() | OfferCredit() | DecideCredit():
            ending.obey(draft, at, command)
        case ChangePriority():
            _change_priority(draft, at, command)
        case ChangePolicy():
            migrating.change_policy(draft, at, command, onto)
        case LinkProblem():
            linking.link(draft, at, command)
        case UnlinkProblem():
            linking.unlink(draft, at, command)
        case FlagCustomer():
            at_risk.flag(draft, at, command)
        case MakePromise():
            promises.make(draft, at, command)
        case KeepPromise():
            promises.keep(draft, at, command)
        case ChangePromise():
            promises.change(draft, at, command)
        case AddNote():
            draft.record(at, NoteAdded(text=command.text))
        case MergeInto():
            merging.merge_into(draft, at, command)
        case TakeOver():
            merging.take_over(draft, at, command)
        case LogTime():
            draft.record(at, TimeLogged(spent=command.spent, text=command.text))
        case _:
            assert_never(command)


def _acknowledge(draft: Draft, at: datetime, command: Acknowledge) -> None:
    speaks_as_last_resort = draft.reminding is not None and command.tier == draft.policy.last_resort
    if not speaks_as_last_resort:
        require_tier(draft, command.tier, "acknowledge")
    is_awaited = draft.status is Status.OPEN or draft.reminding is not None or draft.live(Target.ACKNOWLEDGE)
    if not is_awaited:
        raise wrong_state(draft, "acknowledge", (Status.OPEN,))
    draft.record(at, Acknowledged(handler=command.handler, tier=command.tier))
    draft.meet((Target.ACKNOWLEDGE,), at)
    is_owner = draft.owner is None and draft.tier == draft.policy.first_tier.name and not speaks_as_last_resort
    if is_owner:
        draft.owner = command.handler
    if draft.status is Status.OPEN:
        draft.status = Status.IN_PROGRESS
    draft.handler = draft.handler or command.handler
    draft.reminding = None
    if command.turnaround_at:
        promises.promise_turnaround(draft, at, command.turnaround_at, command.handler)


def _assign(draft: Draft, at: datetime, command: Assign) -> None:
    require(draft, "assign", WORKED_ON)
    handler = draft.handler
    if handler is None:
        raise wrong_state(draft, "assign", WORKED_ON, hint="nobody has it yet: acknowledge it instead")
    if handler == command.handler:
        raise wrong_state(draft, "assign", WORKED_ON, hint=f"{handler!r} has it already: name somebody else")
    sequence = draft.record(at, Assigned(from_handler=handler, handler=command.handler))
    draft.handler = command.handler
    draft.tell(sequence, "assigned", Audience.HANDLER, Audience.OWNER)


def _change_priority(draft: Draft, at: datetime, command: ChangePriority) -> None:
    """Every live clock gets its new target from its own start, and no more time when the priority is raised (6.11)."""
    require(draft, "change the priority", WORKED_ON)
    policy = draft.policy
    if command.priority not in policy.priorities:
        known = ", ".join(policy.priorities)
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.UNKNOWN_PRIORITY,
                text=f"cannot change the priority to {command.priority!r}: the policy has {known}",
                facts=present_state(draft, priorities=",".join(policy.priorities)),
            )
        )
    _require_no_hurdle(draft, command.priority)
    if command.priority == draft.priority:
        hint = f"its priority is {draft.priority!r} already: name another"
        raise wrong_state(draft, "change the priority", WORKED_ON, hint=hint)
    is_raised = policy.priorities.index(command.priority) < policy.priorities.index(draft.priority)
    sequence = draft.record(
        at, PriorityChanged(from_priority=draft.priority, priority=command.priority, reason=command.reason)
    )
    draft.priority = command.priority
    floor = clocks.length_of(policy, Target.ACKNOWLEDGE, draft.tier, command.priority)
    for clock in draft.live(*Target):
        # An update run is its first tier's, or a later one's where that is shorter (2.2).
        tiers = {clock.tier, draft.tier} if clock.target is Target.UPDATE else {clock.tier}
        length = min(clocks.length_of(policy, clock.target, tier, command.priority) for tier in tiers)
        if is_raised:
            length = min(length, clock.length)
        if moved := clocks.with_length(policy, clock, at, length, floor):
            draft.move(moved, at)
    draft.tell(sequence, "priority_changed", Audience.HANDLER, Audience.OWNER)


def _require_no_hurdle(draft: Draft, priority: str) -> None:
    """A request to leave is never put off: its priority may only be raised."""
    priorities = draft.policy.priorities
    if draft.is_leaving and priorities.index(priority) > priorities.index(draft.priority):
        hint = f"a request to leave is not put off: its priority is {draft.priority!r}, name a more urgent one"
        raise wrong_state(draft, "change the priority", WORKED_ON, hint=hint)


def _post_update(draft: Draft, at: datetime, command: PostUpdate) -> None:
    require(draft, "post an update", (*WORKED_ON, Status.RESOLVED), hint="reopen it first")
    sequence = draft.record(at, UpdatePosted(text=command.text, told_in=command.told_in, also_for=command.also_for))
    closing.person_told_the_customer(draft, at, _pause_of_update(draft), keeps=command.keeps)
    if promises.is_news_owed(draft):
        closing.promise_news(draft, at)
    if command.told_in is None:
        draft.tell(sequence, "update_posted", Audience.CUSTOMER)


def _pause_of_update(draft: Draft) -> Pause | None:
    if draft.status is Status.RESOLVED:
        return Pause.RESOLVED
    is_waiting = draft.status is Status.WAITING_ON_CUSTOMER
    return Pause.WAITING_ON_CUSTOMER if is_waiting and Target.UPDATE in draft.waiting_pauses else None


def _record_contact(draft: Draft, at: datetime, command: RecordContact) -> None:
    require_customer(draft, command.customer, "record a contact")
    if draft.status is Status.CLOSED:
        require_within_window(draft, at)
    is_answer = draft.status is Status.WAITING_ON_CUSTOMER
    is_chase = command.kind.is_a_chase and draft.status.is_worked_on and not is_answer
    chases = draft.chases + 1 if is_chase else draft.chases
    sequence = draft.record(
        at,
        ContactReceived(
            kind=command.kind,
            channel=command.channel,
            text=command.text,
            answered_wait=is_answer,
            chases=chases,
            thread=command.thread,
        ),
    )
    draft.thread = command.thread or draft.thread
    draft.customer_spoke_at = at
    draft.tell(sequence, "contact_received", Audience.OWNER, Audience.HANDLER)
    draft.chases = chases
    if is_answer:
        closing.end_wait(draft, at, WaitEnd.CONTACT)
    elif draft.resolution and draft.resolution.is_unanswered:
        closing.reopen(draft, at, closing.ANSWERED)
    elif is_chase and chases >= draft.policy.chases_to_escalate:
        draft.chases = 0
        ladder.escalate(draft, at, (Cause.REPEAT_CONTACT,))


def _continue(draft: Draft, at: datetime, command: Continue) -> None:
    if draft.status is Status.WAITING_ON_CUSTOMER:
        closing.end_wait(draft, at, WaitEnd.CONTINUED, command.reason)
    elif draft.holding:
        holding.end(draft, at, command.reason)
    else:
        hint = f"possible while it is {Status.WAITING_ON_CUSTOMER.value!r}, or on hold"
        raise wrong_state(draft, "continue", (Status.WAITING_ON_CUSTOMER,), hint)


def _escalate(draft: Draft, at: datetime, command: Escalate) -> None:
    require(draft, "escalate", WORKED_ON)
    require_tier(draft, command.from_tier, "escalate from")
    ladder.escalate(draft, at, (Cause.BY_HAND,), command.reason)


def _transfer(draft: Draft, at: datetime, command: Transfer) -> None:
    require(draft, "transfer", WORKED_ON)
    names = draft.policy.tier_names
    if command.to_tier not in names:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.UNKNOWN_TIER,
                text=f"cannot transfer to tier {command.to_tier!r}: the policy has {', '.join(names)}",
                facts=present_state(draft, tiers=",".join(names)),
            )
        )
    if command.to_tier == draft.tier:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.WRONG_TIER,
                text=f"cannot transfer to tier {command.to_tier!r}: it has the ticket already; name another one",
                facts=present_state(draft),
            )
        )
    ladder.transfer(draft, at, command.to_tier, command.reason)


def _resolve(draft: Draft, at: datetime, command: Resolve) -> None:
    require(draft, "resolve", WORKED_ON)
    if command.outcome is Outcome.NOT_FEASIBLE and not command.alternative:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.ALTERNATIVE_REQUIRED,
                text="cannot resolve as 'not_feasible' without an alternative: say what is offered instead",
                facts=present_state(draft),
            )
        )
    if command.outcome is Outcome.DUPLICATE and not command.duplicate_of:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.SURVIVOR_REQUIRED,
                text="cannot resolve as 'duplicate' without the ticket it doubles: name it in duplicate_of",
                facts=present_state(draft),
            )
        )
    closing.resolve(
        draft,
        at,
        Resolved(
            outcome=command.outcome,
            explanation=command.explanation,
            alternative=command.alternative,
            duplicate_of=command.duplicate_of,
            article=command.article,
            told_in=command.told_in,
            also_for=command.also_for,
        ),
        keeps=command.keeps,
    )
