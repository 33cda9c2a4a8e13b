"""The way to a Temporal that others run: encrypted, with an authority, a certificate and a key of one's own.

The development server speaks no TLS: a proxy in front of it does.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceResponse, GetSystemInfoResponse
from temporalio.client import Client
from temporalio.service import TLSConfig

from services.temporal import TemporalPlace, TicketTimers
from services.temporal import connect as connect_to_temporal
from tests.support.processes import ended, environment, running
from tests.support.settlers import ScriptedSettler
from tests.support.temporal import PLAIN, connect_for_test, dev_server, until_events, working
from tests.support.tls import Authority, Identity, tls_in_front_of
from tests.support.waiting import until

KEY = "s3cret"


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """A server of this file's own: its tickets' task queue is the shipped one."""
    with dev_server(*PLAIN) as address:
        yield address


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs."""
    return Authority.make(tmp_path_factory.mktemp("ours"), "ours")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom nobody trusts."""
    return Authority.make(tmp_path_factory.mktemp("others"), "others")


@pytest.fixture(scope="module")
def server(ours: Authority) -> Identity:
    """What the server shows."""
    return ours.sign("server")


def trusting(authority: Authority, client: Identity | None = None) -> TLSConfig:
    """Trust it, and show a certificate when there is one."""
    return TLSConfig(
        server_root_ca_cert=authority.certificate.read_bytes(),
        client_cert=client.certificate.read_bytes() if client else None,
        client_private_key=client.key.read_bytes() if client else None,
    )


async def test_a_tickets_timer_runs_over_an_encrypted_way(
    plain: str, ours: Authority, server: Identity, task_queue: str
) -> None:
    """Worker and nudges against a Temporal that speaks TLS with a certificate of one's own."""
    await connect_for_test(plain)
    with tls_in_front_of(plain, server) as address:
        place = TemporalPlace(address=address, tls=trusting(ours))
        client = await connect_to_temporal(place, say=pytest.fail)
        async with working(client, ScriptedSettler(), task_queue):
            assert await TicketTimers(client, task_queue=task_queue).start("T-TLS", 3600.0)
            await until_events(client, "T-TLS", TimerStarted=1)


async def test_a_process_shows_its_own_certificate(
    tmp_path: Path, sqlite_url: str, plain: str, ours: Authority, server: Identity
) -> None:
    """By settings only; a server that asks who comes lets nobody else in."""
    await connect_for_test(plain)
    client = ours.sign("client")
    with tls_in_front_of(plain, server, ours) as address:
        env = environment(
            tmp_path,
            DATABASE_URL=sqlite_url,
            TEMPORAL_ADDRESS=address,
            TEMPORAL_TLS="true",
            TEMPORAL_TLS_CA=str(ours.certificate),
            TEMPORAL_TLS_CERT=str(client.certificate),
            TEMPORAL_TLS_KEY=str(client.key),
        )
        async with running("worker", env=env) as worker:
            await worker.log("worker started")
            assert await worker.stop() == 0


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (None, "no such file or directory: name a file to read"),
        ("not a certificate", "the file is not in PEM: name one that begins with -----BEGIN"),
    ],
)
async def test_a_file_that_is_no_certificate_is_one_line(
    tmp_path: Path, sqlite_url: str, written: str | None, told: str
) -> None:
    """What cannot start says why in one line and exits with 2."""
    file = tmp_path / "ca.pem"
    if written is not None:
        file.write_text(written)
    settings = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "TEMPORAL_TLS": "true", "TEMPORAL_TLS_CA": str(file)}
    done = await ended("worker", env=environment(tmp_path, DATABASE_URL=sqlite_url, **settings))
    assert done.code == 2
    assert done.err.splitlines()[-1] == f"followthrough: FOLLOWTHROUGH_TEMPORAL_TLS_CA={str(file)!r}: {told}"


