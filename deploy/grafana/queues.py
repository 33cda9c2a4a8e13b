"""Figures of the queues that are chosen on a board: as they are now, and since midnight."""

from deploy.grafana.figures import Figure, Query, Shape, once

CHOSEN = 'queue=~"$queue"'
"""The labels of the queues that are looked at."""


def now(name: str, labels: str = CHOSEN) -> str:
    """A figure of those queues as it is."""
    return once(name, labels)


def number_today(
    title: str,
    description: str,
    counter: str,
    *,
    width: int,
    amber_from: float | None = None,
    red_from: float | None = None,
) -> Figure:
    """By how much a counter of those queues has grown since midnight."""
    return Figure(
        title=title,
        description=description,
        unit="short",
        shape=Shape.NUMBER,
        width=width,
        decimals=0,
        amber_from=amber_from,
        red_from=red_from,
        since="now/d",
        queries=(Query(expr=f"round(sum(increase({now(counter)}[$__range])))"),),
    )
