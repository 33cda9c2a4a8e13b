"""Which policy is meant by what was typed: a name, a file, or either of them at a git revision."""

from difflib import get_close_matches

from services.cli.failing import Failed
from workflows import policies
from workflows.domain.errors import PolicyError
from workflows.domain.policy import Policy


def policy_of(spec: str) -> Policy:
    """Find and load the policy; `Failed` with exit code 2 and the remedy when there is none, or it does not load."""
    try:
        found = policies.load().policies
    except PolicyError as error:
        raise Failed(str(error), exit_code=2) from None
    if spec not in found:
        near = get_close_matches(spec, found, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"use one of {sorted(found)}, or a file"
        raise Failed(f"there is no policy {spec!r}: {hint}", exit_code=2)
    return found[spec]
