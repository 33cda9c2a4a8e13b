"""A delivery that dies at the worst moment: `python -m tests.support.delivering URL FILE before|after`.

It sends by writing a message's key and whether it may be sent twice into a file, and kills itself as a machine that
loses its power would: before it sends the first message, or after it and before that is written down.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from services.delivery.channel import Sent
from services.delivery.delivery import Delivery
from services.records import connect
from services.records.owed_messages import OwedMessage
from tests.support.clock import StoryClock


class FileChannel:
    """Sends into a file, which outlives the process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, message: OwedMessage) -> Sent:
        """Append a line."""
        with self._path.open("a", encoding="ascii") as file:
            file.write(f"{message.key} {message.kind} {message.audience} {message.may_have_been_sent}\n")
            file.flush()
            os.fsync(file.fileno())
        return Sent()


class DeadlyChannel(FileChannel):
    """Kills the process around a send."""

    def __init__(self, path: Path, when: str) -> None:
        super().__init__(path)
        self._when = when

    async def send(self, message: OwedMessage) -> Sent:
        """Send, and die before or after."""
        if self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        sent = await super().send(message)
        if self._when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return sent


async def main(url: str, path: str, when: str) -> None:
    """Deliver until it dies."""
    async with await connect(url, StoryClock()) as records:
        await Delivery(records.outbox, DeadlyChannel(Path(path), when)).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
