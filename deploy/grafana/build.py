"""Writes the dashboards' JSON, or checks that what is committed is what the Python beside it gives.

python -m deploy.grafana.build           writes a file a dashboard beside this one
python -m deploy.grafana.build --check   writes nothing; exit 1 names each file that differs or lacks
"""

import argparse
import sys
from pathlib import Path

from deploy.grafana.drawn import as_json
from deploy.grafana.engine import ENGINE
from deploy.grafana.wall import WALL

FOLDER = Path(__file__).resolve().parent
BOARDS = {"wall.json": WALL, "engine.json": ENGINE}


def main() -> int:
    """Do what the command line asks; the exit status."""
    parser = argparse.ArgumentParser(description="Write the dashboards.")
    parser.add_argument("--check", action="store_true", help="compare with what is committed, write nothing")
    if parser.parse_args().check:
        return check(FOLDER)
    write(FOLDER)
    return 0


def write(into: Path) -> None:
    """Write every dashboard into this folder."""
    for name, board in BOARDS.items():
        (into / name).write_text(as_json(board), encoding="utf-8")


def check(folder: Path) -> int:
    """Compare the committed files with what the Python gives; 1 when they differ, or one is left over."""
    committed = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    fresh = {name: as_json(board) for name, board in BOARDS.items()}
    stale = sorted(name for name in fresh.keys() | committed.keys() if fresh.get(name) != committed.get(name))
    for name in stale:
        sys.stderr.write(f"deploy/grafana/{name} is not what its Python gives: run make dashboards\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
