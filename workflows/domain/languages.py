"""Language tags (BCP 47): how they are written, and which are nearest. Refuses to know in which there are words."""

import re
from collections.abc import Iterator

TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
"""Of a language that is spoken."""


def nearest(tag: str) -> Iterator[str]:
    """Yield a language tag as it is usually written, then shorter and shorter: `zh-Hant-TW`, `zh-Hant`, `zh`."""
    parts = tag.split("-")
    written = [parts[0].lower()]
    for part in parts[1:]:
        if len(part) == 1:
            break  # what follows is said to machines
        written.append(part.title() if len(part) == 4 and part.isalpha() else part.upper())  # noqa: PLR2004 - a script
    for length in range(len(written), 0, -1):
        yield "-".join(written[:length])


def spoken(tag: str) -> str:
    """A language tag without its region and variant: whoever speaks `de-AT` understands `de`."""
    return tag.partition("-")[0].lower()
