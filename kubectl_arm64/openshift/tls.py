"""How the API server's certificate is checked, and the client's own is shown."""

from __future__ import annotations

import base64
import binascii
import os
import re
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from kubectl_arm64.errors import InvalidInput
from kubectl_arm64.openshift.connection import Connection
from kubectl_arm64.openshift.credentials import Credentials
from kubectl_arm64.openshift.kubeconfig import decoded

Make = Callable[..., ssl.SSLContext]

# Where Go looks (crypto/x509/root_linux.go), and macOS's.
_SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
# As Go's encoding/pem: at the start of a line; what is cut off, or bears headers, is none.
_CERTIFICATE = re.compile(
    rb"^-----BEGIN CERTIFICATE-----[ \t\r]*\n((?:(?!-----BEGIN).)*?)^-----END CERTIFICATE-----",
    re.DOTALL | re.MULTILINE,
)
_OTHER = "name another with --certificate-authority"


def context(
    connection: Connection, credentials: Credentials, make: Make = ssl.create_default_context
) -> ssl.SSLContext:
    """Chain and name are checked, and nothing that Go does not check. Raises InvalidInput."""
    if connection.insecure_skip_tls_verify:
        import urllib3

        # The user has asked for it, by flag or in the kubeconfig; a warning with each request says nothing new.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        found = make()
        found.check_hostname = False
        found.verify_mode = ssl.CERT_NONE
    else:
        found = _trusting(connection, make)
        # Newer Pythons demand of a CA what Go does not (an Authority Key Identifier among others).
        found.verify_flags &= ~ssl.VERIFY_X509_STRICT
        # In Go whatever stands in the CA file is an anchor, an intermediate or the server's own certificate too.
        found.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        found.hostname_checks_common_name = False
    _take_old_keys(found)
    if credentials.certificate:
        _load_client_certificate(found, credentials)
    return found


def _trusting(connection: Connection, make: Make) -> ssl.SSLContext:
    """The kubeconfig's own CA alone, else what the system trusts."""
    path = connection.certificate_authority
    if connection.certificate_authority_data:
        return _trusting_alone(decoded(connection.certificate_authority_data), "certificate-authority-data", make)
    if not path:
        return _trusting_the_system(make)
    try:
        pem = Path(path).read_bytes()
    except OSError as error:
        raise InvalidInput(f"the CA file {path} cannot be read: {error.strerror}", _OTHER) from None
    except ValueError:
        raise InvalidInput("the CA can be no file: its name holds a NUL", _OTHER) from None
    return _trusting_alone(pem, path, make)


def _trusting_alone(pem: bytes, where: str, make: Make) -> ssl.SSLContext:
    """Each certificate by itself: one that cannot be read does not count, as in Go (CertPool.AppendCertsFromPEM)."""
    found = None
    for der in _certificates(pem):
        with suppress(ssl.SSLError):
            if found is None:
                found = make(cadata=der)
            else:
                found.load_verify_locations(cadata=der)
    if found is None:
        raise InvalidInput(f"the CA {where} holds no PEM certificate", "`oc login` fetches it anew")
    return found


def _trusting_the_system(make: Make) -> ssl.SSLContext:
    """OpenSSL gives a file up at its first bad certificate, and in a folder reads what is named by a hash alone."""
    openssl = ssl.get_default_verify_paths()
    found = make(cafile=system_cas(openssl))
    for file in _told(openssl):
        with suppress(OSError):
            for der in _certificates(file.read_bytes()):
                with suppress(ssl.SSLError):
                    found.load_verify_locations(cadata=der)
    return found


def _told(openssl: ssl.DefaultVerifyPaths) -> Iterator[Path]:
    """The files of CAs that SSL_CERT_FILE and SSL_CERT_DIR name (crypto/x509/root_unix.go)."""
    if file := os.environ.get(openssl.openssl_cafile_env):
        yield Path(file)
    for folder in os.environ.get(openssl.openssl_capath_env, "").split(os.pathsep):
        with suppress(OSError):
            yield from sorted(Path(folder).iterdir() if folder else ())


def _certificates(pem: bytes) -> Iterator[bytes]:
    """The certificates in PEM, as DER."""
    for block in _CERTIFICATE.finditer(pem):
        with suppress(binascii.Error):
            yield base64.b64decode(b"".join(block[1].split()), validate=True)


def _take_old_keys(context: ssl.SSLContext) -> None:
    """RSA keys of 1024 bits, which Go takes, but from OpenSSL 3 on no SHA-1 signatures, which Go does not take."""
    if ssl.OPENSSL_VERSION_INFO >= (3,):
        ciphers = ":".join(each["name"] for each in context.get_ciphers() if not each["name"].startswith("TLS_"))
        context.set_ciphers(f"{ciphers}:@SECLEVEL=1")


def system_cas(openssl: ssl.DefaultVerifyPaths) -> str | None:
    """The file of the system's CAs; None where OpenSSL finds them itself, or was told where to look.

    The OpenSSL in an archive looks where the system had them that it was built on.
    """
    told = os.environ.keys() & {openssl.openssl_cafile_env, openssl.openssl_capath_env}
    if told or openssl.cafile or openssl.capath:
        return None
    return next(filter(os.path.isfile, _SYSTEM), None)


def _load_client_certificate(found: ssl.SSLContext, credentials: Credentials) -> None:
    """ssl takes files only: one that nobody else may read, gone as soon as it is loaded."""
    if b"-----BEGIN CERTIFICATE-----" not in credentials.certificate or b"PRIVATE KEY-----" not in credentials.key:
        raise _misfit("one is no PEM, or they are swapped")
    handle, path = tempfile.mkstemp(prefix="kubectl-arm64-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(credentials.certificate + b"\n" + credentials.key)
        # An empty password, lest OpenSSL ask for one on the terminal; Go takes no encrypted key either.
        found.load_cert_chain(path, password="")
    except ssl.SSLError as error:
        raise _misfit(error.reason or "one is encrypted, or no PEM") from None
    finally:
        os.unlink(path)


def _misfit(reason: str) -> InvalidInput:
    return InvalidInput(
        f"the client certificate or key of the kubeconfig does not fit: {reason}",
        "name a pair that does with --client-certificate and --client-key, or `oc login` for a token",
    )
