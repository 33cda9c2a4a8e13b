"""As much HTTP as a scrape needs: one `GET`, one answer, the connection closed. Knows no metrics.

In the event loop of the process, so that a page may be read from the record with its own connections.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from services.settings import Address

logger = logging.getLogger(__name__)

HEAD_BYTES = 16_384
"""A longer request is no scrape."""
HEAD_SECONDS = 10.0
"""Real seconds a client gets to say what it wants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a client is given."""

    status: HTTPStatus = HTTPStatus.OK
    content_type: str = "text/plain; charset=utf-8"
    body: bytes = b""


Page = Callable[[Mapping[str, str]], Awaitable[Answer]]
"""Makes a page; it is given the request's headers, their names in lower case."""


class PageServer:
    """Serves a page a path."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self._pages = pages
        self._server: asyncio.Server | None = None

    async def start(self, address: Address) -> int:
        """Listen, and return the port. Raises `OSError` when the address cannot be had."""
        self._server = await asyncio.start_server(self._serve, address.host, address.port, limit=HEAD_BYTES)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(_written(await self._answer(head)))
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            logger.debug("no whole request came")
        finally:
            writer.close()

    async def _answer(self, head: bytes) -> Answer:
        request, *lines = head.decode("latin-1").split("\r\n")
        method, _, target = request.partition(" ")
        page = self._pages.get(target.partition(" ")[0].partition("?")[0])
        if page is None:
            return _plain(HTTPStatus.NOT_FOUND, f"there is {', '.join(self._pages)}")
        if method != "GET":
            return _plain(HTTPStatus.METHOD_NOT_ALLOWED, "only GET is answered")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return await page(headers)


def _plain(status: HTTPStatus, text: str) -> Answer:
    return Answer(status=status, body=f"{text}\n".encode())


def _written(answer: Answer) -> bytes:
    head = (
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n"
        f"Content-Type: {answer.content_type}\r\n"
        f"Content-Length: {len(answer.body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + answer.body
