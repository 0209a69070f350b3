"""What the tool reads from the cluster and applies to it."""

from __future__ import annotations

import base64
import binascii
import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kubectl_arm64.beside import side_by_side
from kubectl_arm64.cluster import Document, Documents
from kubectl_arm64.errors import Denied, Failure, InvalidInput, NotFound
from kubectl_arm64.openshift.connection import Connection, ConnectionOptions
from kubectl_arm64.openshift.credentials import Credentials, Identity
from kubectl_arm64.openshift.exec_plugin import Run, run_plugin
from kubectl_arm64.openshift.failures import Status, refused
from kubectl_arm64.openshift.resolve import resolve
from kubectl_arm64.openshift.transport import Answer, Transport

__all__ = ["FIELD_MANAGER", "NAMESPACE", "Cluster", "ConnectionOptions", "connect"]

FIELD_MANAGER = "kubectl-arm64"
NAMESPACE = "openshift-machine-api"

_CONFIG = "/apis/config.openshift.io/v1"
_DOCUMENTS = {
    "infrastructure": f"{_CONFIG}/infrastructures/cluster",
    "cluster_version": f"{_CONFIG}/clusterversions/version",
    "cloud_provider_config": "/api/v1/namespaces/openshift-config/configmaps/cloud-provider-config",
    "bootimages": "/api/v1/namespaces/openshift-machine-config-operator/configmaps/coreos-bootimages",
    "machine_configuration": "/apis/operator.openshift.io/v1/machineconfigurations/cluster",
}
# The cluster config operator's copy, for clusters that keep the original under another name.
_STITCHED_CONFIG = "/api/v1/namespaces/openshift-config-managed/configmaps/kube-cloud-config"
_ARO_GROUP = "/apis/aro.openshift.io"
_PLURALS = {"MachineSet": "machinesets", "MachineAutoscaler": "machineautoscalers"}
_PAGE = 500
_LABEL = re.compile(r"(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)  # RFC 1123, as namespaces are named


def connect(
    options: ConnectionOptions,
    *,
    environ: Mapping[str, str] | None = None,
    warn: Callable[[str], None] | None = None,
    run: Run = run_plugin,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Cluster:
    """The cluster that flags and kubeconfig lead to, signed in; no request is sent yet.

    `warn` is given the server's own warnings, `run` runs credential plugins, whose credentials expire by `now`.
    Raises InvalidInput (a broken kubeconfig, no such context, a namespace that cannot be) or SignInRequired (no
    credentials to be had).
    """
    around = os.environ if environ is None else environ
    if options.namespace and not _LABEL.fullmatch(options.namespace):
        raise InvalidInput(
            f"there can be no namespace {options.namespace!r}",
            "a name has lower-case letters, digits and '-': name another with --namespace",
        )
    found = resolve(options, around)

    def sign_in(to: Connection) -> Transport:
        return Transport(to, Identity(to, around, run, now), options.request_timeout, around)

    def sign_in_again() -> Transport | None:
        again = _again(found, options, around)
        return sign_in(again) if again else None

    return Cluster(sign_in(found), sign_in_again, options.namespace or NAMESPACE, warn)


def _again(before: Connection, options: ConnectionOptions, environ: Mapping[str, str]) -> Connection | None:
    """The same context as the files have it now; None where it leads elsewhere, or they can be read only once.

    The current context is not asked again: signing in to another cluster elsewhere must not lead this run there.
    """
    if options.kubeconfig and not Path(options.kubeconfig).is_file():
        return None
    try:
        found = resolve(replace(options, context=options.context or before.context), environ)
    except Failure:
        return None
    return found if found.server == before.server else None


class Cluster:
    """One API server. `namespace` is that of the MachineSets.

    Every method raises SignInRequired (401, or nobody is signed in), Denied (403) or Failure (no or a strange
    answer), besides what it names itself.
    """

    def __init__(
        self,
        transport: Transport,
        sign_in_again: Callable[[], Transport | None],
        namespace: str,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self._transport = transport
        self._sign_in_again = sign_in_again
        self._renewing = threading.Lock()
        self._warn = warn or (lambda text: None)
        self.namespace = namespace

    @property
    def connection(self) -> Connection:
        return self._transport.connection

    def read_documents(self) -> Documents:
        """All that the facts of a cluster come from, read side by side; what is denied is noted, not raised."""
        denied: dict[str, str] = {}

        def tolerant(name: str, read: Callable[[], Any]) -> Any:
            try:
                return read()
            except Denied as error:
                denied.setdefault(name, error.what)
                return None

        reads: dict[str, Callable[[], Any]] = {
            **{name: partial(self._get, path) for name, path in _DOCUMENTS.items()},
            "machinesets": self._machinesets,
            "nodes": partial(self._list, "/api/v1/nodes"),
            "aro": lambda: self._get(_ARO_GROUP) is not None,
        }
        found = side_by_side({name: partial(tolerant, name, read) for name, read in reads.items()})
        if found["cloud_provider_config"] is None:
            found["cloud_provider_config"] = tolerant("cloud_provider_config", partial(self._get, _STITCHED_CONFIG))
        found["nodes"] = found["nodes"] or ()
        return Documents(**{**found, "aro": bool(found["aro"])}, denied=denied)

    def list_machinesets(self) -> list[Document]:
        """Raises NotFound where the API does not exist (a hosted control plane)."""
        found = self._machinesets()
        if found is None:
            raise NotFound("the cluster does not serve machinesets.machine.openshift.io")
        return found

    def list_machines(self) -> list[Document]:
        """The Machines beside the MachineSets. Raises NotFound where the API does not exist."""
        found = self._list(self._machine_api("machines"))
        if found is None:
            raise NotFound("the cluster does not serve machines.machine.openshift.io")
        return found

    def list_namespaces(self) -> list[str]:
        """Names, sorted; on OpenShift those of the projects that the user may see."""
        found = self._list("/apis/project.openshift.io/v1/projects")
        if found is None:
            found = self._list("/api/v1/namespaces") or []
        return sorted(str(each["metadata"]["name"]) for each in found)

    def read_user_data(self, secret: str) -> str | None:
        """The Secret's userData, decoded; None where it does not exist or may not be read."""
        try:
            found = self._get(f"/api/v1/namespaces/{quote(self.namespace, safe='')}/secrets/{quote(secret, safe='')}")
        except Denied:
            return None
        data = (found or {}).get("data") or {}
        try:
            return base64.b64decode(str(data.get("userData") or ""), validate=True).decode() or None
        except (binascii.Error, ValueError):
            return None

    def apply(self, document: Document, *, dry_run: bool = False, force_conflicts: bool = False) -> Document:
        """The object as server-side apply leaves it, or would leave it.

        Raises InvalidInput (what the API or admission does not take) or Refused (another manager's fields, unless
        `force_conflicts`).
        """
        query = {
            "fieldManager": FIELD_MANAGER,
            "fieldValidation": "Strict",
            "force": "true" if force_conflicts else "false",
            **({"dryRun": "All"} if dry_run else {}),
        }
        answer = self._send("PATCH", self._path_of(document), query, document)
        for text in answer.warnings:
            self._warn(text)
        return self._parsed(answer)

    def close(self) -> None:
        self._transport.close()

    def _machine_api(self, plural: str) -> str:
        return f"/apis/machine.openshift.io/v1beta1/namespaces/{quote(self.namespace, safe='')}/{plural}"

    def _machinesets(self) -> list[Document] | None:
        return self._list(self._machine_api("machinesets"))

    def _path_of(self, document: Document) -> str:
        kind, version = str(document.get("kind")), str(document.get("apiVersion"))
        metadata = document.get("metadata") or {}
        if kind not in _PLURALS or "/" not in version or not metadata.get("name"):
            raise InvalidInput(f"{version} {kind} {metadata.get('name')} is nothing that this tool applies")
        namespace = quote(str(metadata.get("namespace") or self.namespace), safe="")
        return f"/apis/{version}/namespaces/{namespace}/{_PLURALS[kind]}/{quote(str(metadata['name']), safe='')}"

    def _get(self, path: str) -> Document | None:
        """The document at `path`, None where there is none."""
        try:
            return self._parsed(self._send("GET", path))
        except NotFound:
            return None

    def _list(self, path: str) -> list[Document] | None:
        """All items, page by page; None where the API is not served."""
        items: list[Document] = []
        query = {"limit": str(_PAGE)}
        while True:
            try:
                page = self._parsed(self._send("GET", path, query))
            except NotFound:
                return None
            items += page.get("items") or ()
            following = (page.get("metadata") or {}).get("continue")
            if not following:
                return items
            query = {"limit": str(_PAGE), "continue": str(following)}

    def _send(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Document | None = None
    ) -> Answer:
        transport = self._transport
        answer = transport.send(method, path, query, body)
        if answer.status == 401 and (renewed := self._renewed(transport, answer.shown)):
            answer = renewed.send(method, path, query, body)
        if not answer.ok:
            raise refused(Status.parse(answer.status, answer.body), self.connection)
        return answer

    def _renewed(self, transport: Transport, refused: Credentials) -> Transport | None:
        """A transport with other credentials than those that were refused, None where there are none to be had.

        The user may have signed in elsewhere in the meantime; a credential plugin gives a fresh token.
        """
        with self._renewing:
            if self._transport is transport and transport.credentials == refused:
                self._transport = self._sign_in_again() or transport
            return self._transport if self._transport.credentials != refused else None

    def _parsed(self, answer: Answer) -> Document:
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise Failure(
                f"{self.connection.server} does not answer like a Kubernetes API",
                "check the server in the kubeconfig: a proxy or a sign-in page may stand before it",
            )
        return document
