"""A kubeconfig's user entry -> what goes with each request. No request is sent without the credentials it names.

Rules: client-go tools/clientcmd/client_config.go, transport/round_trippers.go and plugin/pkg/client/auth/oidc.
"""

from __future__ import annotations

import base64
import json
import re
import string
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kubectl_arm64.errors import InvalidInput, SignInRequired, Unsupported
from kubectl_arm64.openshift.connection import Connection
from kubectl_arm64.openshift.exec_plugin import ExecPlugin, Run, run_plugin
from kubectl_arm64.openshift.kubeconfig import Entry, decoded

_FORBIDDEN_IN_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_HEADER_NAME = frozenset(string.ascii_letters + string.digits + "!#$&'*+-.^_`|~")
_OIDC_LEEWAY = timedelta(seconds=10)
_REMOVED = {
    "gcp": "use the credential plugin gke-gcloud-auth-plugin instead",
    "azure": "use the credential plugin kubelogin instead",
}


@dataclass(frozen=True)
class Credentials:
    """Headers (several may bear one name), and a client certificate and its key as PEM."""

    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)
    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)


class Identity:
    """The user of `connection`, for as long as the tool runs; thread-safe.

    Token and certificate files are read, and expired plugins' credentials renewed, whenever they are asked for.
    """

    def __init__(
        self,
        connection: Connection,
        environ: Mapping[str, str],
        run: Run = run_plugin,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connection = connection
        self._now = now
        self._lock = threading.Lock()
        self._last_read = ""
        user = connection.user
        provider = user.get("auth-provider")
        self._provider = None if provider is None else _provider(provider, connection)
        # Whatever else names a user goes before a plugin, which then is not even run.
        alone = not any(user.get(name) for name in ("token", "tokenFile", "username", *_CERTIFICATES))
        self._plugin = ExecPlugin(connection, environ, run, now) if user.get("exec") is not None and alone else None

    def credentials(self) -> Credentials:
        """Raises SignInRequired (nothing, or nothing more, to sign in with) or InvalidInput (what no header takes)."""
        with self._lock:
            found = self._credentials()
        for name, value in found.headers:
            if _FORBIDDEN_IN_HEADERS.search(value):
                # http.client would quote it, token and all.
                raise InvalidInput(
                    f"what {self._connection.user_name} sends as {name} holds a line break or a control character",
                    f"correct the kubeconfig, or {self._connection.other_credentials}",
                )
        return found

    def _credentials(self) -> Credentials:
        user = self._connection.user
        impersonation = tuple(_impersonation(user))
        if self._plugin:
            issued = self._plugin.issued()
            authorization = f"Bearer {issued.token}" if issued.token else ""
            certificate, key = issued.certificate, issued.key
        else:
            authorization = self._authorization()
            certificate, key = _pem(user, "client-certificate"), _pem(user, "client-key")
        if self._connection.secure and not (authorization or certificate):
            raise SignInRequired(
                f"{self._connection.user_name or 'nobody'} has nothing to sign in to {self._connection.server} with",
                f"`oc login {self._connection.server}`, or give --token",
            )
        headers = (("Authorization", authorization), *impersonation) if authorization else impersonation
        return Credentials(headers, certificate, key)

    def _authorization(self) -> str:
        user = self._connection.user
        if path := user.get("tokenFile"):
            return f"Bearer {self._from_file(Path(path), str(user.get('token') or ''))}"
        if token := user.get("token"):
            return f"Bearer {token}"
        if user.get("username"):
            pair = f"{user['username']}:{user.get('password') or ''}"
            return f"Basic {base64.b64encode(pair.encode()).decode()}"
        if self._provider is not None:
            return f"Bearer {_id_token(self._provider, self._connection, self._now())}"
        return ""

    def _from_file(self, path: Path, token: str) -> str:
        """The file goes before the token beside it; when it cannot be read, what was read before still holds."""
        try:
            # As Go, which sends the bytes of any encoding (see transport.py).
            found = path.read_text(encoding="utf-8", errors="surrogateescape").strip()
            reason = "" if found else "is empty"
        except OSError as error:
            found, reason = "", f"cannot be read: {error.strerror}"
        except ValueError:
            found, reason = "", "can be no file: its name holds a NUL"
        self._last_read = found or self._last_read or token
        if not self._last_read:
            connection = self._connection
            raise SignInRequired(
                f"the token file {path} of {connection.user_name} {reason}", f"`oc login {connection.server}`"
            )
        return self._last_read


_CERTIFICATES = ("client-certificate", "client-certificate-data")


def _impersonation(user: Entry) -> list[tuple[str, str]]:
    if not user.get("as"):
        return []
    headers = [("Impersonate-User", str(user["as"]))]
    if user.get("as-uid"):
        headers.append(("Impersonate-Uid", str(user["as-uid"])))
    headers += [("Impersonate-Group", str(group or "")) for group in user.get("as-groups") or ()]
    for key, values in (user.get("as-user-extra") or {}).items():
        headers += [(f"Impersonate-Extra-{_escaped(str(key))}", str(value or "")) for value in values or ()]
    return headers


def _escaped(key: str) -> str:
    """What cannot stand in a header's name as %XX (round_trippers.go, headerKeyEscape)."""
    return "".join(chr(byte) if chr(byte) in _HEADER_NAME else f"%{byte:02X}" for byte in key.encode())


def _pem(user: Entry, key: str) -> bytes:
    if data := user.get(f"{key}-data"):
        return decoded(data)
    if not (path := user.get(key)):
        return b""
    try:
        found = Path(path).read_bytes()
    except OSError as error:
        raise SignInRequired(f"the {key} {path} cannot be read: {error.strerror}", "sign in anew") from error
    except ValueError:
        raise SignInRequired(f"the {key} can be no file: its name holds a NUL", "sign in anew") from None
    if not found and key == "client-certificate":  # a key is held to its certificate later
        raise SignInRequired(f"the {key} {path} is empty", "sign in anew")
    return found


def _provider(provider: Entry, connection: Connection) -> Mapping[str, str]:
    """The settings of an OpenID Connect auth-provider. Raises Unsupported (any other) or InvalidInput."""
    name = str(provider.get("name") or "")
    config = provider.get("config") or {}
    if name in _REMOVED:
        raise Unsupported(f"the {name} auth-provider of {connection.user_name} has been removed", _REMOVED[name])
    if name != "oidc":
        raise Unsupported(
            f"there is no auth-provider {name!r}, which {connection.user_name} names",
            f"`oc login {connection.server}` makes a user with a token",
        )
    for key in ("idp-issuer-url", "client-id"):
        if not config.get(key):
            raise InvalidInput(f"the auth-provider of {connection.user_name} has no {key}", "correct the kubeconfig")
    return config


def _id_token(config: Mapping[str, str], connection: Connection, now: datetime) -> str:
    """The id-token of the kubeconfig while it lasts; renewing it, and writing it back, is left to kubectl."""
    token = config.get("id-token") or ""
    expires = _expiry(token)
    if expires is not None and now + _OIDC_LEEWAY < expires:
        return token
    advice = f"`oc login {connection.server}`"
    if config.get("refresh-token"):
        advice = "any command of kubectl that asks the cluster renews it (`kubectl version`); then run this one again"
    raise SignInRequired(f"the id-token of {connection.user_name} has expired", advice)


def _expiry(jwt: str) -> datetime | None:
    """`exp` of a JSON Web Token, None where it has none."""
    try:
        payload = jwt.split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError):
        return None
