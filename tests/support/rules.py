"""The rules of deploy/prometheus as they are committed, and what an expression is about: read, never run."""

import re
from dataclasses import dataclass
from typing import Any

import yaml

from deploy.watched import RULES

_SELECTOR = re.compile(
    r"(?<![\w:])((?:\w+:)?(?:followthrough|grpc_server|temporal|process)_\w+(?::\w+)?|up\b|scrape_duration_seconds)"
    r"(\{[^}]*\})?"
)
_OF_EVERY_TARGET = ("up", "scrape_duration_seconds")
"""What Prometheus itself knows of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule."""

    name: str
    expr: str
    is_alert: bool
    labels: dict[str, str]
    annotations: dict[str, str]


def rules() -> list[Rule]:
    """Read every rule of every file."""
    read: list[Any] = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(RULES.glob("*.yml"))]
    return [_rule(found) for file in read for group in file["groups"] for found in group["rules"]]


def alerts() -> list[Rule]:
    """Read those that tell somebody."""
    return [rule for rule in rules() if rule.is_alert]


def selectors(expr: str) -> set[str]:
    """Name the series that an expression asks for, with the labels that they are to have."""
    return {name + labels for name, labels in _SELECTOR.findall(expr)}


def families(expr: str) -> set[str]:
    """Name the metrics, as a page declares them, that an expression asks for."""
    asked = {name for name, _ in _SELECTOR.findall(expr) if ":" not in name and name not in _OF_EVERY_TARGET}
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in asked}


def _rule(found: Any) -> Rule:  # noqa: ANN401 - YAML has no narrower type
    return Rule(
        name=found.get("alert") or found["record"],
        expr=found["expr"],
        is_alert="alert" in found,
        labels=found.get("labels", {}),
        annotations=found.get("annotations", {}),
    )
