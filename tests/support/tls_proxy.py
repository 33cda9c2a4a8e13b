"""TLS in front of an address that speaks none: `python tls_proxy.py ADDRESS CERTIFICATE KEY [CLIENTS]`; says its port.

A process of its own: what is half open when it ends is nobody's. With CLIENTS, only those whom they vouch for pass.
"""

import asyncio
import contextlib
import ssl
import sys

CHUNK = 65_536


async def serve(address: str, certificate: str, key: str, clients: str | None = None) -> None:
    """Pass on what comes, until killed."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    host, _, port = address.rpartition(":")

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        try:
            while chunk := await reader.read(CHUNK):
                writer.write(chunk)
                await writer.drain()
        finally:
            writer.close()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
