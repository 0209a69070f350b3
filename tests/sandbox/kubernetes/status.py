"""What the API server says when it refuses: Kubernetes' Status, raised as an exception.

Sentences: k8s.io/apimachinery pkg/api/errors and k8s.io/apiserver pkg/endpoints/handlers.
"""

from __future__ import annotations

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
            **({"details": dict(details)} if details else {}),
            "code": code,
        }


def unauthorized() -> Refused:
    return Refused(401, "Unauthorized", "Unauthorized")


def no_such_path() -> Refused:
    return Refused(404, "NotFound", "the server could not find the requested resource", {})


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


def not_typed(kind: Kind, namespace: str, name: str, problem: str) -> Refused:
    """Server-side apply of what the schema does not know: a 500 without a reason, to this day."""
    described = f"{namespace}/{name}; {kind.group_version}, Kind={kind.kind}"
    return Refused(500, "", f"failed to create typed patch object ({described}): {problem}")


def invalid(kind: Kind, name: str, problems: Iterable[str]) -> Refused:
    """`problems`: `field: Type: ...`, one each."""
    found = list(problems)
    listed = found[0] if len(found) == 1 else f"[{', '.join(found)}]"
    group_kind = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    causes = [{"reason": "FieldValueInvalid", "message": each.split(": ", 1)[1], "field": each.split(":", 1)[0]}
              for each in found]  # fmt: skip
    details = {"name": name, "group": kind.group, "kind": kind.kind, "causes": causes}
    return Refused(422, "Invalid", f'{group_kind} "{name}" is invalid: {listed}', details)


def conflict(clashes: Mapping[Manager, Fields], group_version: str, times: Mapping[Manager, str]) -> Refused:
    """Server-side apply met fields of others; `times`: when each of them last wrote."""
    found = [
        (_described(who, group_version, times.get(who, "")), written(path))
        for who, paths in clashes.items()
        for path in sorted(paths)
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


def _described(who: Manager, group_version: str, time: str) -> str:
    subresource = f' with subresource "{who.subresource}"' if who.subresource else ""
    if who.operation != "Update":
        return f'"{who.name}"{subresource}'
    return f'"{who.name}"{subresource} using {group_version}' + (f" at {time}" if time else "")


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
