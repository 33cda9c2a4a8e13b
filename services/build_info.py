"""Which release this process is, as a metric: what changed when the figures did."""

from importlib.metadata import version

from prometheus_client.core import GaugeMetricFamily, Metric

from workflows.domain.ticket.verdict import RULES_VERSION

PACKAGE = "followthrough"


def build_info() -> Metric:
    """Always 1; what it says is in the labels."""
    family = GaugeMetricFamily(
        "followthrough_build_info",
        "The release that runs here, and the version of the rules that it judges by.",
        labels=("version", "rules_version"),
    )
    family.add_metric((version(PACKAGE), str(RULES_VERSION)), 1)
    return family
