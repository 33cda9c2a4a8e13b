"""`followthrough up`: everything on this machine in one process, and the embedded Temporal server as its child.

Refuses to start half: what is in the way is said in one line before anything runs.
"""

import shlex
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from services import certificates, dev_server, parts
from services.loops import Loops
from services.ports import require_free
from services.process import CannotStart
from services.process_figures import OfPolicies, PoliciesInForce
from services.records.clock import RecordClock, ScaledClock
from services.settings import Address, Settings
from services.var_folder import alone_on
from workflows.policies import PolicySet

EMBEDDED_SECONDS = 15.0
"""Real seconds a worker gets until the embedded Temporal server has heard of it; it takes a tenth of one."""
ANOTHERS_SECONDS = 3.0
"""The same for another's, before everything else goes on without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where everything answers, once it does."""

    intake: Address
    exporter: Address
    is_temporal_there: bool
    """Another's server may come later: tickets are opened and worked on as ever meanwhile."""


async def up(settings: Settings, say: Callable[[str], None], program: str) -> None:
    """Run everything until cancelled; `say` hears where it is, once all of it answers.

    `program` is how the command line is called from here. Raises `CannotStart` and `SettingsError`.
    """
    parts.clock(settings)
    certificates.require_usable(settings)
    async with AsyncExitStack() as running:
        # Entered in this order and left in the reverse one: intake drains first, Temporal is the last to go that
        # runs. What policies, ports, words and the record have to say against a start is said before anything does.
        loops = Loops()
        policies = await running.enter_async_context(parts.policies(settings, loops))
        running.enter_context(alone_on(settings.var_dir))
        require_free(_listening(settings))
        words = parts.words_used(settings)
        if settings.is_record_embedded:
            await parts.migrate(settings)
        record = await running.enter_async_context(parts.record(settings))
        if settings.temporal_address is None:
            address = await running.enter_async_context(parts.dev_server(settings, record, loops))
            settings = settings.model_copy(update={"embedded_temporal_address": address})
        exporter = await running.enter_async_context(parts.exporter(settings, record, policies))
        await running.enter_async_context(parts.delivery(settings, record, words, loops))
        await running.enter_async_context(parts.roster(settings, record, policies, loops))
        nudger = await parts.make_nudger(settings, record)
        await running.enter_async_context(parts.keeper(settings, record, nudger, loops))
        is_working = await running.enter_async_context(
            parts.worker(settings, record, loops, awaited_seconds=_awaited_seconds(settings))
        )
        if not is_working and settings.temporal_address is None:
            raise CannotStart(f"the worker got no way to its task queue at {settings.temporal}: see the log")
        await running.enter_async_context(parts.nudging(nudger, loops))
        intake = await running.enter_async_context(
            parts.intake(settings, record, policies, nudger, PoliciesInForce(policies), OfPolicies(policies))
        )
        policies.tell()
        places = Places(intake=intake, exporter=exporter, is_temporal_there=is_working)
        say(welcome(settings, places, record.clock, policies.now.promised, program))
        await loops.until_one_ends()


def welcome(settings: Settings, places: Places, clock: RecordClock, policies: PolicySet, program: str) -> str:
    """Say where everything is, what time it is there when that is not ours, and one line to try."""
    temporal = f"{settings.temporal}"
    if settings.temporal_address is None:
        temporal += f"  (embedded; its log is {settings.var_dir / dev_server.LOG})"
    elif not places.is_temporal_there:
        temporal += "  (does not answer yet: the worker waits for it, the keeper settles what is due)"
    way = "gRPC over TLS" if settings.intake_tls_cert else "gRPC"
    its_time = f"{clock.read(datetime.now(UTC)):%a %d %b %Y %H:%M}"
    its_clock = (f"  clock     {clock.name}  (it is {its_time} UTC there)",) if isinstance(clock, ScaledClock) else ()
    return "\n".join(
        (
            "Followthrough is up.",
            "",
            f"  intake    {places.intake}  ({way}, followthrough.v1.TicketService)",
            f"  metrics   http://{places.exporter}/metrics",
            f"  temporal  {temporal}",
            f"  record    {settings.shown_record_url}",
            *its_clock,
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


def _listening(settings: Settings) -> dict[str, Address]:
    """Where this process is about to listen, by field."""
    fields = ["intake_address", "exporter_address"]
    if settings.temporal_address is None:
        fields.append("embedded_temporal_address")
    fields += (f"{part}_metrics_address" for part in ("intake", "worker", "keeper", "delivery", "roster"))
    return {field: getattr(settings, field) for field in fields}


def _awaited_seconds(settings: Settings) -> float:
    return EMBEDDED_SECONDS if settings.temporal_address is None else ANOTHERS_SECONDS
