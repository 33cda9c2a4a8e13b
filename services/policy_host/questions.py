"""Asking a roster without an event loop, question by question: for tools. What runs for good asks by `in_force`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any

from services.policy_host.asking import Reason, Unanswered
from services.policy_host.loaded import Loaded
from services.policy_host.loading import LOAD_SECONDS, Process, load_and_keep
from services.policy_host.sources import sources_of
from services.policy_host.wire import from_line, to_line

ROSTER_SECONDS = 5.0


class Questions:
    """A child that answers one question after another. Whoever is late is asked no more."""

    def __init__(self, loaded: Loaded, process: Process, seconds: float) -> None:
        self.loaded = loaded
        self._process = process
        self._lines = process.socket.makefile("rb")
        self._numbers = count(1)
        self._is_well = True
        process.socket.settimeout(seconds)

    def roster(self, policy: str, tier: str, at: datetime) -> tuple[str, ...]:
        """Ask who is on duty in a tier; nobody is an answer. Raises `Unanswered`."""
        return tuple(self._ask("roster", {"policy": policy, "tier": tier, "at": at.isoformat()}))

    def end(self) -> None:
        """End the child."""
        self._lines.close()
        self._process.end()

    def _ask(self, kind: str, told: object) -> Any:  # noqa: ANN401 - JSON data
        if not self._is_well:
            raise Unanswered(Reason.AWAY, "the process that answers was late, or has ended, before")
        try:
            self._process.socket.sendall(to_line({"id": next(self._numbers), "ask": kind, "told": told}))
            line = self._lines.readline()
        except TimeoutError:
            self._is_well = False
            seconds = self._process.socket.gettimeout()
            raise Unanswered(Reason.LATE, f"no answer within {seconds:g} s") from None
        except OSError:
            line = b""
        if not line:
            self._is_well = False
            raise Unanswered(Reason.AWAY, "the process that answers has ended")
        said = from_line(line)
        if "failed" in said:
            raise Unanswered(Reason(said["failed"]), said["why"])
        return said["answer"]


@contextmanager
def questions(
    entries: Sequence[str] = (), *, seconds: float = ROSTER_SECONDS, load_seconds: float = LOAD_SECONDS
) -> Iterator[Questions]:
    """Read policies and have their rosters asked, each within those real seconds. Raises `NotLoaded`."""
    loaded, process = load_and_keep(sources_of(entries), seconds=load_seconds)
    asking = Questions(loaded, process, seconds)
    try:
        yield asking
    finally:
        asking.end()
