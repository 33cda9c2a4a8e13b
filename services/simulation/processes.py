"""Work spread over processes: each task one call in some process, the answers in the order of the tasks.

Spawned, so that nothing of this process is copied into another. Ctrl-C is this process's to hear; the others are gone
when it gives up, or is gone itself, in any way at all.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")


class WorkerLost(RuntimeError):  # noqa: N818 - the fact, in the desk's words
    """A process ended that was at work: killed, or out of memory."""


def spread(
    work: Callable[[Task], Answer], tasks: Sequence[Task], *, workers: int, done: Callable[[Answer], None]
) -> list[Answer]:
    """Do every task, in so many processes; in this one when it is one. Calls `done` with each answer as it comes.

    `work` is a function of a module, tasks and answers can be pickled. Raises `WorkerLost`, and what `work` raises.
    """
    if workers == 1 or len(tasks) <= 1:
        answers = []
        for task in tasks:
            answers.append(work(task))
            done(answers[-1])
        return answers
    context = get_context("spawn")
    read_end, write_end = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(min(workers, len(tasks)), context, initializer=_end_with, initargs=(read_end,))
    try:
        with _signals_kept_from_children():
            futures = [pool.submit(work, task) for task in tasks]
        for future in as_completed(futures):
            done(future.result())
        return [future.result() for future in futures]
    except BrokenProcessPool:
        raise WorkerLost("a worker process was killed, perhaps for want of memory: give --workers 1") from None
    except BaseException:
        write_end.close()  # nobody waits for what the others are at
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        write_end.close()
        read_end.close()


def cores() -> int:
    """How many processes can run at once here."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@contextmanager
def _signals_kept_from_children() -> Iterator[None]:
    """Start processes that a terminal's Ctrl-C does not reach; one that comes meanwhile is heard afterwards."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with(read_end: Connection) -> None:
    """Have this process end when the one that started it closes its end, or dies of anything."""

    def leave() -> None:
        read_end.poll(None)
        os._exit(1)

    threading.Thread(target=leave, name="end with parent", daemon=True).start()
