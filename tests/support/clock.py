"""A clock that a test owns: it stands still until it is told to move."""

from datetime import UTC, datetime, timedelta

MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class StoryClock:
    """Implements `RecordClock` and pays no heed to real time."""

    def __init__(self, at: datetime = MONDAY_NOON) -> None:
        self.at = at
        self.name = "story"
        self.speed = 1.0

    def read(self, real: datetime) -> datetime:  # noqa: ARG002 - the Protocol's signature
        """Return the instant the story is at."""
        return self.at

    def set(self, at: datetime) -> None:
        """Move to an instant, back too."""
        self.at = at

    def pass_(self, delta: timedelta) -> None:
        """Let time go by."""
        self.at += delta
