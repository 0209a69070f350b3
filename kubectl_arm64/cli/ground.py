"""What must be there before the first write: resource group, providers, regions, rights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kubectl_arm64.errors import Denied, NotFound, Unsupported
from kubectl_arm64.pipeline.disk import RIGHTS, DiskStep
from kubectl_arm64.pipeline.publish import Found
from kubectl_arm64.pipeline.step import State
from kubectl_arm64.plan import ImagePlan

if TYPE_CHECKING:
    from kubectl_arm64.azure.session import Azure, Permissions, Provider

PROVIDERS = ("Microsoft.Compute", "Microsoft.Storage")
READ_ACCOUNT = "Microsoft.Storage/storageAccounts/read"
LIST_KEYS = "Microsoft.Storage/storageAccounts/listKeys/action"
IMAGE_VERSIONS = "galleries/images/versions"


def check(azure: Azure, plan: ImagePlan, namespaces: Sequence[str] = PROVIDERS) -> Permissions | None:
    """Check that the resource group is there, the providers are registered and the regions known.

    Returns the caller's rights in the group, None where they are not told.
    """
    if azure.resource_group(plan.resource_group) is None:
        raise NotFound(
            f"resource group {plan.resource_group} does not exist in subscription {plan.subscription}",
            "name an existing one with --resource-group; this tool makes none",
        )
    for namespace in namespaces:
        # What may not be read is not judged: Azure will.
        if provider := azure.provider(namespace):
            _check_provider(provider, plan)
    return azure.permissions(f"/subscriptions/{plan.subscription}/resourceGroups/{plan.resource_group}")


def _check_provider(provider: Provider, plan: ImagePlan) -> None:
    if not provider.registered:
        raise Unsupported(
            f"subscription {plan.subscription} is not registered for {provider.namespace}",
            f"run `az provider register --namespace {provider.namespace} --subscription {plan.subscription} --wait`",
            code="MissingSubscriptionRegistration",
        )
    for region in plan.regions:
        if not provider.offers(IMAGE_VERSIONS, region):
            flag = "--target-region" if region in plan.target_regions else "--location"
            raise Unsupported(
                f"{region!r} is no region in which subscription {plan.subscription} can have image versions",
                f"name another with {flag}; `az account list-locations -o table` lists them",
            )


def check_rights(found: Sequence[Found], permissions: Permissions | None, plan: ImagePlan) -> None:
    """Raise Denied for a missing right before the first write, where the rights are told."""
    if permissions is None:
        return
    missing = missing_actions(found)
    if missing:
        missing += RIGHTS if DiskStep.action in missing else (LIST_KEYS,)
    lacking = [action for action in dict.fromkeys(missing) if not permissions.may(action)]
    if lacking:
        scope = f"/subscriptions/{plan.subscription}/resourceGroups/{plan.resource_group}"
        raise Denied(
            f"the signed-in identity lacks {', '.join(lacking)} on {scope}",
            "ask for a role that has these actions there (Contributor has)",
            code="AuthorizationFailed",
        )


def missing_actions(found: Sequence[Found]) -> list[str]:
    """The right that each missing resource needs."""
    return [one.step.action for one in found if one.observed.state is State.MISSING and one.step.action]


def only_a_disk(permissions: Permissions | None, actions: Sequence[str]) -> str:
    """Why no storage account can be used by who needs `actions`, where a managed disk can; "" where one can."""
    lacking = [action for action in actions if action.startswith("Microsoft.Storage/")]
    lacking = [action for action in lacking if permissions and not permissions.may(action)]
    if not lacking or permissions is None or not all(map(permissions.may, RIGHTS)):
        return ""
    return f"the signed-in identity may not use a storage account (it lacks {', '.join(lacking)})"
