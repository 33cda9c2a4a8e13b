"""The few statements of settle, as a Protocol: one implementation a dialect, by hand, because statements decide.

They carry rows over and know no rule. Errors are the drivers' own; whoever calls turns them into the record's.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from services.records.rows import Greeting, Held, HeldProblem, PolicyColumns, ReplyColumns, Rows
from workflows.domain.ticket.state import LATE_AFTER

RequestKey = tuple[str, str]
"""Caller and request id."""

LATELY = 2 * LATE_AFTER
"""Real time for which a roster's answer that was replaced may still be the last before an instant that is judged.

By a clock as fast as the world's: a step takes effect when it was due, or, later than `LATE_AFTER`, when it is found.
"""


LATER_WINS = """
ON CONFLICT (problem_id, ticket_id)
DO UPDATE SET sequence = excluded.sequence, at = excluded.at, is_linked = excluded.is_linked
"""
"""Of one problem and one ticket a single row: what was said last, under the ticket's lock."""


FIRST_WINS = "ON CONFLICT DO NOTHING"
"""A ticket has one turn in an announcement, whoever else it has it for."""

YOUNGEST_WINS = "ON CONFLICT (key) DO UPDATE SET ticket_id = excluded.ticket_id"
"""A key leads to the ticket that took it last."""


class Settling(Protocol):
    """One open transaction. Left without an error it commits, else it rolls back."""

    async def hold(self, ticket_id: str, key: RequestKey | None) -> tuple[Held, ReplyColumns | None] | None:
        """Lock the ticket, then read the clock, its row and the reply stored under the key; none: no such ticket."""
        ...

    async def hold_problem(self, problem_id: str) -> HeldProblem | None:
        """Lock a problem, so that nobody closes or announces it meanwhile, then read the clock; none: no such one."""
        ...

    async def hold_late(
        self, before: datetime, real_at: datetime, limit: int, *, not_under: Collection[str]
    ) -> list[Held]:
        """Lock late tickets, earliest first; those that others hold, or a newer release wrote, are passed by.

        So are those that carry one of these policies, which are a newer release's.
        """
        ...

    async def write(self, rows: Rows) -> None:
        """Write everything that tickets in hand changed; the last that is asked, so it may be committed with it."""
        ...

    async def write_each(self, batch: Sequence[Rows]) -> list[int]:
        """Write ticket by ticket, each under a savepoint; returns the places of those that the database refused."""
        ...

    async def tell(self, ticket_id: str, told_at: datetime | None) -> None:
        """Write what the workflow knows of, and nothing else; the last that is asked, as `write` is."""
        ...

    async def mark_stuck(self, ticket_id: str, error_type: str, real_at: datetime, until: datetime) -> None:
        """Mark a ticket in hand that could not be judged."""
        ...


class Opening(Protocol):
    """The statements of an opening; nothing is locked between them."""

    async def greet(self, key: RequestKey | None, policy: str | None = None, queue: str | None = None) -> Greeting:
        """Read the clock, the reply stored under the key, the policy's roster, and the queue's closures."""
        ...

    async def keep_policy(self, policy: PolicyColumns) -> None:
        """Store a policy's snapshot unless it is there."""
        ...

    async def write(self, rows: Rows) -> None:
        """Insert one new ticket and all that comes with it, in a transaction of its own."""
        ...


class Statements(Protocol):
    """How one dialect settles."""

    def opening(self) -> AbstractAsyncContextManager[Opening]:
        """Have ready what the statements need: nobody may wait for a second connection while holding one."""
        ...

    async def greet(
        self, key: RequestKey | None = None, policy: str | None = None, queue: str | None = None
    ) -> Greeting:
        """Read the clock, the reply stored under the key, the policy's roster, and the queue's closures."""
        ...

    def settling(self) -> AbstractAsyncContextManager[Settling]:
        """Begin a transaction."""
        ...

    async def policy(self, version: str) -> str | None:
        """A stored policy's snapshot."""
        ...
