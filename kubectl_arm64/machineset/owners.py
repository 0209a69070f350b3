"""Who owns a MachineSet besides its author, and the marks by which an owner finds (and prunes) what is its own.

Sources: openshift/hive (machinepool controller), Argo CD (resource tracking), Helm, Flux
(kustomize and helm controllers).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kubectl_arm64.cluster import Document
from kubectl_arm64.machineset.template import mapping

INSTANCE = "app.kubernetes.io/instance"
MANAGED_BY = "app.kubernetes.io/managed-by"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True)
class Owner:
    """Something that makes MachineSets. `way`: how a clone comes under its care."""

    name: str
    prefixes: tuple[str, ...]
    way: str
    keys: tuple[str, ...] = ()

    def marks(self, key: str) -> bool:
        return key in self.keys or key.startswith(self.prefixes)


OWNERS = (
    Owner("Hive", ("hive.openshift.io/",), "a MachinePool on the hub is the managed way"),
    Owner("Argo CD", ("argocd.argoproj.io/",), "commit the clone to its Git repository instead", (INSTANCE,)),
    Owner("Helm", ("helm.sh/", "meta.helm.sh/"), "add the clone to the chart instead"),
    Owner(
        "Flux",
        ("kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/"),
        "commit the clone to its Git repository instead",
    ),
)


def is_mark(key: str) -> bool:
    """Whether a label or annotation is an owner's, or kubectl's copy of the source."""
    return key in (INSTANCE, MANAGED_BY, LAST_APPLIED) or any(owner.marks(key) for owner in OWNERS)


def owners_of(template: Document) -> Iterator[Owner]:
    """The owners whose marks a MachineSet carries."""
    marks = {**mapping(template, "metadata.labels"), **mapping(template, "metadata.annotations")}
    for owner in OWNERS:
        if any(owner.marks(key) for key in marks) or marks.get(MANAGED_BY) == owner.name:
            yield owner
