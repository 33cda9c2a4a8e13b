"""Each process by itself: which parts it needs. Any number of each may run; one exporter a record."""

from contextlib import AsyncExitStack

from services import parts
from services.loops import Loops
from services.process_figures import OfNudger, OfPolicies, PoliciesInForce
from services.settings import Settings


async def intake(settings: Settings) -> None:
    """Answer gRPC until cancelled; Temporal may be away."""
    async with AsyncExitStack() as running:
        loops = Loops()
        policies = await running.enter_async_context(parts.policies(settings, loops))
        record = await running.enter_async_context(parts.record(settings))
        nudger = await parts.make_nudger(settings, record)
        await running.enter_async_context(parts.nudging(nudger, loops))
        await running.enter_async_context(
            parts.intake(settings, record, policies, nudger, PoliciesInForce(policies), OfPolicies(policies))
        )
        policies.tell()
        await loops.until_one_ends()


async def worker(settings: Settings) -> None:
    """Run the tickets' workflows until cancelled; waits for Temporal."""
    async with AsyncExitStack() as running:
        loops = Loops()
        record = await running.enter_async_context(parts.record(settings))
        await running.enter_async_context(parts.worker(settings, record, loops))
        await loops.until_one_ends()


async def keeper(settings: Settings) -> None:
    """Settle what is late and send what is owed until cancelled; Temporal may be away."""
    async with AsyncExitStack() as running:
        loops = Loops()
        record = await running.enter_async_context(parts.record(settings))
        nudger = await parts.make_nudger(settings, record)
        await running.enter_async_context(parts.nudging(nudger, loops))
        await running.enter_async_context(parts.keeper(settings, record, nudger, loops, OfNudger(nudger)))
        await loops.until_one_ends()


async def delivery(settings: Settings) -> None:
    """Send what somebody is owed until cancelled."""
    async with AsyncExitStack() as running:
        loops = Loops()
        words = parts.words_used(settings)
        record = await running.enter_async_context(parts.record(settings))
        await running.enter_async_context(parts.delivery(settings, record, words, loops))
        await loops.until_one_ends()


async def roster(settings: Settings) -> None:
    """Ask who is on duty until cancelled."""
    async with AsyncExitStack() as running:
        loops = Loops()
        policies = await running.enter_async_context(parts.policies(settings, loops))
        record = await running.enter_async_context(parts.record(settings))
        await running.enter_async_context(
            parts.roster(settings, record, policies, loops, PoliciesInForce(policies), OfPolicies(policies))
        )
        policies.tell()
        await loops.until_one_ends()


async def exporter(settings: Settings) -> None:
    """Serve the metrics page until cancelled."""
    async with AsyncExitStack() as running:
        loops = Loops()
        policies = await running.enter_async_context(parts.policies(settings, loops, is_asked=False))
        record = await running.enter_async_context(parts.record(settings, is_written=False))
        await running.enter_async_context(parts.exporter(settings, record, policies, OfPolicies(policies)))
        policies.tell()
        await loops.until_one_ends()
