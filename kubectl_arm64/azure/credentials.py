"""Who signs in to Azure: the environment's service principal, az, or a managed identity."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions
from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError, ServiceResponseError
from azure.identity import (
    AzureCliCredential,
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    CredentialUnavailableError,
    ManagedIdentityCredential,
)

from kubectl_arm64.azure.clouds import PUBLIC, STORAGE_SCOPE, Cloud
from kubectl_arm64.azure.entra import first_sentence, sign_in_failure
from kubectl_arm64.azure.network import network_failure
from kubectl_arm64.azure.transport import Connection
from kubectl_arm64.errors import Failure, SignInRequired

AZ_SECONDS = 60.0  # az takes 11 to 13 s on a busy machine, and azure-identity gives it ten
_RENEW_SECONDS = 300  # before the end of a token


@dataclass(frozen=True)
class Place:
    """Where to sign in to, and how to get there. `tenant` is the cluster's, "" where it is unknown."""

    cloud: Cloud
    subscription: str
    tenant: str
    environ: Mapping[str, str]
    connection: Connection

    def variable(self, name: str) -> str:
        return self.environ.get(name, "").strip()


@dataclass(frozen=True)
class Way:
    """One way to sign in. `who` names it in errors; `advice` is what to do when it fails for no known reason."""

    who: str
    make: Callable[[], SupportsTokenInfo]
    advice: str


def sign_in(
    cloud: Cloud,
    subscription: str,
    tenant: str,
    *,
    environ: Mapping[str, str],
    connection: Connection,
    az_seconds: float = AZ_SECONDS,
) -> Credentials:
    """Choose by what the environment holds; nothing is asked of anybody yet.

    The environment's service principal where there is one (nothing else is tried then), else az, else the managed
    identity. Raises SignInRequired for an environment that is incomplete.
    """
    place = Place(cloud, subscription, tenant, environ, connection)
    if way := _environment(place):
        return Credentials([way], place)
    return Credentials([_az(place, az_seconds), _managed_identity(place)], place)


class Credentials:
    """The credential of every client of one run: a token is asked for once per scope, and kept until it ends.

    Implements azure.core's TokenCredential and SupportsTokenInfo; raises SignInRequired.
    """

    def __init__(self, ways: Sequence[Way], place: Place) -> None:
        self._ways = list(ways)
        self._place = place
        self._chosen: SupportsTokenInfo | None = None
        self._tokens: dict[str, AccessTokenInfo] = {}
        self._lock = threading.Lock()

    def warm_up(self, *, storage: bool) -> None:
        """Fetch the tokens before the first write: a federated assertion may be gone when the second is needed."""
        self.get_token_info(self._place.cloud.arm_scope)
        if storage:
            self.get_token_info(STORAGE_SCOPE)

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: Any,
    ) -> AccessToken:
        token = self.get_token_info(*scopes, options={"claims": claims} if claims else {})
        return AccessToken(token.token, token.expires_on)

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        claims = (options or {}).get("claims")
        with self._lock:
            kept = self._tokens.get(scopes[0])
            if kept is None or claims or kept.expires_on - time.time() < _RENEW_SECONDS:
                # A tenant that storage's challenge suggests is not passed on: az takes it or the subscription.
                kept = self._ask(scopes[0], {"claims": claims} if claims else {})
                self._tokens[scopes[0]] = kept
            return kept

    def close(self) -> None:
        """Nothing to close: the connections are the run's."""

    def _ask(self, scope: str, options: TokenRequestOptions) -> AccessTokenInfo:
        absent = []
        for way in list(self._ways):
            try:
                credential = self._chosen or way.make()
                token = credential.get_token_info(scope, options=options)
            except CredentialUnavailableError as error:
                if (reason := _absent(error)) is None or self._chosen:
                    raise self._failure(way, error) from error
                absent.append(f"{way.who}: {reason}")
            except (AzureError, ValueError, OSError) as error:
                raise self._failure(way, error) from error
            else:
                self._ways, self._chosen = [way], credential
                return token
        raise SignInRequired(
            f"not signed in to Azure ({'; '.join(absent)})",
            f"run {_login(self._place)}, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET",
        )

    def _failure(self, way: Way, error: Exception) -> Failure:
        if isinstance(error, (ServiceRequestError, ServiceResponseError)):
            return network_failure(error, "sign in to Azure")
        if isinstance(error.__cause__, subprocess.TimeoutExpired):
            return SignInRequired(
                f"`az account get-access-token` did not answer in {error.__cause__.timeout:.0f} s",
                "run it by hand to see why",
            )
        if isinstance(error, ClientAuthenticationError) and _unreachable(error):
            return network_failure(error, "sign in to Azure")
        message = str(getattr(error, "message", "") or error)
        if _unknown_subscription(message):
            return SignInRequired(
                f"az is not signed in to an account that sees subscription {self._place.subscription}",
                f"run {_login(self._place)}",
            )
        return sign_in_failure(message, f"{way.who}{self._other_tenant(way)}", way.advice)

    def _other_tenant(self, way: Way) -> str:
        theirs, ours = self._place.variable("AZURE_TENANT_ID"), self._place.tenant
        if way.who.startswith("az") or not theirs or not ours or theirs.lower() == ours.lower():
            return ""
        return f" (AZURE_TENANT_ID is {theirs}, the cluster's tenant is {ours})"


