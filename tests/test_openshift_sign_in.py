"""Kubeconfig and credentials where the table (test_kubeconfig_table.py) does not reach: words, and time passing."""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from kubectl_arm64.__main__ import restore_environment
from kubectl_arm64.errors import InvalidInput, SignInRequired, Unsupported
from kubectl_arm64.openshift import tls
from kubectl_arm64.openshift.client import Cluster, ConnectionOptions, connect
from kubectl_arm64.openshift.connection import Connection
from kubectl_arm64.openshift.credentials import Credentials
from kubectl_arm64.openshift.exec_plugin import Finished, run_plugin
from kubectl_arm64.openshift.proxy import proxy
from kubectl_arm64.openshift.resolve import resolve
from tests.api_server import AUTHORITY, SECRET, ApiServer, kubeconfig, serving, status, trusted
from tests.plugin import COMMAND
from tests.terminal import on_a_terminal

MACHINESETS = "/apis/machine.openshift.io/v1beta1/namespaces/openshift-machine-api/machinesets"
V1 = "client.authentication.k8s.io/v1"
UNAUTHORIZED = status(401, "Unauthorized", "Unauthorized")


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with serving(trusted()) as known:
        known.answer(MACHINESETS, {"items": []})
        yield known


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(document: Any, name: str = "config") -> Path:
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
        return path

    return write


Write = Callable[..., Path]


def ask(path: Path, **options: Any) -> Cluster:
    return connect(ConnectionOptions(kubeconfig=str(path), **options), environ={"PATH": os.defpath})


def shown(api: ApiServer) -> list[str]:
    return [value for request in api.requests for value in request.values("Authorization")]


# What is said


def test_when_no_kubeconfig_exists_it_says_how_to_sign_in(tmp_path: Path) -> None:
    with pytest.raises(SignInRequired, match=r"there is no cluster to ask: .*oc login"):
        connect(ConnectionOptions(), environ={"HOME": str(tmp_path)})


def test_when_the_context_does_not_exist_it_lists_those_that_do(write: Write) -> None:
    with pytest.raises(InvalidInput, match=r"context 'stage' does not exist in .*; name one with --context: prod"):
        ask(write(kubeconfig("https://api.example.com")), context="stage")


