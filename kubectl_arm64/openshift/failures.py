"""What the API server or the way to it answered -> the tool's errors."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kubectl_arm64.errors import Denied, Failure, InvalidInput, NotFound, Refused, SignInRequired, Unavailable
from kubectl_arm64.openshift.connection import BY_FLAG, Connection

_ANONYMOUS = 'User "system:anonymous"'
_MANAGER = re.compile(r'conflict with "([^"]*)"')


@dataclass(frozen=True)
class Status:
    """metav1.Status of a refused request; `message` is the server's own sentence.

    `foreign`: the answer was no Status, but a proxy's page or the like.
    """

    code: int
    message: str
    reason: str = ""
    causes: tuple[Mapping[str, Any], ...] = ()
    foreign: bool = False

    @classmethod
    def parse(cls, code: int, body: bytes) -> Status:
        """From any answer."""
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        if not isinstance(document, dict) or document.get("kind") != "Status":
            return cls(code, f"HTTP status {code}, and no Kubernetes API's answer", foreign=True)
        details = document.get("details")
        causes = details.get("causes") if isinstance(details, dict) else None
        return cls(
            code,
            str(document.get("message") or f"HTTP status {code}"),
            str(document.get("reason") or ""),
            tuple(cause for cause in causes or () if isinstance(cause, dict)),
        )


def refused(status: Status, connection: Connection) -> Failure:
    """The error for an answer that is not a success."""
    sentence = f"the API server says: {status.message}"
    if status.code == 401 or (status.code == 403 and _ANONYMOUS in status.message):
        return _sign_in(status, connection)
    if status.code == 404:  # of an API group that is not served, in plain text
        return NotFound(sentence, code=status.reason)
    if status.code in (408, 429) or status.code >= 500:
        return Unavailable(f"the API server {connection.server} cannot answer now: {status.message}", "try again later")
    if status.foreign:
        return Failure(f"{connection.server} gave an answer that was not expected: {status.message}", _CHECK_SERVER)
    if status.code == 403 and "admission webhook" not in status.message:
        return Denied(sentence, "ask a cluster administrator for that right", code=status.reason)
    if status.code == 409:
        return _conflict(status)
    return InvalidInput(sentence, code=status.reason)


def unreachable(connection: Connection, error: BaseException, timeout: float) -> Failure:
    """The error for a request that got no answer: `error` is urllib3's, or the kubernetes client's around it."""
    from urllib3 import exceptions

    host = urlsplit(connection.server).netloc
    cause = getattr(error, "reason", None) or error
    if isinstance(cause, exceptions.ProxyError):
        return Unavailable(
            f"the API server {host} cannot be reached through the proxy: {_why(cause.original_error)}",
            "check HTTPS_PROXY and NO_PROXY, or the proxy-url of the kubeconfig's cluster",
        )
    if isinstance(cause, exceptions.SSLError) or "SSLError" in str(cause):
        return _untrusted(host, cause)
    if isinstance(cause, exceptions.NameResolutionError):
        return Unavailable(f"the API server {host} cannot be found: its name does not resolve", _CHECK_SERVER)
    if isinstance(cause, exceptions.ReadTimeoutError):
        return Unavailable(f"the API server {host} did not answer within {timeout:g} s", "raise --request-timeout")
    # In urllib3 a refused connection is a kind of timeout too.
    if isinstance(cause, exceptions.ConnectTimeoutError) and not isinstance(cause, exceptions.NewConnectionError):
        return Unavailable(f"the API server {host} cannot be reached: the connection timed out", _CHECK_SERVER)
    return Unavailable(f"the API server {host} cannot be reached: {_why(cause)}", _CHECK_SERVER)


_CHECK_SERVER = "check the kubeconfig's server, the VPN and the proxy; --context names another cluster"


def _sign_in(status: Status, connection: Connection) -> SignInRequired:
    who = connection.user_name or "nobody"
    advice = connection.other_credentials
    if not connection.secure:
        return SignInRequired(
            f"{connection.server} does not know who asks: credentials go by https only, as with kubectl",
            "write https:// before the server, in the kubeconfig or --server",
        )
    if status.code == 401 and connection.user:
        what = "token of --token is" if who == BY_FLAG else f"credentials of {who} are"
        return SignInRequired(f"the {what} no longer valid for {connection.server}", advice)
    return SignInRequired(f"{connection.server} does not know who asks: {who} has no credentials", advice)


def _conflict(status: Status) -> Failure:
    """Server-side apply names a manager and a field in each cause."""
    owners: dict[str, list[str]] = {}
    for cause in status.causes:
        if cause.get("reason") == "FieldManagerConflict":
            match = _MANAGER.search(str(cause.get("message")))
            owners.setdefault(match[1] if match else "another manager", []).append(str(cause.get("field")))
    if not owners:
        return Failure(f"the API server says: {status.message}", "run the same command again", code=status.reason)
    listed = "; ".join(f"{manager} owns {', '.join(fields)}" for manager, fields in owners.items())
    return Refused(
        f"fields that differ belong to somebody else: {listed}",
        "--force-conflicts takes them over; their owner may write them back",
        code=status.reason,
    )


def _untrusted(host: str, cause: BaseException) -> Failure:
    verification = _first(cause, ssl.SSLCertVerificationError)
    if verification is None:
        return Failure(f"the API server {host} does not speak TLS as it should: {_why(cause)}", _CHECK_SERVER)
    return Failure(
        f"the certificate of the API server {host} does not hold: {verification.verify_message}",
        "name its CA with --certificate-authority, or the name that it bears with --tls-server-name",
    )


def _first(
    error: BaseException | None, kind: type[ssl.SSLCertVerificationError]
) -> ssl.SSLCertVerificationError | None:
    """The error of that kind behind a library's own: as its argument, cause or context."""
    seen: list[Any] = [error]
    for _ in range(8):
        if not seen:
            break
        current = seen.pop(0)
        if isinstance(current, kind):
            return current
        if isinstance(current, BaseException):
            seen += [*current.args, current.__cause__, current.__context__]
    return None


def _why(error: BaseException) -> str:
    """The operating system's words behind a library's error."""
    current: BaseException | None = error
    for _ in range(8):
        if isinstance(current, OSError) and current.strerror:
            return current.strerror.lower()
        following = current and (current.__cause__ or current.__context__)
        if following is None:
            break
        current = following
    return re.sub(r"^\S*(?:Connection|HTTPSConnection|HTTPConnection)\S*: ", "", str(error))
