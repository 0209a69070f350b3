"""What a MachineSet must have, and must not be, before it can be cloned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_arm64.cluster import Document
from kubectl_arm64.errors import InvalidInput, Refused, Unsupported
from kubectl_arm64.machineset.reading import kind_of
from kubectl_arm64.machineset.template import (
    SET_LABEL,
    VALUE_PATH,
    at,
    mapping,
    name_of,
    security_type,
    selects,
    windows,
)

_REQUIRED = ("location", "image", "osDisk", "vmSize", "subnet", "vnet", "userDataSecret")
_MAPS = (
    "metadata",
    "metadata.labels",
    "metadata.annotations",
    "spec",
    "spec.selector",
    "spec.selector.matchLabels",
    "spec.template",
    "spec.template.metadata",
    "spec.template.metadata.labels",
    "spec.template.metadata.annotations",
    "spec.template.spec",
    "spec.template.spec.metadata",
    "spec.template.spec.metadata.labels",
    "spec.template.spec.providerSpec",
    VALUE_PATH,
    f"{VALUE_PATH}.image",
    f"{VALUE_PATH}.osDisk",
    f"{VALUE_PATH}.osDisk.managedDisk",
    f"{VALUE_PATH}.osDisk.diskSettings",
    f"{VALUE_PATH}.securityProfile",
    f"{VALUE_PATH}.securityProfile.settings",
    f"{VALUE_PATH}.spotVMOptions",
    f"{VALUE_PATH}.userDataSecret",
    f"{VALUE_PATH}.tags",
)
_STRINGS = (
    "metadata.name",
    f"{VALUE_PATH}.location",
    f"{VALUE_PATH}.vmSize",
    f"{VALUE_PATH}.zone",
    f"{VALUE_PATH}.resourceGroup",
    f"{VALUE_PATH}.subnet",
    f"{VALUE_PATH}.vnet",
    f"{VALUE_PATH}.image.resourceID",
    f"{VALUE_PATH}.image.publisher",
    f"{VALUE_PATH}.osDisk.osType",
    f"{VALUE_PATH}.osDisk.managedDisk.storageAccountType",
    f"{VALUE_PATH}.securityProfile.settings.securityType",
    f"{VALUE_PATH}.userDataSecret.name",
)
_LISTS = ("spec.template.spec.taints", f"{VALUE_PATH}.dataDisks")
_STRING_MAPS = (
    "metadata.labels",
    "metadata.annotations",
    "spec.selector.matchLabels",
    "spec.template.metadata.labels",
    "spec.template.spec.metadata.labels",
)


def check_template(template: Document) -> None:
    """Raise InvalidInput naming every missing or misshapen field (with its path), or Unsupported (Windows, ...).

    Raises Refused for a set whose selector takes another set's machines.
    """
    name = name_of(template) or "without a name"
    if problems := [*_misshapen(template), *_missing(template)]:
        raise InvalidInput(
            f"MachineSet {name}: {'; '.join(problems)}",
            "correct it, or take a whole one from the cluster: `oc get machinesets.machine.openshift.io -o yaml`",
        )
    if reason := windows(template):
        raise Unsupported(
            f"MachineSet {name} makes Windows machines ({reason}), which have no ARM64 image",
            "choose a Linux worker MachineSet with --from",
        )
    if security_type(template) == "ConfidentialVM":
        raise Unsupported(
            f"MachineSet {name} makes confidential VMs, which are x86 only",
            f"take securityProfile and osDisk.managedDisk.securityProfile out of {VALUE_PATH}, and give that with -f",
        )
    _check_selector(template)


def _misshapen(template: Document) -> Iterator[str]:
    for path in _MAPS:
        value = at(template, path)
        if value is not None and not isinstance(value, Mapping):
            yield f"{path} must be a map, not a {kind_of(value)}{_tags_as_map(path, value)}"
    for path in _LISTS:
        value = at(template, path)
        if value is not None and not (isinstance(value, list) and all(isinstance(item, Mapping) for item in value)):
            yield f"{path} must be a list of maps, not a {kind_of(value)}"
    for path in _STRINGS:
        value = at(template, path)
        if value is not None and not isinstance(value, str):
            yield f'{path} must be a string, not a {kind_of(value)} (write "{value}")'
    for path in _STRING_MAPS:
        value = at(template, path)
        for key, entry in value.items() if isinstance(value, Mapping) else ():
            if not isinstance(entry, str):
                yield f'{path}["{key}"] must be a string, not a {kind_of(entry)} (write "{entry}")'


def _tags_as_map(path: str, value: Any) -> str:
    """The map form of tags written as a list of name and value, as the documentation of 4.2 showed them."""
    if not path.endswith(".tags") or not isinstance(value, list):
        return ""
    pairs = [
        f"{tag.get('name', tag.get('key', 'KEY'))}: {tag.get('value', 'VALUE')}"
        for tag in value
        if isinstance(tag, Mapping)
    ]
    return f": write tags: {{{', '.join(pairs) or 'KEY: VALUE'}}}"


def _missing(template: Document) -> Iterator[str]:
    paths = ["metadata.name", "spec.selector.matchLabels", "spec.template.metadata.labels"]
    paths += [f"{VALUE_PATH}.{field}" for field in _REQUIRED]
    for path in paths:
        if at(template, path) in (None, "", {}):
            yield f"{path} is missing"


def _check_selector(template: Document) -> None:
    name = name_of(template)
    selected = mapping(template, "spec.selector.matchLabels").get(SET_LABEL)
    labelled = mapping(template, "spec.template.metadata.labels").get(SET_LABEL)
    repair = f"set {SET_LABEL} to {name} in spec.selector.matchLabels and spec.template.metadata.labels"
    if selected is None:
        raise Refused(
            f"the selector of MachineSet {name} does not hold {SET_LABEL}, so it would take the clone's machines too",
            f"{repair} of a copy, and give that with -f",
        )
    if selected != name:
        raise Refused(
            f"the selector of MachineSet {name} does not match its own name: it selects the machines of {selected}",
            f"choose {selected} with --from, or make the set anew: {repair} (a selector cannot be changed in place)",
        )
    if labelled != selected or not selects(template, mapping(template, "spec.template.metadata.labels")):
        raise Refused(
            f"the selector of MachineSet {name} does not match the labels of its own template",
            f"{repair}, and give that with -f",
        )
