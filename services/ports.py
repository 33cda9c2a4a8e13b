"""Ports of this machine: whether one can be had, who has it when not, and which one is free instead.

Listens for a moment only. Who has a port is told where the system tells it (Linux), and to whom it does.
"""

import errno
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from services.settings import HIGHEST_PORT, Address, SettingsError, broken, variable
from services.var_folder import LOCK

PROGRAM = "followthrough"
SERVER = "temporal"
"""The program of the embedded Temporal server: a child of ours."""
STEP = 10
"""A free port is looked for so far on, and so far again, so that neighbours stay neighbours."""
STEPS = 20
_PROC = Path("/proc")
_LISTENS = "0A"
_INODE = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process that listens somewhere."""

    pid: int
    words: tuple[str, ...]
    """How it was called; the first is the program's name."""
    folder: Path | None
    """Whose lock it holds: of one of ours that runs everything."""

    def __str__(self) -> str:
        where = f" on {str(self.folder)!r}" if self.folder else ""
        if self.words[0] == PROGRAM:
            return f"`{' '.join(self.words[:2])}`{where}, process {self.pid},"
        return f"process {self.pid}, {self.words[0]!r},"


def try_port(address: Address) -> int:
    """Listen for a moment; the port that was had. Raises `OSError` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((address.host, address.port))
        port: int = trial.getsockname()[1]
        return port


def ip_address(host: str) -> str:
    """The IP address of a name of this machine; of an address, itself. Raises `OSError` when there is none."""
    return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])


@contextmanager
def listening(field: str, address: Address) -> Iterator[None]:
    """Say in one line why an address cannot be had."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(_taken({field: address})) from None
        why = (error.strerror or "cannot be listened on").lower()
        raise broken(field, address, f"{why}: name another") from None


def require_free(addresses: Mapping[str, Address]) -> None:
    """Find out before anything runs whether each field's address can be had. Raises `SettingsError`, of all at once."""
    ours: dict[Address, str] = {}
    taken: dict[str, Address] = {}
    for field, address in addresses.items():
        if address.port and ours.setdefault(address, field) != field:
            remedy = f"{variable(ours[address])} is the same address: name another for one of them"
            raise broken(field, address, remedy)
        with listening(field, address):
            if not _is_free(address):
                taken[field] = address
    if taken:
        raise SettingsError(_taken(taken))


def _is_free(address: Address) -> bool:
    """Whether nobody has it; what else is against it is raised."""
    try:
        try_port(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True


def _taken(addresses: Mapping[str, Address]) -> str:
    """Say who has them, and what to set instead."""
    by_holder: dict[str, list[str]] = {}
    for field, address in addresses.items():
        by_holder.setdefault(str(holder(address) or "another process"), []).append(field)
    return "; ".join(
        f"{' '.join(f'{variable(field)}={str(addresses[field])!r}' for field in fields)}: {who} "
        f"has the {'port' if len(fields) == 1 else 'ports'}: stop it, or {_instead(fields, addresses)}"
        for who, fields in by_holder.items()
    )


def _instead(fields: Iterable[str], addresses: Mapping[str, Address]) -> str:
    free = {field: free_beside(addresses[field]) for field in fields}
    if None in free.values():
        return "name another"
    return "set " + " ".join(f"{variable(field)}={address}" for field, address in free.items())


def free_beside(address: Address) -> Address | None:
    """Find an address that can be had, a little further on; none when there is none near."""
    for step in range(1, STEPS + 1):
        further = replace(address, port=address.port + step * STEP)
        if further.port <= HIGHEST_PORT:
            with suppress(OSError):
                try_port(further)
                return further
    return None


def holder(address: Address) -> Holder | None:
    """Find who listens there; none where the system does not tell."""
    with suppress(OSError):
        sockets = frozenset(_listening_on(address))
        for folder in _PROC.iterdir():
            if folder.name.isdecimal() and sockets & frozenset(_open(folder)):
                return _described(int(folder.name))
    return None


def _listening_on(address: Address) -> Iterator[str]:
    """Name the sockets that listen there, as links to them do."""
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (_PROC / "net" / table).read_text(encoding="ascii").splitlines()[1:]:
                cells = line.split()
                host, _, port = cells[1].rpartition(":")
                if cells[3] == _LISTENS and int(port, 16) == address.port and _is_met_by(address.host, host):
                    yield f"socket:[{cells[_INODE]}]"


def _is_met_by(host: str, listening: str) -> bool:
    """Whether who listens at an address of the kernel's table (words of the machine, in hexadecimal) is in our way."""
    try:
        packed = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError:  # a name
        return True
    words = (packed[at : at + 4] for at in range(0, len(packed), 4))
    own = "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
    return not own.strip("0") or not listening.strip("0") or listening.endswith(own)


def _open(process: Path) -> Iterator[str]:
    """What a process has open, as far as we may know."""
    with suppress(OSError):
        for link in (process / "fd").iterdir():
            with suppress(OSError):
                yield str(link.readlink())


def _described(pid: int) -> Holder | None:
    """Say what a process is; the embedded server is whose child it is."""
    with suppress(OSError, ValueError):
        words = _words(pid)
        if words[:2] == (SERVER, "server") and (parent := _words(_parent(pid)))[0] == PROGRAM:
            pid, words = _parent(pid), parent
        locks = (Path(name) for name in _open(_PROC / str(pid)))
        folder = next((lock.parent for lock in locks if lock.name == LOCK), None)
        return Holder(pid=pid, words=words, folder=folder)
    return None


def _words(pid: int) -> tuple[str, ...]:
    """How a process was called, without an interpreter before it and without paths before programs."""
    words = (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    program, *others = words
    if others and Path(others[0]).name == PROGRAM:
        program, *others = others
    return Path(program).name or "unknown", *others


def _parent(pid: int) -> int:
    line = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    return int(line.rpartition(")")[2].split()[1])
