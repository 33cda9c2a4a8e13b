"""Announcements: each linked ticket comes to one end, each customer has one letter, and none is left lying."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.chaos.facts import Announcement, Facts, Line, Verdict
from tests.chaos.findings import Finding, What

TELLING = ("update_posted", "resolved")
"""What an announcement leaves in a ticket's log, and what its letter is called."""
ASKED = ("announce_update", "announce_fix")


def check_announcements(facts: Facts) -> Iterator[Finding]:
    """Yield what was told twice or not at all, and links that are not as the logs say."""
    by_mark = Counter(each.mark for each in facts.announcements)
    for asked in facts.asked:
        if asked.kind in ASKED and asked.final and asked.final.verdict is Verdict.DONE and not by_mark[asked.mark]:
            yield Finding(what=What.COMMAND_LOST, ticket_id="", text=f"{asked.kind} by {asked.mark!r} is nowhere")
    for mark, times in by_mark.items():
        if times > 1:
            yield Finding(what=What.APPLIED_TWICE, ticket_id="", text=f"{mark!r} announced {times} times")
    letters = Counter(
        message.name[:2] for message in facts.messages if message.name[3] == "customer" and message.name[2] in TELLING
    )
    for announcement in facts.announcements:
        yield from _of_its_course(facts, announcement)
        told = {
            ticket_id: [line for line in lines if line.actor == announcement.mark and line.kind in TELLING]
            for ticket_id, lines in facts.lines.items()
        }
        yield from _of_results(announcement, told)
        yield from _of_letters(facts, announcement, told, letters)
    yield from _of_links(facts)


def _of_its_course(facts: Facts, announcement: Announcement) -> Iterator[Finding]:
    """Yield those that nobody carries on, and tickets without a result of one that is over."""
    is_left_lying = announcement.state == "running" and announcement.changed_at + facts.grace < facts.now
    if is_left_lying:
        yield _about(What.UNANNOUNCED, "", announcement, f"is running since {announcement.changed_at}")
    if announcement.state == "done":
        for ticket_id in sorted(announcement.tickets - announcement.results.keys()):
            yield _about(What.UNANNOUNCED, ticket_id, announcement, "is over, and never came to this ticket")


def _of_results(announcement: Announcement, told: dict[str, list[Line]]) -> Iterator[Finding]:
    """Yield tickets whose logs do not say once, or say though it was not so, what was written down as told."""
    for ticket_id, lines in told.items():
        wanted = int(announcement.results.get(ticket_id) == "told")
        if len(lines) != wanted:
            written = announcement.results.get(ticket_id, "nothing")
            text = f"has {written!r} written down, and stands {len(lines)} times in the log"
            yield _about(What.TOLD_OTHERWISE, ticket_id, announcement, text)


def _of_letters(
    facts: Facts, announcement: Announcement, told: dict[str, list[Line]], letters: Counter[tuple[str, int]]
) -> Iterator[Finding]:
    """Yield customers with another number of letters than one, however many of their tickets are linked."""
    counts: Counter[str] = Counter()
    for ticket_id, lines in told.items():
        for line in lines:
            counts[facts.standings[ticket_id].customer] += letters[ticket_id, line.sequence]
    for customer, count in counts.items():
        if count != 1:
            yield _about(What.LETTERS, "", announcement, f"customer {customer!r} has {count} letters of it")


def _of_links(facts: Facts) -> Iterator[Finding]:
    """Yield what the problems' lists say otherwise than the tickets' logs."""
    said: dict[tuple[str, str], bool] = {}
    for ticket_id, lines in facts.lines.items():
        for line in _linking(lines):
            said[line.body["problem_id"], ticket_id] = line.kind == "problem_linked"
    for problem_id, ticket_id in sorted(said.keys() | facts.links.keys()):
        listed, logged = (each.get((problem_id, ticket_id), False) for each in (facts.links, said))
        if listed != logged:
            text = f"problem {problem_id} lists it: {listed}, its log links it: {logged}"
            yield Finding(what=What.TOLD_OTHERWISE, ticket_id=ticket_id, text=text)


def _linking(lines: Sequence[Line]) -> Iterator[Line]:
    return (line for line in lines if line.kind in {"problem_linked", "problem_unlinked"})


def _about(what: What, ticket_id: str, announcement: Announcement, text: str) -> Finding:
    name = f"{announcement.kind} {announcement.announcement_id} by {announcement.mark!r}"
    return Finding(what=what, ticket_id=ticket_id, text=f"announcement {name}: {text}")
