"""What the caller may do at a scope: one entry for each role assignment, not merged."""

from __future__ import annotations

from tests.sandbox.arm.exchange import Answer, Call, Route


def listing(call: Call) -> Answer:
    scope = call.path.lower().partition("/providers/microsoft.authorization/permissions")[0]
    entries = [
        {
            "actions": role.actions,
            "notActions": role.not_actions,
            "dataActions": role.data_actions,
            "notDataActions": role.not_data_actions,
        }
        for role in call.world.roles
        if role.object_id == call.claims.object_id and f"{scope}/".startswith(f"{role.scope.rstrip('/').lower()}/")
    ]
    return Answer(200, {"value": entries})


_PERMISSIONS = "providers/Microsoft.Authorization/permissions"
_ACTION = "Microsoft.Authorization/permissions/read"

ROUTES = [
    Route("GET", f"/subscriptions/{{subscription}}/{_PERMISSIONS}", _ACTION, listing),
    Route("GET", f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/{_PERMISSIONS}", _ACTION, listing),
    Route(
        "GET",
        f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{{resource:path}}/{_PERMISSIONS}",
        _ACTION,
        listing,
    ),
]
