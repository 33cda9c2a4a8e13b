"""Replays histories and prints every module of ours that came in: `python replay_histories.py FILE…`.

A program of its own so that nothing but the shell is imported. It fails when a history does not replay.
"""

import asyncio
import sys
from importlib import import_module
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from workflows.announcement import AnnouncementWorkflow
from workflows.ticket import TicketWorkflow


async def replay(files: list[Path]) -> None:
    """Replay them all."""
    replayer = Replayer(workflows=[TicketWorkflow, AnnouncementWorkflow], workflow_runner=UnsandboxedWorkflowRunner())
    for file in files:
        await replayer.replay_workflow(WorkflowHistory.from_json(file.stem, file.read_text()))


if __name__ == "__main__":
    asyncio.run(replay([Path(name) for name in sys.argv[1:]]))
    ours = (name for name in sys.modules if name.partition(".")[0] in {"workflows", "services", "protos"})
    sys.stdout.write("\n".join(sorted(ours)) + "\n")
    leave = import_module("services.process").leave  # only now: what it brings in is not the shell's
    leave(0)
