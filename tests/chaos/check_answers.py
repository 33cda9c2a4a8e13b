"""Answers against the log: what was accepted is there once, what was refused is not, and nobody is told two things."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.facts import Asked, Facts, Verdict
from tests.chaos.findings import Finding, What

EFFECTS: dict[str, tuple[str, ...]] = {
    "open": ("opened",),
    "receive_contact": ("opened", "contact_received"),
    "acknowledge": ("acknowledged",),
    "assign": ("assigned",),
    "post_update": ("update_posted",),
    "record_contact": ("contact_received",),
    "wait_on_customer": ("wait_started",),
    "continue": ("wait_ended", "hold_ended"),
    "escalate": ("escalated", "ladder_exhausted", "escalation_absorbed"),
    "transfer": ("transferred",),
    "resolve": ("resolved", "merged"),
    "confirm": ("confirmed", "contact_received"),
    "reject": ("rejected", "reopened", "contact_received"),
    "reopen": ("reopened",),
    "close": ("closed",),
    "change_priority": ("priority_changed",),
    "add_note": ("note_added",),
    "log_time": ("time_logged",),
    "make_promise": ("promise_made",),
    "keep_promise": ("promise_kept",),
    "change_promise": ("promise_changed",),
    "hold": ("held",),
    "rate": ("rated", "contact_received"),
    "offer_credit": ("credit_offered", "credit_proposed"),
    "merge": ("took_over",),
    "import": ("imported",),
}
"""What each command leaves in the log, once, under its actor's name."""
ELSEWHERE = frozenset({"decide_credit"})
"""Commands that the lead alone gives: what they leave is not told apart by their actor, and is looked for elsewhere."""
ENGINES = frozenset({"flag_customer", "roster_answer"})
"""Inputs that come of the engine itself, which nobody asked."""
MOVERS = ("change_policy", "mover")
"""What an operator asks of every running ticket, and in whose name."""
APPLIED_AS = {
    "receive_contact": ("open", "record_contact"),
    "merge": ("take_over",),
    # As a duplicate it is merged.
    "resolve": ("resolve", "merge_into"),
    # What a customer says to a ticket that was merged is heard on the one that goes on.
    **{kind: (kind, "record_contact") for kind in ("confirm", "reject", "rate")},
}
"""What a request may be applied as, where that is not its own name."""
OPENINGS = ("open", "receive_contact", "import")


def check_answers(facts: Facts) -> Iterator[Finding]:
    """Yield what was lost, doubled, applied unasked or answered in two ways."""
    applied = Counter((each.mark, each.kind) for inputs in facts.inputs.values() for each in inputs)
    effects = Counter((line.actor, line.kind) for lines in facts.lines.values() for line in lines)
    for asked in facts.asked:
        yield from _of_answers(asked)
        if asked.kind not in EFFECTS and asked.kind not in ELSEWHERE:
            continue  # of a queue, or a problem
        kinds = APPLIED_AS.get(asked.kind, (asked.kind,))
        yield from _of_effect(facts, asked, sum(applied[asked.mark, kind] for kind in kinds))
        left = sum(effects[asked.mark, kind] for kind in EFFECTS.get(asked.kind, ()))
        if left > 1:
            yield _about(What.APPLIED_TWICE, asked, f"left its line in the log {left} times")
    known = {asked.mark for asked in facts.asked}
    for inputs in facts.inputs.values():
        for each in inputs:
            if each.mark not in known and each.kind not in ENGINES and (each.kind, each.mark) != MOVERS:
                yield Finding(
                    what=What.APPLIED_UNASKED,
                    ticket_id=each.ticket_id,
                    text=f"input {each.number}, {each.kind} by {each.mark!r}, was never asked",
                )


def _of_answers(asked: Asked) -> Iterator[Finding]:
    final = asked.final
    for answer in asked.answers:
        if answer.verdict is Verdict.WRONG:
            yield _about(What.WRONG_ANSWER, asked, f"was answered {answer.text}")
        elif final and answer.verdict is not Verdict.UNKNOWN and answer != final:
            yield _about(What.ANSWERED_OTHERWISE, asked, f"was answered {final.text}, then {answer.text}")


def _of_effect(facts: Facts, asked: Asked, applied: int) -> Iterator[Finding]:
    if applied > 1:
        yield _about(What.APPLIED_TWICE, asked, f"is among the inputs {applied} times")
    final = asked.final
    if final is None:
        return
    if final.verdict is Verdict.REFUSED and applied:
        yield _about(What.APPLIED_UNASKED, asked, f"was refused ({final.text}) and applied")
    if final.verdict is not Verdict.DONE:
        return
    lines = facts.lines.get(final.ticket_id, ())
    if asked.kind in OPENINGS and (final.ticket_id not in facts.standings or not lines):
        yield _about(What.TICKET_LOST, asked, "was accepted and is not in the record")
        return
    if not applied:
        yield _about(What.COMMAND_LOST, asked, "was accepted and is not among the inputs")
    if asked.kind not in ELSEWHERE and not any(
        line.actor == asked.mark and line.kind in EFFECTS[asked.kind] and line.sequence <= final.sequence
        for line in lines
    ):
        yield _about(What.COMMAND_LOST, asked, f"was accepted and is not in the log up to line {final.sequence}")
    recorded = {run for line in lines if line.kind == "clock_breached" for run in runs_of(line.body)}
    recorded |= {(each["target"], 1) for line in lines if line.kind == "imported" for each in line.body["breaches"]}
    for target, run in sorted(final.breached - recorded):
        yield _about(What.BREACH_WITHDRAWN, asked, f"was shown {target} {run} as breached, which is not in the log")


def runs_of(body: object) -> Iterator[tuple[str, int]]:
    """Yield the clock runs that one breach stands for."""
    if isinstance(body, dict):
        for run in range(body["run"], body["run"] + body.get("count", 1)):
            yield body["target"], run


def _about(what: What, asked: Asked, text: str) -> Finding:
    final = asked.final
    ticket_id = asked.ticket_id or (final.ticket_id if final else "")
    return Finding(what=what, ticket_id=ticket_id, text=f"{asked.kind} by {asked.mark!r} {text}")
