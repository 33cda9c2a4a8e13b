"""What `followthrough policy migrate` says: of each ticket, and in sum. Instants are local to the reader's terminal."""

import json
import sys
from collections import Counter
from datetime import datetime, timedelta

import click
from rich.table import Table
from rich.text import Text

from services.cli import tables, wording
from services.cli.progress import TicketBar
from services.migration.applying import Done, Outcome
from services.migration.asked import Migration
from services.migration.preview import Move, Preview
from workflows.domain.ticket.state import Ticket

STANDS = "stands still"


class Rehearsed:
    """A dry run."""

    def __init__(self, migration: Migration, *, is_json: bool) -> None:
        self.progress = TicketBar(is_shown=not (is_json and sys.stdout.isatty()))
        self._migration = migration
        self._is_json = is_json
        self._lines: list[str] = []
        self._kept: list[str] = []
        """Of tickets that would stay as they are, with the reason."""
        self._versions: Counter[str] = Counter()
        """That tickets would leave."""
        self._moves: Counter[tuple[str, bool]] = Counter()
        """By what would move, and whether to an earlier instant."""
        self._there = 0
        self._over = 0

    @property
    def is_trouble(self) -> bool:
        """Whether some could not be moved."""
        return bool(self._kept)

    def take(self, each: Preview) -> None:
        """Hear of a ticket."""
        self.progress.advance()
        ticket = each.ticket
        why = f"it cannot be judged: {each.trouble}" if each.trouble else each.refusal.text if each.refusal else ""
        self._there += each.is_there
        self._over += each.is_over
        if self._is_json and not each.is_over:
            click.echo(_json(ticket, moves=[_move_data(move) for move in each.moves], refused=why or None))
        if why:
            self._kept.append(f"{ticket.reference}: {why}")
        elif not (each.is_there or each.is_over):
            self._versions[ticket.policy_version] += 1
            self._moves.update((move.what, move.is_earlier) for move in each.moves)
            self._lines += (f"{ticket.reference}  {_move(move)}" for move in each.moves)

    def so_far(self) -> str:
        """How far it was."""
        return "nothing was changed"

    def sum_up(self) -> None:
        """Say it all."""
        version = self._migration.version
        tickets = self._versions.total()
        if self._is_json:
            counts = {
                "to_version": version,
                "tickets": tickets,
                "from_versions": dict(self._versions),
                "earlier": {what: count for (what, is_earlier), count in self._moves.items() if is_earlier},
                "later": {what: count for (what, is_earlier), count in self._moves.items() if not is_earlier},
                "refused": len(self._kept),
                "there": self._there,
            }
            click.echo(json.dumps({"dry_run": counts}))
            return
        for line in self._lines:
            click.echo(line)
        if self._moves:
            tables.write(_counted(self._moves))
        for line in self._kept:
            click.echo(f"stays as it is: {line}")
        name = self._migration.onto.name
        if not tickets and not self._kept:
            there = f", {_tickets(self._there)} with it already" if self._there else ""
            click.echo(f"No running ticket of policy {name!r} would go on by version {version}{there}.")
            return
        left = ", ".join(f"{count} from {each}" for each, count in self._versions.most_common())
        kept = f"; {_tickets(len(self._kept))} would stay as {_they(len(self._kept))}" if self._kept else ""
        there = f"; {_tickets(self._there)} with it already" if self._there else ""
        click.echo(
            f"{_tickets(tickets)} of policy {name!r} would go on by version {version}"
            f"{f' ({left})' if left else ''}{kept}{there}."
        )
        click.echo("Nothing was changed: give --apply to do it.")


