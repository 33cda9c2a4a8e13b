"""The parts of a running Followthrough, built from settings: each is there, and answers, within its `async with`.

The one place where settings, record, Temporal and policies meet. Decides nothing; what cannot be built is said in one
line with its remedy (`CannotStart`, `SettingsError`).
"""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from prometheus_client.registry import Collector
from temporalio.runtime import Runtime

from services import certificates, records, temporal
from services.announcement_runs import AnnouncementRuns
from services.delivery.channel import Channel
from services.delivery.delivery import Delivery
from services.delivery.each_of import EachOf
from services.delivery.file_channel import NAME, FileChannel
from services.delivery.log_channel import LogChannel
from services.delivery.worded import Worded
from services.dev_server import DevServer, DevServerFailed
from services.exporter.exporter import Exporter
from services.intake.promises import HoldsPolicies
from services.intake.server import AddressTaken, Intake, Limits
from services.keeper.announcements import AnnouncementsOwed
from services.keeper.keeper import Keeper, Pace
from services.keeper.rebuild import rebuild
from services.loops import Loops
from services.nudge import Nudger
from services.patient_worker import PatientWorker
from services.policy_host.in_force import Policies
from services.policy_host.loaded import Loaded
from services.policy_host.loading import load
from services.policy_host.now import Limits as PolicyLimits
from services.ports import ip_address, listening, try_port
from services.problems.announcer import PacedAnnouncer
from services.process import CannotStart
from services.process_figures import OfDelivery, OfKeeper, OfNudger, OfRosters
from services.process_page import process_page, tell_of_page
from services.records.clock import RecordClock, parse, require_present
from services.records.errors import ClockMismatch, RecordError, RecordUnavailable
from services.roster.watch import RosterWatch
from services.settings import Address, Settings, broken
from services.temporal import TemporalPlace, TicketTimers
from services.var_folder import require_whole_record, unusable
from services.words.checking import check
from services.words.library import SHIPPED, Library
from services.words.words import Words
from workflows.domain.errors import PolicyError

logger = logging.getLogger(__name__)


def load_policies(settings: Settings) -> Loaded:
    """Read the policies once, for a tool. Blocks."""
    with _policies_or_one_line():
        return load(settings.policies or (), seconds=settings.policies_load_seconds)


@asynccontextmanager
async def policies(settings: Settings, loops: Loops, *, is_asked: bool = True) -> AsyncIterator[Policies]:
    """Hold the policies, and read them again when their files change, or on SIGHUP.

    Where nobody asks for a route or a roster, nothing is kept running for it.
    """
    limits = PolicyLimits(
        load_seconds=settings.policies_load_seconds,
        watch_seconds=settings.policies_watch_seconds,
        route_seconds=settings.route_seconds,
        roster_seconds=settings.roster_seconds,
    )
    held = Policies(settings.policies or (), limits=limits, is_asked=is_asked)
    with _policies_or_one_line():
        await held.start()
    with _on_hangup(held.reload):
        async with loops.running("policies", held.run(), held.stop):
            yield held


@contextmanager
def _policies_or_one_line() -> Iterator[None]:
    try:
        yield
    except PolicyError as error:
        raise CannotStart(f"a policy does not load: {error}") from None


@contextmanager
def _on_hangup(reload: Callable[[], None]) -> Iterator[None]:
    """Have SIGHUP read the policies again. From a terminal that has gone it ends the process, as it always did."""
    loop = asyncio.get_running_loop()

    def heard() -> None:
        if had_terminal and not os.isatty(0):
            os.kill(os.getpid(), signal.SIGTERM)
        reload()

    had_terminal = os.isatty(0)
    loop.add_signal_handler(signal.SIGHUP, heard)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


def clock(settings: Settings) -> RecordClock:
    """Make the record's clock, and see that it can be gone by now."""
    try:
        made = parse(settings.clock)
        require_present(made, datetime.now(UTC))
    except ValueError as error:
        raise broken("clock", settings.clock, str(error)) from None
    return made


async def migrate(settings: Settings) -> str:
    """Bring the record to this release's schema, and tell the log what was done; return the revision.

    Makes the folder of the embedded record only: another's that is not there was mistyped.
    """
    with _record_or_one_line(settings):
        if settings.is_record_embedded:
            require_whole_record(settings.var_dir)
        else:
            records.require_folder(settings.record_url)
        before = await records.schema_of(settings.record_url)
        now = await records.migrate(settings.record_url)
    if before is None:
        logger.info("record made", extra={"record": settings.shown_record_url, "schema": now})
    elif before != now:
        facts = {"record": settings.shown_record_url, "schema": now, "before": before}
        logger.info("record brought to this release's schema", extra=facts)
    return now


