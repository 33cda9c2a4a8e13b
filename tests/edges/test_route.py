"""The users' own `route` and `roster`: plain Python that may fail in any way, and never loses a request by it."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.policy_host.asking import Reason, Unanswered
from services.policy_host.in_force import Policies
from services.policy_host.questions import questions
from tests.policies.example import EXAMPLE
from tests.support.policy_files import PATIENT, ROUTING, PolicyFiles, a_request, held, named
from tests.support.waiting import PATIENCE_SECONDS, until
from workflows.domain.routing import Route

DEFAULT = Route(queue="garden", priority="normal")
SHOP = Route(queue="shop", priority="normal")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
IMPATIENT = replace(PATIENT, route_seconds=2, watch_seconds=0.05)
"""A route that never ends is given up; any other may be late on a busy machine, and is asked again."""


@pytest.fixture
def files(tmp_path: Path) -> PolicyFiles:
    """A folder with two policies: `garden`, where the default leads, and `shop`, which has another priority too."""
    files = PolicyFiles(folder=tmp_path / "policies")
    files.folder.mkdir()
    files.write("garden.py", EXAMPLE)
    row = '"normal": Targets('
    assert row in EXAMPLE
    both = named("craft", "shop").replace('"normal": hours(8)', '"urgent": hours(8), "normal": hours(8)')
    targets = "Targets(acknowledge=minutes(30), update_every=hours(2), resolve=hours(4))"
    files.write("craft.py", both.replace(f'"normal": {targets}', f'"urgent": {targets}, "normal": {targets}'))
    return files


Answers = Callable[[str], PolicyFiles]


@pytest.fixture
def answers(files: PolicyFiles) -> Answers:
    """Put the body of a route into a file of its own; `SHOP` is a Route to the shop."""

    def write(body: str) -> PolicyFiles:
        shop = 'SHOP = Route(queue="shop", priority="normal")\n'
        files.write("routing.py", ROUTING, shop, "def route(request):", *(f"    {line}" for line in body.splitlines()))
        return files

    return write


async def routed_at_last(policies: Policies) -> None:
    """Ask until the route answers again, as it does once the process that was late has been replaced."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await policies.now.place(a_request()) != SHOP:  # noqa: ASYNC110 - an answer is no event
            await asyncio.sleep(0.01)  # whoever replaces it needs a turn


async def test_a_request_that_does_not_say_goes_where_the_route_says(answers: Answers) -> None:
    """It is told everything that the caller said, as plain values."""
    body = """
if request.subject == "a vase" and request.channel == "phone" and request.customer_id == "c-1":
    return Route(queue="shop", priority="urgent")
return default_route
"""
    async with held(answers(body)) as policies:
        assert policies.now.has_default
        asked = a_request(subject="a vase", channel="phone", customer_id="c-1")
        assert await policies.now.place(asked) == Route(queue="shop", priority="urgent")
        assert await policies.now.place(a_request()) == DEFAULT
        assert policies.counts.routed == 2
        assert policies.counts.route_failures.total() == 0


async def test_what_the_caller_said_goes_before(answers: Answers) -> None:
    """The route fills in what was left open, no more; a name that nobody declared is the caller's to mend."""
    async with held(answers('return Route(queue="shop", priority="urgent")')) as policies:
        place = policies.now.place
        assert await place(a_request(priority="normal")) == SHOP
        assert await place(a_request(queue="shop")) == Route(queue="shop", priority="urgent")
        assert await place(a_request(queue="nowhere")) == Route(queue="nowhere", priority="normal")
        assert await place(a_request(priority="asap")) == Route(queue="garden", priority="asap")
        assert policies.counts.routed == 2


async def test_the_default_stands_beside_what_the_caller_said_as_far_as_it_can(answers: Answers) -> None:
    """A priority that the default's queue lacks goes to a queue that has it; a queue takes its own least urgent one."""
    async with held(answers("raise KeyError")) as policies:
        assert await policies.now.place(a_request(priority="urgent")) == Route(queue="shop", priority="urgent")
        assert await policies.now.place(a_request(queue="shop")) == SHOP


async def test_a_default_alone_does_without_a_route(files: PolicyFiles) -> None:
    """Then nothing is asked, and no process is kept for it."""
    files.write("routing.py", ROUTING)
    async with held(files) as policies:
        assert policies.now.child is None
        assert await policies.now.place(a_request()) == DEFAULT
        assert policies.counts.routed == 0


