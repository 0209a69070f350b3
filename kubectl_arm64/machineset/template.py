"""A MachineSet as somebody wrote it: reading it, and what it must have before it can be cloned."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from kubectl_arm64.cluster import Document
from kubectl_arm64.errors import InvalidInput, Refused, Unsupported

API_VERSION = "machine.openshift.io/v1beta1"
SET_LABEL = "machine.openshift.io/cluster-api-machineset"
OS_LABEL = "machine.openshift.io/os-id"
VALUE_PATH = "spec.template.spec.providerSpec.value"

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


def at(document: Document, path: str) -> Any:
    """The value at a dotted path, None where there is none."""
    value: Any = document
    for key in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def mapping(document: Document, path: str) -> Mapping[str, Any]:
    """The map at a dotted path; empty where there is none or null."""
    return at(document, path) or {}


def name_of(document: Document) -> str:
    """`metadata.name`, "" when it has none."""
    return str(at(document, "metadata.name") or "")


def provider_spec(document: Document) -> Mapping[str, Any]:
    """`spec.template.spec.providerSpec.value`: an AzureMachineProviderSpec."""
    return mapping(document, VALUE_PATH)


def zone_of(document: Document) -> str:
    """The zone of its machines, "" in a region without zones."""
    return str(provider_spec(document).get("zone") or "")


def location_of(document: Document) -> str:
    """The Azure region of its machines, in Azure's short spelling."""
    return str(provider_spec(document).get("location") or "").replace(" ", "").lower()


def parse_templates(text: str, where: str) -> list[Document]:
    """The MachineSets of a YAML or JSON text: one, several documents, or a List. `where` names it in errors.

    Raises InvalidInput: broken YAML, another kind (the Cluster API's MachineSet too), nothing in it.
    """
    found = [item for document in _documents(text, where) if document is not None for item in _items(document, where)]
    if not found:
        raise InvalidInput(f"{where} holds no MachineSet", "`oc get machinesets.machine.openshift.io NAME -o yaml`")
    return found


def _documents(text: str, where: str) -> list[Any]:
    if text.lstrip().startswith("{"):
        try:
            return [json.loads(text)]  # JSON may be indented with tabs, YAML may not
        except ValueError:
            pass
    try:
        # Through JSON, as the API server takes it: keys become text, what JSON has not is an error.
        return [json.loads(json.dumps(document)) for document in yaml.load_all(text, Loader=_Loader)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at_line = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InvalidInput(
            f"{where} is not YAML{at_line}: {error.problem or error.context}", "correct that line"
        ) from error
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{where} is not YAML: {error}", "give a MachineSet as YAML or JSON") from error


class _Loader(yaml.SafeLoader):
    """YAML whose timestamps and `=` stay text, as in JSON."""


_NOT_IN_JSON = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _NOT_IN_JSON]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _items(document: Any, where: str) -> Iterator[Document]:
    if not isinstance(document, Mapping):
        raise InvalidInput(f"{where} holds a {_kind_of(document)} where a MachineSet is expected", _WANTED)
    kind, version = document.get("kind"), str(document.get("apiVersion", ""))
    if kind in ("List", "MachineSetList"):
        items = document.get("items")
        if not isinstance(items, list):
            raise InvalidInput(f"{where}: items of the {kind} must be a list, not a {_kind_of(items)}", _WANTED)
        for item in items:
            yield from _items(item, where)
        return
    if kind == "MachineSet" and version.startswith("cluster.x-k8s.io/"):
        raise InvalidInput(
            f"{where} holds a MachineSet of the Cluster API ({version}), which this command does not clone",
            f"give one of {API_VERSION}: `oc get machinesets.machine.openshift.io -n openshift-machine-api`",
        )
    if kind != "MachineSet" or version != API_VERSION:
        what = f"{kind or 'an object without kind'} ({version or 'no apiVersion'})"
        raise InvalidInput(f"{where} holds {what} where a MachineSet is expected", _WANTED)
    yield document


_WANTED = f"give a MachineSet of {API_VERSION}"


def _kind_of(value: Any) -> str:
    names = {dict: "map", list: "list", str: "string", bool: "boolean", int: "number", float: "number"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


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
            yield f"{path} must be a map, not a {_kind_of(value)}{_tags_as_map(path, value)}"
    for path in _LISTS:
        value = at(template, path)
        if value is not None and not (isinstance(value, list) and all(isinstance(item, Mapping) for item in value)):
            yield f"{path} must be a list of maps, not a {_kind_of(value)}"
    for path in _STRINGS:
        value = at(template, path)
        if value is not None and not isinstance(value, str):
            yield f'{path} must be a string, not a {_kind_of(value)} (write "{value}")'
    for path in _STRING_MAPS:
        value = at(template, path)
        for key, entry in value.items() if isinstance(value, Mapping) else ():
            if not isinstance(entry, str):
                yield f'{path}["{key}"] must be a string, not a {_kind_of(entry)} (write "{entry}")'


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


def windows(template: Document) -> str:
    """What says that its machines run Windows, "" when nothing does."""
    spec = provider_spec(template)
    if str(at(spec, "osDisk.osType") or "").lower() == "windows":
        return "osDisk.osType Windows"
    labels = (mapping(template, "spec.template.metadata.labels"), mapping(template, "metadata.labels"))
    if any(str(each.get(OS_LABEL, "")).lower() == "windows" for each in labels):
        return f"label {OS_LABEL}"
    if str(at(spec, "image.publisher") or "").lower() == "microsoftwindowsserver":
        return "image publisher MicrosoftWindowsServer"
    return ""


def security_type(template: Document) -> str:
    """ "", TrustedLaunch or ConfidentialVM; a disk encrypted for a confidential VM says the latter too."""
    spec = provider_spec(template)
    if at(spec, "osDisk.managedDisk.securityProfile.securityEncryptionType"):
        return "ConfidentialVM"
    return str(at(spec, "securityProfile.settings.securityType") or "")


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


def selects(machineset: Document, labels: Mapping[str, Any]) -> bool:
    """Whether the set's selector takes machines with these labels."""
    wanted = mapping(machineset, "spec.selector.matchLabels")
    expressions: Sequence[Mapping[str, Any]] = at(machineset, "spec.selector.matchExpressions") or ()
    if not wanted and not expressions:
        return False  # the API refuses an empty selector
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(expression, labels) for expression in expressions
    )


def _holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, values = expression.get("key"), expression.get("values") or ()
    match expression.get("operator"):
        case "In":
            return labels.get(str(key)) in values
        case "NotIn":
            return labels.get(str(key)) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False
