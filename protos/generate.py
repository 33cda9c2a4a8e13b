"""Generates the Python code of the contract, or checks that what is committed is what the contract gives.

    python protos/generate.py            writes *_pb2.py, *_pb2.pyi, *_pb2_grpc.py and *_pb2_grpc.pyi beside the protos
    python protos/generate.py --check    writes nothing; exit 1 names each file that differs, lacks or is left over
    python protos/generate.py --lint     buf's lint and format; exit 1 with what they say

Files are compiled from the top of the checkout, so the import path is the folder and the output needs no patching. The
sources of google/rpc and google/api come from the wheel `googleapis-common-protos`: nothing is fetched.
"""

import argparse
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = Path("protos/followthrough/v1")
GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi")
CONFIG = Path("protos/buf.yaml")


def main() -> int:
    """Do what the command line asks; the exit status."""
    parser = argparse.ArgumentParser(description="Generate the code of the contract.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare with what is committed, write nothing")
    mode.add_argument("--lint", action="store_true", help="run buf's lint and format, write nothing")
    asked = parser.parse_args()
    if asked.lint:
        return lint()
    if asked.check:
        return check()
    generate(ROOT)
    return 0


def generate(into: Path) -> None:
    """Write the generated code under `into`, in the same folders as here."""
    plugins = [f"--plugin=protoc-gen-{name}={_script(f'protoc-gen-{name}')}" for name in ("mypy", "mypy_grpc")]
    kinds = ("python", "grpc_python", "mypy", "mypy_grpc")
    quiet = ("--mypy_opt=quiet", "--mypy_grpc_opt=quiet")
    _compile(*plugins, *quiet, *(f"--{kind}_out={into}" for kind in kinds))


def check() -> int:
    """Compare the committed code with what the contract gives; 1 when they differ."""
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        fresh, committed = _generated(Path(scratch)), _generated(ROOT)
    stale = sorted(name for name in fresh.keys() | committed.keys() if fresh.get(name) != committed.get(name))
    for name in stale:
        sys.stderr.write(f"{SOURCES / name} is not what the contract gives: run python protos/generate.py\n")
    return 1 if stale else 0


def lint() -> int:
    """Lint and format by buf; 1 when it has something to say."""
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "contract.binpb"
        _compile("--include_imports", "--include_source_info", f"--descriptor_set_out={image}")
        asked = (
            ("lint", str(image), "--config", str(CONFIG), "--path", str(SOURCES.parent)),
            ("format", str(CONFIG.parent), "--diff", "--exit-code"),
        )
        buf = _script("buf")
        statuses = [
            subprocess.run((buf, *arguments), cwd=ROOT, check=False).returncode  # noqa: S603 - our own arguments
            for arguments in asked
        ]
    return 1 if any(statuses) else 0


def _compile(*arguments: str) -> None:
    """Run protoc over the contract; ends the process with its message when that fails."""
    sources = [str(path.relative_to(ROOT)) for path in sorted((ROOT / SOURCES).glob("*.proto"))]
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I", ".", "-I", sysconfig.get_path("purelib")]
    if subprocess.run((*command, *arguments, *sources), cwd=ROOT, check=False).returncode:  # noqa: S603 - our own
        sys.exit(1)


def _generated(root: Path) -> dict[str, bytes]:
    """Read the generated files under that root, by name."""
    return {path.name: path.read_bytes() for pattern in GENERATED for path in (root / SOURCES).glob(pattern)}


def _script(name: str) -> str:
    """Find a console script of the environment that runs this."""
    return str(Path(sysconfig.get_path("scripts")) / name)


if __name__ == "__main__":
    sys.exit(main())
