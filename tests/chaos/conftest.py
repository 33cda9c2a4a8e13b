"""Fixtures of chaos: a Temporal server of the session."""

from tests.support.temporal import temporal_address

__all__ = ["temporal_address"]
