"""Intake as `followthrough intake` runs it, on the promises of a chaos run: `python -m tests.chaos.intake`."""

from services import alone, logs
from services.process import leave, run
from services.settings import Settings


def main() -> None:
    """Answer gRPC until SIGTERM."""
    settings = Settings.load()
    logs.configure(settings.log_level, settings.log_format)
    run(lambda: alone.intake(settings, ("tests.chaos.promises",)))
    leave(0)


if __name__ == "__main__":
    main()
