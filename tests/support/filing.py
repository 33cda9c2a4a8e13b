"""A delivery into files that dies at the worst moment: `python -m tests.support.filing URL FOLDER written|torn`.

The shipped channel and the shipped words. It kills itself, as a machine that loses its power would: when the first
messages are on the disk and nothing is written down, or with half of them written.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from services.delivery.delivery import Delivery
from services.delivery.file_channel import FileChannel
from services.delivery.worded import Worded
from services.records import Records, connect
from services.words.words import Words
from tests.support.clock import StoryClock


def into_files(records: Records, folder: Path) -> FileChannel:
    """The channel as it is shipped."""
    return FileChannel(folder, Worded(records.log_lines, records.outbox, Words(), "file"), keep_days=30)


def _die(*_: object) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def _tear() -> None:
    write = os.write

    def half(descriptor: int, text: bytes) -> int:
        if text.startswith(b'{"key"'):
            write(descriptor, text[: len(text) // 2])
            _die()
        return write(descriptor, text)

    os.write = half  # type: ignore[assignment]  # of bytes, as the channel calls it


async def main(url: str, folder: str, when: str) -> None:
    """Deliver until it dies."""
    async with await connect(url, StoryClock()) as records:
        if when == "torn":
            _tear()
        else:
            records.outbox.write_down = _die  # type: ignore[method-assign,assignment]  # the step behind the disk
        await Delivery(records.outbox, into_files(records, Path(folder))).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
