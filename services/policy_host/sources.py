"""What the setting of the policies names: modules, files and folders. Looks at names only, and imports nothing."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from workflows.domain.errors import PolicyError
from workflows.policies import MODULES

NOT_POLICIES = ("_*.py", "test_*.py", "*_test.py", "conftest.py")
"""Of a folder: neighbours and tests, which are imported by others or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One thing to be read: either a module or a file."""

    module: str
    """Its dotted name; a file is imported under it."""
    file: Path | None = None
    """Absolute. None: wherever Python finds the module."""
    root: Path | None = None
    """The folder from which the file's neighbours are imported, as if Python had been started there."""
    is_named: bool = True
    """Named by itself, so that it must declare something; what a folder holds may be a neighbour."""

    def to_data(self) -> dict[str, object]:
        """Return plain JSON data."""
        file, root = (None if path is None else str(path) for path in (self.file, self.root))
        return {"module": self.module, "file": file, "root": root, "is_named": self.is_named}


def sources_of(entries: Sequence[str]) -> tuple[Source, ...]:
    """Find what the entries name, in their order, each once; none at all: the policies that ship.

    `PolicyError` for each that is not there. Asked again later it may find other files in a folder.
    """
    found: dict[Path | str, Source] = {}
    problems: list[str] = []
    for entry in entries or MODULES:
        try:
            for source in _of_entry(entry):
                found.setdefault(source.file or source.module, source)
        except PolicyError as error:
            problems += error.problems
        except OSError as error:
            problems.append(f"{entry}: {(error.strerror or 'cannot be read').lower()}: see that it can be read")
    if problems:
        raise PolicyError(*problems)
    return tuple(found.values())


def may_be_policy(file: str) -> bool:
    """Whether a file of a folder, or of a package, is read for what it declares."""
    return not any(fnmatchcase(file, other) for other in NOT_POLICIES)


def path_of(entry: str) -> Path:
    """Where it leads if it is a path; `~` is the home of whoever asks, and a home of nobody's is what is written."""
    try:
        return Path(entry).expanduser()
    except RuntimeError:
        return Path(entry)


def folders_of(sources: Iterable[Source]) -> tuple[Path, ...]:
    """Return the folders whose files are read or may be, each once."""
    return tuple(dict.fromkeys(source.file.parent for source in sources if source.file is not None))


def _of_entry(entry: str) -> Iterator[Source]:
    path = path_of(entry).absolute()
    if path.is_dir():
        names = [name for name in sorted(path.glob("*.py")) if may_be_policy(name.name)]
        if not names:
            raise PolicyError(f"{entry}: there is no policy in this folder: add a file, like {path.name}/broadband.py")
        yield from (_of_file(name, is_named=False) for name in names)
    elif path.is_file():
        if path.suffix != ".py":
            raise PolicyError(f"{entry}: this is no Python file: name one that ends in .py, or a folder")
        yield _of_file(path, is_named=True)
    elif os.sep in entry or entry.endswith(".py"):
        raise PolicyError(f"{entry}: there is no such file or folder: name one that is there")
    elif not all(part.isidentifier() for part in entry.split(".")):
        raise PolicyError(
            f"{entry}: there is no such file or folder, and a module has another name: like acme.policies"
        )
    else:
        yield Source(module=entry)


def _of_file(file: Path, *, is_named: bool) -> Source:
    """A file of a package is imported as its module, any other as if Python had been started beside it."""
    names, root = [file.stem], file.parent
    while (root / "__init__.py").is_file():
        names.insert(0, root.name)
        root = root.parent
    return Source(module=".".join(names), file=file, root=root, is_named=is_named)
