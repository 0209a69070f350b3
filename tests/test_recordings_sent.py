"""The other way round: what the tool sends carries nothing that no recorded client of the real service sends.

Compared by operation: the names in the query, the headers that storage reads, the properties of the body. What is ours
alone is listed with its reason; an entry that is needed no more fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.conftest import Plugin
from tests.operations import operation
from tests.sandbox.server import Sandbox
from tests.tour import tour

# Parts of every request, of a SAS, or of an operation's own URL: not of what is asked for.
EVERYWHERE = {"header x-ms-client-request-id", "header x-ms-date", "header x-ms-version"}
SIGNATURES = {f"query {name}" for name in ("se", "si", "sig", "sp", "spr", "sr", "st", "sv", "t", "c", "s", "h")}

# Operations of which no request was recorded: only their description, or a judge that runs, has a say in them.
UNRECORDED = {
    "acquire a lease": "Azurite judges it",
    "close a managed disk": "described in Swagger",
    "create a managed disk": "described in Swagger",
    "delete a blob": "Azurite judges it",
    "delete a managed disk": "described in Swagger",
    "delete a storage account": "described in Swagger",
    "list an account's containers": "described in Swagger",
    "list an account's file shares": "described in Swagger",
    "list an account's queues": "described in Swagger",
    "list an account's tables": "described in Swagger",
    "list blobs": "Azurite judges it",
    "mark a blob": "Azurite judges it",
    "open a managed disk for writing": "described in Swagger",
    "read a managed disk": "described in Swagger",
    "release a lease": "Azurite judges it",
    "read a gallery": "described in Swagger",
    "update a managed disk": "described in Swagger",
    "update a storage account": "described in Swagger",
}
_DROPPED = "its recorder kept few request headers; Azurite takes it"
_MARK = "where the bytes come from, read back by the next run; Azurite keeps it"
OURS = {
    ("copy pages from a URL", "header x-ms-lease-id"): "two runs at once write one blob; described in Swagger",
    ("create a gallery", "body properties"): "an empty object: nothing is asked for",
    ("create a page blob", "header if-none-match"): "recorded where its recorder dropped all else (04-create-exists)",
    ("create a page blob", "header x-ms-meta-*"): _MARK,
    ("create a storage account", "body properties.supportsHttpsTrafficOnly"): (
        "the default since 2019-04-01, said for policies that look for it in the request; az shows it set"
    ),
    ("create an image definition", "body properties.features[].name"): "sizes that boot from NVMe; az shows it",
    ("create an image definition", "body properties.features[].value"): "sizes that boot from NVMe; az shows it",
    ("create an image version", "body properties.storageProfile.osDiskImage.source.id"): (
        "a managed disk as the source (--staging disk); the recorded ones have a VHD or a managed image"
    ),
    ("get a token", "body client_info"): "MSAL's, whose newer versions ask for it",
    ("get a token", "header x-ms-lib-capability"): "MSAL's own word about itself",
    ("list an account's keys", "query $expand"): "the SDK's own: Kerberos keys, which are passed over",
    ("list page ranges", "header if-match"): "the SDK's between pages: the list is of one state of the source",
    ("list page ranges", "header x-ms-range"): f"a window of a large disk; {_DROPPED}",
    ("start an asynchronous copy", "header if-none-match"): _DROPPED,
    ("start an asynchronous copy", "header x-ms-meta-*"): _MARK,
    ("start an asynchronous copy", "header x-ms-source-if-match"): (
        "recorded where its recorder dropped all else (09-source-condition-412)"
    ),
}


def sent_parts(exchange: Mapping[str, Any]) -> set[str]:
    """`query NAME`, `header NAME`, `body PATH`; entries of lists and the keys of tags are not told apart."""
    parts = {f"query {name.lower()}" for name, _ in parse_qsl(str(exchange["query"]), keep_blank_values=True)}
    for name in map(str.lower, exchange["headers"]):
        if name.startswith("x-ms-meta-"):
            parts.add("header x-ms-meta-*")
        elif name.startswith(("x-ms-", "if-")):
            parts.add(f"header {name}")
    if isinstance(exchange["request"], dict):
        parts |= {f"body {path}" for path in paths("", exchange["request"])}
    return parts - EVERYWHERE - SIGNATURES


def paths(where: str, node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from paths(f"{where}[]", each)
    elif isinstance(node, dict) and node and where != "tags":
        for key, value in node.items():
            yield from paths(f"{where}.{key}".lstrip("."), value)
    else:
        yield where


def recorded_parts(folder: Path) -> dict[str, set[str]]:
    """What real clients sent, by operation."""
    found: dict[str, set[str]] = {}
    for file in sorted(folder.rglob("*.json")):
        request = json.loads(file.read_text())["request"]
        url = urlsplit(request["url"])
        exchange = {
            "method": request["method"],
            "host": url.netloc,
            "path": url.path,
            "query": url.query,
            "headers": {name.lower(): str(value) for name, value in request["headers"].items()},
            "request": request["body"] if isinstance(request["body"], dict) else dict(parse_qsl(request["body"] or "")),
        }
        name = operation(exchange)
        if name:
            found.setdefault(name, set()).update(sent_parts(exchange))
    return found


def test_when_the_tool_asks_for_something_it_sends_what_real_clients_send(
    plugin: Plugin, sandbox: Sandbox, shared_data: Path | None
) -> None:
    if shared_data is None:
        return  # said loudly at the end of the run
    recorded = recorded_parts(shared_data / "data" / "recordings")
    asked = tour(plugin, sandbox)
    in_azure = {name for name, exchanges in asked.items() if exchanges[0]["host"] != "kubernetes"}
    assert in_azure - recorded.keys() == UNRECORDED.keys()
    alone = {
        (name, part)
        for name in in_azure & recorded.keys()
        for exchange in asked[name]
        for part in sent_parts(exchange) - recorded[name]
    }
    assert alone == OURS.keys()
