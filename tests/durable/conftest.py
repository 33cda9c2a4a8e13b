"""The real Temporal servers of these tests."""

from tests.support.temporal import client, skipper, skipping_address, task_queue, temporal_address, timers

__all__ = ["client", "skipper", "skipping_address", "task_queue", "temporal_address", "timers"]
