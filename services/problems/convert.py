"""Problems and announcements as the contract shows them, and what requests ask of them. Decides nothing."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import problem_service_pb2 as contract
from protos.followthrough.v1 import ticket_pb2
from services.records.problem_facts import (
    TOLD,
    AnnouncedTo,
    Announcement,
    Linked,
    Problem,
    ProblemKind,
    ProblemState,
)

DEFAULT_RATE = 50
"""Customers told a second, where nobody says: beside callers, on one machine."""


def problem_message(problem: Problem) -> contract.Problem:
    """Show a problem."""
    return contract.Problem(
        problem_id=problem.problem_id,
        kind=contract.ProblemKind.Value(f"PROBLEM_KIND_{problem.kind.upper()}"),
        state=contract.ProblemState.Value(f"PROBLEM_STATE_{problem.state.upper()}"),
        title=problem.title,
        words=problem.words,
        opened_by=problem.opened_by,
        open_time=_instant(problem.opened_at),
        changed_by=problem.changed_by,
        change_time=_instant(problem.changed_at),
        close_time=_instant(problem.closed_at),
        closed_for=problem.closed_for or "",
        version=problem.version,
        linked_count=problem.linked_count,
    )


def linked_message(linked: Linked) -> contract.LinkedTicket:
    """Show a ticket of a problem."""
    return contract.LinkedTicket(
        ticket_id=linked.ticket_id,
        reference=linked.reference,
        status=ticket_pb2.TicketStatus.Value(f"TICKET_STATUS_{linked.status.upper()}"),
        link_time=_instant(linked.linked_at),
    )


def announcement_message(announcement: Announcement) -> contract.Announcement:
    """Show an announcement and how far it is."""
    return contract.Announcement(
        announcement_id=announcement.announcement_id,
        problem_id=announcement.problem_id,
        kind=contract.AnnouncementKind.Value(f"ANNOUNCEMENT_KIND_{announcement.kind.upper()}"),
        words=announcement.words,
        words_in=[
            contract.AnnouncementWords(language=language, text=text)
            for language, text in sorted(announcement.words_in.items())
        ],
        actor=announcement.actor,
        announce_time=_instant(announcement.announced_at),
        tickets_per_second=announcement.tickets_per_second,
        state=contract.AnnouncementState.Value(f"ANNOUNCEMENT_STATE_{announcement.state.upper()}"),
        changed_by=announcement.changed_by,
        end_time=_instant(announcement.ended_at),
        ticket_count=announcement.ticket_count,
        told_count=announcement.told_count,
        waiting_count=announcement.waiting_count,
        passed_by=[
            contract.PassedBy(reason=outcome, count=count)
            for outcome, count in sorted(announcement.outcomes.items())
            if outcome != TOLD
        ],
    )


def announced_message(announced: AnnouncedTo) -> contract.AnnouncementTicket:
    """Show what became of a ticket of an announcement."""
    return contract.AnnouncementTicket(
        ticket_id=announced.ticket_id,
        outcome=announced.outcome,
        time=_instant(announced.at),
        instead_of=announced.instead_of or "",
        reference=announced.reference,
        told_in=announced.told_in or "",
    )


def to_kind(number: int) -> ProblemKind | None:
    """Read a kind; none: it was not said."""
    name = contract.ProblemKind.DESCRIPTOR.values_by_number[number].name
    return ProblemKind(name.removeprefix("PROBLEM_KIND_").lower()) if number else None


def to_state(number: int) -> ProblemState | None:
    """Read a state; none: it was not said."""
    name = contract.ProblemState.DESCRIPTOR.values_by_number[number].name
    return ProblemState(name.removeprefix("PROBLEM_STATE_").lower()) if number else None


def _instant(at: datetime | None) -> Timestamp | None:
    if at is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
