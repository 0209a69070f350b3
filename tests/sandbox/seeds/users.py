"""Who may ask the seeded cluster: one bearer token for each user.

The shape of `World.kube_users`: token -> {name, groups, rules: [{apiGroups, resources, verbs}]}, the rules as in a
ClusterRole ("*" matches everything, "machinesets/status" is a resource of its own).
"""

from __future__ import annotations

from typing import Any

from tests.sandbox.world import World

READ = ["get", "list", "watch"]
EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
EVERYTHING_READABLE = {"apiGroups": ["*"], "resources": ["*"], "verbs": READ}
MACHINESETS_WRITABLE = {
    "apiGroups": ["machine.openshift.io"],
    "resources": ["machinesets"],
    "verbs": ["create", "patch"],
}

RULES: dict[str, list[dict[str, Any]]] = {
    "admin": [EVERYTHING],
    "reader": [EVERYTHING_READABLE],
    "applier": [EVERYTHING_READABLE, MACHINESETS_WRITABLE],
    "nobody": [],
}


def kube_users() -> dict[str, dict[str, Any]]:
    """Fresh entries for `World.kube_users`: admin, reader, applier and nobody."""
    return {
        f"sha256~sandbox-{name}": {"name": name, "groups": ["system:authenticated"], "rules": list(rules)}
        for name, rules in RULES.items()
    }


def token(world: World, name: str) -> str:
    """The bearer token of the user `name`; KeyError where the world does not know it."""
    for bearer, user in world.kube_users.items():
        if user["name"] == name:
            return bearer
    raise KeyError(name)
