"""Who asks, and whether they may: bearer tokens, RBAC rules, and the reviews that answer questions about both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.sandbox.kubernetes.status import Refused, unauthorized
from tests.sandbox.kubernetes.target import Target
from tests.sandbox.world import World

User = Mapping[str, Any]  # see tests/sandbox/seeds/users.py

AUTHENTICATION = "authentication.k8s.io/v1"
AUTHORIZATION = "authorization.k8s.io/v1"


def authenticate(world: World, authorization: str) -> User:
    """The user of an Authorization header; raises Refused (401) where the token is missing or unknown."""
    scheme, _, token = authorization.partition(" ")
    user = world.kube_users.get(token.strip())
    if scheme.lower() != "bearer" or user is None:
        raise unauthorized()
    return user


def may(user: User, verb: str, group: str, resource: str) -> bool:
    """`resource` with its subresource after a slash."""
    return any(
        _covers(rule, "verbs", verb) and _covers(rule, "apiGroups", group) and _covers(rule, "resources", resource)
        for rule in user["rules"]
    )


def _covers(rule: Mapping[str, Any], what: str, wanted: str) -> bool:
    return bool({"*", wanted} & set(rule.get(what, ())))


def authorize(user: User, target: Target) -> None:
    """Raises Refused (403) in the API server's words."""
    kind = target.kind
    resource = f"{kind.plural}/{target.subresource}" if target.subresource else kind.plural
    if may(user, target.verb, kind.group, resource):
        return
    where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    named = f'{kind.resource} "{target.name}"' if target.name else kind.resource
    raise Refused(
        403,
        "Forbidden",
        f'{named} is forbidden: User "{user["name"]}" cannot {target.verb} resource "{resource}" '
        f'in API group "{kind.group}" {where}',
        {
            **({"name": target.name} if target.name else {}),
            **({"group": kind.group} if kind.group else {}),
            "kind": kind.plural,
        },
    )


def authorize_path(user: User, path: str) -> None:
    """A path that is no resource, which every signed-in user may read (system:discovery)."""
    if not user["groups"]:
        raise Refused(403, "Forbidden", f'forbidden: User "{user["name"]}" cannot get path "{path}"', {})


def review(user: User, path: str, asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """The answer to a review that is posted to `path`, None where `path` takes no review."""
    if path == f"/apis/{AUTHORIZATION}/selfsubjectaccessreviews":
        return _access_review(user, asked)
    if path == f"/apis/{AUTHENTICATION}/selfsubjectreviews":
        return {
            "kind": "SelfSubjectReview",
            "apiVersion": AUTHENTICATION,
            "metadata": {},
            "status": {"userInfo": {"username": user["name"], "groups": list(user["groups"])}},
        }
    return None


def _access_review(user: User, asked: Mapping[str, Any]) -> dict[str, Any]:
    spec = asked.get("spec", {})
    wanted = spec.get("resourceAttributes")
    if wanted is None:
        allowed = True
    else:
        resource, subresource = wanted.get("resource", ""), wanted.get("subresource", "")
        full = f"{resource}/{subresource}" if subresource else resource
        allowed = may(user, wanted.get("verb", ""), wanted.get("group", ""), full)
    return {
        "kind": "SelfSubjectAccessReview",
        "apiVersion": AUTHORIZATION,
        "metadata": {},
        "spec": dict(spec),
        "status": {"allowed": allowed},
    }
