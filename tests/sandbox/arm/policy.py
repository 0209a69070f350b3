"""Deny policies, assigned to a scope by putting a `Policy` into `world.policies`.

world.policies.append(no_shared_keys(subscription))
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.arm.errors import Refusal
from tests.sandbox.world import World, guid

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Condition:
    """One field of a policy rule. `path` is the field's place in the resource, parts joined with dots.

    Operators as in Azure Policy: Exists ("true", "false"), Equals, NotEquals (true for an absent field), Like.
    """

    alias: str
    path: str
    operator: str
    target: str

    def holds(self, resource: Resource) -> bool:
        value = _value(resource, self.path)
        text = str(value).lower()
        match self.operator:
            case "Exists":
                return (value is not None) == (self.target == "true")
            case "Equals":
                return value is not None and text == self.target.lower()
            case "NotEquals":
                return text != self.target.lower()
            case "Like":
                return value is not None and fnmatch.fnmatchcase(text, self.target.lower())
        raise ValueError(f"no such operator: {self.operator}")


@dataclass(frozen=True)
class Policy:
    """Denies a resource of `resource_type` ("*" for any) at `scope` or below for which one of `any_of` holds."""

    name: str
    scope: str
    resource_type: str
    any_of: tuple[Condition, ...]
    id: str = field(default_factory=guid)

    def violations(self, resource: Resource) -> list[Condition]:
        below = f"{resource['id']}/".lower().startswith(f"{self.scope}/".lower())
        kinds = (self.resource_type, resource["type"])
        if not below or not (kinds[0] == "*" or kinds[0].lower() == kinds[1].lower()):
            return []
        return [condition for condition in self.any_of if condition.holds(resource)]


def no_shared_keys(scope: str) -> Policy:
    """Storage accounts whose request does not say `allowSharedKeyAccess: false`."""
    alias = "Microsoft.Storage/storageAccounts/allowSharedKeyAccess"
    path = "properties.allowSharedKeyAccess"
    return Policy(
        "Storage Account Creation Denied When Shared Access Key Is Enabled",
        scope,
        "Microsoft.Storage/storageAccounts",
        (Condition(alias, path, "Exists", "false"), Condition(alias, path, "Equals", "true")),
    )


def required_tag(scope: str, tag: str) -> Policy:
    """Every resource must carry `tag`."""
    return Policy(f"Require tag {tag}", scope, "*", (Condition(f"tags[{tag}]", f"tags.{tag}", "Exists", "false"),))


def judge(world: World, resource: Resource) -> None:
    """Refuse `resource` (as it would be after the request) where a policy denies it."""
    for policy in world.policies:
        if found := policy.violations(resource):
            raise _refusal(policy, resource, found)


def _refusal(policy: Policy, resource: Resource, violated: list[Condition]) -> Refusal:
    authorization = f"{policy.scope}/providers/Microsoft.Authorization"
    definition, assignment = f"{authorization}/policyDefinitions/{policy.id}", policy.id.replace("-", "")[:24]
    identifiers = [
        {
            "policyAssignment": {"name": policy.name, "id": f"{authorization}/policyAssignments/{assignment}"},
            "policyDefinition": {"name": policy.name, "id": definition, "version": "1.0.0"},
        }
    ]
    name = resource["name"]
    message = (
        f"Resource '{name}' was disallowed by policy. "
        f"Policy identifiers: '{json.dumps(identifiers, separators=(',', ':'))}'."
    )
    info = {
        "evaluationDetails": {"evaluatedExpressions": list(_expressions(policy, resource, violated))},
        "policyDefinitionId": definition,
        "policyDefinitionName": policy.id,
        "policyDefinitionDisplayName": policy.name,
        "policyDefinitionVersion": "1.0.0",
        "policyDefinitionEffect": "deny",
        "policyAssignmentId": f"{authorization}/policyAssignments/{assignment}",
        "policyAssignmentName": assignment,
        "policyAssignmentDisplayName": policy.name,
        "policyAssignmentScope": policy.scope,
        "policyAssignmentParameters": {},
        "policyExemptionIds": [],
        "policyEnrollmentIds": [],
    }
    return Refusal(
        403,
        "RequestDisallowedByPolicy",
        message,
        gateway=True,
        target=name,
        additionalInfo=[{"type": "PolicyViolation", "info": info}],
    )


def _expressions(policy: Policy, resource: Resource, violated: list[Condition]) -> Iterator[dict[str, str]]:
    conditions = [Condition("type", "type", "Equals", policy.resource_type)] if policy.resource_type != "*" else []
    for condition in [*conditions, *violated]:
        value = _value(resource, condition.path)
        yield {
            "result": "True",
            "expressionKind": "Field",
            "expression": condition.alias,
            "path": condition.path,
            **({} if value is None else {"expressionValue": _shown(condition, value)}),
            "targetValue": condition.target,
            "operator": condition.operator,
        }


def _shown(condition: Condition, value: Any) -> str:
    return "******" if "Key" in condition.alias else str(value)


def _value(resource: Resource, path: str) -> Any:
    value: Any = resource
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
