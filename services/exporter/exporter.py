"""The exporter as a process's part: reads the record at each scrape, so that it can neither double nor forget.

`/metrics`: the page, or 503 while the record is away; stale figures would flatter. `/healthz`: this process is alive.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from services.exporter import page
from services.page_server import Answer, PageServer
from services.records.errors import RecordError
from services.records.figures import Figures
from services.settings import Address
from workflows.policies import PolicySet

logger = logging.getLogger(__name__)


class HasFigures(Protocol):
    """The record, as far as the exporter reads it."""

    async def figures(self) -> Figures:
        """Return every figure, of one snapshot. Raises `RecordError`."""
        ...


class Exporter:
    """The metrics page of one record. Of one event loop."""

    def __init__(self, record: HasFigures, policies: Callable[[], PolicySet], *beside: Collector) -> None:
        """Take the record, and what says which policies are in force: it is asked at each scrape.

        What is beside them is this process's own.
        """
        self._beside = beside
        self._record = record
        self._policies = policies
        self._server = PageServer({"/metrics": self.metrics, "/healthz": self.health})

    async def start(self, address: Address) -> int:
        """Listen, and return the port. Raises `OSError` when the address cannot be had."""
        return await self._server.start(address)

    async def stop(self) -> None:
        """Listen no more."""
        await self._server.stop()

    async def metrics(self, headers: Mapping[str, str]) -> Answer:
        """Make the page from the record as it is now."""
        try:
            figures = await self._record.figures()
        except RecordError as failed:
            logger.warning("scrape failed", extra={"error": type(failed).__name__})
            return Answer(status=HTTPStatus.SERVICE_UNAVAILABLE, body=b"the record does not answer\n")
        encode, content_type = choose_encoder(headers.get("accept", ""))
        body: bytes = encode(_Once(tuple(self._shown(figures))))
        return Answer(content_type=content_type, body=body)

    def _shown(self, figures: Figures) -> Iterator[Metric]:
        yield from page.of_figures(figures, self._policies())
        for own in self._beside:
            yield from own.collect()

    async def health(self, headers: Mapping[str, str]) -> Answer:  # noqa: ARG002 - the shape of a page
        """Say that this process answers; whether the record does is for `/metrics` to say."""
        return Answer(body=b"ok\n")


@dataclass(frozen=True, slots=True)
class _Once(Collector):
    """Metrics that were read already, in the shape that prometheus_client encodes."""

    metrics: tuple[Metric, ...]

    def collect(self) -> Iterator[Metric]:
        return iter(self.metrics)
