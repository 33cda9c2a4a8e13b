"""What a call comes to when it is not answered with what was asked for, in the contract's words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar, cast

import grpc
import grpc.aio
from google.protobuf.message import Message
from google.rpc import error_details_pb2  # type: ignore[import-untyped]  # googleapis-common-protos has no stubs
from grpc_status import rpc_status

Detail = TypeVar("Detail", bound=Message)

TURNED_AWAY = {
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
}
"""What somebody else on the way answers for a call that never came to intake: it was not applied, nor will it be."""
OUR_FAULT = "INTERNAL"
"""The contract's reason for what intake did not foresee, at whatever point of its work."""

SOMEBODY_ELSE = re.compile(r"^failed to connect to all addresses.*(Failed parsing HTTP/2|Socket closed|[Hh]andshake)")
"""In gRPC's words: somebody listens who speaks no gRPC, or TLS where we do not, or the other way round."""


class Violation(NamedTuple):
    """A field of the request that is not as it must be."""

    field: str
    """Its path, like `customer.zone`."""
    description: str
    """What is wrong and the remedy."""


class Refused(Exception):  # noqa: N818 - the fact, in the desk's words
    """Intake answered, or somebody kept the call from it, and the answer is no. Nothing changed."""

    def __init__(
        self,
        code: grpc.StatusCode,
        text: str,
        reason: str,
        facts: Mapping[str, str],
        violations: Sequence[Violation] = (),
        *,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.reason = reason
        """The contract's word for it, like `WRONG_STATE`; empty when somebody else than intake answered."""
        self.facts = facts
        """What the reason is about, like the ticket's present state."""
        self.violations = violations
        """The fields at fault, where it is fields."""
        self.retry_after_seconds = retry_after_seconds
        """Real seconds after which the same request may well succeed; none when it will not."""


class NotFound(Refused):
    """What the request names is not there."""


class Unreachable(Exception):  # noqa: N818 - the fact, in the desk's words
    """No answer, or none that says. Whether a change was applied is unknown: the same request and `request_id` tell."""

    def __init__(self, text: str, *, request_id: str = "") -> None:
        super().__init__(text)
        self.request_id = request_id
        """The one that the change was sent with; empty for what changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call, as far as its error's text needs it."""

    address: str
    deadline_seconds: float | None
    request: Message = field(repr=False)  # it holds customers' words

    def came_to(self, error: grpc.RpcError) -> Refused | Unreachable:
        """Read a gRPC error's status and details."""
        call = cast(grpc.Call, error)
        code, text = call.code(), call.details() or "no reason was given"
        info = _detail(call, error_details_pb2.ErrorInfo())
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            within = f" within {self.deadline_seconds:g} s" if self.deadline_seconds is not None else ""
            return self._unreachable(f"{self.address} gave no answer{within}")
        if code is grpc.StatusCode.UNAVAILABLE and info is None:
            return self._unreachable(self._nobody(text))
        if code is grpc.StatusCode.UNAVAILABLE:
            return self._unreachable(text)
        if info is None and code not in TURNED_AWAY:
            return self._unreachable(f"no answer of intake's came from {self.address}: {code.name}, {text}")
        if info is not None and info.reason == OUR_FAULT and self._request_id:
            return self._unreachable(text)
        blamed = _detail(call, error_details_pb2.BadRequest()) or error_details_pb2.BadRequest()
        retry = _detail(call, error_details_pb2.RetryInfo())
        return (NotFound if code is grpc.StatusCode.NOT_FOUND else Refused)(
            code,
            text,
            info.reason if info else "",
            dict(info.metadata) if info else {},
            [Violation(each.field, each.description) for each in blamed.field_violations],
            retry_after_seconds=retry.retry_delay.ToTimedelta().total_seconds() if retry else None,
        )

    def _nobody(self, text: str) -> str:
        if SOMEBODY_ELSE.match(text):
            return (
                f"what listens at {self.address} does not answer as intake: see that the port is intake's, "
                "and that both sides speak TLS or neither does"
            )
        return f"nobody answers at {self.address}: is it running? start it with `followthrough up`"

    def _unreachable(self, text: str) -> Unreachable:
        return Unreachable(text, request_id=self._request_id)

    @property
    def _request_id(self) -> str:
        """The one that the change was sent with; empty for what changes nothing."""
        return getattr(self.request, "request_id", "")


def _detail(call: grpc.Call, wanted: Detail) -> Detail | None:
    """Find a detail of the wanted kind."""
    status = rpc_status.from_call(call)
    for detail in status.details if status else ():
        if detail.Unpack(wanted):
            return wanted
    return None
