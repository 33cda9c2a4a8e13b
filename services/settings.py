"""Every setting, its unit and its default. The only module that reads the environment; it opens and starts nothing.

A variable is the field's name in capitals behind `FOLLOWTHROUGH_`. With none set, everything runs embedded on this
machine: SQLite and a Temporal development server, both under `var_dir`, on loopback addresses only.
"""

import difflib
import getpass
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import quote

from pydantic import BeforeValidator, Field, PositiveInt, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "FOLLOWTHROUGH_"
RECORD_SCHEMES = ("sqlite", "sqlite+aiosqlite", "postgresql", "postgresql+asyncpg")
HIGHEST_PORT = 65535
USELESS_WITHOUT = (
    ("temporal_tls_cert", "temporal_tls_key"),
    ("temporal_tls_key", "temporal_tls_cert"),
    ("intake_tls_cert", "intake_tls_key"),
    ("intake_tls_key", "intake_tls_cert"),
    ("intake_tls_client_ca", "intake_tls_cert"),
    ("caller_tls_cert", "caller_tls_key"),
    ("caller_tls_key", "caller_tls_cert"),
    ("caller_tls_cert", "caller_tls_ca"),
)
CHANNELS = ("file", "log")
"""By what messages can be sent, in the order in which each is."""
MESSAGES_FOLDER = "messages"
"""Of the channel `file`, in `var_dir`."""
LEAST_KEEP_DAYS, MOST_KEEP_DAYS = 90, 36_500
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
RECORD_FILE = "record.sqlite3"
"""The embedded record, in `var_dir`."""


class SettingsError(Exception):
    """A setting that cannot be used: its text is one line that names the variable, its value and the remedy."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a process listens or is reached; port 0 asks the system for a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host:port` or `[::1]:port`."""
        host, colon, port = text.rpartition(":")
        is_bracketed = host.startswith("[") and host.endswith("]")
        if not colon or not host or (":" in host and not is_bracketed) or not re.fullmatch(r"[0-9]{1,5}", port):
            raise ValueError("give it as host:port, like 127.0.0.1:7300")
        if int(port) > HIGHEST_PORT:
            raise ValueError(f"a port is at most {HIGHEST_PORT}")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _read_address(value: object) -> object:
    return Address.parse(value) if isinstance(value, str) else value


def _read_names(value: object) -> object:
    """Split what is separated by commas; names have nothing around them."""
    return tuple(name for each in value.split(",") if (name := each.strip())) if isinstance(value, str) else value


def _read_entries(value: object) -> object:
    """Split what is separated as in PATH; what is empty between two of them counts for nothing there either."""
    if not isinstance(value, str):
        return value
    entries = tuple(entry for entry in value.split(os.pathsep) if entry.strip())
    if not entries:
        raise ValueError(f"name at least one module, file or folder, separated by {os.pathsep!r}")
    return entries


def _read_channels(value: object) -> object:
    """Split what is separated by commas; each channel once."""
    if not isinstance(value, str):
        return value
    names = tuple(dict.fromkeys(name.strip().lower() for name in value.split(",") if name.strip()))
    unknown = [name for name in names if name not in CHANNELS]
    if unknown or not names:
        what = f"there is no channel {unknown[0]!r}: " if unknown else ""
        raise ValueError(f"{what}name at least one of {', '.join(CHANNELS)}, separated by commas")
    return names


def _read_language(value: object) -> object:
    if isinstance(value, str) and not LANGUAGE.fullmatch(value):
        raise ValueError("write a BCP 47 tag, like 'en' or 'pt-BR'")
    return value


Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
SecondsOrZero = Annotated[float, Field(ge=0, allow_inf_nan=False)]
AddressText = Annotated[Address, NoDecode, BeforeValidator(_read_address)]
Channels = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_read_channels)]
Language = Annotated[str, BeforeValidator(_read_language)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_read_names)]
Entries = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_read_entries)]


class LogLevel(StrEnum):
    """From which severity on facts are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a fact is written."""

    TEXT = "text"
    """One line for a person."""
    JSON = "json"
    """One JSON object a line, for a log store."""


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "operator"


