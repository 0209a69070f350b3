"""Kubeconfigs, and what arrives at which server when they are used: a table that the real kubectl is held to as well.

How a case is written: tests/kubeconfig_case.py.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from tests.kubeconfig_case import (
    BEARER,
    TOKEN,
    V1,
    V1BETA1,
    Case,
    asking,
    config,
    entry,
    exec_user,
    issued,
    jwt,
    login,
    one,
    prod,
    two,
    with_plugin,
)
from tests.recorder import EXPIRED, PROD, Arrival

CERTIFICATE = {"client-certificate": "<dev.pem>", "client-key": "<dev.key>"}
CERTIFICATE_DATA = {"client-certificate-data": "<dev.pem:data>", "client-key-data": "<dev.key:data>"}
BASIC = {"username": "dev", "password": "p:w d"}
FROM_PLUGIN = "Bearer of-the-plugin"
OF_PLUGIN = issued(token="of-the-plugin")
BY_NAME = {"server": f"https://{PROD}:6443"}
OIDC = {"idp-issuer-url": "https://127.0.0.1:1", "client-id": "oc"}
BOTH = {"KUBECONFIG": "<folder>/absent::<folder>/first:<folder>/second:<folder>/first"}
# A certificate that is none, as base64 in front of others.
BROKEN = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n").decode()
HALF = "\ufffd".encode().decode("latin-1")  # as Go sends half a surrogate pair, and an Arrival has it
NAMED = yaml.safe_dump(
    config({"token": "NAME"}, current="NAME", contexts=[entry("context", "NAME", cluster="prod", user="admin")])
)
STAGE = entry(
    "cluster",
    "stage",
    server="<stage>",
    **{"certificate-authority": "<ca.pem>", "tls-server-name": "api.stage.example.com"},
)
TWO_CONTEXTS: dict[str, Any] = {
    "clusters": [config()["clusters"][0], STAGE],
    "contexts": [
        entry("context", "prod", cluster="prod", user="admin"),
        entry("context", "stage", cluster="stage", user="admin"),
    ],
}

FILES: dict[str, Case] = {
    "one file": Case(one(), prod()),
    "the file in HOME": Case({".kube/config": config()}, prod(), environ={"KUBECONFIG": ""}),
    "KUBECONFIG that names no file": Case(
        {".kube/config": config()}, environ={"KUBECONFIG": "::"}, says="no cluster to ask: what KUBECONFIG names"
    ),
    "no file": Case({}, says="there is no cluster to ask"),
    "an empty file": Case({"config": ""}, says="there is no cluster to ask"),
    "--kubeconfig goes before KUBECONFIG": Case(
        {"other": config(), "config": config({"token": "of-the-environment"})},
        prod(),
        flags={"kubeconfig": "<folder>/other"},
    ),
    "--kubeconfig names no file": Case(one(), flags={"kubeconfig": "<folder>/absent"}, says="absent does not exist"),
    "the first file's current context goes first": Case(
        two(config(), {"current-context": "nowhere"}), prod(), environ=BOTH
    ),
    "the second file's current context when the first has none": Case(
        two(config(current=""), {"current-context": "prod"}), prod(), environ=BOTH
    ),
    "the first file that names a user goes first, whole": Case(
        two(config({"username": "dev"}), config({"username": "ops", "password": "theirs"})),
        prod("Basic dev:"),
        environ=BOTH,
    ),
    "parts of a context come from several files": Case(
        two(config(users=[]), {"users": config()["users"]}), prod(), environ=BOTH
    ),
    "a broken file in the list": Case(
        two(config(), {"clusters": "none"}), environ=BOTH, says="second cannot be used: clusters is not a list"
    ),
    "a folder in the list": Case(
        one(), environ={"KUBECONFIG": "<folder>:<folder>/config"}, says="cannot be read: Is a directory"
    ),
    "relative paths are the file's own": Case(
        {"sub/config": config({"tokenFile": "token"}), "sub/token": f"{TOKEN}\n"},
        prod(),
        environ={"KUBECONFIG": "<folder>/sub/config"},
    ),
    "relative paths are joined by their words": Case(
        {"config": config({"tokenFile": "gone/../token"}), "token": TOKEN}, prod()
    ),
    "JSON indented by tabs": Case({"config": json.dumps(config(), indent="\t")}, prod()),
    "another apiVersion": Case(one(apiVersion="v2"), says="another apiVersion than v1"),
    "another kind": Case(one(kind="List"), says="another kind than Config"),
    "neither apiVersion nor kind": Case(one(apiVersion=None, kind=None), prod()),
    "a field of tomorrow": Case(one({"token": TOKEN, "passkey": {"a": 1}}), prod()),
    "a token that YAML reads as a number": Case(one({"token": 12345}), says=r"users\[0\].user.token is not a string"),
    **{
        f"text written as {written!r}": Case({"config": NAMED.replace(" NAME", written)}, prod(f"Bearer {read}"))
        for written, read in (
            (" tok\t", "tok"),
            ("\ttok", "tok"),
            (" tok\t# mine", "tok"),
            (" 2024-01-01", "2024-01-01"),
            (" 2024-13-45", "2024-13-45"),
            (" 12:30:45", "12:30:45"),
            (" =", "="),
            (" <<", "<<"),
            (" 0b_", "0b_"),
            (" 12e34567", "12e34567"),
            (" !mine tok", "tok"),
        )
    },
    **{
        f"what is no text, written as {written}": Case(
            {"config": NAMED.replace("token: NAME", f"token: {written}")}, says="token is not a string"
        )
        for written in ("017", "0o17", "0x1F", "1_000", "-5", "1.5", "1e3", ".nan", "99999999999999999999", "y")
    },
    "a second document": Case({"config": f"{NAMED}---\nclusters: none\n"}, prod("Bearer NAME")),
    "half a surrogate pair in JSON": Case(
        {"config": json.dumps(config({"token": "tok"})).replace('"tok"', r'"a\ud800"')}, says="is broken YAML at line 1"
    ),
    "insecure-skip-tls-verify as a string": Case(
        one(cluster={"insecure-skip-tls-verify": "true"}), says="insecure-skip-tls-verify is not true or false"
    ),
    "data that is not base64": Case(
        one(cluster={"certificate-authority": None, "certificate-authority-data": "Zm9v!"}), says="is not base64"
    ),
    "data that is not base64, of somebody else": Case(
        one(users=[*config()["users"], entry("user", "other", **{"client-key-data": "*"})]), says="is not base64"
    ),
    "a name twice": Case(one(users=[*config()["users"], *config()["users"]]), says="names the user 'admin' twice"),
}

CONTEXTS: dict[str, Case] = {
    "no current context": Case(one(current=""), says="has no current context"),
    "a current context that is not there": Case(one(current="gone"), says="context 'gone' does not exist"),
    "a current context that is not there, and --server": Case(
        one(current="gone"), flags={"server": "<prod>", "token": TOKEN}, says="context 'gone'"
    ),
    "--context": Case(one(**TWO_CONTEXTS), Arrival("stage", BEARER), flags={"context": "stage"}),
    "--context goes around a current one that is not there": Case(
        one(current="gone"), prod(), flags={"context": "prod"}
    ),
    "--context that is not there": Case(one(), flags={"context": "gone"}, says="context 'gone' does not exist"),
    "--cluster": Case(one(**TWO_CONTEXTS), Arrival("stage", BEARER), flags={"cluster": "stage"}),
    "--cluster that is not there": Case(one(), flags={"cluster": "gone"}, says="cluster 'gone' does not exist"),
    "--user": Case(
        one(users=[*config()["users"], entry("user", "dev", **BASIC)]), prod("Basic dev:p:w d"), flags={"user": "dev"}
    ),
    "--user that is not there": Case(one(), flags={"user": "gone", "token": TOKEN}, says="user 'gone' does not exist"),
    "--cluster and --user without a context": Case(one(current=""), prod(), flags={"cluster": "prod", "user": "admin"}),
    "a context whose cluster is not there": Case(one(clusters=[]), says="cluster 'prod' does not exist"),
    "a context whose cluster is not there, and --server": Case(
        one(clusters=[]), prod(), flags={"server": "<prod>", "certificate_authority": "<ca.pem>"}
    ),
    "a context whose user is not there": Case(one(users=[]), says="user 'admin' does not exist"),
    "a context whose user is not there, and --token": Case(one(users=[]), prod(), flags={"token": TOKEN}),
    "a cluster without a server": Case(one(cluster={"server": ""}), says="names no server"),
    "--server and --token without a file": Case(
        {}, prod(), flags={"server": "<prod>", "token": TOKEN, "certificate_authority": "<ca.pem>"}
    ),
    "KUBERNETES_MASTER": Case(
        {}, prod(), flags={"token": TOKEN, "certificate_authority": "<ca.pem>"}, environ={"KUBERNETES_MASTER": "<prod>"}
    ),
}

SERVERS: dict[str, Case] = {
    "a server behind a path": Case(
        one(cluster={"server": "<prod>/k8s/clusters/c-1/"}),
        prod(path=f"/k8s/clusters/c-1{Arrival().path}"),
    ),
    "plain http: credentials stay here": Case(
        one({"token": TOKEN, "as": "ops"}, {"server": "<plain>"}),
        Arrival("plain", impersonation={"impersonate-user": ["ops"]}),
    ),
    "plain http: no credential plugin is run": Case(
        {"config": config(exec_user(), {"server": "<plain>"}), "login": login(OF_PLUGIN)}, Arrival("plain")
    ),
    "plain http: nobody has to be there": Case(one({}, {"server": "<plain>"}), Arrival("plain")),
    "a server without a scheme is plain http": Case(
        one(cluster={"server": "127.0.0.1:<plain:port>"}), Arrival("plain")
    ),
    "--server without a scheme is plain http": Case(
        one(), Arrival("plain"), flags={"server": "127.0.0.1:<plain:port>"}
    ),
    "a server without a scheme, but with a path": Case(
        one(cluster={"server": "127.0.0.1:<plain:port>/k8s"}), says="neither a URL nor HOST:PORT"
    ),
    "a server of another scheme": Case(one(cluster={"server": "ftp://127.0.0.1"}), says="neither a URL nor HOST:PORT"),
    "a server with a user and a password": Case(
        one(cluster={"server": "https://u:p@127.0.0.1:<prod:port>"}),
        says="a URL with a user and a password in it",
        kubectl_differs="kubectl sends them in place of the user's own credentials, which nobody expects",
        kubectl_arrives=prod("Basic u:p"),
    ),
    "a server that nobody listens at": Case(one(cluster={"server": "https://127.0.0.1:1"}), says="cannot be reached"),
}

TLS: dict[str, Case] = {
    "a CA as data": Case(
        one(cluster={"certificate-authority": None, "certificate-authority-data": "<ca.pem:data>"}), prod()
    ),
    "a CA as data beside a remark": Case(
        one(cluster={"certificate-authority": None, "certificate-authority-data": "<remarked.pem:data>"}), prod()
    ),
    "a CA as data behind a certificate that is none": Case(
        one(cluster={"certificate-authority": None, "certificate-authority-data": f"{BROKEN}<ca.pem:data>"}), prod()
    ),
    "a CA as data that is a certificate that is none": Case(
        one(cluster={"certificate-authority": None, "certificate-authority-data": BROKEN}),
        says="certificate-authority-data holds no PEM certificate",
    ),
    "a CA as data that is a remark": Case(
        one(cluster={"certificate-authority": None, "certificate-authority-data": "w7w="}),
        environ={"SSL_CERT_FILE": "<ca.pem>"},
        says="certificate-authority-data holds no PEM certificate",
    ),
    "a CA as file and as data": Case(
        one(cluster={"certificate-authority-data": "<ca.pem:data>"}),
        says="both certificate-authority and certificate-authority-data",
    ),
    "a CA file that is not there": Case(one(cluster={"certificate-authority": "gone.pem"}), says="gone.pem"),
    "a CA file that is no certificate": Case(
        {"config": config(cluster={"certificate-authority": "junk"}), "junk": "no PEM"}, says="no PEM certificate"
    ),
    "no CA, and the system does not know it": Case(one(cluster={"certificate-authority": None}), says="does not hold"),
    "no CA, and the system knows it": Case(
        one(cluster={"certificate-authority": None}), prod(), environ={"SSL_CERT_FILE": "<ca.pem>"}
    ),
    "no CA, and the system knows an old one": Case(
        one(cluster={"server": "<legacy>", "certificate-authority": None}),
        Arrival("legacy", BEARER),
        environ={"SSL_CERT_FILE": "<legacy-ca.pem>"},
    ),
    "another CA": Case(one(cluster={"certificate-authority": "<legacy-ca.pem>"}), says="does not hold"),
    "a home-made CA without key identifiers": Case(
        one(cluster={"server": "<legacy>", "certificate-authority": "<legacy-ca.pem>"}), Arrival("legacy", BEARER)
    ),
    "an intermediate as the CA": Case(
        one(cluster={"server": "<issued>", "certificate-authority": "<intermediate.pem>"}), Arrival("issued", BEARER)
    ),
    "the server's own certificate as the CA": Case(
        one(cluster={"server": "<selfmade>", "certificate-authority": "<selfmade.pem>"}), Arrival("selfmade", BEARER)
    ),
    "a certificate with a common name alone": Case(
        one(
            cluster={
                "server": "<named>",
                "certificate-authority": "<legacy-ca.pem>",
                "tls-server-name": "api.stage.example.com",
            }
        ),
        says="does not hold",
    ),
    "an expired certificate": Case(one(cluster={"server": "<expired>"}), says="does not hold"),
    "insecure-skip-tls-verify": Case(
        one(cluster={"server": "<selfmade>", "certificate-authority": None, "insecure-skip-tls-verify": True}),
        Arrival("selfmade", BEARER),
    ),
    "insecure-skip-tls-verify beside a CA": Case(
        one(cluster={"insecure-skip-tls-verify": True}), says="insecure-skip-tls-verify, which would not heed it"
    ),
    "--insecure-skip-tls-verify over a CA": Case(
        one(cluster={"server": "<selfmade>"}), Arrival("selfmade", BEARER), flags={"insecure_skip_tls_verify": True}
    ),
    "--insecure-skip-tls-verify beside --certificate-authority": Case(
        one(),
        flags={"insecure_skip_tls_verify": True, "certificate_authority": "<ca.pem>"},
        says="would not heed it; correct the flags",
    ),
    "--certificate-authority over insecure-skip-tls-verify": Case(
        one(cluster={"server": "<selfmade>", "certificate-authority": None, "insecure-skip-tls-verify": True}),
        flags={"certificate_authority": "<ca.pem>"},
        says="does not hold",
    ),
    "--certificate-authority over data": Case(
        one(cluster={"certificate-authority": None, "certificate-authority-data": "<legacy-ca.pem:data>"}),
        prod(),
        flags={"certificate_authority": "<ca.pem>"},
    ),
    "--certificate-authority is relative to where one is": Case(
        {"config": config(cluster={"certificate-authority": None}), "sub/ca.pem": "<pem>"},
        flags={"certificate_authority": "sub/ca.pem"},
        says="no PEM certificate",
    ),
    "another name in the certificate": Case(one(cluster={"server": "<stage>"}), says="does not hold"),
    "tls-server-name": Case(
        one(cluster={"server": "<stage>", "tls-server-name": "api.stage.example.com"}), Arrival("stage", BEARER)
    ),
    "a wrong tls-server-name": Case(one(cluster={"tls-server-name": "api.stage.example.com"}), says="does not hold"),
    "a tls-server-name that is none": Case(
        one(cluster={"tls-server-name": ".b"}), says="tls-server-name is no host name"
    ),
    "a tls-server-name that is none, and that nobody checks": Case(
        one(cluster={"certificate-authority": None, "insecure-skip-tls-verify": True, "tls-server-name": ".b"}), prod()
    ),
    "--tls-server-name": Case(
        one(cluster={"server": "<stage>"}),
        Arrival("stage", BEARER),
        flags={"tls_server_name": "api.stage.example.com"},
    ),
    "--server takes the tls-server-name away": Case(
        one(cluster={"tls-server-name": "api.stage.example.com"}), prod(), flags={"server": "<prod>"}
    ),
    "--server to where the tls-server-name would be needed": Case(
        one(cluster={"tls-server-name": "api.stage.example.com"}), flags={"server": "<stage>"}, says="does not hold"
    ),
}

USERS: dict[str, Case] = {
    "nobody": Case(one({}), says="admin has nothing to sign in to"),
    "a token": Case(one(), prod()),
    "a token with a line break": Case(one({"token": f"{TOKEN}\n"}), says="a line break or a control character"),
    "a token file": Case({"config": config({"tokenFile": "token"}), "token": f"  {TOKEN}\n"}, prod()),
    "a token file that is not there": Case(one({"tokenFile": "gone"}), says="cannot be read"),
    "an empty token file": Case({"config": config({"tokenFile": "token"}), "token": "\n"}, says="is empty"),
    "a token file goes before a token": Case(
        {"config": config({"tokenFile": "token", "token": "other"}), "token": TOKEN}, prod()
    ),
    "a token where the token file is not there": Case(one({"tokenFile": "gone", "token": TOKEN}), prod()),
    "a rejected token": Case(
        one({"token": EXPIRED}), prod(f"Bearer {EXPIRED}"), fails=True, says="no longer valid .*oc login <prod>"
    ),
    "a rejected --token": Case(
        one(),
        prod(f"Bearer {EXPIRED}"),
        flags={"token": EXPIRED},
        fails=True,
        says="the token of --token is no longer valid for <prod>; give another --token",
    ),
    "basic auth": Case(one(BASIC), prod("Basic dev:p:w d")),
    "a user name without a password": Case(one({"username": "dev"}), prod("Basic dev:")),
    "a password without a user name": Case(one({"password": "x"}), says="nothing to sign in"),
    "basic auth and a token": Case(one({**BASIC, "token": TOKEN}), says="both a token and a username"),
    "a client certificate": Case(one(CERTIFICATE), prod("", "dev")),
    "a client certificate as data": Case(one(CERTIFICATE_DATA), prod("", "dev")),
    "a client certificate as file, its key as data": Case(
        one({"client-certificate": "<dev.pem>", "client-key-data": "<dev.key:data>"}), prod("", "dev")
    ),
    "a client certificate as file and as data": Case(
        one({**CERTIFICATE, **CERTIFICATE_DATA}), says="both client-certificate and client-certificate-data"
    ),
    "a client certificate without a key": Case(
        one({"client-certificate": "<dev.pem>"}), says="client-certificate without a client-key"
    ),
    "a client certificate that is not there": Case(
        one({**CERTIFICATE, "client-certificate": "gone.pem"}), says="client-certificate .*gone.pem cannot be read"
    ),
    "another's client key": Case(one({**CERTIFICATE, "client-key": "<ops.key>"}), says="does not fit"),
    "a client certificate and its key, swapped": Case(
        one({"client-certificate": "<dev.key>", "client-key": "<dev.pem>"}), says="does not fit: .* swapped"
    ),
    "an empty client certificate beside a token": Case(
        {"config": config({**CERTIFICATE, "client-certificate": "dev.pem", "token": TOKEN}), "dev.pem": ""},
        says="client-certificate .*dev.pem is empty",
    ),
    "a token file that can be none": Case(one({"tokenFile": "a\0b"}), says="its name holds a NUL"),
    "an encrypted client key": Case(one({**CERTIFICATE, "client-key": "<locked.key>"}), says="does not fit"),
    "a client certificate and a token": Case(one({**CERTIFICATE, "token": TOKEN}), prod(BEARER, "dev")),
    "a client key alone": Case(one({"client-key": "<dev.key>"}), says="nothing to sign in"),
    "--client-certificate and --client-key": Case(
        one({}), prod("", "dev"), flags={"client_certificate": "<dev.pem>", "client_key": "<dev.key>"}
    ),
    "--client-certificate beside certificate data": Case(
        one(CERTIFICATE_DATA),
        flags={"client_certificate": "<dev.pem>", "client_key": "<dev.key>"},
        says="both client-certificate and client-certificate-data",
    ),
    "--client-certificate without --client-key": Case(
        one({}), flags={"client_certificate": "<dev.pem>"}, says="client-certificate without a client-key"
    ),
    "--username and --password": Case(one({}), prod("Basic dev:p:w d"), flags={"username": "dev", "password": "p:w d"}),
    "--password over the kubeconfig's": Case(
        one({"username": "dev", "password": "old"}), prod("Basic dev:p:w d"), flags={"password": "p:w d"}
    ),
    "--username over a token": Case(
        one(), flags={"username": "dev", "password": "p:w d"}, says="both a token and a username .*; correct the flags"
    ),
    "--token over a token": Case(one({"token": "other"}), prod(), flags={"token": TOKEN}),
    "--token over a client certificate": Case(one(CERTIFICATE), prod(BEARER, "dev"), flags={"token": TOKEN}),
    "--token over a token file": Case(
        {"config": config({"tokenFile": "token"}), "token": "of-the-file"},
        prod("Bearer of-the-file"),
        flags={"token": TOKEN},
    ),
    "--token over basic auth": Case(one(BASIC), flags={"token": TOKEN}, says="both a token and a username"),
    "--token over a credential plugin": Case(with_plugin("nothing"), prod(), flags={"token": TOKEN}),
    "an auth-provider that was removed": Case(
        one({"auth-provider": {"name": "gcp"}}), says="gcp auth-provider .* has been removed"
    ),
    "an auth-provider that was removed, and a token": Case(
        one({"auth-provider": {"name": "azure"}, "token": TOKEN}), says="azure auth-provider .* has been removed"
    ),
    "an auth-provider that nobody knows": Case(
        one({"auth-provider": {"name": "ldap"}}), says="no auth-provider 'ldap'"
    ),
    "OpenID Connect": Case(
        one({"auth-provider": {"name": "oidc", "config": {**OIDC, "id-token": jwt(4102444800)}}}),
        prod(f"Bearer {jwt(4102444800)}"),
    ),
    "OpenID Connect and a client certificate": Case(
        one({**CERTIFICATE, "auth-provider": {"name": "oidc", "config": {**OIDC, "id-token": jwt(4102444800)}}}),
        prod(f"Bearer {jwt(4102444800)}", "dev"),
    ),
    "OpenID Connect, expired": Case(
        one({"auth-provider": {"name": "oidc", "config": {**OIDC, "id-token": jwt(1)}}}),
        says="id-token of admin has expired; `oc login",
    ),
    "OpenID Connect without an issuer": Case(
        one({"auth-provider": {"name": "oidc", "config": {"client-id": "oc"}}}), says="has no idp-issuer-url"
    ),
    "OpenID Connect and a token": Case(
        one({"token": TOKEN, "auth-provider": {"name": "oidc", "config": OIDC}}), prod()
    ),
}

IMPERSONATION: dict[str, Case] = {
    "as": Case(one({"token": TOKEN, "as": "ops"}), prod(impersonation={"impersonate-user": ["ops"]})),
    "as with groups, uid and extras": Case(
        one(
            {
                "token": TOKEN,
                "as": "ops",
                "as-uid": "u-1",
                "as-groups": ["b", "a"],
                "as-user-extra": {"scopes": ["view", "edit"], "authentication.kubernetes.io/pod-name": ["x%y"]},
            }
        ),
        prod(
            impersonation={
                "impersonate-user": ["ops"],
                "impersonate-uid": ["u-1"],
                "impersonate-group": ["b", "a"],
                "impersonate-extra-scopes": ["view", "edit"],
                "impersonate-extra-authentication.kubernetes.io%2fpod-name": ["x%y"],
            }
        ),
    ),
    "as somebody from further away": Case(
        one({"token": TOKEN, "as": "Jürgen"}), prod(impersonation={"impersonate-user": ["Jürgen"]})
    ),
    "as a group without a name": Case(
        one({"token": TOKEN, "as": "ops", "as-groups": ["a", None], "as-user-extra": {"scopes": [None]}}),
        prod(
            impersonation={
                "impersonate-user": ["ops"],
                "impersonate-group": ["a", ""],
                "impersonate-extra-scopes": [""],
            }
        ),
    ),
    "groups without a user": Case(one({"token": TOKEN, "as-groups": ["a"]}), says="without a user"),
    "--as and --as-group": Case(
        one(),
        prod(impersonation={"impersonate-user": ["ops"], "impersonate-group": ["a", "b,c"]}),
        flags={"as_user": "ops", "as_groups": ["a", "b,c"]},
    ),
    "--as keeps the kubeconfig's groups": Case(
        one({"token": TOKEN, "as": "dev", "as-groups": ["a"]}),
        prod(impersonation={"impersonate-user": ["ops"], "impersonate-group": ["a"]}),
        flags={"as_user": "ops"},
    ),
    "--as-group replaces the kubeconfig's groups": Case(
        one({"token": TOKEN, "as": "dev", "as-groups": ["a"]}),
        prod(impersonation={"impersonate-user": ["dev"], "impersonate-group": ["b"]}),
        flags={"as_groups": ["b"]},
    ),
    "--as-uid": Case(
        one(),
        prod(impersonation={"impersonate-user": ["ops"], "impersonate-uid": ["u-1"]}),
        flags={"as_user": "ops", "as_uid": "u-1"},
    ),
    "--as-uid without --as": Case(one(), flags={"as_uid": "u-1"}, says="without a user"),
    "--as-group without --as": Case(one(), flags={"as_groups": ["a"]}, says="without a user .*; correct the flags"),
    "as with a client certificate": Case(
        one({**CERTIFICATE, "as": "ops"}), prod("", "dev", impersonation={"impersonate-user": ["ops"]})
    ),
    "as with a line break": Case(one({"token": TOKEN, "as": "ops\nX-Other: 1"}), says="a line break"),
}

PLUGINS: dict[str, Case] = {
    "v1": Case(with_plugin(OF_PLUGIN), prod(FROM_PLUGIN), asked=asking()),
    "v1beta1": Case(
        with_plugin(issued(V1BETA1, token="of-the-plugin"), api_version=V1BETA1),
        prod(FROM_PLUGIN),
        asked=asking(V1BETA1),
    ),
    "v1alpha1": Case(
        with_plugin(OF_PLUGIN, api_version="client.authentication.k8s.io/v1alpha1"), says="speaks .*v1alpha1"
    ),
    "v1 without an interactiveMode": Case(with_plugin(OF_PLUGIN, interactiveMode=""), says="without interactiveMode"),
    "an interactiveMode that is none": Case(with_plugin(OF_PLUGIN, interactiveMode="Sometimes"), says="none of Never"),
    "interactiveMode IfAvailable": Case(
        with_plugin(OF_PLUGIN, interactiveMode="IfAvailable"), prod(FROM_PLUGIN), asked=asking()
    ),
    "interactiveMode Always": Case(
        with_plugin(OF_PLUGIN, interactiveMode="Always"), says="standard input is not a terminal"
    ),
    "arguments and variables": Case(
        {
            "config": config(
                exec_user(
                    command="sh",
                    args=["-c", './"$1" "$REALM"', "sh", "login"],
                    env=[{"name": "REALM", "value": "prod"}, {"name": "PATH", "value": "/bin:/usr/bin"}],
                )
            ),
            "login": "#!/bin/sh\n"
            f"""printf '{{"apiVersion":"{V1}","kind":"ExecCredential","status":{{"token":"%s"}}}}' "$1"\n""",
        },
        prod("Bearer prod"),
    ),
    "a bare name is not looked for beside the kubeconfig": Case(
        with_plugin(OF_PLUGIN, command="login-nowhere"), says="login-nowhere cannot be run: it is not on PATH"
    ),
    "a bare name is looked for on PATH": Case(
        {"config": config(exec_user(command="oidc-login")), "bin/oidc-login": login(OF_PLUGIN)},
        prod(FROM_PLUGIN),
        asked=asking(),
        environ={"PATH": "/usr/bin:/bin:<folder>/bin"},
    ),
    **{
        f"a bare name is not looked for where one stands, by PATH={path}": Case(
            {"config": config(exec_user(command="oidc")), "oidc": login(OF_PLUGIN), "bin/oidc": login(OF_PLUGIN)},
            environ={"PATH": path},
            says="not on PATH, but for a relative folder",
        )
        for path in (".:/usr/bin:/bin", ":/usr/bin:/bin", "/usr/bin:/bin:", "bin:/usr/bin:/bin", ".:<folder>/bin")
    },
    "a command is joined by its words": Case(
        with_plugin(OF_PLUGIN, command="gone/../login"), prod(FROM_PLUGIN), asked=asking()
    ),
    "an argument without a value": Case(
        {
            "config": config(exec_user(args=[None, "b"])),
            "login": f"#!/bin/sh\n[ \"$1/$2\" = /b ] || exit 3\necho '{json.dumps(OF_PLUGIN)}'\n",
        },
        prod(FROM_PLUGIN),
    ),
    "a variable with = in its name": Case(
        {
            "config": config(exec_user(env=[{"name": "A=B", "value": "c"}])),
            "login": f"#!/bin/sh\n[ \"$A\" = B=c ] || exit 3\necho '{json.dumps(OF_PLUGIN)}'\n",
        },
        prod(FROM_PLUGIN),
    ),
    "an argument with a NUL": Case(with_plugin(OF_PLUGIN, args=["a\0b"]), says="an argument or variable holds a NUL"),
    "a plugin that is not there": Case(with_plugin(OF_PLUGIN, command="./gone"), says="gone cannot be run"),
    "a plugin that fails": Case(
        {"config": config(exec_user()), "login": "#!/bin/sh\necho portal is closed >&2; exit 3"},
        says="login failed with exit code 3: portal is closed",
    ),
    "a plugin that fails, for a server that lets anybody in": Case(
        {
            "config": config(exec_user(), {"insecure-skip-tls-verify": True, "certificate-authority": None}),
            "login": "#!/bin/sh\nexit 1",
        },
        says="login failed with exit code 1",
    ),
    "YAML": Case(
        with_plugin(f"apiVersion: {V1}\nkind: ExecCredential\nstatus:\n  token: of-the-plugin\n"),
        prod(FROM_PLUGIN),
    ),
    "no JSON": Case(
        with_plugin(
            "token: [",
        ),
        says="printed no ExecCredential",
    ),
    "another kind": Case(with_plugin({**OF_PLUGIN, "kind": "Token"}), says="printed no ExecCredential"),
    "no kind": Case(with_plugin({"status": {"token": "x"}}), says="printed no ExecCredential"),
    "another version": Case(with_plugin(issued(V1BETA1, token="x")), says="printed another version"),
    "no status": Case(with_plugin({"apiVersion": V1, "kind": "ExecCredential"}), says="gave no credentials"),
    "nothing in the status": Case(with_plugin(issued()), says="gave no credentials"),
    "a token with a line break": Case(with_plugin(issued(token="a\nb")), says="a line break"),
    **{
        f"a token that is {written}": Case(
            with_plugin(f'{{"apiVersion": "{V1}", "kind": "ExecCredential", "status": {{"token": {written}}}}}'),
            says="not a string",
        )
        for written in ("123", '["a"]', "true")
    },
    "a token of YAML that is a number": Case(
        with_plugin(f"apiVersion: {V1}\nkind: ExecCredential\nstatus:\n  token: 123\n"), says="not a string"
    ),
    "half a surrogate pair in a token": Case(
        with_plugin(f'{{"apiVersion": "{V1}", "kind": "ExecCredential", "status": {{"token": "a\\ud800"}}}}'),
        prod(f"Bearer a{HALF}"),
    ),
    "two answers": Case(with_plugin(json.dumps(OF_PLUGIN) * 2), says="printed no ExecCredential"),
    "a client certificate": Case(
        with_plugin(
            f'{{"apiVersion": "{V1}", "kind": "ExecCredential", "status": '
            '{"clientCertificateData": <dev.pem:json>, "clientKeyData": <dev.key:json>}}'
        ),
        prod("", "dev"),
    ),
    "half a client certificate": Case(
        with_plugin(issued(token="x", clientCertificateData="x")), says="gave only one of certificate and key"
    ),
    "a client certificate that is none": Case(
        with_plugin(issued(clientCertificateData="x", clientKeyData="y")), says="does not fit"
    ),
    "an expiry in the future": Case(
        with_plugin(issued(token="of-the-plugin", expirationTimestamp="2099-01-01T00:00:00Z")), prod(FROM_PLUGIN)
    ),
    "an expiry in the past": Case(
        with_plugin(issued(token="of-the-plugin", expirationTimestamp="2001-01-01T00:00:00+01:00")), prod(FROM_PLUGIN)
    ),
    **{
        f"an expiry of {written}": Case(
            with_plugin(issued(token="of-the-plugin", expirationTimestamp=written)), prod(FROM_PLUGIN)
        )
        for written in (
            None,
            "2099-01-01T00:00:00.123456789Z",
            "9999-12-31T23:59:59-05:00",
            "0001-01-01T00:00:00+05:00",
        )
    },
    **{
        f"an expiry that is none: {written!r}": Case(
            with_plugin(issued(token="of-the-plugin", expirationTimestamp=written)),
            says="expirationTimestamp that is none",
        )
        for written in (
            "tomorrow",
            "",
            "2099-01-01 00:00:00Z",
            "2099-01-01T00:00Z",
            "20990101T000000Z",
            "2099-01-01T00:00:00+0000",
            "2099-W01-1T00:00:00Z",
            "2099-01-01T00:00:00",
            4102444800,
        )
    },
    "told of the cluster": Case(
        {
            "config": config(
                exec_user(provideClusterInfo=True),
                {
                    "tls-server-name": "localhost",
                    "proxy-url": "<proxy>",
                    "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "prod"}}],
                },
            ),
            "login": login(OF_PLUGIN),
        },
        prod(FROM_PLUGIN, via="proxy"),
        asked=asking(
            cluster={
                "server": "<prod>",
                "tls-server-name": "localhost",
                "certificate-authority-data": "<ca.pem:data>",
                "proxy-url": "<proxy>",
                "config": {"audience": "prod"},
            }
        ),
    ),
    "told of the cluster, which has little to tell": Case(
        with_plugin(issued(V1BETA1, token="of-the-plugin"), api_version=V1BETA1, provideClusterInfo=True),
        prod(FROM_PLUGIN),
        flags={"insecure_skip_tls_verify": True},
        asked=asking(V1BETA1, {"server": "<prod>", "insecure-skip-tls-verify": True, "config": None}),
    ),
    "beside a token": Case(with_plugin("nothing", {**exec_user(), "token": TOKEN}), prod()),
    "beside a client certificate": Case(with_plugin("nothing", {**exec_user(), **CERTIFICATE}), prod("", "dev")),
    "beside basic auth": Case(with_plugin("nothing", {**exec_user(), **BASIC}), prod("Basic dev:p:w d")),
    "beside an auth-provider": Case(
        with_plugin(OF_PLUGIN, {**exec_user(), "auth-provider": {"name": "oidc"}}),
        says="both exec and an auth-provider",
    ),
    "without a command": Case(one(exec_user(command="")), says="exec without command"),
    "with a nameless variable": Case(with_plugin(OF_PLUGIN, env=[{"value": "x"}]), says="variable without a name"),
    "impersonating": Case(
        with_plugin(OF_PLUGIN, {**exec_user(), "as": "ops"}),
        prod(FROM_PLUGIN, impersonation={"impersonate-user": ["ops"]}),
    ),
}

PROXIES: dict[str, Case] = {
    "proxy-url": Case(one(cluster={"proxy-url": "<proxy>"}), prod(via="proxy")),
    "proxy-url with credentials": Case(
        one(cluster={"proxy-url": "http://us%40er:p%3Aw@127.0.0.1:<proxy:port>"}), prod(via="proxy as Basic us@er:p:w")
    ),
    "proxy-url with a user alone": Case(
        one(cluster={"proxy-url": "http://us%40er@127.0.0.1:<proxy:port>"}), prod(via="proxy as Basic us@er:")
    ),
    "proxy-url with credentials from further away": Case(
        one(cluster={"proxy-url": "http://u:%E2%82%AC@127.0.0.1:<proxy:port>"}), prod(via="proxy as Basic u:€")
    ),
    "proxy-url with a stray %": Case(
        one(cluster={"proxy-url": "http://u:%zz@127.0.0.1:<proxy:port>"}), says="a % that is no escape"
    ),
    "proxy-url of https": Case(one(cluster={"proxy-url": "<secure-proxy>"}), prod(via="secure-proxy")),
    "proxy-url goes before the environment": Case(
        one(cluster={"proxy-url": "<proxy>", **BY_NAME}),
        prod(via="proxy"),
        environ={"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "*"},
    ),
    "proxy-url that nobody listens at": Case(
        one(cluster={"proxy-url": "http://127.0.0.1:1"}), says="through the proxy"
    ),
    "proxy-url of another scheme": Case(one(cluster={"proxy-url": "ftp://127.0.0.1:1"}), says="proxy-url is no URL of"),
    "proxy-url without a scheme": Case(one(cluster={"proxy-url": "127.0.0.1:1"}), says="proxy-url is no URL of"),
    "proxy-url of socks5": Case(
        one(cluster={"proxy-url": "<socks>", **BY_NAME}),
        says="PySocks",
        kubectl_differs="the library for SOCKS is not one of the plugin's dependencies",
        kubectl_arrives=prod(via="socks"),
    ),
    "HTTPS_PROXY": Case(one(cluster=BY_NAME), prod(via="proxy"), environ={"HTTPS_PROXY": "<proxy>"}),
    "https_proxy without a scheme": Case(
        one(cluster=BY_NAME), prod(via="proxy"), environ={"https_proxy": "127.0.0.1:<proxy:port>"}
    ),
    "HTTPS_PROXY goes before https_proxy": Case(
        one(cluster=BY_NAME), prod(via="proxy"), environ={"HTTPS_PROXY": "<proxy>", "https_proxy": "http://127.0.0.1:1"}
    ),
    "HTTP_PROXY is not for https": Case(
        one(cluster=BY_NAME), environ={"HTTP_PROXY": "<proxy>"}, says="cannot be found"
    ),
    "HTTP_PROXY is for plain http": Case(
        one(cluster={"server": f"http://{PROD}"}),
        Arrival("proxy", via="proxy", path=f"http://{PROD}{Arrival().path}"),
        environ={"HTTP_PROXY": "<proxy>"},
    ),
    "HTTPS_PROXY is not for this machine": Case(one(), prod(), environ={"HTTPS_PROXY": "http://127.0.0.1:1"}),
    "HTTPS_PROXY is not for localhost": Case(
        one(cluster={"server": "https://localhost:<prod:port>"}), prod(), environ={"HTTPS_PROXY": "http://127.0.0.1:1"}
    ),
    **{
        f"NO_PROXY={excluded}": Case(
            one(cluster=BY_NAME), environ={"HTTPS_PROXY": "<proxy>", "NO_PROXY": excluded}, says="cannot be found"
        )
        for excluded in ("*", PROD, "prod.invalid", ".prod.invalid", "*.invalid", f"x, {PROD.upper()}:6443")
    },
    **{
        f"NO_PROXY={excluded} is somebody else": Case(
            one(cluster=BY_NAME), prod(via="proxy"), environ={"HTTPS_PROXY": "<proxy>", "no_proxy": excluded}
        )
        for excluded in (f".{PROD}", f"*.{PROD}", "alid", f"{PROD}:443", "10.0.0.0/8", "")
    },
}

GROUPS: Sequence[tuple[str, Mapping[str, Case]]] = (
    ("files", FILES),
    ("contexts", CONTEXTS),
    ("servers", SERVERS),
    ("tls", TLS),
    ("users", USERS),
    ("impersonation", IMPERSONATION),
    ("plugins", PLUGINS),
    ("proxies", PROXIES),
)
CASES = {f"{group}: {name}": case for group, cases in GROUPS for name, case in cases.items()}
