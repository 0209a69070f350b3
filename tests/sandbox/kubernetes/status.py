"""What the API server says when it refuses: Kubernetes' Status, raised as an exception.

Sentences: k8s.io/apimachinery pkg/api/errors and k8s.io/apiserver pkg/endpoints/handlers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.sandbox.kubernetes.apply import Manager
from tests.sandbox.kubernetes.kinds import Kind
from tests.sandbox.kubernetes.typed import Fields, Path


class Refused(Exception):
    """Answered with `code` and `body` (a Status)."""

    def __init__(self, code: int, reason: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            **({"reason": reason} if reason else {}),
            **({} if details is None else {"details": dict(details)}),
            "code": code,
        }


def unauthorized() -> Refused:
    return Refused(401, "Unauthorized", "Unauthorized")


class NoSuchPath(Exception):
    """Answered with 404 and the plain text `404 page not found`."""


def not_found(kind: Kind, name: str) -> Refused:
    return Refused(404, "NotFound", f'{kind.resource} "{name}" not found', _details(kind, name))


def already_exists(kind: Kind, name: str) -> Refused:
    return Refused(409, "AlreadyExists", f'{kind.resource} "{name}" already exists', _details(kind, name))


def modified(kind: Kind, name: str) -> Refused:
    message = (
        f'Operation cannot be fulfilled on {kind.resource} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return Refused(409, "Conflict", message, _details(kind, name))


def bad_request(message: str) -> Refused:
    return Refused(400, "BadRequest", message)


def method_not_allowed() -> Refused:
    return Refused(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def unsupported_media_type(*accepted: str) -> Refused:
    message = "the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted)
    return Refused(415, "UnsupportedMediaType", message)


def not_typed(kind: Kind, applied: Mapping[str, Any], problem: str) -> Refused:
    """Server-side apply of what does not fit the schema: a 500 without a reason, to this day."""
    metadata = applied["metadata"]
    described = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {_gvk(kind)}"
    return Refused(500, "", f"failed to create typed patch object ({described}): {problem}")


def invalid(kind: Kind, name: str, problems: Iterable[str]) -> Refused:
    """`problems`: `field: Type: ...`, one each."""
    found = list(problems)
    listed = found[0] if len(found) == 1 else f"[{', '.join(found)}]"
    group_kind = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details = {**({"name": name} if name else {}), "group": kind.group, "kind": kind.kind, "causes": _causes(found)}
    return Refused(422, "Invalid", f'{group_kind} "{name}" is invalid: {listed}', details)


def invalid_options(kind: str, problem: str) -> Refused:
    """A wrong query of a write; `kind` as in PatchOptions."""
    details = {"group": "meta.k8s.io", "kind": kind, "causes": _causes([problem])}
    return Refused(422, "Invalid", f'{kind}.meta.k8s.io "" is invalid: {problem}', details)


def invalid_patch(patched: str, strict: str) -> Refused:
    """Strict field validation of a patch; `patched` is the result's JSON text."""
    problem = f"patch: Invalid value: {json.dumps(patched)}: {strict}"
    return Refused(422, "Invalid", f' "" is invalid: {problem}', {"causes": _causes([problem])})


def bad_patch() -> Refused:
    """A JSON patch that does not fit the object."""
    return Refused(422, "Invalid", "the server rejected our request due to an error in our request", {})


def wrong_object_type(body: Mapping[str, Any]) -> Refused:
    return bad_request(f"invalid object type: {body.get('apiVersion') or ''}, Kind={body.get('kind') or ''}")


def _causes(problems: Iterable[str]) -> list[dict[str, str]]:
    found = [each.split(": ", 1) for each in problems]
    return [{"reason": _cause(message), "message": message, "field": field} for field, message in found]


def _cause(message: str) -> str:
    if " in body must be of type " in message:
        return "FieldValueTypeInvalid"
    known = {"Required value": "FieldValueRequired", "Unsupported value": "FieldValueNotSupported"}
    return known.get(message.split(":", 1)[0], "FieldValueInvalid")


def _gvk(kind: Kind) -> str:
    return f"{kind.group}/{kind.version}, Kind={kind.kind}"


def conflict(clashes: Mapping[Manager, Fields], group_version: str) -> Refused:
    """Server-side apply met fields of others."""
    found = [
        (_described(who, group_version), written(path))
        for who, paths in clashes.items()
        for path in sorted(paths, key=_members_first)
    ]
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {who}", "field": path} for who, path in found
    ]
    return Refused(409, "Conflict", _conflict_message(found), {"causes": causes})


def _conflict_message(found: list[tuple[str, str]]) -> str:
    if len(found) == 1:
        who, path = found[0]
        return f"Apply failed with 1 conflict: conflict with {who}: {path}"
    lines: list[str] = []
    for manager in sorted({who for who, _ in found}):
        lines.append(f"conflicts with {manager}:")
        lines.extend(f"- {path}" for who, path in found if who == manager)
    return f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)


def _members_first(path: Path) -> list[tuple[bool, str]]:
    """The order of a field set: at each level what is itself a member, then what lies deeper."""
    return [(depth < len(path), key) for depth, key in enumerate(path, 1)]


def _described(who: Manager, group_version: str) -> str:
    subresource = f' with subresource "{who.subresource}"' if who.subresource else ""
    using = f" using {group_version}" if who.operation == "Update" else ""
    return f'"{who.name}"{subresource}{using}'


def written(path: Path) -> str:
    """A path as Kubernetes writes it: `.spec.replicas`, `.metadata.ownerReferences[uid="..."]`."""
    shown = ""
    for key in path:
        kind, name = key.split(":", 1)
        if kind == "f":
            shown += f".{name}"
        elif kind == "k":
            shown += "[" + name[1:-1].replace('":', "=").replace('"', "", 1).replace(',"', ",") + "]"
        else:
            shown += f"[={name}]"
    return shown


def _details(kind: Kind, name: str) -> dict[str, str]:
    return {"name": name, "group": kind.group, "kind": kind.plural}