class Settings(BaseSettings):
    """What a process of Followthrough can be told from outside."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    var_dir: Path = Path("var")
    """Folder of everything that embedded parts keep: SQLite, Temporal's file, logs, the lock. Default `var`, taken
    from the folder the process is started in."""

    database_url: str | None = Field(default=None, repr=False)
    """The record: `postgresql://user:password@host/name` or `sqlite:///path`. Default: SQLite in `var_dir`."""

    clock: str = "real"
    """The record's clock: `real` or `scaled:ORIGIN:SPEED`, like `scaled:2026-11-21T12:00:00Z:5000`. ORIGIN is the real
    instant at which both clocks agree, usually now, and never in the future; from there on the record runs SPEED times
    as fast. A record keeps its clock. Default `real`."""

    policies: Entries | None = None
    """What holds the policies and their queues: modules, files and folders, separated by `:` as in PATH. They are read
    again when a file of them changes, and on SIGHUP. Default: those that ship."""

    policies_load_seconds: Seconds = 10
    """Real seconds that the files of the policies get, all together, to be read. Default 10."""

    policies_watch_seconds: Seconds = 2
    """Real seconds between two looks at the files of the policies. Default 2."""

    route_seconds: Seconds = 0.5
    """Real seconds that a policy's `route` gets to say where a request belongs; then its default holds. Default 0.5."""

    roster_seconds: Seconds = 5
    """Real seconds that a policy's `roster` gets to say who is on duty; then its last answer stays. Default 5."""

    roster_every_seconds: Seconds = 30
    """Real seconds between two rounds in which every policy's `roster` is asked. Default 30."""

    words: Path | None = None
    """Folder with the desk's own templates of messages, which go before those that ship; see `followthrough words`.
    Default: none."""

    words_language: Language = "en"
    """BCP 47 tag of the language that the desk is told things in, and every customer in whose own there are no
    templates. Default `en`."""

    channels: Channels | None = None
    """By what messages are sent, separated by commas: `log`, `file`. With `file` each stands in words in a file of the
    day, below `messages_dir`. Default: `file,log` with the embedded record, else `log`."""

    messages_dir: Path | None = None
    """Folder of the files of the channel `file`, with what customers are told in them. Default `messages` in
    `var_dir`."""

    messages_keep_days: PositiveInt = 30
    """Days after which such a file is removed. Default 30."""

    temporal_address: AddressText | None = None
    """A Temporal server that others run. Default: none, the embedded one is meant."""

    embedded_temporal_address: AddressText = Address("127.0.0.1", 7301)
    """Where `followthrough up` starts the embedded Temporal server, and where the other processes then look for it.
    Default `127.0.0.1:7301`. Unused when `temporal_address` is set."""

    temporal_namespace: str = Field(default="default", min_length=1)
    """Temporal's namespace for the tickets' timers. Default `default`."""

    temporal_tls: bool = False
    """Whether the way to `temporal_address` is encrypted, with the system's certificates. Default false."""

    temporal_tls_ca: Path | None = None
    """File with the certificate of the authority that vouches for `temporal_address`, in place of the system's, with
    `temporal_tls`; PEM. Default: none."""

    temporal_tls_cert: Path | None = None
    """File with the certificate that we show to `temporal_address`, with `temporal_tls`; PEM. Default: none."""

    temporal_tls_key: Path | None = None
    """File with the private key of `temporal_tls_cert`; PEM. Default: none."""

    temporal_api_key: SecretStr | None = None
    """The key that `temporal_address` asks for, with `temporal_tls`. Default: none."""

    intake_address: AddressText = Address("127.0.0.1", 7300)
    """Where intake answers gRPC, and where `followthrough ticket` asks. Default `127.0.0.1:7300`."""

    intake_tls_cert: Path | None = None
    """File with the certificate that intake shows its callers, with all that vouch for it; PEM. With it the way to
    intake is encrypted. Default: none, it is not."""

    intake_tls_key: Path | None = None
    """File with the private key of `intake_tls_cert`; PEM. Default: none."""

    intake_tls_client_ca: Path | None = None
    """File with the certificate of the authority that vouches for callers, with `intake_tls_cert`; PEM. Who shows none
    of its is not answered. Default: none, whoever comes is."""

    intake_max_in_flight: PositiveInt = 128
    """Calls that intake works on at once; more are refused with RESOURCE_EXHAUSTED. Default 128."""

    intake_max_streams: PositiveInt = 64
    """Streams that intake keeps open at once, that is watched tickets and reflection; one more is refused with
    RESOURCE_EXHAUSTED. Default 64."""

    intake_reflection: bool = True
    """Whether intake tells tools like grpcurl which methods there are: the contract is no secret. Default true."""

    intake_drain_seconds: Seconds = 10
    """Real seconds that calls in flight get to finish when intake stops. Default 10."""

    intake_drain_pause_seconds: SecondsOrZero = 0
    """Real seconds between saying that intake stops and taking no more calls: time for a load balancer to look
    elsewhere. Default 0."""

    operators: Names | None = None
    """Actors that may bring in tickets from elsewhere, separated by commas. Default: none, nobody may."""

    intake_metrics_address: AddressText = Address("127.0.0.1", 7303)
    """Where intake serves its own `/metrics` over HTTP: its calls, and the nudges that it sends. Default
    `127.0.0.1:7303`."""

    exporter_address: AddressText = Address("127.0.0.1", 7302)
    """Where the exporter serves `/metrics` and `/healthz` over HTTP. Default `127.0.0.1:7302`."""

    worker_metrics_address: AddressText = Address("127.0.0.1", 7304)
    """Where the worker serves `/metrics` over HTTP: those of Temporal's SDK. Default `127.0.0.1:7304`."""

    worker_grace_seconds: Seconds = 10
    """Real seconds that settles in flight get to finish when the worker stops. Default 10."""

    keeper_grace_seconds: Seconds = 2
    """Real seconds a deadline may be late before the keeper settles its ticket; 0.2 at most where fifty are late at
    once. Default 2."""

    keeper_tickets_keep_days: Annotated[int, Field(ge=LEAST_KEEP_DAYS, le=MOST_KEEP_DAYS)] | None = None
    """Days, by the record's clock, after which a closed ticket is forgotten with all that the record has of it: 90 at
    least, and never before its reopen window is over. Default: none, tickets are kept for ever."""

    keeper_metrics_address: AddressText = Address("127.0.0.1", 7305)
    """Where the keeper serves its own `/metrics` over HTTP. Default `127.0.0.1:7305`."""

    delivery_metrics_address: AddressText = Address("127.0.0.1", 7306)
    """Where delivery serves its own `/metrics` over HTTP. Default `127.0.0.1:7306`."""

    roster_metrics_address: AddressText = Address("127.0.0.1", 7307)
    """Where the roster's process serves its own `/metrics` over HTTP. Default `127.0.0.1:7307`."""

    log_level: LogLevel = LogLevel.INFO
    """`debug`, `info`, `warning` or `error`. Default `info`."""

    log_format: LogFormat = LogFormat.TEXT
    """`text` or `json`. Default `text`."""

    actor: str = Field(default_factory=_login_name, min_length=1)
    """Who `followthrough ticket` acts as unless `--actor` says otherwise. Default: the login name."""

    caller_tls_ca: Path | None = None
    """File with the certificate of the authority that vouches for intake; PEM. With it `followthrough ticket` and
    `followthrough feed` ask encrypted. Default: none, they ask in clear."""

    caller_tls_cert: Path | None = None
    """File with the certificate that they show intake, with `caller_tls_ca`; PEM. Default: none."""

    caller_tls_key: Path | None = None
    """File with the private key of `caller_tls_cert`; PEM. Default: none."""

    @field_validator("database_url")
    @classmethod
    def _names_a_known_database(cls, url: str | None) -> str | None:
        if url is not None and url.partition("://")[0] not in RECORD_SCHEMES:
            raise ValueError("give a postgresql:// or sqlite:/// URL")
        return url

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @classmethod
    def load(cls) -> Self:
        """Read the environment. Raises `SettingsError`, which tells all that is wrong at once."""
        misspelt = list(_near_misses(os.environ, tuple(cls.model_fields)))
        try:
            settings = cls()
        except ValidationError as error:
            raise SettingsError("; ".join([*misspelt, *(_line(detail) for detail in error.errors())])) from None
        if misspelt:
            raise SettingsError("; ".join(misspelt))
        settings._require_way_to_temporal()
        settings._require_pairs()
        return settings

    def _require_way_to_temporal(self) -> None:
        """See that what is said of another's server belongs together; nothing secret goes there in clear."""
        for field in ("temporal_api_key", "temporal_tls_ca", "temporal_tls_cert", "temporal_tls_key", "temporal_tls"):
            if getattr(self, field) and self.temporal_address is None:
                raise SettingsError(
                    f"{variable(field)} is for a server that others run: set {variable('temporal_address')} to it, "
                    "or leave it out"
                )
            if getattr(self, field) and not self.temporal_tls:
                raise SettingsError(f"{variable(field)} is for an encrypted way: set {variable('temporal_tls')}=true")

    def _require_pairs(self) -> None:
        """See that no certificate comes without what it takes to use it."""
        for field, other in USELESS_WITHOUT:
            if getattr(self, field) and not getattr(self, other):
                raise SettingsError(f"{variable(field)} is of no use alone: set {variable(other)} too")

    @property
    def record_url(self) -> str:
        """The record to use: the one that was named, or the embedded one."""
        return self.database_url or f"sqlite:///{quote(str(self.var_dir / RECORD_FILE))}"

    @property
    def shown_record_url(self) -> str:
        """The record to use, as it may be shown: without a password."""
        return _without_password(self.record_url)

    @property
    def is_record_embedded(self) -> bool:
        """Whether the record is ours to create and migrate."""
        return self.database_url is None

    @property
    def channels_used(self) -> tuple[str, ...]:
        """By what messages are sent: the channels that were named, or those that need nothing besides."""
        named = self.channels or (CHANNELS if self.is_record_embedded else ("log",))
        return tuple(name for name in CHANNELS if name in named)

    @property
    def messages_folder(self) -> Path:
        """Where the channel `file` writes."""
        return self.messages_dir or self.var_dir / MESSAGES_FOLDER

    @property
    def temporal(self) -> Address:
        """The Temporal server to use: the one that was named, or the embedded one."""
        return self.temporal_address or self.embedded_temporal_address


