"""TLS in front of a server that has none: certificates of the test's own, and a proxy on loopback."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.needed import missing

PROXY = Path(__file__).with_name("tls_proxy.py")


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


@contextmanager
def tls_in_front_of(address: str, identity: Identity, clients: Authority | None = None) -> Iterator[str]:
    """Answer TLS with this certificate, and pass on what comes; with `clients`, only of whom they vouch for."""
    trusted = [] if clients is None else [clients.certificate]
    with subprocess.Popen(  # noqa: S603 - a program of ours
        [sys.executable, PROXY, address, identity.certificate, identity.key, *trusted],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield f"127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()
