"""The way to one intake for callers without an event loop, whatever they ask: a channel, a deadline, pages, errors.

A channel of its own kind, not an event loop in a thread: that would not outlive the fork of a web server's workers.
"""

from collections.abc import Callable, Iterator
from typing import Self, TypeVar

import grpc
from google.protobuf.message import Message

from services.client.calls import DEADLINE_SECONDS, Options, Who, channel_options
from services.client.errors import Asked

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer")


class BlockingConnection:
    """Asks one intake, and blocks the thread that asks.

    Make it after a fork, one a process: gRPC's channels do not survive one.
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
        channel: grpc.Channel | None = None,
    ) -> None:
        self._address = address
        self._who = Who(caller=caller, actor=actor)
        self._deadline_seconds = deadline_seconds
        self._channel = channel or _channel(address, credentials, options)
        self._is_channel_own = channel is None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every call and give up the channel, if it is the client's own."""
        if self._is_channel_own:
            self._channel.close()

    def _pages(
        self,
        method: "grpc.UnaryUnaryMultiCallable[Request, Answer]",
        request: Request,
        after: Callable[[Request, Answer], Request | None],
    ) -> Iterator[Answer]:
        """Ask until there is no more."""
        asking: Request | None = request
        while asking is not None:
            answer = self._ask(method, asking)
            yield answer
            asking = after(asking, answer)

    def _ask(self, method: "grpc.UnaryUnaryMultiCallable[Request, Answer]", request: Request) -> Answer:
        try:
            return method(request, timeout=self._deadline_seconds)
        except grpc.RpcError as error:
            raise self._asked(request, self._deadline_seconds).came_to(error) from None

    def _asked(self, request: Message, deadline_seconds: float | None = None) -> Asked:
        return Asked(address=self._address, deadline_seconds=deadline_seconds, request=request)


def _channel(address: str, credentials: grpc.ChannelCredentials | None, own: Options) -> grpc.Channel:
    options = channel_options(own)
    if credentials is None:
        return grpc.insecure_channel(address, options=options)
    return grpc.secure_channel(address, credentials, options=options)