def variable(field: str) -> str:
    """How a field is set from outside."""
    return PREFIX + field.upper()


def broken(field: str, value: object, remedy: str) -> SettingsError:
    """Say what is wrong with a field that only the part that uses it could judge."""
    return SettingsError(_sentence(field, value, remedy))


def _line(detail: ErrorDetails) -> str:
    text = detail["msg"].removeprefix("Value error, ")
    return _sentence(str(detail["loc"][0]), detail["input"], text[:1].lower() + text[1:])


def _sentence(field: str, value: object, remedy: str) -> str:
    return f"{variable(field)}={_without_password(str(value))!r}: {remedy}"


def _without_password(text: str) -> str:
    """Hide a database's password from terminals and logs, in a URL that is mistyped too, or names it in disguise."""
    before = r"(://[^:/@]*)" if "://" in text else r"^((?:[\w.+-]*:/?)?[^:/@]*)"
    text = re.sub(f"{before}:.*@", r"\1:***@", text)
    return re.sub(r"([?&;][^=&;]*(?:pass|%)[^=&;]*=)[^&;]*", r"\1***", text, flags=re.IGNORECASE)


def _near_misses(environment: Mapping[str, str], fields: tuple[str, ...]) -> Iterator[str]:
    """Find misspelt variables: a default in place of what was meant is a silent mistake.

    Only near misses: an orchestrator adds variables of its own under the same prefix.
    """
    names = tuple(field.upper() for field in fields)
    for variable in sorted(environment):
        name = variable.removeprefix(PREFIX)
        if variable.startswith(PREFIX) and name not in names:
            meant = difflib.get_close_matches(name, names, n=1, cutoff=0.8)
            if meant:
                yield f"{variable}: there is no such setting; write {PREFIX}{meant[0]}"


def environment_with(settings: Mapping[str, str]) -> dict[str, str]:
    """Make a child's environment: this process's own, with these settings, by field name, and no others of ours."""
    others = {variable: value for variable, value in os.environ.items() if not variable.startswith(PREFIX)}
    return others | {f"{PREFIX}{field.upper()}": value for field, value in settings.items()}
