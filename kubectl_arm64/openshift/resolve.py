"""Kubeconfig and flags -> which API server to ask, and as whom.

Rules: client-go tools/clientcmd (client_config.go, validation.go) and rest/config.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kubectl_arm64.errors import InvalidInput, SignInRequired
from kubectl_arm64.openshift.connection import BY_FLAG, Connection, ConnectionOptions
from kubectl_arm64.openshift.kubeconfig import Entry, Kubeconfig, load
from kubectl_arm64.openshift.validation import IMPERSONATION, check_cluster, check_user

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def resolve(
    options: ConnectionOptions, environ: Mapping[str, str], service_account: Path = SERVICE_ACCOUNT
) -> Connection:
    """Where flags, kubeconfig and, inside a pod, the service account lead.

    Raises InvalidInput (no such context, a broken file) or SignInRequired (nothing tells a cluster).
    """
    config = load(options.kubeconfig, environ)
    name = options.context or config.current_context
    if name and name not in config.contexts:
        raise InvalidInput(f"the context {name!r} does not exist in {config.where}", _contexts(config))
    context = config.contexts.get(name, {})
    cluster_name = options.cluster or str(context.get("cluster") or "")
    server = options.server or str(config.clusters.get(cluster_name, {}).get("server") or "")
    if not server and not cluster_name and (found := in_cluster(environ, service_account)):
        _check_known(options.user, config)
        return _in_pod(found, options)
    server = server or environ.get("KUBERNETES_MASTER", "")
    if options.cluster and options.cluster not in config.clusters:
        raise InvalidInput(f"the cluster {options.cluster!r} does not exist in {config.where}", _known(config.clusters))
    if not server:
        raise _no_server(config, name, cluster_name)
    chosen = _cluster(config.clusters.get(cluster_name, {}), _normal(server), options)
    chosen = replace(chosen, context=name, namespace=str(context.get("namespace") or ""))
    return _as_user(chosen, config, options.user or str(context.get("user") or ""), options)


def in_cluster(environ: Mapping[str, str], service_account: Path = SERVICE_ACCOUNT) -> Connection | None:
    """The pod's own API server and service account, None outside a pod."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    if not (host and port and (service_account / "token").is_file()):
        return None
    authority = service_account / "ca.crt"
    return Connection(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        user_name="the pod's service account",
        user={"tokenFile": str(service_account / "token")},
        certificate_authority=str(authority) if authority.is_file() else "",
    )


def _in_pod(found: Connection, options: ConnectionOptions) -> Connection:
    """Of the flags, client-go heeds these; impersonation it would drop, and ask localhost:8080 instead."""
    user = {"token": options.token} if options.token else found.user
    return replace(
        found,
        user={**user, **_impersonation(options, {})},
        user_name=BY_FLAG if options.token else found.user_name,
        certificate_authority=options.certificate_authority or found.certificate_authority,
    )


def _cluster(entry: Entry, server: str, options: ConnectionOptions) -> Connection:
    """Flags over the cluster entry: a CA and skipping verification replace each other, and --server the name."""
    found = given = Connection(
        server=server,
        certificate_authority=str(entry.get("certificate-authority") or ""),
        certificate_authority_data=str(entry.get("certificate-authority-data") or ""),
        insecure_skip_tls_verify=entry.get("insecure-skip-tls-verify") is True,
        tls_server_name=str(entry.get("tls-server-name") or ""),
        proxy_url=str(entry.get("proxy-url") or ""),
        extensions=entry.get("extensions") or (),
    )
    if options.certificate_authority or options.insecure_skip_tls_verify:
        found = replace(
            found,
            certificate_authority=options.certificate_authority,
            certificate_authority_data="",
            insecure_skip_tls_verify=options.insecure_skip_tls_verify,
        )
    if options.tls_server_name or options.server:
        found = replace(found, tls_server_name=options.tls_server_name)
    check_cluster(found, given)
    return found


def _as_user(connection: Connection, config: Kubeconfig, name: str, options: ConnectionOptions) -> Connection:
    _check_known(options.user or (name if connection.secure and not options.token else ""), config)
    entry = config.users.get(name, {})
    user = _with_credentials(entry, options)
    user |= _impersonation(options, user)
    # `oc login` names users NAME/CLUSTER.
    shown = name.partition("/")[0]
    check_user(user, shown, entry)
    if options.token and not entry.get("tokenFile"):  # a file goes before it
        shown = BY_FLAG
    if not connection.secure:  # client-go reads no credentials then
        user = {key: user[key] for key in IMPERSONATION if key in user}
    return replace(connection, user=user, user_name=shown)


def _check_known(user: str, config: Kubeconfig) -> None:
    if user and user not in config.users:
        raise InvalidInput(f"the user {user!r} does not exist in {config.where}", _known(config.users))


def _with_credentials(entry: Entry, options: ConnectionOptions) -> dict[str, Any]:
    """What flags say over the user entry; a file does not replace data, as in client-go."""
    given = {
        "token": options.token,
        "username": options.username,
        "password": options.password,
        "client-certificate": options.client_certificate,
        "client-key": options.client_key,
    }
    return {**entry, **{key: value for key, value in given.items() if value}}


def _impersonation(options: ConnectionOptions, user: Entry) -> dict[str, object]:
    """What flags say over the user entry; extras are merged by key."""
    given: dict[str, object] = {
        "as": options.as_user,
        "as-uid": options.as_uid,
        "as-groups": list(options.as_groups),
    }
    if options.as_user_extra:
        given["as-user-extra"] = {**(user.get("as-user-extra") or {}), **options.as_user_extra}
    return {key: value for key, value in given.items() if value}


def _normal(server: str) -> str:
    """`server` as an origin and, behind some gateways, a path; without a scheme it is plain http, as in client-go.

    Raises InvalidInput.
    """
    bare = "://" not in server
    try:
        parts = urlsplit(f"http://{server}" if bare else server)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or (bare and parts.path not in ("", "/")):
        raise InvalidInput(
            "the server is neither a URL nor HOST:PORT", "write it as https://HOST:PORT, in the kubeconfig or --server"
        )
    if "@" in parts.netloc:  # kubectl would send it instead of the user's own credentials
        raise InvalidInput(
            "the server is a URL with a user and a password in it",
            "give them as username and password of the kubeconfig's user, or as --username and --password",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _no_server(config: Kubeconfig, context: str, cluster: str) -> InvalidInput | SignInRequired:
    if config.empty:
        return SignInRequired(
            f"there is no cluster to ask: {config.where} does not exist or is empty",
            "`oc login SERVER` makes one, --kubeconfig FILE names another",
        )
    if not context and not cluster:
        return InvalidInput(f"{config.where} has no current context", _contexts(config))
    if cluster and cluster not in config.clusters:
        return InvalidInput(f"the cluster {cluster!r} does not exist in {config.where}", _known(config.clusters))
    return InvalidInput(f"the context {context!r} names no server", "`oc login SERVER` makes one that does")


def _known(entries: Mapping[str, Entry]) -> str:
    return f"it has {', '.join(sorted(entries)) or 'none'}"


def _contexts(config: Kubeconfig) -> str:
    return f"name one with --context: {', '.join(sorted(config.contexts)) or 'none'}"
