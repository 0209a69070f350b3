"""What must be there before the first write: resource group, providers, regions, rights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kubectl_arm64.errors import Denied, NotFound, Unsupported
from kubectl_arm64.pipeline.disk import RIGHTS, DiskStep
from kubectl_arm64.pipeline.step import State
from kubectl_arm64.pipeline.steps import Found
from kubectl_arm64.pipeline.vhd_removal import Leftover
from kubectl_arm64.plan import ImagePlan

if TYPE_CHECKING:
    from kubectl_arm64.azure.session import Azure, Permissions, Provider

COMPUTE, STORAGE = "Microsoft.Compute", "Microsoft.Storage"
REGISTER_STORAGE = "Microsoft.Storage/register/action"
READ_ACCOUNT = "Microsoft.Storage/storageAccounts/read"
DATA_WRITE = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"
LIST_KEYS = "Microsoft.Storage/storageAccounts/listKeys/action"
IMAGE_VERSIONS = "galleries/images/versions"


def check(azure: Azure, plan: ImagePlan) -> Permissions | None:
    """Check that the resource group is there, Microsoft.Compute is registered and the regions known.

    Returns the caller's rights in the group, None where they are not told.
    """
    if azure.resource_group(plan.resource_group) is None:
        raise NotFound(
            f"resource group {plan.resource_group} does not exist in subscription {plan.subscription}",
            "name an existing one with --resource-group; this tool makes none",
        )
    # What may not be read is not judged: Azure will.
    if provider := azure.provider(COMPUTE):
        _check_registered(provider, plan)
        _check_regions(provider, plan)
    return azure.permissions(scope_of(plan))


def check_storage(azure: Azure, plan: ImagePlan, permissions: Permissions | None, *, or_disk: bool) -> str:
    """Check that Microsoft.Storage is registered; "".

    Where it is not, and the caller has no right to change that, `or_disk` has the reason returned instead. A right
    that is told for the group need not hold for the subscription, whose rights no API of Azure tells: it is left to
    the person.
    """
    provider = azure.provider(STORAGE)
    if provider is None or provider.registered:
        return ""
    if not or_disk or permissions is None or permissions.may(REGISTER_STORAGE):
        _check_registered(provider, plan, ", or use --staging disk")
    return (
        f"subscription {plan.subscription} is not registered for {STORAGE}, "
        f"and the signed-in identity may not register it (it lacks {REGISTER_STORAGE})"
    )


def _check_registered(provider: Provider, plan: ImagePlan, otherwise: str = "") -> None:
    if not provider.registered:
        register = f"az provider register --namespace {provider.namespace} --subscription {plan.subscription} --wait"
        raise Unsupported(
            f"subscription {plan.subscription} is not registered for {provider.namespace}",
            f"run `{register}`{otherwise}",
            code="MissingSubscriptionRegistration",
        )


def _check_regions(provider: Provider, plan: ImagePlan) -> None:
    for region in plan.regions:
        if not provider.offers(IMAGE_VERSIONS, region):
            flag = "--target-region" if region in plan.target_regions else "--location"
            raise Unsupported(
                f"{region!r} is no region in which subscription {plan.subscription} can have image versions",
                f"name another with {flag}; `az account list-locations -o table` lists them",
            )


def lacking(
    found: Sequence[Found],
    permissions: Permissions | None,
    plan: ImagePlan,
    leftovers: Sequence[Leftover] = (),
    *,
    staging: str = "",
    why_disk: str = "",
) -> Denied | None:
    """The rights that are missing for what the survey found missing, None where none is or where they are not told.

    `leftovers` are to be deleted in the end.

    With `staging` auto what stands in the way of an account and of a managed disk is named together; `why_disk` is
    what stood in the way of the account.
    """
    if permissions is None:
        return None
    missing = missing_actions(found)
    if missing:
        missing += RIGHTS if DiskStep.action in missing else (LIST_KEYS,)
    absent = _absent(permissions, [*missing, *(one.action for one in leftovers if one.action)])
    if not absent:
        return None
    what = f"the signed-in identity lacks {', '.join(absent)} on {scope_of(plan)}"
    if why_disk:
        what = f"{why_disk}; and for a managed disk in its place {what}"
    elif staging == "auto" and any(action.startswith(f"{STORAGE}/") for action in absent):
        what += without_disk(permissions)
    return Denied(what, "ask for a role that has these actions there (Contributor has)", code="AuthorizationFailed")


def without_disk(permissions: Permissions | None) -> str:
    """The end of a sentence about a storage account that may not be used: what a managed disk lacks, "" for nothing."""
    absent = _absent(permissions, RIGHTS) if permissions else []
    return f"; and for a managed disk in its place {', '.join(absent)}" if absent else ""


def _absent(permissions: Permissions, actions: Sequence[str]) -> list[str]:
    return [action for action in dict.fromkeys(actions) if not permissions.may(action)]


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
    absent = _absent(permissions, [action for action in actions if action.startswith(f"{STORAGE}/")])
    if not absent or _absent(permissions, RIGHTS):
        return ""
    return f"the signed-in identity may not use a storage account (it lacks {', '.join(absent)})"