async def test_who_is_not_trusted_is_said_with_the_remedy(
    plain: str, ours: Authority, others: Authority, server: Identity
) -> None:
    """One clear line each, and patience: whoever corrects the server need not start us again."""
    await connect_for_test(plain)
    with tls_in_front_of(plain, server) as address:
        by_name = address.replace("127.0.0.1", "localhost")
        assert await said_by(TemporalPlace(address=address, tls=trusting(others))) == (
            f"temporal at {address!r} shows a certificate of an authority that is not trusted: name its CA, "
            "or correct the address; still waiting"
        )
        assert await said_by(TemporalPlace(address=by_name, tls=trusting(ours))) == (
            f"temporal at {by_name!r} shows a certificate of another name: correct the address; still waiting"
        )
        assert await said_by(TemporalPlace(address=address)) == (
            f"temporal at {address!r} ends each connection: see whether it speaks TLS, and which client's certificate; "
            "still waiting"
        )
    assert await said_by(TemporalPlace(address=plain, tls=trusting(ours))) == (
        f"temporal at {plain!r} does not speak TLS: leave TLS out, or correct the address; still waiting"
    )


async def test_who_shows_no_certificate_or_anothers_is_told(
    plain: str, ours: Authority, others: Authority, server: Identity
) -> None:
    """A server that asks who comes tells nobody why it ends the connection: the line names what to look at."""
    await connect_for_test(plain)
    stranger = others.sign("stranger")
    mixed = Identity(certificate=ours.sign("mixed").certificate, key=stranger.key)
    with tls_in_front_of(plain, server, ours) as address:
        ends = (
            f"temporal at {address!r} ends each connection: see whether it speaks TLS, and which client's certificate"
        )
        for client in (None, stranger):
            assert await said_by(TemporalPlace(address=address, tls=trusting(ours, client))) == f"{ends}; still waiting"
        assert await said_by(TemporalPlace(address=address, tls=trusting(ours, mixed))) == (
            f"temporal at {address!r} cannot be asked with a client's certificate and key that do not belong together: "
            "correct one; still waiting"
        )


async def test_a_key_lets_in_and_a_wrong_one_is_said(ours: Authority, server: Identity) -> None:
    """With an API key; what is said never shows it."""
    async with asking_for_a_key(server) as address:
        place = TemporalPlace(address=address, tls=trusting(ours), api_key=KEY)
        assert isinstance(await connect_to_temporal(place, say=pytest.fail), Client)
        told = f"temporal at {address!r} answers UNAUTHENTICATED: check its key and certificates; still waiting"
        for key in (None, "another"):
            assert await said_by(TemporalPlace(address=address, tls=trusting(ours), api_key=key)) == told


async def said_by(place: TemporalPlace) -> str:
    """Try to connect until something is said."""
    said = list[str]()
    connecting = asyncio.create_task(connect_to_temporal(place, say=said.append))
    await until(lambda: bool(said))
    connecting.cancel()
    return said[0]


class Keyed(grpc.GenericRpcHandler):
    """As much of a Temporal as it takes to connect, for who has the key."""

    answers = {"GetSystemInfo": GetSystemInfoResponse(), "DescribeNamespace": DescribeNamespaceResponse()}  # noqa: RUF012 - read only

    def service(self, call: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        """Answer, or say that the key is wrong."""
        answer = self.answers[call.method.rpartition("/")[2]].SerializeToString()
        has_key = ("authorization", f"Bearer {KEY}") in call.invocation_metadata

        async def respond(_: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
            if not has_key:
                await context.abort(grpc.StatusCode.UNAUTHENTICATED, f"not with that key, but with {KEY}")
            return answer

        return grpc.unary_unary_rpc_method_handler(respond)


@asynccontextmanager
async def asking_for_a_key(identity: Identity) -> AsyncIterator[str]:
    """Run a server with that certificate that asks for the key."""
    serving = grpc.aio.server()
    serving.add_generic_rpc_handlers((Keyed(),))
    shown = [(identity.key.read_bytes(), identity.certificate.read_bytes())]
    port = serving.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(shown))
    await serving.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await serving.stop(None)
