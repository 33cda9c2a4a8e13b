"""Which policy is meant by what was typed: a name, a file, or either of them at a git revision."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from services.cli.failing import Failed
from services.cli.policy_revision import exported
from services.policy_host.loaded import Loaded
from services.policy_host.loading import load
from services.policy_host.sources import path_of
from services.settings import PREFIX, Settings, SettingsError
from workflows.domain.errors import PolicyError
from workflows.domain.policy import Policy
from workflows.planning.publication import Publication


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A policy that was meant, and what is declared beside it."""

    policy: Policy
    published: Publication | None
    has_roster: bool
    sources: tuple[str, ...]
    """What holds it, as the policy host is told of it; none named: the policies that ship."""


def policy_of(spec: str) -> Policy:
    """Find and load the policy; `Failed` with exit code 2 and the remedy when there is none, or it does not load."""
    return found_by(spec).policy


def found_by(spec: str) -> Found:
    """Find and load the policy with what is declared beside it; `Failed` as `policy_of` has it."""
    meant, at, revision = spec.rpartition("@")
    if at and meant and not Path(spec).exists():
        return _found_then(meant, revision)
    return _found_now(spec)


def _found_then(meant: str, revision: str) -> Found:
    """Find a policy as it was at a git revision; nobody can be asked for its roster any more."""
    file = path_of(meant) if _is_file(meant) else _file_of(meant)
    with exported(file, revision) as (top, name):
        try:
            found = _found_now(str(top / name))
        except Failed as failed:
            said = failed.message.replace(f"{top}{os.sep}", "")
            raise Failed(f"at revision {revision!r}: {said}", exit_code=failed.exit_code) from None
    return replace(found, has_roster=False, sources=())


def _file_of(name: str) -> Path:
    """Where a policy in force stands."""
    loaded = _loaded(in_force())
    return Path(loaded.files[_named(name, tuple(loaded.promised.policies))])


def _found_now(spec: str) -> Found:
    sources = (spec,) if _is_file(spec) else in_force()
    loaded = _loaded(sources)
    names = tuple(loaded.promised.policies)
    if not _is_file(spec):
        name = _named(spec, names)
    elif len(names) == 1:
        name = names[0]
    else:
        raise Failed(f"{spec} holds {len(names)} policies: name a file that holds one", exit_code=2)
    return Found(
        policy=loaded.promised.policies[name],
        published=loaded.published.get(name),
        has_roster=name in loaded.rosters,
        sources=sources,
    )


def in_force() -> tuple[str, ...]:
    """What holds the policies in force; none named: those that ship."""
    try:
        return Settings.load().policies or ()
    except SettingsError as error:
        raise Failed(str(error), exit_code=2) from None


def named_in_force() -> tuple[str, ...]:
    """The names of the policies in force; `Failed` with exit code 2 when they do not load."""
    return tuple(_loaded(in_force()).promised.policies)


def _loaded(sources: Sequence[str]) -> Loaded:
    try:
        return load(sources)
    except PolicyError as error:
        raise Failed(*error.problems, exit_code=2) from None


def _is_file(spec: str) -> bool:
    return spec.endswith(".py") or os.sep in spec


def _named(spec: str, names: Sequence[str]) -> str:
    if spec in names:
        return spec
    if Path(spec).is_dir():
        hint = f"{PREFIX}POLICIES={spec} puts what a folder holds in force; then use a name, or a file of it"
        raise Failed(f"{spec!r} is a folder: {hint}", exit_code=2)
    near = get_close_matches(spec, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"use one of {sorted(names)}, or a file"
    raise Failed(f"there is no policy {spec!r}: {hint}", exit_code=2)
