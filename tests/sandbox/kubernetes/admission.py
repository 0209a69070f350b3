"""What machine-api-operator's webhooks do to MachineSets on Azure: defaults on create, then validation.

Rules and sentences: openshift/machine-api-operator pkg/webhooks (machine_webhook.go, machineset_webhook.go). The
defaulting webhook reads the provider spec into a Go struct and writes it back: unknown fields and zero values that
Go omits are gone afterwards. It runs on create only. tests/e2e/test_admission.py holds all of this against the
webhooks themselves.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.sandbox.kubernetes.kinds import MACHINE_API, Kind
from tests.sandbox.kubernetes.objects import Object
from tests.sandbox.kubernetes.selection import at
from tests.sandbox.kubernetes.status import Refused
from tests.sandbox.kubernetes.typed import text
from tests.sandbox.world import World

DEFAULTING = "default.machineset.machine.openshift.io"
VALIDATING = "validation.machineset.machine.openshift.io"
SIZES = {"amd64": "Standard_D4s_V3", "arm64": "Standard_D4ps_V5"}
IMAGES = {  # azureopenshift:aro4:sku:version, generation 1 for amd64
    "amd64": ("aro_420", "9.6.20251015"),
    "arm64": ("420-arm", "9.6.20251015"),
}
IMAGE_KEYS = ("offer", "publisher", "resourceID", "sku", "version")
MAX_DISK_GB = 32768
# From here on Go also writes `osDisk.managedDisk.securityProfile.diskEncryptionSet: {}`, ...
DISK_SECURITY = (4, 17)
# ... and from here on `securityProfile.settings.securityType: ""`, but `metadata.creationTimestamp: null` no more.
NEWER_TYPES = (4, 21)

_GO_TYPES: dict[str, tuple[type, str]] = {
    "userDataSecret": (dict, "v1.SecretReference"),
    "credentialsSecret": (dict, "v1.SecretReference"),
    "location": (str, "string"),
    "vmSize": (str, "string"),
    "image": (dict, "v1beta1.Image"),
    "osDisk": (dict, "v1beta1.OSDisk"),
    "dataDisks": (list, "[]v1beta1.DataDisk"),
    "sshPublicKey": (str, "string"),
    "publicIP": (bool, "bool"),
    "tags": (dict, "map[string]string"),
    "securityGroup": (str, "string"),
    "applicationSecurityGroups": (list, "[]string"),
    "subnet": (str, "string"),
    "publicLoadBalancer": (str, "string"),
    "internalLoadBalancer": (str, "string"),
    "natRule": (int, "int64"),
    "managedIdentity": (str, "string"),
    "vnet": (str, "string"),
    "zone": (str, "string"),
    "networkResourceGroup": (str, "string"),
    "resourceGroup": (str, "string"),
    "spotVMOptions": (dict, "v1beta1.SpotVMOptions"),
    "securityProfile": (dict, "v1beta1.SecurityProfile"),
    "ultraSSDCapability": (str, "v1beta1.AzureUltraSSDCapabilityState"),
    "acceleratedNetworking": (bool, "bool"),
    "availabilitySet": (str, "string"),
    "diagnostics": (dict, "v1beta1.AzureDiagnostics"),
    "capacityReservationGroupID": (str, "string"),
}
_GROUP_VERSIONS = tuple(
    f"{group}/{version}"
    for group in ("machine.openshift.io", "azureproviderconfig.openshift.io")
    for version in ("v1beta1", "v1")
)
_TYPE_META = ("apiVersion", "kind", "metadata")
_KEPT_WHEN_ZERO = ("image", "osDisk", "publicIP", "subnet", "diagnostics", "metadata")
_POINTERS = ("userDataSecret", "credentialsSecret", "natRule", "spotVMOptions", "securityProfile")
_JSON_NAMES = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}

Value = dict[str, Any]


def is_judged(kind: Kind) -> bool:
    return kind.group == MACHINE_API and kind.kind == "MachineSet"


def default(world: World, machineset: Object) -> Object:
    """The MachineSet as the defaulting webhook writes it back; raises Refused."""
    value = _provider_spec(machineset, DEFAULTING)
    made = copy.deepcopy(machineset)
    made["spec"]["template"]["spec"]["providerSpec"]["value"] = _rewritten(_defaulted(world, value), _release(world))
    return made


def validate(world: World, machineset: Object, old: Object | None) -> list[str]:
    """The webhook's warnings; raises Refused with all that is wrong."""
    value = _provider_spec(machineset, VALIDATING)
    problems = [*_of_spec(machineset, old)]
    for rule in _RULES:
        problems.extend(rule(value))
    if problems:
        raise _denied(VALIDATING, problems)
    return [*_warnings(world, value)]


