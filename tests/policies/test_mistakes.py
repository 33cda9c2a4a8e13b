"""Slips in the file of a policy: each is told with its place and the remedy, all of them at once (semantics 7.1)."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.policies.example import EXAMPLE
from workflows.domain.errors import PolicyError
from workflows.policies import load

Refused = Callable[[str], tuple[str, ...]]
_numbers = count(1)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Put text in the file of a policy; the module's name, which no other test has used."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(text: str) -> str:
        name = f"made_up_policy_{next(_numbers)}"
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        return name

    return write


@pytest.fixture
def refused(write: Callable[[str], str], tmp_path: Path) -> Refused:
    """Load the text of a policy that must be refused; the problems, by the name `it`."""

    def refused(text: str) -> tuple[str, ...]:
        name = write(text)
        with pytest.raises(PolicyError) as raised:
            load((name,))
        return tuple(
            problem.replace(str(tmp_path / f"{name}.py"), "it.py").replace(name, "it")
            for problem in raised.value.problems
        )

    return refused


def test_the_example_loads(write: Callable[[str], str]) -> None:
    """What the slips below are made in is sound."""
    assert load((write(EXAMPLE),)).queues == {"garden": "gardening"}


@pytest.mark.parametrize(
    ("right", "slip", "told"),
    [
        ("minutes(30)", "minuts(30)", "it.py:14: name 'minuts' is not defined: did you mean 'minutes'?"),
        (
            "hours, minutes",
            "hours",
            "it.py:14: name 'minutes' is not defined: add `from workflows.domain.policy import minutes`",
        ),
        (
            "hours, minutes",
            "hours, minute",
            "it.py:2: workflows.domain.policy has no 'minute': did you mean 'minutes'?",
        ),
        ("update_every", "updates_every", "it.py:14: Targets has no 'updates_every': did you mean 'update_every'?"),
        ("acknowledge=", "ack=", "it.py:14: Targets has no 'ack': use one of acknowledge, resolve, update_every"),
        (", resolve=hours(4)", "", "it.py:14: Targets(…) lacks resolve: write resolve=…"),
        (
            "acknowledge=minutes(30), update_every=hours(2), resolve=hours(4)",
            "minutes(30), hours(2), hours(4)",
            "it.py:14: Targets(…) takes 1 positional argument but 4 were given: name each field, like acknowledge=…",
        ),
        ('    lead="head-gardener",\n', "", "it.py:6: Policy(…) lacks lead: write lead=…"),
        (
            "hours(8)}",
            "hours(8}",
            "it.py:9: closing parenthesis '}' does not match opening parenthesis '(' (see the line before it too)",
        ),
        (
            '"Europe/London"',
            '"Europe/Londn"',
            "it.py:5: calendar 'Europe/Londn': unknown time zone 'Europe/Londn': did you mean 'Europe/London'?",
        ),
        (
            '{"mon-fri": "09:00-17:00"}',
            '{"mon-fri": "09:00-17:00"}, closed=public_holidays("GB-ENG", years=(2026,))',
            (
                "it.py:5: name 'public_holidays' is not defined: "
                "add `from workflows.closed_dates.public_holidays import public_holidays`"
            ),
        ),
        (
            "desk = Calendar",
            (
                "from workflows.closed_dates.public_holidays import public_holidays\n"
                "public_holidays('GB-ENX', years=(2026,))\ndesk = Calendar"
            ),
            "it.py:6: public holidays of 'GB-ENX': GB has no region 'ENX': did you mean 'GB-ENG'?",
        ),
        (
            "desk = Calendar",
            "desk = FollowTheSun",
            (
                "it.py:5: name 'FollowTheSun' is not defined: "
                "add `from workflows.domain.follow_the_sun import FollowTheSun`"
            ),
        ),
        (
            "Target.UPDATE",
            "Target.UPDATES",
            "it.py:15: Target has no 'UPDATES': did you mean 'UPDATE'?",
        ),
        ("hours(8)", "1 / 0", "it.py:9: ZeroDivisionError: division by zero: compare this line with docs/policy.md"),
        ('("garden",)', '("garden")', "it: queues is 'garden', not a tuple: write ('garden',), with its comma"),
        ('("garden",)', '["garden"]', "it: queues is of type list, not a tuple: write ('home',), with its comma"),
        ('("garden",)', "(7,)", "it: a queue is 7: write a name in quotes, like 'home'"),
        ('("garden",)', '("",)', "it: queues names one that is empty: give it a name, like 'home'"),
        ('("garden",)', '("garden ",)', "it: a queue 'garden ' begins or ends with a space: leave it out"),
        (
            '("garden",)',
            '("garden\\0",)',
            "it: a queue 'garden\\x00' has the character U+0000 at 6: leave control characters out",
        ),
        ('("garden",)', "()", "it: it has no `queues`: name the desks it serves, like queues = ('home',)"),
        ("policy = Policy(", "garden = Policy(", "it: it has no `policy`: end the module with policy = Policy(…)"),
        (
            "hours(8)",
            "8",
            "it.py:6: policy 'gardening': resolve for priority 'normal' is 8: write hours(8) or minutes(15)",
        ),
    ],
)
def test_a_slip_is_told_with_its_line_and_the_remedy(refused: Refused, right: str, slip: str, told: str) -> None:
    """7.1: file and line, what is wrong, what to write."""
    assert right in EXAMPLE
    assert refused(EXAMPLE.replace(right, slip)) == (told,)


def test_a_calendar_without_hours_is_one_problem(refused: Refused) -> None:
    """7.1, 3.5: said once, not once a target."""
    (told,) = refused(EXAMPLE.replace('{"mon-fri": "09:00-17:00"}', "{}"))
    assert told == (
        "it.py:6: policy 'gardening': calendar 'Europe/London closed all week' has no more than 0 h open in 730 days, "
        "too little for give_up, 36 h, nor for 8 more: give it more hours, or promise less"
    )


def test_all_policies_are_told_at_once(write: Callable[[str], str]) -> None:
    """7.1: whoever edits two files mends both before the next start."""
    one, other = write(EXAMPLE.replace("minutes(30)", "minuts(30)")), write(EXAMPLE.replace("hours(8)", "8"))
    with pytest.raises(PolicyError) as raised:
        load((one, other))
    assert [one in raised.value.problems[0], other in raised.value.problems[1]] == [True, True]
    assert len(raised.value.problems) == 2


def test_two_policies_of_one_name_or_queue_are_told(write: Callable[[str], str]) -> None:
    """A queue goes by one policy, and a policy's name says which."""
    name = write(EXAMPLE)
    with pytest.raises(PolicyError) as raised:
        load((write(EXAMPLE), name))
    assert raised.value.problems == (
        f"{name}: policy 'gardening' is declared twice: rename one",
        f"{name}: queue 'garden' is served by 'gardening' already: name each queue once",
    )


@pytest.mark.parametrize(
    ("modules", "told"),
    [
        (
            "workflows.policies.broadband",
            (
                "MODULES is 'workflows.policies.broadband': "
                "write a tuple, ('workflows.policies.broadband',), with its comma"
            ),
        ),
        ((), "MODULES is empty: write a tuple, ('workflows.policies.broadband',), with its comma"),
        ((7,), "MODULES names 7: write a module, like 'workflows.policies.broadband'"),
        (
            ("workflows.policies.brodband",),
            (
                "workflows.policies.brodband: there is no such module: "
                "name one that is there, like 'workflows.policies.broadband'"
            ),
        ),
    ],
)
def test_slips_in_the_list_of_modules(modules: tuple[str, ...], told: str) -> None:
    """A missing comma makes a text of a tuple: one line says so, not one for each letter."""
    with pytest.raises(PolicyError) as raised:
        load(modules)
    assert raised.value.problems == (told,)
