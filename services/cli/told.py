"""What intake's no, or its silence, means for the exit code. 1: refused, one line gives the reason. 2: no answer."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
import grpc

from services.cli import typed
from services.cli.failing import Failed
from services.client import Refused, Unreachable
from services.settings import Address

NO_INTAKE = "does not answer as intake does: see that --server or FOLLOWTHROUGH_INTAKE_ADDRESS is intake's own port"


@contextmanager
def told_plainly(server: Address, credentials: grpc.ChannelCredentials | None) -> Iterator[None]:
    """Turn what a client raises into `Failed`, in the words that were typed."""
    try:
        yield
    except Refused as refused:
        if not refused.reason:
            raise Failed(f"{server} {NO_INTAKE} [{refused.code.name}]", exit_code=2) from None
        raise Failed(f"refused: {in_words_typed(refused)}", exit_code=1) from None
    except Unreachable as error:
        way = "; FOLLOWTHROUGH_CALLER_TLS_CA asks over TLS: see that both speak it" if credentials else ""
        raise Failed(f"{error}{way}", exit_code=2) from None


def in_words_typed(refused: Refused) -> str:
    """A refusal with its reason."""
    return f"{typed.in_words_of(click.get_current_context().command, refused)} [{refused.reason}]"
