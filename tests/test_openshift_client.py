"""The way to the cluster: kubeconfig, credentials, requests, and what each failure is called."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme
import yaml

from kubectl_arm64 import cluster as documents
from kubectl_arm64.errors import Denied, Failure, InvalidInput, NotFound, Refused, SignInRequired, Unsupported
from kubectl_arm64.openshift.client import Cluster, ConnectionOptions, connect
from kubectl_arm64.openshift.credentials import Finished
from kubectl_arm64.openshift.kubeconfig import in_cluster
from kubectl_arm64.openshift.transport import proxy
from tests.sandbox.kubernetes.objects import find
from tests.sandbox.seeds.users import token

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox

SECRET = "sha256~c2VjcmV0LXRva2Vu"
MACHINESETS = "/apis/machine.openshift.io/v1beta1/namespaces/openshift-machine-api/machinesets"
INFRASTRUCTURE = "/apis/config.openshift.io/v1/infrastructures/cluster"


@dataclass
class Request:
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass
class ApiServer:
    """A plain HTTP server: `answers` by method and path without query, 404 for the rest; a list is used up."""

    url: str
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def answer(self, path: str, body: Any, status: int = 200, method: str = "GET", **headers: str) -> None:
        self.answers.setdefault((method, path), []).append((status, body, headers))


def status(code: int, message: str, reason: str = "", **details: Any) -> dict[str, Any]:
    return {
        "kind": "Status",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
        "details": details,
    }


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[ApiServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            request = Request(self.command, self.path, self.headers.items(), self.rfile.read(size))
            known.requests.append(request)
            given = known.answers.get((self.command, self.path.partition("?")[0])) or [(404, status(404, "gone"), {})]
            code, body, headers = given.pop(0) if len(given) > 1 else given[0]
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(code)
            for name, value in {"Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_PATCH = handle_any

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    known = ApiServer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with serving() as known:
        yield known


def kubeconfig(
    server: str, user: Mapping[str, Any] | None = None, cluster: Mapping[str, str] | None = None
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "kube:admin/prod"}}],
        "clusters": [{"name": "prod", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "kube:admin/prod", "user": {"token": SECRET} if user is None else user}],
    }


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


# Which cluster


def test_the_current_context_leads_to_server_and_user(write: Write) -> None:
    with closing(ask(write(kubeconfig("https://api.prod.example.com:6443")))) as cluster:
        assert cluster.connection.server == "https://api.prod.example.com:6443"
        assert cluster.connection.user_name == "kube:admin"


def test_when_no_kubeconfig_exists_it_says_how_to_sign_in(tmp_path: Path) -> None:
    with pytest.raises(SignInRequired, match=r"there is no cluster to ask: .*oc login"):
        connect(ConnectionOptions(), environ={"HOME": str(tmp_path)})


def test_when_the_named_kubeconfig_does_not_exist_it_says_which(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"kubeconfig .*nowhere does not exist"):
        ask(tmp_path / "nowhere")


def test_when_the_context_does_not_exist_it_lists_those_that_do(write: Write) -> None:
    with pytest.raises(InvalidInput, match=r"context 'stage' does not exist in .*; name one with --context: prod"):
        ask(write(kubeconfig("https://api.example.com")), context="stage")


def test_when_there_is_no_current_context_it_lists_the_contexts(write: Write) -> None:
    with pytest.raises(InvalidInput, match=r"no current context; name one with --context: prod"):
        ask(write({**kubeconfig("https://api.example.com"), "current-context": ""}))


@pytest.mark.parametrize(("part", "flag"), [("clusters", "cluster"), ("users", "user")])
def test_when_the_context_names_what_is_not_there_it_is_named(write: Write, part: str, flag: str) -> None:
    with pytest.raises(InvalidInput, match=f"the {flag} .*prod' does not exist"):
        ask(write({**kubeconfig("https://api.example.com"), part: []}))


@pytest.mark.parametrize("text", [f"users: [{{name: a, user: {{token: {SECRET}]", "- a list", "contexts: {a: b}"])
def test_when_the_kubeconfig_is_broken_the_error_names_the_file_and_no_token(write: Write, text: str) -> None:
    with pytest.raises(InvalidInput, match=r"the kubeconfig .*config") as refused:
        ask(write(text))
    assert SECRET not in str(refused.value)


def test_the_first_file_of_KUBECONFIG_that_names_an_entry_wins(write: Write, tmp_path: Path) -> None:
    first = write({**kubeconfig("https://first.example.com"), "users": []}, "first")
    elsewhere = [{"name": "prod", "context": {"cluster": "stage", "user": "nobody"}}]
    second = write({**kubeconfig("https://second.example.com"), "contexts": elsewhere}, "second")
    environ = {"KUBECONFIG": f"{tmp_path / 'absent'}:{first}:{second}"}
    with closing(connect(ConnectionOptions(), environ=environ)) as cluster:
        assert cluster.connection.server == "https://first.example.com"
        assert cluster.connection.user == {"token": SECRET}


def test_paths_are_relative_to_the_file_that_they_stand_in(write: Write, tmp_path: Path, api: ApiServer) -> None:
    write("from-a-file\n", "sub/token")
    config = write(kubeconfig(api.url, {"tokenFile": "token"}), "sub/config")
    api.answer(MACHINESETS, {"items": []})
    with closing(ask(config)) as cluster:
        cluster.list_machinesets()
    assert api.requests[0].values("Authorization") == ["Bearer from-a-file"]


def test_flags_replace_server_and_token(write: Write, api: ApiServer) -> None:
    api.answer(MACHINESETS, {"items": []})
    config = write(kubeconfig("https://elsewhere.example.com", {"exec": {"command": "never-run"}}))
    with closing(ask(config, server=api.url, token="by-flag")) as cluster:
        cluster.list_machinesets()
    assert api.requests[0].values("Authorization") == ["Bearer by-flag"]


def test_server_and_token_alone_need_no_kubeconfig(tmp_path: Path, api: ApiServer) -> None:
    api.answer(MACHINESETS, {"items": []})
    options = ConnectionOptions(server=api.url, token="by-flag")
    with closing(connect(options, environ={"HOME": str(tmp_path)})) as cluster:
        assert cluster.list_machinesets() == []


def test_a_server_without_a_scheme_is_asked_by_https(write: Write) -> None:
    with closing(ask(write(kubeconfig("https://a.example.com")), server="api.example.com:6443")) as cluster:
        assert cluster.connection.server == "https://api.example.com:6443"


def test_inside_a_pod_the_service_account_is_used(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("pod")
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    found = in_cluster(environ, tmp_path)
    assert found is not None
    assert (found.server, found.user) == ("https://[fd00::1]:443", {"tokenFile": str(tmp_path / "token")})
    assert in_cluster({}, tmp_path) is None
    assert in_cluster(environ, tmp_path / "absent") is None


# As whom


@pytest.mark.parametrize(
    ("user", "header"),
    [
        ({"token": f"{SECRET}\n"}, f"Bearer {SECRET}"),
        ({"username": "dev", "password": "pw"}, f"Basic {base64.b64encode(b'dev:pw').decode()}"),
    ],
)
def test_each_way_to_sign_in_has_its_header(write: Write, api: ApiServer, user: Mapping[str, Any], header: str) -> None:
    api.answer(MACHINESETS, {"items": []})
    with closing(ask(write(kubeconfig(api.url, user)))) as cluster:
        cluster.list_machinesets()
    assert api.requests[0].values("Authorization") == [header]


def test_impersonation_of_kubeconfig_and_flags_is_sent_group_by_group(write: Write, api: ApiServer) -> None:
    api.answer(MACHINESETS, {"items": []})
    user = {"token": SECRET, "as": "somebody", "as-groups": ["old"], "as-user-extra": {"scopes": ["a", "b"]}}
    with closing(ask(write(kubeconfig(api.url, user)), as_user="other", as_groups=("ops", "dev"))) as cluster:
        cluster.list_machinesets()
    (request,) = api.requests
    assert request.values("Impersonate-User") == ["other"]
    assert request.values("Impersonate-Group") == ["ops", "dev"]
    assert request.values("Impersonate-Extra-scopes") == ["a", "b"]


@pytest.mark.parametrize("content", [None, "", "  \n"])
def test_when_the_token_file_gives_nothing_no_request_is_sent(
    write: Write, tmp_path: Path, api: ApiServer, content: str | None
) -> None:
    if content is not None:
        write(content, "token")
    with pytest.raises(SignInRequired, match=r"token file .*token of kube:admin (is empty|cannot be read)"):
        ask(write(kubeconfig(api.url, {"tokenFile": str(tmp_path / "token")})))
    assert api.requests == []


def plugin_user(**more: Any) -> dict[str, Any]:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "oidc-login", "args": ["get"], **more}
    return {"exec": plugin}


def ending(code: int, out: str = "", err: str = "") -> tuple[list[Any], Callable[..., Finished]]:
    calls: list[Any] = []

    def run(command: Sequence[str], environ: Mapping[str, str]) -> Finished:
        calls.append((list(command), dict(environ)))
        return Finished(code, out, err)

    return calls, run


def test_a_credential_plugins_token_is_sent(write: Write, api: ApiServer) -> None:
    api.answer(MACHINESETS, {"items": []})
    calls, run = ending(0, json.dumps({"kind": "ExecCredential", "status": {"token": "from-plugin"}}))
    user = plugin_user(env=[{"name": "REALM", "value": "prod"}], provideClusterInfo=True)
    options = ConnectionOptions(kubeconfig=str(write(kubeconfig(api.url, user))))
    with closing(connect(options, environ={"PATH": "/bin"}, run=run)) as cluster:
        cluster.list_machinesets()
    ((command, environ),) = calls
    assert command == ["oidc-login", "get"]
    assert (environ["PATH"], environ["REALM"]) == ("/bin", "prod")
    assert json.loads(environ["KUBERNETES_EXEC_INFO"])["spec"]["cluster"]["server"] == api.url
    assert api.requests[0].values("Authorization") == ["Bearer from-plugin"]


@pytest.mark.parametrize(
    ("finished", "said"),
    [
        ((3, "", "token has expired\nsign in at the portal"), "failed with exit code 3: token has expired sign in"),
        ((1, "", ""), "failed with exit code 1: it said nothing"),
        ((0, "not json", ""), "gave no credentials"),
        ((0, '{"status": {}}', ""), "gave no credentials"),
        ((0, "[]", ""), "gave no credentials"),
    ],
)
def test_when_a_credential_plugin_fails_no_request_is_sent(
    write: Write, api: ApiServer, finished: tuple[int, str, str], said: str
) -> None:
    _, run = ending(*finished)
    with pytest.raises(SignInRequired, match=f"the credential plugin oidc-login {said}"):
        connect(ConnectionOptions(kubeconfig=str(write(kubeconfig(api.url, plugin_user())))), environ={}, run=run)
    assert api.requests == []


def test_when_a_credential_plugin_is_not_installed_its_hint_is_shown(write: Write) -> None:
    user = plugin_user(command="/nonexistent/oidc-login", installHint="install it with krew")
    with pytest.raises(SignInRequired, match=r"oidc-login cannot be run: .*; install it with krew"):
        ask(write(kubeconfig("https://api.example.com", user)))


def test_a_credential_plugin_runs_as_a_process_of_its_own(write: Write, api: ApiServer) -> None:
    api.answer(MACHINESETS, {"items": []})
    script = 'echo "for $REALM" >&2; echo "{\\"status\\": {\\"token\\": \\"of-$REALM\\"}}"'
    user = plugin_user(command="sh", args=["-c", script], env=[{"name": "REALM", "value": "prod"}])
    options = ConnectionOptions(kubeconfig=str(write(kubeconfig(api.url, user))))
    with closing(connect(options, environ={"PATH": "/usr/bin:/bin"})) as cluster:
        cluster.list_machinesets()
    assert api.requests[0].values("Authorization") == ["Bearer of-prod"]


def test_a_failing_process_is_named_with_its_own_words(write: Write) -> None:
    user = plugin_user(command="sh", args=["-c", "echo portal is closed >&2; exit 3"])
    options = ConnectionOptions(kubeconfig=str(write(kubeconfig("https://api.example.com", user))))
    with pytest.raises(SignInRequired, match="plugin sh failed with exit code 3: portal is closed"):
        connect(options, environ={"PATH": "/usr/bin:/bin"})


@pytest.mark.parametrize("value", [f"{SECRET}\nX-Other: 1", f"{SECRET}é"])
def test_when_a_token_cannot_stand_in_a_header_it_is_not_quoted(write: Write, value: str) -> None:
    with pytest.raises(InvalidInput, match="what kube:admin sends as Authorization holds a line break") as refused:
        ask(write(kubeconfig("https://api.example.com", {"token": value})))
    assert SECRET not in str(refused.value)


def test_an_auth_provider_and_an_unknown_plugin_version_are_refused(write: Write) -> None:
    with pytest.raises(Unsupported, match="auth-provider gcp"):
        ask(write(kubeconfig("https://api.example.com", {"auth-provider": {"name": "gcp"}})))
    with pytest.raises(Unsupported, match="v1alpha1"):
        ask(
            write(
                kubeconfig("https://api.example.com", plugin_user(apiVersion="client.authentication.k8s.io/v1alpha1"))
            )
        )


def base64_of(blob: trustme.Blob) -> str:
    return base64.b64encode(blob.bytes()).decode()


def test_a_client_certificate_is_shown_to_the_server(write: Write) -> None:
    authority = trustme.CA()
    mine = authority.issue_cert("dev")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    user = {
        "client-certificate-data": base64_of(mine.cert_chain_pems[0]),
        "client-key-data": base64_of(mine.private_key_pem),
    }
    trust = {"certificate-authority-data": base64_of(authority.cert_pem)}
    with (
        serving(context) as api,
        closing(ask(write(kubeconfig(api.url.replace("http://", "https://"), user, trust)))) as cluster,
    ):
        api.answer(MACHINESETS, {"items": []})
        assert cluster.list_machinesets() == []


def test_when_certificate_and_key_do_not_fit_the_key_is_not_shown(write: Write) -> None:
    authority = trustme.CA()
    mine, other = authority.issue_cert("dev"), authority.issue_cert("dev")
    user = {
        "client-certificate-data": base64_of(mine.cert_chain_pems[0]),
        "client-key-data": base64_of(other.private_key_pem),
    }
    with pytest.raises(InvalidInput, match="client certificate or key of the kubeconfig does not fit") as refused:
        ask(write(kubeconfig("https://api.example.com", user)))
    assert "PRIVATE KEY" not in str(refused.value)


# What is read


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


def test_what_may_not_be_read_is_noted_with_the_servers_sentence(write: Write, api: ApiServer) -> None:
    sentence = 'machinesets.machine.openshift.io is forbidden: User "dev" cannot list resource "machinesets"'
    api.answer(MACHINESETS, status(403, sentence, "Forbidden"), 403)
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        read = cluster.read_documents()
    assert sentence in read.denied["machinesets"]
    assert not documents.facts(read).hosted


def test_without_cloud_provider_config_the_stitched_copy_is_read(write: Write, api: ApiServer) -> None:
    copy = {"kind": "ConfigMap", "data": {"cloud.conf": '{"cloud": "AzureUSGovernmentCloud"}'}}
    api.answer("/api/v1/namespaces/openshift-config-managed/configmaps/kube-cloud-config", copy)
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        assert cluster.read_documents().cloud_provider_config == copy


def test_lists_are_read_page_by_page(write: Write, api: ApiServer) -> None:
    api.answer(MACHINESETS, {"metadata": {"continue": "go+on"}, "items": [{"metadata": {"name": "a"}}]})
    api.answer(MACHINESETS, {"metadata": {}, "items": [{"metadata": {"name": "b"}}]})
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        assert [each["metadata"]["name"] for each in cluster.list_machinesets()] == ["a", "b"]
    assert api.requests[1].path.endswith("?limit=500&continue=go%2Bon")


def test_when_a_machineset_does_not_exist_those_that_do_are_named(write: Write, api: ApiServer) -> None:
    api.answer(MACHINESETS, {"items": [{"metadata": {"name": "worker-b"}}, {"metadata": {"name": "worker-a"}}]})
    with (
        closing(ask(write(kubeconfig(api.url)))) as cluster,
        pytest.raises(
            NotFound, match=r"no MachineSet worker-c in openshift-machine-api; there are: worker-a, worker-b"
        ),
    ):
        cluster.get_machineset("worker-c")


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
        (500, status(500, "etcdserver: request timed out"), Failure, "cannot answer now: etcdserver"),
        (502, b"<html>Bad Gateway</html>", Failure, "HTTP status 502, and no Kubernetes API's answer"),
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


def test_when_the_user_has_signed_in_elsewhere_meanwhile_the_new_token_is_tried(write: Write, api: ApiServer) -> None:
    config = write(kubeconfig(api.url))
    api.answer(MACHINESETS, status(401, "Unauthorized"), 401)
    api.answer(MACHINESETS, {"items": []})
    with closing(ask(config)) as cluster:
        write(kubeconfig(api.url, {"token": "sha256~new"}))
        assert cluster.list_machinesets() == []
    assert [each.values("Authorization")[0] for each in api.requests] == [f"Bearer {SECRET}", "Bearer sha256~new"]


def test_when_the_token_is_still_the_old_one_it_is_not_tried_twice(write: Write, api: ApiServer) -> None:
    api.answer(MACHINESETS, status(401, "Unauthorized"), 401)
    with closing(ask(write(kubeconfig(api.url)))) as cluster, pytest.raises(SignInRequired):
        cluster.list_machinesets()
    assert len(api.requests) == 1


def test_when_throttled_with_retry_after_it_asks_again(write: Write, api: ApiServer) -> None:
    api.answer(MACHINESETS, status(429, "too many requests"), 429, **{"Retry-After": "0"})
    api.answer(MACHINESETS, {"items": []})
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        assert cluster.list_machinesets() == []


def test_when_nobody_listens_the_host_is_named(write: Write) -> None:
    with (
        closing(ask(write(kubeconfig("http://127.0.0.1:1")))) as cluster,
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


def test_when_the_server_speaks_no_tls_it_says_so(write: Write, api: ApiServer) -> None:
    config = kubeconfig(api.url.replace("http://", "https://"))
    with closing(ask(write(config))) as cluster, pytest.raises(Failure, match="does not speak TLS as it should"):
        cluster.list_machinesets()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        ({"HTTP_PROXY": "http://proxy:3128"}, None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".example.com"}, None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "other.com,api.prod.example.com"}, None),
        ({}, None),
    ],
)
def test_the_environments_proxy_is_used_less_NO_PROXY(
    write: Write, environ: dict[str, str], expected: str | None
) -> None:
    config = write(kubeconfig("https://api.prod.example.com:6443"))
    with closing(connect(ConnectionOptions(kubeconfig=str(config)), environ=environ)) as cluster:
        assert proxy(cluster.connection, environ) == expected


def test_the_kubeconfigs_proxy_goes_first_and_loopback_by_none(write: Write) -> None:
    environ = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "*"}
    with closing(ask(write(kubeconfig("https://127.0.0.1:6443")))) as cluster:
        assert proxy(cluster.connection, {"HTTPS_PROXY": "http://proxy:3128"}) is None
    config = kubeconfig("https://api.example.com", cluster={"proxy-url": "http://jump:1080"})
    with closing(ask(write(config))) as cluster:
        assert proxy(cluster.connection, environ) == "http://jump:1080"


def test_a_socks_proxy_without_its_library_is_refused_by_name(write: Write) -> None:
    config = kubeconfig("https://api.example.com", cluster={"proxy-url": "socks5://user:geheim@jump:1080"})
    with pytest.raises(Unsupported, match="a socks5 proxy needs the Python package PySocks") as refused:
        ask(write(config))
    assert "geheim" not in str(refused.value)


def test_when_the_ca_is_not_a_certificate_it_says_which(write: Write, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"the CA file .*ca\.pem does not exist"):
        ask(write(kubeconfig("https://api.example.com", cluster={"certificate-authority": "ca.pem"})))
    with pytest.raises(InvalidInput, match="certificate-authority-data holds no PEM certificate"):
        ask(write(kubeconfig("https://api.example.com", cluster={"certificate-authority-data": "bm90IHBlbQ=="})))


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
        pytest.raises(SignInRequired, match=f"oc login {sandbox.kubernetes}"),
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
