"""What a panel shows: a question to Prometheus and the words around it. Knows nothing of how Grafana draws it."""

from dataclasses import dataclass
from enum import Enum, auto

RECORDED = "record:followthrough_{name}:max"
"""How deploy/prometheus/rules/record.yml calls a figure of the record's, once however many exporters show it."""


class Shape(Enum):
    """How a figure is drawn."""

    NUMBER = auto()
    """As it is now, large."""
    BARS = auto()
    """As it is now, one bar a series."""
    LINES = auto()
    """Over time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question to Prometheus."""

    expr: str
    legend: str = ""
    """How a series is called; `{{label}}` stands for a label's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One panel. Every one of them has a title, a description and a unit."""

    title: str
    description: str
    unit: str
    """Grafana's own name of it: `short` for plain counts, `s`, `percentunit`, `reqps`, `bytes`."""
    queries: tuple[Query, ...]
    shape: Shape = Shape.LINES
    width: int = 6
    """Of 24."""
    decimals: int | None = None
    amber_from: float | None = None
    red_from: float | None = None
    red_below: float | None = None
    since: str | None = None
    """Another range than the dashboard's, like `now/d` for today."""
    nothing: str | None = None
    """What stands there when there is no series, and that is no fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Figures that answer one question."""

    title: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One dashboard: for one reader."""

    uid: str
    title: str
    description: str
    refresh: str
    time_from: str
    rows: tuple[Row, ...]
    has_queues: bool = False
    """Whether its reader may look at some queues only: its expressions then have `queue=~"$queue"`."""


def once(name: str, labels: str = "") -> str:
    """Name a figure of the record's as the recording rules keep it."""
    return RECORDED.format(name=name) + (f"{{{labels}}}" if labels else "")
