"""`make observe`: Prometheus and Alertmanager beside a Followthrough on this machine, until Ctrl-C.

    python -m deploy.observe [--prometheus-port 9090] [--alertmanager-port 9093]

Both listen on loopback only and keep their data in `observe` under FOLLOWTHROUGH_VAR_DIR. The pages that are scraped
are where the settings say; whether a Followthrough runs there is for the alerts to tell.
"""

import argparse
import asyncio
import fcntl
import shutil
import signal
import sys
import urllib.request
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from pathlib import Path

from deploy.watched import configuration, pages
from services import process
from services.dev_server import end_with_us
from services.process import CannotStart
from services.settings import Address, Settings, SettingsError
from services.var_folder import unusable

ALERTMANAGER_FILE = Path(__file__).resolve().parent / "alertmanager" / "alertmanager.yml"
ALERTMANAGER_NAMES = ("prometheus-alertmanager", "alertmanager")
"""Debian's name of the program, and everybody else's."""
LOCK = "observe.lock"
OTHER_PORTS = {"prometheus": 19090, "alertmanager": 19093}
"""What to try where the usual one is taken."""
KEPT = "30d"
"""As long as the longest window of the recording rules, and a little more."""
ANSWER_SECONDS = 30.0
"""Real seconds each gets to answer; it takes one."""
STOP_SECONDS = 10.0
"""Real seconds each gets to stop by itself; it takes less than one."""
SHARE = Path("/usr/share")
SHOWN = """
mount -t overlay overlay -o "lowerdir=$0:/usr/share" /usr/share
exec setpriv --pdeathsig TERM "$@"
"""
"""A namespace of one's own makes the kernel forget with whom a process is to end: it is told anew."""
LISTENING = 'msg="Listening on" address='


def main() -> int:
    """Do what the command line asks; the exit status."""
    parser = argparse.ArgumentParser(description="Run Prometheus and Alertmanager beside Followthrough.")
    parser.add_argument("--prometheus-port", type=int, default=9090, help="default 9090; 0 takes a free one")
    parser.add_argument("--alertmanager-port", type=int, default=9093, help="default 9093; 0 takes a free one")
    asked = parser.parse_args()
    try:
        settings = Settings.load()
        folder = settings.var_dir.absolute() / "observe"
        with _alone_on(folder):
            process.run(lambda: _observe(settings, folder, asked.prometheus_port, asked.alertmanager_port))
    except (CannotStart, SettingsError) as refused:
        sys.stderr.write(f"observe: {refused}\n")
        return 2
    return 0


@contextmanager
def _alone_on(folder: Path) -> Iterator[None]:
    """Make the folder and hold its lock: Debian's Prometheus takes none, and two would write into the same files.

    Raises `SettingsError` when it cannot be used, `CannotStart` when another uses it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("ab")
    except OSError as error:
        raise unusable(folder.parent, error) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"`make observe` runs on {str(folder)!r} already: "
                "stop it, or set FOLLOWTHROUGH_VAR_DIR to another folder"
            ) from None
        yield


async def _observe(settings: Settings, folder: Path, prometheus_port: int, alertmanager_port: int) -> None:
    telling = [
        *_program(*ALERTMANAGER_NAMES),
        f"--config.file={ALERTMANAGER_FILE}",
        f"--storage.path={folder / 'alertmanager'}",
        *_listening(alertmanager_port),
        "--cluster.listen-address=",
    ]
    watching = [
        *_program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--storage.tsdb.retention.time={KEPT}",
        *_listening(prometheus_port),
    ]
    async with _running("alertmanager", telling, folder) as (alertmanager, its_end):
        text = configuration(pages(settings), alertmanager)
        (folder / "prometheus.yml").write_text(text, encoding="utf-8")
        async with _running("prometheus", watching, folder) as (prometheus, end):
            # Debian's has the pages of Prometheus 1 only.
            is_new = await asyncio.to_thread(_answers, f"http://{prometheus}/alerts")
            page = f"http://{prometheus}/alerts" if is_new else f"http://{prometheus}/classic/alerts"
            sys.stdout.write(_welcome(settings, prometheus, page, alertmanager, folder))
            sys.stdout.flush()
            ends = (asyncio.create_task(its_end.wait()), asyncio.create_task(end.wait()))
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            name = "alertmanager" if its_end.returncode is not None else "prometheus"
            raise CannotStart(f"{name} has ended unasked: see {folder / name}.log")


def _welcome(settings: Settings, prometheus: Address, page: str, alertmanager: Address, folder: Path) -> str:
    scraped = "\n".join(f"    {job:14}http://{address}/metrics" for job, address in pages(settings).items())
    return (
        f"Prometheus and Alertmanager are up.\n\n"
        f"  prometheus    http://{prometheus}  (rules and alerts: {page})\n"
        f"  alertmanager  http://{alertmanager}\n"
        f"                {shutil.which('amtool') or 'amtool'} --alertmanager.url=http://{alertmanager} alert\n"
        f"  data          {folder}\n\n"
        f"  scraped\n{scraped}\n\n"
        "What an alert means, and what to do: docs/runbooks. Ctrl-C stops both.\n"
    )


def _listening(port: int) -> list[str]:
    """Listen there only; links in alerts begin with it too, not with the machine's name, where nobody listens."""
    address = Address("127.0.0.1", port)
    return [f"--web.listen-address={address}", *([f"--web.external-url=http://{address}"] if port else ())]


