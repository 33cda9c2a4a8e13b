"""`followthrough policy migrate` as a real process: what it says, what it does, and how it ends."""

import json
import re
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli import main
from services.records import RealClock, SettledBy, connect
from tests.support.engine import opening
from tests.support.processes import ended, environment, running
from tests.support.record import Outsider
from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.commands import Escalate
from workflows.domain.ticket.events import PolicyChanged

POLICY = '''"""A round-the-clock desk."""

from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, Targets, Tier, hours

always = Calendar.round_the_clock("UTC")
policy = Policy(
    name="{name}",
    calendar=always,
    resolve={{"normal": hours(500)}},
    tiers=(
        Tier(name="desk", calendar=always, targets={{"normal": Targets(
            acknowledge=hours({acknowledge}), update_every=hours(300), resolve=hours(400))}}),
        Tier(name="{second}", calendar=always, targets={{"normal": Targets(
            acknowledge=hours(400), update_every=hours(300), resolve=hours(400))}}),
    ),
    lead="team-lead",
    last_resort="duty-manager",
)
queues = ("home",)
'''


def written(folder: Path, file: str, *, name: str = "desk", acknowledge: float = 300, second: str = "expert") -> Path:
    """A policy's file."""
    path = folder / f"{file}.py"
    path.write_text(POLICY.format(name=name, acknowledge=acknowledge, second=second), encoding="utf-8")
    return path


class Desk:
    """A record with tickets of a policy, the file of another version of it, and the environment of a process."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.old = written(folder, "old")
        self.new = written(folder, "new", acknowledge=200)
        self.env = environment(folder, DATABASE_URL=url) | {"TZ": "Europe/London"}

    async def open(self, *ticket_ids: str) -> None:
        """Open tickets under the old version."""
        async with await connect(self.url, RealClock()) as records:
            for ticket_id in ticket_ids:
                await records.record.open_ticket(policy_in(self.old), opening(ticket_id))

    async def escalate(self, ticket_id: str) -> None:
        """One tier up."""
        async with await connect(self.url, RealClock()) as records:
            command = Escalate(actor="kim", from_tier="desk", reason="beyond us")
            await records.record.settle(ticket_id, command, by=SettledBy.INTAKE)

    async def changes(self) -> dict[str, int]:
        """How often each ticket's policy was changed."""
        async with await connect(self.url, RealClock()) as records:
            found = {}
            for (ticket_id,) in await Outsider(self.url).run("SELECT ticket_id FROM tickets ORDER BY ticket_id"):
                entries = await records.queries.entries(ticket_id)
                found[ticket_id] = sum(isinstance(entry.event, PolicyChanged) for entry in entries)
            return found


def policy_in(path: Path) -> Policy:
    """The policy that a file holds."""
    names: dict[str, Policy] = {}
    exec(path.read_text(encoding="utf-8"), names)  # noqa: S102 - the test's own file
    return names["policy"]


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Desk:
    """On SQLite."""
    return Desk(sqlite_url, tmp_path)


async def test_a_dry_run_tells_each_deadline_and_changes_nothing(desk: Desk) -> None:
    """7.3: reference, clock, from when to when in local time; counts; those that are refused and why."""
    await desk.open("T-1", "T-2", "T-3")
    await desk.escalate("T-3")
    gone = written(desk.folder, "gone", acknowledge=200, second="supplier")

    done = await ended("policy", "migrate", "desk", "--to", str(gone), env=desk.env)

    version = version_of(policy_in(gone))
    first, second, *_ = lines = done.out.splitlines()
    assert (done.code, done.err) == (1, "")
    for line, reference in ((first, "R-T-1"), (second, "R-T-2")):
        assert line.startswith(f"{reference}  acknowledge of desk: ")
        assert line.count(" GMT") + line.count(" BST") == 2
        assert line.endswith("(100 h earlier)")
    assert re.search(r"^ ?acknowledge +2 +0$", done.out, re.MULTILINE)
    assert lines[-3].startswith("stays as it is: R-T-3: cannot change the policy: the ticket is of tier 'expert'")
    assert "\n".join(lines[-2:]) == (
        f"2 running tickets of policy 'desk' would go on by version {version} "
        f"(2 from {version_of(policy_in(desk.old))}); 1 running ticket would stay as it is.\n"
        "Nothing was changed: give --apply to do it."
    )
    assert await desk.changes() == {"T-1": 0, "T-2": 0, "T-3": 0}


async def test_applied_it_says_what_it_did_and_again_it_finds_it_done(desk: Desk) -> None:
    """7.3: idempotent; a ticket whose tier is called otherwise goes with its new name."""
    await desk.open("T-1", "T-2", "T-3")
    await desk.escalate("T-3")
    gone = written(desk.folder, "gone", acknowledge=200, second="supplier")
    version = version_of(policy_in(gone))
    words = ("policy", "migrate", "desk", "--to", str(gone), "--apply")

    done = await ended(*words, env=desk.env)
    assert (done.code, done.out.splitlines()[-1]) == (
        1,
        f"2 running tickets moved to version {version}, 1 refused.",
    )
    assert done.out.startswith("refused: R-T-3: cannot change the policy: the ticket is of tier 'expert'")
    done = await ended(*words, "--tier", "expert=supplier", env=desk.env)
    assert (done.code, done.out) == (
        0,
        f"1 running ticket moved to version {version}, 2 with it already.\n",
    )
    done = await ended(*words, env=desk.env)
    assert (done.code, done.out) == (0, f"0 running tickets moved to version {version}, 3 with it already.\n")
    assert await desk.changes() == {"T-1": 1, "T-2": 1, "T-3": 1}
    dry = await ended("policy", "migrate", "desk", "--to", str(gone), env=desk.env)
    assert (dry.code, dry.out) == (
        0,
        f"No running ticket of policy 'desk' would go on by version {version}, 3 running tickets with it already.\n",
    )


