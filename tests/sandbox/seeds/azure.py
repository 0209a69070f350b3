"""The Azure side of a situation: tenant, subscription, a service principal, the group, and what the region offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.sandbox.arm.account_body import new_body
from tests.sandbox.arm.resource_groups import resource_group
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.blob.vhd import GIB, MIB, vhd
from tests.sandbox.seeds.skus import family_usages, vm_skus
from tests.sandbox.seeds.spec import SUBSCRIPTION, TENANT
from tests.sandbox.world import Cloud, Container, Principal, Role, StorageAccount, World

CLIENT_ID = "00000000-0000-4000-8000-00000000a001"
OBJECT_ID = "00000000-0000-4000-8000-00000000b001"
SECRET = "sandbox-client-secret"
IDENTITY_CLIENT_ID = "00000000-0000-4000-8000-00000000a002"
IDENTITY_OBJECT_ID = "00000000-0000-4000-8000-00000000b002"
PROVIDERS = ("Microsoft.Compute", "Microsoft.Storage", "Microsoft.Network")

RED_HAT_SUBSCRIPTION = "00000000-0000-4000-8000-00000000c0ff"
PUBLIC_ACCOUNT, PUBLIC_CONTAINER = "rhcos", "imagebucket"
VHD_SIZE, VHD_DATA = 16 * GIB, 4 * MIB


def azure_world(
    cloud: Cloud,
    location: str,
    group: str,
    zones: bool,
    *,
    subscription: str = SUBSCRIPTION,
    tenant: str = TENANT,
    tags: Mapping[str, str] | None = None,
    other_groups: Iterable[str] = (),
    vhds: Iterable[str] = (),
    marketplace: Iterable[Mapping[str, str]] = (),
) -> World:
    """A world in which the cluster's resource group is there, and nothing of ours yet.

    The service principal may publish; the nodes' managed identity has what the installer gives it: Contributor on
    the group.

    `zones`: whether the region has any. `vhds` are blob names in Red Hat's public container. `marketplace` holds
    image references {publisher, offer, sku, version} that the Marketplace has without a purchase plan.
    """
    world = World(
        cloud=cloud,
        tenants=[tenant],
        principals=[
            Principal(tenant, CLIENT_ID, OBJECT_ID, SECRET),
            Principal(tenant, IDENTITY_CLIENT_ID, IDENTITY_OBJECT_ID),
        ],
        roles=[
            *publisher_roles(OBJECT_ID, f"/subscriptions/{subscription}"),
            contributor(IDENTITY_OBJECT_ID, f"/subscriptions/{subscription}/resourceGroups/{group}"),
        ],
        subscriptions={
            subscription: {
                "tenantId": tenant,
                "displayName": "Production",
                "providers": dict.fromkeys(PROVIDERS, "Registered"),
            }
        },
        skus=vm_skus(location, zones=zones),
        usages={location: family_usages()},
        marketplace=[
            {**image, "architecture": _architecture(image["sku"]), "generation": "V2", "plan": None}
            for image in marketplace
        ],
    )
    for name in (group, *other_groups):
        body = resource_group(subscription, name, location, dict(tags) if tags and name == group else None)
        world.resources[body["id"].lower()] = body
    world.accounts[PUBLIC_ACCOUNT] = _red_hats_account(vhds, world.clock.now())
    return world


def publisher_roles(object_id: str, scope: str) -> list[Role]:
    """What the seeded service principal has: Contributor and Storage Blob Data Contributor."""
    return [contributor(object_id, scope), storage_blob_data_contributor(object_id, scope)]


def contributor(object_id: str, scope: str) -> Role:
    """Azure's built-in role: everything but rights, blueprints and sharing."""
    return Role(
        object_id,
        scope,
        actions=["*"],
        not_actions=[
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
            "Microsoft.Resources/deploymentStacks/manageDenySetting/action",
        ],
    )


def storage_blob_data_contributor(object_id: str, scope: str) -> Role:
    """Azure's built-in role: reads and writes blobs with a token."""
    containers = "Microsoft.Storage/storageAccounts/blobServices/containers"
    return Role(
        object_id,
        scope,
        actions=[
            f"{containers}/delete",
            f"{containers}/read",
            f"{containers}/write",
            "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
        ],
        data_actions=[
            f"{containers}/blobs/delete",
            f"{containers}/blobs/read",
            f"{containers}/blobs/write",
            f"{containers}/blobs/move/action",
            f"{containers}/blobs/add/action",
        ],
    )


def reader(object_id: str, scope: str) -> Role:
    """Azure's built-in role."""
    return Role(object_id, scope, actions=["*/read"])


def _architecture(sku: str) -> str:
    return "Arm64" if sku.endswith("-arm") else "x64"


def _red_hats_account(vhds: Iterable[str], now: float) -> StorageAccount:
    """The public account, which lives in the public cloud, whatever cloud asks."""
    resource_id = f"/subscriptions/{RED_HAT_SUBSCRIPTION}/resourceGroups/rhcos/providers/Microsoft.Storage"
    request = {"location": "eastus", "properties": {"allowBlobPublicAccess": True, "minimumTlsVersion": "TLS1_2"}}
    body = new_body(f"{resource_id}/storageAccounts/{PUBLIC_ACCOUNT}", request, Cloud().blob_suffix, now)
    account = StorageAccount(RED_HAT_SUBSCRIPTION, "rhcos", PUBLIC_ACCOUNT, body)
    container = Container(PUBLIC_CONTAINER, public_access="Blob", created=now)
    for number, name in enumerate(vhds, 1):
        container.blobs[name] = new_blob(vhd(VHD_DATA, VHD_SIZE, seed=number), now)
    account.containers[PUBLIC_CONTAINER] = container
    return account