def _login(place: Place) -> str:
    """The command that signs az in where the subscription is."""
    command = f"`az login --tenant {place.tenant}`" if place.tenant else "`az login`"
    return command if place.cloud is PUBLIC else f"`az cloud set --name {place.cloud.az_name}` and {command}"


# What proves who the service principal is, in azure-identity's order.
_PROOFS = {
    "AZURE_CLIENT_SECRET": "service principal",
    "AZURE_CLIENT_CERTIFICATE_PATH": "service principal",
    "AZURE_FEDERATED_TOKEN_FILE": "workload identity",
}


def _environment(place: Place) -> Way | None:
    """The service principal in AZURE_*; None where nothing of it is set. Raises SignInRequired when it is in part."""
    proof = next((name for name in _PROOFS if place.variable(name)), "")
    if not proof:
        return None
    client = place.variable("AZURE_CLIENT_ID")
    tenant = place.variable("AZURE_TENANT_ID") or place.tenant
    for name, value in (("AZURE_CLIENT_ID", client), ("AZURE_TENANT_ID", tenant)):
        if not value:
            raise SignInRequired(f"{proof} is set, {name} is not", f"set {name}, or unset {proof} to sign in with az")
    given = place.variable(proof)
    settings: dict[str, Any] = {"authority": place.cloud.authority, "transport": place.connection.transport()}

    def make() -> SupportsTokenInfo:
        if proof == "AZURE_CLIENT_SECRET":
            return ClientSecretCredential(tenant, client, given, **settings)
        if proof == "AZURE_CLIENT_CERTIFICATE_PATH":
            password = place.variable("AZURE_CLIENT_CERTIFICATE_PASSWORD") or None
            return CertificateCredential(tenant, client, given, password=password, **settings)
        # The platform replaces the file before the assertion in it ends, so it is read anew for every token.
        return ClientAssertionCredential(tenant, client, lambda: _assertion(given), **settings)

    return Way(f"{_PROOFS[proof]} {client}", make, f"check AZURE_CLIENT_ID, AZURE_TENANT_ID and {proof}")


def _assertion(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SignInRequired(
            f"cannot read AZURE_FEDERATED_TOKEN_FILE {path}: {error.strerror}", "repeat the pipeline's login step"
        ) from error


def _az(place: Place, seconds: float) -> Way:
    # By subscription, so that az chooses the account; az refuses subscription and tenant together.
    def make() -> SupportsTokenInfo:
        return _AzureCli(subscription=place.subscription, process_timeout=seconds)  # type: ignore[arg-type]

    return Way("az", make, f"run {_login(place)}")


class _AzureCli(AzureCliCredential):
    """The Azure CLI, whose absence is told before it is looked for."""

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        if shutil.which("az") is None and shutil.which("az.cmd") is None:
            raise CredentialUnavailableError(message="it is not installed")
        token: AccessTokenInfo = super().get_token_info(*scopes, options=options)
        return token


def _managed_identity(place: Place) -> Way:
    def make() -> SupportsTokenInfo:
        return ManagedIdentityCredential(
            client_id=place.variable("AZURE_CLIENT_ID") or None,
            transport=place.connection.transport(),
            # On any other machine nobody answers there: one short look must do.
            _enable_imds_probe=True,
            _exclude_workload_identity_credential=True,
            retry_total=2,
        )

    return Way("managed identity", make, "check the machine's identity (AZURE_CLIENT_ID where it has several)")


def _absent(error: CredentialUnavailableError) -> str | None:
    """Why this way does not exist here; None when it exists and failed."""
    message = error.message
    if "claims-challenge" in message or isinstance(error.__cause__, subprocess.TimeoutExpired):
        return None
    if "az login" in message:
        return "it is not signed in"
    if "not found on path" in message or "not installed" in message:
        return "it is not installed"
    if "Failed to" in message:
        return None
    if "no response from the IMDS endpoint" in message or "unavailable" in message:
        return "this machine has none"
    return first_sentence(message)


def _unknown_subscription(message: str) -> bool:
    lower = message.lower()
    return "subscription" in lower and ("doesn't exist" in lower or "not found. check the spelling" in lower)


def _unreachable(error: BaseException) -> bool:
    """azure-identity wraps whatever happens on the way to Entra ID."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (ServiceRequestError, ServiceResponseError)):
            return True
        cause = cause.__cause__
    return False
