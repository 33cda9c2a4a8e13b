"""Intake across a network: encrypted, and, where callers are vouched for, open to those only. Real processes."""

import json
from pathlib import Path

import pytest

from services.settings import PREFIX
from tests.support.processes import ended, environment, running
from tests.support.tls import Authority, Identity
from workflows.policies import load

SHIPPED = load()
QUEUE = next(iter(SHIPPED.queues))
OPEN = ["ticket", "open", "--queue", QUEUE, "--priority", SHIPPED.of_queue(QUEUE).priorities[-1], "--customer", "C-1"]
OPEN += ["--name", "Ada Example", "--subject", "No mail", "--json"]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs."""
    return Authority.make(tmp_path_factory.mktemp("ours"), "ours")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom nobody trusts."""
    return Authority.make(tmp_path_factory.mktemp("others"), "others")


@pytest.fixture(scope="module")
def shown(ours: Authority) -> Identity:
    """What intake shows."""
    return ours.sign("intake")


def _told(of: Identity, certificate: str = "INTAKE_TLS_CERT", key: str = "INTAKE_TLS_KEY") -> dict[str, str]:
    return {certificate: str(of.certificate), key: str(of.key)}


def _caller(
    env: dict[str, str], server: str, ca: Authority | None = None, own: Identity | None = None
) -> dict[str, str]:
    """Make the environment of one who asks."""
    told = {} if own is None else _told(own, "CALLER_TLS_CERT", "CALLER_TLS_KEY")
    told |= {"INTAKE_ADDRESS": server} | ({} if ca is None else {"CALLER_TLS_CA": str(ca.certificate)})
    inherited = {name: value for name, value in env.items() if not name.startswith(f"{PREFIX}INTAKE_TLS")}
    return inherited | {PREFIX + name: value for name, value in told.items()}


async def test_a_ticket_is_opened_over_an_encrypted_way(tmp_path: Path, ours: Authority, shown: Identity) -> None:
    """By who trusts what intake shows; who asks in clear is not understood."""
    env = environment(tmp_path, **_told(shown))
    assert (await ended("migrate", env=env)).code == 0
    async with running("intake", env=env) as intake:
        server = (await intake.log(r"intake answers  address=(\S+)")).group(1)

        opened = await ended(*OPEN, env=_caller(env, server, ours))
        in_clear = await ended(*OPEN, env=_caller(env, server))

        assert opened.code == 0, opened.err
        assert json.loads(opened.out)["reference"]
        assert (in_clear.code, in_clear.out) == (2, "")
        assert await intake.stop() == 0
        await intake.log("intake stopped")
        assert "ssl" not in intake.logged.lower()  # whoever knocks writes no lines of his own into the log


async def test_only_callers_who_are_vouched_for_are_answered(
    tmp_path: Path, ours: Authority, others: Authority, shown: Identity
) -> None:
    """Who shows nothing, or what another signed, gets no answer."""
    env = environment(tmp_path, **_told(shown), INTAKE_TLS_CLIENT_CA=str(ours.certificate))
    assert (await ended("migrate", env=env)).code == 0
    async with running("intake", env=env) as intake:
        server = (await intake.log(r"intake answers  address=(\S+)")).group(1)

        opened = await ended(*OPEN, env=_caller(env, server, ours, ours.sign("desk")))
        nobody = await ended(*OPEN, env=_caller(env, server, ours))
        stranger = await ended(*OPEN, env=_caller(env, server, ours, others.sign("stranger")))

        assert opened.code == 0, opened.err
        assert [(ran.code, ran.out) for ran in (nobody, stranger)] == [(2, "")] * 2
        assert stranger.err.endswith("; FOLLOWTHROUGH_CALLER_TLS_CA asks over TLS: see that both speak it\n")
        assert await intake.stop() == 0


async def test_a_renewed_certificate_is_shown_to_whoever_comes_next(
    tmp_path: Path, ours: Authority, others: Authority, shown: Identity
) -> None:
    """Without starting anew: by what is in the files when a caller comes; what cannot be used changes nothing."""
    renewed = others.sign("renewed")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(shown.certificate.read_bytes())
    key.write_bytes(shown.key.read_bytes())
    env = environment(tmp_path / "var", INTAKE_TLS_CERT=str(cert), INTAKE_TLS_KEY=str(key))
    assert (await ended("migrate", env=env)).code == 0
    async with running("intake", env=env) as intake:
        server = (await intake.log(r"intake answers  address=(\S+)")).group(1)
        assert (await ended(*OPEN, env=_caller(env, server, ours))).code == 0

        cert.write_bytes(renewed.certificate.read_bytes())  # its key is not there yet
        assert (await ended(*OPEN, env=_caller(env, server, ours))).code == 0
        await intake.log("certificates cannot be used, those before stay")
        key.write_bytes(renewed.key.read_bytes())
        assert (await ended(*OPEN, env=_caller(env, server, others))).code == 0
        await intake.log("certificates were renewed")
        assert (await ended(*OPEN, env=_caller(env, server, ours))).code == 2
        key.unlink()
        assert (await ended(*OPEN, env=_caller(env, server, others))).code == 0
        assert await intake.stop() == 0


