"""Where templates are found: the desk's own folder before those that ship, nearest language first. Files only.

A folder holds one of each language, called by its tag, and in it one file for each text:

    de/escalated.customer.txt         a kind, and the side that reads it: `customer` or `desk`
    de/escalated.customer.sms.txt     the same for one channel
    de/clock_warned.owner.txt         the same for one audience of the desk
    de/escalated.customer.html        its page of HTML; without one the text is made into one by `_page.html`
    de/_moment.txt                    how the language joins day and time
    de/_….txt                         parts that others include

Asked for in Austrian German by `sms`: `de-AT` before `de` before the default language before English; in each the
channel's own before any channel's; of these the audience's own before its side's; in each place the desk's file before
the one that ships. A file that is changed is read again when it is next needed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, Template, TemplateNotFound, select_autoescape
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.words.kinds import Kind, Side
from workflows.domain.languages import nearest
from workflows.domain.ticket.words import Audience

SHIPPED = Path(__file__).parent / "templates"
ENDINGS = ("txt", "html")
LAST_LANGUAGE = "en"
"""Ships whole: whatever else is missing is said in it."""
ANY_CHANNEL = ""
LONGEST_FILE = 200_000
"""Characters of a template; one that is longer is no template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A template file that was found."""

    folder: Path
    language: str
    file: str

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / self.language / self.file

    @property
    def name(self) -> str:
        """What the environment calls it."""
        return f"{self.language}/{self.file}"


class Library:
    """The templates of some folders, the first of which goes first."""

    def __init__(self, folders: Sequence[Path], default_language: str = LAST_LANGUAGE) -> None:
        self.folders = tuple(folders)
        self.default_language = default_language
        self.environment = _environment(_Loader(self), _said)
        self.trial = _environment(_Loader(self), _said_if_any)
        """Of the same files, but what prints nothing in place of something fails."""

    def chain(self, tag: str) -> tuple[str, ...]:
        """The languages to look in for one who reads that language, nearest first."""
        return tuple(dict.fromkeys((*nearest(tag), *nearest(self.default_language), LAST_LANGUAGE)))

    def find(self, kind: Kind, tag: str, *, audience: Audience | None, channel: str, ending: str) -> Found | None:
        """The nearest template of a kind; none where there is not one."""
        for language in self.chain(tag):
            for file in file_names(kind, audience=audience, channel=channel, ending=ending):
                if found := self.at(language, file):
                    return found
        return None

    def at(self, language: str, file: str) -> Found | None:
        """The file of that name in a language; the first folder's that has one."""
        for folder in self.folders:
            if (folder / language / file).is_file():
                return Found(folder=folder, language=language, file=file)
        return None

    def part(self, tag: str, file: str) -> Found | None:
        """The file that a template of that language means by a name."""
        return next(filter(None, (self.at(language, file) for language in self.chain(tag))), None)

    def languages(self) -> tuple[str, ...]:
        """Every language that a folder has anything in."""
        found = {each.name for folder in self.folders if folder.is_dir() for each in folder.iterdir() if each.is_dir()}
        return tuple(sorted(name for name in found if not name.startswith((".", "_"))))

    def template(self, found: Found) -> Template:
        """Read it, unless it was read and is the same still. Raises what jinja2 raises."""
        return self.environment.get_template(found.name)


def file_names(kind: Kind, *, audience: Audience | None, channel: str, ending: str) -> Iterator[str]:
    """Yield the names that a kind's template may have, the most special first."""
    if kind.name.startswith("_"):
        if kind.name == "_bare":
            yield f"{kind.name}.{kind.side.value}.{ending}"
        else:
            yield f"{kind.name}.{ending}"
        return
    sides = [kind.side.value]
    if kind.side is Side.DESK and audience is not None:
        sides.insert(0, audience.value)
    for by in (f".{channel}", "") if channel else ("",):
        for side in sides:
            yield f"{kind.name}.{side}{by}.{ending}"


class _Loader(BaseLoader):
    """Reads files of the library's folders and no others: a name is a language and a file, nothing else."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:  # noqa: ARG002 - jinja2's signature
        language, slash, file = template.partition("/")
        if not slash or "/" in file or "\\" in template or ".." in template or not language or not file:
            raise TemplateNotFound(template)
        found = self._library.part(language, file)
        if found is None:
            raise TemplateNotFound(template)
        path = found.path
        changed_ns = path.stat().st_mtime_ns
        with path.open(encoding="utf-8") as text:
            source = text.read(LONGEST_FILE)

        def is_as_read() -> bool:
            still = self._library.part(language, file)
            try:
                return still is not None and still.path == path and path.stat().st_mtime_ns == changed_ns
            except OSError:
                return False

        return source, str(path), is_as_read


class _Environment(ImmutableSandboxedEnvironment):
    """Templates may be a desk's own: they reach nothing but what they are given, and parts of their language.

    And nothing in them makes much of little: a text a thousand million times is no message, and ends the process.
    """

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - jinja2's signature
        """Reckon with numbers, and no powers of them."""
        if operator == "**" or not all(isinstance(each, int | float) for each in (left, right)):
            raise ValueError(f"reckons with {operator!r} what is no number, or too much: write it out")
        return super().call_binop(context, operator, left, right)

    def join_path(self, template: str, parent: str) -> str:
        """Find a part in the language of the template that names it."""
        return f"{parent.partition('/')[0]}/{template}"


def _environment(loader: _Loader, finalize: Callable[[object], object]) -> Environment:
    environment = _Environment(
        loader=loader,
        autoescape=select_autoescape(("html",), default_for_string=False, default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=True,
        cache_size=2000,
        finalize=finalize,
    )
    environment.globals.clear()
    for name in ("center", "format", "indent"):  # as wide as a template says
        del environment.filters[name]
    return environment


def _said(value: object) -> object:
    """What is none is not said."""
    return "" if value is None else value


def _said_if_any(value: object) -> object:
    if value is None:
        raise ValueError("prints what may be none: ask for it first, like {% if next_news %}…{% endif %}")
    return value
