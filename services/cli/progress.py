"""How far a tool is with its tickets, or what else it counts: a bar on standard error, where that is a terminal.

Writes nothing else.
"""

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class TicketBar:
    """Counts tickets, or what else it is told; nothing else may write to the terminal while it is entered."""

    def __init__(self, *, is_shown: bool = True, what: str = "tickets") -> None:
        console = Console(stderr=True)
        self.tickets = 0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            redirect_stdout=False,  # what is piped goes where it is piped to
            disable=not (is_shown and console.is_terminal),
        )
        self._task = self._bar.add_task(what, total=None)

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, *ended: object) -> None:
        self._bar.stop()

    def expects(self, tickets: int | None) -> None:
        """Say how many are ahead; none: nobody knows."""
        self._bar.update(self._task, total=tickets)

    def advance(self, tickets: int = 1) -> None:
        """Move the bar."""
        self.tickets += tickets
        self._bar.update(self._task, advance=tickets)
