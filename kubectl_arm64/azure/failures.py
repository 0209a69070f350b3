"""Azure's refusals -> this tool's failures, with advice.

Codes and sentences as recorded, or as in Microsoft's lists of error codes for Resource Manager, Compute and Blob
storage.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from textwrap import shorten
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError, DecodeError, HttpResponseError

from kubectl_arm64.azure.answers import Answer, answer_of
from kubectl_arm64.azure.network import network_failure
from kubectl_arm64.errors import Denied, Failure, InvalidInput, NotFound, Refused, SignInRequired, Unsupported

_AGAIN = "run the same command again in some minutes"
_SIGN_IN_AGAIN = "sign in again (`az login`), then run the same command again"
_ROLE = (
    "the signed-in identity needs the role Storage Blob Data Contributor on the storage account; "
    "a new role assignment can take 30 minutes to take effect"
)
_LONGEST = 600  # of a sentence: some list every region of Azure
_OTHER_SIZE = "choose another size with --vm-size, or another zone"
_QUOTA = "ask for more quota in the Azure portal (Quotas), or choose a VM family that has room"

# Azure's code -> which failure it is, and what to do.
_BY_CODE: dict[str, tuple[type[Failure], str]] = {
    # Sign-in
    "ExpiredAuthenticationToken": (SignInRequired, _SIGN_IN_AGAIN),
    "InvalidAuthenticationToken": (SignInRequired, _SIGN_IN_AGAIN),
    "InvalidAuthenticationInfo": (SignInRequired, _SIGN_IN_AGAIN),
    "AuthenticationFailedMissingToken": (SignInRequired, _SIGN_IN_AGAIN),
    # Rights
    "AuthorizationPermissionMismatch": (Denied, _ROLE),
    "AuthorizationFailure": (
        Denied,
        "the storage account's network rules may refuse this machine: allow it there, or run where it is allowed",
    ),
    "KeyBasedAuthenticationNotPermitted": (
        Denied,
        "use --storage-auth login, with the role Storage Blob Data Contributor on the storage account",
    ),
    "InsufficientAccountPermissions": (Denied, "the storage account is disabled or being deleted: look at it there"),
    "AccountIsDisabled": (Denied, "enable the storage account, or choose another --storage-account"),
    "PublicAccessNotPermitted": (Denied, "give a URL that carries a SAS with --source-url"),
    "NoAuthenticationInformation": (Denied, "give a URL that carries a SAS with --source-url"),
    "RequestDisallowedByAzure": (Denied, "choose a region that the organisation allows"),
    "ScopeLocked": (Denied, "ask the owner to remove the lock (`az lock list`)"),
    "ReadOnlyDisabledSubscription": (Denied, "the subscription is disabled: enable it in the Azure portal"),
    # Names and things that are there, or are not
    "StorageAccountAlreadyTaken": (Refused, "the name is taken in all of Azure: choose another --storage-account"),
    "AccountNameInvalid": (InvalidInput, "--storage-account takes 3 to 24 lower-case letters and digits"),
    "InvalidResourceName": (InvalidInput, "choose another name with its flag"),
    "InvalidSubscriptionId": (InvalidInput, "check --subscription"),
    "SubscriptionNotFound": (NotFound, "check --subscription; `az account list` shows those that are signed in to"),
    "ResourceGroupNotFound": (NotFound, "name an existing one with --resource-group"),
    "GalleryImageNotFound": (NotFound, "replicate it there with `bootimage --target-region REGION`"),
    "PropertyChangeNotAllowed": (Refused, "it cannot be changed: choose another name with --image-definition"),
    "Conflict": (Refused, f"something else changes it at the same time: {_AGAIN}"),
    "ResourceGroupBeingDeleted": (Refused, "name another with --resource-group"),
    "ContainerBeingDeleted": (Refused, f"{_AGAIN}, or choose another --container"),
    "AccountBeingCreated": (Refused, _AGAIN),
    "SourceConditionNotMet": (Refused, "the source changed meanwhile: run the same command again"),
    "PendingCopyOperation": (Refused, "run the same command again to join the copy, or abort it with --abort-copy"),
    "NoPendingCopyOperation": (Refused, "run the same command again"),
    "LeaseIdMissing": (
        Refused,
        "somebody holds a lease on the blob: wait for them, or choose another --container",
    ),
    # Requests that Azure cannot serve
    "NoRegisteredProviderFound": (Unsupported, "choose a region that offers the service, with --location"),
    "InvalidApiVersionParameter": (Unsupported, "this cloud does not know the API version yet: report it"),
    "LocationNotAvailableForResourceType": (Unsupported, "choose another region with --location"),
    "InvalidHeaderValue": (Unsupported, "this cloud may not know the API version yet: report it"),
    "InvalidVhd": (InvalidInput, "name a fixed VHD in a page blob with --source-url"),
    "QuotaExceeded": (Unsupported, _QUOTA),
    "SkuNotAvailable": (Unsupported, _OTHER_SIZE),
    "AllocationFailed": (Unsupported, _OTHER_SIZE),
    "ZonalAllocationFailed": (Unsupported, _OTHER_SIZE),
    "OverconstrainedAllocationRequest": (Unsupported, _OTHER_SIZE),
    # Busy
    "ServerBusy": (Failure, _AGAIN),
    "OperationTimedOut": (Failure, _AGAIN),
    "InternalError": (Failure, _AGAIN),
    "InternalServerError": (Failure, _AGAIN),
    "GatewayTimeout": (Failure, _AGAIN),
    "ServiceUnavailable": (Failure, _AGAIN),
}

_BY_STATUS: dict[int, tuple[type[Failure], str]] = {
    401: (SignInRequired, _SIGN_IN_AGAIN),
    403: (Denied, "ask the owner of the subscription for the right"),
    404: (NotFound, "check that it exists, and that the signed-in identity may read it"),
    407: (Failure, "the proxy asks for a sign-in: put it into HTTPS_PROXY"),
}


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Whatever the SDK raises inside becomes a Failure: `cannot <doing>: <Azure's own sentence>; <advice>`."""
    try:
        yield
    except (AzureError, json.JSONDecodeError) as error:
        # Not chained: the SDK's own errors quote URLs, and a URL may carry a signature.
        raise failure(error, doing) from None


