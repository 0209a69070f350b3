"""Who signs in, with which arguments, and what people read when it does not work."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest
import trustme

from kubectl_arm64.azure import clouds
from kubectl_arm64.azure.credentials import Credentials, sign_in
from kubectl_arm64.azure.entra import sign_in_failure
from kubectl_arm64.azure.transport import Connection, ca_bundle
from kubectl_arm64.errors import Failure, InvalidInput, SignInRequired
from tests.azure_access import enter, group, reach, subscription
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Principal

OTHER_TENANT = "00000000-0000-4000-8000-00000000d002"
NOT_SIGNED_IN = "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1"
TOKEN = json.dumps({"accessToken": "token-of-az", "expires_on": 4102444800})

SignIn = Callable[..., Credentials]


@pytest.fixture
def signing_in(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> SignIn:
    """`sign_in` in the sandbox's environment, changed by variables; nobody waits."""

    def call(*, az_seconds: float = 60, tenant: str = "", **variables: str) -> Credentials:
        environ = enter(sandbox, monkeypatch, **variables)
        connection = Connection(ca_bundle(environ), lambda seconds: None)
        return sign_in(
            clouds.PUBLIC,
            subscription(sandbox),
            tenant or sandbox.world.tenants[0],
            environ=environ,
            connection=connection,
            az_seconds=az_seconds,
        )

    return call


@pytest.fixture
def az(tmp_path: Path, signing_in: SignIn) -> Callable[..., Credentials]:
    """Sign in with an `az` that is the given shell script."""

    def call(script: str, *, az_seconds: float = 60, **variables: str) -> Credentials:
        program = tmp_path / "az"
        program.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\n{script}\n')
        program.chmod(0o755)
        path = f"{tmp_path}:/usr/bin:/bin"
        return signing_in(az_seconds=az_seconds, PATH=path, AZURE_CLIENT_SECRET="", **variables)

    return call


def failed(credentials: Credentials, *, storage: bool = False) -> Failure:
    with pytest.raises(Failure) as caught:
        credentials.warm_up(storage=storage)
    assert "\n" not in str(caught.value)
    return caught.value


# The environment's service principal


def test_when_the_environment_holds_a_secret_both_tokens_are_fetched_at_once(
    sandbox: Sandbox, signing_in: SignIn
) -> None:
    signing_in().warm_up(storage=True)
    asked = [exchange["path"] for exchange in sandbox.asked("POST", "oauth2/v2.0/token")]
    assert len(asked) == 2


def test_when_a_token_is_asked_for_again_nobody_is_bothered(sandbox: Sandbox, signing_in: SignIn) -> None:
    credentials = signing_in()
    credentials.warm_up(storage=False)
    credentials.warm_up(storage=False)
    assert len(sandbox.asked("POST", "token")) == 1


def test_when_the_environment_names_no_tenant_the_cluster_s_is_taken(sandbox: Sandbox, signing_in: SignIn) -> None:
    signing_in(AZURE_TENANT_ID="").warm_up(storage=False)
    assert sandbox.world.tenants[0] in sandbox.asked("POST", "token")[0]["path"]


def test_when_the_client_id_is_missing_it_says_so(signing_in: SignIn) -> None:
    with pytest.raises(SignInRequired, match="AZURE_CLIENT_SECRET is set, AZURE_CLIENT_ID is not"):
        signing_in(AZURE_CLIENT_ID="")


def test_when_the_secret_is_wrong_it_names_the_variable(signing_in: SignIn) -> None:
    failure = failed(signing_in(AZURE_CLIENT_SECRET="wrong"))
    assert failure.exit_code == 4
    assert "the client secret in AZURE_CLIENT_SECRET is wrong (AADSTS7000215)" in str(failure)


def test_when_the_secret_has_expired_it_says_so(sandbox: Sandbox, signing_in: SignIn) -> None:
    sandbox.world.principals[0].secret_expired = True
    assert "has expired (AADSTS7000222)" in str(failed(signing_in()))


def test_when_the_tenant_is_unknown_it_names_it_and_the_cluster_s(signing_in: SignIn) -> None:
    failure = failed(signing_in(AZURE_TENANT_ID=OTHER_TENANT))
    assert f"AZURE_TENANT_ID is {OTHER_TENANT}, the cluster's tenant is" in failure.what
    assert f"there is no tenant {OTHER_TENANT} in this cloud" in failure.what