@pytest.mark.parametrize(
    "text",
    [
        f"users: [{{name: a, user: {{token: {SECRET}]",
        "- a list",
        "contexts: {a: b}",
        f"token: {SECRET}\nusers: {'[' * 5000}",
        f'{{"token": "{SECRET}", "users": {"[" * 500_000}',
    ],
    ids=["broken", "list", "shape", "deep", "deep JSON"],
)
def test_when_the_kubeconfig_is_broken_the_error_names_the_file_and_no_token(write: Write, text: str) -> None:
    with pytest.raises(InvalidInput, match=r"the kubeconfig .*config") as refused:
        ask(write(text))
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "user",
    [
        {"token": f"{SECRET}\nX-Other: 1"},
        {"token": SECRET, "username": "dev"},
        {"token": SECRET, "as-groups": ["a"]},
        {"token": SECRET, "password": 12345},
        {"client-key-data": SECRET},
    ],
)
def test_when_a_user_cannot_be_used_no_secret_is_quoted(write: Write, user: Mapping[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask(write(kubeconfig("https://api.example.com", user)))
    assert SECRET not in str(refused.value)


def test_a_user_of_oc_login_is_named_without_its_cluster(write: Write) -> None:
    with closing(ask(write(kubeconfig("https://api.example.com")))) as cluster:
        assert cluster.connection.user_name == "kube:admin"


def test_when_a_credential_plugin_is_not_installed_its_hint_is_shown_without_escapes(write: Write) -> None:
    user = plugin_user(command="/nonexistent/oidc-login", installHint="install \x1b[1mit\x1b[0m with krew")
    with pytest.raises(SignInRequired, match=r"oidc-login cannot be run: .*; install \[1mit\[0m with krew"):
        ask(write(kubeconfig("https://api.example.com", user)))


# Inside a pod


@pytest.fixture
def pod(tmp_path: Path) -> Mapping[str, str]:
    (tmp_path / "token").write_text("of-the-pod")
    return {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443", "HOME": str(tmp_path)}


def test_inside_a_pod_the_service_account_is_used(pod: Mapping[str, str], tmp_path: Path) -> None:
    found = resolve(ConnectionOptions(), pod, tmp_path)
    assert (found.server, found.user) == ("https://[fd00::1]:443", {"tokenFile": str(tmp_path / "token")})
    assert found.certificate_authority == ""


def test_inside_a_pod_its_ca_and_the_flags_are_heeded(pod: Mapping[str, str], tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("")
    assert resolve(ConnectionOptions(), pod, tmp_path).certificate_authority == str(tmp_path / "ca.crt")
    options = ConnectionOptions(token="by-flag", certificate_authority="other.pem", as_user="ops")
    found = resolve(options, pod, tmp_path)
    assert (found.user, found.certificate_authority) == ({"token": "by-flag", "as": "ops"}, "other.pem")


def test_inside_a_pod_a_kubeconfig_and_a_context_go_first(pod: Mapping[str, str], tmp_path: Path, write: Write) -> None:
    config = write(kubeconfig("https://api.example.com"))
    assert resolve(ConnectionOptions(kubeconfig=str(config)), pod, tmp_path).server == "https://api.example.com"
    with pytest.raises(InvalidInput, match="context 'stage' does not exist"):
        resolve(ConnectionOptions(context="stage"), pod, tmp_path)


def test_inside_a_pod_a_user_that_does_not_exist_is_nobody(pod: Mapping[str, str], tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="the user 'ops' does not exist"):
        resolve(ConnectionOptions(user="ops"), pod, tmp_path)


def test_inside_a_pod_its_server_goes_before_kubernetes_master(pod: Mapping[str, str], tmp_path: Path) -> None:
    environ = {**pod, "KUBERNETES_MASTER": "https://api.example.com"}
    assert resolve(ConnectionOptions(), environ, tmp_path).server == "https://[fd00::1]:443"


def test_outside_of_a_pod_there_is_no_service_account(pod: Mapping[str, str], tmp_path: Path) -> None:
    with pytest.raises(SignInRequired, match="no cluster to ask"):
        resolve(ConnectionOptions(), pod, tmp_path / "absent")


# Impersonation by flags


def test_extras_by_flag_are_merged_over_the_kubeconfigs_by_key(write: Write, api: ApiServer) -> None:
    user = {"token": SECRET, "as": "ops", "as-user-extra": {"scopes": ["view"], "reason": ["a"]}}
    with closing(ask(write(kubeconfig(api.url, user)), as_user_extra={"reason": ["b", "c"]})) as cluster:
        cluster.list_machinesets()
    (request,) = api.requests
    assert request.values("Impersonate-Extra-scopes") == ["view"]
    assert request.values("Impersonate-Extra-reason") == ["b", "c"]


# Certificates


def strict(**options: Any) -> ssl.SSLContext:
    """As Python 3.13 makes it."""
    context = ssl.create_default_context(**options)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def test_python_is_no_stricter_about_the_clusters_ca_than_go(tmp_path: Path) -> None:
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    connection = Connection("https://api.example.com", certificate_authority=str(tmp_path / "ca.pem"))
    made = tls.context(connection, Credentials(), strict)
    assert not made.verify_flags & ssl.VERIFY_X509_STRICT
    assert (made.verify_mode, made.check_hostname) == (ssl.CERT_REQUIRED, True)


GOOD = AUTHORITY.cert_pem.bytes().decode()
BAD = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "bundle",
    [
        BAD + GOOD,
        GOOD + BAD,
        f"{GOOD[:200]}\n{GOOD}",
        GOOD.replace("\n", "\n\n"),
        GOOD.replace("\n", "\r\n"),
        "Zürich\n" + GOOD,
    ],
    ids=["bad first", "bad last", "cut off first", "blank lines", "line ends of Windows", "remark"],
)
def test_of_a_bundle_of_cas_each_counts_by_itself(tmp_path: Path, bundle: str) -> None:
    (tmp_path / "ca.pem").write_text(bundle)
    connection = Connection("https://api.example.com", certificate_authority=str(tmp_path / "ca.pem"))
    made = tls.context(connection, Credentials())
    assert len(made.get_ca_certs()) == 1


@pytest.mark.parametrize(
    "bundle",
    [
        BAD,
        GOOD.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        GOOD.replace("CERTIFICATE-----\n", "CERTIFICATE-----\nComment: mine\n\n", 1),
    ],
    ids=["bad", "of OpenSSL's own kind", "with headers"],
)
def test_where_no_ca_can_be_read_the_file_is_named(tmp_path: Path, bundle: str) -> None:
    (tmp_path / "ca.pem").write_text(bundle)
    connection = Connection("https://api.example.com", certificate_authority=str(tmp_path / "ca.pem"))
    with pytest.raises(InvalidInput, match=r"ca\.pem holds no PEM certificate"):
        tls.context(connection, Credentials())


@pytest.mark.parametrize(("name", "value"), [("SSL_CERT_FILE", "cas/any.crt"), ("SSL_CERT_DIR", "absent:cas")])
def test_all_that_the_environment_names_is_read_for_cas(
    write: Write, api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    (tmp_path / "cas" / "folder").mkdir(parents=True)
    (tmp_path / "cas" / "any.crt").write_text(BAD + GOOD)
    (tmp_path / "cas" / "junk").write_bytes(b"\xff")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    config = write(kubeconfig(api.url, cluster={"certificate-authority-data": ""}))
    with closing(ask(config)) as cluster:
        assert cluster.list_machinesets() == []


class Rsa:
    """A certificate of 127.0.0.1 and its key of 1024 bits, signed by `issuer`, else by itself as a CA."""

    def __init__(self, issuer: Rsa | None = None) -> None:
        self._key = rsa.generate_private_key(65537, 1024)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "leaf" if issuer else "root")])
        here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        now = datetime.now(UTC)
        self._certificate: x509.Certificate = (
            x509.CertificateBuilder(issuer._certificate.subject if issuer else name, name, self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(here if issuer else x509.BasicConstraints(ca=True, path_length=None), critical=False)
            .sign((issuer or self)._key, hashes.SHA256())
        )

    @property
    def certificate(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key(self) -> bytes:
        unlocked = serialization.NoEncryption()
        return self._key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unlocked)

    def serves(self, authority: Rsa, folder: Path) -> ssl.SSLContext:
        """The TLS of a server that shows it, and knows the clients of `authority`."""
        (folder / "server.pem").write_bytes(self.certificate + self.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(folder / "server.pem")
        context.load_verify_locations(cadata=authority.certificate.decode())
        context.verify_mode = ssl.CERT_OPTIONAL
        return context


def base64_of(pem: bytes) -> str:
    return base64.b64encode(pem).decode()


def test_rsa_keys_of_1024_bits_are_enough_as_for_go(write: Write, tmp_path: Path) -> None:
    authority = Rsa()
    server, client = Rsa(authority), Rsa(authority)
    user = {"client-certificate-data": base64_of(client.certificate), "client-key-data": base64_of(client.key)}
    with serving(server.serves(authority, tmp_path)) as api:
        api.answer(MACHINESETS, {"items": []})
        config = kubeconfig(api.url, user, {"certificate-authority-data": base64_of(authority.certificate)})
        with closing(ask(write(config))) as cluster:
            cluster.list_machinesets()
        assert [request.certificate for request in api.requests] == ["leaf"]


def test_signatures_of_sha_1_do_not_hold_as_for_go() -> None:
    made = tls.context(Connection("https://api.example.com"), Credentials())
    assert made.security_level == 1  # at which OpenSSL 3 refuses them, but not RSA keys of 1024 bits
    assert {each["name"] for each in made.get_ciphers()} == {
        each["name"] for each in ssl.create_default_context().get_ciphers()
    }


NOWHERE: dict[str, Any] = {"cafile": None, "capath": None}  # what the type of DefaultVerifyPaths does not tell


def test_when_openssl_was_built_on_another_system_the_cas_are_found_where_go_finds_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = ssl.get_default_verify_paths()
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    elsewhere = here._replace(**NOWHERE)
    found = tls.system_cas(elsewhere)
    assert found
    assert ssl.create_default_context(cafile=found).get_ca_certs()


def test_when_openssl_finds_the_cas_or_was_told_where_they_are_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    here = ssl.get_default_verify_paths()
    assert tls.system_cas(here._replace(cafile="/usr/lib/ssl/cert.pem")) is None
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    assert tls.system_cas(here._replace(**NOWHERE)) is None


def test_when_certificate_and_key_do_not_fit_the_key_is_not_shown_nor_left_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine, other = AUTHORITY.issue_cert("dev"), AUTHORITY.issue_cert("dev")
    credentials = Credentials((), mine.cert_chain_pems[0].bytes(), other.private_key_pem.bytes())
    with pytest.raises(InvalidInput, match=r"client certificate or key .* does not fit: .*--client-key") as refused:
        tls.context(Connection("https://api.example.com"), credentials)
    assert "PRIVATE KEY" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


# Proxies


def test_a_socks_proxy_is_left_to_resolve_the_name_once_its_library_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "socks.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    connection = Connection("https://api.example.com", proxy_url="socks5://jump:1080")
    assert proxy(connection, {}) == "socks5h://jump:1080"


def test_when_a_socks_proxy_lacks_its_library_its_password_is_not_shown(write: Write) -> None:
    config = kubeconfig("https://api.example.com", cluster={"proxy-url": "socks5://user:geheim@jump:1080"})
    with pytest.raises(Unsupported, match="a socks5 proxy needs the Python package PySocks") as refused:
        ask(write(config))
    assert "geheim" not in str(refused.value)


# Time passes


def test_a_token_file_is_read_anew_for_each_request(write: Write, api: ApiServer) -> None:
    token = write("first\n", "token")
    with closing(ask(write(kubeconfig(api.url, {"tokenFile": str(token)})))) as cluster:
        cluster.list_machinesets()
        write("second\n", "token")
        cluster.list_machinesets()
        token.unlink()
        cluster.list_machinesets()
    assert shown(api) == ["Bearer first", "Bearer second", "Bearer second"]


def test_a_token_file_of_another_encoding_is_sent_as_it_is(write: Write, api: ApiServer, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes("tök\n".encode("latin-1"))
    with closing(ask(write(kubeconfig(api.url, {"tokenFile": "token"})))) as cluster:
        cluster.list_machinesets()
    assert shown(api) == ["Bearer tök"]  # of Latin-1, as the server reads it


def test_when_the_user_has_signed_in_elsewhere_meanwhile_the_new_token_is_tried(write: Write, api: ApiServer) -> None:
    api.answers[("GET", MACHINESETS)] = [(401, UNAUTHORIZED, {}), (200, {"items": []}, {})]
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        write(kubeconfig(api.url, {"token": "sha256~new"}))
        assert cluster.list_machinesets() == []
    assert shown(api) == [f"Bearer {SECRET}", "Bearer sha256~new"]


def test_when_the_current_context_is_another_meanwhile_the_run_stays_with_its_own(write: Write, api: ApiServer) -> None:
    api.answers[("GET", MACHINESETS)] = [(401, UNAUTHORIZED, {}), (200, {"items": []}, {})]
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        both = {**kubeconfig(api.url, {"token": "sha256~new"}), "current-context": "stage"}
        both["contexts"].append({"name": "stage", "context": {"cluster": "stage", "user": "other"}})
        both["clusters"].append({"name": "stage", "cluster": {"server": "https://stage.example.com"}})
        write(both)
        assert cluster.list_machinesets() == []
    assert shown(api) == [f"Bearer {SECRET}", "Bearer sha256~new"]


def test_when_the_token_is_still_the_old_one_it_is_not_tried_twice(write: Write, api: ApiServer) -> None:
    api.answers[("GET", MACHINESETS)] = [(401, UNAUTHORIZED, {})]
    with closing(ask(write(kubeconfig(api.url)))) as cluster, pytest.raises(SignInRequired, match="`oc login https://"):
        cluster.list_machinesets()
    assert len(api.requests) == 1


def test_when_the_new_token_is_refused_too_it_is_over(write: Write, api: ApiServer) -> None:
    api.answers[("GET", MACHINESETS)] = [(401, UNAUTHORIZED, {})]
    with closing(ask(write(kubeconfig(api.url)))) as cluster:
        write(kubeconfig(api.url, {"token": "sha256~new"}))
        with pytest.raises(SignInRequired, match="credentials of kube:admin are no longer valid") as refused:
            cluster.list_machinesets()
    assert refused.value.exit_code == 4
    assert len(api.requests) == 2


def test_when_the_user_has_signed_in_to_another_cluster_meanwhile_this_run_does_not_go_there(
    write: Write, api: ApiServer
) -> None:
    api.answers[("GET", MACHINESETS)] = [(401, UNAUTHORIZED, {})]
    with serving(trusted()) as other, closing(ask(write(kubeconfig(api.url)))) as cluster:
        both = kubeconfig(other.url, {"token": "sha256~new"})
        both["current-context"] = "stage"
        both["contexts"].append({"name": "stage", "context": both["contexts"][0]["context"]})
        write(both)
        with pytest.raises(SignInRequired):
            cluster.list_machinesets()
        assert other.requests == []
    assert len(api.requests) == 1


def test_when_the_kubeconfig_was_a_pipe_it_is_not_read_again(write: Write, api: ApiServer, tmp_path: Path) -> None:
    api.answers[("GET", MACHINESETS)] = [(401, UNAUTHORIZED, {})]
    reading, writing = os.pipe()
    os.write(writing, yaml.safe_dump(kubeconfig(api.url)).encode())
    os.close(writing)
    with (
        closing(ask(Path(f"/dev/fd/{reading}"))) as cluster,
        pytest.raises(SignInRequired, match="credentials of kube:admin are no longer valid"),
    ):
        cluster.list_machinesets()
    os.close(reading)


def test_when_the_kubeconfig_cannot_be_read_another_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot be read: Is a directory; name another with --kubeconfig"):
        ask(tmp_path)


# Credential plugins


def plugin_user(**more: Any) -> dict[str, Any]:
    return {"exec": {"apiVersion": V1, "command": "/bin/sh", "interactiveMode": "Never", **more}}


def credential(**values: Any) -> str:
    return json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": values})


class Plugin:
    """Answers in turn, the last again and again; notes whether each call might ask something."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.calls: list[bool] = []

    def __call__(self, command: Sequence[str], environ: Mapping[str, str], interactive: bool) -> Finished:
        self.calls.append(interactive)
        return Finished(0, self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def signed_in(path: Path, plugin: Plugin, clock: Clock) -> Cluster:
    return connect(ConnectionOptions(kubeconfig=str(path)), environ={}, run=plugin, now=clock)


def test_a_plugin_is_run_once_for_requests_side_by_side(write: Write, api: ApiServer) -> None:
    plugin = Plugin(credential(token="a"))
    with closing(signed_in(write(kubeconfig(api.url, plugin_user())), plugin, Clock())) as cluster:
        cluster.read_documents()
    assert plugin.calls == [False]
    assert set(shown(api)) == {"Bearer a"}


@pytest.mark.parametrize("said", ["", "[]", "a: [", "[" * 5000, '{"a": ' * 200_000], ids=lambda said: said[:10])
def test_when_a_plugin_prints_no_credential_it_is_named(write: Write, api: ApiServer, said: str) -> None:
    with pytest.raises(SignInRequired, match="the credential plugin sh printed no ExecCredential"):
        signed_in(write(kubeconfig(api.url, plugin_user())), Plugin(said), Clock())


def test_a_plugin_is_run_again_when_its_credentials_have_expired(write: Write, api: ApiServer) -> None:
    plugin = Plugin(credential(token="a", expirationTimestamp="2026-03-01T13:00:00Z"), credential(token="b"))
    clock = Clock()
    with closing(signed_in(write(kubeconfig(api.url, plugin_user())), plugin, clock)) as cluster:
        cluster.list_machinesets()
        clock.now += timedelta(minutes=60)
        cluster.list_machinesets()
        clock.now += timedelta(seconds=1)
        cluster.list_machinesets()
    assert shown(api) == ["Bearer a", "Bearer a", "Bearer b"]


def test_a_plugin_is_run_again_when_its_token_is_refused(write: Write, api: ApiServer) -> None:
    api.answers[("GET", MACHINESETS)] = [(401, UNAUTHORIZED, {}), (200, {"items": []}, {})]
    plugin = Plugin(credential(token="a"), credential(token="b"))
    with closing(signed_in(write(kubeconfig(api.url, plugin_user())), plugin, Clock())) as cluster:
        assert cluster.list_machinesets() == []
    assert shown(api) == ["Bearer a", "Bearer b"]


def test_when_requests_side_by_side_are_refused_the_plugin_is_run_again_only_once(write: Write, api: ApiServer) -> None:
    plugin = Plugin(credential(token="a"), credential(token="b"), credential(token="c"))
    with closing(signed_in(write(kubeconfig(api.url, plugin_user())), plugin, Clock())) as cluster:
        cluster.read_documents()
        api.refused.add("Bearer a")
        cluster.read_documents()
    assert len(plugin.calls) == 2
    assert set(shown(api)) == {"Bearer a", "Bearer b"}


def test_a_plugins_new_certificate_is_shown_by_a_new_connection(write: Write) -> None:
    first, second = (AUTHORITY.issue_cert(common_name=name) for name in ("first", "second"))
    plugin = Plugin(_certificate(first, expirationTimestamp="2026-03-01T13:00:00Z"), _certificate(second))
    clock = Clock()
    with serving(trusted()) as api:
        api.answer(MACHINESETS, {"items": []})
        with closing(signed_in(write(kubeconfig(api.url, plugin_user())), plugin, clock)) as cluster:
            cluster.list_machinesets()
            clock.now += timedelta(hours=2)
            cluster.list_machinesets()
        assert [request.certificate for request in api.requests] == ["first", "second"]


def _certificate(pair: trustme.LeafCert, **more: Any) -> str:
    certificate, key = pair.cert_chain_pems[0].bytes().decode(), pair.private_key_pem.bytes().decode()
    return credential(clientCertificateData=certificate, clientKeyData=key, **more)


def test_a_plugin_that_succeeds_is_heard_all_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    ended = run_plugin(["/bin/sh", "-c", "echo open the portal >&2; echo out"], {}, False)
    assert (ended.code, ended.out) == (0, "out\n")
    assert capfd.readouterr().err == "open the portal\n"


def test_nobody_waits_for_what_a_plugin_leaves_running(tmp_path: Path) -> None:
    end = tmp_path / "end"
    os.mkfifo(end)
    # It goes on holding stderr.
    script = f"{{ read line; }} >/dev/null <{end} & echo out"
    ended: list[Finished] = []
    running = threading.Thread(target=lambda: ended.append(run_plugin(["/bin/sh", "-c", script], {}, False)))
    running.start()
    running.join(20)
    before = list(ended)
    end.write_text("end\n")
    running.join()
    assert [each.out for each in before] == ["out\n"]


@pytest.mark.parametrize(("interactive", "read"), [(True, "typed"), (False, "")])
def test_a_plugin_that_may_not_ask_finds_standard_input_empty(interactive: bool, read: str) -> None:
    program = (
        "from kubectl_arm64.openshift.exec_plugin import run_plugin\n"
        f"print(run_plugin(['/bin/cat'], {{}}, {interactive}).out, end='')"
    )
    ran = subprocess.run([sys.executable, "-c", program], input="typed", capture_output=True, text=True, check=True)
    assert ran.stdout == read


def test_a_plugins_environment_is_the_tools_own_and_what_the_kubeconfig_adds(write: Write, api: ApiServer) -> None:
    script = f"""printf '{{"apiVersion":"{V1}","kind":"ExecCredential","status":{{"token":"%s"}}}}' "$REALM.$HOME" """
    user = plugin_user(args=["-c", script], env=[{"name": "REALM", "value": "prod"}])
    options = ConnectionOptions(kubeconfig=str(write(kubeconfig(api.url, user))))
    with closing(connect(options, environ={"HOME": "/home/dev", "REALM": "other"})) as cluster:
        cluster.list_machinesets()
    assert shown(api) == ["Bearer prod./home/dev"]


def test_children_of_a_bundle_find_the_users_libraries_and_not_the_bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    environ = {"LD_LIBRARY_PATH": "/bundle", "LD_LIBRARY_PATH_ORIG": "/opt/lib", "DYLD_LIBRARY_PATH": "/bundle"}
    restore_environment(environ)
    assert environ == {"LD_LIBRARY_PATH": "/opt/lib"}


def test_on_a_terminal_a_failing_plugin_is_heard_and_named_and_nothing_is_sent(write: Write, api: ApiServer) -> None:
    user = plugin_user(args=["-c", "test -t 0 && echo portal is closed >&2; exit 3"], interactiveMode="Always")
    config = write(kubeconfig(api.url, user))
    written, code = on_a_terminal([*COMMAND, "machineset", "--kubeconfig", str(config)])
    assert code == 4
    heard, error = written.decode().split("\r\n")[:2]
    assert heard == "portal is closed"
    assert error.startswith("error: the credential plugin sh failed with exit code 3: portal is closed;")
    assert api.requests == []
