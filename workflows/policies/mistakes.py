"""What to say when a policy's file cannot be run: where, what Python found, and the remedy. Knows no promise.

A policy is anybody's Python, so whatever it raises is told in one line that a newcomer can act on.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from enum import EnumType
from pathlib import Path
from types import FrameType

from workflows.domain import policy as table
from workflows.domain.calendar import Calendar
from workflows.domain.errors import DomainError
from workflows.domain.follow_the_sun import FollowTheSun
from workflows.domain.policy import OnBreach, Policy, Targets, Tier
from workflows.domain.ticket.words import Audience, Target

_ROOT = Path(__file__).parents[2]
_BUILT = {kind.__name__: kind for kind in (Calendar, OnBreach, Policy, Targets, Tier)}
_CALL = re.compile(r"(\w+)\.__init__\(\) (.*)")
_IMPORT = re.compile(r"cannot import name '(\w+)' from ")
_OURS = dict.fromkeys(table.__all__, table.__name__) | {
    **{kind.__name__: kind.__module__ for kind in (Calendar, FollowTheSun, Audience, Target)},
    "public_holidays": "workflows.closed_dates.public_holidays",
    "ical_file": "workflows.closed_dates.ical",
}
"""Names that a policy is written with, and the module of each."""
COMPARE = "compare this line with docs/policy.md"
LONGEST_WORDS = 300
"""Characters of what an error says."""


def told(module: str, error: BaseException, file: str | None = None) -> Iterator[str]:
    """Yield what to say of an error raised while that module, or file, was imported: `file:line: problem: remedy`."""
    if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
        yield f"{module}: there is no such module: name one that is there, like 'workflows.policies.broadband'"
        return
    frame, line = _frame(module, error, Path(file).parent if file else None)
    place = file or module if frame is None else f"{_short(frame.f_code.co_filename)}:{line}"
    match error:
        case DomainError():
            yield from (f"{place}: {problem}" for problem in error.problems)
        case SyntaxError(lineno=None):
            yield f"{place}: {error.msg}: save it as text"
        case SyntaxError():
            yield f"{_short(error.filename or module)}:{error.lineno}: {error.msg} (see the line before it too)"
        case NameError(name=str(name)):
            yield f"{place}: {error}: {_import_of(name, frame)}"
        case ImportError(name=str(source)) if found := _IMPORT.match(str(error)):
            yield f"{place}: {source} has no {found[1]!r}: {_did_you_mean(found[1], _names_in(source))}"
        case TypeError() if (found := _CALL.fullmatch(str(error))) and found[1] in _BUILT:
            yield f"{place}: {_of_call(found[1], found[2])}"
        case AttributeError(name=str(name), obj=EnumType() as words):
            yield f"{place}: {words.__name__} has no {name!r}: {_did_you_mean(name, words.__members__)}"
        case SystemExit() | KeyboardInterrupt():
            yield f"{place}: {type(error).__name__}: a policy's file only declares: take out what ends the process"
        case _:
            yield f"{place}: {said_of(error)}: {COMPARE}"


def said_of(error: BaseException) -> str:
    """Return an error's kind and words in one line, never a page; whoever wrote its class may have got that wrong."""
    try:
        words = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - anybody's Python
        words = ""
    kind = type(error).__name__
    return f"{kind}: {words if len(words) <= LONGEST_WORDS else f'{words[:LONGEST_WORDS]}…'}" if words else kind


def _of_call(name: str, problem: str) -> str:
    """Say what is wrong with a call of one of the table's classes, from what Python says of it."""
    fields = [field for field in inspect.signature(_BUILT[name]).parameters if field != "is_snapshot"]
    named = re.findall(r"'(\w+)'", problem)
    if "unexpected keyword" in problem:
        return f"{name} has no {named[0]!r}: {_did_you_mean(named[0], fields)}"
    if "missing" in problem:
        return f"{name}(…) lacks {' and '.join(named)}: write {', '.join(f'{field}=…' for field in named)}"
    return f"{name}(…) {problem}: name each field, like {fields[0]}=…"


def _import_of(name: str, frame: FrameType | None) -> str:
    if name in _OURS:
        return f"add `from {_OURS[name]} import {name}`"
    return _did_you_mean(name, {*_OURS, *(frame.f_globals if frame else ())})


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    names = [each for each in known if not each.startswith("_")]
    near = get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"use one of {', '.join(sorted(names))}" if len(names) <= len(_OURS) else "is it spelt right?"


def _names_in(module: str) -> tuple[str, ...]:
    return tuple(name for name, its_module in _OURS.items() if its_module == module)


def _frame(module: str, error: BaseException, folder: Path | None) -> tuple[FrameType | None, int]:
    """Return the innermost line of the module, or of a neighbour that it imports: of its package, or its folder."""
    package = f"{module.rpartition('.')[0]}."
    frame, line = None, 0
    trace = error.__traceback__
    while trace:
        name = trace.tb_frame.f_globals.get("__name__", "")
        is_beside = folder is not None and folder in Path(trace.tb_frame.f_code.co_filename).parents
        if name == module or is_beside or (name.startswith(package) and name != __name__):
            frame, line = trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next
    return frame, line


def _short(file: str) -> str:
    """Return a file's path from the checkout on; the whole path of one elsewhere."""
    path = Path(file)
    return str(path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path)
