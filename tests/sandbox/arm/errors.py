"""Refusals with Azure's own codes and sentences.

Recorded, unless a comment says where the sentence is from. `gateway` tells Resource Manager's own refusals, which
carry `x-ms-failure-cause: gateway`, from the resource providers'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """An error answer: `{"error": {"code", "message", ...more}}`."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        gateway: bool = False,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.error: dict[str, Any] = {"code": code, "message": message, **more}
        self.headers = {**({"x-ms-failure-cause": "gateway"} if gateway else {}), **(headers or {})}


def missing_api_version() -> Refusal:
    message = "The api-version query parameter (?api-version=) is required for all requests."
    return Refusal(400, "MissingApiVersionParameter", message, gateway=True)


def invalid_api_version(version: str) -> Refusal:
    message = f"The api-version '{version}' is invalid."
    return Refusal(400, "InvalidApiVersionParameter", message, gateway=True)


def invalid_content(reason: str) -> Refusal:
    message = f"The request content was invalid and could not be deserialized: '{reason}'."
    return Refusal(400, "InvalidRequestContent", message, gateway=True)


def no_such_route(path: str) -> Refusal:
    return Refusal(404, "NotFound", f"The sandbox has no operation for '{path}'.", gateway=True)


def subscription_not_found(subscription: str) -> Refusal:
    message = f"The subscription '{subscription}' could not be found."
    return Refusal(404, "SubscriptionNotFound", message, gateway=True)


def group_not_found(group: str) -> Refusal:
    message = f"Resource group '{group}' could not be found."
    return Refusal(404, "ResourceGroupNotFound", message, gateway=True)


def resource_not_found(name: str, group: str) -> Refusal:
    """`name` with its type: Microsoft.Compute/galleries/g/images/i."""
    message = (
        f"The Resource '{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return Refusal(404, "ResourceNotFound", message, gateway=True)


def write_below_missing(kind: str, parent: str) -> Refusal:
    """`kind` without its namespace: galleries/images."""
    message = (
        f"Failed to perform 'write' on resource(s) of type '{kind}', because the parent resource '{parent}' "
        "could not be found."
    )
    return Refusal(404, "ParentResourceNotFound", message, gateway=True)


def read_below_missing(parent: str) -> Refusal:
    # Microsoft's documentation: troubleshooting shared images.
    message = f"Can not perform requested operation on nested resource. Parent resource '{parent}' not found."
    return Refusal(404, "ParentResourceNotFound", message, gateway=True)


def has_children() -> Refusal:
    # Microsoft's documentation: troubleshooting shared images.
    message = "Can not delete resource before nested resources are deleted."
    return Refusal(409, "CannotDeleteResource", message, gateway=True)


def not_authorized(client: str, object_id: str, action: str, scope: str) -> Refusal:
    message = (
        f"The client '{client}' with object id '{object_id}' does not have authorization to perform action "
        f"'{action}' over scope '{scope}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials."
    )
    return Refusal(403, "AuthorizationFailed", message, gateway=True)


def linked_not_authorized(object_id: str, action: str, scope: str, linked_action: str, linked: str) -> Refusal:
    # The sentence of a linked scope that exists: reports of users; the code is recorded.
    message = (
        f"The client '{object_id}' with object id '{object_id}' has permission to perform action '{action}' on scope "
        f"'{scope}'; however, it does not have permission to perform action(s) '{linked_action}' on the linked "
        f"scope(s) '{linked}' (respectively) or the linked scope(s) are invalid."
    )
    return Refusal(403, "LinkedAuthorizationFailed", message, gateway=True)


def not_registered(namespace: str) -> Refusal:
    message = (
        f"The subscription is not registered to use namespace '{namespace}'. "
        "See https://aka.ms/rps-not-found for how to register subscriptions."
    )
    return Refusal(409, "MissingSubscriptionRegistration", message, gateway=True)


def location_required() -> Refusal:
    message = "The location property is required for this definition."
    return Refusal(400, "LocationRequired", message, gateway=True)


def location_unknown(location: str, kind: str, known: str) -> Refusal:
    message = (
        f"The provided location '{location}' is not available for resource type '{kind}'. "
        f"List of available regions for the resource type is '{known}'."
    )
    return Refusal(400, "LocationNotAvailableForResourceType", message, gateway=True)


def location_differs(name: str, location: str, group: str, wanted: str) -> Refusal:
    message = (
        f"The resource '{name}' already exists in location '{location}' in resource group '{group}'. "
        f"A resource with the same name cannot be created in location '{wanted}'. "
        "Please select a new resource name."
    )
    return Refusal(409, "InvalidResourceLocation", message, gateway=True)


def invalid_parameter(message: str, target: str) -> Refusal:
    """What Microsoft.Compute says of a request that it does not accept."""
    return Refusal(400, "InvalidParameter", message, target=target)


def tag_too_long(what: str, text: str, longest: int) -> Refusal:
    # Code and sentence are made up: nobody has told them. The limits are documented.
    message = f"The tag {what} '{text}' has {len(text)} characters. It must have at most {longest}."
    return Refusal(400, "InvalidTagLength", message, gateway=True)


def property_changed(target: str) -> Refusal:
    return Refusal(409, "PropertyChangeNotAllowed", f"Changing property '{target}' is not allowed.", target=target)


def busy() -> Refusal:
    # Microsoft's documentation: troubleshooting of concurrent requests.
    message = (
        "The request failed due to conflict with a concurrent request. To resolve it, please refer to "
        "https://aka.ms/activitylog to get more details on the conflicting requests."
    )
    return Refusal(409, "Conflict", message)


def active_signature(disk: str) -> Refusal:
    # Users' reports of deleting a disk that is exported or uploaded to.
    message = (
        f"There is an active shared access signature outstanding for disk {disk}. Call EndGetAccess before attaching "
        "or deleting the disk. Learn more here: aka.ms/revokeaccessapi."
    )
    return Refusal(409, "OperationNotAllowed", message)
