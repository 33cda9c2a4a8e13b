"""A page that a tool writes to a file that was asked for."""

from pathlib import Path

import click

from services.cli.failing import Failed

FILE = click.Path(dir_okay=False, path_type=Path)
"""An option's type: where to write a page."""


def write_page(path: Path, text: str) -> None:
    """Write it and say so, beside the tool's own output; `Failed` with exit code 2 when that cannot be."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        why = (error.strerror or "it cannot be written").lower()
        raise Failed(f"{str(path)!r}: {why}: name a file in a folder that can be written to", exit_code=2) from None
    click.echo(f"followthrough: wrote {path}", err=True)