def test_when_the_tenant_is_another_one_both_are_named(sandbox: Sandbox, signing_in: SignIn) -> None:
    sandbox.world.tenants.append(OTHER_TENANT)
    failure = failed(signing_in(AZURE_TENANT_ID=OTHER_TENANT))
    assert "AADSTS700016" in str(failure)
    assert f"AZURE_TENANT_ID is {OTHER_TENANT}" in str(failure)


def test_when_the_certificate_is_missing_it_names_the_file(signing_in: SignIn) -> None:
    failure = failed(signing_in(AZURE_CLIENT_SECRET="", AZURE_CLIENT_CERTIFICATE_PATH="/no/such.pem"))
    assert "/no/such.pem" in str(failure)


# Workload identity


def assertion(path: Path, seconds: int) -> str:
    now = int(time.time())
    path.write_text(jwt.encode({"sub": "pipeline", "nbf": now - 7200, "exp": now + seconds}, "k" * 32))
    return str(path)


def test_when_the_federated_token_is_replaced_the_new_one_is_sent(
    sandbox: Sandbox, signing_in: SignIn, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    path = assertion(file, 300)
    credentials = signing_in(AZURE_CLIENT_SECRET="", AZURE_FEDERATED_TOKEN_FILE=path)
    credentials.warm_up(storage=False)
    file.write_text("no JWT at all")
    assert "AADSTS50027" in str(failed(credentials, storage=True))


def test_when_the_assertion_has_run_out_it_says_to_repeat_the_login_step(signing_in: SignIn, tmp_path: Path) -> None:
    path = assertion(tmp_path / "token", -60)
    failure = failed(signing_in(AZURE_CLIENT_SECRET="", AZURE_FEDERATED_TOKEN_FILE=path))
    assert "the pipeline's sign-in has expired (AADSTS700024)" in failure.what
    assert "repeat the pipeline's login step" in failure.advice


def test_when_the_token_file_is_gone_it_names_it(signing_in: SignIn) -> None:
    failure = failed(signing_in(AZURE_CLIENT_SECRET="", AZURE_FEDERATED_TOKEN_FILE="/gone"))
    assert "cannot read AZURE_FEDERATED_TOKEN_FILE /gone" in str(failure)


# az


def test_az_is_asked_by_subscription_and_never_by_tenant(sandbox: Sandbox, az: SignIn, tmp_path: Path) -> None:
    az(f"echo '{TOKEN}'").warm_up(storage=True)
    arm, storage = (tmp_path / "calls").read_text().splitlines()
    assert "--resource https://management.azure.com " in f"{arm} "
    assert "--resource https://storage.azure.com " in f"{storage} "
    for call in (arm, storage):
        assert f"--subscription {subscription(sandbox)}" in call
        assert "--tenant" not in call


def test_when_storage_suggests_a_tenant_az_is_not_told(az: SignIn, tmp_path: Path) -> None:
    az(f"echo '{TOKEN}'").get_token("https://storage.azure.com/.default", tenant_id=OTHER_TENANT)
    assert "--tenant" not in (tmp_path / "calls").read_text()


def test_when_az_does_not_answer_it_says_so_and_does_not_ask_for_a_login(az: SignIn) -> None:
    failure = failed(az("exec sleep 5", az_seconds=0.5))
    assert "`az account get-access-token` did not answer in" in failure.what
    assert "run it by hand" in failure.advice


def test_when_nobody_is_signed_in_it_names_the_command_and_the_tenant(sandbox: Sandbox, az: SignIn) -> None:
    sandbox.world.principals = [principal for principal in sandbox.world.principals if principal.secret]
    failure = failed(az(NOT_SIGNED_IN, AZURE_CLIENT_ID=""))
    assert failure.what.startswith("not signed in to Azure (az: it is not signed in; managed identity: ")
    assert f"az login --tenant {sandbox.world.tenants[0]}" in failure.advice


def test_when_az_is_missing_and_the_machine_has_no_identity_both_are_told(
    sandbox: Sandbox, signing_in: SignIn, tmp_path: Path
) -> None:
    sandbox.world.principals = [principal for principal in sandbox.world.principals if principal.secret]
    failure = failed(signing_in(PATH=str(tmp_path), AZURE_CLIENT_SECRET="", AZURE_CLIENT_ID=""))
    assert "az: it is not installed; managed identity: this machine has none" in failure.what


def test_when_az_is_not_signed_in_the_managed_identity_is_taken(sandbox: Sandbox, az: SignIn) -> None:
    tenant = sandbox.world.tenants[0]
    sandbox.world.principals = [Principal(tenant, "00000000-0000-4000-8000-00000000a009", "machine")]
    az(NOT_SIGNED_IN, AZURE_CLIENT_ID="").warm_up(storage=True)
    assert sandbox.asked("GET", "/metadata/identity/oauth2/token")


def test_when_az_does_not_know_the_subscription_it_says_which_account_is_needed(sandbox: Sandbox, az: SignIn) -> None:
    wanted = subscription(sandbox)
    failure = failed(
        az(f"echo \"ERROR: Subscription '{wanted}' not found. Check the spelling and casing.\" >&2; exit 1")
    )
    assert f"not signed in to an account that sees subscription {wanted}" in failure.what


def test_when_a_claims_challenge_comes_az_s_own_command_is_given(az: SignIn, tmp_path: Path) -> None:
    credentials = az(f"echo '{TOKEN}'")
    with pytest.raises(SignInRequired) as caught:
        credentials.get_token("https://management.azure.com/.default", claims='{"access_token":{}}')
    assert "run `az login --claims-challenge " in caught.value.advice
    assert "--scope https://management.azure.com/.default`" in caught.value.advice


def test_when_azure_challenges_az_s_token_nothing_is_tried_again(
    sandbox: Sandbox, az: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    az(f"echo '{TOKEN}'")
    azure = reach(sandbox, monkeypatch, [], AZURE_CLIENT_SECRET="", PATH=os.environ["PATH"])
    challenge = 'Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'
    sandbox.fault("resourceGroups", status=401, headers={"WWW-Authenticate": challenge}, times=9)
    with pytest.raises(SignInRequired, match="run `az login --claims-challenge eyJ"):
        azure.resource_group(group(sandbox))
    assert len(sandbox.asked("GET", "resourceGroups")) == 1


def test_when_az_s_own_sign_in_has_expired_its_command_is_given() -> None:
    message = (
        "ERROR: AADSTS70043: The refresh token has expired or is invalid due to sign-in frequency checks by "
        "conditional access.\nTrace ID: 1\nInteractive authentication is needed. Please run:\naz logout\n"
        'az login --tenant "t1" --scope "https://management.core.windows.net//.default"'
    )
    failure = sign_in_failure(message, "az", "run `az login`")
    assert failure.what == "az: the sign-in has expired (AADSTS70043)"
    assert 'az login --tenant "t1" --scope "https://management.core.windows.net//.default"' in failure.advice


def test_when_conditional_access_blocks_it_does_not_advise_another_login() -> None:
    failure = sign_in_failure(
        "AADSTS53003: Access has been blocked by Conditional Access policies.", "az", "run `az login`"
    )
    assert "blocked by conditional access (AADSTS53003)" in failure.what
    assert "az login" not in failure.advice


# The way there


def test_when_the_authority_is_not_trusted_it_names_host_and_variable(signing_in: SignIn, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"

    trustme.CA().cert_pem.write_to_path(str(other))
    failure = failed(signing_in(REQUESTS_CA_BUNDLE=str(other)))
    assert "the certificate of login.microsoftonline.com is not trusted" in failure.what
    assert "REQUESTS_CA_BUNDLE" in failure.advice


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_each_variable_that_names_authorities_holds(signing_in: SignIn, sandbox: Sandbox, variable: str) -> None:
    none = dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"), "")
    signing_in(**{**none, variable: str(sandbox.folder / "ca.pem")}).warm_up(storage=False)


def test_when_the_file_of_authorities_is_missing_it_names_the_variable() -> None:
    with pytest.raises(InvalidInput, match="SSL_CERT_FILE names /no/such"):
        ca_bundle({"SSL_CERT_FILE": "/no/such.pem"})


def test_when_the_proxy_is_down_it_is_told_of_the_proxy(signing_in: SignIn) -> None:
    assert "no connection to login.microsoftonline.com through the proxy" in str(
        failed(signing_in(HTTPS_PROXY="http://127.0.0.1:9"))
    )
