"""Resource providers and their registration with a subscription (`world.subscriptions[id]["providers"]`)."""

from __future__ import annotations

from typing import Any

from tests.sandbox.arm import errors
from tests.sandbox.arm.exchange import Answer, Call, Route
from tests.sandbox.arm.regions import regions
from tests.sandbox.world import World

# Resource type -> (api-versions, capabilities); a few of the real lists' entries.
_TAGGED = "SupportsTags, SupportsLocation"
_GALLERY_VERSIONS = ["2024-03-03", "2023-07-03", "2022-08-03", "2022-03-03", "2021-10-01", "2019-12-01"]
_STORAGE_VERSIONS = ["2025-01-01", "2024-01-01", "2023-05-01", "2023-01-01", "2021-04-01", "2018-11-01"]
_TYPES: dict[str, dict[str, tuple[list[str], str]]] = {
    "Microsoft.Compute": {
        "galleries": (_GALLERY_VERSIONS, f"SystemAssignedResourceIdentity, {_TAGGED}"),
        "galleries/images": (_GALLERY_VERSIONS, _TAGGED),
        "galleries/images/versions": (_GALLERY_VERSIONS, _TAGGED),
        "locations/usages": (["2024-11-01", "2024-07-01", "2020-12-01"], "None"),
        "virtualMachines": (["2024-11-01", "2024-07-01"], _TAGGED),
        "skus": (["2021-07-01", "2019-04-01"], "None"),
    },
    "Microsoft.Storage": {
        "storageAccounts": (_STORAGE_VERSIONS, _TAGGED),
        "storageAccounts/blobServices/containers": (_STORAGE_VERSIONS, "None"),
        "checkNameAvailability": (_STORAGE_VERSIONS, "None"),
    },
    "Microsoft.Network": {"virtualNetworks": (["2024-05-01"], _TAGGED)},
}
FIRST_WITH_DEFAULTS = "2021-04-01"
_LOOKS_LEFT = "registering"  # key beside "providers": namespace -> looks until it is registered


def known_namespace(name: str) -> str:
    """The namespace in Azure's own spelling. Refused when there is none."""
    for known in _TYPES:
        if known.lower() == name.lower():
            return known
    message = f"The resource namespace '{name}' is invalid."
    raise errors.Refusal(404, "InvalidResourceNamespace", message, gateway=True)


def registered(world: World, subscription: str, namespace: str) -> bool:
    """Whether `subscription` may use `namespace`; Microsoft.Resources and Microsoft.Authorization always."""
    states = _subscription(world, subscription).get("providers", {})
    found = next((state for name, state in states.items() if name.lower() == namespace.lower()), "NotRegistered")
    return namespace.lower() in ("microsoft.resources", "microsoft.authorization") or found == "Registered"


def get(call: Call) -> Answer:
    namespace = known_namespace(call.names["namespace"])
    subscription = _subscription(call.world, call.subscription)
    looks = subscription.get(_LOOKS_LEFT, {})
    if namespace in looks:
        looks[namespace] -= 1
        if looks[namespace] < 0:
            del looks[namespace]
            subscription["providers"][namespace] = "Registered"
    return Answer(200, _body(call, namespace))


def listing(call: Call) -> Answer:
    return Answer(200, {"value": [_body(call, namespace) for namespace in _TYPES]})


def register(call: Call) -> Answer:
    """Answers at once; the provider's GET tells when it is done."""
    namespace = known_namespace(call.names["namespace"])
    subscription = _subscription(call.world, call.subscription)
    if not registered(call.world, call.subscription, namespace):
        subscription.setdefault("providers", {})[namespace] = "Registering"
        subscription.setdefault(_LOOKS_LEFT, {})[namespace] = call.knobs.polls.get("register", 0)
    return Answer(200, _body(call, namespace))


def _body(call: Call, namespace: str) -> dict[str, Any]:
    places = list(regions(call.world.cloud.name).values())
    states = _subscription(call.world, call.subscription).get("providers", {})
    return {
        "id": f"/subscriptions/{call.subscription}/providers/{namespace}",
        "namespace": namespace,
        "authorizations": [
            {
                "applicationId": "00000000-0000-4000-8000-0000000000f1",
                "roleDefinitionId": "00000000-0000-4000-8000-0000000000f2",
            }
        ],
        "resourceTypes": [
            _resource_type(call, name, places, versions, capabilities)
            for name, (versions, capabilities) in _TYPES[namespace].items()
        ],
        "registrationState": states.get(namespace, "NotRegistered"),
        "registrationPolicy": "RegistrationRequired",
    }


def _resource_type(call: Call, name: str, places: list[str], versions: list[str], capabilities: str) -> dict[str, Any]:
    default = {"defaultApiVersion": versions[-1]} if call.api_version >= FIRST_WITH_DEFAULTS else {}
    return {
        "resourceType": name,
        "locations": places,
        "apiVersions": versions,
        **default,
        "capabilities": capabilities,
    }


def _subscription(world: World, name: str) -> dict[str, Any]:
    return next(body for key, body in world.subscriptions.items() if key.lower() == name.lower())


_PROVIDERS = "/subscriptions/{subscription}/providers"

ROUTES = [
    Route("GET", _PROVIDERS, "Microsoft.Resources/subscriptions/providers/read", listing),
    Route("GET", f"{_PROVIDERS}/{{namespace}}", "Microsoft.Resources/subscriptions/providers/read", get),
    Route("POST", f"{_PROVIDERS}/{{namespace}}/register", "{namespace}/register/action", register),
]
