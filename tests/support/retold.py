"""Stories retold: the same synchronous story, step by step, to what runs on an event loop.

Beside each step the pure domain is told it too, and every field of what came of it must be the same: a line of a story
says less than the record keeps. Knows neither a database nor a server.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from difflib import ndiff
from pprint import pformat
from typing import Protocol

from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Command, Open
from workflows.domain.ticket.events import Entry, Opened
from workflows.domain.ticket.judge import Judged
from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.state import TICK, Ticket
from workflows.domain.ticket.verdict import Refusal
from workflows.testing.story import PureDomain


class Told(Protocol):
    """Whoever is told one ticket's story and says what happened, having looked it up."""

    async def open(self, at: datetime, command: Open) -> Judged:
        """Enter the ticket, under an id and a reference of its own."""
        ...

    async def settle(
        self, at: datetime, command: Command | None = None, *, expected_version: int | None = None
    ) -> Judged:
        """Let time pass until then, and send the command, if there is one."""
        ...

    async def answer(self, answer: RosterAnswer) -> None:
        """Keep what the roster says."""
        ...


class Retold:
    """A story's backend: between two steps its loop stands still."""

    def __init__(self, runner: asyncio.Runner, told: Told, policy: Policy, *later: Policy) -> None:
        self._runner = runner
        self._told = told
        self._domain = PureDomain(policy, *later)

    def open(self, at: datetime, command: Open) -> Judged:
        """Enter the ticket."""
        return self._same(self._domain.open(at, command), self._runner.run(self._told.open(at, command)))

    def settle(self, at: datetime, command: Command | None = None, *, expected_version: int | None = None) -> Judged:
        """Advance it to the instant and apply the command, if there is one."""
        expected = self._domain.settle(at, command, expected_version=expected_version)
        found = self._runner.run(self._told.settle(at, command, expected_version=expected_version))
        while len(found.entries) > len(expected.entries) and _is_due(expected.ticket, at + TICK):
            at += TICK  # the workflow is told of it, and there at once
            expected = _both(expected, self._domain.settle(at))
        return self._same(expected, found)

    def answer(self, answer: RosterAnswer) -> None:
        """Hear from the roster."""
        self._domain.answer(answer)
        self._runner.run(self._told.answer(answer))

    def _same(self, expected: Judged, found: Judged) -> Judged:
        named = replace(
            found,
            ticket=_renamed(found.ticket, expected.ticket),
            entries=_referring(found.entries, expected.ticket.reference),
            refusal=found.refusal and _naming(found.refusal, found.ticket.ticket_id, expected.ticket.ticket_id),
        )
        if named != expected:
            shown = ndiff(pformat(expected).splitlines(), pformat(named).splitlines())
            lines = "\n".join(line for line in shown if not line.startswith(" "))
            raise AssertionError(f"what was found (+) is not what the domain says (-):\n{lines}")
        return named


def _is_due(ticket: Ticket, at: datetime) -> bool:
    wake_at = ticket.wake_at()
    return wake_at is not None and wake_at <= at


def _both(first: Judged, then: Judged) -> Judged:
    entries, messages = first.entries + then.entries, first.messages + then.messages
    answers = first.answers + then.answers
    return Judged(ticket=then.ticket, entries=entries, messages=messages, refusal=first.refusal, answers=answers)


def _renamed(ticket: Ticket, like: Ticket) -> Ticket:
    return replace(ticket, ticket_id=like.ticket_id, reference=like.reference)


def _naming(refusal: Refusal, ticket_id: str, like: str) -> Refusal:
    facts = {name: like if fact == ticket_id else fact for name, fact in refusal.facts.items()}
    return replace(refusal, text=refusal.text.replace(ticket_id, like), facts=facts)


def _referring(entries: Sequence[Entry], reference: str) -> tuple[Entry, ...]:
    return tuple(
        replace(entry, event=replace(entry.event, reference=reference)) if isinstance(entry.event, Opened) else entry
        for entry in entries
    )
