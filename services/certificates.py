"""Certificates and keys from files that settings name: read at the start, and found unusable in one line.

Knows who shows what to whom; opens no connection.
"""

import ssl

import grpc
from temporalio.service import TLSConfig

from services.settings import Settings, broken


def require_usable(settings: Settings) -> None:
    """See that each file that is named for intake or for the way to Temporal can be used. Raises `SettingsError`."""
    of_intake(settings)
    to_temporal(settings)


def of_intake(settings: Settings) -> grpc.ServerCredentials | None:
    """What intake shows its callers, and of whom it asks for a certificate; none: the way there is not encrypted."""
    cert, key = (_pem(settings, field) for field in ("intake_tls_cert", "intake_tls_key"))
    ca = _authority(settings, "intake_tls_client_ca")
    if cert is None or key is None:
        return None
    _require_pair(settings, "intake_tls_cert", "intake_tls_key")
    return grpc.ssl_server_credentials([(key, cert)], root_certificates=ca, require_client_auth=ca is not None)


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
