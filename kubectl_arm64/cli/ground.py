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
DATA_WRITE = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"
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
    return azure.permissions(scope_of(plan))


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


def lacking(found: Sequence[Found], permissions: Permissions | None, plan: ImagePlan) -> Denied | None:
    """The rights that are missing for what the survey found missing, None where none is or where they are not told."""
    if permissions is None:
        return None
    missing = missing_actions(found)
    if missing:
        missing += RIGHTS if DiskStep.action in missing else (LIST_KEYS,)
    absent = [action for action in dict.fromkeys(missing) if not permissions.may(action)]
    if not absent:
        return None
    return Denied(
        f"the signed-in identity lacks {', '.join(absent)} on {scope_of(plan)}",
        "ask for a role that has these actions there (Contributor has)",
        code="AuthorizationFailed",
    )


def storage_auth(wanted: str, azure: Azure, permissions: Permissions | None, plan: ImagePlan) -> str:
    """login or key. auto: the sign-in's token where it has a data role on the account or above it, else the key.

    Raises Denied for login without a data role, where the rights are told.
    """
    if wanted == "key" or (wanted == "auto" and permissions is None):
        return "key"
    if permissions is None or permissions.may(DATA_WRITE, data=True):
        return "login"
    account = azure.storage_accounts.get(plan.resource_group, plan.storage_account.name)
    on_account = azure.permissions(str(account["id"])) if account else None
    if on_account and on_account.may(DATA_WRITE, data=True):
        return "login"
    if wanted == "auto":
        return "key"
    raise Denied(
        f"the signed-in identity lacks {DATA_WRITE} on {account['id'] if account else scope_of(plan)}",
        "ask for the role Storage Blob Data Contributor there, or leave out --storage-auth",
        code="AuthorizationPermissionMismatch",
    )


def scope_of(plan: ImagePlan) -> str:
    """The resource group's ID."""
    return f"/subscriptions/{plan.subscription}/resourceGroups/{plan.resource_group}"


def missing_actions(found: Sequence[Found]) -> list[str]:
    """The right that each missing resource needs."""
    return [one.step.action for one in found if one.observed.state is State.MISSING and one.step.action]


def only_a_disk(permissions: Permissions | None, actions: Sequence[str]) -> str:
    """Why no storage account can be used by who needs `actions`, where a managed disk can; "" where one can."""
    if permissions is None:
        return ""
    wanted = [action for action in actions if action.startswith("Microsoft.Storage/")]
    absent = [action for action in wanted if not permissions.may(action)]
    if not absent or not all(map(permissions.may, RIGHTS)):
        return ""
    return f"the signed-in identity may not use a storage account (it lacks {', '.join(absent)})"
