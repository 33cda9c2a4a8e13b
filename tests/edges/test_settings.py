"""Settings: read from the environment only, refused in one line, listed by the help of who reads them."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli import main
from services.settings import PREFIX, Address, LogFormat, LogLevel, Settings, SettingsError, broken


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


def test_with_nothing_set_everything_is_embedded_and_on_loopback() -> None:
    """Without a single variable, the record and Temporal are ours, under `var`, and nothing is open to the network."""
    settings = Settings.load()

    assert settings.record_url == "sqlite:///var/record.sqlite3"
    assert settings.is_record_embedded
    assert settings.temporal == settings.embedded_temporal_address
    listening = (settings.intake_address, settings.exporter_address, settings.embedded_temporal_address)
    assert {address.host for address in listening} == {"127.0.0.1"}
    assert len({address.port for address in listening}) == 3


def test_each_variable_is_its_field_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values are read as what they mean; an empty variable is as good as none."""
    monkeypatch.setenv("FOLLOWTHROUGH_DATABASE_URL", "postgresql://desk@db.example/followthrough")
    monkeypatch.setenv("FOLLOWTHROUGH_TEMPORAL_ADDRESS", "temporal.example:7233")
    monkeypatch.setenv("FOLLOWTHROUGH_INTAKE_ADDRESS", "[::1]:0")
    monkeypatch.setenv("FOLLOWTHROUGH_VAR_DIR", "/srv/desk")
    monkeypatch.setenv("FOLLOWTHROUGH_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("FOLLOWTHROUGH_LOG_FORMAT", "json")
    monkeypatch.setenv("FOLLOWTHROUGH_KEEPER_GRACE_SECONDS", "")
    monkeypatch.setenv("FOLLOWTHROUGH_POLICIES", "acme.policies:/srv/desk/policies:")

    settings = Settings.load()

    assert settings.record_url == "postgresql://desk@db.example/followthrough"
    assert not settings.is_record_embedded
    assert settings.temporal == Address("temporal.example", 7233)
    assert settings.intake_address == Address("::1", 0)
    assert settings.var_dir == Path("/srv/desk")
    assert (settings.log_level, settings.log_format) == (LogLevel.WARNING, LogFormat.JSON)
    assert settings.keeper_grace_seconds == 2
    assert settings.policies == ("acme.policies", "/srv/desk/policies")


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        (
            "FOLLOWTHROUGH_INTAKE_ADDRESS",
            "7300",
            "FOLLOWTHROUGH_INTAKE_ADDRESS='7300': give it as host:port, like 127.0.0.1:7300",
        ),
        (
            "FOLLOWTHROUGH_EXPORTER_ADDRESS",
            "127.0.0.1:70000",
            "FOLLOWTHROUGH_EXPORTER_ADDRESS='127.0.0.1:70000': a port is at most 65535",
        ),
        (
            "FOLLOWTHROUGH_DATABASE_URL",
            "mysql://desk:secret@db/x",
            "FOLLOWTHROUGH_DATABASE_URL='mysql://desk:***@db/x': give a postgresql:// or sqlite:/// URL",
        ),
        (
            "FOLLOWTHROUGH_DATABASE_URL",
            "mysql://db/x?password=secret&timeout=3",
            "FOLLOWTHROUGH_DATABASE_URL='mysql://db/x?password=***&timeout=3': give a postgresql:// or sqlite:/// URL",
        ),
        (
            "FOLLOWTHROUGH_LOG_LEVEL",
            "loud",
            "FOLLOWTHROUGH_LOG_LEVEL='loud': input should be 'debug', 'info', 'warning' or 'error'",
        ),
        (
            "FOLLOWTHROUGH_KEEPER_GRACE_SECONDS",
            "inf",
            "FOLLOWTHROUGH_KEEPER_GRACE_SECONDS='inf': input should be a finite number",
        ),
        (
            "FOLLOWTHROUGH_POLICIES",
            " : ",
            "FOLLOWTHROUGH_POLICIES=' : ': name at least one module, file or folder, separated by ':'",
        ),
        (
            "FOLLOWTHROUGH_DATABSE_URL",
            "sqlite:///x",
            "FOLLOWTHROUGH_DATABSE_URL: there is no such setting; write FOLLOWTHROUGH_DATABASE_URL",
        ),
    ],
)
def test_a_broken_setting_is_one_line(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, line: str) -> None:
    """It names the variable, its value and the remedy, and shows no password."""
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as refused:
        Settings.load()

    assert str(refused.value) == line


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://desk:S3@cret/x@db:5432/x", "postgresql://desk:***@db:5432/x"),
        ("postgresql+asyncpg://desk@db:5432/x", "postgresql+asyncpg://desk@db:5432/x"),
        ("postgresql://db/x?user=desk&password=S3cret&ssl=on", "postgresql://db/x?user=desk&password=***&ssl=on"),
        ("postgresql://db/x?pass%77ord=S3cret", "postgresql://db/x?pass%77ord=***"),
        ("postgresql://db/x?PASSWORD=S3cret", "postgresql://db/x?PASSWORD=***"),
        ("postgresql://desk:S3cret@db/x?password=S3cret", "postgresql://desk:***@db/x?password=***"),
    ],
)
def test_no_password_is_shown_wherever_the_url_has_it(monkeypatch: pytest.MonkeyPatch, url: str, shown: str) -> None:
    """Where the record is said to be: the driver takes a password from a URL's query as well."""
    monkeypatch.setenv("FOLLOWTHROUGH_DATABASE_URL", url)
    settings = Settings.load()

    assert (settings.record_url, settings.shown_record_url) == (url, shown)
    assert "S3" not in str(broken("database_url", settings.record_url, "correct it"))


