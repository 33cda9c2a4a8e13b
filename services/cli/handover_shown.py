"""A ticket's story on a terminal: the page that intake wrote, and what was not kept said loudly."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from protos.followthrough.v1.handover_pb2 import Handover
from services.cli import wording

LOUD = ("BROKEN", "Next: ")
"""Where a line begins so, nobody may overlook it."""


def of_handover(handover: Handover) -> RenderableType:
    """Show the page; the customer's own words cannot steer the terminal."""
    return Group(*_lines(handover.page))


def _lines(page: str) -> Iterator[Text]:
    is_loud = False
    for number, line in enumerate(page.splitlines()):
        text = wording.plain(line)
        is_title = number == 0 or (line and not line.startswith(" ") and ": " not in line)
        if is_title or not line:
            is_loud = line.startswith(LOUD)
        if is_loud or line.startswith(LOUD):
            text.stylize("bold red" if is_title or line.startswith(LOUD) else "red")
        elif is_title:
            text.stylize("bold")
        yield text
