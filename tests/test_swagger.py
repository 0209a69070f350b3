"""The judge of ARM exchanges itself, on a description of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.swagger import Specs

TYPES = {
    "definitions": {
        "Resource": {
            "properties": {"id": {"type": "string", "readOnly": True}, "location": {"type": "string"}},
            "required": ["location"],
        }
    }
}
GALLERY = {
    "swagger": "2.0",
    "info": {"version": "2024-03-03"},
    "paths": {
        "/subscriptions/{subscriptionId}/galleries/{galleryName}": {
            "parameters": [
                {"name": "api-version", "in": "query", "required": True, "type": "string"},
                {"name": "galleryName", "in": "path", "required": True, "type": "string", "maxLength": 8},
            ],
            "put": {
                "parameters": [
                    {"name": "gallery", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Gallery"}}
                ],
                "responses": {"201": {"schema": {"$ref": "#/definitions/Gallery"}}, "default": {}},
            },
        }
    },
    "definitions": {
        "Gallery": {
            "allOf": [{"$ref": "types.json#/definitions/Resource"}],
            "properties": {
                "tags": {"type": "object", "additionalProperties": {"type": "string"}},
                "kind": {"type": "string", "enum": ["Full", "None"]},
                "parent": {"$ref": "#/definitions/Gallery"},
            },
        }
    },
}


@pytest.fixture
def specs(tmp_path: Path) -> Specs:
    (tmp_path / "gallery.json").write_text(json.dumps(GALLERY))
    (tmp_path / "types.json").write_text(json.dumps(TYPES))
    return Specs(tmp_path)


def exchange(**changes: Any) -> dict[str, Any]:
    good = {
        "method": "PUT",
        "host": "management.azure.com",
        "path": "/SUBSCRIPTIONS/s/galleries/g",
        "query": "api-version=2024-03-03",
        "request": {"location": "eastus", "tags": {"a": "b"}},
        "status": 201,
        "response": {"id": "/subscriptions/s/galleries/g", "location": "eastus", "kind": "FULL"},
        "fault": None,
    }
    return {**good, **changes}


def test_when_an_exchange_is_as_described_nothing_is_said(specs: Specs) -> None:
    assert specs.check(exchange()) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"query": "api-version=2023-07-03"}, "api-version 2023-07-03 has no description (there are: 2024-03-03)"),
        ({"method": "PATCH"}, "has no description (there are: none at all)"),
        ({"query": "api-version=2024-03-03&top=1"}, "query top is not described"),
        ({"path": "/subscriptions/s/galleries/too-long-a-name"}, "path galleryName"),
        ({"request": None}, "request: the body is missing"),
        ({"request": {"location": "eastus", "colour": "red"}}, "'colour' was unexpected"),
        ({"request": {"location": "eastus", "id": "/x"}}, "request /id"),
        ({"request": {"tags": {}}}, "'location' is a required property"),
        ({"request": {"location": "eastus", "tags": {"a": 1}}}, "request /tags/a: 1 is not of type 'string'"),
        ({"request": {"location": "eastus", "kind": "Half"}}, "request /kind"),
        ({"response": {"location": "eastus", "colour": "red"}}, "response /: Additional properties"),
        ({"response": {"location": 1}}, "response /location: 1 is not of type 'string'"),
        ({"response": None}, "a body is described for status 201"),
        ({"status": 200}, "status 200 is not described"),
        ({"status": 409, "response": {"code": "Conflict"}}, "'error' is a required property"),
    ],
)
def test_when_something_is_not_as_described_it_is_told(specs: Specs, change: dict[str, Any], fault: str) -> None:
    (found,) = specs.check(exchange(**change))
    assert fault in found


def test_when_the_answer_is_an_error_of_any_status_its_form_is_enough(specs: Specs) -> None:
    error = {"error": {"code": "Conflict", "message": "m", "target": "t"}}
    assert specs.check(exchange(status=409, response=error)) == []


def test_when_a_fault_made_the_answer_only_the_request_is_judged(specs: Specs) -> None:
    assert specs.check(exchange(status=500, response=None, fault={"action": "status"})) == []
    assert specs.check(exchange(status=None, response=None)) == []


def test_when_the_host_is_not_resource_manager_it_is_not_judged(specs: Specs) -> None:
    assert specs.check(exchange(host="rhcos.blob.core.windows.net")) == []


def test_when_an_operation_is_polled_its_status_object_is_judged(specs: Specs) -> None:
    path = "/subscriptions/s/providers/Microsoft.Compute/locations/eastus/capsOperations/1"
    status = {"startTime": "2026-11-25T01:00:00+00:00", "status": "InProgress", "name": "1"}
    polled = exchange(method="GET", path=path, request=None, status=200, response=status)
    assert specs.check(polled) == []
    assert len(specs.check({**polled, "response": {**status, "status": "Done", "id": "x"}})) == 2
