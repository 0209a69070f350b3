"""Exchanges with Azure Resource Manager against the official descriptions (Swagger 2.0) of their api-versions.

faults = Specs(folder).check(exchange)

An exchange is one of `sandbox.exchanges`. Requests are judged strictly: unknown and read-only properties, unknown and
missing query parameters, names in the path. Responses are judged by status and schema, unknown properties too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from jsonschema import Draft202012Validator, ValidationError, validators

Node = dict[str, Any]
Exchange = Mapping[str, Any]

_KEPT = (
    *("type", "enum", "pattern", "uniqueItems"),
    *("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"),
)
_ERROR: Node = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}

# Operation URLs, which no description has: recorded.
_POLL = re.compile(r"/subscriptions/[^/]+/(providers/[^/]+/locations/[^/]+/\w*operations|operationresults)/[^/]+", re.I)
_STATUS: Node = {
    "type": "object",
    "required": ["startTime", "status", "name"],
    "properties": {
        "startTime": {"type": "string"},
        "endTime": {"type": "string"},
        "status": {"enum": ["InProgress", "Succeeded", "Failed", "Canceled"]},
        "name": {"type": "string"},
        "error": {"type": "object"},
        "properties": {"type": "object"},  # {"output"}: the result of a disk's beginGetAccess (AzCopy reads it)
    },
    "additionalProperties": False,
}

# What the real service answers beyond its description: a part of the path, and the property's place (lists are
# walked through). Recorded.
_SERVICE_ADDS = (
    ("/versions", "properties.validationsProfile.validationOperationStatus"),
    ("/versions", "properties.safetyProfile.blockDeletionBeforeEndOfLife"),
    ("/subscriptions", "count"),
    ("/providers/", "authorizations"),
    ("/skus", "locationInfo.zoneDetails.Name"),
    ("/artifacttypes/", "properties.replicaType"),
    ("/artifacttypes/", "properties.osDiskImage.sizeInBytes"),
)


class Specs:
    """The descriptions below `root`, laid out as in Azure/azure-rest-api-specs."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._documents: dict[Path, Node] = {}
        self._judges: dict[tuple[Path, str, bool], Draft202012Validator] = {}

    def check(self, exchange: Exchange) -> list[str]:
        """What is wrong with `exchange`, one line each; nothing is said of hosts other than Resource Manager's."""
        if not str(exchange["host"]).startswith("management."):
            return []
        where = f"{exchange['method']} {exchange['path']}"
        return [f"{where}: {fault}" for fault in self._faults(exchange)]

    def _faults(self, exchange: Exchange) -> Iterator[str]:
        if _POLL.fullmatch(exchange["path"]):
            yield from _poll_faults(exchange)
            return
        version = dict(parse_qsl(exchange["query"])).get("api-version", "")
        alike = [each for each in self._operations if each.matches(exchange["method"], exchange["path"])]
        described = [each for each in alike if each.version == version]
        if not described:
            versions = ", ".join(sorted({each.version for each in alike})) or "none at all"
            yield f"api-version {version} has no description (there are: {versions})"
            return
        yield from self._request_faults(described[0], exchange)
        if exchange["status"] is not None and not exchange.get("fault"):
            yield from self._response_faults(described[0], exchange)

    def _request_faults(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        parameters = [self._resolved(operation.file, each) for each in operation.parameters]
        query = dict(parse_qsl(exchange["query"], keep_blank_values=True))
        known = {each["name"].lower() for _, each in parameters if each["in"] == "query"}
        yield from (f"query {name} is not described" for name in query if name.lower() not in known)
        names = operation.names(exchange["path"])
        for file, parameter in parameters:
            name, place = parameter["name"], parameter["in"]
            if place == "query":
                yield from self._value_faults(f"query {name}", parameter, query.get(name))
            elif place == "path" and name in names:
                yield from self._value_faults(f"path {name}", parameter, names[name])
            elif place == "body":
                yield from self._body_faults(file, parameter, exchange["request"])

    def _value_faults(self, what: str, parameter: Node, value: str | None) -> Iterator[str]:
        if value is None:
            if parameter.get("required"):
                yield f"{what} is missing"
        elif parameter["type"] == "string":
            judge = _Judge({key: parameter[key] for key in _KEPT if key in parameter})
            yield from (f"{what}: {error.message[:120]}" for error in judge.iter_errors(value))

    def _body_faults(self, file: Path, parameter: Node, body: Any) -> Iterator[str]:
        if body is not None:
            yield from self._schema_faults("request", file, parameter["schema"], body, sending=True)
        elif parameter.get("required"):
            yield "request: the body is missing"

    def _response_faults(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        status, body = exchange["status"], exchange["response"]
        answers = operation.node["responses"]
        if str(status) not in answers and status >= 400:
            yield from _lines("response", _Judge(_ERROR).iter_errors(body)) if exchange["method"] != "HEAD" else ()
            return
        if str(status) not in answers:
            yield f"status {status} is not described (there are: {', '.join(answers)})"
            return
        file, answer = self._resolved(operation.file, answers[str(status)])
        if "schema" not in answer:
            return
        if body is None:
            yield f"response: a body is described for status {status}"
            return
        known = _without_additions(exchange["path"], body)
        yield from self._schema_faults("response", file, answer["schema"], known, sending=False)

    def _schema_faults(self, side: str, file: Path, node: Node, body: Any, *, sending: bool) -> Iterator[str]:
        key = (file, json.dumps(node, sort_keys=True), sending)
        if key not in self._judges:
            self._judges[key] = _Judge(self._schema(file, node, sending))
        return _lines(side, self._judges[key].iter_errors(body))

    @cached_property
    def _operations(self) -> list[Operation]:
        """The longest paths first, since a wildcard may match what another spells out."""
        found = [each for file in self._root.rglob("*.json") for each in self._operations_in(file)]
        return sorted(found, key=lambda each: (each.path.count("{"), -len(each.path)))

    def _operations_in(self, file: Path) -> Iterator[Operation]:
        document = self._document(file)
        if "swagger" not in document:
            return
        for path, item in document.get("paths", {}).items():
            for method, node in item.items():
                if method != "parameters":
                    parameters = [*item.get("parameters", ()), *node.get("parameters", ())]
                    yield Operation(document["info"]["version"], method.upper(), path, file, node, parameters)

    def _document(self, file: Path) -> Node:
        if file not in self._documents:
            self._documents[file] = json.loads(file.read_text())
        return self._documents[file]

    def _resolved(self, file: Path, node: Node) -> tuple[Path, Node]:
        """`node` without its `$ref`, and the file to which further references are relative."""
        while "$ref" in node:
            name, _, pointer = node["$ref"].partition("#")
            file = (file.parent / name).resolve() if name else file
            target: Node = self._document(file)
            for key in pointer.strip("/").split("/"):
                target = target[key.replace("~1", "/").replace("~0", "~")]
            node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
        return file, node

    def _schema(self, file: Path, node: Node, sending: bool, above: tuple[tuple[Path, str], ...] = ()) -> Node:
        """`node` as one JSON schema without references, strict on unknown properties.

        Read-only properties are forbidden when `sending`. A type that holds itself is not followed.
        """
        file, node = self._resolved(file, node)
        mark = (file, json.dumps(node, sort_keys=True))
        if mark in above:
            return {}
        above = (*above, mark)
        schema = {key: node[key] for key in _KEPT if key in node and not (key == "enum" and _open_enum(node))}
        if "items" in node:
            schema["items"] = self._schema(file, node["items"], sending, above)
        properties, required = self._members(file, node, sending, above)
        if properties or required or "additionalProperties" in node or "allOf" in node:
            schema |= {"type": "object", "properties": properties, "required": sorted(required)}
            extra = node.get("additionalProperties", not properties and "allOf" not in node)
            is_schema = isinstance(extra, dict)
            schema["additionalProperties"] = self._schema(file, extra, sending, above) if is_schema else extra
        return {"anyOf": [schema, {"type": "null"}]} if node.get("x-nullable") else schema

    def _members(
        self, file: Path, node: Node, sending: bool, above: tuple[tuple[Path, str], ...]
    ) -> tuple[dict[str, Any], set[str]]:
        """Properties and the names of the required ones, those of the bases included."""
        properties: dict[str, Any] = {}
        required = set(node.get("required", ())) - {"nextLink"}  # some lists demand it, and their last page has none
        for base in node.get("allOf", ()):
            inherited = self._schema(file, base, sending, above)
            properties |= inherited.get("properties", {})
            required |= set(inherited.get("required", ()))
        for name, member in node.get("properties", {}).items():
            if sending and (member.get("readOnly") or self._resolved(file, member)[1].get("readOnly")):
                properties[name] = {"x-forbidden": "it is read-only"}
                required.discard(name)
            else:
                properties[name] = self._schema(file, member, sending, above)
        return properties, required


@dataclass(frozen=True)
class Operation:
    """One method of one path in one api-version; `parameters` may be references."""

    version: str
    method: str
    path: str
    file: Path
    node: Node
    parameters: list[Node]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = (part if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", self.path))
        wild = "".join("([^/]+)" if part.startswith("{") else part for part in parts)
        # A resource without a parent has no such part: real clients leave it out (recorded).
        if "{parentResourcePath}/{resourceType}" in self.path:
            wild = wild.replace("([^/]+)/([^/]+)/([^/]+)/([^/]+)", "([^/]+)/(?:([^/]+)/)?([^/]+)/([^/]+)")
        return re.compile(f"{wild.rstrip('/')}/?", re.IGNORECASE)

    def matches(self, method: str, path: str) -> bool:
        return method == self.method and self._pattern.fullmatch(path) is not None

    def names(self, path: str) -> dict[str, str]:
        """The path's variables."""
        match = self._pattern.fullmatch(path)
        return dict(
            zip(
                re.findall(r"\{([^}]+)\}", self.path),
                (unquote(part or "") for part in (match.groups() if match else ())),
                strict=False,
            )
        )


def _enum(_: Any, allowed: list[Any], value: Any, schema: Node) -> Iterator[ValidationError]:
    """Azure's enumerations have no case: listKeys answers FULL where the description says Full."""
    if str(value).lower() not in [str(each).lower() for each in allowed]:
        yield ValidationError(f"{value!r} is not one of {allowed}")


def _forbidden(_: Any, reason: str, value: Any, schema: Node) -> Iterator[ValidationError]:
    yield ValidationError(f"{value!r} may not be sent: {reason}")


_KEYWORDS = {"enum": _enum, "x-forbidden": _forbidden}
_Judge: type[Draft202012Validator] = validators.extend(Draft202012Validator, _KEYWORDS)  # type: ignore[no-untyped-call]


def _open_enum(node: Node) -> bool:
    return bool(node.get("x-ms-enum", {}).get("modelAsString"))


def _lines(side: str, errors: Iterator[ValidationError]) -> Iterator[str]:
    for error in errors:
        yield f"{side} /{'/'.join(map(str, error.absolute_path))}: {error.message[:160]}"


def _poll_faults(exchange: Exchange) -> Iterator[str]:
    status, body = exchange["status"], exchange["response"]
    if exchange["method"] != "GET" or exchange["request"] is not None:
        yield "an operation is asked for with GET and without a body"
    if exchange.get("fault") or status is None or status >= 400:
        return
    if status not in (200, 202):
        yield f"status {status} is not one of an operation's"
    if "/capsoperations/" in exchange["path"].lower() and status == 200 and "monitor=true" not in exchange["query"]:
        yield from _lines("response", _Judge(_STATUS).iter_errors(body))


def _without_additions(path: str, body: Any) -> Any:
    """`body` less what the real service is known to answer beyond its description."""
    places = [place.split(".") for part, place in _SERVICE_ADDS if part in path.lower()]
    known = deepcopy(body) if places else body
    for place in places:
        _drop(known, place)
        _drop(known.get("value") if isinstance(known, dict) else None, place)  # a list's entries
    return known


def _drop(node: Any, place: list[str]) -> None:
    if isinstance(node, list):
        for each in node:
            _drop(each, place)
    elif isinstance(node, dict) and len(place) == 1:
        node.pop(place[0], None)
    elif isinstance(node, dict):
        _drop(node.get(place[0]), place[1:])
