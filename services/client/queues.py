"""What a desk asks of its queues, with an event loop or without: close one that cannot work, and open it again."""

from collections.abc import AsyncIterator, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from protos.followthrough.v1.queue_service_pb2 import (
    CloseQueueRequest,
    ListQueueClosuresRequest,
    QueueClosure,
    ReopenQueueRequest,
)
from protos.followthrough.v1.queue_service_pb2_grpc import QueueServiceStub
from services.client.blocking_connection import BlockingConnection
from services.client.calls import signed
from services.client.connection import Connection
from services.client.paging import next_page

if TYPE_CHECKING:
    from protos.followthrough.v1.queue_service_pb2_grpc import QueueServiceAsyncStub


class QueueClient(Connection):
    """Asks one intake about queues. Each change gets who asks and a new `request_id` where it does not say."""

    @cached_property
    def _queues(self) -> "QueueServiceAsyncStub":
        return QueueServiceStub(self._channel)

    async def close_queue(self, request: CloseQueueRequest) -> QueueClosure:
        """Close a queue, from now on or from a later instant."""
        return await self._ask(self._queues.CloseQueue, signed(request, self._who))

    async def reopen_queue(self, request: ReopenQueueRequest) -> QueueClosure:
        """Say that a closure is over."""
        return await self._ask(self._queues.ReopenQueue, signed(request, self._who))

    async def closures(self, request: ListQueueClosuresRequest) -> AsyncIterator[QueueClosure]:
        """Read every closure that passes the request's filters, page by page, the last that was said first."""
        async for answer in self._pages(self._queues.ListQueueClosures, request, next_page):
            for closure in answer.closures:
                yield closure


class BlockingQueueClient(BlockingConnection):
    """Asks one intake about queues. The same methods as `QueueClient`, with the same answers."""

    @cached_property
    def _queues(self) -> QueueServiceStub:
        return QueueServiceStub(self._channel)

    def close_queue(self, request: CloseQueueRequest) -> QueueClosure:
        """Close a queue, from now on or from a later instant."""
        return self._ask(self._queues.CloseQueue, signed(request, self._who))

    def reopen_queue(self, request: ReopenQueueRequest) -> QueueClosure:
        """Say that a closure is over."""
        return self._ask(self._queues.ReopenQueue, signed(request, self._who))

    def closures(self, request: ListQueueClosuresRequest) -> Iterator[QueueClosure]:
        """Read every closure that passes the request's filters, page by page, the last that was said first."""
        for answer in self._pages(self._queues.ListQueueClosures, request, next_page):
            yield from answer.closures
