"""The processes of a chaos run: each is watched, started again when it ends, killed, stopped and let go on.

Everything listens on loopback, logs into one folder, and dies with the run, also with one that is killed.
"""

import asyncio
import contextlib
import shutil
import signal
import sysconfig
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from tests.chaos.reading import Where
from tests.chaos.requests import OPERATORS
from tests.chaos.rows import SQLITE
from tests.support.databases import Cluster, cluster
from tests.support.processes import PROGRAM, ended, environment
from tests.support.temporal import free_port

ROOT = Path(__file__).parents[2]
PROMISES = Path(__file__).with_name("promises.py")
CHANGED = ("LONGER = 1.0\n", "LONGER = 1.5\n")
"""The line of it that is another in the second version of the policy."""
AGAIN_SECONDS = 1.0
"""After an end that nobody asked for, as whoever runs processes in production has it."""
READY_SECONDS = 60.0
STOPPED = 'kill -STOP "$@"; sleep "$0"; kill -CONT "$@"'
DATABASE = "chaos"


class Database(StrEnum):
    """On what the record is."""

    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"


class Part:
    """One process that is there unless it was killed."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.ends: list[int] = []
        """Exit codes of its ends that nobody asked for."""
        self._command = (*dying_with_us(), *command)
        self._env = env
        self._process: asyncio.subprocess.Process | None = None
        self._wanted = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self) -> None:
        """Have it run whenever it is wanted; cancelled, leave nothing behind."""
        try:
            while True:
                await self._wanted.wait()
                self._idle.clear()
                with self.log.open("ab") as output:
                    self._process = await asyncio.create_subprocess_exec(
                        *self._command,
                        stdin=asyncio.subprocess.DEVNULL,
                        stdout=output,
                        stderr=asyncio.subprocess.STDOUT,
                        env=self._env,
                        cwd=ROOT,
                        start_new_session=True,
                    )
                code = await self._process.wait()
                self._idle.set()
                if self._wanted.is_set():
                    self.ends.append(code)
                    await asyncio.sleep(AGAIN_SECONDS)
        finally:
            self._wanted.clear()
            if self._process is not None and self._process.returncode is None:
                self._process.kill()
                await self._process.wait()

    def want(self) -> None:
        """Start it, now and after each end."""
        self._wanted.set()

    async def kill(self) -> None:
        """End it as a machine that loses its power would, and leave it dead."""
        self._wanted.clear()
        while not self._idle.is_set():  # it may be starting in this very moment
            self.tell(signal.SIGKILL)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await self._idle.wait()

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)


class Postgresql:
    """The database server, which can be restarted at once or in order, and be made to stand still."""

    def __init__(self, server: Cluster) -> None:
        self.server = server
        self.url = server.url(DATABASE)

    async def end(self, number: signal.Signals) -> None:
        """SIGQUIT: at once, to recover from its journal; SIGINT: in order, throwing everybody out."""
        self.server.process.send_signal(number)
        await asyncio.to_thread(self.server.process.wait)

    async def stand_still(self, seconds: float) -> None:
        """Stop it with every process that it has, in the midst of whatever they hold, and let them go on."""
        first = self.server.process.pid
        # A process of its own lets them go on also when the run is killed meanwhile: stopped, they would outlive it.
        shell = await asyncio.create_subprocess_exec(
            *("sh", "-c", STOPPED, str(seconds), str(first), *children_of(first)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        await shell.wait()

    async def start(self) -> None:
        """Start it again on the same data, and wait until it answers."""
        if self.server.process.poll() is None:
            return
        self.server.launch_again()
        async with asyncio.timeout(READY_SECONDS):
            while not self.server.is_ready:  # noqa: ASYNC110 - another process's state
                await asyncio.sleep(0.05)


class Cast:
    """Everybody who plays."""

    def __init__(self, folder: Path, postgresql: Postgresql | None, speed: float) -> None:
        """Take where everybody logs; without a server the record is a file there."""
        self.folder = folder
        self.postgresql = postgresql
        self.record = f"{SQLITE}{folder / 'record.sqlite3'}" if postgresql is None else postgresql.url
        self.temporal_address = f"127.0.0.1:{free_port()}"
        self.intakes = (f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}")
        self.origin = datetime.now(UTC).replace(microsecond=0)
        self.speed = speed
        self._policies = folder / "policies.py"
        shutil.copyfile(PROMISES, self._policies)
        self.env = environment(
            folder,
            DATABASE_URL=self.record,
            TEMPORAL_ADDRESS=self.temporal_address,
            CLOCK=f"scaled:{self.origin:%Y-%m-%dT%H:%M:%SZ}:{speed:g}",
            LOG_FORMAT="json",
            POLICIES=str(self._policies),
            POLICIES_WATCH_SECONDS="1",
            ROSTER_EVERY_SECONDS="1",
            OPERATORS=",".join(OPERATORS),
        )
        self.temporal = Part("temporal", _temporal(self.temporal_address, folder / "temporal.sqlite3"), folder)
        self.ours = (
            *(self._intake(number, address) for number, address in enumerate(self.intakes, start=1)),
            *(self._ours(name) for name in ("worker-1", "worker-2", "keeper", "delivery", "roster")),
        )

    @property
    def all(self) -> tuple[Part, ...]:
        """Every process but the database."""
        return (self.temporal, *self.ours)

    @property
    def where(self) -> Where:
        """Where to read what they did."""
        return Where(
            record=self.record,
            temporal_address=self.temporal_address,
            printed=self.part("delivery").log,
            origin=self.origin,
            speed=self.speed,
        )

    def part(self, name: str) -> Part:
        """One of them."""
        return next(part for part in self.all if part.name == name)

    def now(self) -> datetime:
        """The instant that the record's clock shows, or very nearly: whoever calls has no better one."""
        return self.origin + (datetime.now(UTC) - self.origin) * self.speed

    def change_policy(self) -> None:
        """Put its second version in place of the first; whoever goes by it notices."""
        before, after = CHANGED
        changed = self._policies.with_suffix(".new")
        changed.write_text(self._policies.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
        changed.replace(self._policies)

    async def everybody_well(self) -> None:
        """Bring everybody back, and let everybody go on."""
        if self.postgresql is not None:
            await self.postgresql.start()
        for part in self.all:
            part.tell(signal.SIGCONT)
            part.want()

    def _intake(self, number: int, address: str) -> Part:
        env = self.env | {"FOLLOWTHROUGH_INTAKE_ADDRESS": address}
        return Part(f"intake-{number}", (PROGRAM, "intake"), self.folder, env)

    def _ours(self, name: str) -> Part:
        return Part(name, (PROGRAM, name.partition("-")[0]), self.folder, self.env)


@asynccontextmanager
async def cast(folder: Path, *, speed: float, database: Database = Database.POSTGRESQL) -> AsyncIterator[Cast]:
    """Put everybody on the stage, on a record of their own; at the end all are gone. Raises `PostgresqlMissing`."""
    _clear(folder)
    async with AsyncExitStack() as stack:
        playing = Cast(folder, await _served(stack) if database is Database.POSTGRESQL else None, speed)
        migrated = await ended("migrate", env=playing.env)
        if migrated.code:
            raise RuntimeError(f"the record could not be made: {migrated.err}")
        for part in playing.all:
            task = asyncio.create_task(part.run(), name=part.name)
            stack.push_async_callback(_over, task)
        await playing.everybody_well()
        yield playing


async def _served(stack: AsyncExitStack) -> Postgresql:
    server = stack.enter_context(cluster(is_durable=True))
    await server.execute("ALTER SYSTEM SET max_connections = 200")  # those of the dead linger
    await server.execute(f"CREATE DATABASE {DATABASE}")
    postgresql = Postgresql(server)
    await postgresql.end(signal.SIGINT)
    await postgresql.start()
    return postgresql


def children_of(pid: int) -> list[str]:
    """Name the processes that a process has started, where the system tells; else none."""
    told = Path(f"/proc/{pid}/task/{pid}/children")
    return told.read_text(encoding="ascii").split() if told.exists() else []


def _clear(folder: Path) -> None:
    """Forget a run before, whose facts would be read as this one's."""
    for left in (*folder.glob("*.log"), *folder.glob("*.sqlite3*")):
        left.unlink()


async def _over(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def dying_with_us() -> tuple[str, ...]:
    """A run that is killed leaves nobody behind, stopped ones neither, where the system can see to that."""
    program = shutil.which("setpriv")
    return (program, "--pdeathsig", "KILL") if program else ()


def _temporal(address: str, file: Path) -> tuple[str, ...]:
    scripts = sysconfig.get_path("scripts")
    program = shutil.which("temporal", path=scripts) or shutil.which("temporal")
    if program is None:
        raise RuntimeError("the program `temporal` is not installed: run `make setup`")
    host, _, port = address.partition(":")
    return (
        *(program, "server", "start-dev", "--headless", "--ip", host, "--port", port, "--log-level", "warn"),
        *("--db-filename", str(file), "--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=1"),
        *("--dynamic-config-value", 'history.timerProcessorMaxTimeShift="100ms"'),
    )