@asynccontextmanager
async def record(settings: Settings, *, is_written: bool = True) -> AsyncIterator[records.Records]:
    """Open the record, and see that it has this release's schema and this clock, and can be written if it has to."""
    its_clock = clock(settings)
    with _record_or_one_line(settings):
        opened = await records.connect(settings.record_url, its_clock)
    try:
        if is_written:
            with _record_or_one_line(settings):
                await opened.require_writable()
        yield opened
    finally:
        await opened.aclose()


@asynccontextmanager
async def dev_server(settings: Settings, opened: records.Records, loops: Loops) -> AsyncIterator[Address]:
    """Run the embedded Temporal server; one that begins anew is owed what the record says it was told."""
    address = settings.embedded_temporal_address
    try:
        server = await DevServer.start(
            folder=settings.var_dir,
            address=address if address.port else replace(address, port=try_port(address)),
            namespace=settings.temporal_namespace,
            before_new=lambda: _owe_all_timers(settings, opened),
        )
    except DevServerFailed as failed:
        raise CannotStart(str(failed)) from None
    except OSError as error:
        raise unusable(settings.var_dir, error) from None
    async with loops.running("temporal", server.wait(), server.stop):
        yield server.address


async def _owe_all_timers(settings: Settings, opened: records.Records) -> None:
    """Have the keeper start a timer for each open ticket, in a Temporal that knows of none."""
    with _record_or_one_line(settings):
        tickets = await opened.upkeep.count_told()
        if tickets:
            logger.warning("temporal knows of no ticket, the keeper starts the timers anew", extra={"tickets": tickets})
            await rebuild(opened.upkeep, forgot=lambda _: None)


@asynccontextmanager
async def exporter(
    settings: Settings, opened: records.Records, held: Policies, *beside: Collector
) -> AsyncIterator[Address]:
    """Serve the metrics page; what is beside it is shown there too."""
    serving = Exporter(opened.queries, lambda: held.now.promised, *beside)
    with listening("exporter_address", settings.exporter_address):
        port = await serving.start(settings.exporter_address)
    address = replace(settings.exporter_address, port=port)
    logger.info("exporter answers", extra={"address": str(address)})
    try:
        yield address
    finally:
        await serving.stop()
        logger.info("exporter stopped")


@asynccontextmanager
async def keeper(
    settings: Settings, opened: records.Records, nudger: Nudger, loops: Loops, *beside: Collector
) -> AsyncIterator[None]:
    """Keep what falls through from being lost; its metrics page shows what is beside it too."""
    kept = None if settings.keeper_tickets_keep_days is None else timedelta(days=settings.keeper_tickets_keep_days)
    pace = Pace(grace_seconds=settings.keeper_grace_seconds, tickets_kept=kept)
    announcements = AnnouncementsOwed(
        opened.announcing, AnnouncementRuns(await temporal.connect_lazily(_place(settings)))
    )
    sweeps = (opened.customers_at_risk, opened.closure_walk, announcements)
    keeping = Keeper(opened.upkeep, nudger, pace, sweeps=sweeps)
    page = process_page("keeper", settings.keeper_metrics_address, OfKeeper(keeping), *beside)

    async def stop() -> None:
        keeping.stop()

    async with page, loops.running("keeper", keeping.run(), stop):
        yield


@asynccontextmanager
async def delivery(
    settings: Settings, opened: records.Records, said: Words | None, loops: Loops
) -> AsyncIterator[None]:
    """Send what the outbox holds, in the words of `words_used`."""
    delivering = Delivery(opened.outbox, _channel(settings, opened, said))

    async def stop() -> None:
        delivering.stop()

    page = process_page("delivery", settings.delivery_metrics_address, OfDelivery(delivering, said))
    async with page, loops.running("delivery", delivering.run(), stop):
        yield


def words_used(settings: Settings) -> Words | None:
    """Read the templates of messages, where a channel has a use for them: before anything runs that they could stop."""
    return words(settings) if NAME in settings.channels_used else None


def words(settings: Settings) -> Words:
    """Read the templates of messages, and see that none of them fails before somebody is to be told something."""
    made = Words(settings.words, default_language=settings.words_language)
    for problem in check(made):
        if problem.is_fatal:
            more = "`followthrough words check` tells all that is wrong"
            raise broken("words", settings.words or problem.path, f"{problem}; {more}")
        logger.warning("words are missing", extra={"template": str(problem.path), "problem": problem.text})
    return made


def _languages(settings: Settings) -> tuple[str, ...]:
    """Those that messages are written in: what ships, and the desk's own."""
    return Library((settings.words, SHIPPED) if settings.words else (SHIPPED,)).languages()


def _channel(settings: Settings, opened: records.Records, said: Words | None) -> Channel:
    """Make what messages are sent by. That by which sending may fail goes first."""
    made: dict[str, Channel] = {"log": LogChannel()}
    if said is not None:
        worded = Worded(opened.log_lines, opened.outbox, said, NAME)
        made[NAME] = FileChannel(settings.messages_folder, worded, keep_days=settings.messages_keep_days)
    used = [made[name] for name in settings.channels_used]
    return used[0] if len(used) == 1 else EachOf(used)