@pytest.mark.parametrize("url", ["desk:S3cret@db/x", "postgresql:/desk:S3cret@db/x", "postgresql:desk:S3cret@db/x"])
def test_no_password_is_shown_of_a_url_that_is_mistyped(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A line that says what is wrong is pasted into tickets."""
    monkeypatch.setenv("FOLLOWTHROUGH_DATABASE_URL", url)

    with pytest.raises(SettingsError, match=r"desk:\*\*\*@db/x'") as refused:
        Settings.load()
    assert "S3" not in str(refused.value)


def test_everything_that_is_broken_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two mistakes take one correction, not two starts."""
    monkeypatch.setenv("FOLLOWTHROUGH_LOG_LEVEL", "loud")
    monkeypatch.setenv("FOLLOWTHROUGH_INTAKE_ADDRESS", "here")

    with pytest.raises(SettingsError, match=r"FOLLOWTHROUGH_INTAKE_ADDRESS.*; FOLLOWTHROUGH_LOG_LEVEL"):
        Settings.load()


def test_what_an_orchestrator_adds_under_our_prefix_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes names variables after its services; only a near miss of a setting is a mistake."""
    monkeypatch.setenv("FOLLOWTHROUGH_INTAKE_SERVICE_HOST", "127.0.0.7")
    monkeypatch.setenv("FOLLOWTHROUGH_INTAKE_PORT", "tcp://127.0.0.7:7300")

    assert Settings.load().intake_address == Address("127.0.0.1", 7300)


@pytest.mark.parametrize(
    ("name", "value"), [("TEMPORAL_API_KEY", "secret"), ("TEMPORAL_TLS", "true"), ("TEMPORAL_TLS_CA", "ca.pem")]
)
def test_what_is_for_anothers_temporal_is_refused_without_one(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The embedded server asks for no key: whoever set one meant another server."""
    monkeypatch.setenv(PREFIX + name, value)

    with pytest.raises(SettingsError) as refused:
        Settings.load()

    assert str(refused.value) == (
        f"FOLLOWTHROUGH_{name} is for a server that others run: set FOLLOWTHROUGH_TEMPORAL_ADDRESS to it, "
        "or leave it out"
    )


@pytest.mark.parametrize("name", ["TEMPORAL_API_KEY", "TEMPORAL_TLS_CA"])
def test_nothing_secret_goes_to_temporal_in_clear(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Who names a key or an authority means an encrypted way: without one, neither would be of use."""
    monkeypatch.setenv("FOLLOWTHROUGH_TEMPORAL_ADDRESS", "temporal.example:7233")
    monkeypatch.setenv(PREFIX + name, "secret")

    with pytest.raises(SettingsError) as refused:
        Settings.load()

    assert str(refused.value) == f"FOLLOWTHROUGH_{name} is for an encrypted way: set FOLLOWTHROUGH_TEMPORAL_TLS=true"


@pytest.mark.parametrize(("name", "other"), [("CERT", "KEY"), ("KEY", "CERT")])
def test_a_certificate_and_its_key_belong_together(monkeypatch: pytest.MonkeyPatch, name: str, other: str) -> None:
    """Half of the pair shows nobody who we are."""
    monkeypatch.setenv("FOLLOWTHROUGH_TEMPORAL_ADDRESS", "temporal.example:7233")
    monkeypatch.setenv("FOLLOWTHROUGH_TEMPORAL_TLS", "true")
    monkeypatch.setenv(f"FOLLOWTHROUGH_TEMPORAL_TLS_{name}", "ours.pem")

    with pytest.raises(SettingsError) as refused:
        Settings.load()

    told = f"FOLLOWTHROUGH_TEMPORAL_TLS_{name} is of no use alone: set FOLLOWTHROUGH_TEMPORAL_TLS_{other} too"
    assert str(refused.value) == told


def test_a_password_is_not_in_the_settings_own_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever logs the settings by mistake logs no secret."""
    monkeypatch.setenv("FOLLOWTHROUGH_DATABASE_URL", "postgresql://desk:secret@db/x")
    monkeypatch.setenv("FOLLOWTHROUGH_TEMPORAL_ADDRESS", "temporal.example:7233")
    monkeypatch.setenv("FOLLOWTHROUGH_TEMPORAL_TLS", "true")
    monkeypatch.setenv("FOLLOWTHROUGH_TEMPORAL_API_KEY", "secret")

    assert "secret" not in repr(Settings.load())


def _listed(command: str) -> set[str]:
    """Name the settings that a command's help lists."""
    ran = CliRunner().invoke(main, [command, "--help"])
    assert ran.exit_code == 0
    assert "`" not in ran.output
    return set(re.findall(rf"^  {PREFIX}(\w+)$", ran.output, re.MULTILINE))


def test_the_help_of_up_lists_every_port_and_path() -> None:
    """Every setting, but of those who ask: nothing has to be looked up elsewhere."""
    asking = {name.upper() for name in Settings.model_fields if name.startswith(("actor", "caller_"))}
    assert _listed("up") == {name.upper() for name in Settings.model_fields} - asking


def test_the_help_of_a_process_lists_what_it_reads() -> None:
    """And nothing else: who runs one alone sets no more than that."""
    everywhere = {"VAR_DIR", "DATABASE_URL", "LOG_LEVEL", "LOG_FORMAT"}
    temporal = {name.upper() for name in Settings.model_fields if "temporal" in name}
    own = {
        part: {name.upper() for name in Settings.model_fields if name.startswith(f"{part}_")}
        for part in ("intake", "worker", "keeper", "delivery", "roster", "exporter")
    }

    policies = {name.upper() for name in Settings.model_fields if name.startswith("policies")}
    own["delivery"] |= {name.upper() for name in Settings.model_fields if name.startswith(("words", "messages_"))}
    own["delivery"] |= {"CHANNELS"}
    own["exporter"] |= policies
    own["roster"] |= policies
    own["intake"] |= policies | {"ROUTE_SECONDS", "OPERATORS"}

    assert _listed("migrate") == everywhere
    for part in ("delivery", "roster", "exporter"):
        assert _listed(part) == everywhere | {"CLOCK"} | own[part]
    for part in ("intake", "worker", "keeper"):
        assert _listed(part) == everywhere | {"CLOCK"} | own[part] | temporal


def test_each_setting_tells_its_true_default() -> None:
    """What the help and the operator's table say is what happens."""
    for name, field in Settings.model_fields.items():
        told = re.search(r"Default:? `?(.+?)`?(, taken|\.\s|\.$|, the)", " ".join((field.description or "").split()))
        assert told, name
        if field.default is not None and field.default_factory is None:
            default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
            assert told.group(1) == default, name
