"""The sandbox's front: one port that is every Azure host, a second that is the cluster, faults, record, admin."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests import fake_services
from tests.sandbox.faults import peer
from tests.sandbox.server import Sandbox

ARM = "https://management.azure.com"
GALLERY = f"{ARM}/subscriptions/{fake_services.SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/galleries/g"


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(services=fake_services.SERVICES, seeds=fake_services.SEEDS) as running:
        yield running


@pytest.fixture
def front(server: Sandbox) -> Sandbox:
    server.reset()
    return server


@pytest.fixture
def client(front: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"https": front.front, "http": front.front}
        session.verify = str(front.folder / "ca.pem")
        yield session


def admin(sandbox: Sandbox, method: str, path: str, body: Any = None) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, f"{sandbox.front}/admin/{path}", json=body)


# The hosts


@pytest.mark.parametrize(
    "host",
    [
        "rhcos.blob.core.windows.net",
        "prod1images.blob.core.usgovcloudapi.net",
        "prod1images.blob.core.chinacloudapi.cn",
    ],
)
def test_when_an_account_of_any_cloud_is_asked_it_is_the_blob_service_that_answers(
    client: requests.Session, host: str
) -> None:
    answer = client.get(f"https://{host}/imagebucket/rhcos%2Fa%20b.vhd")
    assert answer.headers["x-host"] == host
    assert answer.headers["x-path"] == "/imagebucket/rhcos%2Fa%20b.vhd"
    assert answer.headers["x-scheme"] == "https"


@pytest.mark.parametrize(
    "host", ["management.azure.com", "management.usgovcloudapi.net", "management.chinacloudapi.cn"]
)
def test_when_a_management_host_is_asked_it_is_resource_manager_that_answers(
    client: requests.Session, host: str
) -> None:
    assert client.put(f"https://{host}/subscriptions/s", json={"a": 1}).status_code == 201


def test_when_a_host_is_unknown_it_is_refused_and_recorded(client: requests.Session, front: Sandbox) -> None:
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        client.get("https://example.com/")
    assert [(e["method"], e["host"], e["status"]) for e in front.exchanges] == [("CONNECT", "example.com", 403)]


def test_when_a_host_is_unknown_over_plain_http_it_is_refused(client: requests.Session) -> None:
    assert client.get("http://example.com/").status_code == 403
    assert client.get(f"http://management.azure.com/subscriptions/{fake_services.SUBSCRIPTION}").status_code == 403


def test_when_storage_is_asked_over_plain_http_the_service_sees_the_scheme(client: requests.Session) -> None:
    assert client.get("http://rhcos.blob.core.windows.net/imagebucket").headers["x-scheme"] == "http"


def test_when_a_body_is_large_it_arrives_whole(client: requests.Session) -> None:
    page = os.urandom(4 * 1024 * 1024)
    assert client.put("https://a.blob.core.windows.net/vhd/x", data=page).content == page


def test_when_a_request_rides_in_with_the_end_of_the_handshake_it_is_answered(front: Sandbox) -> None:
    context = ssl.create_default_context(cafile=front.folder / "ca.pem")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="management.azure.com")
    with socket.create_connection(("127.0.0.1", int(front.front.rpartition(":")[2]))) as raw:
        raw.sendall(b"CONNECT management.azure.com:443 HTTP/1.1\r\nHost: management.azure.com:443\r\n\r\n")
        assert raw.recv(4096).startswith(b"HTTP/1.1 200")
        _until_done(tls.do_handshake, raw, incoming, outgoing)
        tls.write(b"GET /nothing HTTP/1.1\r\nHost: management.azure.com\r\n\r\n")
        answer = _until_done(lambda: tls.read(65536), raw, incoming, outgoing)  # Finished and request in one segment
    assert answer.startswith(b"HTTP/1.1 404")


def _until_done(step: Callable[[], Any], raw: socket.socket, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> Any:
    while True:
        try:
            return step()
        except ssl.SSLWantReadError:
            raw.sendall(outgoing.read())
            incoming.write(raw.recv(65536))


# The cluster


def test_when_the_kubeconfig_is_used_the_api_server_answers_with_a_known_certificate(front: Sandbox) -> None:
    config = yaml.safe_load(Path(front.environment()["KUBECONFIG"]).read_text())
    assert config["clusters"][0]["cluster"]["server"] == front.kubernetes
    assert config["users"][0]["user"]["token"] == "sha256~token-of-the-admin"
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{front.kubernetes}/api", verify=str(front.folder / "ca.pem"))
    assert answer.status_code == 404
    assert [(e["host"], e["path"]) for e in front.exchanges] == [("kubernetes", "/api")]


# The environment


def test_when_a_client_gets_the_environment_nothing_of_the_outer_machine_leads_it_elsewhere(front: Sandbox) -> None:
    outer = {
        "PATH": "/usr/bin",
        "AZURE_CLIENT_CERTIFICATE_PATH": "/etc/real.pem",
        "https_proxy": "http://proxy.example.com",
        "KUBERNETES_SERVICE_HOST": "172.30.0.1",
        "SSL_CERT_DIR": "/etc/ssl/certs",
    }
    environment = front.environment(outer)
    assert environment["PATH"] == "/usr/bin"
    assert not environment.keys() & (outer.keys() - {"PATH"})
    assert environment["http_proxy"] == environment["HTTP_PROXY"] == front.front
    assert environment["HTTPS_PROXY"] == front.front
    assert environment["AZURE_CLIENT_ID"] == fake_services.APPLICATION.client_id
    assert environment["AZURE_CLIENT_SECRET"] == "right-secret"
    assert "AZURE_AUTHORITY_HOST" not in environment


def test_when_the_cloud_is_a_sovereign_one_the_environment_names_its_authority(front: Sandbox) -> None:
    front.reset("usgov")
    assert front.environment()["AZURE_AUTHORITY_HOST"] == "https://login.microsoftonline.us"


def test_when_it_stops_its_files_are_gone() -> None:
    with Sandbox(services=fake_services.SERVICES, seeds=fake_services.SEEDS) as sandbox:
        folder = sandbox.folder
        assert (folder / "kubeconfig").stat().st_mode & 0o777 == 0o600
    assert not folder.exists()


# The record


def test_when_a_resource_is_put_the_record_shows_both_bodies_parsed(client: requests.Session, front: Sandbox) -> None:
    client.put(f"{GALLERY}?api-version=2024-03-03", json={"location": "eastus"})
    (exchange,) = front.asked("PUT", "/galleries/g")
    assert exchange["n"] == 1
    assert exchange["query"] == "api-version=2024-03-03"
    assert exchange["request"] == {"location": "eastus"}
    assert (exchange["status"], exchange["response"]) == (201, {"location": "eastus"})
    assert exchange["response_headers"]["content-type"] == "application/json"
    assert exchange["fault"] is None


def test_when_a_body_is_binary_the_record_has_its_length_and_xml_stays_text(
    client: requests.Session, front: Sandbox
) -> None:
    client.put("https://a.blob.core.windows.net/vhd/x?comp=page", data=b"\0" * 512)
    client.post("https://a.blob.core.windows.net/", data="<KeyInfo/>", headers={"Content-Type": "application/xml"})
    assert [e["request"] for e in front.exchanges] == [{"bytes": 512}, "<KeyInfo/>"]
    assert [e["response"] for e in front.exchanges] == [{"bytes": 512}, "<KeyInfo/>"]


def test_when_secrets_pass_by_the_record_has_none_of_them(client: requests.Session, front: Sandbox) -> None:
    account = "https://a.blob.core.windows.net/vhd/x"
    client.get(f"{account}?sp=r&sig=SECRET1%2B&se=2030", headers={"Authorization": "Bearer SECRET2"})
    client.get(
        account,
        headers={
            "Authorization": "SharedKey a:SECRET3=",
            "x-ms-copy-source": f"{account}?sig=SECRET4",
            "x-ms-copy-source-authorization": "Bearer SECRET5",
        },
    )
    client.post(account, json={"keys": [{"keyName": "key1", "value": "SECRET6"}], "access_token": "SECRET7"})
    client.post(account, data="<Value>SECRET8</Value>", headers={"Content-Type": "application/xml"})
    client.put(f"{ARM}/x", json={"kind": "Secret", "data": {"userData": "SECRET9"}})
    client.put(f"{ARM}/y", json={"kind": "SecretList", "items": [{"data": {"userData": "SECRET9"}}]})
    client.post(
        f"https://login.microsoftonline.com/{fake_services.TENANT}/oauth2/token",
        data={"client_secret": "SECRETA", "client_assertion": "SECRETB", "resource": "https://storage.azure.com"},
    )
    record = json.dumps(front.exchanges)
    assert "SECRET" not in record
    assert "SharedKey a:REDACTED" in record
    assert "sp=r&sig=REDACTED&se=2030" in record
    assert '"resource": "https://storage.azure.com"' in record


def test_when_a_file_is_asked_for_each_exchange_is_a_line_of_it(tmp_path: Path) -> None:
    file = tmp_path / "exchanges.jsonl"
    with Sandbox(services=fake_services.SERVICES, seeds=fake_services.SEEDS, record=file) as sandbox:
        environment = sandbox.environment()
        with requests.Session() as session:
            session.trust_env = False
            session.get(GALLERY, proxies={"https": sandbox.front}, verify=environment["REQUESTS_CA_BUNDLE"])
    assert [json.loads(line)["status"] for line in file.read_text().splitlines()] == [404]


def test_when_a_service_answers_with_a_stream_of_events_the_record_is_a_list(
    client: requests.Session, front: Sandbox
) -> None:
    events = b'{"type": "ADDED"}\n{"type": "DELETED"}\n'
    client.post("https://a.blob.core.windows.net/", data=events, headers={"Content-Type": "application/json"})
    assert front.exchanges[0]["response"] == [{"type": "ADDED"}, {"type": "DELETED"}]


def test_when_a_service_crashes_the_client_gets_500_and_the_sandbox_remembers_why(
    client: requests.Session, front: Sandbox
) -> None:
    assert client.put(f"{ARM}/x", data=b"not JSON").status_code == 500
    assert [type(error) for error in front.crashes] == [json.JSONDecodeError]
    front.reset()
    assert front.crashes == []


# Faults


def test_when_the_second_request_is_to_fail_only_the_second_fails(client: requests.Session, front: Sandbox) -> None:
    front.fault("/galleries/", method="GET", nth=2, status=429, headers={"Retry-After": "7"}, body="slow down")
    client.put(GALLERY, json={})
    answers = [client.get(GALLERY) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 429, 200]
    assert (answers[1].headers["retry-after"], answers[1].text) == ("7", "slow down")
    assert front.asked("GET")[1]["fault"] == {"action": "status", "after": False, "answered": None}


def test_when_the_answer_is_lost_the_request_has_taken_effect(client: requests.Session, front: Sandbox) -> None:
    front.fault("/galleries/", method="PUT", action="reset", after=True)
    with pytest.raises(requests.exceptions.ConnectionError):
        client.put(GALLERY, json={"location": "eastus"})
    assert client.get(GALLERY).json() == {"location": "eastus"}
    (lost,) = front.asked("PUT")
    assert (lost["status"], lost["fault"]["answered"], lost["request"]) == (None, 201, {"location": "eastus"})


def test_when_the_connection_is_reset_before_the_effect_there_is_none(client: requests.Session, front: Sandbox) -> None:
    front.fault("/galleries/", method="PUT", action="reset")
    with pytest.raises(requests.exceptions.ConnectionError):
        client.put(GALLERY, json={})
    assert front.world.resources == {}
    assert client.put(GALLERY, json={}).status_code == 201


def test_when_a_connection_is_reset_the_peer_gets_rst_and_not_an_orderly_end(front: Sandbox) -> None:
    front.fault("blob.core.windows.net/x", action="reset")
    with socket.create_connection(("127.0.0.1", int(front.front.rpartition(":")[2]))) as raw:
        raw.sendall(b"GET http://a.blob.core.windows.net/x HTTP/1.1\r\nHost: a.blob.core.windows.net\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            raw.recv(4096)


def test_when_the_answer_stalls_the_client_gives_up_and_the_effect_depends_on_after(
    client: requests.Session, front: Sandbox
) -> None:
    front.fault("/galleries/early", action="stall")
    front.fault("/galleries/late", action="stall", after=True)
    for name in ("early", "late"):
        with pytest.raises(requests.exceptions.ReadTimeout):
            client.put(f"{ARM}/galleries/{name}", json={}, timeout=0.1)
    assert list(front.world.resources) == ["/galleries/late"]


def test_when_a_stall_ends_the_exchange_goes_on_with_its_body(client: requests.Session, front: Sandbox) -> None:
    front.fault("/galleries/", action="stall", seconds=0.01)
    assert client.put(GALLERY, json={"location": "eastus"}).json() == {"location": "eastus"}


@pytest.mark.skipif(sys.platform != "linux", reason="the client's process is found in /proc")
@pytest.mark.parametrize("after", [False, True])
def test_when_the_client_is_to_be_killed_it_dies_at_that_request(front: Sandbox, after: bool) -> None:
    front.fault("/galleries/", method="PUT", action="kill", after=after)
    program = f"import requests; requests.put({GALLERY!r}, json={{}})"
    client = subprocess.run([sys.executable, "-c", program], env=front.environment(os.environ), check=False)
    assert client.returncode == -signal.SIGKILL
    assert len(front.world.resources) == after


def test_when_the_client_is_the_sandbox_itself_it_is_never_killed(client: requests.Session, front: Sandbox) -> None:
    front.fault("/galleries/", action="kill")
    answer = client.get(GALLERY)
    assert (answer.status_code, answer.text) == (500, "kill refused: the client is the sandbox itself")


@pytest.mark.skipif(sys.platform != "linux", reason="the client's process is found in /proc")
def test_a_process_is_found_while_its_other_files_come_and_go() -> None:
    over = threading.Event()

    def open_and_close() -> None:
        while not over.is_set():
            os.close(os.open(os.devnull, os.O_RDONLY))

    lower = os.open(os.devnull, os.O_RDONLY)  # a number that is looked at before the connection's
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        os.close(lower)
        threading.Thread(target=open_and_close, daemon=True).start()
        ends = client.getsockname()[1], server.getsockname()[1]
        found = {peer(*ends) for _ in range(30)}
        over.set()
    assert found == {os.getpid()}


def test_when_the_cluster_is_to_fail_its_host_is_kubernetes(front: Sandbox) -> None:
    front.fault("kubernetes/apis/", status=503)
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{front.kubernetes}/apis/machine.openshift.io", verify=str(front.folder / "ca.pem"))
    assert answer.status_code == 503


def test_when_a_fault_is_misspelt_it_is_an_error(front: Sandbox) -> None:
    with pytest.raises(ValueError, match="explode"):
        front.fault("/", action="explode")
    with pytest.raises(ValueError, match="typo"):
        front.fault("/", typo=1)


def test_when_there_is_latency_every_exchange_has_it(client: requests.Session, front: Sandbox) -> None:
    front.knobs.latency = 0.03
    assert min(client.get(GALLERY).elapsed.total_seconds() for _ in range(2)) >= 0.03


# The clock and the admin endpoint


def test_when_the_clock_is_moved_the_answers_are_dated_by_it(client: requests.Session, front: Sandbox) -> None:
    front.advance(86400 * 400)
    year = time.gmtime(time.time() + 86400 * 400).tm_year
    assert f" {year} " in client.get(GALLERY).headers["Date"]


def test_when_the_admin_endpoint_is_used_it_changes_the_running_sandbox(
    client: requests.Session, front: Sandbox
) -> None:
    knobs = admin(front, "POST", "knobs", {"polls": {"versions": 7}, "retry_after": 3}).json()
    assert (knobs["polls"]["versions"], knobs["polls"]["delete"], front.knobs.retry_after) == (7, 1, 3)
    admin(front, "POST", "faults", {"path": "/galleries/", "status": 502})
    assert client.get(GALLERY).status_code == 502
    assert [e["status"] for e in admin(front, "GET", "exchanges").json()] == [502]
    assert admin(front, "DELETE", "faults").json() == []
    assert client.get(GALLERY).status_code == 404
    before = front.world.clock.now()
    assert admin(front, "POST", "clock", {"advance": 3600}).json()["now"] - before >= 3600


def test_when_it_is_reset_world_knobs_and_record_are_fresh(client: requests.Session, front: Sandbox) -> None:
    client.put(GALLERY, json={})
    admin(front, "POST", "reset", {"seed": "usgov", "knobs": {"latency": 0.001}})
    assert front.world.cloud.name == "AzureUSGovernmentCloud"
    assert (front.world.resources, front.exchanges, front.knobs.latency) == ({}, [], 0.001)
    client.get(GALLERY)
    assert front.exchanges[0]["n"] == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("knobs", {"speed": 1}),
        ("reset", {"seed": "3.11"}),
        ("reset", {"knobs": {"speed": 1}}),
        ("faults", {"path": "/", "action": "explode"}),
        ("clock", {}),
    ],
)
def test_when_the_admin_endpoint_is_asked_for_nonsense_it_says_so(front: Sandbox, path: str, body: Any) -> None:
    answer = admin(front, "POST", path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]
