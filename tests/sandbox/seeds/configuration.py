"""What the cluster says of itself: config.openshift.io, MachineConfiguration, ConfigMaps and Secrets."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.sandbox.seeds.spec import Cluster

SINCE = "2026-02-10T09:13:50Z"
CLUSTER_ID = "00000000-0000-4000-8000-00000000e001"
NAMESPACES = (
    "default",
    "kube-system",
    "openshift-config",
    "openshift-config-managed",
    "openshift-machine-api",
    "openshift-machine-config-operator",
)
OPERATORS = ("cloud-controller-manager", "kube-apiserver", "machine-api", "machine-config")
Object = dict[str, Any]


def configuration(cluster: Cluster) -> list[Object]:
    """Every document of this module."""
    return [
        *(_namespace(name) for name in NAMESPACES),
        infrastructure(cluster),
        cluster_version(cluster),
        *(_operator(cluster, name) for name in OPERATORS),
        machine_configuration(),
        cloud_provider_config(cluster),
        user_data(cluster, "worker"),
        user_data(cluster, "master"),
        azure_credentials(cluster),
    ]


def infrastructure(cluster: Cluster) -> Object:
    azure: Object = {
        "cloudName": cluster.cloud.name,
        "networkResourceGroupName": cluster.network,
        "resourceGroupName": cluster.group,
    }
    if cluster.resource_tags:
        azure["resourceTags"] = [{"key": key, "value": value} for key, value in cluster.resource_tags.items()]
    return {
        "apiVersion": "config.openshift.io/v1",
        "kind": "Infrastructure",
        "metadata": {"name": "cluster"},
        "spec": {
            "cloudConfig": {"key": "config", "name": "cloud-provider-config"},
            "platformSpec": {"azure": {}, "type": "Azure"},
        },
        "status": {
            "apiServerInternalURI": f"https://api-int.{cluster.domain}:6443",
            "apiServerURL": f"https://api.{cluster.domain}:6443",
            "controlPlaneTopology": "HighlyAvailable",
            "cpuPartitioning": "None",
            "etcdDiscoveryDomain": "",
            "infrastructureName": cluster.infra,
            "infrastructureTopology": "HighlyAvailable",
            "platform": "Azure",
            "platformStatus": {"azure": azure, "type": "Azure"},
        },
    }


def cluster_version(cluster: Cluster) -> Object:
    version = cluster.release.version
    image = f"quay.example.com/openshift-release-dev/ocp-release@sha256:{'1' * 64}"
    loaded = f'Payload loaded version="{version}" image="{image}" architecture="{cluster.architecture}"'
    desired: Object = {"image": image, "version": version}
    if cluster.tells_architecture:
        desired["architecture"] = cluster.architecture
    minor = ".".join(version.split(".")[:2])
    return {
        "apiVersion": "config.openshift.io/v1",
        "kind": "ClusterVersion",
        "metadata": {"name": "version"},
        "spec": {"channel": f"{cluster.channel}-{minor}", "clusterID": CLUSTER_ID},
        "status": {
            "availableUpdates": None,
            "conditions": [
                _condition("Available", "True", f"Done applying {version}"),
                _condition("ReleaseAccepted", "True", loaded, "PayloadLoaded"),
                _condition("Failing", "False"),
                _condition("Progressing", "False", f"Cluster version is {version}"),
            ],
            "desired": desired,
            "history": [
                {
                    "completionTime": SINCE,
                    "image": image,
                    "startedTime": "2026-02-10T08:20:00Z",
                    "state": "Completed",
                    "verified": True,
                    "version": version,
                }
            ],
            "observedGeneration": 2,
            "versionHash": "abcdefABCDEF12345",
        },
    }


def machine_configuration() -> Object:
    """As releases before 4.21 keep it: no managed boot images on Azure."""
    return {
        "apiVersion": "operator.openshift.io/v1",
        "kind": "MachineConfiguration",
        "metadata": {"name": "cluster"},
        "spec": {"logLevel": "Normal", "managementState": "Managed", "operatorLogLevel": "Normal"},
        "status": {"conditions": [], "observedGeneration": 1},
    }


def cloud_provider_config(cluster: Cluster) -> Object:
    """openshift-install's, which writes tabs and leaves the aadClient fields empty."""
    config = {
        "cloud": cluster.cloud.name,
        "tenantId": cluster.tenant,
        "aadClientId": "",
        "aadClientSecret": "",
        "aadClientCertPath": "",
        "aadClientCertPassword": "",
        "useManagedIdentityExtension": True,
        "userAssignedIdentityID": "",
        "subscriptionId": cluster.subscription,
        "resourceGroup": cluster.group,
        "location": cluster.location,
        "vnetName": f"{cluster.infra}-vnet",
        "vnetResourceGroup": cluster.network,
        "subnetName": f"{cluster.infra}-worker-subnet",
        "securityGroupName": f"{cluster.infra}-nsg",
        "routeTableName": f"{cluster.infra}-node-routetable",
        "vmType": "standard",
        "loadBalancerSku": "standard",
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "cloud-provider-config", "namespace": "openshift-config"},
        "data": {"config": json.dumps(config, indent="\t") + "\n"},
    }


def user_data(cluster: Cluster, role: str) -> Object:
    """The stub that every machine boots with: Ignition 3, the rest comes from the machine config server."""
    ignition = {
        "version": "3.2.0",
        "config": {"merge": [{"source": f"https://api-int.{cluster.domain}:22623/config/{role}"}]},
        "security": {"tls": {"certificateAuthorities": [{"source": "data:text/plain;charset=utf-8;base64,UExBQ0U="}]}},
    }
    return _secret(
        "openshift-machine-api",
        f"{role}-user-data",
        {"disableTemplating": "true\n", "userData": json.dumps({"ignition": ignition}, separators=(",", ":"))},
    )


def azure_credentials(cluster: Cluster) -> Object:
    """The machine API's own; its secret is a placeholder that signs nobody in."""
    return _secret(
        "openshift-machine-api",
        "azure-cloud-credentials",
        {
            "azure_client_id": "00000000-0000-4000-8000-00000000a00f",
            "azure_client_secret": "placeholder",
            "azure_region": cluster.location,
            "azure_resource_prefix": cluster.infra,
            "azure_resourcegroup": cluster.group,
            "azure_subscription_id": cluster.subscription,
            "azure_tenant_id": cluster.tenant,
        },
    )


def _secret(namespace: str, name: str, data: dict[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "Opaque",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
    }


def _namespace(name: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def _operator(cluster: Cluster, name: str) -> Object:
    return {
        "apiVersion": "config.openshift.io/v1",
        "kind": "ClusterOperator",
        "metadata": {"name": name},
        "spec": {},
        "status": {
            "conditions": [
                _condition("Available", "True"),
                _condition("Progressing", "False"),
                _condition("Degraded", "False"),
                _condition("Upgradeable", "True"),
            ],
            "versions": [{"name": "operator", "version": cluster.release.version}],
        },
    }


def _condition(kind: str, status: str, message: str = "", reason: str = "AsExpected") -> Object:
    return {"lastTransitionTime": SINCE, "message": message, "reason": reason, "status": status, "type": kind}