def _program(*names: str) -> list[str]:
    """Find it: how it is called from here."""
    for name in names:
        if found := shutil.which(name):
            return called(Path(found))
    raise CannotStart(f"there is no program {names[0]!r} here: run `make prometheus` where apt-get is, or install it")


def called(found: Path) -> list[str]:
    """Call a program of Debian's; one that was only unpacked is shown its files in /usr/share, where it looks for them.

    In a mount namespace of its own: nothing is installed, and nobody else sees it.
    """
    share = found.absolute().parent.parent / "share"
    if share == SHARE or not (share / "prometheus").is_dir():
        return [str(found)]
    if ":" in str(share) or "," in str(share):
        raise CannotStart(f"{str(share)!r} cannot be mounted, for its `:` or `,`: install {found.name}")
    return ["unshare", "--map-root-user", "--mount", "sh", "-ec", SHOWN, str(share), str(found)]


@asynccontextmanager
async def _running(name: str, command: Sequence[str], folder: Path) -> AsyncIterator[tuple[Address, Process]]:
    """Run a program, with its log in the folder, and make sure of its end; where it answers."""
    log = folder / f"{name}.log"
    with log.open("wb") as said:
        child = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours to hear: it is stopped in its turn
            preexec_fn=end_with_us(signal.SIGTERM),
        )
    try:
        yield await _answering(name, child, log), child
    finally:
        await _stop(child)


async def _answering(name: str, child: Process, log: Path) -> Address:
    """Wait until it answers; where. Raises `CannotStart`."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            while child.returncode is None:
                address = _told(log)
                if address is not None and await asyncio.to_thread(_answers, f"http://{address}/-/ready"):
                    return address
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise CannotStart(f"{name} gave no answer within {ANSWER_SECONDS:.0f} s: see {log}") from None
    raise CannotStart(_why_it_ended(name, child, log))


def _why_it_ended(name: str, child: Process, log: Path) -> str:
    said = log.read_text(encoding="utf-8")
    if "address already in use" in said:
        return f"{name}'s port is taken: give it another, like make observe {name.upper()}_PORT={OTHER_PORTS[name]}"
    if "unshare failed" in said or "permission denied" in said:
        return f"{name} is only unpacked here, and the system lets nobody mount its files for it: install it"
    return f"{name} ended with code {child.returncode}: see {log}"


def _told(log: Path) -> Address | None:
    """Where it says that it listens."""
    for line in log.read_text(encoding="utf-8").splitlines():
        if LISTENING in line:
            return Address.parse(line.rpartition(LISTENING)[2])
    return None


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - a server of ours
            status: int = answer.status
            return status == HTTPStatus.OK
    except OSError:  # nobody there, or no such page
        return False


async def _stop(child: Process) -> None:
    """Ask it to stop; make it, when it does not."""
    if child.returncode is not None:
        return
    child.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()


if __name__ == "__main__":
    sys.exit(main())
