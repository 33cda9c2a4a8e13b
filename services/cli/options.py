"""What `followthrough ticket` reads from its command line beside plain words, and the options its commands share."""

import functools
import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import click

from services import certificates
from services.cli.asking import Asking, Instant
from services.cli.failing import Failed
from services.cli.numbers import WholeNumber
from services.settings import Address, Settings, SettingsError

NUMBER = WholeNumber(min=0, max=2**31 - 1)
"""What the contract has room for in a sequence or a version."""

LENGTH = re.compile(r"(?:(?P<hours>\d{1,7})\s*h)?\s*(?:(?P<minutes>\d{1,7})\s*m(?:in)?)?", re.IGNORECASE)

TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")


class AddressOption(click.ParamType[Address]):
    """A `host:port` on the command line."""

    name = "host:port"

    def convert(self, value: str | Address, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Read it, or refuse with the remedy."""
        try:
            return value if isinstance(value, Address) else Address.parse(value)
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)


class LengthOption(click.ParamType[timedelta]):
    """A length in hours and minutes on the command line, like `25m` or `1h30m`."""

    name = "length"

    def convert(self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it, or refuse with the remedy."""
        if isinstance(value, timedelta):
            return value
        read = LENGTH.fullmatch(value.strip())
        if read is None or not any(read.groups()):
            is_day = re.search(r"\d\s*(d|days?|w|weeks?)\b", value, re.IGNORECASE)
            why = "a day is not a unit: " if is_day else ""
            self.fail(f"{value!r}: {why}give hours and minutes, like 25m or 1h30m", param, ctx)
        return timedelta(hours=int(read["hours"] or 0), minutes=int(read["minutes"] or 0))


class InstantOption(click.ParamType[Instant]):
    """An instant on the command line, in the zone of the terminal unless it names one.

    A time alone is that of today, and which day that is only the record's clock can say: `Asking.instant` asks it.
    """

    name = "instant"

    def convert(self, value: str | Instant, param: click.Parameter | None, ctx: click.Context | None) -> Instant:
        """Read it, or refuse with the remedy."""
        if not isinstance(value, str):
            return value
        try:
            if TIME.fullmatch(value):
                return time.fromisoformat(f"0{value}" if value[1] == ":" else value)
            if not TIME.search(value):
                raise ValueError  # noqa: TRY301 - a date alone is no instant
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r}: write an instant, like 2026-11-26T15:00, 2026-11-26T15:00Z or 15:00", param, ctx)


def reads(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that every question has, and an `Asking` that goes by them."""

    @click.option("--server", type=AddressOption(), help="Where intake answers. Default: FOLLOWTHROUGH_INTAKE_ADDRESS.")
    @click.option("--json", "is_json", is_flag=True, help="One JSON object a line instead of tables.")
    @functools.wraps(command)
    def with_options(
        *,
        server: Address | None,
        is_json: bool,
        actor: str | None = None,
        request_id: str = "",
        expected_version: int = 0,
        **options: object,
    ) -> None:
        try:
            settings = Settings.load()
            credentials = certificates.to_intake(settings)
        except SettingsError as error:
            raise Failed(str(error), exit_code=2) from None
        asking = Asking(
            server=server or settings.intake_address,
            credentials=credentials,
            actor=actor or settings.actor,
            request_id=request_id,
            expected_version=expected_version,
            is_json=is_json,
        )
        command(asking, **options)

    return with_options


def asks(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of every change of a ticket, beside those of every question."""
    with_who = click.option("--actor", help="Who asks. Default: FOLLOWTHROUGH_ACTOR, else the login name.")
    with_id = click.option("--request-id", default="", help="Give the same UUID again to repeat a change safely.")
    return with_who(with_id(reads(command)))


def changes(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of every change of a ticket that exists, beside those of every change."""
    help_text = "Refuse the change when the ticket has moved on from this version. Default: any."
    return click.option("--expected-version", type=NUMBER, default=0, help=help_text)(asks(command))
