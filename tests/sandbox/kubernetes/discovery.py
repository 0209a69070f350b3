"""What the API server serves: /version, the lists of groups and resources, and OpenAPI as far as kubectl reads it.

kubectl asks for aggregated discovery and takes the plain lists instead; of OpenAPI it reads which query parameters a
PATCH has (for server-side dry run and field validation).
"""

from __future__ import annotations

from typing import Any

from tests.sandbox.kubernetes.kinds import KINDS, Kind
from tests.sandbox.kubernetes.schema import schema_of
from tests.sandbox.world import World

PUBLIC = ("/version", "/healthz", "/livez", "/readyz")  # served without a token
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]
REVIEWS = {
    "authentication.k8s.io/v1": [("selfsubjectreviews", "SelfSubjectReview")],
    "authorization.k8s.io/v1": [("selfsubjectaccessreviews", "SelfSubjectAccessReview")],
}
_HTTP = ("get", "put", "post", "patch", "delete")
_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force")


def answer(world: World, path: str) -> Any:
    """The document at a path that is no resource: JSON, a word, or None where there is none."""
    kinds = [kind for kind in KINDS if kind.group not in world.unserved_groups]
    versions = sorted({kind.group_version for kind in kinds if kind.group} | set(REVIEWS))
    path = path.rstrip("/")
    if path in PUBLIC:
        return _version(world) if path == "/version" else "ok"
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if path == "/apis":
        groups = [_group(version) for version in versions]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    if path == "/openapi/v3":
        urls = [_prefix(version) for version in ["v1", *versions]]
        return {"paths": {url[1:]: {"serverRelativeURL": f"/openapi/v3{url}?hash=sandbox"} for url in urls}}
    if path.startswith("/openapi/v3/"):
        return _openapi([kind for kind in kinds if path == f"/openapi/v3{_prefix(kind.group_version)}"])
    for version in ["v1", *versions]:
        if path == _prefix(version):
            return _resources(version, [kind for kind in kinds if kind.group_version == version])
        if path == f"/apis/{version.split('/')[0]}":
            return _group(version)
    return None


def _version(world: World) -> dict[str, str]:
    git = next(
        (
            str(each["status"]["nodeInfo"]["kubeletVersion"])
            for (_, plural, _, _), each in list(world.objects.items())
            if plural == "nodes"
        ),
        "v1.31.0",
    )
    major, minor = git.removeprefix("v").split(".")[:2]
    blank = dict.fromkeys(("gitCommit", "gitTreeState", "goVersion", "compiler"), "")
    return {"major": major, "minor": minor, "gitVersion": git, "buildDate": "", "platform": "linux/amd64", **blank}


def _prefix(group_version: str) -> str:
    return f"/apis/{group_version}" if "/" in group_version else f"/api/{group_version}"


def _group(group_version: str) -> dict[str, Any]:
    group, version = group_version.split("/")
    entry = {"groupVersion": group_version, "version": version}
    return {"kind": "APIGroup", "apiVersion": "v1", "name": group, "versions": [entry], "preferredVersion": entry}


def _resources(group_version: str, kinds: list[Kind]) -> dict[str, Any]:
    resources: list[dict[str, Any]] = [
        {
            "name": plural,
            "singularName": kind.lower(),
            "namespaced": False,
            "kind": kind,
            "verbs": ["create"],
        }
        for plural, kind in REVIEWS.get(group_version, [])
    ]
    for kind in kinds:
        entry = {
            "name": kind.plural,
            "singularName": kind.kind.lower(),
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": VERBS,
            **({"shortNames": list(kind.short_names)} if kind.short_names else {}),
        }
        resources.append(entry)
        if kind.status:
            status = {"name": f"{kind.plural}/status", "singularName": "", "verbs": ["get", "patch", "update"]}
            resources.append({**entry, **status, "shortNames": []})
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}


def _openapi(kinds: list[Kind]) -> dict[str, Any]:
    paths, schemas = {}, {}
    for kind in kinds:
        gvk = {"group": kind.group, "version": kind.version, "kind": kind.kind}
        scope = "/namespaces/{namespace}" if kind.namespaced else ""
        url = f"{_prefix(kind.group_version)}{scope}/{kind.plural}/{{name}}"
        parameters = [{"name": name, "in": "query"} for name in _PARAMETERS]
        paths[url] = {
            method: {"parameters": parameters, "x-kubernetes-group-version-kind": gvk, "responses": {}}
            for method in _HTTP
        }
        name = ".".join([*reversed(kind.group.split(".")), kind.version, kind.kind]).lstrip(".")
        schemas[name] = {**schema_of(kind), "x-kubernetes-group-version-kind": [gvk]}
    info = {"title": "Kubernetes", "version": "sandbox"}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}