def failure(error: AzureError | json.JSONDecodeError, doing: str) -> Failure:
    """The Failure that `error` is."""
    if isinstance(error, (DecodeError, json.JSONDecodeError)):
        return Failure(
            f"cannot {doing}: the answer is not Azure's",
            "a proxy or a sign-in page may be in the way: check HTTPS_PROXY",
        )
    if isinstance(error, ClientAuthenticationError) and error.response is None:
        return SignInRequired(f"cannot {doing}: {answer_of(error).message}", _SIGN_IN_AGAIN)
    if isinstance(error, HttpResponseError) and (error.response is not None or error.status_code):
        return of_answer(answer_of(error), doing)
    return network_failure(error, doing)


def of_answer(answer: Answer, doing: str) -> Failure:
    """The Failure that a refusal is."""
    for special in _SPECIAL:
        if found := special(answer, doing):
            return found
    for code in answer.codes:
        if code in _BY_CODE:
            kind, advice = _BY_CODE[code]
            return kind(_what(answer, doing), advice, code=code)
    kind, advice = _BY_STATUS.get(answer.status, (Failure, _AGAIN if answer.status >= 500 else ""))
    return kind(_what(answer, doing), advice, code=answer.code)


def _what(answer: Answer, doing: str) -> str:
    sentences = [shorten(answer.message.strip().rstrip("."), _LONGEST, placeholder=" ...")]
    for error in answer.errors[1:]:
        inner = str(error.get("message") or "").strip().rstrip(".")
        if inner and inner not in sentences[0] and not inner.startswith(("{", "[")):
            sentences.append(inner)
    code = f" ({answer.code})" if answer.code and answer.code not in sentences[0] else ""
    return f"cannot {doing}: {': '.join(sentences)}{code}"


# Refusals whose advice stands in their own words


def _policy(answer: Answer, doing: str) -> Failure | None:
    if "RequestDisallowedByPolicy" not in answer.codes:
        return None
    named = "; ".join(dict.fromkeys(_policies(answer))) or answer.message.rstrip(".")
    return Denied(
        f"cannot {doing}: an Azure policy of the organisation forbids it: {named}",
        "ask for an exemption, or name an existing resource that complies with its flag",
        code="RequestDisallowedByPolicy",
    )


