"""Intake as `followthrough intake` runs it, on the promises of a chaos run: `python -m tests.chaos.intake`."""

import sys

from services import alone, logs
from services.process import CannotStart, leave, run
from services.settings import Settings, SettingsError


def main() -> None:
    """Answer gRPC until SIGTERM; one line and 2 when that cannot be begun, as with the database away."""
    settings = Settings.load()
    logs.configure(settings.log_level, settings.log_format)
    try:
        run(lambda: alone.intake(settings, ("tests.chaos.promises",)))
    except (SettingsError, CannotStart) as error:
        sys.stderr.write(f"{error}\n")
        leave(2)
    leave(0)


if __name__ == "__main__":
    main()
