"""Whether the files of the policies are still what was read: their content, and which there are. Never their dates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from services.policy_host.fresh_imports import hash_of
from services.policy_host.sources import folders_of, sources_of
from workflows.domain.errors import PolicyError


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was there to be read at one moment."""

    there: tuple[str, ...]
    """Every Python file beside those that are named; what is wrong with the names, where they lead nowhere."""
    contents: Mapping[str, str | None]
    """By path: the hash of what is in it; none: it cannot be read."""

    @classmethod
    def now(cls, entries: Sequence[str], paths: Iterable[str] = ()) -> Self:
        """Look at the files that the entries name, and at these. Blocks."""
        try:
            sources = sources_of(entries)
        except PolicyError as error:
            return cls(there=error.problems, contents={path: _hash(path) for path in paths})
        there = [str(path) for folder in folders_of(sources) for path in _python_files(folder)]
        named = [str(source.file) for source in sources if source.file is not None]
        return cls(there=tuple(there), contents={path: _hash(path) for path in {*paths, *named}})

    def with_read(self, read: Mapping[str, str]) -> "Seen":
        """What was there, as far as it is known from having been read."""
        return Seen(there=self.there, contents={**self.contents, **read})


def _python_files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.py"))
    except OSError:
        return []


def _hash(path: str) -> str | None:
    try:
        return hash_of(Path(path).read_bytes())
    except OSError:
        return None
