"""Certificates and keys from files that settings name: read at the start, and found unusable in one line.

Intake's are read again when a caller comes and they have changed since. Knows who shows what to whom, and opens no
connection.
"""

import logging
import ssl
from pathlib import Path

import grpc
from temporalio.service import TLSConfig

from services.settings import Settings, SettingsError, broken

logger = logging.getLogger(__name__)

_OF_INTAKE = ("intake_tls_cert", "intake_tls_key", "intake_tls_client_ca")


def require_usable(settings: Settings) -> None:
    """See that each file that is named for intake or for the way to Temporal can be used. Raises `SettingsError`."""
    of_intake(settings)
    to_temporal(settings)


def of_intake(settings: Settings) -> grpc.ServerCredentials | None:
    """What intake shows its callers, and of whom it asks for a certificate; none: the way there is not encrypted.

    Whoever comes after a file was changed is shown what is in it then.
    """
    shown = _shown_by_intake(settings)
    if shown is None:
        return None
    return grpc.dynamic_ssl_server_credentials(
        shown,
        _Renewed(settings),  # type: ignore[arg-type]  # the stubs forget that none means no change
        require_client_authentication=settings.intake_tls_client_ca is not None,
    )


class _Renewed:
    """Asked by gRPC with each caller that comes: gives what is in the files when they have changed.

    What cannot be used changes nothing, and is said once: those before stay until the files change again.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen = self._stamps()

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        """None: nothing has changed, or it cannot be used. Called on a thread of gRPC's."""
        stamps = self._stamps()
        if stamps == self._seen:
            return None
        try:
            shown = _shown_by_intake(self._settings)
        except SettingsError as error:
            self._seen = stamps
            logger.warning("certificates cannot be used, those before stay", extra={"reason": str(error)})
            return None
        if self._stamps() != stamps:  # they are being written: the next caller's turn
            return None
        self._seen = stamps
        logger.info("certificates were renewed")
        return shown

    def _stamps(self) -> list[tuple[int, int, int] | None]:
        return [_stamp(getattr(self._settings, field)) for field in _OF_INTAKE]


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    try:
        found = None if path is None else path.stat()
    except OSError:
        return None
    return found and (found.st_mtime_ns, found.st_size, found.st_ino)


def _shown_by_intake(settings: Settings) -> grpc.ServerCertificateConfiguration | None:
    cert, key = (_pem(settings, field) for field in ("intake_tls_cert", "intake_tls_key"))
    ca = _authority(settings, "intake_tls_client_ca")
    if cert is None or key is None:
        return None
    _require_pair(settings, "intake_tls_cert", "intake_tls_key")
    return grpc.ssl_server_certificate_configuration([(key, cert)], root_certificates=ca)


def to_intake(settings: Settings) -> grpc.ChannelCredentials | None:
    """Whom our own callers trust, and what they show; none: the way there is not encrypted."""
    ca = _authority(settings, "caller_tls_ca")
    cert, key = (_pem(settings, field) for field in ("caller_tls_cert", "caller_tls_key"))
    if ca is None:
        return None
    if cert is not None:
        _require_pair(settings, "caller_tls_cert", "caller_tls_key")
    return grpc.ssl_channel_credentials(root_certificates=ca, private_key=key, certificate_chain=cert)


def to_temporal(settings: Settings) -> bool | TLSConfig:
    """Whether the way to Temporal is encrypted; by whom we trust and what we show there, where files are named."""
    ca = _authority(settings, "temporal_tls_ca")
    cert, key = (_pem(settings, field) for field in ("temporal_tls_cert", "temporal_tls_key"))
    if cert is not None:
        _require_pair(settings, "temporal_tls_cert", "temporal_tls_key")
    if ca is None and cert is None:
        return settings.temporal_tls
    return TLSConfig(server_root_ca_cert=ca, client_cert=cert, client_private_key=key)


def _pem(settings: Settings, field: str) -> bytes | None:
    """What is in the file that a setting names; none when it names none. Raises `SettingsError`."""
    path = getattr(settings, field)
    if path is None:
        return None
    try:
        text: bytes = path.read_bytes()
    except OSError as error:
        raise broken(field, path, f"{(error.strerror or 'cannot be read').lower()}: name a file to read") from None
    if b"-----BEGIN " not in text:
        raise broken(field, path, "the file is not in PEM: name one that begins with -----BEGIN")
    return text


def _authority(settings: Settings, field: str) -> bytes | None:
    """The same, where it has to be a certificate: gRPC would trust nobody, and Temporal's SDK give no reason."""
    text = _pem(settings, field)
    if text is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text.decode(errors="replace"))
        except (ssl.SSLError, ValueError):
            raise broken(field, getattr(settings, field), "no certificate can be read in it: name one's file") from None
    return text


def _require_pair(settings: Settings, cert: str, key: str) -> None:
    """See that the key is the certificate's: gRPC would say no more than that it cannot listen."""
    try:
        # No password: a key that wants one would be asked for at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            getattr(settings, cert), getattr(settings, key), password=""
        )
    except OSError as error:
        why = str(getattr(error, "reason", "") or "it cannot be used").lower().replace("_", " ")
        raise broken(
            key, getattr(settings, key), f"{why}: name the key of {getattr(settings, cert)}, in clear"
        ) from None
