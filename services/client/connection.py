"""The way to one intake for callers with an event loop, whatever they ask: a channel, a deadline, pages, errors."""

from collections.abc import AsyncIterator, Callable
from typing import Self, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from services.client.calls import DEADLINE_SECONDS, Options, Who, channel_options
from services.client.errors import Asked

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer")


class Connection:
    """Asks one intake. Of the event loop it is made in; use it in `async with`, or `close` it.

    `address` is intake's `host:port`. With `credentials` the way there is encrypted; `options` are gRPC's own, and win
    over the ones that come with this package. A `channel` of your own is used as it is and left open.
    """

    def __init__(
        self,
        address: str,
        *,
        caller: str,
        actor: str,
        deadline_seconds: float = DEADLINE_SECONDS,
        credentials: grpc.ChannelCredentials | None = None,
        options: Options = (),
        channel: grpc.aio.Channel | None = None,
    ) -> None:
        self._address = address
        self._who = Who(caller=caller, actor=actor)
        self._deadline_seconds = deadline_seconds
        self._channel = channel or _channel(address, credentials, options)
        self._is_channel_own = channel is None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End every call and give up the channel, if it is the client's own."""
        if self._is_channel_own:
            await self._channel.close()

    async def _pages(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Request, Answer],
        request: Request,
        after: Callable[[Request, Answer], Request | None],
    ) -> AsyncIterator[Answer]:
        """Ask until there is no more."""
        asking: Request | None = request
        while asking is not None:
            answer = await self._ask(method, asking)
            yield answer
            asking = after(asking, answer)

    async def _ask(self, method: grpc.aio.UnaryUnaryMultiCallable[Request, Answer], request: Request) -> Answer:
        try:
            return await method(request, timeout=self._deadline_seconds)
        except grpc.aio.AioRpcError as error:
            raise self._asked(request, self._deadline_seconds).came_to(error) from None

    def _asked(self, request: Message, deadline_seconds: float | None = None) -> Asked:
        return Asked(address=self._address, deadline_seconds=deadline_seconds, request=request)


def _channel(address: str, credentials: grpc.ChannelCredentials | None, own: Options) -> grpc.aio.Channel:
    options = channel_options(own)
    if credentials is None:
        return grpc.aio.insecure_channel(address, options=options)
    return grpc.aio.secure_channel(address, credentials, options=options)
