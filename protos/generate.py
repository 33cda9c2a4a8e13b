"""Generates the Python code of the contract, or checks that what is committed is what the contract gives.

    python protos/generate.py            writes *_pb2.py, *_pb2.pyi, *_pb2_grpc.py and *_pb2_grpc.pyi beside the protos
    python protos/generate.py --check    writes nothing; exit 1 names each file that differs, lacks or is left over
    python protos/generate.py --lint     buf's lint and format; exit 1 with what they say
    python protos/generate.py --breaking what would break callers of the last release; exit 1 with each line
    python protos/generate.py --release  keeps the contract of this version in protos/released/, for the check above

Files are compiled from the top of the checkout, so the import path is the folder and the output needs no patching. The
sources of google/rpc and google/api come from the wheel `googleapis-common-protos`: nothing is fetched.
"""

import argparse
import re
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = Path("protos/followthrough/v1")
GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi")
CONFIG = Path("protos/buf.yaml")
RELEASED = Path("protos/released")
"""One image a release, named by its version: the contract as callers of that release know it."""
_RELEASE = re.compile(r"\d+(\.\d+)*")


def main() -> int:
    """Do what the command line asks; the exit status."""
    parser = argparse.ArgumentParser(description="Generate the code of the contract.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare with what is committed, write nothing")
    mode.add_argument("--lint", action="store_true", help="run buf's lint and format, write nothing")
    mode.add_argument("--breaking", action="store_true", help="compare with the last release, write nothing")
    mode.add_argument("--release", action="store_true", help="keep the contract of this version")
    asked = parser.parse_args()
    for wanted, run in ((asked.lint, lint), (asked.check, check), (asked.breaking, breaking), (asked.release, release)):
        if wanted:
            return run()
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
        statuses = [
            _buf("lint", str(image), "--config", str(CONFIG), "--path", str(SOURCES.parent)),
            _buf("format", str(CONFIG.parent), "--diff", "--exit-code"),
        ]
    return 1 if any(statuses) else 0


def breaking() -> int:
    """Compare with the last release by buf; 1 when a caller of that release would be broken."""
    releases = sorted((ROOT / RELEASED).glob("*.binpb"), key=lambda path: _numbers(path.stem))
    if not releases:
        sys.stderr.write(f"{RELEASED} has no release: keep one with python protos/generate.py --release\n")
        return 1
    last = str(releases[-1].relative_to(ROOT))
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "contract.binpb"
        _compile("--include_imports", "--include_source_info", f"--descriptor_set_out={image}")
        found = _buf("breaking", str(image), "--against", last, "--config", str(CONFIG), "--path", str(SOURCES.parent))
    return 1 if found else 0


def release() -> int:
    """Keep the contract under the version of pyproject.toml; 1 when that is no release's, or is released already."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if not _RELEASE.fullmatch(version):
        sys.stderr.write(f"version {version!r} in pyproject.toml is no release's: write numbers and dots, like 1.2.0\n")
        return 1
    image = ROOT / RELEASED / f"{version}.binpb"
    if image.exists():
        sys.stderr.write(f"{image.relative_to(ROOT)} is there: a release stays as it was, raise the version first\n")
        return 1
    image.parent.mkdir(exist_ok=True)
    _compile("--include_imports", f"--descriptor_set_out={image}")
    return 0


def _compile(*arguments: str) -> None:
    """Run protoc over the contract; ends the process with its message when that fails."""
    sources = [str(path.relative_to(ROOT)) for path in sorted((ROOT / SOURCES).glob("*.proto"))]
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I", ".", "-I", sysconfig.get_path("purelib")]
    if subprocess.run((*command, *arguments, *sources), cwd=ROOT, check=False).returncode:  # noqa: S603 - our own
        sys.exit(1)


def _generated(root: Path) -> dict[str, bytes]:
    """Read the generated files under that root, by name."""
    return {path.name: path.read_bytes() for pattern in GENERATED for path in (root / SOURCES).glob(pattern)}


def _buf(*arguments: str) -> int:
    """Run buf from the top of the checkout; its exit status."""
    return subprocess.run((_script("buf"), *arguments), cwd=ROOT, check=False).returncode  # noqa: S603 - our own


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def _script(name: str) -> str:
    """Find a console script of the environment that runs this."""
    return str(Path(sysconfig.get_path("scripts")) / name)


if __name__ == "__main__":
    sys.exit(main())
