"""`make observe` as a real process: the committed rules run, Alertmanager is told, nothing is left when it ends."""

import asyncio
import signal
import sys
from pathlib import Path

from tests.support.processes import PATIENCE_SECONDS, Running, environment, is_gone
from tests.support.prometheus import UNPACKED, Prometheus, program
from tests.support.rules import rules


async def test_the_rules_run_alertmanager_is_told_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    """Prometheus has every rule and knows whom to tell; both end with one signal, in order."""
    process = await _observing(tmp_path)
    observe = Running(process)
    try:
        server = Prometheus((await observe.say(r"\n  prometheus +(\S+) "))[1])
        alertmanager = (await observe.say(r"\n  alertmanager +(\S+)\n"))[1]
        await observe.say(r"Ctrl-C stops both\.")
        groups = (await server.get("rules"))["data"]["groups"]
        told = await _told(server)
        children = _children(process.pid)

        assert await observe.stop(signal.SIGINT) == 0
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()

    assert sorted(rule["name"] for group in groups for rule in group["rules"]) == sorted(rule.name for rule in rules())
    assert told == [f"{alertmanager}/api/v2/alerts"]
    assert len(children) == 2
    for child in children:
        assert await is_gone(child)


async def test_both_end_with_it_even_when_it_is_killed(tmp_path: Path) -> None:
    """Nothing goes on listening that nobody remembers."""
    process = await _observing(tmp_path)
    await Running(process).say(r"Ctrl-C stops both\.")
    children = _children(process.pid)
    process.kill()
    await process.communicate()

    assert len(children) == 2
    for child in children:
        assert await is_gone(child)


async def test_a_second_on_the_same_folder_is_one_line_and_leaves_the_first_alone(tmp_path: Path) -> None:
    """Two would write into the same files: the second says where the first is, before it has written anything."""
    first = await _observing(tmp_path)
    observe = Running(first)
    try:
        await observe.say(r"Ctrl-C stops both\.")
        asked = tmp_path / "observe" / "prometheus.yml"
        before = asked.read_bytes()
        second = await _observing(tmp_path)
        out, err = await second.communicate()
        after = asked.read_bytes()

        assert await observe.stop(signal.SIGINT) == 0
    finally:
        if first.returncode is None:
            first.kill()
        await first.communicate()

    assert (second.returncode, out) == (2, b"")
    assert err.decode() == (
        f"observe: `make observe` runs on {str(asked.parent)!r} already: "
        "stop it, or set FOLLOWTHROUGH_VAR_DIR to another folder\n"
    )
    assert after == before


async def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    """It says which setting to change."""
    (tmp_path / "var").write_text("in the way", encoding="utf-8")
    process = await _observing(tmp_path, FOLLOWTHROUGH_VAR_DIR=str(tmp_path / "var"))
    out, err = await process.communicate()

    assert (process.returncode, out) == (2, b"")
    assert err.startswith(b"observe: FOLLOWTHROUGH_VAR_DIR=")
    assert err.count(b"\n") == 1


async def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    """It says which port to give."""
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with taken:
        process = await _observing(tmp_path, prometheus_port=taken.sockets[0].getsockname()[1])
        out, err = await process.communicate()

    assert (process.returncode, out) == (2, b"")
    assert err == b"observe: prometheus's port is taken: give it another, like make observe PROMETHEUS_PORT=19090\n"


async def _observing(folder: Path, prometheus_port: int = 0, **settings: str) -> asyncio.subprocess.Process:
    program("prometheus")
    program("prometheus-alertmanager")
    env = environment(folder)
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "deploy.observe",
        f"--prometheus-port={prometheus_port}",
        "--alertmanager-port=0",
        env=env | {"PATH": f"{env['PATH']}:{UNPACKED}"} | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _told(server: Prometheus) -> list[str]:
    """Ask until Prometheus knows whom it tells; where."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if told := (await server.get("alertmanagers"))["data"]["activeAlertmanagers"]:
                return [each["url"] for each in told]
            await asyncio.sleep(0.1)


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
