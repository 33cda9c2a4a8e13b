"""The metrics page of one process: what it did itself, which no record keeps, and which release it is.

Business figures are not here but on the exporter's page: a process that dies forgets, and two of them would double.
`/metrics`: the page. `/healthz`: this process is alive.
"""

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from services.build_info import build_info
from services.page_server import Answer, PageServer
from services.ports import listening
from services.settings import Address

logger = logging.getLogger(__name__)


class ProcessPage:
    """Serves what these collectors say. Of one event loop; it reads them there, so that they need no locks."""

    def __init__(self, *collectors: Collector) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        for collector in (_Release(), *collectors):
            self._registry.register(collector)
        ProcessCollector(registry=self._registry)
        self._server = PageServer({"/metrics": self.metrics, "/healthz": self.health})

    async def start(self, address: Address) -> int:
        """Listen, and return the port. Raises `OSError` when the address cannot be had."""
        return await self._server.start(address)

    async def stop(self) -> None:
        """Listen no more."""
        await self._server.stop()

    async def metrics(self, headers: Mapping[str, str]) -> Answer:
        """Make the page."""
        encode, content_type = choose_encoder(headers.get("accept", ""))
        return Answer(content_type=content_type, body=encode(self._registry))

    async def health(self, headers: Mapping[str, str]) -> Answer:  # noqa: ARG002 - the shape of a page
        """Say that this process answers."""
        return Answer(body=b"ok\n")


@asynccontextmanager
async def process_page(part: str, address: Address, *figures: Collector) -> AsyncIterator[None]:
    """Serve a part's page at the address that is set for it. Raises `SettingsError` when it cannot be had."""
    page = ProcessPage(*figures)
    with listening(f"{part}_metrics_address", address):
        port = await page.start(address)
    tell_of_page(part, replace(address, port=port))
    try:
        yield
    finally:
        await page.stop()


def tell_of_page(part: str, address: Address) -> None:
    """Tell the log where a part's metrics are."""
    logger.info("metrics are served", extra={"part": part, "address": str(address)})


class _Release(Collector):
    def collect(self) -> Iterator[Metric]:
        yield build_info()
