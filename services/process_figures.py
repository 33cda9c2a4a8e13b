"""What nudger, keeper and delivery did in this process, as metrics: their own counts, read when the page is."""

from collections.abc import Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from services.delivery.delivery import Delivery
from services.keeper.keeper import Keeper
from services.nudge import Nudger


class OfNudger(Collector):
    """The nudges of this process."""

    def __init__(self, nudger: Nudger) -> None:
        self._nudger = nudger

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        counts = self._nudger.counts
        yield _counter("nudger_owed", "Nudges handed over to be sent.", counts.owed)
        yield _counter("nudger_coalesced", "Nudges that joined one of the same ticket in the queue.", counts.coalesced)
        yield _counter("nudger_dropped", "Nudges that were not sent here: the keeper finds them.", counts.dropped)
        sent = {"start": counts.started, "signal": counts.signalled}
        yield _counters("nudger_sent", "Nudges that Temporal took.", "kind", sent)
        yield _counter("nudger_failures", "Nudges that Temporal did not take: the keeper finds them.", counts.failed)
        yield _gauge("nudger_waiting", "Tickets whose nudge is in the queue.", self._nudger.waiting)
        yield _gauge("nudger_temporal_away", "1 while Temporal takes no nudges, else 0.", int(self._nudger.is_away))


class OfKeeper(Collector):
    """What the keeper of this process found."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def collect(self) -> Iterator[Metric]:
        """Yield it."""
        counts = self._keeper.counts
        yield _counters("keeper_rounds", "Looks into the record, those that failed included.", "round", counts.rounds)
        yield _counters("keeper_round_failures", "Looks that came to nothing.", "round", counts.failed_rounds)
        yield _counter("keeper_rescued", "Late tickets settled.", counts.rescued)
        yield _counter("keeper_stuck", "Times that a late ticket could not be judged.", counts.stuck)
        yield _counter("keeper_nudged", "Nudges still owed that were handed over to be sent.", counts.nudged)
        yield _counter("keeper_folded", "Rows of figures folded into totals.", counts.folded)
        yield _counter("keeper_purged", "Stored answers and messages forgotten because they were old.", counts.purged)


class OfDelivery(Collector):
    """What the delivery of this process sent."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def collect(self) -> Iterator[Metric]:
        """Yield it."""
        counts = self._delivery.counts
        yield _counter("delivery_rounds", "Looks into the outbox, those that failed included.", counts.rounds)
        yield _counter("delivery_round_failures", "Looks that came to nothing.", counts.failed_rounds)
        yield _counters("delivery_messages", "Tries to send a message, by what came of them.", "outcome", counts.fates)


def _counter(name: str, meaning: str, value: int) -> Metric:
    return CounterMetricFamily(f"followthrough_{name}", meaning, value=value)


def _counters(name: str, meaning: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"followthrough_{name}", meaning, labels=(label,))
    for value, number in values.items():
        family.add_metric((value,), number)
    return family


def _gauge(name: str, meaning: str, value: int) -> Metric:
    return GaugeMetricFamily(f"followthrough_{name}", meaning, value=value)
