"""The image definition: its properties can never be changed, so they are compared before anything is copied."""

from __future__ import annotations

from typing import Any

from kubectl_arm64.errors import Refused
from kubectl_arm64.names import TAG
from kubectl_arm64.pipeline.ownership import check_location, check_owner, provisioning
from kubectl_arm64.pipeline.ports import Galleries, Resource
from kubectl_arm64.pipeline.step import Observed, Operation, State
from kubectl_arm64.plan import ImagePlan

# The features of a new definition. Sent explicitly, since what an absent one means differs between api-versions: v6
# sizes boot from NVMe; TrustedLaunchSupported permits Trusted Launch and does not demand it.
FEATURES = {"DiskControllerTypes": "SCSI, NVMe", "SecurityType": "TrustedLaunchSupported"}
# What the service fills in where a request leaves it out (recorded).
_DEFAULTS = {"architecture": "x64", "hyperVGeneration": "V1"}


def properties_of(definition: Resource) -> dict[str, Any]:
    """A definition's properties, those that it leaves out among them."""
    return {**_DEFAULTS, **(definition.get("properties") or {})}


def difference(name: str, have: Any, want: str) -> str:
    """`architecture is x64, not Arm64`; "" where they are one, in whatever case."""
    return "" if str(have or "").lower() == want.lower() else f"{name} is {have}, not {want}"


class ImageDefinitionStep:
    """The definition `rhcos-arm64-gen2`, or the one that a flag names."""

    action = "Microsoft.Compute/galleries/images/write"

    def __init__(self, galleries: Galleries, plan: ImagePlan) -> None:
        self._galleries = galleries
        self._plan = plan

    @property
    def title(self) -> str:
        return f"image definition {self._plan.definition.name}"

    def observe(self) -> Observed:
        plan = self._plan
        definition = self._galleries.get_definition(plan.resource_group, plan.gallery.name, plan.definition.name)
        if definition is None:
            self._check_identifier_is_free()
            return Observed(State.MISSING)
        if wrong := self._differences(definition):
            raise Refused(
                f"{self.title} in gallery {plan.gallery.name} is another kind of image: {'; '.join(wrong)}",
                "its properties cannot be changed: choose another with --image-definition NAME",
            )
        check_owner(self.title, definition, plan.definition, "--image-definition")
        check_location(self.title, definition, plan.location, "choose another with --image-definition NAME")
        return provisioning(self.title, definition)

    def start(self) -> Operation:
        plan = self._plan
        body = {
            "location": plan.location,
            "tags": {**plan.tags, TAG: "managed"},
            "properties": {
                **self._properties(),
                "features": [{"name": name, "value": value} for name, value in FEATURES.items()],
            },
        }
        return self._galleries.create_definition(plan.resource_group, plan.gallery.name, plan.definition.name, body)

    def _check_identifier_is_free(self) -> None:
        """Publisher, offer and SKU are unique in a gallery (Azure's rule), whatever the definitions are called."""
        plan, ours = self._plan, _lower(self._properties()["identifier"])
        for other in self._galleries.list_definitions(plan.resource_group, plan.gallery.name):
            if _lower((other.get("properties") or {}).get("identifier")) == ours:
                taken = _shown(self._properties()["identifier"])
                raise Refused(
                    f"{self.title} cannot be made in gallery {plan.gallery.name}: its identifier {taken} is that of "
                    f"image definition {other.get('name')}",
                    f"use that one with --image-definition {other.get('name')}, or choose another --gallery",
                )

    def _properties(self) -> dict[str, Any]:
        return {
            "architecture": self._plan.identity.architecture.azure,
            "hyperVGeneration": "V2",
            "osType": "Linux",
            "osState": "Generalized",
            "identifier": {"publisher": "RedHat", "offer": "rhcos", "sku": self._plan.definition.name},
        }

    def _differences(self, definition: Resource) -> list[str]:
        have = properties_of(definition)
        wrong = []
        for name, want in self._properties().items():
            if name == "identifier":
                # Under a name that a flag chose (the documentation's RedHat/arm/arm64, say) it is anybody's.
                if not self._plan.definition.by_flag and _lower(have.get(name)) != _lower(want):
                    wrong.append(f"identifier is {_shown(have.get(name))}, not {_shown(want)}")
            elif differs := difference(name, have.get(name), want):
                wrong.append(differs)
        return wrong


def _lower(identifier: Any) -> dict[str, str]:
    return {key: str(value).lower() for key, value in (identifier or {}).items()}


def _shown(identifier: Any) -> str:
    return "/".join(str((identifier or {}).get(key, "")) for key in ("publisher", "offer", "sku"))
