"""How the API server's certificate is checked, and the client's own is shown."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Callable

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
    if credentials.certificate:
        _load_client_certificate(found, credentials)
    return found


def _trusting(connection: Connection, make: Make) -> ssl.SSLContext:
    """The kubeconfig's own CA alone, else what the system trusts."""
    path = connection.certificate_authority
    try:
        if connection.certificate_authority_data:
            # ASCII, as ssl wants it: beside the certificates stand comments at most. Never nothing, which would trust
            # what the system trusts.
            pem = decoded(connection.certificate_authority_data).decode("ascii", "ignore")
            return make(cadata=pem or " ")
        return make(cafile=path or system_cas(ssl.get_default_verify_paths()))
    except ssl.SSLError as error:  # an OSError too
        where = path or "certificate-authority-data"
        raise InvalidInput(f"the CA {where} holds no PEM certificate", "`oc login` fetches it anew") from error
    except OSError as error:
        raise InvalidInput(f"the CA file {path} cannot be read: {error.strerror}", _OTHER) from None


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
    handle, path = tempfile.mkstemp(prefix="kubectl-arm64-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(credentials.certificate + b"\n" + credentials.key)
        # An empty password, lest OpenSSL ask for one on the terminal; Go takes no encrypted key either.
        found.load_cert_chain(path, password="")
    except ssl.SSLError as error:
        reason = error.reason or "one is encrypted, or no PEM"
        raise InvalidInput(f"the client certificate or key of the kubeconfig does not fit: {reason}") from None
    finally:
        os.unlink(path)
