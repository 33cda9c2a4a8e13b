"""Checks of templates before anybody is told anything by them: every file, each with its line and a remedy.

A variable that the kind does not have, an attribute or filter that there is not, a slip of the template's language, a
text that does not say the reference, one that prints what may be none, a language that lacks a kind; and what a desk's
own words leave out that a customer would miss.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, UndefinedError, meta, nodes

from services.words import page_words
from services.words.failing import failure, said, where
from services.words.kinds import ALSO, ATTRIBUTES, BARE, KINDS, MOMENT, PAGE, Kind, Side
from services.words.language_names import tag_meant
from services.words.left_out import left_out
from services.words.library import ENDINGS, LAST_LANGUAGE, LONGEST_FILE, SHIPPED, Found, Library, file_names
from services.words.words import Words
from workflows.domain.languages import TAG, nearest
from workflows.domain.ticket.words import Audience

CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,31}")
PARTS = {"_moment.txt": MOMENT, "_also.txt": ALSO, "_page.html": PAGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is wrong with a template."""

    path: Path
    line: int | None
    """None: of the whole file, or of one that is not there."""
    text: str
    """The fact and the remedy."""
    is_fatal: bool = True
    """Whether messages would go wrong; else some are said in another language."""

    def __str__(self) -> str:
        return f"{self.path}{f':{self.line}' if self.line else ''}: {self.text}"


def check(words: Words) -> tuple[Problem, ...]:
    """Every problem of every file that these words may use; what many templates include is told of once."""
    found: dict[tuple[Path, int | None, str], Problem] = {}
    for problem in _problems(words):
        is_part = problem.path.name.startswith("_")
        found.setdefault((problem.path, problem.line, "" if is_part else problem.text), problem)
    return tuple(found.values())


def _problems(words: Words) -> Iterator[Problem]:
    library = words.library
    for folder in library.folders:
        if not folder.is_dir():
            yield Problem(path=folder, line=None, text="is no folder: name one with a folder for each language in it")
            continue
        for place in sorted(folder.iterdir()):
            if place.name.startswith("."):
                continue
            if not place.is_dir():
                if folder != SHIPPED:
                    yield Problem(path=place, line=None, text="lies in no language: move it into a folder like 'en'")
                continue
            yield from _of_language(library, folder, place)
    for language in library.languages():
        yield from _missing(library, language)
    for found, phrase, error in page_words.trials(library):
        path, line = where(error, found)
        known = f": use one of phrase, {', '.join(page_words.FACTS)}" if isinstance(error, UndefinedError) else ""
        yield Problem(path=path, line=line, text=f"of {phrase!r}: {said(error)}{known}", is_fatal=False)
    for each in left_out(library, words.shipped, _included):
        yield Problem(path=each.path, line=None, text=str(each), is_fatal=False)


def _of_language(library: Library, folder: Path, place: Path) -> Iterator[Problem]:
    if next(nearest(place.name)) != place.name or not TAG.fullmatch(place.name):
        meant = tag_meant(place.name)
        remedy = f"call it by its tag, {meant!r}" if meant else "call it by its tag, like 'de' or 'pt-BR'"
        yield Problem(path=place, line=None, text=f"is no language: {remedy}")
        return
    for path in sorted(place.iterdir()):
        found = Found(folder=folder, language=place.name, file=path.name)
        if not path.name.startswith(".") and library.at(found.language, found.file) in {found, None}:
            yield from _of_file(library, found)  # else the desk has its own in this one's place


def _of_file(library: Library, found: Found) -> Iterator[Problem]:
    if not found.path.is_file() or found.path.suffix.lstrip(".") not in ENDINGS:
        yield Problem(path=found.path, line=None, text="is no template: call it like 'opened.customer.txt', or move it")
        return
    uses = kinds_of(found.file)
    is_part = found.file.startswith("_") and not uses
    if not uses and not is_part:
        yield Problem(path=found.path, line=None, text=_misnamed(found.file))
        return
    problems = list(_of_source(library, found, uses[0] if uses else None))
    yield from problems
    if not problems:
        for kind in uses:
            yield from _of_rendering(library, found, kind)