def _denied(webhook: str, problems: list[str]) -> Refused:
    listed = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
    return Refused(403, "Forbidden", f'admission webhook "{webhook}" denied the request: {listed}')


def _provider_spec(machineset: Object, webhook: str) -> Value:
    value = at(machineset, "spec.template.spec.providerSpec.value")
    if value is None:
        raise _denied(webhook, ["providerSpec.value: Required value: a value must be provided"])
    for name, (wanted, go_type) in _GO_TYPES.items():
        problem = _misfit(value.get(name), wanted, name, go_type)
        if problem:
            decoding = f"error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {problem}"
            raise _denied(webhook, [f"providerSpec.value: Invalid value: {text(value)}: {decoding}"])
    return {name: _read(name, each) for name, each in value.items()}


def _read(name: str, value: Any) -> Any:
    """sigs.k8s.io/yaml reads a number or a boolean as a string where Go wants one."""
    wanted = _GO_TYPES.get(name, (object, ""))[0]
    return text(value) if wanted is str and isinstance(value, bool | int | float) else value


def _misfit(value: Any, wanted: type, name: str, go_type: str) -> str:
    value = _read(name, value)
    if value is None or (isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))):
        return ""
    return f"{_JSON_NAMES[type(value)]} into Go struct field AzureMachineProviderSpec.{name} of type {go_type}"


def _defaulted(world: World, value: Value) -> Value:
    architecture = _control_plane_architecture(world)
    infra = _infrastructure_name(world)
    made = copy.deepcopy(value)
    made["vmSize"] = made.get("vmSize") or SIZES[architecture]
    if not made.get("vnet") and not made.get("subnet"):
        made |= {"vnet": f"{infra}-vnet", "subnet": f"{infra}-worker-subnet"}
    if not any((made.get("image") or {}).values()):
        sku, version = IMAGES[architecture]
        made["image"] = {"publisher": "azureopenshift", "offer": "aro4", "sku": sku, "version": version}
    user_data, credentials = made.get("userDataSecret") or {}, made.get("credentialsSecret") or {}
    made["userDataSecret"] = {**user_data, "name": user_data.get("name") or "worker-user-data"}
    made["credentialsSecret"] = {
        "name": credentials.get("name") or "azure-cloud-credentials",
        "namespace": credentials.get("namespace") or "openshift-machine-api",
    }
    return made


def _rewritten(value: Value, release: tuple[int, ...]) -> Value:
    """What is left after Go's decoding and encoding, by the types of `release`."""
    made = {name: value[name] for name in (*_TYPE_META, *_GO_TYPES) if name in value and _survives(name, value[name])}
    image = value.get("image") or {}
    made["image"] = {key: image.get(key) or "" for key in IMAGE_KEYS} | (
        {"type": image["type"]} if image.get("type") else {}
    )
    made["metadata"] = _rewritten_metadata(made.get("metadata") or {}, release)
    made["diagnostics"] = made.get("diagnostics") or {}
    made["osDisk"] = _rewritten_disk(made.get("osDisk") or {}, release)
    if "securityProfile" in made:
        made["securityProfile"] = _rewritten_security(made["securityProfile"], release)
    made["publicIP"] = bool(made.get("publicIP"))
    made["subnet"] = made.get("subnet") or ""
    return made


