"""What must hold before anything is published or applied. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kubectl_arm64.cluster.documents import minor_release
from kubectl_arm64.cluster.reading import KNOWN_CLOUDS, ClusterFacts
from kubectl_arm64.errors import Denied, Unsupported, UsageError
from kubectl_arm64.stream import Architecture


@dataclass(frozen=True)
class _Told:
    """Where the cluster tells a fact, and the flag that replaces it."""

    path: str
    flag: str
    documents: tuple[str, ...]  # fields of Documents


_REQUIRED = {
    "infra_name": _Told("status.infrastructureName of infrastructure/cluster", "--infra-name", ("infrastructure",)),
    "resource_group": _Told(
        "status.platformStatus.azure.resourceGroupName of infrastructure/cluster",
        "--resource-group",
        ("infrastructure",),
    ),
    "location": _Told(
        "the location of a worker MachineSet or the region label of a node", "--location", ("machinesets", "nodes")
    ),
    "subscription": _Told(
        "subscriptionId of openshift-config/cloud-provider-config or the providerID of a node",
        "--subscription",
        ("cloud_provider_config", "nodes"),
    ),
}


_ANY_CONTROL_PLANE = (4, 16)  # from here on the documentation takes control planes of either architecture


def require(facts: ClusterFacts, *fields: str) -> None:
    """Raise UsageError for those of infra_name, resource_group, location and subscription that are empty.

    One error names them all: where the cluster should tell each, the flag that replaces it, and the server's
    sentence where reading was denied.
    """
    missing = [_REQUIRED[name] for name in fields if not getattr(facts, name)]
    if not missing:
        return
    denied = {facts.denied[name] for told in missing for name in told.documents if name in facts.denied}
    reasons = f" ({'; '.join(sorted(denied))})" if denied else ""
    raise UsageError(
        f"the cluster does not tell {_listed(told.path for told in missing)}{reasons}",
        f"give {_listed(told.flag for told in missing)}",
    )


def check_bootimage_preconditions(facts: ClusterFacts, architecture: Architecture = Architecture.AARCH64) -> list[str]:
    """Warnings for `bootimage` (a payload that is not Multi, what the documentation excludes, what was not checked).

    Raises Unsupported: not Azure, ARO, HyperShift, Azure Stack.
    """
    _check_place(facts)
    return [*_unseen(facts), *_doubts(facts, architecture)]


def _doubts(facts: ClusterFacts, architecture: Architecture) -> list[str]:
    """What speaks against machines of that architecture, where nothing is applied yet."""
    if _is_homogeneous(facts, architecture):
        return []
    warnings = []
    if excluded := _excluded(facts):
        warnings.append(str(excluded))
    if _one_architecture(facts):
        warnings.append(str(_not_multi(facts, architecture)))
    elif facts.multi_payload is None:
        warnings.append(f"{_payload_unknown(facts)}; {_ASK_PAYLOAD}")
    return warnings


def check_machineset_preconditions(
    facts: ClusterFacts,
    *,
    apply: bool,
    yes: bool,
    architecture: Architecture = Architecture.AARCH64,
) -> list[str]:
    """Warnings for `machineset`; the same refusals, and with `apply` a payload that is not Multi.

    With `apply`, Unsupported too for what the documentation excludes, and UsageError for what only `yes` answers.
    """
    _check_place(facts)
    unseen = [*_unseen(facts), *_unseen_management(facts)]
    if not apply:
        return [*unseen, *_doubts(facts, architecture)]
    return [*unseen, *_doubts_of_applying(facts, architecture, yes=yes)]


def _doubts_of_applying(facts: ClusterFacts, architecture: Architecture, *, yes: bool) -> list[str]:
    """What of the doubts is no refusal. Raises Unsupported, and UsageError for what only `yes` answers."""
    if _is_homogeneous(facts, architecture):
        return []
    if excluded := _excluded(facts):
        raise excluded
    warnings = []
    if _one_architecture(facts):
        raise _not_multi(facts, architecture)
    if facts.multi_payload is None:
        if not yes:
            raise UsageError(_payload_unknown(facts), f"{_ASK_PAYLOAD}; if it does, add --yes")
        warnings.append(f"{_payload_unknown(facts)}; {_ASK_PAYLOAD}")
    if unsure := _perhaps_user_provisioned(facts):
        if not yes:
            raise unsure
        warnings.append(str(unsure.what))
    return warnings


def _unseen(facts: ClusterFacts) -> Iterator[str]:
    """What was not checked because the cluster denies a read; each names the server's sentence."""
    if (why := facts.denied.get("nodes")) and not facts.control_plane_architectures and _limits_control_planes(facts):
        yield f"not checked that the control plane is one beside which the documentation allows ARM64 machines: {why}"
    if (why := facts.denied.get("cloud_provider_config")) and not facts.tenant:
        yield f"the cluster's tenant is not known, so that sign-in to Azure is to the credentials' own: {why}"


def _unseen_management(facts: ClusterFacts) -> Iterator[str]:
    if why := facts.denied.get("machine_configuration"):
        yield f"not checked whether the Machine Config Operator manages the boot image of the MachineSet: {why}"


def _limits_control_planes(facts: ClusterFacts) -> bool:
    release = minor_release(facts.version)
    return release is None or release < _ANY_CONTROL_PLANE


