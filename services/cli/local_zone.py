"""The zone that this terminal's clock is in, by its IANA name: where a customer is taken to be, unless it is said."""

import click
from babel.localtime import get_localzone

from workflows.domain.errors import CalendarError
from workflows.domain.zones import zone


def local_zone() -> str:
    """Name it. Raises `click.UsageError` where it has no name: nobody is to read another's clock."""
    try:
        found = get_localzone()  # of the standard library, or of pytz where that is installed
        return zone(str(getattr(found, "key", None) or getattr(found, "zone", None) or "")).key
    except (LookupError, OSError, CalendarError):
        remedy = "say where the customer is, like --zone Europe/London"
        raise click.UsageError(f"--zone is missing, and this terminal's own zone has no name: {remedy}") from None


in_zone = click.option(
    "--zone", default=local_zone, help="IANA name of the customer's time zone. Default: this terminal's own."
)
"""The option of a command that makes a ticket of a customer."""
