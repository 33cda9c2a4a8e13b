"""Starting a child and waiting until it has read the policies: blocking, and never longer than it is told to.

What the users' files print meanwhile goes to the log. The child is ended with all that it started, unless it is kept.
"""

import contextlib
import json
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from services.policy_host.loaded import Loaded
from services.policy_host.sources import Source, sources_of
from services.policy_host.wire import LONGEST_BYTES, from_line, to_line
from services.settings import environment_with
from workflows.domain.errors import PolicyError

logger = logging.getLogger(__name__)

LOAD_SECONDS = 10.0
"""Real seconds that the users' files get, all together, to be read; ours take a tenth of one."""
START_SECONDS = 20.0
"""What a child gets besides, on a machine that has no time for it."""
MOST_PRINTED = 20
"""Lines that are logged of what is printed while policies are read; the others are counted."""
NOTHING_YET = "the policies"
LONGEST_PRINTED = 200
"""Characters of such a line."""


class NotLoaded(PolicyError):  # noqa: N818 - the fact, in the desk's words
    """The policies do not load."""

    def __init__(self, *problems: str, read: Mapping[str, str] | None = None, is_passing: bool = False) -> None:
        super().__init__(*problems)
        self.read = read or {}
        """The files that were read until then, each with the hash of its content."""
        self.is_passing = is_passing
        """Whether it may go better another time with the same files."""


@dataclass(slots=True, kw_only=True)
class Process:
    """A child that has read its policies and goes on."""

    popen: "subprocess.Popen[bytes]"
    socket: socket.socket
    is_killed: bool = False

    def end(self) -> None:
        """End it at once, with all that it started; it keeps nothing."""
        self.socket.close()
        self.kill()

    def kill(self) -> None:
        """The same, where somebody else closes the socket."""
        if not self.is_killed:
            self.is_killed = True  # once: the number may be another's after that
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()


def load(entries: Sequence[str] = (), *, seconds: float = LOAD_SECONDS) -> Loaded:
    """Read the policies that these modules, files and folders hold; none named: those that ship.

    Raises `NotLoaded`, a `PolicyError` of problems with file and line. Nothing goes on running.
    """
    loaded, process = load_and_keep(sources_of(entries), seconds=seconds)
    process.end()
    return loaded


def load_and_keep(
    sources: Sequence[Source], *, seconds: float = LOAD_SECONDS, begun: Callable[[Process], None] = lambda _: None
) -> tuple[Loaded, Process]:
    """Read the policies of these sources, and keep the child that did. Raises `NotLoaded`.

    `begun` is told of the child at once; killed by somebody else, it has not loaded.
    """
    try:
        reading = _Reading(sources, seconds)
    except OSError as error:
        why = (error.strerror or "").lower()
        raise NotLoaded(f"the process that reads policies does not start: {why}: make room", is_passing=True) from None
    begun(reading.process)
    try:
        loaded = reading.loaded()
    except BaseException:
        reading.process.end()
        raise
    finally:
        reading.close()
    return loaded, reading.process


class _Reading:
    """A child that reads."""

    def __init__(self, sources: Sequence[Source], seconds: float) -> None:
        ours, its = socket.socketpair()
        with contextlib.ExitStack() as unless_started, its:
            unless_started.callback(ours.close)
            popen = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                [sys.executable, "-P", "-u", "-m", "services.policy_host.child", str(its.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(its.fileno(),),
                env=environment_with({}),
                start_new_session=True,
            )
            unless_started.pop_all()
        if popen.stdout is None:
            raise AssertionError("a pipe was asked for")
        self.process = Process(popen=popen, socket=ours)
        self._seconds = seconds
        self._give_up_at = monotonic() + seconds + START_SECONDS
        self._reading = NOTHING_YET
        self._output = popen.stdout
        self._printed: list[bytes] = []
        self._printed_bytes = 0
        asked = to_line({"sources": [source.to_data() for source in sources], "seconds": seconds})
        with contextlib.suppress(OSError):  # it has ended: said below
            ours.sendall(asked)

    def loaded(self) -> Loaded:
        """Wait for what it hands over."""
        try:
            said = self._answer()
        except (UnicodeError, json.JSONDecodeError, LookupError) as error:
            raise self._garbled(error) from None
        try:
            if "problems" not in said:
                return Loaded.from_data(said["loaded"], said["read"])
            told = NotLoaded(*map(str, said["problems"]), read=dict(said["read"]))
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise self._garbled(error) from None
        raise told

    def _answer(self) -> dict[str, Any]:
        for said in self._said():
            if "reading" not in said:
                return said
            self._reading = said["reading"]
        code = self._code()
        why = f"signal {-code}" if code < 0 else f"code {code}"
        raise NotLoaded(
            f"{self._reading}: it ended the process that reads it, with {why}: take out what does",
            is_passing=code == -signal.SIGKILL,
        )

    def _garbled(self, error: Exception) -> NotLoaded:
        """Say that something else spoke for the child, or that it took what it says for a policy."""
        why = f"what the process that reads it hands over is no policy ({type(error).__name__})"
        return NotLoaded(f"{self._reading}: {why}: leave its files and sockets alone, and its classes as they are")

    def close(self) -> None:
        """Log what was printed, and hear no more of it."""
        self._take_output()
        self._output.close()
        lines = b"".join(self._printed).decode(errors="replace").splitlines()
        for line in lines[:MOST_PRINTED]:
            shown = line if len(line) <= LONGEST_PRINTED else f"{line[:LONGEST_PRINTED]}…"
            logger.info("printed while policies were read", extra={"text": shown})
        if len(lines) > MOST_PRINTED or self._printed_bytes > sum(map(len, self._printed)):
            facts = {"bytes": self._printed_bytes, "lines_shown": min(len(lines), MOST_PRINTED)}
            logger.warning("more was printed while policies were read", extra=facts)

    def _said(self) -> Iterator[dict[str, Any]]:
        """Yield what it says, until it ends; what is printed is taken meanwhile, so that nobody waits to print."""
        rest = b""
        os.set_blocking(self._output.fileno(), False)
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.process.socket, selectors.EVENT_READ)
            waiting.register(self._output, selectors.EVENT_READ)
            while True:
                left = self._give_up_at - monotonic()
                if left <= 0:
                    raise NotLoaded(
                        f"{self._reading}: it has not ended after {self._seconds:g} s: "
                        "take out what loops or waits, a policy's file only declares",
                        is_passing=self._reading == NOTHING_YET,
                    )
                for key, _ in waiting.select(left):
                    if key.fileobj is self._output:
                        if not self._take_output():
                            waiting.unregister(self._output)
                        continue
                    chunk = self._chunk()
                    if not chunk or len(rest) > LONGEST_BYTES:
                        return
                    *lines, rest = (rest + chunk).split(b"\n")
                    yield from map(from_line, lines)

    def _chunk(self) -> bytes:
        try:
            return self.process.socket.recv(1 << 16)
        except ConnectionError:
            return b""

    def _take_output(self) -> bool:
        """Take what was printed; false once there will be no more."""
        try:
            while chunk := os.read(self._output.fileno(), 1 << 16):
                self._printed_bytes += len(chunk)
                if len(self._printed) < MOST_PRINTED:
                    self._printed.append(chunk[: MOST_PRINTED * LONGEST_PRINTED])
        except BlockingIOError:
            return True
        return False

    def _code(self) -> int:
        """How it ended; it closed its socket, so that it is about to."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.popen.wait(1)
        self.process.end()
        return self.process.popen.returncode
