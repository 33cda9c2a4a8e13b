"""TLS in front of a server that has none: certificates of the test's own, and a proxy on loopback."""

import asyncio
import contextlib
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.needed import missing

CHUNK = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A certificate and its private key, in files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority(Identity):
    """Who signs certificates."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, name: str) -> "Authority":
        """Make one that signs itself; by the system's `openssl`."""
        identity = _make(folder, name, ("basicConstraints=critical,CA:TRUE",))
        return cls(certificate=identity.certificate, key=identity.key, folder=folder)

    def sign(self, name: str) -> Identity:
        """Make a certificate of this loopback address."""
        extensions = ("basicConstraints=critical,CA:FALSE", "subjectAltName=IP:127.0.0.1")
        return _make(self.folder, name, extensions, "-CA", str(self.certificate), "-CAkey", str(self.key))


def _make(folder: Path, name: str, extensions: tuple[str, ...], *signed_by: str) -> Identity:
    program = shutil.which("openssl")
    if program is None:
        missing("no program `openssl` to make certificates with")
    made = Identity(certificate=folder / f"{name}.pem", key=folder / f"{name}.key")
    added = [word for extension in extensions for word in ("-addext", extension)]
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2", "-subj", f"/CN={name}")
    files = ("-keyout", made.key, "-out", made.certificate)
    subprocess.run(  # noqa: S603 - the system's own program
        [program, "req", "-x509", *kind, *files, *added, *signed_by], check=True, capture_output=True
    )
    return made


@asynccontextmanager
async def tls_in_front_of(address: str, identity: Identity, clients: Authority | None = None) -> AsyncIterator[str]:
    """Answer TLS with this certificate, and pass on what comes; with `clients`, only of whom they vouch for."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(identity.certificate, identity.key)
    context.set_alpn_protocols(["h2"])
    if clients is not None:
        context.load_verify_locations(clients.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
    host, _, port = address.rpartition(":")
    passing = set[asyncio.Task[None]]()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        ways = (_copy(reader, there_writer), _copy(there_reader, writer))
        passing.update(asyncio.create_task(way) for way in ways)

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for way in passing:
            way.cancel()
        await asyncio.gather(*passing, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        try:
            while chunk := await reader.read(CHUNK):
                writer.write(chunk)
                await writer.drain()
        finally:
            writer.close()
