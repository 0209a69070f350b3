"""MachineSets, Machines and Nodes, as openshift-install makes them on Azure."""

from __future__ import annotations

from typing import Any

from tests.sandbox.seeds.spec import Cluster

NAMESPACE = "openshift-machine-api"
API = "machine.openshift.io"
SIZES = {  # vCPU, memory in MiB
    "Standard_D4s_v3": ("4", "16384"),
    "Standard_D8s_v3": ("8", "32768"),
    "Standard_D4ps_v5": ("4", "16384"),
    "Standard_D8ps_v5": ("8", "32768"),
}
Object = dict[str, Any]


def machines(cluster: Cluster) -> list[Object]:
    """Three control plane machines, the worker MachineSets with one machine each, and all their nodes."""
    sets = [machineset(cluster, "worker", zone) for zone in cluster.zones]
    if cluster.infra_machineset:
        sets.append(_infra_machineset(cluster))
    members = [_control_plane_machine(cluster, number) for number in range(3)]
    members += [_member(cluster, owner) for owner in sets if owner["spec"]["replicas"]]
    return [*sets, *members, *(_node(cluster, machine) for machine in members)]


def machineset(cluster: Cluster, role: str, zone: str) -> Object:
    """`<infra>-<role>-<location><zone>` with one replica, up and running."""
    name = f"{cluster.infra}-{role}-{cluster.location}{zone}"
    vcpu, memory = SIZES[cluster.worker_size]
    labels = _role_labels(cluster, role)
    own = {f"{API}/cluster-api-cluster": cluster.infra, f"{API}/cluster-api-machineset": name}
    return {
        "apiVersion": f"{API}/v1beta1",
        "kind": "MachineSet",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": labels,
            "annotations": {
                "capacity.cluster-autoscaler.kubernetes.io/labels": f"kubernetes.io/arch={cluster.worker_arch}",
                f"{API}/GPU": "0",
                f"{API}/memoryMb": memory,
                f"{API}/vCPU": vcpu,
            },
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": own},
            "template": {
                "metadata": {"labels": labels | own},
                "spec": {
                    "lifecycleHooks": {},
                    "metadata": {},
                    "providerSpec": {"value": provider_spec(cluster, cluster.worker_size, zone)},
                },
            },
        },
        "status": {
            "availableReplicas": 1,
            "fullyLabeledReplicas": 1,
            "observedGeneration": 1,
            "readyReplicas": 1,
            "replicas": 1,
        },
    }


def provider_spec(cluster: Cluster, size: str, zone: str, role: str = "worker") -> Object:
    return {
        "acceleratedNetworking": True,
        "apiVersion": f"{API}/v1beta1",
        "credentialsSecret": {"name": "azure-cloud-credentials", "namespace": NAMESPACE},
        "diagnostics": {},
        "image": {"offer": "", "publisher": "", "resourceID": cluster.image, "sku": "", "version": ""},
        "kind": "AzureMachineProviderSpec",
        "location": cluster.location,
        "managedIdentity": f"{cluster.infra}-identity",
        "metadata": {"creationTimestamp": None},
        "networkResourceGroup": cluster.network,
        "osDisk": {
            "diskSettings": {},
            "diskSizeGB": 128,
            "managedDisk": _managed_disk(cluster),
            "osType": "Linux",
        },
        "publicIP": False,
        "publicLoadBalancer": "" if cluster.private else cluster.infra,
        "resourceGroup": cluster.group,
        "subnet": f"{cluster.infra}-{role}-subnet",
        "userDataSecret": {"name": f"{role}-user-data"},
        "vmSize": size,
        "vnet": f"{cluster.infra}-vnet",
        "zone": zone,
    }


def _managed_disk(cluster: Cluster) -> Object:
    """As the operator's webhook leaves it, which writes an empty securityProfile from 4.17 on."""
    kind = {"storageAccountType": "Premium_LRS"}
    before = tuple(int(part) for part in cluster.release.version.split(".")[:2]) < (4, 17)
    return kind if before else {"securityProfile": {"diskEncryptionSet": {}}, **kind}


def _infra_machineset(cluster: Cluster) -> Object:
    made = machineset(cluster, "infra", cluster.zones[0])
    made["spec"]["replicas"] = 0
    made["status"] = {"observedGeneration": 1, "replicas": 0}
    inner = made["spec"]["template"]["spec"]
    inner["metadata"] = {"labels": {"node-role.kubernetes.io/infra": ""}}
    inner["taints"] = [{"effect": "NoSchedule", "key": "node-role.kubernetes.io/infra"}]
    return made