def _policies(answer: Answer) -> Iterator[str]:
    """Each policy that denied, by display name and assignment."""
    for error in answer.errors:
        for entry in error.get("additionalInfo") or ():
            info = entry.get("info") or {}
            if entry.get("type") == "PolicyViolation":
                name = info.get("policyDefinitionDisplayName") or info.get("policyDefinitionName")
                yield f"{name!r} (assignment {info.get('policyAssignmentId')})"
    if any(error.get("additionalInfo") for error in answer.errors):
        return
    # Older answers, and those of some providers, carry the same as JSON inside the sentence.
    match = re.search(r"Policy identifiers: '(\[.*\])'", answer.message, re.DOTALL)
    for entry in _json_list(match[1] if match else ""):
        assignment = entry.get("policyAssignment") or {}
        name = (entry.get("policyDefinition") or {}).get("name") or assignment.get("name")
        yield f"{name!r} (assignment {assignment.get('id')})"


def _json_list(text: str) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [entry for entry in found if isinstance(entry, Mapping)]


_ACTION = re.compile(r"perform action '(?P<action>[^']+)'.*?(?:over|on) scope '(?P<scope>[^']*)'", re.DOTALL)
_LINKED = re.compile(r"(?:linked scope\(s\)|linked scope) '(?P<scope>[^']+)'")
_LINKED_ACTION = re.compile(r"does not have permission to perform action(?:\(s\))? '(?P<action>[^']+)'")
_OBJECT_ID = re.compile(r"object id '(?P<id>[^']+)'")


def _authorization(answer: Answer, doing: str) -> Failure | None:
    code = next((code for code in answer.codes if code in ("AuthorizationFailed", "LinkedAuthorizationFailed")), "")
    match = _ACTION.search(answer.message)
    if not code or match is None:
        return None
    action, scope = match["action"], match["scope"]
    linked = _LINKED.search(answer.message)
    if code == "LinkedAuthorizationFailed" and linked:
        # The first action is the one that is granted; the linked one is missing.
        missing = _LINKED_ACTION.search(answer.message)
        action, scope = (missing["action"] if missing else action), linked["scope"]
    elif code == "LinkedAuthorizationFailed":
        return Denied(f"cannot {doing}: {answer.message.strip().rstrip('.')}", "ask for the right on it", code=code)
    who = _OBJECT_ID.search(answer.message)
    identity = f"the signed-in identity (object ID {who['id']})" if who else "the signed-in identity"
    unsure = ", or the scope does not exist" if "scope is invalid" in answer.message or _reads(action) else ""
    return Denied(
        f"cannot {doing}: {identity} lacks {action} on {scope}{unsure}",
        "ask for a role that has this action there; a new role assignment can take 30 minutes to take effect",
        code=code,
    )


def _reads(action: str) -> bool:
    return action.lower().endswith("/read")


_GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ISSUERS = re.compile(rf"https://sts[^/]*/({_GUID})", re.IGNORECASE)


def _tenant(answer: Answer, doing: str) -> Failure | None:
    if "InvalidAuthenticationTokenTenant" not in answer.codes:
        return None
    # The sentence names the wrong issuer, then the right one, then advertises the tenants once more.
    tenants = list(dict.fromkeys(_ISSUERS.findall(answer.message)))
    if len(tenants) < 2:
        return SignInRequired(_what(answer, doing), "sign in to the subscription's tenant", code=answer.code)
    return SignInRequired(
        f"cannot {doing}: signed in to tenant {tenants[0]}; the subscription belongs to tenant {tenants[1]}",
        f"run `az login --tenant {tenants[1]}`, or set AZURE_TENANT_ID to it where the environment signs in",
        code=answer.code,
    )


def _claims(answer: Answer, doing: str) -> Failure | None:
    """A challenge that the credential could not answer, so that the 401 itself came through."""
    challenge = answer.headers.get("www-authenticate", "")
    if answer.status != 401 or "claims=" not in challenge:
        return None
    match = re.search(r'claims="?([\w+/=-]+)', challenge)
    claims = f" --claims-challenge {match[1]}" if match else ""
    return SignInRequired(
        f"cannot {doing}: the organisation asks for a stronger sign-in", f"run `az login{claims}`", code=answer.code
    )


