"""A real Prometheus: its programs where there are any, a server that scrapes what a test names, and its answers.

An Alertmanager too, which is told of alerts by hand.

Debian's: `make prometheus` unpacks them under .venv, without installing anything. Waits for scrapes, never for a time.
"""

import asyncio
import json
import shutil
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from deploy.observe import called
from tests.support.needed import missing
from tests.support.waiting import PATIENCE_SECONDS

UNPACKED = Path(sys.prefix) / "prometheus" / "usr" / "bin"
"""Where `make prometheus` puts them."""
SCRAPE_EVERY = "1s"


def program(name: str) -> str:
    """Find `prometheus`, `promtool`, `amtool` or `prometheus-alertmanager`; ends the test where there is none."""
    found = shutil.which(name) or shutil.which(name, path=str(UNPACKED))
    if found is None:
        missing(f"there is no {name} here: run `make prometheus` where apt-get is")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One series of an answer."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A server that runs."""

    url: str

    async def query(self, expression: str, *, at: float | None = None) -> list[Sample]:
        """Ask for an expression as it is now, or was at an instant of the machine's clock, in seconds."""
        instant = {} if at is None else {"time": f"{at:.3f}"}
        answer = await self.get("query", query=expression, **instant)
        return [Sample(labels=found["metric"], value=float(found["value"][1])) for found in answer["data"]["result"]]

    async def until(self, expression: str) -> list[Sample]:
        """Ask until something comes back: a comparison gives nothing while it does not hold."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if found := await self.query(expression):
                    return found
                await asyncio.sleep(0.05)

    async def scraped_after(self, instant: float) -> None:
        """Wait until every target was scraped, well, after an instant of the machine's clock, in seconds."""
        await self.until(f"min(timestamp(up)) > {instant!r} and min(up) == 1")

    async def get(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON has no narrower type
        """Read from the API."""
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        return await asyncio.to_thread(_read, url)


@asynccontextmanager
async def prometheus(folder: Path, targets: Mapping[str, str]) -> AsyncIterator[Prometheus]:
    """Run a server that scrapes these addresses, by job, into a folder of its own."""
    scrapes = [{"job_name": job, "static_configs": [{"targets": [address]}]} for job, address in targets.items()]
    configuration = {"global": {"scrape_interval": SCRAPE_EVERY}, "scrape_configs": scrapes}
    file = folder / "prometheus.json"  # every JSON text is a YAML text
    file.write_text(json.dumps(configuration), encoding="utf-8")
    async with serving(folder, file) as server:
        yield server


@asynccontextmanager
async def serving(folder: Path, file: Path) -> AsyncIterator[Prometheus]:
    """Run a server by this configuration; its data and its log are in the folder."""
    words = (f"--config.file={file}", f"--storage.tsdb.path={folder / 'prometheus'}")
    async with _listening("prometheus", folder, *words, "--log.level=info") as address:
        yield Prometheus(f"http://{address}")


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """A server that runs, and tells nobody but who asks."""

    url: str

    async def hears(self, *alerts: Mapping[str, str]) -> None:
        """Tell it that these fire, by all their labels, and wait until it knows."""
        body = json.dumps([{"labels": labels} for labels in alerts]).encode()
        request = urllib.request.Request(  # noqa: S310 - the server of the test
            f"{self.url}/api/v2/alerts", data=body, headers={"Content-Type": "application/json"}
        )
        await asyncio.to_thread(_send, request)

    async def alerts(self) -> list[tuple[dict[str, str], bool]]:
        """Every alert that it knows of, by its labels, and whether another one keeps it from being told."""
        answer = await asyncio.to_thread(_read, f"{self.url}/api/v2/alerts")
        return [(found["labels"], bool(found["status"]["inhibitedBy"])) for found in answer]


@asynccontextmanager
async def alertmanager(folder: Path, file: Path) -> AsyncIterator[Alertmanager]:
    """Run an Alertmanager by this configuration, alone."""
    words = (f"--config.file={file}", f"--storage.path={folder / 'alertmanager'}", "--cluster.listen-address=")
    async with _listening("prometheus-alertmanager", folder, *words) as address:
        yield Alertmanager(f"http://{address}")


@asynccontextmanager
async def _listening(name: str, folder: Path, *words: str) -> AsyncIterator[str]:
    """Run a server on a free port; where it answers."""
    log = folder / f"{name}.log"
    server = called(Path(program(name)))
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *(*server, *words, "--web.listen-address=127.0.0.1:0"), stdout=said, stderr=asyncio.subprocess.STDOUT
        )
    try:
        yield await _address(process, log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def checked(page: str) -> str:
    """What promtool has to say against a metrics page; nothing when it has nothing."""
    process = await asyncio.create_subprocess_exec(
        program("promtool"),
        "check",
        "metrics",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(page.encode())
    return said.decode() + (f"exit code {process.returncode}" if process.returncode else "")


async def _address(process: asyncio.subprocess.Process, log: Path) -> str:
    """Where it listens, once it answers there."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            address = _told(log)
            if await asyncio.to_thread(_is_ready, address):
                return address
            assert process.returncode is None, f"it ended: see {log}"
            await asyncio.sleep(0.05)


def _told(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if "Listening on" in line]
    return lines[0].rpartition("address=")[2] if lines else ""


def _send(request: urllib.request.Request) -> None:
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS):  # noqa: S310 - the server of the test
        pass


def _read(url: str) -> Any:  # noqa: ANN401 - JSON has no narrower type
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - the server of the test
        return json.load(answer)


def _is_ready(address: str) -> bool:
    if not address:
        return False
    try:
        with urllib.request.urlopen(f"http://{address}/-/ready", timeout=PATIENCE_SECONDS) as answer:
            status: int = answer.status
            return status == HTTPStatus.OK
    except urllib.error.HTTPError:
        return False