@asynccontextmanager
async def roster(
    settings: Settings, opened: records.Records, held: Policies, loops: Loops, *beside: Collector
) -> AsyncIterator[None]:
    """Ask who is on duty; its metrics page shows what is beside it too."""
    watch = RosterWatch(held, opened.rosters, every_seconds=settings.roster_every_seconds)

    async def stop() -> None:
        watch.stop()

    page = process_page("roster", settings.roster_metrics_address, OfRosters(watch), *beside)
    async with page, loops.running("roster", watch.run(), stop):
        yield


@asynccontextmanager
async def worker(
    settings: Settings, opened: records.Records, loops: Loops, *, awaited_seconds: float = 0
) -> AsyncIterator[bool]:
    """Run the tickets' workflows as soon as Temporal is there; gives whether it was within that real time."""
    place = _place(settings)
    runtime = _measured_runtime(settings)
    working = PatientWorker(
        lambda: temporal.connect(place, say=logger.warning, runtime=runtime),
        opened.record,
        PacedAnnouncer(opened.announcing),
        watch=lambda client: temporal.watch(client, place, say=logger.warning),
        grace_seconds=settings.worker_grace_seconds,
    )
    async with loops.running("worker", working.run(), working.stop):
        yield await working.is_polled_within(awaited_seconds)


def _measured_runtime(settings: Settings) -> Runtime:
    """Have the SDK serve its metrics, from now on."""
    address = settings.worker_metrics_address
    with listening("worker_metrics_address", address):
        host, port = ip_address(address.host), try_port(address)
        runtime = temporal.measured(host, port, logging.getLogger("temporalio.core"))
    tell_of_page("worker", replace(address, port=port))
    return runtime


async def make_nudger(settings: Settings, opened: records.Records) -> Nudger:
    """Make what takes nudges over, whether or not Temporal is there; it sends none before `nudging`."""
    client = await temporal.connect_lazily(_place(settings))
    return Nudger(TicketTimers(client), opened.upkeep)


@asynccontextmanager
async def nudging(nudger: Nudger, loops: Loops) -> AsyncIterator[None]:
    """Send the nudges that were taken over."""
    async with loops.running("nudger", nudger.run(), nudger.aclose):
        yield


@asynccontextmanager
async def intake(
    settings: Settings, opened: records.Records, held: HoldsPolicies, nudger: Nudger, *beside: Collector
) -> AsyncIterator[Address]:
    """Answer gRPC; its metrics page shows what is beside it too."""
    answering = Intake(
        records=opened,
        require_writable=lambda: _require_writable(settings, opened),
        policies=held,
        nudger=nudger,
        address=settings.intake_address,
        credentials=certificates.of_intake(settings),
        limits=Limits(
            max_in_flight=settings.intake_max_in_flight,
            max_streams=settings.intake_max_streams,
            drain_pause_seconds=settings.intake_drain_pause_seconds,
        ),
        has_reflection=settings.intake_reflection,
        operators=settings.operators or (),
        languages=_languages(settings),
    )
    with listening("intake_address", settings.intake_address):
        try_port(settings.intake_address)
    async with process_page("intake", settings.intake_metrics_address, answering.metrics, OfNudger(nudger), *beside):
        try:
            port = await answering.start()
        except AddressTaken as taken:  # in this very moment
            raise broken("intake_address", settings.intake_address, taken.remedy) from None
        address = replace(settings.intake_address, port=port)
        logger.info("intake answers", extra={"address": str(address)})
        try:
            yield address
        finally:
            await answering.stop(settings.intake_drain_seconds)
            logger.info("intake stopped")


async def _require_writable(settings: Settings, opened: records.Records) -> None:
    """See that the record can be written; say where it is when not."""
    try:
        await opened.require_writable()
    except RecordError as refused:
        raise RecordUnavailable(f"{settings.shown_record_url}: {refused}") from None


@contextmanager
def _record_or_one_line(settings: Settings) -> Iterator[None]:
    """Say in one line why the record cannot be used, under the setting that names it unless the line names another."""
    try:
        yield
    except ClockMismatch as error:
        raise CannotStart(str(error)) from None
    except (RecordError, ValueError) as error:
        if settings.is_record_embedded:
            raise broken("var_dir", settings.var_dir, f"the record in it: {error}") from None
        raise broken("database_url", settings.record_url, str(error)) from None


def _place(settings: Settings) -> TemporalPlace:
    key = settings.temporal_api_key
    return TemporalPlace(
        address=str(settings.temporal),
        namespace=settings.temporal_namespace,
        tls=certificates.to_temporal(settings),
        api_key=key.get_secret_value() if key else None,
    )
