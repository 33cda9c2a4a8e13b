"""A policy's file as it was at a git revision: exported with its neighbours to a folder that is gone afterwards.

The work tree is left alone, and git reads blobs only. What a policy imports of this program is today's.
"""

import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from services.cli.failing import Failed
from services.settings import environment_with

OF_A_HOOK = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"})
"""What git tells its hooks of the repository that they are in: the policy's may be another."""


@contextmanager
def exported(file: Path, revision: str) -> Iterator[tuple[Path, PurePosixPath]]:
    """Give the file as it was then, with whatever it may import beside it: a folder, and the file's place in it.

    `Failed` with exit code 2 when it is in no git repository, or there is no such revision, or no such file in it.
    """
    folder = next((each for each in file.absolute().parents if each.is_dir()), Path("/"))
    top = Path(_git(folder, "rev-parse", "--show-toplevel", why=f"{file} is in no git repository").strip())
    listing = f"git -C {folder} log --oneline -- {file.name}"
    unknown = f"{file}: there is no revision {revision!r}: `{listing}` lists those of the file"
    commit = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", why=unknown)
    commit = commit.strip()
    name = PurePosixPath((folder.resolve() / file.absolute().relative_to(folder)).relative_to(top.resolve()))
    if not _is_there(top, commit, name):
        raise Failed(f"there is no {name} at revision {revision!r}: name one that has the file", exit_code=2)
    with TemporaryDirectory(prefix="followthrough-policy-") as there:
        tar = _run(top, "archive", "--format=tar", commit, "--", str(_with_neighbours(top, commit, name)))
        with tarfile.open(fileobj=BytesIO(tar)) as archive:
            archive.extractall(there, filter=_inside)  # noqa: S202 - filtered
        yield Path(there).resolve(), name


def _with_neighbours(top: Path, commit: str, name: PurePosixPath) -> PurePosixPath:
    """What to export: the folder from which the file's neighbours are imported, above the package that it is in."""
    folder = name.parent
    while folder.parent != folder and _is_there(top, commit, folder / "__init__.py"):
        folder = folder.parent
    return folder


def _inside(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    """Leave out what points outside of the folder: a repository may hold any link."""
    try:
        return tarfile.data_filter(member, path)
    except tarfile.FilterError:
        return None


def _is_there(top: Path, commit: str, name: PurePosixPath) -> bool:
    return bool(_run(top, "ls-tree", "--name-only", commit, "--", str(name)).strip())


def _git(folder: Path, *arguments: str, why: str) -> str:
    """Ask git; what it refuses is told in our words."""
    try:
        return _run(folder, *arguments).decode()
    except subprocess.CalledProcessError:
        raise Failed(why, exit_code=2) from None


def _run(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - git, with arguments that are no options
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - whichever git the user has
            env={name: value for name, value in environment_with({}).items() if name not in OF_A_HOOK},
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        raise Failed("a revision needs git, and there is none on the path: install it", exit_code=2) from None
    return done.stdout