async def test_a_program_reads_one_object_a_ticket_and_a_sum(desk: Desk) -> None:
    """House style: whoever scripts it parses no sentence. The version is the one in force, when none is named."""
    await desk.open("T-1", "T-2")
    words = ("policy", "migrate", "desk", "--json")
    env = desk.env | {"FOLLOWTHROUGH_POLICIES": str(desk.new)}
    old, new = version_of(policy_in(desk.old)), version_of(policy_in(desk.new))

    dry = [json.loads(line) for line in (await ended(*words, env=env)).out.splitlines()]
    done = [json.loads(line) for line in (await ended(*words, "--apply", env=env)).out.splitlines()]

    assert [(each["ticket_id"], each["from_version"], each["refused"]) for each in dry[:-1]] == [
        ("T-1", old, None),
        ("T-2", old, None),
    ]
    (move,) = dry[0]["moves"]
    assert (move["what"], move["tier"], move["from_seconds"], move["to_seconds"]) == (
        "acknowledge",
        "desk",
        300 * 3600,
        200 * 3600,
    )
    assert dry[-1]["dry_run"] == {
        "to_version": new,
        "tickets": 2,
        "from_versions": {old: 2},
        "earlier": {"acknowledge": 2},
        "later": {},
        "refused": 0,
        "there": 0,
    }
    assert sorted((each["ticket_id"], each["outcome"]) for each in done[:-1]) == [("T-1", "moved"), ("T-2", "moved")]
    assert done[-1]["applied"]["moved"] == 2


async def test_ctrl_c_ends_it_in_order_and_the_same_command_goes_on(desk: Desk) -> None:
    """7.3: resumable; what was begun is finished, and it says how to go on."""
    tickets = [f"T-{number:02}" for number in range(1, 41)]
    await desk.open(*tickets)
    words = ("policy", "migrate", "desk", "--to", str(desk.new), "--apply", "--json")

    async with running(*words, "--rate", "2", env=desk.env) as moving:
        await moving.say('"outcome": "moved"')
        code = await moving.stop(signal.SIGINT)
        said = moving.said + (await moving.process.communicate())[0].decode()
    stopped = json.loads(said.splitlines()[-1])["applied"]
    assert (code, stopped["stopped"]) == (130, True)
    assert 0 < stopped["moved"] < len(tickets)
    assert sum((await desk.changes()).values()) == stopped["moved"]

    done = await ended(*words, env=desk.env)
    counts = json.loads(done.out.splitlines()[-1])["applied"]
    assert (done.code, counts["moved"], counts["there"]) == (0, len(tickets) - stopped["moved"], stopped["moved"])
    assert await desk.changes() == dict.fromkeys(tickets, 1)


async def test_killed_anywhere_it_is_gone_on_with(record_url: str, tmp_path: Path) -> None:
    """7.3, 4.7: no orderly end is needed: each ticket is moved once, whatever a run had in hand."""
    desk = Desk(record_url, tmp_path)
    tickets = [f"T-{number:02}" for number in range(1, 31)]
    await desk.open(*tickets)
    words = ("policy", "migrate", "desk", "--to", str(desk.new), "--apply", "--json")

    for _ in range(2):
        async with running(*words, "--rate", "1", env=desk.env) as moving:
            await moving.say('"outcome": "moved"')
            await moving.stop(signal.SIGKILL)
        assert 0 < sum((await desk.changes()).values()) < len(tickets)
    await ended(*words, env=desk.env)

    assert await desk.changes() == dict.fromkeys(tickets, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody",), "there is no policy 'nobody'"),
        (("desk", "--to", "{renamed}"), "holds policy 'bureau', not 'desk': a policy that changes its name is another"),
        (("desk", "--tier", "expert=desk"), "--tier expert=desk: the version has 'expert': leave it out"),
        (("desk", "--tier", "clerk=boss"), "--tier clerk=boss: the version has no 'boss': name one of desk, expert"),
        (("desk", "--priority", "low=mid"), "the version has no 'mid': name one of normal"),
        (("desk", "--tier", "clerk"), "'clerk': write the name that is gone and the one in its place"),
        (("desk", "--tier", "a=desk", "--tier", "a=expert"), "--tier names 'a' twice: say once what takes its place"),
        (("desk", "--reason", ""), "reason is empty: say it"),
        (("desk", "--rate", "0"), "0 is not in the range 0.1<=x<=10000.0"),
    ],
)
def test_what_is_asked_wrongly_is_told(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """The issue's bad input: a policy that changes its name, a name that is still there, a reason that is none."""
    written(tmp_path, "old")
    files = {name: written(tmp_path, name, name=policy) for name, policy in (("new", "desk"), ("renamed", "bureau"))}
    to_new = () if words[0] == "nobody" or "--to" in words else ("--to", str(files["new"]))
    words = ("policy", "migrate", *(word.format_map(files) for word in words), *to_new)
    done = CliRunner().invoke(main, words, env={"FOLLOWTHROUGH_VAR_DIR": str(tmp_path)})
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


async def test_a_record_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    """Exit code 2, with the remedy, dry or not."""
    new = written(tmp_path, "new")
    env = environment(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/nothing.sqlite3")
    for more in ((), ("--apply",)):
        done = await ended("policy", "migrate", "desk", "--to", str(new), *more, env=env)
        assert (done.code, done.out) == (2, "")
        assert len(done.err.splitlines()) == 1
        assert done.err.startswith("followthrough: ")
