"""What a request is about, read from its method and path (k8s.io/apiserver's RequestInfo)."""

from __future__ import annotations

from dataclasses import dataclass

from tests.sandbox.kubernetes.kinds import BY_PLURAL, Kind
from tests.sandbox.kubernetes.status import NoSuchPath

_TRUE = ("1", "t", "true")
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class Target:
    """`namespace` is "" in the cluster scope and for all namespaces; `name` is "" for a collection."""

    kind: Kind
    verb: str  # get, list, watch, create, update, patch, delete or deletecollection
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def parse(method: str, path: str, watch: str = "") -> Target:
    """Raises NoSuchPath for what is not served."""
    words = [word for word in path.split("/") if word]
    if words[:1] == ["api"] and len(words) >= 3:
        group_version, rest = words[1], words[2:]
    elif words[:1] == ["apis"] and len(words) >= 4:
        group_version, rest = f"{words[1]}/{words[2]}", words[3:]
    else:
        raise NoSuchPath
    namespace = ""
    if rest[0] == "namespaces" and len(rest) >= 3 and rest[2] != "status":
        namespace, rest = rest[1], rest[2:]
    kind = BY_PLURAL.get((group_version, rest[0]))
    if kind is None or len(rest) > 3 or (namespace and not kind.namespaced):
        raise NoSuchPath
    name, subresource = [*rest[1:], "", ""][:2]
    if subresource and not (subresource == "status" and kind.status):
        raise NoSuchPath
    return Target(kind, _verb(method, name, watch), namespace, name, subresource)


def _verb(method: str, name: str, watch: str) -> str:
    if method in ("GET", "HEAD"):
        if watch.lower() in _TRUE:
            return "watch"
        return "get" if name else "list"
    if method == "DELETE" and not name:
        return "deletecollection"
    return _VERBS.get(method, method.lower())
