"""Containers: create, look at, delete, and list what is in them."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement

from tests.sandbox.blob import leases, properties
from tests.sandbox.blob.errors import Refusal, bad_header
from tests.sandbox.blob.exchange import Answer, Call
from tests.sandbox.blob.stamps import http_date, new_etag, to_xml
from tests.sandbox.world import Blob, Container

_NAME = re.compile(r"[a-z0-9](-?[a-z0-9]){2,62}")
_LONGEST_LIST = 5000


def create(call: Call) -> Answer:
    name, access = call.container_name, call.header("x-ms-blob-public-access").lower()
    if not _NAME.fullmatch(name):
        raise Refusal("InvalidResourceName")
    if access not in ("", "blob", "container"):
        raise bad_header("x-ms-blob-public-access", access)
    if access and not call.account.public_access:
        raise Refusal("PublicAccessNotPermitted")
    if call.account.deleting.get(name, 0) > 0:
        call.account.deleting[name] -= 1
        raise Refusal("ContainerBeingDeleted")
    if name in call.account.containers:
        raise Refusal("ContainerAlreadyExists")
    container = Container(name, access.capitalize() or "None", created=call.now, metadata=call.metadata())
    call.account.containers[name] = container
    return Answer(201, {"Content-Length": "0", **_stamps(container)})


def undelete(call: Call) -> Answer:
    """Soft delete is off everywhere here, so there is nothing to bring back; and not even that while it goes."""
    if call.account.deleting.get(call.container_name, 0) > 0:
        raise Refusal("ContainerBeingDeleted")
    raise Refusal("ContainerNotFound")


def get_properties(call: Call) -> Answer:
    container = call.container
    headers = {"Content-Length": "0", **_stamps(container)}
    headers |= {"x-ms-lease-status": "unlocked", "x-ms-lease-state": "available"}
    headers |= {"x-ms-has-immutability-policy": "false", "x-ms-has-legal-hold": "false"}
    if container.public_access != "None":
        headers["x-ms-blob-public-access"] = container.public_access.lower()
    return Answer(200, headers | {f"x-ms-meta-{name}": value for name, value in container.metadata.items()})


def delete(call: Call) -> Answer:
    """At once out of sight; its name is taken for as many attempts to create it again as knobs.polls["delete"]."""
    del call.account.containers[call.container.name]
    call.account.deleting[call.container_name] = call.knobs.polls.get("delete", 0)
    return Answer(202, {"Content-Length": "0"})


def list_blobs(call: Call) -> Answer:
    names = sorted(name for name in call.container.blobs if name.startswith(call.query.get("prefix", "")))
    root, page = _page(call, names)
    root.set("ContainerName", call.container_name)
    blobs = SubElement(root, "Blobs")
    for name in page:
        _describe(SubElement(blobs, "Blob"), call, name, call.container.blobs[name])
    root.append(_next_marker(names, page))
    return _listed(root)


def list_containers(call: Call) -> Answer:
    names = sorted(name for name in call.account.containers if name.startswith(call.query.get("prefix", "")))
    root, page = _page(call, names)
    containers = SubElement(root, "Containers")
    for name in page:
        entry = SubElement(containers, "Container")
        SubElement(entry, "Name").text = name
        _add(SubElement(entry, "Properties"), _stamps(call.account.containers[name]))
    root.append(_next_marker(names, page))
    return _listed(root)


def _page(call: Call, names: list[str]) -> tuple[Element, list[str]]:
    """The answer's root, with what was asked echoed, and the names of this page. A marker is the next page's name."""
    root = Element("EnumerationResults", ServiceEndpoint=f"https://{call.header('host')}/")
    for parameter, element in (("prefix", "Prefix"), ("marker", "Marker"), ("maxresults", "MaxResults")):
        if call.query.get(parameter):
            SubElement(root, element).text = call.query[parameter]
    limit = call.query.get("maxresults", str(_LONGEST_LIST))
    if not limit.isdigit() or not int(limit):
        raise Refusal("InvalidQueryParameterValue", elements={"QueryParameterName": "maxresults"})
    rest = [name for name in names if name >= call.query.get("marker", "")]
    return root, rest[: min(int(limit), _LONGEST_LIST)]


def _next_marker(names: list[str], page: list[str]) -> Element:
    marker = Element("NextMarker")
    if page and page[-1] != names[-1]:
        marker.text = names[names.index(page[-1]) + 1]
    return marker


def _describe(entry: Element, call: Call, name: str, blob: Blob) -> None:
    SubElement(entry, "Name").text = name
    facts = {
        "Creation-Time": http_date(float(blob.properties.get("created", 0))),
        "Last-Modified": http_date(properties.last_modified(blob)),
        "Etag": properties.etag(blob).strip('"'),
        "Content-Length": str(blob.store.size),
        "Content-Type": str(blob.properties.get("content_type", "application/octet-stream")),
        "BlobType": properties.kind(blob),
        "LeaseStatus": leases.headers_of(blob, call.now)["x-ms-lease-status"],
        "LeaseState": leases.state(blob, call.now),
        "ServerEncrypted": "true",
    }
    _add(SubElement(entry, "Properties"), facts)
    if "metadata" in call.query.get("include", "").split(","):
        _add(SubElement(entry, "Metadata"), blob.metadata)


def _add(parent: Element, facts: dict[str, str]) -> None:
    for name, value in facts.items():
        SubElement(parent, name).text = value


def _listed(root: Element) -> Answer:
    return Answer(200, {"Content-Type": "application/xml"}, to_xml(root))


def _stamps(container: Container) -> dict[str, str]:
    """Containers made elsewhere (a seed, Resource Manager) get their ETag when it is first asked for."""
    if not container.etag:
        container.etag = new_etag(container.created)
    return {"ETag": container.etag, "Last-Modified": http_date(container.created)}
