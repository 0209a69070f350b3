"""Kubeconfig files -> which API server to ask, and as whom. Pure but for reading the files.

Rules: client-go tools/clientcmd (merging, overrides, relative paths), as `kubectl config view` shows them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kubectl_arm64.errors import InvalidInput, SignInRequired

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

Entry = Mapping[str, Any]
# What holds a path that is relative to the file that it stands in.
_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
_CREDENTIALS = ("token", "tokenFile", "username", "password", "exec", "auth-provider")


@dataclass(frozen=True)
class ConnectionOptions:
    """kubectl's connection flags; "" and () leave it to the kubeconfig. `request_timeout` in seconds, 0 for none."""

    kubeconfig: str = ""
    context: str = ""
    cluster: str = ""
    user: str = ""
    server: str = ""
    token: str = field(default="", repr=False)
    certificate_authority: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    namespace: str = ""
    as_user: str = ""
    as_groups: Sequence[str] = ()
    as_uid: str = ""
    request_timeout: float | None = None


@dataclass(frozen=True)
class Connection:
    """One API server, and the kubeconfig's user entry (`user`, raw: see credentials.py) to ask it as."""

    server: str
    context: str = ""
    user_name: str = ""
    user: Entry = field(default_factory=dict, repr=False)
    namespace: str = ""
    certificate_authority: str = ""  # path of a PEM file
    certificate_authority_data: str = field(default="", repr=False)  # base64 of PEM
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = field(default="", repr=False)
    cluster: Entry = field(default_factory=dict, repr=False)  # raw, for exec plugins with provideClusterInfo


@dataclass(frozen=True)
class Kubeconfig:
    """The files, merged: the first that names an entry wins."""

    where: str
    current_context: str = ""
    contexts: Mapping[str, Entry] = field(default_factory=dict)
    clusters: Mapping[str, Entry] = field(default_factory=dict)
    users: Mapping[str, Entry] = field(default_factory=dict, repr=False)

    @property
    def empty(self) -> bool:
        return not (self.contexts or self.clusters or self.users)


def connection(options: ConnectionOptions, environ: Mapping[str, str]) -> Connection:
    """Where flags, kubeconfig and, inside a pod, the service account lead.

    Raises InvalidInput (no such context, a broken file) or SignInRequired (nothing tells a cluster).
    """
    config = load(options.kubeconfig, environ)
    if config.empty and not options.server:
        if options.context or not (found := in_cluster(environ)):
            raise SignInRequired(
                f"there is no cluster to ask: {config.where} does not exist or is empty",
                "`oc login SERVER` makes one, --kubeconfig FILE names another",
            )
        return _impersonating(found, options)
    return _impersonating(_overridden(_chosen(config, options), options), options)


