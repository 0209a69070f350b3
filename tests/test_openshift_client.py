"""What is asked of the cluster, and what each failure is called. How it is reached: test_openshift_sign_in.py."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme
import yaml

from kubectl_arm64 import cluster as documents
from kubectl_arm64.errors import Denied, Failure, InvalidInput, NotFound, Refused, SignInRequired, Unavailable
from kubectl_arm64.openshift.client import Cluster, ConnectionOptions, connect
from tests.api_server import SECRET, ApiServer, kubeconfig, serving, status, trusted
from tests.sandbox.kubernetes.objects import find
from tests.sandbox.seeds.users import token

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox

MACHINESETS = "/apis/machine.openshift.io/v1beta1/namespaces/openshift-machine-api/machinesets"
STITCHED = "openshift-config-managed/configmaps/kube-cloud-config"
INFRASTRUCTURE = "/apis/config.openshift.io/v1/infrastructures/cluster"


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with serving(trusted()) as known:
        yield known


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(document: Any, name: str = "config") -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
        return path

    return write


Write = Callable[..., Path]


def ask(path: Path, **options: Any) -> Cluster:
    return connect(ConnectionOptions(kubeconfig=str(path), **options), environ={})


# What is read


@pytest.mark.parametrize("name", ["a/b", "..", "%2e", "Prod", "a b", "-a", "n" * 64, "a\n"])
def test_when_no_namespace_can_have_the_name_nobody_is_asked(write: Write, api: ApiServer, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"there can be no namespace .*--namespace"):
        ask(write(kubeconfig(api.url)), namespace=name)


def test_documents_are_read_as_they_are_and_absent_ones_are_none(write: Write, api: ApiServer) -> None:
    odd = {"kind": "Infrastructure", "status": {"platform": "Azure", "fieldOfTomorrow": {"kept": [1, None]}}}
    api.answer(INFRASTRUCTURE, odd)
    api.answer("/api/v1/nodes", {"items": [{"metadata": {"name": "a"}}]})
    api.answer("/apis/aro.openshift.io", {"kind": "APIGroup"})
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        read = cluster.read_documents()
    assert read.infrastructure == odd
    assert read.nodes == [{"metadata": {"name": "a"}}]
    assert read.aro
    assert (read.bootimages, read.machinesets, read.denied) == (None, None, {})


def test_at_least_three_documents_are_asked_for_at_a_time(write: Write, api: ApiServer) -> None:
    together, arrivals = threading.Barrier(3), itertools.count()

    class Answers(dict[Any, Any]):
        def get(self, key: Any, default: Any = None) -> Any:
            if next(arrivals) < 3:
                together.wait(10)  # answered only when all three have arrived
            return super().get(key, default)

    api.answers = Answers()
    api.answer(INFRASTRUCTURE, {"kind": "Infrastructure"})
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        assert cluster.read_documents().infrastructure == {"kind": "Infrastructure"}
    assert not together.broken


def test_what_may_not_be_read_is_noted_with_the_servers_sentence(write: Write, api: ApiServer) -> None:
    sentence = 'machinesets.machine.openshift.io is forbidden: User "dev" cannot list resource "machinesets"'
    api.answer(MACHINESETS, status(403, sentence, "Forbidden"), 403)
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        read = cluster.read_documents()
    assert sentence in read.denied["machinesets"]
    assert not documents.facts(read).hosted


def test_when_the_cloud_provider_config_and_its_copy_are_denied_the_first_is_named(
    write: Write, api: ApiServer
) -> None:
    for path in ("openshift-config/configmaps/cloud-provider-config", STITCHED):
        api.answer(f"/api/v1/namespaces/{path}", status(403, f"{path} is forbidden", "Forbidden"), 403)
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        read = cluster.read_documents()
    assert "openshift-config/configmaps/cloud-provider-config is forbidden" in read.denied["cloud_provider_config"]


def test_without_cloud_provider_config_the_stitched_copy_is_read(write: Write, api: ApiServer) -> None:
    copy = {"kind": "ConfigMap", "data": {"cloud.conf": '{"cloud": "AzureUSGovernmentCloud"}'}}
    api.answer(f"/api/v1/namespaces/{STITCHED}", copy)
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        assert cluster.read_documents().cloud_provider_config == copy


def test_lists_are_read_page_by_page(write: Write, api: ApiServer) -> None:
    api.answer(MACHINESETS, {"metadata": {"continue": "go+on"}, "items": [{"metadata": {"name": "a"}}]})
    api.answer(MACHINESETS, {"metadata": {}, "items": [{"metadata": {"name": "b"}}]})
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        assert [each["metadata"]["name"] for each in cluster.list_machinesets()] == ["a", "b"]
    assert api.requests[1].path.endswith("?limit=500&continue=go%2Bon")


@pytest.mark.parametrize(
    ("data", "text"),
    [({"userData": "eyJpZ25pdGlvbiI6e319"}, '{"ignition":{}}'), ({}, None), ({"userData": "%%"}, None), (None, None)],
)
def test_user_data_is_decoded(write: Write, api: ApiServer, data: Any, text: str | None) -> None:
    api.answer("/api/v1/namespaces/openshift-machine-api/secrets/worker-user-data", {"data": data})
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        assert cluster.read_user_data("worker-user-data") == text
        assert cluster.read_user_data("absent") is None


# What is applied

MACHINESET = {
    "apiVersion": "machine.openshift.io/v1beta1",
    "kind": "MachineSet",
    "metadata": {"name": "prod-7x2kq-worker-arm64-eastus1", "namespace": "openshift-machine-api"},
    "spec": {"replicas": 1},
}
ONE = f"{MACHINESETS}/prod-7x2kq-worker-arm64-eastus1"


def test_apply_is_server_side_strict_and_under_the_tools_name(write: Write, api: ApiServer) -> None:
    api.answer(ONE, {**MACHINESET, "status": {}}, method="PATCH")
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        assert cluster.apply(MACHINESET, dry_run=True, force_conflicts=True) == {**MACHINESET, "status": {}}
        cluster.apply(MACHINESET)
    dry, real = api.requests
    assert dry.path == f"{ONE}?fieldManager=kubectl-arm64&fieldValidation=Strict&force=true&dryRun=All"
    assert real.path == f"{ONE}?fieldManager=kubectl-arm64&fieldValidation=Strict&force=false"
    assert real.values("Content-Type") == ["application/apply-patch+yaml"]
    assert json.loads(real.body) == MACHINESET


def test_the_servers_warnings_are_passed_on(write: Write, api: ApiServer) -> None:
    api.answer(ONE, MACHINESET, method="PATCH", Warning='299 - "unknown field \\"spec.extra\\""')
    heard: list[str] = []
    options = ConnectionOptions(kubeconfig=str(write(kubeconfig(api.url))))
    with closing(connect(options, environ={}, warn=heard.append)) as cluster:
        cluster.apply(MACHINESET)
    assert heard == ['unknown field "spec.extra"']


def test_when_another_manager_owns_fields_it_and_they_are_named(write: Write, api: ApiServer) -> None:
    causes = [
        {"reason": "FieldManagerConflict", "message": 'conflict with "argocd" using v1', "field": ".spec.replicas"},
        {"reason": "FieldManagerConflict", "message": 'conflict with "argocd" using v1', "field": ".spec.selector"},
    ]
    api.answer(ONE, status(409, "Apply failed with 2 conflicts", "Conflict", causes=causes), 409, "PATCH")
    with (
        closing(ask(write(kubeconfig(api.url)))) as cluster,
        pytest.raises(Refused, match=r"argocd owns \.spec\.replicas, \.spec\.selector; --force-conflicts"),
    ):
        cluster.apply(MACHINESET)


def test_when_the_kind_is_not_one_of_ours_nothing_is_sent(write: Write, api: ApiServer) -> None:
    with closing(ask(write(kubeconfig(api.url)))) as cluster, pytest.raises(InvalidInput, match="v1 Secret"):
        cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}})
    assert api.requests == []


# What fails

WEBHOOK = 'admission webhook "validation.machineset" denied the request: providerSpec.vmSize: Required value'


@pytest.mark.parametrize(
    ("code", "body", "kind", "said"),
    [
        (401, status(401, "Unauthorized"), SignInRequired, "credentials of kube:admin are no longer valid .*oc login"),
        (403, status(403, 'User "system:anonymous" cannot'), SignInRequired, "does not know who asks"),
        (403, status(403, 'User "dev" cannot patch'), Denied, 'User "dev" cannot patch'),
        (403, status(403, WEBHOOK), InvalidInput, "vmSize: Required value"),
        (404, status(404, 'namespaces "x" not found'), NotFound, 'namespaces "x" not found'),
        (409, status(409, "the object has been modified"), Failure, "run the same command again"),
        (400, status(400, 'strict decoding error: unknown field "spec.x"'), InvalidInput, "unknown field"),
        (422, status(422, "spec.replicas: Invalid value"), InvalidInput, "spec.replicas"),
        (500, status(500, "etcdserver: request timed out"), Unavailable, "cannot answer now: etcdserver"),
        (502, b"<html>Bad Gateway</html>", Unavailable, "HTTP status 502, and no Kubernetes API's answer"),
        (302, b"", Failure, "not expected: HTTP status 302"),
        (403, b"<html>blocked by policy</html>", Failure, "not expected: HTTP status 403"),
        (200, b"<html>sign in</html>", Failure, "does not answer like a Kubernetes API"),
    ],
)
def test_each_refusal_is_the_error_that_it_means(
    write: Write, api: ApiServer, code: int, body: Any, kind: type[Failure], said: str
) -> None:
    api.answer(ONE, body, code, "PATCH")
    with closing(ask(write(kubeconfig(api.url)))) as cluster, pytest.raises(Failure, match=said) as raised:
        cluster.apply(MACHINESET)
    assert type(raised.value) is kind
    assert SECRET not in str(raised.value)


def test_when_throttled_with_retry_after_it_asks_again(write: Write, api: ApiServer) -> None:
    api.answer(MACHINESETS, status(429, "too many requests"), 429, **{"Retry-After": "0"})
    api.answer(MACHINESETS, {"items": []})
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        assert cluster.list_machinesets() == []


def test_when_nobody_listens_the_host_is_named(write: Write) -> None:
    with (
        closing(ask(write(kubeconfig("https://127.0.0.1:1")))) as cluster,
        pytest.raises(Failure, match=r"API server 127\.0\.0\.1:1 cannot be reached: connection refused; check"),
    ):
        cluster.list_machinesets()


def test_when_the_name_does_not_resolve_it_says_so(write: Write) -> None:
    with (
        closing(ask(write(kubeconfig("https://api.cluster.invalid:6443")))) as cluster,
        pytest.raises(Failure, match=r"API server api\.cluster\.invalid:6443 cannot be found"),
    ):
        cluster.list_machinesets()


def test_when_the_proxy_is_down_its_password_is_not_shown(write: Write) -> None:
    config = kubeconfig("https://api.example.com:6443", cluster={"proxy-url": "http://user:geheim@127.0.0.1:1"})
    with closing(ask(write(config))) as cluster, pytest.raises(Failure, match="through the proxy: ") as raised:
        cluster.list_machinesets()
    assert "geheim" not in str(raised.value)


def test_when_the_server_speaks_no_tls_it_says_so(write: Write) -> None:
    with (
        serving() as api,
        closing(ask(write(kubeconfig(api.url.replace("http://", "https://"))))) as cluster,
        pytest.raises(Failure, match="does not speak TLS as it should"),
    ):
        cluster.list_machinesets()


def test_when_plain_http_is_refused_it_says_that_credentials_stay_here(write: Write) -> None:
    with serving() as api, closing(ask(write(kubeconfig(api.url)))) as cluster:
        api.answer(MACHINESETS, status(403, 'User "system:anonymous" cannot list', "Forbidden"), 403)
        with pytest.raises(SignInRequired, match="credentials go by https only, as with kubectl; write https://"):
            cluster.list_machinesets()


def test_importing_the_client_does_not_import_kubernetes() -> None:
    import subprocess
    import sys

    program = "import sys, kubectl_arm64.openshift.client; sys.exit('kubernetes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# Against the sandbox's API server


@pytest.fixture
def as_user(sandbox: Sandbox) -> Callable[..., Cluster]:
    def connected(name: str = "admin", **options: Any) -> Cluster:
        environ = sandbox.environment({})
        return connect(ConnectionOptions(token=token(sandbox.world, name), **options), environ=environ)

    return connected


AsUser = Callable[..., Cluster]


def test_the_seeded_cluster_tells_all_its_facts(as_user: AsUser) -> None:
    with closing(as_user()) as cluster:
        read = cluster.read_documents()
    facts = documents.facts(read)
    assert (facts.infra_name, facts.location, facts.multi_payload) == ("prod-7x2kq", "eastus", True)
    assert (facts.subscription[-4:], facts.tenant[-4:]) == ("c001", "d001")
    assert not facts.aro
    assert not facts.hosted
    assert documents.check_machineset_preconditions(facts, apply=True, yes=False) == []


def test_a_clone_is_created_and_then_found_unchanged(as_user: AsUser, sandbox: Sandbox) -> None:
    with closing(as_user("applier")) as cluster:
        source = cluster.list_machinesets()[0]
        clone = {**MACHINESET, "spec": source["spec"]}
        assert cluster.apply(clone, dry_run=True)["metadata"]["name"] == MACHINESET["metadata"]["name"]  # type: ignore[index]
        made = cluster.apply(clone)
        again = cluster.apply(clone)
    assert made["metadata"]["resourceVersion"] == again["metadata"]["resourceVersion"]
    assert (
        find(sandbox.world, "machinesets", made["metadata"]["name"])["spec"]["replicas"] == source["spec"]["replicas"]
    )


def test_a_field_that_another_manager_took_is_a_conflict(as_user: AsUser) -> None:
    with closing(as_user()) as cluster:
        live = cluster.list_machinesets()[0]
        name = live["metadata"]["name"]
        change = {**MACHINESET, "metadata": {"name": name}, "spec": {"replicas": 9}}
        with pytest.raises(Refused, match=r"owns \.spec\.replicas; --force-conflicts"):
            cluster.apply(change)
        assert cluster.apply(change, force_conflicts=True)["spec"]["replicas"] == 9


def test_who_may_not_write_is_told_by_the_server(as_user: AsUser) -> None:
    with closing(as_user("reader")) as cluster, pytest.raises(Denied, match="cannot patch resource"):
        cluster.apply(MACHINESET)


def test_who_may_read_nothing_gets_no_facts_and_each_reason(as_user: AsUser) -> None:
    with closing(as_user("nobody")) as cluster:
        read = cluster.read_documents()
    assert set(read.denied) >= {"infrastructure", "cluster_version", "machinesets", "nodes"}
    with pytest.raises(Denied, match=r"infrastructures\.config\.openshift\.io"):
        documents.check_bootimage_preconditions(documents.facts(read))


def test_an_unknown_token_must_sign_in_again(sandbox: Sandbox) -> None:
    environ = sandbox.environment({})
    with (
        closing(connect(ConnectionOptions(token="sha256~old"), environ=environ)) as cluster,
        pytest.raises(SignInRequired, match=f"--token is no longer valid for {sandbox.kubernetes}; give another"),
    ):
        cluster.read_documents()


def test_when_the_ca_is_another_the_certificate_does_not_hold(sandbox: Sandbox, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    options = ConnectionOptions(certificate_authority=str(tmp_path / "ca.pem"))
    with (
        closing(connect(options, environ=sandbox.environment({}))) as cluster,
        pytest.raises(
            Failure, match=r"certificate of the API server 127\.0\.0\.1:\d+ does not hold: .*--certificate-auth"
        ),
    ):
        cluster.list_machinesets()


def test_verification_is_skipped_on_demand_without_a_warning(sandbox: Sandbox) -> None:
    options = ConnectionOptions(insecure_skip_tls_verify=True)
    with closing(connect(options, environ=sandbox.environment({}))) as cluster:
        assert cluster.list_machinesets()


def test_the_certificate_must_bear_the_given_name(sandbox: Sandbox) -> None:
    options = ConnectionOptions(tls_server_name="api.wrong.example.com")
    with (
        closing(connect(options, environ=sandbox.environment({}))) as cluster,
        pytest.raises(Failure, match=r"does not hold: .*--tls-server-name"),
    ):
        cluster.list_machinesets()
