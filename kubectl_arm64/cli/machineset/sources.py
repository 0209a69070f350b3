"""Which MachineSets are cloned, and what the cluster tells about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kubectl_arm64 import cluster as openshift
from kubectl_arm64.cli import target
from kubectl_arm64.cli.machineset.flags import MachinesetFlags
from kubectl_arm64.cli.machineset.ports import Cluster, Ports
from kubectl_arm64.cli.options import ImageFlags
from kubectl_arm64.cluster import ClusterFacts, Document, Documents
from kubectl_arm64.errors import Denied, InvalidInput, NotFound, Refused, Unsupported
from kubectl_arm64.machineset import (
    API_VERSION,
    CLUSTER_LABEL,
    check_template,
    clusters_of,
    default_template,
    name_of,
    parse_templates,
    provider_spec,
    user_data_problem,
)


@dataclass(frozen=True)
class Situation:
    """What the cluster tells; all empty where no cluster was asked."""

    cluster: Cluster | None = None
    documents: Documents = field(default_factory=Documents)
    facts: ClusterFacts = field(default_factory=ClusterFacts)

    @property
    def live(self) -> dict[str, Document]:
        """Its MachineSets by name; items of a list need not tell their kind, so it is added."""
        kind = {"apiVersion": API_VERSION, "kind": "MachineSet"}
        return {name_of(each): {**kind, **each} for each in self.documents.machinesets or ()}

    @property
    def aro(self) -> bool | None:
        return self.facts.aro if self.cluster else None


def look(image: ImageFlags, flags: MachinesetFlags, ports: Ports) -> tuple[Situation, list[str]]:
    """Read the cluster, and its warnings; nothing where file and flags say all that it could."""
    wishes = target.wishes(image)
    image_known = bool(flags.image or (image.stream_file and wishes.stand_alone))
    azure_known = bool(flags.stands_alone or wishes.subscription)
    if flags.file and image_known and azure_known and not (flags.apply or flags.diff):
        return Situation(), []
    cluster = ports.cluster()
    documents = cluster.read_documents()
    facts = openshift.facts(documents)
    warnings = openshift.check_machineset_preconditions(facts, apply=flags.apply, yes=image.yes)
    return Situation(cluster, documents, facts), warnings


def from_file(path: str, ports: Ports, namespace: str) -> list[Document]:
    """The MachineSets of --filename. Raises InvalidInput."""
    where = target.STANDARD_INPUT if path == "-" else path
    found = parse_templates(ports.read_text(path), where)
    for each in found:
        check_template(each)
        theirs = each["metadata"].get("namespace")
        if theirs not in (None, namespace):
            raise InvalidInput(
                f"MachineSet {name_of(each)} of {where} is in namespace {theirs}, not in {namespace}",
                f"give --namespace {theirs}",
            )
    return found


def from_cluster(flags: MachinesetFlags, situation: Situation, namespace: str) -> Document:
    """The MachineSet of --from, else the default one. Raises NotFound, Denied, or what `check_template` raises."""
    if why := situation.documents.denied.get("machinesets"):
        raise Denied(why, "ask for the right to list them, or give a source with -f")
    live = situation.live
    if not flags.source and not live:
        raise NotFound(
            f"there is no MachineSet in namespace {namespace}", "give another --namespace, or a source with -f"
        )
    if not flags.source:
        return default_template(list(live.values()), flags.zone or None)
    if flags.source not in live:
        raise NotFound(
            f"there is no MachineSet {flags.source} in {namespace}", f"there are: {', '.join(sorted(live)) or 'none'}"
        )
    check_template(live[flags.source])
    return live[flags.source]


def check_cluster(sources: Sequence[Document], infra_name: str, *, refuse: bool) -> list[str]:
    """Warnings about sources of another cluster than `infra_name` ("": not known). Raises Refused with `refuse`."""
    warnings = []
    for source in sources:
        others = sorted(clusters_of(source) - {infra_name}) if infra_name else []
        if not others:
            continue
        problem = (
            f"MachineSet {name_of(source)} is of cluster {', '.join(others)} (label {CLUSTER_LABEL}), and this cluster "
            f"is {infra_name}"
        )
        if refuse:
            raise Refused(problem, "give a MachineSet of this cluster, or go on with --force")
        warnings.append(problem)
    return warnings


def check_user_data(sources: Sequence[Document], cluster: Cluster, *, force: bool) -> list[str]:
    """Warnings about the Secrets that the machines boot with. Raises Unsupported for an Ignition stub of spec 2."""
    warnings = []
    for secret in sorted({str(provider_spec(source)["userDataSecret"].get("name", "")) for source in sources}):
        user_data = cluster.read_user_data(secret)
        if user_data is None:
            warnings.append(
                f"not checked that Secret {secret}, which the machines boot with, fits ARM64: "
                "it does not exist, or may not be read"
            )
            continue
        problem, fatal = user_data_problem(user_data, secret)
        if fatal and not force:
            raise Unsupported(
                problem,
                f"let the Machine Config Operator upgrade it (managed boot images do), take {secret}-managed as "
                "userDataSecret of a source given with -f, or go on with --force",
            )
        if problem:
            warnings.append(problem)
    return warnings