@pytest.mark.parametrize(
    ("body", "reason", "why"),
    [
        ("raise KeyError(request.subject)", Reason.RAISED, "KeyError at {}:9"),
        ("import sys; sys.exit(request.subject)", Reason.RAISED, "SystemExit at {}:9"),
        ("return None", Reason.NONSENSE, "it answered a value of type NoneType, not a Route"),
        ("return request.subject", Reason.NONSENSE, "it answered a value of type str, not a Route"),
        (
            "return Route(queue=7, priority='normal')",
            Reason.NONSENSE,
            "it answered a Route whose queue or priority is no text",
        ),
        *(
            (
                f"return Route(queue={queue}, priority={priority})",
                Reason.NONSENSE,
                "it named a queue or a priority that is not declared, or not for each other",
            )
            for queue, priority in (("request.subject", "'normal'"), ("'garden'", "'urgent'"), ("'shop'", "''"))
        ),
    ],
)
async def test_a_route_that_fails_is_loud_and_the_default_holds(
    answers: Answers, caplog: pytest.LogCaptureFixture, body: str, reason: Reason, why: str
) -> None:
    """A line with what and where, a count by reason, the default; never a customer's word, nor another process."""
    files = answers(body)
    async with held(files) as policies:
        child = policies.now.child
        assert await policies.now.place(a_request(subject="Canary-4711")) == DEFAULT
        assert policies.counts.route_failures[reason] == policies.counts.route_failures.total() == 1
        assert policies.now.child is child

    (line,) = [vars(each) for each in caplog.records if each.getMessage() == "route failed, the default holds"]
    assert (line["reason"], line["why"]) == (reason.value, why.format(files.folder / "routing.py"))
    assert "Canary-4711" not in caplog.text + str([vars(each) for each in caplog.records])


async def test_what_a_route_prints_is_thrown_away(answers: Answers, caplog: pytest.LogCaptureFixture) -> None:
    """It may hold a customer's words; and it is never taken for an answer."""
    noise = 'import os\nprint(request.subject)\nos.write(1, b"{}\\n" * 100_000)\nos.write(2, b"x")\nreturn SHOP'
    async with held(answers(noise)) as policies:
        assert await policies.now.place(a_request(subject="Canary-4711")) == SHOP

    assert "Canary-4711" not in str([vars(each) for each in caplog.records])


async def test_requests_are_routed_beside_each_other(answers: Answers) -> None:
    """Eight that wait for each other all get their answer: a slow one holds nobody up."""
    files = answers("meeting.wait()\nreturn SHOP")
    files.write(
        "routing.py", "import threading\nmeeting = threading.Barrier(8)", (files.folder / "routing.py").read_text()
    )
    async with held(files) as policies:
        assert await asyncio.gather(*(policies.now.place(a_request()) for _ in range(8))) == [SHOP] * 8


@pytest.mark.parametrize(
    "trap",
    [
        "while True: pass",
        "import re; re.match(r'(a+)+$', 'a' * 64 + 'b')",
        "import threading; threading.Event().wait()",
    ],
    ids=["loops", "holds all threads up", "waits"],
)
async def test_a_route_that_never_ends_is_given_up_and_its_process_replaced(
    answers: Answers, caplog: pytest.LogCaptureFixture, trap: str
) -> None:
    """The one request goes by the default, those after it are routed again, and nothing of it is left."""
    async with held(answers(f"if request.subject == 'trap':\n    {trap}\nreturn SHOP"), IMPATIENT) as policies:
        await routed_at_last(policies)
        child = policies.now.child
        assert child is not None
        pid = child.pid

        assert await policies.now.place(a_request(subject="trap")) == DEFAULT
        assert policies.counts.route_failures[Reason.LATE] >= 1
        await until(lambda: policies.now.child not in {child, None})
        await routed_at_last(policies)
        assert policies.counts.restarts >= 1
        await until(lambda: not Path(f"/proc/{pid}").exists())

    assert "the process that answers for the policies is replaced" in caplog.messages


async def test_a_route_that_ends_its_process_costs_one_default(answers: Answers) -> None:
    """The next ones are routed by a new one."""
    async with held(
        answers("import os\nif request.subject == 'trap': os._exit(0)\nreturn SHOP"), IMPATIENT
    ) as policies:
        await routed_at_last(policies)
        assert await policies.now.place(a_request(subject="trap")) == DEFAULT
        assert policies.counts.route_failures[Reason.AWAY] >= 1
        await routed_at_last(policies)


async def test_a_route_that_never_ends_again_and_again_is_not_started_again_and_again(answers: Answers) -> None:
    """After the second time there is a pause, in which nothing of it runs, and requests go by the default at once."""
    async with held(answers("while request.subject == 'trap': pass\nreturn SHOP"), IMPATIENT) as policies:
        await routed_at_last(policies)
        while policies.now.child is not None:
            assert await policies.now.place(a_request(subject="trap")) == DEFAULT
        assert await policies.now.place(a_request()) == DEFAULT
        assert policies.counts.route_failures[Reason.AWAY] >= 1
        assert policies.counts.restarts >= 2
        await routed_at_last(policies)