def _registration(answer: Answer, doing: str) -> Failure | None:
    if "MissingSubscriptionRegistration" not in answer.codes:
        return None
    match = re.search(r"namespace '([^']+)'", answer.message)
    namespace = match[1] if match else "NAMESPACE"
    return Unsupported(
        f"cannot {doing}: the subscription is not registered for {namespace}",
        f"run `az provider register --namespace {namespace} --wait`",
        code="MissingSubscriptionRegistration",
    )


def _throttled(answer: Answer, doing: str) -> Failure | None:
    if answer.status != 429 and "TooManyRequests" not in answer.codes:
        return None
    wait = f"wait {answer.retry_after} s, then run" if answer.retry_after else "wait some minutes, then run"
    return Failure(
        f"cannot {doing}: Azure throttles this subscription or identity",
        f"{wait} the same command again",
        code=answer.code,
    )


def _quota(answer: Answer, doing: str) -> Failure | None:
    if "OperationNotAllowed" in answer.codes and answer.says("quota"):
        return Unsupported(_what(answer, doing), _QUOTA, code="OperationNotAllowed")
    return None


def _boot(answer: Answer, doing: str) -> Failure | None:
    """A VM size and an image that do not go together."""
    if answer.says("cannot boot", "hypervisor generation"):
        advice = "the image definition is of generation 1: use one of generation 2, as `bootimage` makes it"
    elif answer.says("disk controller types"):
        advice = (
            "the image definition lacks the feature DiskControllerTypes with NVMe: "
            "use another --image-definition, or a v5 size"
        )
    else:
        return None
    return Unsupported(_what(answer, doing), advice, code=answer.code)


def _vhd(answer: Answer, doing: str) -> Failure | None:
    """The gallery's words for a VHD that it cannot take."""
    if answer.says("source blob", "not accessible"):
        advice = (
            "the identity needs Microsoft.Storage/storageAccounts/listKeys/action on the VHD's storage account, "
            "and the blob must exist"
        )
        return Denied(_what(answer, doing), advice, code=answer.code)
    if answer.says("security type", "not supported for the source"):
        advice = (
            "this Azure makes no image of that security type from a managed disk: use --staging account, "
            "or an --image-definition without SecurityType"
        )
        return Unsupported(_what(answer, doing), advice, code=answer.code)
    if answer.says("source", "not found", "same region"):
        return Refused(_what(answer, doing), "account, gallery and version must be in one region", code=answer.code)
    return None


def _signature(answer: Answer, doing: str) -> Failure | None:
    """A SAS or key that storage did not take: 403 AuthenticationFailed."""
    if answer.code != "AuthenticationFailed" or answer.status != 403:
        return None
    if "time frame" in answer.detail or "time frame" in answer.message:
        return Failure(
            f"cannot {doing}: the signature is outside its time", "check this machine's clock", code=answer.code
        )
    return Denied(
        _what(answer, doing), "the account's key may have been changed: run the same command again", code=answer.code
    )


def _copy_source(answer: Answer, doing: str) -> Failure | None:
    if answer.code != "CannotVerifyCopySource":
        return None
    status = answer.headers.get("x-ms-copy-source-status-code", "") or str(answer.status)
    if status == "404":
        return NotFound(f"cannot {doing}: the source is gone", "name another with --source-url", code=answer.code)
    if status in ("304", "412"):
        return Refused(f"cannot {doing}: the source changed meanwhile", "run the same command again", code=answer.code)
    reason = answer.headers.get("x-ms-copy-source-error-code", "")
    told = f"{status} {reason}".strip()
    return Denied(
        f"cannot {doing}: the storage service cannot read the source ({told})",
        "the source is not public, its SAS has expired, or network rules stand between the two accounts",
        code=answer.code,
    )


_SPECIAL = (
    _claims,
    _tenant,
    _policy,
    _authorization,
    _registration,
    _throttled,
    _quota,
    _boot,
    _vhd,
    _signature,
    _copy_source,
)
