"""The sandbox's Entra ID answers as the real one did in the recordings.

The recorded request is sent with the sandbox's own tenant, client and secret in place of the recorded ones (an unknown
tenant stays what it is), and status, error, sentence, members of the body and headers are compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.blob.in_process import exchange
from tests.sandbox.entra.app import app
from tests.sandbox.knobs import Knobs
from tests.sandbox.seeds import SEEDS
from tests.sandbox.world import World

TENANT, CLIENT = "11111111-1111-1111-1111-111111111111", "33333333-3333-3333-3333-333333333333"
SECRETS = {  # what becomes of the secret that the recorder took out
    "discovery/01-instance-200": "right",
    "discovery/02-openid-configuration-200": "right",
    "discovery/03-wrong-tenant-400": "right",
    "token/01-client-secret-v1-200": "right",
    "token/02-client-secret-v2-200": "right",
    "token/03-wrong-tenant-400": "right",
    "token/04-invalid-secret-401": "wrong",
    "token/05-invalid-secret-401-2023": "wrong",
    "token/06-expired-secret-401": "expired",
}
# The body that the recorder dropped.
REBUILT = {
    "token/02-client-secret-v2-200": (
        f"grant_type=client_credentials&client_id={CLIENT}&client_secret=PLACEHOLDER-SECRET"
        "&scope=https%3A%2F%2Fmanagement.azure.com%2F.default"
    )
}
DIFFERENCES: dict[str, dict[str, str]] = {
    "discovery/02-openid-configuration-200": {
        "body claims_supported: missing": "no client of ours reads it",
        "body kerberos_endpoint: missing": "no client of ours reads it",
    },
    "token/04-invalid-secret-401": {"sentence: another": "of 2020; the sandbox says that of 2023"},
}
ANY_TIME = {"date", "content-length", "x-ms-ests-server", "x-ms-request-id", "client-request-id", "x-ms-clitelem"}


@dataclass
class Shared:
    world: World = field(default_factory=SEEDS["4.18"])
    knobs: Knobs = field(default_factory=Knobs)


def answered(name: str, request: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
    shared = Shared()
    known = next(each for each in shared.world.principals if each.secret)
    secret = "no-such-secret" if SECRETS[name] == "wrong" else known.secret
    if SECRETS[name] == "expired":
        shared.world.principals = [replace(known, secret_expired=True)]
    body = request["body"] or REBUILT.get(name, "")
    for theirs, ours in ((TENANT, known.tenant), (CLIENT, known.client_id), ("PLACEHOLDER-SECRET", secret)):
        body, request = body.replace(theirs, ours), {**request, "url": request["url"].replace(theirs, ours)}
    headers = {"content-type": "application/x-www-form-urlencoded"} if body else {}
    status, told, content = exchange(app(shared), request["method"], request["url"], headers, body.encode())
    text = content.decode().replace(known.tenant, TENANT).replace(known.client_id, CLIENT)
    return status, told, json.loads(text)


def differences(response: dict[str, Any], answer: tuple[int, dict[str, str], Any]) -> Iterator[str]:
    status, headers, body = answer
    if status != response["status"]:
        yield f"status: {status}, not {response['status']}"
    ours, theirs = _compared(headers), _compared(response["headers"])
    if response["headers"]:  # quoted bodies came without any
        yield from (f"header {name}: {ours.get(name)}, not {theirs.get(name)}" for name in ours.keys() | theirs.keys()
                    if ours.get(name) != theirs.get(name))  # fmt: skip
    yield from (f"body {name}: missing" for name in response["body"].keys() - body.keys())
    yield from (f"body {name}: extra" for name in body.keys() - response["body"].keys())
    for name in body.keys() & response["body"].keys():
        if type(body[name]) is not type(response["body"][name]):
            yield f"body {name}: {type(body[name]).__name__}"
        elif (
            name in ("error", "error_codes", "token_type", "error_uri", "resource")
            and body[name] != response["body"][name]
        ):
            yield f"body {name}: {body[name]}, not {response['body'][name]}"
    if _sentence(body) != _sentence(response["body"]):
        yield "sentence: another"


def _compared(headers: dict[str, str]) -> dict[str, str]:
    """Without what depends on time or chance; the order of Cache-Control's members is no meaning."""
    lower = {name.lower(): value for name, value in headers.items() if name.lower() not in ANY_TIME}
    return {name: ", ".join(sorted(value.split(", "))) for name, value in lower.items()}


def _sentence(body: dict[str, Any]) -> str:
    return re.split(r"\s+Trace ID", str(body.get("error_description", "")))[0]


@pytest.mark.parametrize("name", SECRETS)
def test_when_the_recorded_request_is_sent_the_answer_is_the_recorded_one(name: str, shared_data: Path | None) -> None:
    if shared_data is None:
        return  # said loudly at the end of the run; test_sandbox_entra.py covers the same ground
    recording = json.loads((shared_data / "data" / "recordings" / "entra" / f"{name}.json").read_text())
    found = set(differences(recording["response"], answered(name, recording["request"])))
    assert found == set(DIFFERENCES.get(name, {}))


def test_when_there_is_a_recording_it_is_matched(shared_data: Path | None) -> None:
    assert DIFFERENCES.keys() <= SECRETS.keys()
    if shared_data is not None:
        folder = shared_data / "data" / "recordings" / "entra"
        assert {
            path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.json")
        } == SECRETS.keys()
