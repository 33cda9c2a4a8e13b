"""A simulation as plain data, for a program: every figure by itself. Instants in UTC, lengths in seconds."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import floor

from services.simulation.simulate import Flipped, Run, Simulation
from services.simulation.source import Source
from services.simulation.tally import Tally
from workflows.domain.ticket.words import Target
from workflows.planning.verdicts import Verdict

Data = dict[str, object]


def to_data(simulation: Simulation, source: Source) -> Data:
    """Everything that was found; lists in an order of their own, the same each time."""
    found: Data = {
        "source": {
            "name": source.name,
            "counts": dict(source.counts),
            "problems": list(source.problems),
            "left_out": list(source.left_out),
            "notes": list(source.notes),
        },
        "judged_until": _instant(simulation.until),
        "tickets": simulation.tickets,
        "policies": [_run(run) for run in simulation.runs],
    }
    if len(simulation.runs) > 1:
        worse, better = simulation.flipped_tickets
        found["flipped_tickets"] = {"worse": worse, "better": better}
        found["flips"] = [_flip(each, simulation.runs) for each in simulation.flipped]
    return found


def _run(run: Run) -> Data:
    figures, tally = run.tally.figures, run.tally
    return {
        "asked_for": run.label,
        "name": run.policy.name,
        "version": run.version,
        "opened": figures.opened,
        "statuses": {status.value: number for status, number in sorted(figures.statuses.items())},
        "closed_by": {by.value: number for by, number in sorted(figures.closed_by.items())},
        "clocks": list(_clocks(run)),
        "escalations": figures.escalations,
        "escalations_by_cause": [
            {"from": from_tier, "to": to_tier, "cause": cause.value, "number": number}
            for (from_tier, to_tier, cause), number in sorted(figures.escalated.items())
        ],
        "exhausted": figures.exhausted,
        "exhausted_by_cause": {cause.value: number for cause, number in sorted(figures.exhaustions.items())},
        "exhausted_tickets": figures.exhausted_tickets,
        "last_resort_reminders": figures.reminders,
        "transfers": [
            {"from": from_tier, "to": to_tier, "number": number}
            for (from_tier, to_tier), number in sorted(figures.transferred.items())
        ],
        "tiers_passed_by": dict(sorted(figures.skipped.items())),
        "ping_pong": {"entries": figures.ping_pong, "tickets": figures.ping_pong_tickets},
        "reopened": figures.reopened,
        "push_to_front": [
            {
                "priority": priority,
                "solved": figures.solved[priority],
                "at_the_front": figures.at_the_front[priority],
            }
            for priority in run.policy.priorities
        ],
        "waiting_on_the_customer": _waits(tally),
        **_people(tally),
    }


def _clocks(run: Run) -> Iterator[Data]:
    figures = run.tally.figures
    keys = ((target, tier, of) for target in Target for tier in run.policy.tier_names for of in run.policy.priorities)
    for key in keys:
        numbers = {
            "met": figures.met[key],
            "breached": figures.breached[key],
            "cancelled": figures.cancelled[key],
            "running": figures.undecided[key],
        }
        if any(numbers.values()):
            target, tier, priority = key
            yield {"target": target.value, "tier": tier, "priority": priority, **numbers}


def _waits(tally: Tally) -> Data:
    waits = tally.waits
    return {
        "tickets": waits.tickets,
        "questions": dict(sorted(waits.questions.items())),
        "ended": {by.value: number for by, number in sorted(waits.ended.items())},
        "waited_seconds": {tier: floor(length.total_seconds()) for tier, length in sorted(waits.waited.items())},
        "worked_on_seconds": floor(waits.worked_on.total_seconds()),
        "asked_at_risk": waits.asked_at_risk,
        "resolves_kept_by_waiting": waits.kept_by_waiting,
    }


def _people(tally: Tally) -> Data:
    return {
        "done": dict(sorted(tally.said.items())),
        "done_otherwise": dict(sorted(tally.restated.items())),
        "not_done": [
            {"what": what, "why": why, "number": number} for (what, why), number in sorted(tally.unsaid.items())
        ],
        "priorities_taken": [
            {"then": then, "now": now, "number": number}
            for (then, now), number in sorted(tally.priorities_taken.items())
        ],
        "failed": dict(sorted(tally.failed.items())),
    }


def _flip(flipped: Flipped, runs: Sequence[Run]) -> Data:
    which = flipped.flip.which
    return {
        "ticket": flipped.key,
        "opened_at": _instant(flipped.opened_at),
        "priority": flipped.priority,
        "target": which.target.value,
        "tiers": None if which.rung is None else [run.policy.tier_names[which.rung] for run in runs],
        "is_worse": flipped.flip.is_worse,
        "verdicts": [_verdict(flipped.flip.before), _verdict(flipped.flip.after)],
    }


def _verdict(verdict: Verdict | None) -> Data | None:
    if verdict is None:
        return None
    return {"verdict": "breached" if verdict.is_breached else "met", "at": _instant(verdict.at)}


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