def kinds_of(file: str) -> tuple[Kind, ...]:
    """The kind that a file of that name is a template of; none: a part, or no template's name."""
    if file in PARTS:
        return (PARTS[file],)
    stem, _, ending = file.rpartition(".")
    parts = stem.split(".")
    for side, kind in BARE.items():
        if stem == f"_bare.{side.value}":
            return (kind,)
    if ending not in ENDINGS or len(parts) not in {2, 3} or (len(parts) == 3 and not CHANNEL.fullmatch(parts[2])):  # noqa: PLR2004 - kind, side, channel
        return ()
    named = _side(parts[1])
    found = KINDS.get((parts[0], named)) if named is not None else None
    return (found,) if found is not None else ()


def _side(name: str) -> Side | None:
    for side in Side:
        if name == side.value:
            return side
    return Side.DESK if name in set(Audience) else None


def _misnamed(file: str) -> str:
    name = file.partition(".")[0]
    sides = [side.value for known, side in KINDS if known == name]
    if sides:
        return f"is of kind {name!r}, but for nobody who is told that: call it like '{name}.{sides[0]}.txt'"
    return f"is of no kind: there is no {name!r}; `followthrough words list` names them, parts begin with '_'"


def _of_source(library: Library, found: Found, kind: Kind | None) -> Iterator[Problem]:
    try:
        source = found.path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        yield Problem(path=found.path, line=None, text=f"cannot be read ({type(error).__name__}): write it in UTF-8")
        return
    if len(source) >= LONGEST_FILE:
        yield Problem(path=found.path, line=None, text=f"has {len(source)} characters: keep it below {LONGEST_FILE}")
        return
    try:
        tree = _tree(found)
        unknown = list(_of_filters(library, found, tree))
        yield from unknown
        if not unknown:
            library.environment.compile(tree, filename=str(found.path))
    except TemplateSyntaxError as error:
        wrong = (error.message or "is no template").rstrip(".")
        yield Problem(path=found.path, line=error.lineno, text=f"{wrong}: see the template language's rules")
        return
    yield from _of_parts(library, found, tree)
    if kind is not None:
        seen = {found.path}
        yield from _of_names(found.path, tree, kind)
        for part in _parts(library, found, tree, seen):
            # What a part may use, it may use wherever it is included.
            yield from _of_names(part.path, _tree(part), kind, included_by=found)
        if kind not in PARTS.values() and found.file.endswith(".txt") and not _says_reference(library, found, tree):
            yield Problem(
                path=found.path,
                line=None,
                text="does not say the reference, by which it is found again: add {{ reference }}",
            )


def _of_filters(library: Library, found: Found, tree: nodes.Template) -> Iterator[Problem]:
    """Yield every filter and test that there is not: the language itself names the first of them only."""
    named = [("filter", each.lineno, each.name) for each in tree.find_all(nodes.Filter)]
    named += [("test", each.lineno, each.name) for each in tree.find_all(nodes.Test)]
    known = {"filter": library.environment.filters, "test": library.environment.tests}
    for what, line, name in sorted(named, key=lambda each: each[1]):
        if name not in known[what]:
            text = f"there is no {what} {name!r}: use one of the template language's, or leave it"
            yield Problem(path=found.path, line=line, text=text)


def _tree(found: Found) -> nodes.Template:
    return _parsed(found.path, found.path.stat().st_mtime_ns)


@lru_cache(maxsize=1000)  # what is included is looked at once for each that includes it
def _parsed(path: Path, _changed_ns: int) -> nodes.Template:
    environment = Environment(autoescape=True)
    tree = environment.parse(path.read_text(encoding="utf-8"), filename=str(path))
    # What there is not is told of by itself, and hides nothing else that is wrong.
    for used in tree.find_all(nodes.Filter):
        environment.filters.setdefault(used.name, _unknown)
    for asked in tree.find_all(nodes.Test):
        environment.tests.setdefault(asked.name, _unknown)
    return tree


def _unknown(value: object) -> object:
    return value


def _named(tree: nodes.Template) -> Iterator[tuple[int, str | None]]:
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        name: nodes.Expr = getattr(node, "template")  # noqa: B009 - all four have it, which their common type does not say
        yield node.lineno, name.value if isinstance(name, nodes.Const) and isinstance(name.value, str) else None


