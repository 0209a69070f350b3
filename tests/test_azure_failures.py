"""What people read when Azure refuses: what is wrong, where, and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from kubectl_arm64.azure.answers import parse
from kubectl_arm64.azure.failures import failure, of_answer
from kubectl_arm64.errors import Denied, Failure, NotFound, Refused, SignInRequired, Unsupported, redact

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-00000000c001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/prod-7x2kq-rg"
OBJECT_ID = "00000000-0000-4000-8000-00000000b001"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/rhcosabc"
CREATE = "create storage account rhcosabc"


def arm(code: str, message: str, status: int = 403, headers: dict[str, str] | None = None, **more: Any) -> Failure:
    body = json.dumps({"error": {"code": code, "message": message, **more}})
    return of_answer(parse(status, headers or {}, body), CREATE)


def storage(code: str, message: str, status: int, detail: str = "", **headers: str) -> Failure:
    body = (
        f'\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}\n'
        f"RequestId:00000000-001e-006f-1fb1-67ad25000000\nTime:2026-02-03T01:00:00.0000000Z</Message>{detail}</Error>"
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return of_answer(parse(status, {"x-ms-error-code": code, **named}, body), "copy the VHD")


# Policies


def violation(name: str, assignment: str) -> dict[str, Any]:
    info = {"policyDefinitionDisplayName": name, "policyAssignmentId": f"{SUBSCRIPTION}/policyAssignments/{assignment}"}
    return {"type": "PolicyViolation", "info": info}


def test_when_policies_deny_each_is_named_with_its_assignment() -> None:
    denied = arm(
        "RequestDisallowedByPolicy",
        "Resource 'rhcosabc' was disallowed by policy.",
        additionalInfo=[violation("No shared keys", "a1"), violation("Require a cost center", "a2")],
    )
    assert isinstance(denied, Denied)
    assert f"'No shared keys' (assignment {SUBSCRIPTION}/policyAssignments/a1)" in str(denied)
    assert "'Require a cost center'" in str(denied)


def test_when_the_policies_stand_in_the_sentence_only_they_are_named_too() -> None:
    named = [{"policyAssignment": {"name": "Deny", "id": "/a/1"}, "policyDefinition": {"name": "No public access"}}]
    denied = arm(
        "RequestDisallowedByPolicy", f"Resource 'x' was disallowed. Policy identifiers: '{json.dumps(named)}'."
    )
    assert "'No public access' (assignment /a/1)" in str(denied)


# Rights


def test_when_an_action_is_missing_it_names_action_scope_and_identity() -> None:
    denied = arm(
        "AuthorizationFailed",
        f"The client '{OBJECT_ID}' with object id '{OBJECT_ID}' does not have authorization to perform action "
        f"'Microsoft.Storage/storageAccounts/write' over scope '{ACCOUNT}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials.",
    )
    assert isinstance(denied, Denied)
    for word in ("Microsoft.Storage/storageAccounts/write", ACCOUNT, OBJECT_ID, "30 minutes"):
        assert word in str(denied)


def test_when_a_linked_action_is_missing_it_names_that_one() -> None:
    denied = arm(
        "LinkedAuthorizationFailed",
        f"The client '{OBJECT_ID}' with object id '{OBJECT_ID}' has permission to perform action "
        f"'Microsoft.Compute/galleries/images/versions/write' on scope '{GROUP}'; however, it does not have permission "
        f"to perform action(s) 'Microsoft.Storage/storageAccounts/listKeys/action' on the linked scope(s) '{ACCOUNT}' "
        "(respectively) or the linked scope(s) are invalid.",
    )
    assert f"lacks Microsoft.Storage/storageAccounts/listKeys/action on {ACCOUNT}" in denied.what


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("KeyBasedAuthenticationNotPermitted", "--storage-auth login"),
        ("AuthorizationPermissionMismatch", "Storage Blob Data Contributor"),
        ("AuthorizationFailure", "network rules"),
    ],
)
def test_when_storage_refuses_the_code_stays_with_the_failure(code: str, word: str) -> None:
    denied = storage(code, "This request is not authorized to perform this operation.", 403)
    assert isinstance(denied, Denied)
    assert denied.code == code
    assert word in denied.advice


def test_a_sentence_of_storage_loses_request_id_and_time() -> None:
    assert "RequestId" not in str(storage("ServerBusy", "Ingress is over the account limit.", 503))


def test_a_head_without_a_body_is_told_by_its_header() -> None:
    denied = of_answer(parse(403, {"x-ms-error-code": "AuthorizationPermissionMismatch"}, ""), "look at the blob")
    assert denied.code == "AuthorizationPermissionMismatch"


# Sign-in


def test_when_the_token_is_another_tenant_s_it_names_both_and_the_command() -> None:
    ours, theirs = "00000000-0000-4000-8000-00000000d001", "00000000-0000-4000-8000-00000000d002"
    wrong = arm(
        "InvalidAuthenticationTokenTenant",
        f"The access token is from the wrong issuer 'https://sts.windows.net/{theirs}/'. It must match the tenant "
        f"'https://sts.windows.net/{ours}/' associated with this subscription.",
        401,
    )
    assert isinstance(wrong, SignInRequired)
    assert f"signed in to tenant {theirs}; the subscription belongs to tenant {ours}" in wrong.what
    assert f"az login --tenant {ours}" in wrong.advice


def test_when_a_stronger_sign_in_is_asked_for_it_gives_the_claims() -> None:
    challenge = 'Bearer authorization_uri="https://login.windows.net/", error="insufficient_claims", claims="eyJhY2Nl"'
    wrong = arm("InsufficientClaims", "Claims are missing.", 401, {"www-authenticate": challenge})
    assert "az login --claims-challenge eyJhY2Nl" in wrong.advice


def test_when_the_token_has_expired_it_asks_for_a_sign_in() -> None:
    assert arm("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier.", 401).exit_code == 4


# Everything else that deserves advice


@pytest.mark.parametrize(
    ("code", "status", "kind", "word"),
    [
        ("StorageAccountAlreadyTaken", 409, Refused, "--storage-account"),
        ("PropertyChangeNotAllowed", 409, Refused, "--image-definition"),
        ("SubscriptionNotFound", 404, NotFound, "az account list"),
        ("GalleryImageNotFound", 404, NotFound, "--target-region"),
        ("NoRegisteredProviderFound", 400, Unsupported, "--location"),
        ("SkuNotAvailable", 409, Unsupported, "--vm-size"),
        ("QuotaExceeded", 409, Unsupported, "quota"),
        ("ScopeLocked", 409, Denied, "lock"),
    ],
)
def test_a_known_code_comes_with_advice(code: str, status: int, kind: type[Failure], word: str) -> None:
    found = arm(code, "Azure's own sentence.", status)
    assert type(found) is kind
    assert word in found.advice
    assert "Azure's own sentence" in found.what


def test_when_the_provider_is_not_registered_it_names_the_command() -> None:
    found = arm(
        "MissingSubscriptionRegistration",
        "The subscription is not registered to use namespace 'Microsoft.Compute'.",
        409,
    )
    assert "az provider register --namespace Microsoft.Compute --wait" in found.advice


def test_when_compute_throttles_it_tells_how_long_to_wait() -> None:
    body = {"code": "OperationNotAllowed", "message": "Too many.", "details": [{"code": "TooManyRequests"}]}
    assert "wait 1200 s" in of_answer(parse(429, {"retry-after": "1200"}, json.dumps(body)), CREATE).advice


def test_when_the_gateway_throttles_the_seconds_stand_in_its_sentence() -> None:
    found = arm("SubscriptionRequestsThrottled", "Please try again after '10' seconds after tokens are available.", 429)
    assert "wait 10 s" in found.advice


def test_an_inner_code_advises_where_the_outer_one_says_nothing() -> None:
    details = [{"code": "AllocationFailed", "message": "No room in zone 2."}]
    found = arm("Conflict", "The operation failed.", 409, details=details)
    assert "--vm-size" in found.advice
    assert "No room in zone 2" in found.what


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("The selected VM size 'Standard_D4ps_v5' cannot boot Hypervisor Generation '1'.", "generation 2"),
        ("VM size cannot boot with OS image. Please check that disk controller types are supported.", "NVMe"),
        ("The source blob https://a.blob.core.windows.net/vhd/x.vhd is not accessible.", "listKeys"),
    ],
)
def test_a_sentence_without_a_telling_code_comes_with_advice(message: str, word: str) -> None:
    assert word in arm("InvalidParameter", message, 400).advice


@pytest.mark.parametrize(
    ("status", "kind", "word"),
    [("404", NotFound, "gone"), ("412", Refused, "changed"), ("403", Denied, "cannot read the source (403 NoAuth)")],
)
def test_when_the_copy_source_fails_its_own_status_decides(status: str, kind: type[Failure], word: str) -> None:
    found = storage(
        "CannotVerifyCopySource",
        "Could not verify the copy source within the specified time.",
        401,
        x_ms_copy_source_status_code=status,
        x_ms_copy_source_error_code="NoAuth",
    )
    assert type(found) is kind
    assert word in str(found)


def test_when_a_signature_is_out_of_time_it_blames_the_clock() -> None:
    detail = "<AuthenticationErrorDetail>Signature not valid in the specified time frame</AuthenticationErrorDetail>"
    assert "clock" in storage("AuthenticationFailed", "Server failed to authenticate.", 403, detail).advice


def test_when_a_proxy_answers_with_a_page_it_is_not_printed() -> None:
    found = of_answer(parse(403, {}, "<!DOCTYPE html><html><body>Blocked</body></html>"), CREATE)
    assert "a proxy or firewall" in found.what


# The network


def unreachable(error: Exception) -> Failure:
    return failure(ServiceRequestError(error, error=error), "read the rights")


POOL = (
    "HTTPSConnectionPool(host='management.azure.com', port=443): Max retries exceeded with url: /x?sig=abc (Caused by "
)


@pytest.mark.parametrize(
    ("cause", "word"),
    [
        (
            "SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer "
            "certificate (_ssl.c:1006)'))",
            "management.azure.com is not trusted: unable to get local issuer certificate; name the file",
        ),
        (
            "SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
            "Missing Authority Key Identifier'))",
            "the CA certificate itself lacks that extension",
        ),
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407 Login')))", "407 Login"),
        ("NameResolutionError('Failed to resolve'))", "the name management.azure.com is not known here"),
        ("ConnectTimeoutError('timed out'))", "did not answer in time"),
    ],
)
def test_what_stands_between_is_told_by_host_and_without_the_url(cause: str, word: str) -> None:
    found = unreachable(requests.exceptions.ConnectionError(POOL + cause))
    assert word in str(found)
    assert "sig=" not in str(found)


def test_a_sign_in_error_without_an_answer_is_a_sign_in_error() -> None:
    found = failure(ClientAuthenticationError(message="no luck\nmore words"), CREATE)
    assert (found.exit_code, found.what) == (4, f"cannot {CREATE}: no luck")


# Secrets


@pytest.mark.parametrize(
    "text",
    [
        "https://a.blob.core.windows.net/vhd/x?sp=r&sv=2025-01-05&sig=SECRET%2B%3D",
        '{"accessToken": "SECRET"}',
        "Bearer SECRET",
        "http://user:SECRET@proxy.example.com:3128",
        "token eyJhbGciOiJub25lIn0.SECRET.SECRET",
    ],
)
def test_a_secret_does_not_reach_a_message(text: str) -> None:
    assert "SECRET" not in redact(text)
    assert "SECRET" not in str(arm("Whatever", text))


def test_every_recorded_refusal_is_one_line_with_advice(shared_data: Path | None) -> None:
    if shared_data is None:
        return
    folder = shared_data / "data" / "recordings"
    for path in [*folder.glob("arm/error/*.json"), *folder.glob("blob/auth/*.json")]:
        response = json.loads(path.read_text())["response"]
        headers = {name.lower(): value for name, value in response["headers"].items()}
        body = response["body"] if isinstance(response["body"], str) else json.dumps(response["body"])
        found = of_answer(parse(response["status"], headers, body if response["body"] else ""), "do it")
        assert "\n" not in str(found)
        assert found.advice, path.name
