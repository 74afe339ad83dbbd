"""The section ``tls_server_config`` of a ``web.config.yml``, and the TLS context that it asks for.

Names and meanings are those of Prometheus' exporter-toolkit. Left out is what would weaken the
server or what Python's ``ssl`` cannot do: TLS before 1.2, cipher suites without forward secrecy or
authentication of the content, certificates of clients that nobody verifies, and keys written into
the file itself.
"""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.yamlfile.problems import Problem

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CLIENTS = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_REQUIRED = "RequireAndVerifyClientCert"
_SUITES: Mapping[str, str] = MappingProxyType(
    {
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    }
)
"""Cipher suites of TLS 1.2 by Go's names, with OpenSSL's; those of TLS 1.3 cannot be chosen."""

Version = Literal["TLS12", "TLS13"]
CipherSuite = Literal[
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
]


class WebConfigSection(BaseModel):
    """A part of a ``web.config.yml``: unknown keys are errors, values do not change."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )


class TlsServer(WebConfigSection):
    """How the agent serves TLS."""

    cert_file: str
    """The server's certificate and those between it and its authority, as PEM."""
    key_file: str
    """The private key, as PEM without a passphrase."""
    client_auth_type: Literal[
        "NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"
    ] = "NoClientCert"
    """Whether clients need a certificate."""
    client_ca_file: str | None = None
    """The authorities of clients' certificates, as PEM."""
    client_allowed_sans: list[str] = Field(default=[], max_length=1000)
    """Names of which a client's certificate must have one: DNS, IP, e-mail or URI."""
    min_version: Version = "TLS12"
    """The oldest version of TLS."""
    max_version: Version = "TLS13"
    """The newest version of TLS."""
    cipher_suites: list[CipherSuite] = Field(default=[])
    """The cipher suites of TLS 1.2 that may be used; without any, all of them."""
    prefer_server_cipher_suites: bool = True
    """Whether the order of ``cipher_suites`` counts, and not the client's."""

    def files(self) -> tuple[str, ...]:
        """The files it is made of."""
        return tuple(filter(None, (self.cert_file, self.key_file, self.client_ca_file)))


def contradictions(tls: TlsServer) -> Iterator[Problem]:
    """What does not go together, each problem at its key."""
    if tls.min_version > tls.max_version:
        yield Problem(("min_version",), f"is above max_version, which is {tls.max_version}")
    verifies = tls.client_auth_type != "NoClientCert"
    if verifies and tls.client_ca_file is None:
        text = f"is {tls.client_auth_type}, expected a client_ca_file to verify them with"
        yield Problem(("client_auth_type",), text)
    if not verifies and tls.client_ca_file is not None:
        text = f"is not used without client_auth_type, expected {_REQUIRED} or no client_ca_file"
        yield Problem(("client_ca_file",), text)
    if tls.client_allowed_sans and tls.client_auth_type != _REQUIRED:
        yield Problem(("client_allowed_sans",), f"needs client_auth_type: {_REQUIRED}")


class TlsFileError(ValueError):
    """A file of a TLS section cannot be used; ``key`` is the one that names it."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


def server_context(tls: TlsServer, folder: Path) -> ssl.SSLContext:
    """The context for connections; file names are relative to ``folder``.

    Reads the files: call it in a thread.

    Raises:
        TlsFileError: when a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[tls.min_version]
    context.maximum_version = _VERSIONS[tls.max_version]
    context.set_ciphers(":".join(_SUITES[name] for name in tls.cipher_suites or _SUITES))
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    if not tls.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    _load_certificate(context, folder / tls.cert_file, folder / tls.key_file)
    if tls.client_ca_file is not None:
        _load_authorities(context, folder / tls.client_ca_file)
        context.verify_mode = _CLIENTS[tls.client_auth_type]
    return context


def _load_certificate(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    for name, path in (("cert_file", certificate), ("key_file", key)):
        try:
            path.read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise TlsFileError(name, f"cannot be read: {reason}; expected a PEM file") from error
    try:
        # An empty passphrase: OpenSSL would ask for one at the terminal.
        context.load_cert_chain(certificate, key, password=str)
    except (OSError, ValueError) as error:
        text = "and key_file are no certificate and its key, expected two PEM files that belong"
        raise TlsFileError("cert_file", f"{text} together, the key without a passphrase") from error


def _load_authorities(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(path)
    except (OSError, ValueError) as error:
        text = "has no certificates that can be read, expected a PEM file"
        raise TlsFileError("client_ca_file", text) from error


def has_allowed_name(certificate: Mapping[str, object] | None, allowed: list[str]) -> bool:
    """Whether a client's ``certificate``, as ``ssl`` shows it, has one of the ``allowed`` names."""
    if not allowed:
        return True
    names = (certificate or {}).get("subjectAltName", ())
    shown = {value for _kind, value in names} if isinstance(names, tuple) else set()
    return not shown.isdisjoint(allowed)
