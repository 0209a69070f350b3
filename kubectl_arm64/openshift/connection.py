"""kubectl's connection flags, and the one API server that they and the kubeconfig lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kubectl_arm64.openshift.kubeconfig import Entry


@dataclass(frozen=True)
class ConnectionOptions:
    """kubectl's connection flags; "" and () leave it to the kubeconfig. `request_timeout` in seconds, 0 for none."""

    kubeconfig: str = ""
    context: str = ""
    cluster: str = ""
    user: str = ""
    server: str = ""
    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    client_certificate: str = ""  # path of a PEM file
    client_key: str = ""  # path of a PEM file
    certificate_authority: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    namespace: str = ""
    as_user: str = ""
    as_groups: Sequence[str] = ()
    as_uid: str = ""
    as_user_extra: Mapping[str, Sequence[str]] = field(default_factory=dict)
    request_timeout: float | None = None


BY_FLAG = "--token"  # the name of the user whose token that flag gave


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
    extensions: Sequence[Entry] = ()  # of the cluster entry, for exec plugins with provideClusterInfo

    @property
    def secure(self) -> bool:
        """Whether TLS protects it; credentials go nowhere else, as in client-go."""
        return self.server.startswith("https://")

    @property
    def other_credentials(self) -> str:
        """An advice: where other credentials than these come from."""
        login = f"`oc login {self.server}`"
        return f"give another --token, or none after {login}" if self.user_name == BY_FLAG else login
