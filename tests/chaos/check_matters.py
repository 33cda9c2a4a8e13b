"""Contacts that channels received: of one customer and matter there is one ticket at a time (6.3)."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from tests.chaos.facts import Facts, Line
from tests.chaos.findings import Finding, What

MATTER = re.compile(r"matter \d+$")
"""What only channels say: whoever opens tickets by hand opens as many as they like."""


def check_matters(facts: Facts) -> Iterator[Finding]:
    """Yield every ticket that was opened of a matter while another of it took contacts."""
    tickets: dict[tuple[str, str], list[Sequence[Line]]] = {}
    for lines in facts.lines.values():
        opened = lines[0].body if lines and lines[0].kind == "opened" else {}
        if found := MATTER.search(" ".join(str(opened.get("subject", "")).lower().split())):
            tickets.setdefault((opened["customer"]["external_id"], found[0]), []).append(lines)
    for (_, matter), logs in tickets.items():
        for before, after in pairwise(sorted(logs, key=lambda lines: lines[0].at)):
            closed_at = _closed_at(before, after[0].at)
            if closed_at is None or after[0].at - closed_at <= facts.reopen_window:
                text = f"{matter!r} was opened at {after[0].at}, {before[0].ticket_id} of it was closed {closed_at}"
                yield Finding(what=What.OPENED_TWICE, ticket_id=after[0].ticket_id, text=text)


def _closed_at(lines: Sequence[Line], at: datetime) -> datetime | None:
    """Since when it was closed at that instant; none: it was not."""
    ends = [line for line in lines if line.kind in {"closed", "reopened"} and line.at <= at]
    return ends[-1].at if ends and ends[-1].kind == "closed" else None