def load(path: str, environ: Mapping[str, str]) -> Kubeconfig:
    """The kubeconfig at `path`, which must exist, else the files of KUBECONFIG, else ~/.kube/config."""
    if path:
        if not Path(path).is_file():
            raise InvalidInput(f"the kubeconfig {path} does not exist", "name another with --kubeconfig")
        return _merged([Path(path)], path)
    listed = [Path(part) for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    files = listed or [Path(environ.get("HOME") or environ.get("USERPROFILE") or "~").expanduser() / ".kube" / "config"]
    return _merged([file for file in files if file.is_file()], os.pathsep.join(map(str, files)))


def in_cluster(environ: Mapping[str, str], service_account: Path = SERVICE_ACCOUNT) -> Connection | None:
    """The pod's own API server and service account, None outside a pod."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    if not (host and port and (service_account / "token").is_file()):
        return None
    return Connection(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        context="in-cluster",
        user_name="the pod's service account",
        user={"tokenFile": str(service_account / "token")},
        certificate_authority=str(service_account / "ca.crt"),
    )


def _merged(files: Sequence[Path], where: str) -> Kubeconfig:
    merged = Kubeconfig(where)
    for file in files:
        document = _read(file)
        merged = replace(
            merged,
            current_context=merged.current_context or str(document.get("current-context") or ""),
            contexts={**_named(document, "context", file), **merged.contexts},
            clusters={**_named(document, "cluster", file), **merged.clusters},
            users={**_named(document, "user", file), **merged.users},
        )
    return merged


def _read(file: Path) -> Mapping[str, Any]:
    import yaml

    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"the kubeconfig {file} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        # PyYAML quotes the text around the fault, which may be a token.
        mark = getattr(error, "problem_mark", None)
        at = f" at line {mark.line + 1}" if mark else ""
        raise InvalidInput(f"the kubeconfig {file} is broken YAML{at}", "`oc config view` must read it too") from None
    if document is None:
        return {}
    if not isinstance(document, Mapping):
        raise InvalidInput(f"the kubeconfig {file} is not a mapping", "`oc config view` must read it too")
    return document


def _named(document: Mapping[str, Any], kind: str, file: Path) -> dict[str, Entry]:
    """Entries of one kind by name, their paths made absolute."""
    entries = document.get(f"{kind}s") or []
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise InvalidInput(f"the kubeconfig {file} has {kind}s that are not a list of entries")
    return {str(entry.get("name")): _absolute(entry.get(kind) or {}, file.parent) for entry in reversed(entries)}


def _absolute(entry: Entry, folder: Path) -> Entry:
    found = {key: str(folder / str(entry[key])) for key in _PATHS if entry.get(key)}
    plugin = entry.get("exec")
    if isinstance(plugin, Mapping) and os.sep in str(plugin.get("command", "")):
        found_plugin = {**plugin, "command": str(folder / str(plugin["command"]))}
        return {**entry, **found, "exec": found_plugin}
    return {**entry, **found}


def _chosen(config: Kubeconfig, options: ConnectionOptions) -> Connection:
    """The connection that the context, and the flags that replace its parts, name."""
    name = options.context or config.current_context
    if name and name not in config.contexts:
        raise InvalidInput(f"the context {name!r} does not exist in {config.where}", _contexts(config))
    if not name and not (options.cluster or options.server):
        raise InvalidInput(f"{config.where} has no current context", _contexts(config))
    context = config.contexts.get(name, {})
    cluster_name = options.cluster or str(context.get("cluster") or "")
    user_name = options.user or str(context.get("user") or "")
    cluster = _entry(config.clusters, cluster_name, f"the cluster {cluster_name!r}", config)
    user = _entry(config.users, user_name, f"the user {user_name!r}", config)
    return Connection(
        server=str(cluster.get("server") or ""),
        context=name,
        user_name=user_name.partition("/")[0],
        user=user,
        namespace=str(context.get("namespace") or ""),
        certificate_authority=str(cluster.get("certificate-authority") or ""),
        certificate_authority_data=str(cluster.get("certificate-authority-data") or ""),
        insecure_skip_tls_verify=cluster.get("insecure-skip-tls-verify") is True,
        tls_server_name=str(cluster.get("tls-server-name") or ""),
        proxy_url=str(cluster.get("proxy-url") or ""),
        cluster=cluster,
    )


def _entry(entries: Mapping[str, Entry], name: str, shown: str, config: Kubeconfig) -> Entry:
    if not name:
        return {}
    if name not in entries:
        known = ", ".join(sorted(entries)) or "none"
        raise InvalidInput(f"{shown} does not exist in {config.where}", f"it has {known}")
    return entries[name]


def _contexts(config: Kubeconfig) -> str:
    known = ", ".join(sorted(config.contexts)) or "none"
    return f"name one with --context: {known}"


def _overridden(connection: Connection, options: ConnectionOptions) -> Connection:
    """Flags over the kubeconfig, as kubectl has it: a CA and skipping verification exclude each other.

    A server without a scheme is taken for https, where client-go takes it for http: a token is at stake.
    """
    server = options.server or connection.server
    if not server:
        raise InvalidInput(
            f"the context {connection.context!r} names no server", "`oc login SERVER` makes one that does"
        )
    changed = replace(
        connection,
        server=(server if "://" in server else f"https://{server}").rstrip("/"),
        tls_server_name=options.tls_server_name or connection.tls_server_name,
    )
    if options.certificate_authority:
        changed = replace(
            changed,
            certificate_authority=options.certificate_authority,
            certificate_authority_data="",
            insecure_skip_tls_verify=False,
        )
    if options.insecure_skip_tls_verify:
        changed = replace(
            changed, certificate_authority="", certificate_authority_data="", insecure_skip_tls_verify=True
        )
    if options.token:
        others = {key: value for key, value in changed.user.items() if key not in _CREDENTIALS}
        changed = replace(changed, user={**others, "token": options.token}, user_name=changed.user_name or "--token")
    return changed


def _impersonating(connection: Connection, options: ConnectionOptions) -> Connection:
    flags = {"as": options.as_user, "as-groups": list(options.as_groups), "as-uid": options.as_uid}
    given = {key: value for key, value in flags.items() if value}
    return replace(connection, user={**connection.user, **given}) if given else connection
