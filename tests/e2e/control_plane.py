"""A real kube-apiserver with OpenShift's CRDs, holding the same objects and users as a sandbox's world."""

from __future__ import annotations

import base64
import copy
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.e2e import golang
from tests.e2e.api import Api
from tests.e2e.serving import serving
from tests.sandbox.seeds.users import RULES
from tests.sandbox.world import World

_CRDS = (
    "config/v1/zz_generated.crd-manifests/0000_00_cluster-version-operator_01_clusteroperators.crd.yaml",
    "config/v1/zz_generated.crd-manifests/0000_00_cluster-version-operator_01_clusterversions-Default.crd.yaml",
    "config/v1/zz_generated.crd-manifests/0000_10_config-operator_01_infrastructures-Default.crd.yaml",
    "machine/v1beta1/zz_generated.crd-manifests/0000_10_machine-api_01_machines-Default.crd.yaml",
    "machine/v1beta1/zz_generated.crd-manifests/0000_10_machine-api_01_machinesets-Default.crd.yaml",
    "operator/v1/zz_generated.crd-manifests/0000_80_machine-config_01_machineconfigurations-Default.crd.yaml",
)
_CRD_API = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_SERVERS_OWN = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")


class ControlPlane:
    """Its folder holds NAME.kubeconfig for admin and each user of the sandbox's seeds."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._kubectl = programs / "kubectl"

    def kubeconfig(self, user: str) -> Path:
        return self._folder / f"{user}.kubeconfig"

    def api(self, user: str) -> Api:
        config = yaml.safe_load(self.kubeconfig(user).read_text())
        cluster = config["clusters"][0]["cluster"]
        ca = self._folder / "ca.pem"
        ca.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
        return Api(cluster["server"], ca, config["users"][0]["user"]["token"])

    def install(self, crds: Path) -> None:
        """The CRDs below the folder of the openshift/api module; returns when they are served."""
        self._run("apply", "--server-side", *(f"--filename={crds / name}" for name in _CRDS))
        self._run("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")

    def seed(self, world: World) -> None:
        """Every object of `world`, its status too, and the users' rules as ClusterRoles."""
        admin = self.api("admin")
        for (group_version, plural, namespace, name), stored in world.objects.items():
            _plant(admin, _collection(group_version, plural, namespace), name, stored)
        for user, rules in RULES.items():
            if user != "admin":
                grant(admin, user, rules)

    def _run(self, *arguments: str) -> None:
        environment = {"KUBECONFIG": str(self.kubeconfig("admin")), "HOME": str(self._folder), "PATH": os.defpath}
        subprocess.run([self._kubectl, *arguments], env=environment, check=True, timeout=120, capture_output=True)


def grant(admin: Api, user: str, rules: list[dict[str, Any]]) -> None:
    """A ClusterRole with `rules`, bound to `user`."""
    metadata = {"name": f"e2e-{user}"}
    subject = {"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "ClusterRole", "name": f"e2e-{user}", "apiGroup": "rbac.authorization.k8s.io"}
    for path, body in (
        ("clusterroles", {"metadata": metadata, "rules": rules}),
        ("clusterrolebindings", {"metadata": metadata, "roleRef": role, "subjects": [subject]}),
    ):
        answer = admin.create(f"{_RBAC}/{path}", body)
        assert answer.status == 201, answer.body


def _collection(group_version: str, plural: str, namespace: str) -> str:
    root = f"/apis/{group_version}" if "/" in group_version else f"/api/{group_version}"
    return f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"


def _plant(admin: Api, collection: str, name: str, stored: dict[str, Any]) -> None:
    """Create an object; its status is a request of its own, since a create drops it."""
    wanted = copy.deepcopy(stored)
    for key in _SERVERS_OWN:
        wanted["metadata"].pop(key, None)
    answer = admin.create(collection, wanted)
    if answer.status == 409:  # the server's own namespaces
        return
    assert answer.status == 201, (collection, name, answer.body)
    if wanted.get("status"):
        live = {**wanted, "metadata": answer.body["metadata"]}
        updated = admin.send("PUT", f"{collection}/{name}/status", live)
        assert updated.status == 200, (collection, name, updated.body)


@contextmanager
def control_plane(folder: Path, programs: Path, world: World) -> Iterator[ControlPlane]:
    """Up, seeded with `world`, until the block ends; `folder` must be empty."""
    users = ",".join(user for user in RULES if user != "admin")
    command = [str(programs / "apiserver"), "--dir", str(folder), "--users", users, "--exit-on-stdin-eof"]
    environment = {"HOME": str(folder), "PATH": os.defpath}
    with serving(command, r"^READY (\S+)", cwd=folder, env=environment):
        running = ControlPlane(folder, programs)
        running.install(golang.module_folder("github.com/openshift/api"))
        running.seed(world)
        yield running