async def test_with_its_files_broken_a_route_that_has_ended_is_the_default_until_they_are_mended(
    answers: Answers,
) -> None:
    """The policies stay in force, requests go by the default, loudly; mended, they are routed again."""
    body = "import os\nif request.subject == 'trap': os._exit(0)\nreturn SHOP"
    files = answers(body)
    async with held(files, IMPATIENT) as policies:
        await routed_at_last(policies)
        files.write("garden.py", "raise KeyError\n")
        await until(lambda: policies.counts.is_broken)
        assert await policies.now.place(a_request(subject="trap")) == DEFAULT
        assert await policies.now.place(a_request()) == DEFAULT
        assert set(policies.now.promised.queues) == {"garden", "shop"}
        files.write("garden.py", EXAMPLE)
        await routed_at_last(policies)


async def test_nothing_is_left_when_the_policies_are_stopped(answers: Answers) -> None:
    """The process that answers ends with those that ask it."""
    async with held(answers("return SHOP")) as policies:
        assert policies.now.child is not None
        pid = policies.now.child.pid
        os.kill(pid, 0)

    await until(lambda: not Path(f"/proc/{pid}").exists())


async def test_a_roster_says_who_is_on_duty(files: PolicyFiles) -> None:
    """4.9: names in their order, each once; nobody is an answer; it is told the tier and an instant in UTC."""
    roster = """
def roster(tier, at):
    if tier == "gardener":
        return ["ana", "ben", "ana"] if at.isoformat() == "2026-11-23T09:00:00+00:00" else []
    return {"cleo"}
"""
    files.write("garden.py", EXAMPLE, roster)
    async with held(files) as policies:
        assert policies.now.loaded.rosters == frozenset({"gardening"})
        assert await policies.roster("gardening", "gardener", MONDAY) == ("ana", "ben")
        assert await policies.roster("gardening", "gardener", MONDAY.replace(hour=8)) == ()
        assert await policies.roster("gardening", "head", MONDAY) == ("cleo",)
        assert policies.counts.rosters == 3


@pytest.mark.parametrize(
    ("body", "reason", "why"),
    [
        ("raise KeyError('Canary-4711')", Reason.RAISED, "KeyError at {}:25"),
        ("return None", Reason.NONSENSE, "it answered a value of type NoneType, not a tuple of names"),
        ("return 'Canary-4711'", Reason.NONSENSE, "it answered a value of type str, not a tuple of names"),
        ("return ('ana', 7)", Reason.NONSENSE, "it named a value of type int, not a name in quotes"),
        (
            "return ('Canary-4711 ',)",
            Reason.NONSENSE,
            "it answered a name that begins or ends with a space: leave it out",
        ),
        ("return ('',)", Reason.NONSENSE, "it answered a name that is empty: say it"),
        ("return map(str, range(2000))", Reason.NONSENSE, "it answered more than 1000 names"),
        ("return iter(int, 1)", Reason.NONSENSE, "it answered more than 1000 names"),
    ],
)
async def test_a_roster_that_fails_gives_no_answer(
    files: PolicyFiles, caplog: pytest.LogCaptureFixture, body: str, reason: Reason, why: str
) -> None:
    """4.9: its last answer stays; the line says what and where, and never a name."""
    path = files.write("garden.py", EXAMPLE, f"def roster(tier, at):\n    {body}\n")
    async with held(files) as policies:
        with pytest.raises(Unanswered) as raised:
            await policies.roster("gardening", "gardener", MONDAY)
        assert (raised.value.reason, str(raised.value)) == (reason, why.format(path))
        assert policies.counts.roster_failures[reason] == policies.counts.roster_failures.total() == 1

    assert "roster failed, its last answer stays" in caplog.messages
    assert "Canary-4711" not in str([vars(each) for each in caplog.records])


async def test_of_a_policy_without_a_roster_nobody_is_asked(files: PolicyFiles) -> None:
    """A reload may have taken it away since."""
    async with held(files) as policies:
        with pytest.raises(Unanswered) as raised:
            await policies.roster("gardening", "gardener", MONDAY)
        assert raised.value.reason is Reason.AWAY


def test_a_tool_asks_a_roster_without_an_event_loop(files: PolicyFiles) -> None:
    """One after the other; who fails is asked again, who is late is not, and nothing is left running."""
    roster = """
def roster(tier, at):
    if tier == "nobody":
        raise KeyError(tier)
    while tier == "never":
        pass
    return ("ana",)
"""
    path = files.write("garden.py", EXAMPLE, roster)
    with questions([str(path)], seconds=PATIENCE_SECONDS) as ask:
        assert ask.loaded.rosters == frozenset({"gardening"})
        assert ask.roster("gardening", "gardener", MONDAY) == ("ana",)
        with pytest.raises(Unanswered, match="KeyError at"):
            ask.roster("gardening", "nobody", MONDAY)
        assert ask.roster("gardening", "gardener", MONDAY) == ("ana",)
    with questions([str(path)], seconds=0.1) as ask:
        for reason in (Reason.LATE, Reason.AWAY):
            with pytest.raises(Unanswered) as raised:
                ask.roster("gardening", "never", MONDAY)
            assert raised.value.reason is reason