def _check_place(facts: ClusterFacts) -> None:
    """Raise Unsupported where no gallery image can ever boot."""
    if not facts.platform:
        if sentence := facts.denied.get("infrastructure"):
            raise Denied(
                f"the cluster does not let its Infrastructure be read: {sentence}",
                "sign in as somebody who may (the role cluster-reader), or work without a cluster by "
                "--stream-file and the flags that name the place",
            )
        raise Unsupported(
            "this is not an OpenShift cluster: it has no infrastructure/cluster with a platform",
            "name the context of one with --context",
        )
    if facts.platform.lower() != "azure":
        raise Unsupported(
            f"the cluster's platform is {facts.platform}, not Azure", "this tool is for OpenShift on Azure"
        )
    if facts.aro:
        raise Unsupported(
            "this is Azure Red Hat OpenShift (ARO), which does not take gallery images",
            "it boots only the Marketplace images azureopenshift/aro4, and does not support ARM sizes yet",
        )
    if facts.hosted:
        raise Unsupported(
            "the cluster's control plane is hosted (HyperShift): its workers are NodePools, not MachineSets",
            "create a NodePool with `arch: arm64` on the management cluster; it boots a Marketplace image",
        )
    if facts.azure_stack:
        raise Unsupported("the cluster runs on Azure Stack Hub, which has no ARM64 sizes", "only Azure itself has them")
    if facts.cloud not in KNOWN_CLOUDS:
        raise Unsupported(
            f"the cluster's cloud {facts.cloud} is unknown", "this tool knows Azure, US Government and China"
        )


def _excluded(facts: ClusterFacts) -> Unsupported | None:
    """What the documentation excludes, "About clusters with multi-architecture compute machines".

    4.11 is the first release that has them on Azure. Up to 4.15: "only on ... Azure installer-provisioned
    infrastructures ... with 64-bit x86 control plane machines". From 4.16 on: control plane and compute machines of
    aarch64 or x86_64, so that x86_64 workers may join an arm64 control plane too.
    """
    release = minor_release(facts.version)
    if release is None:
        return None
    if release < (4, 11):
        return Unsupported(
            f"OpenShift {facts.version} cannot have compute machines of two architectures on Azure",
            "4.11 is the first release that can",
        )
    others = sorted(facts.control_plane_architectures - {"amd64"})
    if release < _ANY_CONTROL_PLANE and others:
        return Unsupported(
            f"OpenShift {facts.version} has a control plane of {', '.join(others)}: up to 4.15 the documentation "
            "allows compute machines of two architectures with an x86_64 control plane only",
            "update to 4.16",
        )
    return None


def _perhaps_user_provisioned(facts: ClusterFacts) -> UsageError | None:
    """Up to 4.15 the documentation excludes user-provisioned infrastructure; no MachineSet at all is its only sign."""
    release = minor_release(facts.version)
    if release is None or release >= (4, 16) or facts.machinesets != 0:
        return None
    return UsageError(
        "the cluster has no MachineSet: it seems to be user-provisioned, which the documentation up to 4.15 excludes",
        "if openshift-install made its machines, add --yes",
    )


def _is_homogeneous(facts: ClusterFacts, architecture: Architecture) -> bool:
    """Machines of the control plane's own architecture, on a payload for one: nothing in it is multi-architecture."""
    return facts.multi_payload is not True and facts.control_plane_architectures == {architecture.kubernetes}


def _one_architecture(facts: ClusterFacts) -> bool:
    """Whether the payload is for one architecture; OKD's is, where the cluster does not tell it either."""
    return facts.multi_payload is False or (facts.okd and facts.multi_payload is None)


_ASK_PAYLOAD = "`oc adm release info -o jsonpath='{.metadata.metadata}'` must tell `multi`"


def _payload_unknown(facts: ClusterFacts) -> str:
    return f"{_cluster(facts)} does not tell whether its release payload is the multi-architecture one"


def _not_multi(facts: ClusterFacts, architecture: Architecture) -> Unsupported:
    only = f"{facts.payload_architecture} only" if facts.payload_architecture else "for one architecture only"
    what = f"the payload of {facts.version or 'the cluster'} is {only}: {architecture.kubernetes} nodes cannot run it"
    if facts.okd:
        return Unsupported(what, "OKD publishes no multi payload")
    return Unsupported(
        what,
        "move to the multi payload of the same version first: `oc adm upgrade --to-multi-arch` "
        "(it cannot be joined with --to or --to-latest)",
    )


def opt_out_price(facts: ClusterFacts) -> str:
    """What opting a MachineSet out of managed boot images costs on this cluster; "" when nothing.

    The Machine Config Operator counts a set that it skips as being as old as the installation, and makes the cluster
    not upgradeable below 4.13.0 (machine-config-operator, boot image skew enforcement).
    """
    first = minor_release(facts.initial_version)
    if facts.managed_boot_images.mode == "None" or first is None or first >= (4, 13):
        return ""
    return (
        f"the cluster was installed with {facts.initial_version}, below the boot image limit 4.13.0: a MachineSet that "
        "is opted out of managed boot images makes the cluster not upgradeable (Upgradeable=False)"
    )


def _cluster(facts: ClusterFacts) -> str:
    return f"OpenShift {facts.version}" if facts.version else "the cluster"


def _listed(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
