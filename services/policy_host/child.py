"""The process that runs the users' Python: reads their policies, hands them over as data, then answers for them.

Its parent is told everything through one socket, whose number is its argument. When that closes, everything ends here,
whatever the users' Python is at. Imports none of gRPC, SQL or settings: the sooner it answers, the better.
"""

import contextlib
import ctypes
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from pkgutil import iter_modules
from types import FrameType
from typing import Any, NoReturn

from services.policy_host.fresh_imports import FreshImports
from services.policy_host.sources import may_be_policy
from services.policy_host.wire import Said, from_line, to_line
from workflows.domain.errors import PolicyError
from workflows.domain.policy_data import to_data, version_of
from workflows.domain.routing import Request, Route
from workflows.domain.ticket.texts import TEXTS, stray_space, text_problem
from workflows.policies.declared import Declared, DeclaredSet, declared_in, is_declaring, together
from workflows.policies.mistakes import COMPARE, said_of, told

AT_ONCE = 16
"""Questions that are worked on at once; more wait, and then mostly find that nobody waits for them any more."""
MOST_ON_DUTY = 1_000
"""Names in an answer of the roster; more are a mistake."""
_SET_PARENT_DEATH_SIGNAL = 1


class Nonsense(Exception):  # noqa: N818 - the fact; never leaves this module
    """An answer of no use. Its text names types only: the answer itself may hold a customer's words."""


class Child:
    """The process itself: of the one that started it, and of no other."""

    def __init__(self, parent: socket.socket) -> None:
        self._parent = parent
        self._pid = os.getpid()
        self._speaking = threading.Lock()
        self._imports = FreshImports()
        self._reading = ""
        self._is_read = threading.Event()
        self._declared: DeclaredSet | None = None
        self._answering: dict[int, int] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE)
        os.register_at_fork(after_in_child=parent.close)  # a fork of the users' is not the one that is asked

    def run(self) -> NoReturn:
        """Read what is to be read, then answer until the parent has gone."""
        lines = iter(self._parent.makefile("rb"))
        asked = from_line(next(lines, b"{}"))
        threading.Thread(target=self._hear, args=(lines,), daemon=True).start()
        threading.Thread(target=self._end_when_late, args=(asked["seconds"],), daemon=True).start()
        said = self._read(asked["sources"])
        self._imports.settle()
        self._is_read.set()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # whatever the users made of it
                stream.flush()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)  # from now on what is printed may hold a customer's words
        os.dup2(nowhere, 2)
        self._say(said | {"read": self._imports.read()})
        while True:
            threading.Event().wait()

    def _read(self, sources: list[dict[str, Any]]) -> dict[str, Any]:
        declared: list[Declared] = []
        problems: list[str] = []
        files: dict[str, str] = {}
        for source in sources:
            self._reading = source["file"] or source["module"]
            self._say({"reading": self._reading})
            try:
                for each, file in self._declared_in(source):
                    declared.append(each)
                    files[each.place] = file
            except PolicyError as error:
                problems += error.problems
            except Exception as error:  # noqa: BLE001 - to look at what it declares may run its Python, too
                problems += told(source["module"], error, source["file"])
            if os.getpid() != self._pid:
                os._exit(0)  # a fork of the users' that came back
        if not declared and not problems:
            places = ", ".join(source["file"] or source["module"] for source in sources)
            problems.append(f"{places}: no policy is declared there: add policy = Policy(…)")
        if problems:
            return {"problems": problems}
        try:
            self._declared = together(declared)
            return {"loaded": _data(self._declared, files)}
        except PolicyError as error:
            return {"problems": error.problems}
        except Exception as error:  # noqa: BLE001 - as above, of any of them
            return {"problems": [f"{self._reading}: {said_of(error)}: {COMPARE}"]}

    def _declared_in(self, source: dict[str, Any]) -> Iterator[tuple[Declared, str]]:
        name, file, root = source["module"], source["file"], source["root"]
        place = file or name
        try:
            module = self._imports.file(name, file, root) if file else self._imports.module(name)
        except BaseException as error:  # noqa: BLE001 - a policy is anybody's Python: even what ends a process is told
            raise PolicyError(*told(name, error, file)) from None
        if hasattr(module, "__path__") and not is_declaring(module):
            for found in iter_modules(module.__path__):
                if not found.ispkg and may_be_policy(f"{found.name}.py"):
                    yield from self._declared_in({**source, "module": f"{name}.{found.name}", "is_named": False})
        elif source["is_named"] or is_declaring(module):
            yield declared_in(module, place), getattr(module, "__file__", None) or place

    def _end_when_late(self, seconds: float) -> None:
        """Say where it is when reading does not end."""
        if self._is_read.wait(seconds):
            return
        place = self._place_of(_frame_of(threading.main_thread().ident)) or self._reading
        why = f"it has not ended after {seconds:g} s: take out what loops or waits, a policy's file only declares"
        self._say({"problems": [f"{place}: {why}"], "read": self._imports.read()})
        _end()

    def _hear(self, lines: Iterator[bytes]) -> None:
        """Take questions until the parent has gone."""
        with contextlib.suppress(OSError, ValueError, LookupError):
            for line in lines:
                asked = from_line(line)
                if asked["ask"] == "where":
                    place = self._place_of(_frame_of(self._answering.get(asked["told"])))
                    self._say({"id": asked["id"], "answer": place})
                else:
                    self._pool.submit(self._answer, asked)
        _end()

    def _answer(self, asked: Said) -> None:
        """Answer one question, whatever comes of it."""
        number = asked["id"]
        self._answering[number] = threading.get_ident()
        try:
            answer = self._route(asked["told"]) if asked["ask"] == "route" else self._roster(asked["told"])
            said = {"id": number, "answer": answer}
        except Nonsense as error:
            said = {"id": number, "failed": "nonsense", "why": str(error)}
        except BaseException as error:  # noqa: BLE001 - as above
            place = self._place_in(error) or "unknown place"
            said = {"id": number, "failed": "raised", "why": f"{type(error).__name__} at {place}"}
        finally:
            del self._answering[number]
        self._say(said)

    def _route(self, told: dict[str, str]) -> dict[str, str]:
        route = self._declared.route if self._declared else None
        if route is None:
            raise Nonsense("there is no route")
        answer: object = route(Request.from_data(told))
        match answer:
            case Route(queue=str(queue), priority=str(priority)):
                return {"queue": queue, "priority": priority}
            case Route():
                raise Nonsense("it answered a Route whose queue or priority is no text")
            case _:
                raise Nonsense(f"it answered a value of type {type(answer).__name__}, not a Route")

    def _roster(self, told: dict[str, str]) -> list[str]:
        roster = self._declared.rosters.get(told["policy"]) if self._declared else None
        if roster is None:
            raise Nonsense("there is no roster")
        answer: object = roster(told["tier"], datetime.fromisoformat(told["at"]))
        if isinstance(answer, str) or not isinstance(answer, Iterable):
            raise Nonsense(f"it answered a value of type {type(answer).__name__}, not a tuple of names")
        names = list(islice(sorted(answer) if isinstance(answer, set | frozenset) else answer, MOST_ON_DUTY + 1))
        if len(names) > MOST_ON_DUTY:
            raise Nonsense(f"it answered more than {MOST_ON_DUTY} names")
        for name in names:
            if not isinstance(name, str):
                raise Nonsense(f"it named a value of type {type(name).__name__}, not a name in quotes")
            if problem := text_problem(TEXTS["handler"], name, is_required=True) or stray_space(TEXTS["handler"], name):
                raise Nonsense(f"it answered a name that {problem}")
        return list(dict.fromkeys(names))

    def _say(self, said: Said) -> None:
        line = to_line(said)
        with self._speaking:
            if os.getpid() != self._pid:
                os._exit(0)  # a fork of the users' has nothing to say
            try:
                self._parent.sendall(line)
            except OSError:
                _end()

    def _place_of(self, frame: FrameType | None) -> str | None:
        """Say where in the users' files a thread is: the innermost line."""
        while frame is not None:
            if frame.f_code.co_filename in self._imports.sources:
                return f"{frame.f_code.co_filename}:{frame.f_lineno}"
            frame = frame.f_back
        return None

    def _place_in(self, error: BaseException) -> str | None:
        """Say where in the users' files it was raised: the innermost line."""
        place, trace = None, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename in self._imports.sources:
                place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
            trace = trace.tb_next
        return place