def _rewritten_metadata(metadata: Value, release: tuple[int, ...]) -> Value:
    written = {key: each for key, each in metadata.items() if each}
    return written if release >= NEWER_TYPES else {"creationTimestamp": None} | written


def _rewritten_disk(disk: Value, release: tuple[int, ...]) -> Value:
    managed: Value = {"storageAccountType": ""} | _known(disk.get("managedDisk"), "storageAccountType", *_DISK_PARTS)
    if release >= DISK_SECURITY:
        profile = _known(managed.get("securityProfile"), "diskEncryptionSet", "securityEncryptionType")
        managed["securityProfile"] = {"diskEncryptionSet": {}} | _nonzero(profile)
    made = {"diskSizeGB": disk.get("diskSizeGB") or 0, "managedDisk": managed, "osType": disk.get("osType") or ""}
    made["diskSettings"] = _nonzero(_known(disk.get("diskSettings"), "ephemeralStorageLocation"))
    return made | _nonzero(_known(disk, "cachingType"))


def _rewritten_security(profile: Value, release: tuple[int, ...]) -> Value:
    settings = _nonzero(profile.get("settings") or {})
    if release >= NEWER_TYPES:
        settings = {"securityType": ""} | settings
    return _known(profile, "encryptionAtHost") | {"settings": settings}


_DISK_PARTS = ("diskEncryptionSet", "securityProfile")


def _known(value: Value | None, *names: str) -> Value:
    """The members that Go's type has, null ones left out."""
    return {name: value[name] for name in names if value and value.get(name) is not None}


def _nonzero(value: Value) -> Value:
    return {name: each for name, each in value.items() if each}


def _survives(name: str, value: Any) -> bool:
    if name in _POINTERS:
        return value is not None
    return name in _KEPT_WHEN_ZERO or bool(value)


def _release(world: World) -> tuple[int, ...]:
    """(4, 18), as the cluster's version says."""
    cluster_version = world.objects.get(("config.openshift.io/v1", "clusterversions", "", "version"), {})
    version = str(at(cluster_version, "status.desired.version") or "4.18")
    return tuple(int(part) for part in version.split(".")[:2])


def _control_plane_architecture(world: World) -> str:
    for (_, plural, _, _), each in list(world.objects.items()):
        if plural == "nodes" and "node-role.kubernetes.io/master" in each["metadata"].get("labels", {}):
            return str(each["status"]["nodeInfo"]["architecture"])
    return "amd64"


def _infrastructure_name(world: World) -> str:
    infrastructure = world.objects.get(("config.openshift.io/v1", "infrastructures", "", "cluster"), {})
    return str(at(infrastructure, "status.infrastructureName") or "")


def _of_spec(machineset: Object, old: Object | None) -> Iterator[str]:
    selector = at(machineset, "spec.selector") or {}
    labels = at(machineset, "spec.template.metadata.labels") or {}
    if old is not None and text(selector) != text(at(old, "spec.selector") or {}):
        yield "spec.selector: Forbidden: selector is immutable"
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(name) != value for name, value in wanted.items()):
        yield (
            f"spec.template.metadata.labels: Invalid value: {text(labels)}: `selector` does not match template `labels`"
        )


def _of_size(value: Value) -> Iterator[str]:
    if not value.get("vmSize"):
        yield "providerSpec.vmSize: Required value: vmSize should be set to one of the supported Azure VM sizes"


def _of_network(value: Value) -> Iterator[str]:
    if value.get("vnet") and not value.get("subnet"):
        yield "providerSpec.subnet: Required value: must provide a subnet when a virtual network is specified"
    if value.get("subnet") and not value.get("vnet"):
        yield "providerSpec.vnet: Required value: must provide a virtual network when supplying subnets"


