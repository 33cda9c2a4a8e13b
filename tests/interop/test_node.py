"""The contract from another language's gRPC library: Node's, against a real intake, and it hears the very same."""

import asyncio
import json
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from protos.followthrough.v1.ticket_service_pb2 import ExplainDeadlinesRequest, ListTicketsRequest
from services.client import TicketClient
from tests.support.intake import a_desk
from tests.support.needed import missing
from tests.support.processes import PATIENCE_SECONDS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CONTRACT = "protos/followthrough/v1"
REFUSED = ("reused", "invalid", "mistaken", "past")
INSTALLED = HERE / "node_modules" / ".installed"


@pytest.fixture
def descriptor_set(tmp_path: Path) -> Path:
    """Compile the contract, and what errors are made of, into one file: no other copy of it is needed."""
    path = tmp_path / "contract.binpb"
    sources = [f"{CONTRACT}/ticket_service.proto", "google/rpc/status.proto", "google/rpc/error_details.proto"]
    protoc = [sys.executable, "-m", "grpc_tools.protoc", "-I", ".", "-I", sysconfig.get_path("purelib")]
    command = [*protoc, "--include_imports", f"--descriptor_set_out={path}", *sources]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - our own arguments
    return path


@pytest.fixture
def node() -> list[str]:
    """What runs a Node program with its packages; skips where they could not be installed."""
    if not INSTALLED.exists():
        missing("Node's packages are not installed: run `make test`, which needs npm's registry once")
    return [sys.executable, str(HERE / "node.py")]


async def test_node_hears_the_same(sqlite_url: str, node: list[str], descriptor_set: Path) -> None:
    """Field by field, from opening to acknowledgement: what Node's library reads is what Python's reads."""
    async with a_desk(sqlite_url) as desk:
        told = await _told([*node, str(HERE / "caller.mjs"), str(desk.address), str(descriptor_set)])
        async with TicketClient(str(desk.address), caller="crm-1", actor="ana") as client:
            ticket = await client.ticket(ticket_id=told["opened"]["ticket_id"])
            events = [event async for event in client.events(ticket.ticket_id)]
            ledgers = [
                each
                async for each in client.ledgers(ExplainDeadlinesRequest(ticket_id=ticket.ticket_id))
                if each.target == 4
            ]
            tickets = [each async for each in client.tickets(ListTicketsRequest())]
            handover = await client.handover(ticket.ticket_id)

    assert [each.ticket_id for each in tickets] == [ticket.ticket_id]
    assert told["read"] == told["credited"] == _as_node_has_it(ticket)
    assert told["repeated"] == told["opened"] == told["listed"]["tickets"][0]
    assert told["opened"]["customer"]["display_name"] == "Zoë Müller 明"
    assert told["events"] == [_as_node_has_it(event) for event in events][: len(told["events"])]
    assert told["ledgers"] == [_as_node_has_it(ledger) for ledger in ledgers]
    assert (ticket.handler, told["acknowledged"]["version"], told["promised"]["version"]) == ("nora", 2, 3)
    assert told["promised"]["promises"][-1]["promise_time"] == {"seconds": "1795449600", "nanos": 250_000_000}
    assert told["credited"]["credits"][0]["minor"] == "500"
    assert told["handover"] == _as_node_has_it(handover)
    assert "Rückruf" in handover.page


async def test_node_reads_a_refusal(sqlite_url: str, node: list[str], descriptor_set: Path) -> None:
    """Status, text, and exactly one ErrorInfo of ours, out of `grpc-status-details-bin`."""
    async with a_desk(sqlite_url) as desk:
        told = await _told([*node, str(HERE / "caller.mjs"), str(desk.address), str(descriptor_set)])

    assert _reasons(told) == {
        "reused": ("ALREADY_EXISTS", "REQUEST_ID_REUSED"),
        "invalid": ("INVALID_ARGUMENT", "REQUEST_INVALID"),
        "mistaken": ("FAILED_PRECONDITION", "WRONG_TIER"),
        "past": ("INVALID_ARGUMENT", "PROMISE_NOT_AHEAD"),
    }
    assert _only(told["mistaken"], "google.rpc.ErrorInfo")["metadata"]["tier"] == "agent"
    fields = {each["field"] for each in _only(told["invalid"], "google.rpc.BadRequest")["field_violations"]}
    assert fields == {"customer", "subject", "channel"}
    assert all(told[name]["text"] == told[name]["status_text"] for name in REFUSED)


def test_no_registry_is_written_down() -> None:
    """The lock names versions and hashes; where they come from is the machine's own setting."""
    lock = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


async def _told(command: list[str]) -> dict[str, Any]:
    """Run the caller to its end, and read what it was told."""
    process = await asyncio.create_subprocess_exec(
        *command,
        str(ROOT / CONTRACT / "service_config.json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, err.decode()
    return cast(dict[str, Any], json.loads(out))


def _reasons(told: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Status and reason of each refusal."""
    infos = {name: _only(told[name], "google.rpc.ErrorInfo") for name in REFUSED}
    assert {info["domain"] for info in infos.values()} == {"followthrough"}
    return {name: (told[name]["code"], info["reason"]) for name, info in infos.items()}


def _only(refusal: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """Find the one detail of a kind."""
    (found,) = (detail for detail in refusal["details"] if detail["kind"] == kind)
    return cast(Mapping[str, Any], found)


def _as_node_has_it(message: Message) -> dict[str, object]:
    """Write a message as Node's library has it: fields that are set, enums as words, 64 bits as text."""
    return {field.name: _value(field, value) for field, value in message.ListFields()}


def _value(field: FieldDescriptor, value: Any) -> object:  # noqa: ANN401 - whatever the field holds
    if field.is_repeated:
        return [_single(field, each) for each in value]
    return _single(field, value)


def _single(field: FieldDescriptor, value: Any) -> object:  # noqa: ANN401 - the same
    if isinstance(value, Message):
        return _as_node_has_it(value)
    if field.enum_type is not None:
        return field.enum_type.values_by_number[value].name
    return str(value) if field.cpp_type in {field.CPPTYPE_INT64, field.CPPTYPE_UINT64} else value
