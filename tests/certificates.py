"""The certificates of the table of kubeconfigs: good ones, and those about which Go and OpenSSL differ."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_HERE = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
_PEM = serialization.Encoding.PEM
_PKCS8 = serialization.PrivateFormat.PKCS8


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as PEM."""

    certificate: bytes
    key: bytes


class Certificates:
    """PEM files NAME.pem in `folder` (of clients also NAME.key), and the servers' TLS contexts.

    Servers, and who signed for them:
    prod     127.0.0.1, localhost and api.prod.invalid, by `ca`, as all clients are
    stage    api.stage.example.com alone, by `ca`
    legacy   127.0.0.1, by `legacy-ca`, which has neither key identifiers nor a key usage
    issued   127.0.0.1, by `intermediate`, which the server sends along; its own signer is nobody's file
    selfmade 127.0.0.1, signed by itself without being a CA: `selfmade`
    named    api.stage.example.com as the common name alone, by `legacy-ca`
    expired  127.0.0.1, by `ca`, until last year
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA()
        self._write("ca.pem", self._authority.cert_pem.bytes())
        self._write("remarked.pem", "# Zürich\n".encode() + self._authority.cert_pem.bytes())
        for name in ("dev", "ops"):
            client = self._authority.issue_cert(common_name=name)
            self._write(f"{name}.pem", client.cert_chain_pems[0].bytes())
            self._write(f"{name}.key", client.private_key_pem.bytes())
        key = serialization.load_pem_private_key((folder / "dev.key").read_bytes(), None)
        locked = serialization.BestAvailableEncryption(b"secret")
        self._write("locked.key", key.private_bytes(_PEM, _PKCS8, locked))

    def __getitem__(self, name: str) -> Path:
        return self._folder / name

    def servers(self) -> dict[str, ssl.SSLContext]:
        intermediate = trustme.CA().create_child_ca()
        self._write("intermediate.pem", intermediate.cert_pem.bytes())
        legacy_key = ec.generate_private_key(ec.SECP256R1())
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        legacy = _signed("legacy-ca", legacy_key, "legacy-ca", legacy_key, [constraints])
        self._write("legacy-ca.pem", legacy.certificate)
        selfmade_key = ec.generate_private_key(ec.SECP256R1())
        selfmade = _signed("selfmade", selfmade_key, "selfmade", selfmade_key, [_HERE])
        self._write("selfmade.pem", selfmade.certificate)
        leaf = ec.generate_private_key(ec.SECP256R1())
        year = datetime.timedelta(days=365)
        now = datetime.datetime.now(datetime.UTC)
        expired = self._authority.issue_cert("127.0.0.1", not_before=now - 2 * year, not_after=now - year)
        return {
            "prod": self._context(self._authority.issue_cert("127.0.0.1", "localhost", "api.prod.invalid")),
            "stage": self._context(self._authority.issue_cert("api.stage.example.com")),
            "legacy": self._context(_signed("legacy", leaf, "legacy-ca", legacy_key, [_HERE])),
            "issued": self._context(intermediate.issue_cert("127.0.0.1")),
            "selfmade": self._context(selfmade),
            "named": self._context(_signed("api.stage.example.com", leaf, "legacy-ca", legacy_key, [])),
            "expired": self._context(expired),
        }

    def proxy(self) -> ssl.SSLContext:
        return self._context(self._authority.issue_cert("127.0.0.1"))

    def _context(self, server: trustme.LeafCert | Pair) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if isinstance(server, Pair):
            self._write("server.pem", server.certificate + server.key)
            context.load_cert_chain(self["server.pem"])
        else:
            server.configure_cert(context)
        context.load_verify_locations(self["ca.pem"])
        context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def _write(self, name: str, content: bytes) -> None:
        self[name].write_bytes(content)


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    extensions: Sequence[x509.ExtensionType],
) -> Pair:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    certificate = builder.sign(issuer_key, hashes.SHA256())
    return Pair(certificate.public_bytes(_PEM), key.private_bytes(_PEM, _PKCS8, serialization.NoEncryption()))


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
