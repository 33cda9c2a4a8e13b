"""One ticket's way through a chaos run, for a person: what was asked and answered beside what the log says."""

from collections.abc import Iterator

from tests.chaos.facts import Asked, Facts, Line


def timeline(facts: Facts, ticket_id: str) -> Iterator[str]:
    """Yield its lines, in the order of the log, then what was asked of it and how it stands."""
    yield f"ticket {ticket_id}"
    by_mark = {asked.mark: asked for asked in facts.asked}
    marks: set[str] = set()
    for line in facts.lines.get(ticket_id, ()):
        yield f"  {line.sequence:>4} {line.at:%H:%M:%S.%f} {line.actor or 'the clocks':<12} {line.kind} {_told(line)}"
        asked = by_mark.get(line.actor or "")
        if asked and asked.mark not in marks:
            marks.add(asked.mark)
            yield f"       {'':<15} asked {asked.kind}: {_answers(asked)}"
    for asked in facts.asked:
        if asked.ticket_id == ticket_id and asked.mark not in marks:
            yield f"       not in the log: {asked.kind} by {asked.mark}: {_answers(asked)}"
    yield f"  stands {facts.standings.get(ticket_id)}"
    yield f"  workflow {facts.timers.get(ticket_id)}"


def _answers(asked: Asked) -> str:
    return "; ".join(answer.text for answer in asked.answers) or "no answer"


def _told(line: Line) -> str:
    return " ".join(f"{name}={value}" for name, value in line.body.items() if value is not None)
