"""Past tickets of a help desk's log. A broken row leaves its case out; all that is left out is counted."""

from services.desk_log import made_up
from services.desk_log.log import Log
from services.desk_log.plan import plan, silences
from services.desk_log.sample import evenly
from services.simulation.past import PastCase
from services.simulation.source import CannotSimulate, Given, Source, Wanted
from workflows.planning.restating import Ladder

HAND_OVERS = (
    "lines: the log names none. Queued again after somebody had it, a case was handed to the next line: one tier up; "
    "from the ladder's end one back, and so on. Waiting on the vendor is a transfer to the last tier, and back"
)
MESSAGES = (
    "messages: the log has none. Only questions and resolutions keep the update promise, which looks worse than it was"
)


def from_log(name: str, log: Log, ladder: Ladder, wanted: Wanted) -> Given:
    """Choose cases, with a priority each in the words of that ladder. They are judged until the log's last instant.

    Raises `CannotSimulate` when no case is left.
    """
    inside = [case for case in log.cases if wanted.has(case.started_at)]
    chosen = evenly(inside, wanted.number or len(inside))
    if not chosen:
        first, last = (f"{end(case.started_at for case in log.cases):%Y-%m-%d}" for end in (min, max))
        raise CannotSimulate(f"log {name!r} has no case opened then: it has those of {first} to {last}")
    pasts = tuple(
        PastCase(
            case=case, priority=wanted.priority or made_up.priority_of(case.case, ladder.priorities), ladder=ladder
        )
        for case in chosen
    )
    return Given(
        pasts=pasts,
        until=max(case.rows[-1].at for case in log.cases),
        source=Source(
            name=name,
            counts={
                "cases in the log": len(log.cases) + len(log.left_out),
                "broken rows": len(log.broken),
                "cases left out: a broken row": len(log.left_out),
                "rows put in order: below a later one of their case": len(log.disordered),
                "cases left out: opened at other times": len(log.cases) - len(inside),
                "cases left out: not asked for": len(inside) - len(chosen),
                "cases told again": len(chosen),
                "cases of a single row": sum(len(case.rows) == 1 for case in chosen),
                "rows of these": sum(len(case.rows) for case in chosen),
                **{
                    f"rows that ask for nothing: {why}": number
                    for why, number in sorted(silences(map(plan, chosen)).items())
                },
            },
            problems=(
                *map(str, log.broken),
                *(
                    f"line {line}: at is earlier than in a row of its case above: put in order"
                    for line in log.disordered
                ),
            ),
            notes=(_priorities(wanted.priority), HAND_OVERS, MESSAGES),
        ),
    )


def _priorities(given: str | None) -> str:
    if given is not None:
        return f"priorities: the log has none. Every case is {given!r}, as it was asked for"
    return "priorities: the log has none. Each case is given one by a hash of its number, the same one each time"
