"""Templates filled in with all that may come: what goes wrong only then, where, and why."""

from pathlib import Path

from jinja2 import TemplateSyntaxError

from services.words.kinds import Kind
from services.words.library import ENDINGS, Found, Library
from services.words.reading import Facts
from services.words.samples import ZONE, sample, samples
from services.words.telling import try_out


def failure(library: Library, found: Found, kind: Kind) -> tuple[Path, int | None, str] | None:
    """The first thing that goes wrong with a template: the file, maybe a part of it, the line, and the reason."""
    for facts in samples(kind):
        try:
            try_out(library, found, kind, facts, zone=ZONE)
        except Exception as error:  # noqa: BLE001 - whatever a template can raise
            return *where(error, found), _unasked(library, found, kind, facts) or said(error)
    return None


def _unasked(library: Library, found: Found, kind: Kind, facts: Facts) -> str | None:
    """What is used without asking whether it is there, where that is why these facts fail; else none."""
    full = dict(facts) | {name: fact for name, fact in sample(kind).items() if facts[name] is None}
    if not _works(library, found, kind, full):
        return None
    missed = [
        name for name, fact in facts.items() if fact is None and not _works(library, found, kind, {**full, name: None})
    ]
    if not missed:
        return None
    name, always = missed[0], ", ".join(sorted(kind.variables.keys() - kind.maybe))
    return (
        f"uses {name!r}, which may be none in {kind.name!r}: ask for it first, like "
        f"{{% if {name} %}}…{{% endif %}}; always there are {always}"
    )


def _works(library: Library, found: Found, kind: Kind, facts: Facts) -> bool:
    try:
        try_out(library, found, kind, facts, zone=ZONE)
    except Exception:  # noqa: BLE001 - whatever a template can raise
        return False
    return True


def said(error: Exception) -> str:
    """What an error says, in a line of ours."""
    text = " ".join(str(error).split())[:200] or type(error).__name__
    return f"{text[:1].lower()}{text[1:]}"


def where(error: BaseException, found: Found) -> tuple[Path, int | None]:
    """Where it went wrong: in the template, or in a part that it includes."""
    if isinstance(error, TemplateSyntaxError) and error.filename:
        return Path(error.filename), error.lineno
    path, line = found.path, None
    at = error.__traceback__
    while at is not None:
        file = at.tb_frame.f_code.co_filename
        if file.endswith(tuple(f".{ending}" for ending in ENDINGS)):
            path, line = Path(file), at.tb_lineno
        at = at.tb_next
    return path, line
