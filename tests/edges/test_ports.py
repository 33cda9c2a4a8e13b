"""Ports that cannot be had: found out before anything runs, told in one line with who has them and what is free."""

import os
import re
import socket
import sys
from contextlib import closing
from pathlib import Path

import pytest

from services import ports
from services.settings import Address
from tests.support.processes import ended, environment, running

EMBEDDED = ("INTAKE_ADDRESS", "EXPORTER_ADDRESS", "EMBEDDED_TEMPORAL_ADDRESS")
LOOPBACK = Address("127.0.0.1", 0)
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell who listens")


def _busy(host: str = "127.0.0.1") -> socket.socket:
    listener = socket.create_server((host, 0))
    listener.listen()
    return listener


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _address(listener: socket.socket) -> str:
    return f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("field", EMBEDDED)
async def test_a_busy_port_is_one_line_and_nothing_is_started(tmp_path: Path, field: str) -> None:
    """It names the setting, its value, who has the port where that can be known, and one that is free."""
    with closing(_busy()) as stranger:
        address = _address(stranger)

        up = await ended("up", env=environment(tmp_path, **{field: address}))

    assert (up.code, up.out) == (2, "")
    said = re.fullmatch(
        rf"followthrough: FOLLOWTHROUGH_{field}='{address}': (.+) has the port: stop it, "
        rf"or set FOLLOWTHROUGH_{field}=127\.0\.0\.1:\d+\n",
        up.err,
    )
    assert said, up.err
    if sys.platform == "linux":
        assert said.group(1).startswith(f"process {os.getpid()}, 'py")
    assert _names(tmp_path) == ["up.lock"]


@pytest.mark.parametrize(("command", "field"), [("intake", "INTAKE_ADDRESS"), ("exporter", "EXPORTER_ADDRESS")])
async def test_a_process_alone_says_so_too(tmp_path: Path, command: str, field: str) -> None:
    """The same line as of all together."""
    assert (await ended("migrate", env=environment(tmp_path))).code == 0
    with closing(_busy()) as stranger:
        address = _address(stranger)

        ran = await ended(command, env=environment(tmp_path, **{field: address}))

    assert (ran.code, ran.out) == (2, "")
    last = ran.err.splitlines()[-1]
    assert last.startswith(f"followthrough: FOLLOWTHROUGH_{field}='{address}': ")
    assert f" has the port: stop it, or set FOLLOWTHROUGH_{field}=127.0.0.1:" in last


@ON_LINUX
async def test_another_of_ours_is_named_with_its_folder_and_all_its_ports_at_once(tmp_path: Path) -> None:
    """Whoever starts a second one beside the first can paste what it takes."""
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    async with running("up", env=environment(theirs)) as up:
        said = await up.say(r"intake +(\S+) .*\n +metrics +http://(\S+)/metrics\n +temporal +(\S+) ")
        taken = dict(zip(EMBEDDED, said.groups(), strict=True))

        beside = await ended("up", env=environment(ours, **taken))

        assert (beside.code, beside.out) == (2, "")
        shown = " ".join(f"FOLLOWTHROUGH_{field}='{address}'" for field, address in taken.items())
        instead = " ".join(rf"FOLLOWTHROUGH_{field}=127\.0\.0\.1:\d+" for field in taken)
        assert re.fullmatch(
            rf"followthrough: {shown}: `followthrough up` on '{theirs}', process {up.process.pid}, has the ports: "
            rf"stop it, or set {instead}\n",
            beside.err,
        ), beside.err
        assert _names(ours) == ["up.lock"]
        assert await up.stop() == 0


async def test_an_address_that_is_not_here_is_one_line(tmp_path: Path) -> None:
    """Nobody is blamed for having it."""
    for field in EMBEDDED:
        up = await ended("up", env=environment(tmp_path, **{field: "192.0.2.1:7300"}))

        assert (up.code, up.out) == (2, "")
        assert up.err == (
            f"followthrough: FOLLOWTHROUGH_{field}='192.0.2.1:7300': cannot assign requested address: name another\n"
        )


async def test_two_parts_are_not_given_one_address(tmp_path: Path) -> None:
    """No other process is blamed for it."""
    up = await ended(
        "up", env=environment(tmp_path, INTAKE_ADDRESS="127.0.0.1:7309", EXPORTER_ADDRESS="127.0.0.1:7309")
    )

    assert (up.code, up.out) == (2, "")
    assert up.err == (
        "followthrough: FOLLOWTHROUGH_EXPORTER_ADDRESS='127.0.0.1:7309': FOLLOWTHROUGH_INTAKE_ADDRESS is the same "
        "address: name another for one of them\n"
    )


@ON_LINUX
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])  # noqa: S104 - what others may do
def test_who_listens_on_all_addresses_is_found_too(host: str) -> None:
    """Whichever of its tables the kernel keeps it in."""
    try:
        listener = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET, dualstack_ipv6=":" in host
        )
    except (OSError, ValueError):
        pytest.skip(f"{host} cannot be listened on here")
    with closing(listener):
        found = ports.holder(Address("127.0.0.1", listener.getsockname()[1]))

    assert found is not None
    assert found.pid == os.getpid()


@ON_LINUX
def test_who_listens_elsewhere_is_not_blamed() -> None:
    """The same number on another address is in nobody's way."""
    with closing(_busy()) as listener:
        assert ports.holder(Address("127.0.0.2", listener.getsockname()[1])) is None


def test_the_free_port_beside_is_free_and_near() -> None:
    """It can be had by the time it is told; past the last port there is none."""
    with closing(_busy()) as listener:
        taken = Address("127.0.0.1", listener.getsockname()[1])
        if (free := ports.free_beside(taken)) is not None:
            assert (free.port - taken.port) % ports.STEP == 0
            assert ports.try_port(free) == free.port

    assert ports.free_beside(Address("127.0.0.1", 65535)) is None
