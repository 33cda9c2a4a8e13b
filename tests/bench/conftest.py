"""The Temporal server of the benchmarks whose workflows are forwarded."""

from tests.support.temporal import skipping_address

__all__ = ["skipping_address"]
