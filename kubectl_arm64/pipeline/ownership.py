"""Whose a resource is: ours carries our tag."""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_arm64.errors import Failure, Refused
from kubectl_arm64.names import TAG, normalise_location
from kubectl_arm64.pipeline.ports import Resource
from kubectl_arm64.pipeline.step import Observed, State
from kubectl_arm64.plan import Named


def tags_of(resource: Resource) -> Mapping[str, str]:
    """Its tags; none where the service leaves them out."""
    return resource.get("tags") or {}


def is_ours(resource: Resource) -> bool:
    """Whether this tool made the resource."""
    return TAG in tags_of(resource)


def check_owner(title: str, resource: Resource, named: Named, flag: str) -> None:
    """Raise Refused for a resource under a name of ours that this tool did not make."""
    if not (named.by_flag or is_ours(resource)):
        raise Refused(
            f"{title} exists and does not carry the tag {TAG}: this tool did not make it",
            f"use it as it is with {flag} {named.name}, or choose another name with {flag}",
        )


def check_location(title: str, resource: Resource, location: str, advice: str) -> None:
    """Raise Refused where the resource is in another region."""
    have = normalise_location(str(resource.get("location", "")))
    if have != normalise_location(location):
        raise Refused(f"{title} is in {have}, and {normalise_location(location)} is wanted", advice)


def provisioning(title: str, resource: Resource) -> Observed:
    """READY or PENDING by `provisioningState`. Raises Failure for what failed or is being deleted."""
    state = str((resource.get("properties") or {}).get("provisioningState", "Succeeded"))
    if state == "Succeeded":
        return Observed(State.READY)
    if state in ("Failed", "Canceled"):
        raise Failure(f"{title} is in state {state}", "look at its activity log in the Azure portal, or delete it")
    if state == "Deleting":
        raise Failure(f"{title} is being deleted", "run the same command again when it is gone")
    return Observed(State.PENDING, state)
