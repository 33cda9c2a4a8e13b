"""Children that do not outlive who started them, however that ends. Where the system cannot see to it, they may."""

import shutil
from signal import Signals


def dying_with_parent(last: Signals) -> tuple[str, ...]:
    """What a command line is to begin with, so that its process gets this signal when its parent is gone.

    By a program and not after the fork: gRPC's threads, which a fork does not copy, abort the child now and then.
    """
    program = shutil.which("setpriv")
    return (program, "--pdeathsig", last.name.removeprefix("SIG")) if program else ()
