"""What a help desk's log does not tell and a ticket needs: made up, and the same each time for the same case."""

from collections.abc import Sequence
from hashlib import sha256


def priority_of(case: str, priorities: Sequence[str]) -> str:
    """One of the priorities, by a hash of the case."""
    return priorities[int.from_bytes(sha256(case.encode()).digest()[:8]) % len(priorities)]
