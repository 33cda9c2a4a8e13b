"""One ticket's life under a policy, as an engine that is never late keeps it (semantics 7.5).

The very judge, woken a tick after whatever is due and told each command at its instant. Told every instant, asks none.
"""

from datetime import datetime

from workflows.domain.policy import Policy
from workflows.domain.ticket.closures import Told
from workflows.domain.ticket.commands import Command, Open
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.state import TICK
from workflows.domain.ticket.verdict import Judged, Refusal


class Life:
    """A ticket as it goes on."""

    def __init__(self, policy: Policy, opening: Open, opened_at: datetime, told: tuple[Told, ...] = ()) -> None:
        """Open it; `told`: every answer of the roster and closure of the queue, each holding from its own instant on.

        Raises `DomainError` when the policy does not promise this priority.
        """
        judged = open_ticket(policy, opening, opened_at, told=told)
        self.policy = policy
        self._told = told
        self.ticket = judged.ticket
        self.entries = list(judged.entries)
        """The whole log."""
        self._advanced_to = opened_at

    def pass_until(self, at: datetime) -> None:
        """Let everything happen that is due earlier than that instant, less a tick: each as soon as it can be."""
        while (wake_at := self.ticket.wake_at()) is not None and wake_at < at:
            self._settle(wake_at)

    def say(self, at: datetime, command: Command) -> Refusal | None:
        """Obey a command, or refuse it, once all that was due before it has happened (5.2)."""
        self.pass_until(at)
        return self._settle(at, command).refusal

    def _settle(self, at: datetime, command: Command | None = None) -> Judged:
        """Judge at that instant, or a tick after the last one judged: no two settles share an instant (5.3)."""
        self._advanced_to = max(at, self._advanced_to + TICK)
        judged = judge(self.policy, self.ticket, self._advanced_to, command, told=self._told)
        self.ticket = judged.ticket
        self.entries += judged.entries
        return judged