def _data(declared: DeclaredSet, files: dict[str, str]) -> dict[str, Any]:
    """Everything of a set that is no function."""
    default = declared.default_route
    return {
        "policies": [
            {
                "data": to_data(policy, with_names=True),
                "version": version_of(policy),
                "file": files[declared.places[name]],
                "published": published.to_data() if (published := declared.published.get(name)) else None,
                "has_roster": name in declared.rosters,
            }
            for name, policy in declared.promised.policies.items()
        ],
        "queues": dict(declared.promised.queues),
        "has_route": declared.route is not None,
        "default_route": {"queue": default.queue, "priority": default.priority} if default else None,
    }


def _frame_of(thread: int | None) -> FrameType | None:
    """Return the line that a thread is at."""
    return sys._current_frames().get(thread or 0)  # noqa: SLF001 - documented, and the only way to see another thread


def _end() -> NoReturn:
    """End at once, with every process that the users' Python started and did not take apart."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _end_with(parent: int) -> None:
    """Have the kernel end this process with its parent, where it can, even while no line of ours gets its turn."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        _end()


def main() -> NoReturn:
    """Be the child of the process that gave the number of a socket, and its own."""
    number, parent = map(int, sys.argv[1:])
    sys.argv[1:] = []
    _end_with(parent)
    its_socket = socket.socket(fileno=number)
    os.set_inheritable(number, False)  # noqa: FBT003 - the standard library's
    Child(its_socket).run()


if __name__ == "__main__":
    main()
