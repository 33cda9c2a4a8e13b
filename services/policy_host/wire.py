"""What parent and child say to each other: plain data, a line of JSON each. Refuses anything that would be code."""

import json
from collections.abc import Mapping
from typing import Any

Said = Mapping[str, Any]

LONGEST_BYTES = 64 * 1024 * 1024
"""Of one line: a thousand policies are less. More is not read."""


def to_line(said: Said) -> bytes:
    """Write it, with the end of its line."""
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


def from_line(line: bytes) -> dict[str, Any]:
    """Read it; `ValueError` or `LookupError` for what nobody on the other side would write."""
    said = json.loads(line)
    if not isinstance(said, dict):
        raise LookupError("it is no object")  # noqa: TRY004 - of a text, whatever it says
    return said
