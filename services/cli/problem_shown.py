"""Problems and announcements for a person: one whole, several a line each. Shows what it is given; asks nobody."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table

from protos.followthrough.v1.problem_service_pb2 import Announcement, AnnouncementTicket, LinkedTicket, Problem
from services.cli import wording
from services.cli.tables import headed


def of_problem(problem: Problem) -> RenderableType:
    """Show all of one."""
    rows = [
        ("problem", problem.problem_id),
        ("title", problem.title),
        ("kind", wording.word(problem, "kind")),
        ("state", wording.word(problem, "state")),
        ("words", problem.words),
        ("tickets", str(problem.linked_count)),
        ("opened", f"{wording.instant(problem, 'open_time')} by {problem.opened_by}"),
        ("changed", f"{wording.instant(problem, 'change_time')} by {problem.changed_by}"),
        ("version", str(problem.version)),
    ]
    if problem.HasField("close_time"):
        rows.append(("closed", f"{wording.instant(problem, 'close_time')}: {problem.closed_for}"))
    return _facts(rows)


def of_problems(problems: Sequence[Problem]) -> RenderableType:
    """Show a line each."""
    table = headed("problem", "kind", "state", "tickets", "since", "title")
    for each in problems:
        closed = "closed, " if each.HasField("close_time") else ""
        state = f"{closed}{wording.word(each, 'state')}"
        opened = wording.short_instant(each, "open_time")
        _add(table, each.problem_id, wording.word(each, "kind"), state, str(each.linked_count), opened, each.title)
    return table


def of_linked(tickets: Sequence[LinkedTicket]) -> RenderableType:
    """Show a problem's tickets."""
    table = headed("reference", "status", "linked at", "ticket id")
    for each in tickets:
        linked_at = wording.short_instant(each, "link_time")
        _add(table, each.reference, wording.word(each, "status"), linked_at, each.ticket_id)
    return table


def of_announcement(announcement: Announcement) -> RenderableType:
    """Show all of one, and how far it is."""
    rows = [
        ("announcement", announcement.announcement_id),
        ("of problem", announcement.problem_id),
        ("kind", wording.word(announcement, "kind")),
        ("state", wording.word(announcement, "state")),
        ("words", announcement.words),
        *((f"in {each.language}", each.text) for each in announcement.words_in),
        ("announced", f"{wording.instant(announcement, 'announce_time')} by {announcement.actor}"),
        ("told", f"{announcement.told_count} of {announcement.ticket_count} tickets"),
        ("waiting", str(announcement.waiting_count)),
        *(("passed by", f"{each.count} {each.reason}") for each in announcement.passed_by),
        ("at most", f"{announcement.tickets_per_second} a second"),
    ]
    if announcement.HasField("end_time"):
        rows.append(("ended", wording.instant(announcement, "end_time")))
    return _facts(rows)


def of_announcements(announcements: Sequence[Announcement]) -> RenderableType:
    """Show a line each."""
    table = headed("announcement", "kind", "state", "told", "of", "at", "by", "words")
    for each in announcements:
        kind, state = wording.word(each, "kind"), wording.word(each, "state")
        counts = (str(each.told_count), str(each.ticket_count))
        at = wording.short_instant(each, "announce_time")
        _add(table, each.announcement_id, kind, state, *counts, at, each.actor, each.words)
    return table


def of_announced(tickets: Sequence[AnnouncementTicket]) -> RenderableType:
    """Show what became of an announcement's tickets."""
    table = headed("reference", "outcome", "at", "told in", "instead of", "ticket id")
    for each in tickets:
        at = wording.instant(each, "time")
        _add(table, each.reference, each.outcome, at, each.told_in, each.instead_of, each.ticket_id)
    return table


def _facts(rows: Sequence[tuple[str, str]]) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, said in rows:
        if said:
            table.add_row(name, wording.plain(said))
    return table


def _add(table: Table, *cells: str) -> None:
    table.add_row(*(wording.plain(cell) for cell in cells))
