"""The command line: one program, a subcommand a process and the operator's tools. The only part that prints.

A subcommand's module is imported when it is asked for, so that help and `ticket` answer at once.
"""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from services.cli.failing import Failed
from services.cli.lazy import STOPPED, LazyGroup, Subcommand

UNWRITABLE = frozenset({errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT})
"""What is wrong with an output that takes no more; a reader who has left is click's to tell."""


SUBCOMMANDS = {
    "up": Subcommand("processes", "up", "Run everything on this machine, until Ctrl-C."),
    "ticket": Subcommand("ticket", "ticket", "Open tickets, show them and work on them."),
    "article": Subcommand("article", "article", "Write answers that can be suggested; see what they were good for."),
    "queue": Subcommand("queue", "queue", "Close a queue that cannot work, and open it again."),
    "problem": Subcommand("problem", "problem", "Know one fault behind many tickets; tell all their customers."),
    "policy": Subcommand("policy", "policy", "See what a policy does before it is live: show, explain, compare."),
    "words": Subcommand("words", "words", "See what messages say: list them, show one, check the templates."),
    "feed": Subcommand("feed", "feed", "Drive a help desk's event log through it; compare record and domain."),
    "intake": Subcommand("processes", "intake", "Run intake alone: the gRPC door."),
    "worker": Subcommand("processes", "worker", "Run the worker alone: the tickets' durable timers."),
    "keeper": Subcommand("processes", "keeper", "Run the keeper alone: settles what is late, sends what is owed."),
    "delivery": Subcommand("processes", "delivery", "Run delivery alone: sends what somebody is to be told."),
    "roster": Subcommand("processes", "roster", "Run the roster alone: asks who is on duty, and records it."),
    "exporter": Subcommand("processes", "exporter", "Run the exporter alone: the metrics page."),
    "rebuild": Subcommand("rebuild", "rebuild", "Give every open ticket a timer in another Temporal."),
    "migrate": Subcommand("processes", "migrate", "Bring the record's schema up to this version."),
}
"""Every subcommand, in the order of the overview."""


class Program(LazyGroup):
    """The whole program: what no part could read is refused, and what no part was ready for ends it in one line."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        """Refuse what no part could write down, before any looks at it."""
        for argument in args:
            if not _is_text(argument):
                shown = argument.encode(errors="surrogateescape").decode(errors="replace")
                raise Failed(f"argument {shown!r} is not UTF-8: write it in UTF-8", exit_code=2)
        with _writable_output():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Do what is asked; a Ctrl-C that no subcommand was ready for ends it without a word."""
        try:
            with _writable_output():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells us, and `make` tells us again
            ctx.exit(STOPPED)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one."""
        # Read when gRPC is imported. Below that its core writes lines of its own, one for each broken handshake.
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
        return super().get_command(ctx, cmd_name)


@contextmanager
def _writable_output() -> Iterator[None]:
    """Say in one line that the output takes no more."""
    try:
        yield
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        # What is still waiting to be written would be tried again at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        why = (error.strerror or "").lower()
        raise Failed(f"the answer could not be written: {why}: see where the output goes", exit_code=2) from None


def _is_text(argument: str) -> bool:
    """Whether the terminal gave characters; other bytes come as halves of surrogate pairs."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


@click.group(cls=Program, table=SUBCOMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="followthrough")
def main() -> None:
    """Keep every promise made to a customer, or say loudly that it was broken.

    Settings come from the environment (FOLLOWTHROUGH_…); with none set, everything runs embedded on this machine.
    """
