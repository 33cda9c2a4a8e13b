"""What nudger, keeper, delivery and policies did in this process, as metrics: their own counts, read with the page."""

from collections.abc import Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from services.build_info import policy_info
from services.delivery.delivery import Delivery
from services.keeper.keeper import Keeper
from services.nudge import Nudger
from services.policy_host.in_force import Policies
from services.roster.watch import RosterWatch
from services.words.words import INSTEAD, Words


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
        yield _counter(
            "keeper_purged_tickets", "Closed tickets forgotten because they were old.", counts.tickets_purged
        )


class OfDelivery(Collector):
    """What the delivery of this process sent."""

    def __init__(self, delivery: Delivery, words: Words | None = None) -> None:
        """What has its words made elsewhere has none."""
        self._delivery = delivery
        self._told_instead = words.told_instead if words else dict.fromkeys(INSTEAD, 0)

    def collect(self) -> Iterator[Metric]:
        """Yield it."""
        counts = self._delivery.counts
        yield _counter("delivery_rounds", "Looks into the outbox, those that failed included.", counts.rounds)
        yield _counter("delivery_round_failures", "Looks that came to nothing.", counts.failed_rounds)
        yield _counters("delivery_messages", "Tries to send a message, by what came of them.", "outcome", counts.fates)
        yield _counters(
            "words_failures",
            "Messages whose template failed: told in the words that ship, or as bare news.",
            "told",
            self._told_instead,
        )


class OfRosters(Collector):
    """What the rosters said to this process."""

    def __init__(self, watch: RosterWatch) -> None:
        self._watch = watch

    def collect(self) -> Iterator[Metric]:
        """Yield it."""
        counts = self._watch.counts
        yield _counter("roster_rounds", "Times that every roster was asked, those that failed included.", counts.rounds)
        yield _counter("roster_round_failures", "Times that nothing could be kept of it.", counts.failed_rounds)
        yield _counter("roster_changes", "Answers kept because somebody else was on duty than before.", counts.changes)
        duty = ("policy", "tier")
        answered = GaugeMetricFamily(
            "followthrough_roster_last_answer_timestamp_seconds",
            "When the roster last answered; before its first answer, when it was first asked.",
            labels=duty,
        )
        for its, at in counts.answered_at.items():
            answered.add_metric(its, at)
        yield answered
        on_duty = GaugeMetricFamily(
            "followthrough_roster_on_duty", "People whom the roster's last answer names.", labels=duty
        )
        for its, number in counts.on_duty.items():
            on_duty.add_metric(its, number)
        yield on_duty


class PoliciesInForce(Collector):
    """The policies that this process goes by."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        yield policy_info(self._policies.now.promised)


class OfPolicies(Collector):
    """How the policies of this process were read, and what became of asking them."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    def collect(self) -> Iterator[Metric]:
        """Yield it."""
        counts = self._policies.counts
        yield _counter("policies_reloads", "Times that the policies were read again.", counts.reloads)
        yield _counter(
            "policies_reload_failures",
            "Times that they did not load, and those in force stayed.",
            counts.failed_reloads,
        )
        yield _gauge(
            "policies_last_reload_successful", "0 while the files do not load, else 1.", int(not counts.is_broken)
        )
        yield GaugeMetricFamily(
            "followthrough_policies_last_load_timestamp_seconds",
            "When the policies in force were read.",
            value=counts.loaded_at,
        )
        yield _counter(
            "policies_restarts", "Times that the process that answers for them was late or gone.", counts.restarts
        )
        yield _counter(
            "routes", "Requests that the policies' route was asked for, those it failed included.", counts.routed
        )
        failed = {str(reason): number for reason, number in counts.route_failures.items()}
        yield _counters("route_failures", "Requests that went by the default because it failed.", "reason", failed)
        yield _counter("rosters", "Times that a policy's roster was asked, those it failed included.", counts.rosters)
        failed = {str(reason): number for reason, number in counts.roster_failures.items()}
        yield _counters("roster_failures", "Times that it gave no answer, and its last one stayed.", "reason", failed)


def _counter(name: str, meaning: str, value: int) -> Metric:
    return CounterMetricFamily(f"followthrough_{name}", meaning, value=value)


def _counters(name: str, meaning: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"followthrough_{name}", meaning, labels=(label,))
    for value, number in values.items():
        family.add_metric((value,), number)
    return family


def _gauge(name: str, meaning: str, value: int) -> Metric:
    return GaugeMetricFamily(f"followthrough_{name}", meaning, value=value)
