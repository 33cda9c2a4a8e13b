"""Real databases for tests: a SQLite file each, and one PostgreSQL server a test process with a database a test.

The server listens on loopback, lives in a temporary folder, and is stopped by its process id. `initdb` refuses root:
then it runs as an unprivileged user.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from tests.support.parents import dying_with_parent

UNPRIVILEGED = ("postgres", "nobody")
START_SECONDS = 30.0
STOP_SECONDS = 20.0

FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "logging_collector": "off",
    "log_min_messages": "fatal",
}
"""A test database need not outlive its machine."""


class PostgresqlMissing(Exception):  # noqa: N818 - the fact, told in a skip
    """There is no server to be started here, and why."""


@dataclass(kw_only=True)
class Cluster:
    """A running server."""

    port: int
    folder: Path
    process: "subprocess.Popen[bytes]" = field(repr=False)
    identity: dict[str, Any]
    """As whom it runs."""

    def url(self, database: str) -> str:
        """Where one of its databases is."""
        return f"postgresql+asyncpg://followthrough@127.0.0.1:{self.port}/{database}"

    async def execute(self, statement: str) -> None:
        """Run a statement outside all test databases."""
        connection: Any = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user="followthrough", database="postgres"
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def stop(self) -> None:
        """Stop at once what is still connected, then the server."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(STOP_SECONDS)

    def start_again(self) -> None:
        """After `stop`, on the same port and data."""
        self.launch_again()
        _wait(self)

    def launch_again(self) -> None:
        """The same, without waiting until it answers."""
        self.process = _launch(self.process.args, self.folder, self.identity)

    @property
    def is_ready(self) -> bool:
        """Whether it says that it answers."""
        return "ready" in (_status(self.folder / "data" / "postmaster.pid") or "")


@contextlib.contextmanager
def cluster(*, is_durable: bool = False) -> Iterator[Cluster]:
    """Start a server and stop it; raises `PostgresqlMissing` when there is none to start.

    A durable one writes through to the disk, as in production: for benchmarks.
    """
    programs = _programs()
    user = _unprivileged_user() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="followthrough-pg-"))
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        identity = _identity(user)
        _initialise(programs, folder, identity)
        server = _start(programs, folder, identity, {} if is_durable else FAST)
        try:
            _wait(server)
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """The folder of the server's programs: on the path, or where Debian keeps them."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: (len(folder.parent.name), folder.parent.name)
    )[::-1]
    if on_path := shutil.which("postgres"):
        found.insert(0, Path(on_path).resolve().parent)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresqlMissing("no PostgreSQL server programs (initdb, postgres) on the path or in /usr/lib/postgresql")


def _unprivileged_user() -> pwd.struct_passwd:
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresqlMissing(f"PostgreSQL refuses to run as root, and there is none of the users {UNPRIVILEGED}")


def _identity(user: pwd.struct_passwd | None) -> dict[str, Any]:
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _initialise(programs: Path, folder: Path, identity: dict[str, Any]) -> None:
    arguments = ("--username=followthrough", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    done = subprocess.run(  # noqa: S603 - the server's own program
        [programs / "initdb", *arguments, f"--pgdata={folder / 'data'}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **identity,
    )
    if done.returncode:
        raise PostgresqlMissing(f"initdb failed: {done.stderr.strip().splitlines()[-1:]}")


def _start(programs: Path, folder: Path, identity: dict[str, Any], settings: dict[str, str]) -> Cluster:
    port = _free_port()
    settings = {**settings, "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
    arguments = [
        *dying_with_parent(signal.SIGINT),
        programs / "postgres",
        "-D",
        folder / "data",
        *(f"--{name}={value}" for name, value in settings.items()),
    ]
    return Cluster(port=port, folder=folder, process=_launch(arguments, folder, identity), identity=identity)


def _launch(arguments: Any, folder: Path, identity: dict[str, Any]) -> "subprocess.Popen[bytes]":  # noqa: ANN401 - as `subprocess` has it
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - the server's own program
            arguments,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            process_group=0,
            **identity,
        )


def _wait(server: Cluster) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if server.process.poll() is not None:
            break
        if server.is_ready:
            return
        time.sleep(0.02)
    told = (server.folder / "log").read_text(errors="replace").strip().splitlines()
    raise RuntimeError(f"PostgreSQL did not start: {told[-1:]}")


def _status(pid_file: Path) -> str | None:
    """The last line that the server keeps of itself."""
    try:
        lines = pid_file.read_text().splitlines()
    except FileNotFoundError:
        return None
    line_of_status = 8
    return lines[line_of_status - 1].strip() if len(lines) >= line_of_status else None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
