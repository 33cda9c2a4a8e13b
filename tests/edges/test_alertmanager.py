"""What follows from something that is told already is not told again: a real Alertmanager, by its committed file."""

import asyncio
from pathlib import Path

import pytest

from deploy.observe import ALERTMANAGER_FILE
from tests.support.prometheus import alertmanager
from tests.support.rules import alerts
from tests.support.waiting import PATIENCE_SECONDS

Alert = tuple[str, dict[str, str]]
RECORD = {"job": "followthrough"}
RESCUE: Alert = ("RescueIsAHabit", RECORD)
OWED: Alert = ("NudgesOwed", RECORD)
NO_POLLERS: Alert = ("NoPollers", {"job": "worker", "namespace": "default", "task_queue": "followthrough-tickets"})


def _exhausted(queue: str, tier: str) -> Alert:
    return "LadderExhausted", RECORD | {"queue": queue, "tier": tier}


def _burning(queue: str, target: str) -> Alert:
    return "PromisesBurningSlowly", RECORD | {"queue": queue, "target": target}


CASES: dict[str, tuple[Alert, tuple[Alert, ...], tuple[Alert, ...]]] = {
    "ladders": (
        ("LaddersExhausting", RECORD | {"queue": "home", "tier": "supplier"}),
        (_exhausted("home", "supplier"),),
        (_exhausted("business", "supplier"), _exhausted("home", "specialist"), RESCUE),
    ),
    "budget": (
        ("PromisesBurningFast", RECORD | {"queue": "home", "target": "resolve"}),
        (_burning("home", "resolve"),),
        (_burning("business", "resolve"), _burning("home", "update"), _exhausted("home", "supplier")),
    ),
    "intake": (
        ("IntakeErrors", {"job": "intake"}),
        (("IntakeErrorsLinger", {"job": "intake"}),),
        (("IntakeDown", {"job": "intake"}),),
    ),
    "overdue": (
        ("DeadlinePassedSilently", RECORD),
        (("TicketsOverdue", RECORD | {"queue": "home", "tier": "agent"}),),
        (("TicketsStuck", RECORD), ("BreachesDetectedLate", RECORD), RESCUE),
    ),
    "no Temporal": (
        ("TemporalAway", {"job": "intake"}),
        (RESCUE, OWED),
        (NO_POLLERS, ("DeadlinePassedSilently", RECORD), ("KeeperStalled", {"job": "keeper", "round": "rescue"})),
    ),
    "no pollers": (NO_POLLERS, (RESCUE, OWED), (("DeadlinePassedSilently", RECORD),)),
    "no worker": (("ProcessDown", {"job": "worker"}), (NO_POLLERS, RESCUE), (("ProcessDown", {"job": "keeper"}),)),
    "no keeper": (
        ("ProcessDown", {"job": "keeper"}),
        (),
        (NO_POLLERS, ("KeeperStalled", {"job": "keeper", "round": "rescue"})),
    ),
}
"""What is told, what is not told then, and what is told all the same."""


@pytest.mark.parametrize(("first", "silent", "told"), CASES.values(), ids=CASES.keys())
async def test_only_what_follows_is_not_told(
    tmp_path: Path, first: Alert, silent: tuple[Alert, ...], told: tuple[Alert, ...]
) -> None:
    """By all the labels that the rules give them: an inhibition that never matches would look like one."""
    expected = {_named(alert): False for alert in (first, *told)} | {_named(alert): True for alert in silent}
    async with alertmanager(tmp_path, ALERTMANAGER_FILE) as server, asyncio.timeout(PATIENCE_SECONDS):
        await server.hears(*map(_labels, (first, *silent, *told)))
        while (found := {frozenset(labels.items()): is_silent for labels, is_silent in await server.alerts()}) != (
            expected
        ):
            assert not any(found.get(_named(alert)) for alert in (first, *told)), found
            await asyncio.sleep(0.05)


def test_every_inhibition_has_its_case() -> None:
    """What is kept from people is seen to be kept rightly."""
    text = ALERTMANAGER_FILE.read_text(encoding="utf-8").partition("inhibit_rules:")[2]
    tried = {alert[0] for first, silent, _ in CASES.values() for alert in (first, *silent)}

    assert {alert.name for alert in alerts() if alert.name in text} == {f"Followthrough{name}" for name in tried}


def _labels(alert: Alert) -> dict[str, str]:
    name, labels = alert
    severities = {rule.name: rule.labels["severity"] for rule in alerts()}
    return {"alertname": f"Followthrough{name}", "severity": severities[f"Followthrough{name}"], **labels}


def _named(alert: Alert) -> frozenset[tuple[str, str]]:
    return frozenset(_labels(alert).items())
