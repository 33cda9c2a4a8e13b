"""The rules for a ticket as tests bend them: something happens before a ticket is judged, or to what is judged.

The one place beside the rules and the record's port that spells how a judge is called.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from workflows.domain.policy import Policy
from workflows.domain.ticket.closures import Told
from workflows.domain.ticket.commands import Command
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import Judged

Before = Callable[[Ticket, Command | None], None]
After = Callable[[Ticket, Command | None, Judged], Judged]


class Judging:
    """Judges by the rules, with the ticket's lock in hand; calls `before` first, and gives what `after` makes of it."""

    def __init__(
        self, *, before: Before | None = None, after: After | None = None, ahead: timedelta = timedelta()
    ) -> None:
        """Take what happens; `ahead`: so much later than it is every ticket is judged."""
        self._before = before
        self._after = after
        self._ahead = ahead

    def __call__(
        self,
        policy: Policy,
        ticket: Ticket,
        at: datetime,
        command: Command | None = None,
        *,
        expected_version: int | None = None,
        onto: Policy | None = None,
        told: Iterable[Told] = (),
    ) -> Judged:
        """Judge."""
        if self._before is not None:
            self._before(ticket, command)
        judged = judge(
            policy, ticket, at + self._ahead, command, expected_version=expected_version, onto=onto, told=told
        )
        return judged if self._after is None else self._after(ticket, command, judged)
