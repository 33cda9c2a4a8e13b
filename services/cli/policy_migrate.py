"""`followthrough policy migrate`: running tickets go on by another version of their policy, after a dry run.

0: all of them could, or did. 1: some are refused, or could not be moved. 2: not understood, or the record is out of
reach. 130: stopped by Ctrl-C; the same command goes on.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

import click

from services import logs, parts, process
from services.cli.failing import Failed
from services.cli.lazy import STOPPED
from services.cli.migration_shown import Applied, Rehearsed
from services.cli.policy_spec import policy_of
from services.cli.process_help import LOGS, RECORD, TEMPORAL, Process
from services.loops import Loops
from services.migration.applying import PER_SECOND, Mover
from services.migration.asked import Migration
from services.migration.found import running
from services.migration.rehearsal import rehearse
from services.process import CannotStart
from services.records.errors import RecordError
from services.settings import Settings, SettingsError
from workflows.domain.errors import TextError
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Renaming
from workflows.domain.ticket.texts import require_texts

REASON = "moved to another version of the policy"
FASTEST = 10_000.0


class NewName(click.ParamType[Renaming]):
    """`OLD=NEW` on the command line."""

    name = "old=new"

    def convert(self, value: str | Renaming, param: click.Parameter | None, ctx: click.Context | None) -> Renaming:
        """Read it, or refuse with the remedy."""
        if isinstance(value, Renaming):
            return value
        old, equals, new = (part.strip() for part in value.partition("="))
        if not (old and equals and new):
            self.fail(f"{value!r}: write the name that is gone and the one in its place, like clerk=agent", param, ctx)
        return Renaming(old=old, new=new)


@click.command(cls=Process, reads=(*RECORD, "clock", "actor", "policies", *TEMPORAL, *LOGS))
@click.argument("name")
@click.option("--to", "spec", metavar="SPEC", help="The version to go to. Default: NAME as it is in force.")
@click.option("--from", "versions", multiple=True, metavar="VERSION", help="Only tickets that have this one.")
@click.option("--queue", "queues", multiple=True, help="Only tickets of this queue.")
@click.option("--tier", "tiers", type=NewName(), multiple=True, help="A tier that the version calls otherwise.")
@click.option("--priority", "priorities", type=NewName(), multiple=True, help="A priority that it calls otherwise.")
@click.option("--apply", "is_applied", is_flag=True, help="Do it. Without this nothing is changed.")
@click.option("--rate", type=click.FloatRange(0.1, FASTEST), default=PER_SECOND, help="Tickets a second. Default: 100.")
@click.option("--reason", default=REASON, help="Why: it stands in each ticket's log.")
@click.option("--actor", help="Who asks. Default: FOLLOWTHROUGH_ACTOR, else the login name.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object a ticket, and one that sums up.")
def migrate(
    *,
    name: str,
    spec: str | None,
    versions: tuple[str, ...],
    queues: tuple[str, ...],
    tiers: tuple[Renaming, ...],
    priorities: tuple[Renaming, ...],
    is_applied: bool,
    rate: float,
    reason: str,
    actor: str | None,
    is_json: bool,
) -> None:
    """Have the running tickets of policy NAME go on by another version of it: a dry run, unless told to --apply.

    Time spent and pauses are kept, breaches stand, and no deadline is moved into the past: a target that is spent
    already keeps the tier's new acknowledge target, and no more than it had left. So do reminders, sign-off silence and
    the last resort's. Closed tickets keep the policy that they were closed under.

    A ticket in a tier or of a priority that the version has not is refused, unless --tier or --priority says what takes
    its place. Applying may be stopped anywhere: the same command goes on, and finds what is done.
    """
    try:
        settings = Settings.load()
    except SettingsError as error:
        raise Failed(str(error), exit_code=2) from None
    onto = policy_of(spec or name)
    _require(name, onto, spec, tiers, priorities)
    migration = Migration(
        onto=onto,
        actor=actor or settings.actor,
        reason=reason,
        from_versions=frozenset(versions),
        queues=tuple(dict.fromkeys(queues)),
        tiers=tiers,
        priorities=priorities,
    )
    try:
        require_texts(migration.command)
    except TextError as error:
        raise Failed(str(error), exit_code=2) from None
    logs.configure(settings.log_level, settings.log_format)
    if is_applied:
        _apply(settings, migration, rate, Applied(migration, is_json=is_json))
    else:
        _rehearse(settings, migration, Rehearsed(migration, is_json=is_json))


def _require(
    name: str, onto: Policy, spec: str | None, tiers: tuple[Renaming, ...], priorities: tuple[Renaming, ...]
) -> None:
    """See that it is the same policy, and that only names are given another that it has no more."""
    if onto.name != name:
        raise Failed(
            f"{spec} holds policy {onto.name!r}, not {name!r}: a policy that changes its name is another one, give it "
            "back its name",
            exit_code=2,
        )
    for option, renamings, known in (("--tier", tiers, onto.tier_names), ("--priority", priorities, onto.priorities)):
        for each in renamings:
            if each.old in known:
                raise Failed(f"{option} {each.old}={each.new}: the version has {each.old!r}: leave it out", exit_code=2)
            if each.new not in known:
                raise Failed(
                    f"{option} {each.old}={each.new}: the version has no {each.new!r}: name one of {', '.join(known)}",
                    exit_code=2,
                )
        for old, times in Counter(each.old for each in renamings).items():
            if times > 1:
                raise Failed(f"{option} names {old!r} twice: say once what takes its place", exit_code=2)


def _rehearse(settings: Settings, migration: Migration, shown: Rehearsed) -> None:
    async def look() -> None:
        async with parts.record(settings, is_written=False) as record:
            with shown.progress:
                shown.progress.expects(await running(record.queries, migration))
                async for each in rehearse(record.queries, migration):
                    shown.take(each)

    _end(lambda: asyncio.run(look()), shown)
    shown.sum_up()
    if shown.is_trouble:
        raise SystemExit(1)


def _apply(settings: Settings, migration: Migration, per_second: float, shown: Applied) -> None:
    """Move them; leaves the process, as processes that talk to Temporal do."""

    async def move() -> None:
        async with AsyncExitStack() as ending:
            loops = Loops()
            record = await ending.enter_async_context(parts.record(settings))
            nudger = await parts.make_nudger(settings, record)
            await ending.enter_async_context(parts.nudging(nudger, loops))
            mover = Mover(record.record, record.queries, nudger, migration, per_second=per_second)
            process.stop_gently(mover.stop)
            with shown.progress:
                shown.progress.expects(await running(record.queries, migration))
                await mover.run(shown.take)
            shown.is_stopped, shown.is_behind = mover.is_stopped, mover.is_behind

    code = 0
    try:
        _end(lambda: asyncio.run(move()), shown)
        shown.sum_up()
        code = STOPPED if shown.is_stopped else int(shown.is_trouble)
    except Failed as failed:
        failed.show()
        code = failed.exit_code
    process.leave(code)


def _end(work: Callable[[], None], shown: Rehearsed | Applied) -> None:
    """Do the work; say in one line what it ended in, and how far it was."""
    try:
        work()
    except (SettingsError, CannotStart) as error:
        raise Failed(str(error), exit_code=2) from None
    except RecordError as error:
        raise Failed(f"{shown.so_far()}: {error}", exit_code=2) from None
    except KeyboardInterrupt:
        raise Failed(f"{shown.so_far()}: stopped", exit_code=STOPPED) from None
