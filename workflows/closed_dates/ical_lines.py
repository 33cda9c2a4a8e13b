"""An iCal file's lines: which belong together, and where its events stand. Knows no property but BEGIN and END.

The library that reads the events tells no line of a file; this does, and finds what is cut short or crossed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workflows.closed_dates.years import said

_CONTENT = re.compile(r"[A-Za-z0-9-]+[;:]")
_ENDS = re.compile(r"\r\n|\n|\r")
"""Of lines, to a file; what else Python splits at may stand in a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The text of one event, and the line of the file on which it begins."""

    line: int
    text: str


def read_blocks(text: str, problems: list[tuple[int, str]]) -> tuple[Block, ...]:
    """Return the events of a calendar, in order; what is wrong is added to the problems, with its line."""
    within: list[tuple[str, int]] = []
    blocks: list[Block] = []
    event: list[str] = []
    for line, content in _unfolded(text):
        word, _, name = content.upper().partition(":")
        if word == "BEGIN":
            if name == "VEVENT" and event:
                problems.append((line, "an event begins within another: end each before the next"))
                return ()
            within.append((name, line))
        elif not within:
            problems.append((line, f"{said(content)} stands outside a calendar: begin with BEGIN:VCALENDAR"))
            return ()
        elif not _CONTENT.match(content):
            problems.append((line, f"{said(content)} is no line of iCal: write NAME:VALUE"))
        if "VEVENT" in (each for each, _ in within):
            event.append(content)
        if word == "END":
            opened, since = within.pop()
            if opened != name:
                problems.append((line, f"END:{_shown(name)} ends what began as {_shown(opened)} on line {since}"))
                return ()
            if name == "VEVENT":
                blocks.append(Block(line=since, text="\r\n".join([*event, ""])))
                event = []
    problems += ((line, f"BEGIN:{_shown(name)} has no END: is the file cut short?") for name, line in within)
    return tuple(blocks)


def _shown(name: str) -> str:
    return said(name)[1:-1]


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line of content, what runs on joined to it, with the number of its first line in the file."""
    run: tuple[int, str] | None = None
    for number, line in enumerate(_ENDS.split(text), start=1):
        if run and line[:1] in {" ", "\t"}:
            run = run[0], run[1] + line[1:]
            continue
        if run and run[1].strip():
            yield run
        run = number, line
    if run and run[1].strip():
        yield run