async def test_callers_are_vouched_for_by_the_authority_of_the_day(
    tmp_path: Path, ours: Authority, others: Authority, shown: Identity
) -> None:
    """Another authority in the file takes the place of the one before, for whoever comes from then on."""
    ca = tmp_path / "ca.pem"
    ca.write_bytes(others.certificate.read_bytes())
    env = environment(tmp_path / "var", **_told(shown), INTAKE_TLS_CLIENT_CA=str(ca))
    assert (await ended("migrate", env=env)).code == 0
    async with running("intake", env=env) as intake:
        server = (await intake.log(r"intake answers  address=(\S+)")).group(1)
        desk = _caller(env, server, ours, ours.sign("a-desk"))
        assert (await ended(*OPEN, env=desk)).code == 2
        ca.write_bytes(ours.certificate.read_bytes())
        assert (await ended(*OPEN, env=desk)).code == 0
        assert await intake.stop() == 0


async def test_up_reads_every_certificate_before_it_starts_anything(
    tmp_path: Path, ours: Authority, others: Authority, shown: Identity
) -> None:
    """Intake's and those for the way to Temporal: nothing is begun, not even a folder."""
    other, absent, var = others.sign("other-of-up"), tmp_path / "absent.pem", tmp_path / "var"
    temporal = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "TEMPORAL_TLS": "true"}
    said = {
        f"INTAKE_TLS_CERT='{absent}': no such file or directory: name a file to read": {
            "INTAKE_TLS_CERT": str(absent),
            "INTAKE_TLS_KEY": str(shown.key),
        },
        f"INTAKE_TLS_KEY='{other.key}': key values mismatch: name the key of {shown.certificate}, in clear": {
            "INTAKE_TLS_CERT": str(shown.certificate),
            "INTAKE_TLS_KEY": str(other.key),
        },
        f"INTAKE_TLS_CLIENT_CA='{ours.key}': no certificate can be read in it: name one's file": {
            **_told(shown),
            "INTAKE_TLS_CLIENT_CA": str(ours.key),
        },
        f"TEMPORAL_TLS_CA='{absent}': no such file or directory: name a file to read": {
            **temporal,
            "TEMPORAL_TLS_CA": str(absent),
        },
        f"TEMPORAL_TLS_KEY='{other.key}': key values mismatch: name the key of {shown.certificate}, in clear": {
            **temporal,
            **_told(shown, "TEMPORAL_TLS_CERT", "TEMPORAL_TLS_KEY"),
            "TEMPORAL_TLS_KEY": str(other.key),
        },
    }
    for line, told in said.items():
        ran = await ended("up", env=environment(var, **told))

        assert (ran.code, ran.out, ran.err) == (2, "", f"followthrough: FOLLOWTHROUGH_{line}\n")
        assert not var.exists()


async def test_what_does_not_belong_together_is_one_line(
    tmp_path: Path, ours: Authority, others: Authority, shown: Identity
) -> None:
    """Before anything listens: a key of another, a file that is none, half of a pair."""
    other, note = others.sign("other"), tmp_path / "note.txt"
    note.write_text("Dear operator", encoding="ascii")
    var = tmp_path / "var"
    assert (await ended("migrate", env=environment(var))).code == 0
    mixed = {"INTAKE_TLS_CERT": str(shown.certificate), "INTAKE_TLS_KEY": str(other.key)}
    said = {
        f"INTAKE_TLS_KEY='{other.key}': key values mismatch: name the key of {shown.certificate}, in clear": mixed,
        f"INTAKE_TLS_CERT='{note}': the file is not in PEM: name one that begins with -----BEGIN": {
            "INTAKE_TLS_CERT": str(note),
            "INTAKE_TLS_KEY": str(shown.key),
        },
        "INTAKE_TLS_CERT is of no use alone: set FOLLOWTHROUGH_INTAKE_TLS_KEY too": {
            "INTAKE_TLS_CERT": str(shown.certificate)
        },
        "INTAKE_TLS_CLIENT_CA is of no use alone: set FOLLOWTHROUGH_INTAKE_TLS_CERT too": {
            "INTAKE_TLS_CLIENT_CA": str(ours.certificate)
        },
    }
    for line, told in said.items():
        ran = await ended("intake", env=environment(var, **told))

        assert (ran.code, ran.out) == (2, "")
        assert ran.err == f"followthrough: FOLLOWTHROUGH_{line}\n"
