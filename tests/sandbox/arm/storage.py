"""Storage accounts through Resource Manager."""

from __future__ import annotations

import re

from tests.sandbox.arm import errors, operations, policy
from tests.sandbox.arm.account_body import TYPE, merged, new_body, render, sku
from tests.sandbox.arm.exchange import Answer, Call, Route, location_of
from tests.sandbox.world import StorageAccount

_NAME = re.compile(r"[a-z0-9]{3,24}")


def check_name(call: Call) -> Answer:
    name = str(call.body["name"])
    if not _NAME.fullmatch(name):
        return Answer(200, {"message": _invalid(name), "nameAvailable": False, "reason": "AccountNameInvalid"})
    if name in call.world.accounts:
        return Answer(200, {"message": _taken(name), "nameAvailable": False, "reason": "AlreadyExists"})
    return Answer(200, {"nameAvailable": True})


def put(call: Call) -> Answer:
    """202 for a new account; 200 for one that is there already, which is updated."""
    name = call.names["account"]
    if not _NAME.fullmatch(name):
        raise errors.Refusal(400, "AccountNameInvalid", _invalid(name))
    existing = call.world.accounts.get(name)
    if existing is not None:
        _check_place(call, existing)
        return _update(call, existing)
    return _create(call)


def _create(call: Call) -> Answer:
    group = call.group
    body = new_body(
        f"{group['id']}/providers/{TYPE}/{call.names['account']}",
        call.body,
        call.world.cloud.blob_suffix,
        call.world.clock.now(),
    )
    # A policy sees the request, not what the provider fills in: an absent property is absent.
    policy.judge(call.world, {**body, "properties": call.properties})
    account = StorageAccount(call.subscription, group["name"], body["name"], body)
    body["properties"]["provisioningState"] = "Creating"
    call.world.accounts[account.name] = account

    def finish() -> None:
        body["properties"]["provisioningState"] = "Succeeded"

    operation = operations.begin(
        call,
        operations.Operation(
            target=account.resource_id.lower(),
            polls=call.knobs.polls["storageAccounts"],
            started=call.world.clock.now(),
            finish=finish,
            answer=lambda: Answer(200, render(account, call.api_version)),
            retry_after=operations.STORAGE_RETRY,
        ),
    )
    return Answer(202, headers=operations.storage_headers(call, operation, location_of(body)))


def _check_place(call: Call, account: StorageAccount) -> None:
    if account.subscription.lower() != call.subscription.lower():
        raise errors.Refusal(409, "StorageAccountAlreadyTaken", _taken(account.name))
    if account.resource_group.lower() != call.group["name"].lower():
        # Microsoft's documentation: storage resource provider error codes.
        message = f"The account {account.name} is already in another resource group in this subscription."
        raise errors.Refusal(409, "StorageAccountInAnotherResourceGroup", message)


def patch(call: Call) -> Answer:
    return _update(call, find(call))


def _update(call: Call, account: StorageAccount) -> Answer:
    if operations.under_way(call.world, account.resource_id):
        # Microsoft's documentation: storage resource provider error codes.
        message = "An operation is currently performing on this storage account that requires exclusive access."
        raise errors.Refusal(409, "StorageAccountOperationInProgress", message)
    if call.method == "PUT" and location_of(call.body) not in ("", location_of(account.body)):
        raise errors.location_differs(
            account.name, location_of(account.body), account.resource_group, location_of(call.body)
        )
    changed = {**account.body, **{key: call.body[key] for key in ("tags", "sku", "identity") if key in call.body}}
    changed["properties"] = merged(account.body["properties"], call.properties)
    changed["sku"] = sku(changed["sku"])
    policy.judge(call.world, changed)
    account.body = changed
    return Answer(200, render(account, call.api_version))


def get(call: Call) -> Answer:
    account = find(call)
    operations.look_at(call, account.resource_id)
    return Answer(200, render(account, call.api_version))


def listing(call: Call) -> Answer:
    """The accounts of the subscription, or of a group, that the caller may read."""
    within = call.group["id"] if "group" in call.names else f"/subscriptions/{call.subscription}"
    found = [
        render(account, call.api_version)
        for account in call.world.accounts.values()
        if account.resource_id.lower().startswith(f"{within.lower()}/")
    ]
    return Answer(200, {"value": call.readable(found, f"{TYPE}/read", within)})


def delete(call: Call) -> Answer:
    """At once; 204 when there is none."""
    account = call.world.accounts.get(call.names["account"])
    if account is None or account.resource_group.lower() != call.group["name"].lower():
        return Answer(204)
    del call.world.accounts[account.name]
    return Answer(200)


def list_keys(call: Call) -> Answer:
    """Works where shared keys are off, too."""
    account = find(call)
    if operations.under_way(call.world, account.resource_id):
        # Microsoft's documentation: storage resource provider error codes.
        message = "The storage account provisioning state must be 'Succeeded' before executing the operation."
        raise errors.Refusal(409, "StorageAccountIsNotProvisioned", message)
    created = account.body["properties"]["creationTime"]
    keys = [
        {"creationTime": created, "keyName": f"key{number}", "value": key, "permissions": "FULL"}
        for number, key in enumerate(account.keys, 1)
    ]
    return Answer(200, {"keys": keys})


def find(call: Call) -> StorageAccount:
    """The account of the call's group. Refused when it is not there."""
    group = call.group["name"]
    account = call.world.accounts.get(call.names["account"].lower())
    here = account is not None and (account.subscription.lower(), account.resource_group.lower()) == (
        call.subscription.lower(),
        group.lower(),
    )
    if account is None or not here:
        raise errors.resource_not_found(f"{TYPE}/{call.names['account']}", group)
    return account


def _invalid(name: str) -> str:
    return (
        f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in "
        "length and use numbers and lower-case letters only."
    )


def _taken(name: str) -> str:
    return f"The storage account named {name} is already taken."


_SUBSCRIPTION = "/subscriptions/{subscription}"
_ACCOUNTS = f"{_SUBSCRIPTION}/resourceGroups/{{group}}/providers/{TYPE}"
_ACCOUNT = f"{_ACCOUNTS}/{{account}}"

ROUTES = [
    Route(
        "POST",
        f"{_SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability",
        "Microsoft.Storage/checkNameAvailability/read",
        check_name,
    ),
    Route("GET", f"{_SUBSCRIPTION}/providers/{TYPE}", "", listing),
    Route("GET", _ACCOUNTS, "", listing),
    Route("PUT", _ACCOUNT, f"{TYPE}/write", put),
    Route("GET", _ACCOUNT, f"{TYPE}/read", get),
    Route("PATCH", _ACCOUNT, f"{TYPE}/write", patch),
    Route("DELETE", _ACCOUNT, f"{TYPE}/delete", delete),
    Route("POST", f"{_ACCOUNT}/listKeys", f"{TYPE}/listKeys/action", list_keys),
]