class Applied:
    """What was done."""

    def __init__(self, migration: Migration, *, is_json: bool) -> None:
        self.progress = TicketBar(is_shown=not (is_json and sys.stdout.isatty()))
        self.is_stopped = False
        """Whether it was asked to stop before it was done."""
        self.is_behind = False
        """Whether tickets were still being opened under older versions."""
        self._migration = migration
        self._is_json = is_json
        self._done: dict[str, Done] = {}

    @property
    def is_trouble(self) -> bool:
        """Whether some were not moved that ought to be."""
        counts = self._counts()
        return bool(counts[Outcome.REFUSED] or counts[Outcome.FAILED] or self.is_behind)

    def take(self, done: Done) -> None:
        """Hear of a ticket."""
        if done.ticket.ticket_id not in self._done:
            self.progress.advance()
        self._done[done.ticket.ticket_id] = done
        if self._is_json:
            click.echo(_json(done.ticket, outcome=done.outcome.value, why=done.why or None))

    def so_far(self) -> str:
        """How far it was."""
        return f"{_tickets(self._counts()[Outcome.MOVED])} moved, run it again for the others"

    def sum_up(self) -> None:
        """Say it all."""
        counts, version = self._counts(), self._migration.version
        if self._is_json:
            outcomes = {outcome.value: counts[outcome] for outcome in Outcome}
            facts = {"to_version": version, **outcomes, "stopped": self.is_stopped, "behind": self.is_behind}
            click.echo(json.dumps({"applied": facts}))
            return
        for done in self._done.values():
            if done.outcome in {Outcome.REFUSED, Outcome.FAILED}:
                click.echo(f"{done.outcome.value}: {done.ticket.reference}: {done.why}")
        said = [f"{_tickets(counts[Outcome.MOVED])} moved to version {version}"]
        said += (
            f"{counts[outcome]} {words}"
            for outcome, words in (
                (Outcome.THERE, "with it already"),
                (Outcome.CLOSED, "closed meanwhile"),
                (Outcome.REFUSED, "refused"),
                (Outcome.FAILED, "failed"),
            )
            if counts[outcome]
        )
        click.echo(f"{', '.join(said)}.")
        if self.is_stopped:
            click.echo("Stopped: run it again for the others.")
        elif counts[Outcome.FAILED]:
            click.echo("Run it again for those that failed.")
        if self.is_behind:
            click.echo("Tickets are still being opened under older versions: bring what opens them to this one first.")

    def _counts(self) -> Counter[Outcome]:
        return Counter(done.outcome for done in self._done.values())


def _counted(moves: Counter[tuple[str, bool]]) -> Table:
    table = tables.headed("what moves", "earlier", "later")
    for what in dict.fromkeys(what for what, _ in moves):
        table.add_row(Text(_words(what)), str(moves[what, True]), str(moves[what, False]))
    return table


def _move(move: Move) -> str:
    tier = f" of {move.tier}" if move.tier else ""
    if move.from_at is None or move.to_at is None:
        return f"{_words(move.what)}{tier}: {_length(move.from_length)} -> {_length(move.to_length)}, {STANDS}"
    way = "earlier" if move.is_earlier else "later"
    by = wording.seconds(int(abs(move.to_at - move.from_at).total_seconds()))
    return f"{_words(move.what)}{tier}: {_local(move.from_at)} -> {_local(move.to_at)} ({by} {way})"


def _move_data(move: Move) -> dict[str, object]:
    return {
        "what": move.what,
        "tier": move.tier or None,
        "from": move.from_at and move.from_at.isoformat(),
        "to": move.to_at and move.to_at.isoformat(),
        "from_seconds": move.from_length and move.from_length.total_seconds(),
        "to_seconds": move.to_length and move.to_length.total_seconds(),
    }


def _json(ticket: Ticket, **facts: object) -> str:
    named = {"ticket_id": ticket.ticket_id, "reference": ticket.reference, "from_version": ticket.policy_version}
    return json.dumps(named | facts, ensure_ascii=False)


def _words(what: str) -> str:
    return what.replace("_", " ")


def _local(at: datetime) -> str:
    return f"{at.astimezone():%a %d %b %Y %H:%M:%S %Z}"


def _length(length: timedelta | None) -> str:
    return wording.seconds(int((length or timedelta()).total_seconds()))


def _tickets(count: int) -> str:
    return f"{count} running ticket" + "s" * (count != 1)


def _they(count: int) -> str:
    return "it is" if count == 1 else "they are"
