"""What stands in histories and running systems: it is compared with what was shipped, letter by letter."""

import inspect

from services.temporal import TicketTimers
from services.worker import Worker
from workflows import names


def test_the_names_shared_with_temporal_are_the_ones_that_were_shipped() -> None:
    """Architecture, names: a changed name strands every running ticket."""
    assert (names.TICKET_WORKFLOW, names.SETTLE_ACTIVITY, names.WAKE_SIGNAL) == ("Ticket", "settle", "wake")
    assert (names.TASK_QUEUE, names.STUCK_ERROR) == ("followthrough-tickets", "TicketStuck")


def test_worker_and_timers_meet_on_the_shipped_task_queue() -> None:
    """A test has a queue of its own; without one, both take the shipped one."""
    for part in (TicketTimers, Worker):
        assert inspect.signature(part).parameters["task_queue"].default == "followthrough-tickets"
