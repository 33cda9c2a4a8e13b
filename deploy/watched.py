"""Prometheus' configuration for one place: the committed one, with other addresses. Opens and starts nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from services.settings import Address, Settings

FOLDER = Path(__file__).resolve().parent / "prometheus"
RULES = FOLDER / "rules"
JOBS = {
    "followthrough": "exporter_address",
    "intake": "intake_metrics_address",
    "worker": "worker_metrics_address",
    "keeper": "keeper_metrics_address",
    "delivery": "delivery_metrics_address",
    "roster": "roster_metrics_address",
}
"""The job that scrapes a page, and the setting that says where the page is."""


def pages(settings: Settings) -> dict[str, Address]:
    """Say where each job finds its page."""
    return {job: getattr(settings, field) for job, field in JOBS.items()}


def configuration(
    targets: Mapping[str, Address], alertmanager: Address | None, *, rules: Path = RULES, every: str | None = None
) -> str:
    """Take the committed configuration to these addresses; `every`: how often to scrape and judge, if not as there.

    Without an Alertmanager alerts are told to nobody.
    """
    read: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    read["rule_files"] = [str(rules / "*.yml")]
    for scraped in read["scrape_configs"]:
        scraped["static_configs"] = [{"targets": [str(targets[scraped["job_name"]])]}]
    told = [] if alertmanager is None else [{"static_configs": [{"targets": [str(alertmanager)]}]}]
    read["alerting"]["alertmanagers"] = told
    if every is not None:
        read["global"] |= {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every}
    return yaml.safe_dump(read, sort_keys=False)
