"""Histograms of what the record keeps by bucket: how late breaches were found, and how long promises took.

The record keeps each observation once, in its own bucket; here they are cumulated. A bound that no policy has any
more keeps its bucket, so that no count ever falls.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client.core import HistogramMetricFamily, Metric

from services.exporter import labels
from services.exporter.labels import Desk, Labels
from services.records import time_to
from services.records.totals import (
    BREACH_LAG_BUCKET,
    BREACH_LAG_MICROSECONDS,
    LAG_BUCKETS_SECONDS,
    TIME_TO_BUCKET,
    TIME_TO_MICROSECONDS,
)
from workflows.domain.ticket.words import Target

TIMES: Mapping[Target, tuple[str, str]] = {
    Target.ACKNOWLEDGE: ("time_to_acknowledge", "from the entry of a tier until somebody of it took the ticket on"),
    Target.TIER_RESOLVE: ("time_to_tier_resolve", "a tier took to solve the ticket"),
    Target.UPDATE: ("time_between_updates", "between two messages from a person to the customer"),
    Target.RESOLVE: ("time_to_resolve", "from opening until the ticket was solved"),
}
"""By target: the metric's name, without prefix and unit, and what is measured."""

_AS_PROMISED = (
    "as the promise measures it: open time of the clock's own calendar, in seconds of the record's clock, without its "
    "pauses. The bounds are the promised targets. A breached run is in +Inf only, and adds its target to the sum"
)
_NOTHING: Mapping[float, int] = {}


def breach_lag(sets: Mapping[str, Mapping[Labels, int]]) -> Metric:
    """How late breaches were detected."""
    observed = {float(written): amount for (written,), amount in sets[BREACH_LAG_BUCKET].items()}
    family = HistogramMetricFamily(
        "followthrough_breach_lag_seconds",
        "How late breaches were detected: detection less deadline, in real seconds, also where the record's clock is a "
        "scaled one.",
    )
    microseconds = sets[BREACH_LAG_MICROSECONDS].get((), 0)
    family.add_metric((), _cumulated(observed, (*LAG_BUCKETS_SECONDS, *observed)), microseconds / 1_000_000)
    return family


def times(sets: Mapping[str, Mapping[Labels, int]], desks: Sequence[Desk]) -> Iterator[Metric]:
    """How long clock runs took that were met or breached, a metric a target."""
    observed: dict[Labels, dict[float, int]] = defaultdict(dict)
    for values, amount in sets[TIME_TO_BUCKET].items():
        observed[values[:-1]][float(values[-1])] = amount
    for target, (name, meaning) in TIMES.items():
        series = dict.fromkeys(labels.of_clocks(desks, target), _NOTHING)
        series |= {values: buckets for values, buckets in observed.items() if values[0] == target.value}
        bounds = {bound for buckets in series.values() for bound in buckets} | _promised(desks, target)
        family = HistogramMetricFamily(
            f"followthrough_{name}_seconds", f"Time {meaning}, {_AS_PROMISED}.", labels=("tier", "priority", "queue")
        )
        for values, buckets in sorted(series.items()):
            microseconds = sets[TIME_TO_MICROSECONDS].get(values, 0)
            family.add_metric(values[1:], _cumulated(buckets, bounds), microseconds / 1_000_000)
        yield family


def _promised(desks: Iterable[Desk], target: Target) -> set[float]:
    promised = (time_to.bounds(policy, target) for _, policy in desks)
    return {bound.total_seconds() for bounds in promised for bound in bounds}


def _cumulated(observed: Mapping[float, int], bounds: Iterable[float]) -> list[tuple[str, float]]:
    """Buckets in order, each with all that is in those below it."""
    buckets: list[tuple[str, float]] = []
    cumulated = 0
    for bound in sorted({*bounds, math.inf}):
        cumulated += observed.get(bound, 0)
        buckets.append(("+Inf" if math.isinf(bound) else str(float(bound)), cumulated))
    return buckets
