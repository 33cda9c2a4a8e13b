"""What bringing tickets in from elsewhere does: see who asks, convert, enter, answer (6.14).

Requests arrive checked field by field. What cannot be of a ticket is the rules' to say.
"""

import re
from collections.abc import Mapping
from typing import cast

from google.protobuf.message import Message

from protos.followthrough.v1.ticket_service_pb2 import ImportTicketRequest, OpenTicketRequest
from services.intake.changes import DRAWS, Changes
from services.intake.convert import ticket_message, to_import, wire_name
from services.intake.errors import Problem, Reason, invalid
from services.intake.fields import Violation
from services.intake.ids import Ids
from services.intake.means import Handle
from services.intake.requests import request_of
from services.records.errors import IdentityTaken, KeyTaken
from services.records.imports import Imports
from services.records.store import Record
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Import
from workflows.domain.ticket.importing import ImportImplausible
from workflows.domain.ticket.texts import quoted
from workflows.domain.ticket.verdict import Judged

OPERATORS = "FOLLOWTHROUGH_OPERATORS"
"""The setting that names who may."""


class ImportMethods:
    """Open tickets from elsewhere. Holds no state of its own."""

    def __init__(
        self, *, record: Record, imports: Imports, changes: Changes, ids: Ids, operators: frozenset[str]
    ) -> None:
        """Take what it works with; `changes` answers, `operators` are the actors that may."""
        self._record = record
        self._imports = imports
        self._changes = changes
        self._ids = ids
        self._operators = operators

    def methods(self) -> Mapping[type[Message], Handle[Message]]:
        """What handles each request."""
        own: dict[type[Message], object] = {ImportTicketRequest: self._import_ticket}
        return cast(Mapping[type[Message], Handle[Message]], own)

    async def _import_ticket(self, request: ImportTicketRequest) -> Message | bytes:
        self._require_operator(request.actor)
        asked = request_of(request)
        try:
            return await self._imported(request)
        except ImportImplausible as implausible:
            violations = [Violation(_wire_path(field), problem) for field, problem in implausible.found]
            raise invalid(violations, Reason.IMPORT_IMPLAUSIBLE) from None
        except Problem:
            if not request.validate_only and (settled := await self._record.answered(asked)):
                return self._changes.answer(settled)  # it was imported before an edit took away where (5.5)
            raise

    async def _imported(self, request: ImportTicketRequest) -> Message | bytes:
        place = OpenTicketRequest(queue=request.queue, priority=request.priority, kind=request.kind)
        _, policy = await self._changes.placed(place)
        if request.follows:
            await self._changes.require_ticket(request.follows, "follows")
        if request.validate_only:
            return await self._tried(policy, to_import(request, "", ""))
        for draw in range(1, DRAWS + 1):
            command = to_import(request, self._ids.ticket_id(), self._ids.reference())
            try:
                settled = await self._record.open_ticket(policy, command, request=request_of(request), encode=_encode)
            except KeyTaken:
                await self._require_new(command)  # unless what led to it was forgotten just now
                if draw == DRAWS:
                    raise
            except IdentityTaken:
                if draw == DRAWS:
                    raise
            else:
                return self._changes.answer(settled)
        raise AssertionError("unreachable: the last draw answers or raises")

    async def _tried(self, policy: Policy, command: Import) -> Message:
        judged = await self._record.validate(policy, command)
        await self._require_new(command)
        return ticket_message(judged.ticket)

    async def _require_new(self, command: Import) -> None:
        """Raise `Problem` for what would be a second ticket of one."""
        if (came_in := await self._imports.find(command)) is None:
            return
        called = " or ".join(quoted(each) for each in command.references[:3])
        known = f"what is called {called} elsewhere" if called else "this customer's ticket of that opening and subject"
        text = (
            f"{known} came in before, as {came_in.reference}: go on with that one; if it is another, give references "
            "that tell it apart, with its system's name before them"
        )
        facts = {"ticket_id": came_in.ticket_id, "reference": came_in.reference}
        raise Problem(Reason.ALREADY_IMPORTED, text, facts=facts)

    def _require_operator(self, actor: str) -> None:
        if actor in self._operators:
            return
        remedy = "ask as one of them" if self._operators else "nobody is"
        text = f"actor {quoted(actor)} is no operator of this intake: {remedy}, or name the actor in {OPERATORS}"
        raise Problem(Reason.NOT_AN_OPERATOR, text, facts={"actor": actor})


def _wire_path(path: str) -> str:
    """The path of a field of the domain as the contract has it: `breaches[0].due_at` is `breaches[0].due_time`."""
    return re.sub(r"[a-z_]+", lambda name: wire_name(Import, name[0]), path)


def _encode(judged: Judged) -> bytes:
    """The answer that the record keeps with the request id."""
    return ticket_message(judged.ticket).SerializeToString()
