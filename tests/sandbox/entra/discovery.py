"""The two documents that a client library reads before it asks for a token, as recorded."""

from __future__ import annotations

from typing import Any

_CLOUDS = [  # preferred network, preferred cache, aliases
    (
        "login.microsoftonline.com",
        "login.windows.net",
        ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
    ),
    (
        "login.partner.microsoftonline.cn",
        "login.partner.microsoftonline.cn",
        ["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
    ),
    ("login.microsoftonline.de", "login.microsoftonline.de", ["login.microsoftonline.de"]),
    (
        "login.microsoftonline.us",
        "login.microsoftonline.us",
        ["login.microsoftonline.us", "login.usgovcloudapi.net"],
    ),
    ("login-us.microsoftonline.com", "login-us.microsoftonline.com", ["login-us.microsoftonline.com"]),
]


def instance(host: str, authorization_endpoint: str) -> dict[str, Any]:
    """Which login hosts are one cloud; `authorization_endpoint` names the tenant that is asked about."""
    parts = authorization_endpoint.split("/")
    tenant = parts[3] if len(parts) > 3 else "common"
    version = "/v2.0" if "/v2.0/" in authorization_endpoint else ""
    return {
        "tenant_discovery_endpoint": f"https://{host}/{tenant}{version}/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [
            {"preferred_network": network, "preferred_cache": cache, "aliases": aliases}
            for network, cache, aliases in _CLOUDS
        ],
    }


def openid_configuration(host: str, tenant: str, version: str) -> dict[str, Any]:
    """Where the endpoints of `tenant` are; `version` is "/v2.0", or "" for the v1 endpoints."""
    at = f"https://{host}/{tenant}"
    return {
        "token_endpoint": f"{at}/oauth2{version}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{at}/discovery{version}/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{at}/v2.0" if version else f"https://sts.windows.net/{tenant}/",
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "authorization_endpoint": f"{at}/oauth2{version}/authorize",
        "device_authorization_endpoint": f"{at}/oauth2{version}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{at}/oauth2{version}/logout",
        "tenant_region_scope": "WW",
        "cloud_instance_name": host.removeprefix("login."),
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    }
