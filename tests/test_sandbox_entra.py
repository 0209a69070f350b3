"""The sandbox's Entra ID and managed identity endpoint, as azure-identity and a plain client see them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    ClientSecretCredential,
    CredentialUnavailableError,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from tests import fake_services
from tests.fake_services import APPLICATION, MACHINE, TENANT
from tests.sandbox.entra import tokens
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Principal, World

ARM = "https://management.azure.com"
STORAGE = "https://storage.azure.com"
LOGIN = "https://login.microsoftonline.com"
NOWHERE = "00000000-0000-4000-8000-00000000dead"


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(services=fake_services.SERVICES, seeds=fake_services.SEEDS) as running:
        yield running


@pytest.fixture
def front(server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    server.reset()
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def client(front: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def secret_token(front: Sandbox, *, secret: str = "right-secret", tenant: str = TENANT, scope: str = ARM) -> str:
    with ClientSecretCredential(tenant, APPLICATION.client_id, secret) as credential:
        return credential.get_token(f"{scope}/.default").token


# Client secrets


@pytest.mark.parametrize("scope", [ARM, f"{ARM}/", STORAGE, "https://management.core.windows.net/"])
def test_when_the_secret_is_right_the_token_is_the_applications(front: Sandbox, scope: str) -> None:
    token = secret_token(front, scope=scope)
    found = tokens.verify(front.world, token, STORAGE if scope == STORAGE else front.world.cloud.audience)
    assert found == tokens.Claims(APPLICATION.object_id, TENANT, APPLICATION.client_id)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == scope
    assert claims["iss"] == f"https://sts.windows.net/{TENANT}/"
    assert (claims["idtyp"], claims["ver"]) == ("app", "1.0")


def test_when_the_secret_is_wrong_it_is_AADSTS7000215(front: Sandbox) -> None:
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215: Invalid client secret provided"):
        secret_token(front, secret="wrong")


def test_when_the_secret_is_expired_it_is_AADSTS7000222(front: Sandbox) -> None:
    front.world.principals[0] = Principal(
        TENANT, APPLICATION.client_id, APPLICATION.object_id, "right-secret", secret_expired=True
    )
    with pytest.raises(ClientAuthenticationError, match=r"AADSTS7000222: .* are expired"):
        secret_token(front)


def test_when_the_tenant_is_unknown_discovery_already_fails(front: Sandbox) -> None:
    with pytest.raises(ClientAuthenticationError, match="Unable to get authority configuration"):
        secret_token(front, tenant=NOWHERE)
    assert front.exchanges[-1]["response"]["error"] == "invalid_tenant"


def test_when_the_resource_is_unknown_it_is_AADSTS500011(front: Sandbox) -> None:
    with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
        secret_token(front, scope="https://example.com")


def test_when_the_cloud_is_another_one_only_its_login_host_and_resources_work(front: Sandbox) -> None:
    front.reset("usgov")
    government = "https://management.core.usgovcloudapi.net"
    with ClientSecretCredential(
        TENANT, APPLICATION.client_id, "right-secret", authority="login.microsoftonline.us"
    ) as credential:
        token = credential.get_token(f"{government}/.default").token
        assert tokens.verify(front.world, token, front.world.cloud.audience).tenant == TENANT
        with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
            credential.get_token(f"{ARM}/.default")
    with pytest.raises(ClientAuthenticationError, match="authority configuration"):
        secret_token(front, scope=government)


# Workload identity and managed identity


def workload(front: Sandbox, file: Path) -> WorkloadIdentityCredential:
    return WorkloadIdentityCredential(tenant_id=TENANT, client_id=MACHINE.client_id, token_file_path=str(file))


def test_when_the_federated_token_is_fresh_the_principal_is_signed_in(front: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(tokens.assertion(front.world, "system:serviceaccount:openshift-pipelines:publisher"))
    with workload(front, file) as credential:
        token = credential.get_token(f"{ARM}/.default").token
    assert tokens.verify(front.world, token, ARM).object_id == MACHINE.object_id


def test_when_the_federated_token_has_run_out_it_is_AADSTS700024(front: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(tokens.assertion(front.world, "system:serviceaccount:openshift-pipelines:publisher", 300))
    front.advance(301)
    with (
        workload(front, file) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS700024: Client assertion is not within its valid time"),
    ):
        credential.get_token(f"{ARM}/.default")


def test_when_the_federated_token_is_none_it_is_refused(front: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("not-a-token")
    with (
        workload(front, tmp_path / "token") as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS50027"),
    ):
        credential.get_token(f"{ARM}/.default")


@pytest.mark.parametrize("client_id", [None, MACHINE.client_id])
def test_when_the_machine_has_an_identity_its_token_comes_from_the_metadata_address(
    front: Sandbox, client_id: str | None
) -> None:
    with ManagedIdentityCredential(client_id=client_id) as credential:
        token = credential.get_token(f"{STORAGE}/.default").token
    assert tokens.verify(front.world, token, STORAGE).object_id == MACHINE.object_id
    assert front.asked("GET", r"^169\.254\.169\.254/metadata/identity/oauth2/token\?")


def test_when_the_metadata_host_is_named_in_the_environment_it_is_asked_directly(
    front: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", front.front)
    with ManagedIdentityCredential() as credential:
        assert credential.get_token(f"{ARM}/.default").token
    assert front.asked("GET", r"^127\.0\.0\.1/metadata/")


def test_when_the_machine_has_no_identity_the_credential_is_unavailable(front: Sandbox) -> None:
    front.world.principals.remove(MACHINE)
    with (
        ManagedIdentityCredential() as credential,
        pytest.raises(CredentialUnavailableError, match="Identity not found"),
    ):
        credential.get_token(f"{ARM}/.default")


@pytest.mark.parametrize(
    ("query", "headers", "sentence"),
    [
        ({"api-version": "2018-02-01", "resource": ARM}, {}, "Required metadata header not specified"),
        ({"resource": ARM}, {"Metadata": "true"}, "api-version"),
        ({"api-version": "2018-02-01", "resource": "https://example.com"}, {"Metadata": "true"}, "AADSTS500011"),
        (
            {"api-version": "2018-02-01", "resource": ARM, "client_id": NOWHERE},
            {"Metadata": "true"},
            "Identity not found",
        ),
    ],
)
def test_when_the_metadata_request_is_wrong_it_is_400(
    client: requests.Session, query: dict[str, str], headers: dict[str, str], sentence: str
) -> None:
    answer = client.get("http://169.254.169.254/metadata/identity/oauth2/token", params=query, headers=headers)
    assert answer.status_code == 400
    assert sentence in answer.json()["error_description"]


# The wire, against what was recorded


def grant(**fields: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": APPLICATION.client_id, **fields}


def test_when_discovery_is_asked_it_knows_the_clouds(client: requests.Session) -> None:
    answer = client.get(
        f"{LOGIN}/common/discovery/instance",
        params={"api-version": "1.1", "authorization_endpoint": f"{LOGIN}/common/oauth2/authorize"},
    )
    assert answer.json()["tenant_discovery_endpoint"] == f"{LOGIN}/common/.well-known/openid-configuration"
    assert "login.windows.net" in answer.json()["metadata"][0]["aliases"]
    assert answer.headers["Cache-Control"] == "max-age=86400, private"


def test_when_a_tenants_configuration_is_asked_its_endpoints_are_on_that_host(client: requests.Session) -> None:
    configuration = client.get(f"{LOGIN}/{TENANT}/v2.0/.well-known/openid-configuration").json()
    assert configuration["token_endpoint"] == f"{LOGIN}/{TENANT}/oauth2/v2.0/token"
    assert configuration["issuer"] == f"{LOGIN}/{TENANT}/v2.0"


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("GET", "v2.0/.well-known/openid-configuration", "invalid_tenant"),
        ("POST", "oauth2/v2.0/token", "invalid_request"),
    ],
)
def test_when_the_tenant_is_unknown_the_error_is_the_recorded_one(
    client: requests.Session, method: str, path: str, error: str
) -> None:
    answer = client.request(method, f"{LOGIN}/{NOWHERE}/{path}", data=grant() if method == "POST" else None)
    body = answer.json()
    assert answer.status_code == 400
    assert (body["error"], body["error_codes"]) == (error, [90002])
    assert body["error_description"].startswith(f"AADSTS90002: Tenant '{NOWHERE}' not found.")
    assert body["trace_id"] == answer.headers["x-ms-request-id"]
    assert f"\r\nTrace ID: {body['trace_id']}\r\n" in body["error_description"]


def test_when_the_v1_endpoint_answers_its_numbers_are_strings_and_the_resource_comes_back(
    client: requests.Session,
) -> None:
    form = grant(client_secret="right-secret", resource=STORAGE)
    body = client.post(f"{LOGIN}/{TENANT}/oauth2/token", data=form).json()
    assert (body["expires_in"], body["resource"]) == ("3599", STORAGE)
    assert int(body["expires_on"]) - int(body["not_before"]) == 3899


def test_when_the_v2_endpoint_answers_its_numbers_are_numbers(client: requests.Session) -> None:
    form = grant(client_secret="right-secret", scope=f"{STORAGE}/.default")
    answer = client.post(f"{LOGIN}/{TENANT}/oauth2/v2.0/token", data=form)
    assert answer.json().keys() == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert answer.json()["expires_in"] == 3599
    assert answer.headers["Cache-Control"] == "no-store, no-cache"


@pytest.mark.parametrize(
    ("form", "status", "error", "code"),
    [
        ({}, 400, "invalid_request", 900144),
        (grant(grant_type="password"), 400, "unsupported_grant_type", 70003),
        (grant(client_id=NOWHERE, client_secret="x"), 400, "unauthorized_client", 700016),
        (grant(), 401, "invalid_client", 7000218),
        (grant(client_secret="wrong"), 401, "invalid_client", 7000215),
        (grant(client_id=MACHINE.client_id, client_secret=""), 401, "invalid_client", 7000218),
        (grant(client_secret="right-secret", scope="openid"), 400, "invalid_scope", 1002012),
    ],
)
def test_when_the_grant_is_wrong_status_word_and_code_tell_why(
    client: requests.Session, form: dict[str, str], status: int, error: str, code: int
) -> None:
    answer = client.post(f"{LOGIN}/{TENANT}/oauth2/v2.0/token", data=form)
    assert (answer.status_code, answer.json()["error"], answer.json()["error_codes"]) == (status, error, [code])


# What a service does with a token


def verified(world: World, token: str, audience: str = ARM, tenant: str = "") -> Any:
    return tokens.verify(world, token, audience, tenant)


def test_when_a_token_is_past_its_time_by_the_worlds_clock_it_is_expired() -> None:
    world = fake_services.world()
    token = tokens.issue(world, APPLICATION, ARM, 3599)
    world.clock.offset = 3598
    assert verified(world, token).client_id == APPLICATION.client_id
    world.clock.offset = 3600
    with pytest.raises(tokens.Expired) as caught:
        verified(world, token)
    assert abs(caught.value.expiry - (time.time() + 3599)) < 5


def test_when_a_token_is_for_another_resource_or_tenant_or_world_it_is_refused() -> None:
    world = fake_services.world()
    token = tokens.issue(world, APPLICATION, ARM)
    with pytest.raises(tokens.WrongAudience, match=ARM):
        verified(world, token, STORAGE)
    with pytest.raises(tokens.WrongTenant, match=TENANT):
        verified(world, token, tenant=NOWHERE)
    for other in (token + "x", "x.y.z", ""):
        with pytest.raises(tokens.Malformed):
            verified(world, other)
    with pytest.raises(tokens.Malformed):
        verified(fake_services.world(), token)