def _role_labels(cluster: Cluster, role: str) -> dict[str, str]:
    return {
        f"{API}/cluster-api-cluster": cluster.infra,
        f"{API}/cluster-api-machine-role": role,
        f"{API}/cluster-api-machine-type": role,
    }


def _control_plane_machine(cluster: Cluster, number: int) -> Object:
    size = "Standard_D8ps_v5" if cluster.control_plane_arch == "arm64" else "Standard_D8s_v3"
    zone = cluster.zones[number % len(cluster.zones)]
    value = provider_spec(cluster, size, zone, "master")
    value["internalLoadBalancer"] = f"{cluster.infra}-internal"
    return _machine(cluster, f"{cluster.infra}-master-{number}", _role_labels(cluster, "master"), value)


def _member(cluster: Cluster, owner: Object) -> Object:
    template = owner["spec"]["template"]
    name = f"{owner['metadata']['name']}-x4k7{template['spec']['providerSpec']['value']['zone'] or '0'}"
    return _machine(
        cluster, name, dict(template["metadata"]["labels"]), dict(template["spec"]["providerSpec"]["value"])
    )


def _machine(cluster: Cluster, name: str, labels: dict[str, str], value: Object) -> Object:
    placed = {
        f"{API}/instance-type": value["vmSize"],
        f"{API}/region": cluster.location,
        f"{API}/zone": value["zone"],
    }
    provider_id = (
        f"azure:///subscriptions/{cluster.subscription}/resourceGroups/{cluster.group}"
        f"/providers/Microsoft.Compute/virtualMachines/{name}"
    )
    return {
        "apiVersion": f"{API}/v1beta1",
        "kind": "Machine",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels | placed},
        "spec": {"lifecycleHooks": {}, "metadata": {}, "providerID": provider_id, "providerSpec": {"value": value}},
        "status": {"nodeRef": {"kind": "Node", "name": name}, "phase": "Running"},
    }


def _node(cluster: Cluster, machine: Object) -> Object:
    name = machine["metadata"]["name"]
    role = machine["metadata"]["labels"][f"{API}/cluster-api-machine-role"]
    arch = cluster.control_plane_arch if role == "master" else cluster.worker_arch
    size = machine["metadata"]["labels"][f"{API}/instance-type"]
    zone = machine["metadata"]["labels"][f"{API}/zone"]
    made: Object = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": arch,
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                f"node-role.kubernetes.io/{role}": "",
                "node.kubernetes.io/instance-type": size,
                "node.openshift.io/os_id": "rhel" if cluster.release.marketplace_sku else "rhcos",
                "topology.kubernetes.io/region": cluster.location,
                # The Azure cloud provider gives machines outside any zone their fault domain.
                "topology.kubernetes.io/zone": f"{cluster.location}-{zone}" if zone else "0",
            },
            "annotations": {f"{API}/machine": f"{NAMESPACE}/{name}"},
        },
        "spec": {"providerID": machine["spec"]["providerID"]},
        "status": {
            "addresses": [{"address": name, "type": "Hostname"}],
            "conditions": [
                {
                    "lastHeartbeatTime": "2026-02-11T08:00:00Z",
                    "lastTransitionTime": "2026-02-10T09:00:00Z",
                    "message": "kubelet is posting ready status",
                    "reason": "KubeletReady",
                    "status": "True",
                    "type": "Ready",
                }
            ],
            "nodeInfo": _node_info(cluster, arch),
        },
    }
    if role == "master":
        made["spec"]["taints"] = [{"effect": "NoSchedule", "key": "node-role.kubernetes.io/master"}]
    return made


def _node_info(cluster: Cluster, arch: str) -> dict[str, str]:
    machine = "aarch64" if arch == "arm64" else "x86_64"
    release = cluster.release.aarch64 if arch == "arm64" else cluster.release.x86_64
    return {
        "architecture": arch,
        "bootID": "00000000-0000-4000-8000-0000000b0070",
        "containerRuntimeVersion": f"cri-o://{cluster.release.kubelet.removeprefix('v')}",
        "kernelVersion": f"5.14.0-427.109.1.el9_4.{machine}",
        "kubeProxyVersion": cluster.release.kubelet,
        "kubeletVersion": cluster.release.kubelet,
        "machineID": "000000000000400080000000000b0071",
        "operatingSystem": "linux",
        "osImage": f"Red Hat Enterprise Linux CoreOS {release}",
        "systemUUID": "00000000-0000-4000-8000-0000000b0072",
    }
