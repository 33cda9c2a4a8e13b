"""How `followthrough problem` asks intake, and how an answer is shown. Exit code 0: done; 1: refused; 2: no answer."""

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import click
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import RenderableType

from protos.followthrough.v1.problem_service_pb2 import (
    Announcement,
    AnnouncementState,
    LinkTicketsRequest,
    ListAnnouncementsRequest,
    ListAnnouncementTicketsRequest,
    ListProblemsRequest,
    UnlinkTicketsRequest,
)
from services.cli import problem_shown, tables
from services.cli.asking import CALLER, LONGEST_REFERENCE, Asking
from services.cli.progress import TicketBar
from services.cli.told import told_plainly
from services.client import BlockingProblemClient, BlockingTicketClient
from services.client.problems import AnnouncementChange, ProblemChange

Item = TypeVar("Item", bound=Message)

LOOK_SECONDS = 0.5
"""How often an announcement that is watched is asked after."""
OUTCOMES = ("told", "waiting", "closed", "resolved", "merged", "unlinked", "stuck")
"""What may have become of a ticket of an announcement; else it is the reason of a refusal, in lower case."""
GOES_ON = frozenset({AnnouncementState.ANNOUNCEMENT_STATE_RUNNING})


@dataclass(frozen=True, slots=True)
class ProblemAsking:
    """One question about problems to one intake."""

    asking: Asking
    """Where it is, who asks, and how the answer is wanted."""

    def change(self, request: ProblemChange) -> None:
        """Open, change or close a problem, and show it."""
        request.request_id = self.asking.request_id
        with self._client() as client:
            self._show([client.change(request)], lambda found: problem_shown.of_problem(found[0]))

    def link(self, problem_id: str, keys: Sequence[str]) -> None:
        """Link tickets, by id or reference."""
        request = LinkTicketsRequest(problem_id=problem_id, request_id=self.asking.request_id)
        request.ticket_ids.extend(self._ids(keys))
        with self._client() as client:
            answer = client.link(request)
            _say(f"{answer.linked_count} linked, {len(request.ticket_ids) - answer.linked_count} were already")
            self._show([answer.problem], lambda found: problem_shown.of_problem(found[0]))

    def unlink(self, problem_id: str, keys: Sequence[str], reason: str) -> None:
        """Take tickets from a problem, by id or reference."""
        request = UnlinkTicketsRequest(problem_id=problem_id, reason=reason, request_id=self.asking.request_id)
        request.ticket_ids.extend(self._ids(keys))
        with self._client() as client:
            answer = client.unlink(request)
            _say(f"{answer.unlinked_count} unlinked, {len(request.ticket_ids) - answer.unlinked_count} were not linked")
            self._show([answer.problem], lambda found: problem_shown.of_problem(found[0]))

    def announce(self, request: AnnouncementChange, *, is_watched: bool = False) -> None:
        """Announce something, or change an announcement; show it, when it is watched at its end."""
        request.request_id = self.asking.request_id
        with self._client() as client:
            announcement = client.announce(request)
            if is_watched:
                announcement = self._watched(client, announcement)
            self._show_announcement(announcement)

    def show(self, problem_id: str) -> None:
        """Show one problem."""
        with self._client() as client:
            self._show([client.problem(problem_id)], lambda found: problem_shown.of_problem(found[0]))

    def problems(self, request: ListProblemsRequest) -> None:
        """Show every problem that passes the request's filters."""
        with self._client() as client:
            self._show_all(client.problems(request), problem_shown.of_problems, "no problem matches")

    def linked(self, problem_id: str) -> None:
        """Show a problem's tickets."""
        with self._client() as client:
            self._show_all(client.linked(problem_id), problem_shown.of_linked, "no ticket is linked to it")

    def announcements(self, problem_id: str) -> None:
        """Show what was announced."""
        request = ListAnnouncementsRequest(problem_id=problem_id)
        with self._client() as client:
            self._show_all(client.announcements(request), problem_shown.of_announcements, "nothing was announced")

    def announcement(self, announcement_id: str, *, is_watched: bool) -> None:
        """Show how far an announcement is, when it is watched at its end."""
        with self._client() as client:
            announcement = client.announcement(announcement_id)
            if is_watched:
                announcement = self._watched(client, announcement)
            self._show_announcement(announcement)

    def announced_to(self, announcement_id: str, outcome: str) -> None:
        """Show what became of an announcement's tickets."""
        request = ListAnnouncementTicketsRequest(announcement_id=announcement_id, announcement_outcome=outcome)
        asked = f" --outcome {outcome!r}: use {', '.join(OUTCOMES)}, or why it was refused" if outcome else ""
        with self._client() as client:
            self._show_all(client.announced_to(request), problem_shown.of_announced, f"no ticket matches{asked}")

    def _watched(self, client: BlockingProblemClient, announcement: Announcement) -> Announcement:
        """Follow it until it rests or is over, or until Ctrl-C: it goes on without anybody who watches."""
        with contextlib.suppress(KeyboardInterrupt), TicketBar(is_shown=not self.asking.is_json) as bar:
            while True:
                bar.expects(announcement.ticket_count)
                bar.advance(announcement.ticket_count - announcement.waiting_count - bar.tickets)
                if announcement.state not in GOES_ON:
                    break
                time.sleep(LOOK_SECONDS)
                announcement = client.announcement(announcement.announcement_id)
        return announcement

    def _ids(self, keys: Sequence[str]) -> Iterator[str]:
        """Look references up; each ticket once."""
        with self._tickets() as client:
            ids = [
                client.ticket(reference=key).ticket_id if len(key) <= LONGEST_REFERENCE else key.upper() for key in keys
            ]
        yield from dict.fromkeys(ids)

    @contextmanager
    def _client(self) -> Iterator[BlockingProblemClient]:
        asking = self.asking
        with told_plainly(asking.server, asking.credentials):
            address, credentials = str(asking.server), asking.credentials
            with BlockingProblemClient(address, caller=CALLER, actor=asking.actor, credentials=credentials) as client:
                yield client

    @contextmanager
    def _tickets(self) -> Iterator[BlockingTicketClient]:
        asking = self.asking
        with told_plainly(asking.server, asking.credentials):
            address, credentials = str(asking.server), asking.credentials
            with BlockingTicketClient(address, caller=CALLER, actor=asking.actor, credentials=credentials) as client:
                yield client

    def _show_announcement(self, announcement: Announcement) -> None:
        self._show([announcement], lambda found: problem_shown.of_announcement(found[0]))

    def _show_all(self, items: Iterable[Item], table: Callable[[Sequence[Item]], RenderableType], nothing: str) -> None:
        if found := list(items):
            self._show(found, table)
        else:
            _say(nothing)

    def _show(self, items: Sequence[Item], table: Callable[[Sequence[Item]], RenderableType]) -> None:
        if not self.asking.is_json:
            tables.write(table(items))
            return
        for item in items:
            click.echo(json.dumps(MessageToDict(item, preserving_proto_field_name=True), ensure_ascii=False))


def _say(text: str) -> None:
    """Say something about an answer, where it is in nobody's way."""
    click.echo(f"followthrough: {text}", err=True)
