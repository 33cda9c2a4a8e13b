"""Which release this process is, and by which policies it goes, as metrics: what changed when the figures did."""

from importlib.metadata import version

from prometheus_client.core import GaugeMetricFamily, Metric

from workflows.domain.policy_data import version_of
from workflows.domain.ticket.verdict import RULES_VERSION
from workflows.policies import PolicySet

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


def policy_info(policies: PolicySet) -> Metric:
    """1 for each policy; two processes that say another version of one go by different files."""
    family = GaugeMetricFamily(
        "followthrough_policy_info",
        "The policies that new tickets get, by the hash of their content.",
        labels=("policy", "version"),
    )
    for policy in policies.policies.values():
        family.add_metric((policy.name, version_of(policy)), 1)
    return family