def _of_parts(library: Library, found: Found, tree: nodes.Template) -> Iterator[Problem]:
    for line, name in _named(tree):
        if name is None:
            yield Problem(path=found.path, line=line, text="includes what is not said here: name the part in quotes")
        elif library.part(found.language, name) is None or "/" in name or ".." in name:
            yield Problem(
                path=found.path, line=line, text=f"includes {name!r}, which is not there: write it, or leave it"
            )


def _parts(library: Library, found: Found, tree: nodes.Template, seen: set[Path]) -> Iterator[Found]:
    """Yield what is included, and what that includes, each once."""
    for _, name in _named(tree):
        part = library.part(found.language, name) if name and "/" not in name and ".." not in name else None
        if part is None or part.path in seen:
            continue
        seen.add(part.path)
        try:
            below = _tree(part)
        except (TemplateSyntaxError, UnicodeDecodeError, OSError):
            continue  # told of that file itself
        yield part
        yield from _parts(library, found, below, seen)


def _included(library: Library, found: Found) -> Iterator[Found]:
    """Yield what a template includes, and what that includes; nothing of one that cannot be read."""
    try:
        tree = _tree(found)
    except (TemplateSyntaxError, UnicodeDecodeError, OSError):
        return
    yield from _parts(library, found, tree, {found.path})


def _of_names(path: Path, tree: nodes.Template, kind: Kind, included_by: Found | None = None) -> Iterator[Problem]:
    beside = f", for which {included_by.file!r} includes this" if included_by else ""
    unknown = meta.find_undeclared_variables(tree) - kind.variables.keys()
    told: set[tuple[int, str]] = set()
    for node in tree.find_all(nodes.Name):
        if node.ctx == "load" and node.name in unknown and (node.lineno, node.name) not in told:
            told.add((node.lineno, node.name))
            known = ", ".join(sorted(kind.variables))
            yield Problem(
                path=path,
                line=node.lineno,
                text=f"there is no variable {node.name!r} in {kind.name!r}{beside}: use one of {known}",
            )
    attributes: tuple[type[nodes.Getattr | nodes.Getitem], ...] = (nodes.Getattr, nodes.Getitem)
    for asked in tree.find_all(attributes):
        yield from _of_attribute(path, asked, kind)


def _of_attribute(path: Path, node: nodes.Getattr | nodes.Getitem, kind: Kind) -> Iterator[Problem]:
    if not isinstance(node.node, nodes.Name) or node.node.name not in kind.variables:
        return
    if isinstance(node, nodes.Getattr):
        asked: object = node.attr
    else:
        asked = node.arg.value if isinstance(node.arg, nodes.Const) else None
    known = ATTRIBUTES.get(kind.variables[node.node.name], frozenset())
    if isinstance(asked, str) and asked not in known:
        remedy = f"it has {', '.join(sorted(known))}" if known else "it has none"
        yield Problem(path=path, line=node.lineno, text=f"{node.node.name!r} has no {asked!r}: {remedy}")


def _says_reference(library: Library, found: Found, tree: nodes.Template) -> bool:
    trees = [tree, *(_tree(part) for part in _parts(library, found, tree, {found.path}))]
    return any(node.name == "reference" for each in trees for node in each.find_all(nodes.Name))


def _of_rendering(library: Library, found: Found, kind: Kind) -> Iterator[Problem]:
    if fails := failure(library, found, kind):
        path, line, text = fails
        yield Problem(path=path, line=line, text=text)


def _missing(library: Library, language: str) -> Iterator[Problem]:
    """Say what a language that tells customers something does not tell them itself."""
    own = tuple(nearest(language))
    lacks = []
    for (name, side), kind in KINDS.items():
        if side is Side.DESK and language != LAST_LANGUAGE:
            continue
        files = tuple(file_names(kind, audience=None, channel="", ending="txt"))
        if not any(library.at(each, file) for each in own for file in files):
            lacks.append(f"{name}.{side.value}.txt")
    if lacks:
        yield Problem(
            path=library.folders[0] / language,
            line=None,
            text=f"lacks {', '.join(lacks)}: write them, or these are said in another language",
            is_fatal=language == LAST_LANGUAGE,
        )
    if own[-1] == language and not library.at(language, "_moment.txt"):
        yield Problem(
            path=library.folders[0] / language / "_moment.txt",
            line=None,
            text="is not there: say in it how day and time are joined, like '{{ day }}, {{ time }}'",
            is_fatal=False,
        )
