"""`followthrough up`: everything on this machine in one process, and the embedded Temporal server as its child.

Refuses to start half: what is in the way is said in one line before anything runs.
"""

import fcntl
import logging
import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from services import dev_server, parts
from services.loops import Loops
from services.process import CannotStart
from services.settings import Address, Settings, broken
from workflows.policies import PolicySet

logger = logging.getLogger(__name__)

LOCK = "up.lock"
"""In the folder of everything embedded: one `up` at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where everything answers, once it does."""

    intake: Address
    exporter: Address


async def up(settings: Settings, say: Callable[[str], None], program: str) -> None:
    """Run everything until cancelled; `say` hears where it is, once all of it answers.

    `program` is how the command line is called from here. Raises `CannotStart` and `SettingsError`.
    """
    policies = parts.load_policies()
    parts.clock(settings)
    with _alone_on(settings.var_dir):
        _require_free(settings)
        async with AsyncExitStack() as running:
            # Entered in this order and left in the reverse one: intake drains first, Temporal is the last to go.
            loops = Loops()
            if settings.temporal_address is None:
                address = await running.enter_async_context(parts.dev_server(settings, loops))
                settings = settings.model_copy(update={"embedded_temporal_address": address})
            if settings.is_record_embedded:
                await parts.migrate(settings)
            record = await running.enter_async_context(parts.record(settings))
            exporter = await running.enter_async_context(parts.exporter(settings, record, policies))
            nudger = await parts.make_nudger(settings, record)
            await running.enter_async_context(parts.keeper(settings, record, nudger, loops))
            await running.enter_async_context(parts.worker(settings, record, loops))
            await running.enter_async_context(parts.nudging(nudger, loops))
            intake = await running.enter_async_context(parts.intake(settings, record, policies, nudger))
            say(welcome(settings, Places(intake=intake, exporter=exporter), policies, program))
            await loops.until_one_ends()


def welcome(settings: Settings, places: Places, policies: PolicySet, program: str) -> str:
    """Say where everything is, and one line to try."""
    temporal = f"{settings.temporal}"
    if settings.temporal_address is None:
        temporal += f"  (embedded; its log is {settings.var_dir / dev_server.LOG})"
    return "\n".join(
        (
            "Followthrough is up.",
            "",
            f"  intake    {places.intake}  (gRPC, followthrough.v1.TicketService)",
            f"  metrics   http://{places.exporter}/metrics",
            f"  temporal  {temporal}",
            f"  record    {settings.shown_record_url}",
            "",
            "Try it in another terminal:",
            "",
            f"  {_example(places.intake, policies, program)}",
            "",
            "Ctrl-C stops it. The next start goes on where this one was.",
        )
    )


def _example(intake: Address, policies: PolicySet, program: str) -> str:
    queue = next(iter(policies.queues))
    priority = next(iter(policies.of_queue(queue).resolve))
    words = [program, "ticket", "open", "--queue", queue, "--priority", priority, "--customer", "C-1042"]
    words += ["--name", "Ada Example", "--subject", "No connection since this morning"]
    if intake != Settings.model_fields["intake_address"].default:
        words += ["--server", str(intake)]
    return shlex.join(words)


@contextmanager
def _alone_on(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: the system lets go of it however this process ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("a+", encoding="ascii")
    except OSError as error:
        why = (error.strerror or "it cannot be used").lower()
        raise broken("var_dir", folder, f"{why}: name a folder that can be written") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStart(
                f"`followthrough up` runs on {str(folder)!r} already, as process {lock.read().strip() or 'unknown'}: "
                "stop it, or set FOLLOWTHROUGH_VAR_DIR to another folder"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _require_free(settings: Settings) -> None:
    """Find out before anything runs whether a port is taken."""
    listening = ["intake_address", "exporter_address"]
    if settings.temporal_address is None:
        listening.append("embedded_temporal_address")
    for field in listening:
        address: Address = getattr(settings, field)
        with parts.listening(field, address):
            parts.try_port(address)