def _of_image(value: Value) -> Iterator[str]:
    image = {key: each for key, each in (value.get("image") or {}).items() if each}
    if not image:
        yield "providerSpec.image: Required value: an image reference must be provided"
    elif image.get("resourceID"):
        if set(image) != {"resourceID"}:
            yield (
                "providerSpec.image.resourceID: Required value: resourceID is already specified, "
                "other fields such as [Offer, Publisher, SKU, Version] should not be set"
            )
    else:
        for key, go_name in (("offer", "Offer"), ("publisher", "Publisher"), ("sku", "SKU"), ("version", "Version")):
            if key not in image:
                yield f"providerSpec.image.{go_name}: Required value: {go_name} must be provided"


def _of_secrets(value: Value) -> Iterator[str]:
    for secret, keys in (("userDataSecret", ("name",)), ("credentialsSecret", ("namespace", "name"))):
        if value.get(secret) is None:
            yield f"providerSpec.{secret}: Required value: {secret} must be provided"
            continue
        for key in keys:
            if not value[secret].get(key):
                yield f"providerSpec.{secret}.{key}: Required value: {key} must be provided"


def _of_os_disk(value: Value) -> Iterator[str]:
    disk = value.get("osDisk") or {}
    size, caching = disk.get("diskSizeGB") or 0, disk.get("cachingType") or ""
    location = (disk.get("diskSettings") or {}).get("ephemeralStorageLocation") or ""
    at_disk = "providerSpec.osDisk"
    if not 0 < size < MAX_DISK_GB:
        yield f"{at_disk}.diskSizeGB: Invalid value: {size}: diskSizeGB must be greater than zero and less than 32768"
    if location not in ("", "Local"):
        yield (
            f'{at_disk}.diskSettings.ephemeralStorageLocation: Invalid value: "{location}": '
            "osDisk.diskSettings.ephemeralStorageLocation can either be omitted or set to Local"
        )
    if caching not in ("", "None", "ReadOnly", "ReadWrite"):
        allowed = "osDisk.cachingType can be only None, ReadOnly, ReadWrite or omitted"
        yield f'{at_disk}.cachingType: Invalid value: "{caching}": {allowed}'
    if location == "Local" and caching != "ReadOnly":
        only = "Instances using an ephemeral OS disk support only Readonly caching"
        yield f'{at_disk}.cachingType: Invalid value: "{caching}": {only}'


def _of_ultra_disks(value: Value) -> Iterator[str]:
    capability = value.get("ultraSSDCapability") or ""
    if capability not in ("", "Enabled", "Disabled"):
        allowed = "ultraSSDCapability can be only Enabled, Disabled or omitted"
        yield f'providerSpec.ultraSSDCapability: Invalid value: "{capability}": {allowed}'


_RULES: tuple[Callable[[Value], Iterator[str]], ...] = (
    _of_size,
    _of_network,
    _of_image,
    _of_secrets,
    _of_os_disk,
    _of_ultra_disks,
)


def _warnings(world: World, value: Value) -> Iterator[str]:
    for name in value:
        if name not in _GO_TYPES and name not in _TYPE_META:
            yield f'providerSpec.value: Unsupported value: "{name}": Unknown field ({name}) will be ignored'
    group_version, kind = value.get("apiVersion") or "", value.get("kind") or ""
    if kind != "AzureMachineProviderSpec" or group_version not in _GROUP_VERSIONS:
        shown = f"{group_version or '/'}, Kind={kind}"
        yield f"incorrect GroupVersionKind for AzureMachineProviderSpec object: {shown}"
    credentials = value["credentialsSecret"]
    if ("v1", "secrets", credentials["namespace"], credentials["name"]) not in world.objects:
        yield (
            f'providerSpec.credentialsSecret: Invalid value: "{credentials["name"]}": '
            "not found. Expected CredentialsSecret to exist"
        )
    if world.cloud.name == "AzureUSGovernmentCloud" and value.get("spotVMOptions") is not None:
        yield "spot VMs may not be supported when using GovCloud region"
