"""How the record recognises a request when it comes again, whatever service it is for (5.5)."""

import hashlib
from typing import Protocol

from services.records.settled import Request


class Mutation(Protocol):
    """What every request has that changes something."""

    caller: str
    request_id: str

    def SerializeToString(self, *, deterministic: bool = ...) -> bytes:  # noqa: N802 - protobuf's name
        """The request's content."""
        ...


def request_of(request: Mutation) -> Request:
    """Name the request by its caller and its id, and its content by the hash of method and fields."""
    request.request_id = request.request_id.lower()
    method = type(request).__name__.removesuffix("Request")
    content = request.SerializeToString(deterministic=True)
    return Request(
        caller=request.caller,
        request_id=request.request_id,
        body_hash=hashlib.sha256(method.encode() + b"\0" + content).digest(),
    )
