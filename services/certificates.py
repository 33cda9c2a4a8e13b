"""Certificates and keys from files that settings name: read at the start, and found unusable in one line.

Knows who shows what to whom; opens no connection.
"""

import ssl

import grpc

from services.settings import Settings, broken


def of_intake(settings: Settings) -> grpc.ServerCredentials | None:
    """What intake shows its callers, and of whom it asks for a certificate; none: the way there is not encrypted."""
    cert, key, ca = (pem(settings, field) for field in ("intake_tls_cert", "intake_tls_key", "intake_tls_client_ca"))
    if cert is None or key is None:
        return None
    _require_pair(settings, "intake_tls_cert", "intake_tls_key")
    return grpc.ssl_server_credentials([(key, cert)], root_certificates=ca, require_client_auth=ca is not None)


def to_intake(settings: Settings) -> grpc.ChannelCredentials | None:
    """Whom our own callers trust, and what they show; none: the way there is not encrypted."""
    ca, cert, key = (pem(settings, field) for field in ("caller_tls_ca", "caller_tls_cert", "caller_tls_key"))
    if ca is None:
        return None
    if cert is not None:
        _require_pair(settings, "caller_tls_cert", "caller_tls_key")
    return grpc.ssl_channel_credentials(root_certificates=ca, private_key=key, certificate_chain=cert)


def pem(settings: Settings, field: str) -> bytes | None:
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
