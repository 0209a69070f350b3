"""The flags that commands share, and how a command takes them as one frozen value.

`flags` turns the fields of dataclasses into a typer command's options, so that each flag is written once.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, get_type_hints

import typer

from kubectl_arm64.errors import UsageError
from kubectl_arm64.stream import Architecture

# Go's time.ParseDuration, without the units below milliseconds and the sign.
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(ms|s|m|h)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 2.0**63 / 1e9  # seconds: what Go can tell


class DryRun(StrEnum):
    """The values of --dry-run."""

    none = "none"
    client = "client"
    server = "server"


class Progress(StrEnum):
    """The values of --progress."""

    auto = "auto"
    plain = "plain"
    json = "json"


_PROFILES = ("none", "cpu", "heap", "goroutine", "threadcreate", "block", "mutex")


@dataclass(frozen=True)
class KubectlFlags:
    """kubectl's flags about itself: taken, so that no habit or alias fails for them."""

    cache_dir: Annotated[str, typer.Option(help="kubectl's discovery cache, which this plugin does without.")] = ""
    disable_compression: Annotated[
        bool, typer.Option("--disable-compression", help="No compressed responses; this plugin asks for none anyway.")
    ] = False
    kuberc: Annotated[str, typer.Option(help="kubectl's preferences, of which none is for plugins.")] = ""
    log_flush_frequency: Annotated[str, typer.Option(help="As for kubectl; this plugin logs at once.")] = "5s"
    loglevel: Annotated[int, typer.Option("--loglevel", help="oc's name for -v.")] = 0
    match_server_version: Annotated[
        bool, typer.Option("--match-server-version", help="Refused: a plugin has no Kubernetes version.")
    ] = False
    profile: Annotated[str, typer.Option(help="Refused but for none: profiles are of kubectl itself.")] = "none"
    profile_output: Annotated[str, typer.Option(help="File for --profile.")] = "profile.pprof"
    vmodule: Annotated[str, typer.Option(help="Logging by kubectl's source files, of which there are none here.")] = ""
    warnings_as_errors: Annotated[
        bool, typer.Option("--warnings-as-errors", help="End with exit code 1 when the API server warned of anything.")
    ] = False

    def check(self) -> None:
        """Raise UsageError for what would be missed, or could not be read."""
        seconds(self.log_flush_frequency, "--log-flush-frequency")
        if self.profile not in _PROFILES:
            raise UsageError(f"unknown profile '{self.profile}'", f"there are {', '.join(_PROFILES)}")
        if self.profile != "none":
            raise UsageError(f"--profile={self.profile} is of kubectl itself: this plugin writes none", "leave it out")
        if self.match_server_version:
            raise UsageError(
                "--match-server-version cannot hold: this plugin has no Kubernetes version to match", "leave it out"
            )


@dataclass(frozen=True)
class ConnectionFlags(KubectlFlags):
    """kubectl's own flags, which every command takes: to which cluster, and as whom."""

    kubeconfig: Annotated[str, typer.Option(help="Path to the kubeconfig file to use.")] = ""
    context: Annotated[str, typer.Option(help="The name of the kubeconfig context to use.")] = ""
    cluster: Annotated[str, typer.Option(help="The name of the kubeconfig cluster to use.")] = ""
    user: Annotated[str, typer.Option(help="The name of the kubeconfig user to use.")] = ""
    server: Annotated[str, typer.Option("--server", "-s", help="Address and port of the API server.")] = ""
    token: Annotated[str, typer.Option(help="Bearer token for the API server.")] = ""
    username: Annotated[str, typer.Option(help="Username for basic authentication to the API server.")] = ""
    password: Annotated[str, typer.Option(help="Password for basic authentication to the API server.")] = ""
    client_certificate: Annotated[str, typer.Option(help="Path to a client certificate for the API server.")] = ""
    client_key: Annotated[str, typer.Option(help="Path to the key of the client certificate.")] = ""
    certificate_authority: Annotated[str, typer.Option(help="Path to a CA certificate of the API server.")] = ""
    insecure_skip_tls_verify: Annotated[
        bool, typer.Option("--insecure-skip-tls-verify", help="Do not check the API server's certificate.")
    ] = False
    tls_server_name: Annotated[str, typer.Option(help="Name to check the API server's certificate for.")] = ""
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Namespace of the MachineSets.")] = (
        "openshift-machine-api"
    )
    impersonate: Annotated[str, typer.Option("--as", help="User to impersonate.")] = ""
    impersonate_groups: Annotated[list[str], typer.Option("--as-group", help="Group to impersonate; repeatable.")] = (
        dataclasses.field(default_factory=list)
    )
    impersonate_uid: Annotated[str, typer.Option("--as-uid", help="UID to impersonate.")] = ""
    impersonate_extra: Annotated[
        list[str], typer.Option("--as-user-extra", help="KEY=VALUE to impersonate as an extra of the user; repeatable.")
    ] = dataclasses.field(default_factory=list)
    request_timeout: Annotated[str, typer.Option(help="Time for one request to the API server (30s, 1m).")] = "0"
    verbosity: Annotated[
        int, typer.Option("--v", "-v", help="0 to 9: from 1 tracebacks, from 6 requests, never a secret.")
    ] = 0

    def carried(self) -> list[str]:
        """The flags that a following command needs to reach the same cluster as the same user; no secret is one."""
        given = {
            "--kubeconfig": self.kubeconfig,
            "--context": self.context,
            "--cluster": self.cluster,
            "--user": self.user,
            "--server": self.server,
            "--client-certificate": self.client_certificate,
            "--client-key": self.client_key,
            "--certificate-authority": self.certificate_authority,
            "--tls-server-name": self.tls_server_name,
            "--namespace": "" if self.namespace == ConnectionFlags.namespace else self.namespace,
            "--as": self.impersonate,
            "--as-uid": self.impersonate_uid,
        }
        words = [word for flag, value in given.items() if value for word in (flag, value)]
        words += ["--insecure-skip-tls-verify"] if self.insecure_skip_tls_verify else []
        words += [word for group in self.impersonate_groups for word in ("--as-group", group)]
        words += [word for extra in self.impersonate_extra for word in ("--as-user-extra", extra)]
        return words


@dataclass(frozen=True)
class ImageFlags:
    """Where and under which names the boot image is published; the cluster tells what is not given."""

    subscription: Annotated[str, typer.Option(help="Azure subscription ID (default: the cluster's).")] = ""
    resource_group: Annotated[str, typer.Option(help="Resource group (default: the cluster's).")] = ""
    location: Annotated[str, typer.Option(help="Azure region (default: the cluster's).")] = ""
    cloud: Annotated[
        str, typer.Option(help="Azure cloud, such as AzureUSGovernmentCloud (default: the cluster's).")
    ] = ""
    infra_name: Annotated[
        str, typer.Option(help="Infrastructure name to derive names from (default: the cluster's).")
    ] = ""
    gallery: Annotated[str, typer.Option(help="Azure Compute Gallery (default: rhcos_INFRA).")] = ""
    image_definition: Annotated[str, typer.Option(help="Image definition (default: rhcos-arm64-gen2).")] = ""
    image_version: Annotated[str, typer.Option(help="Image version (default: from the release).")] = ""
    os_stream: Annotated[str, typer.Option(help="Operating system stream, such as rhel-10 (default: rhel-9).")] = ""
    stream_file: Annotated[
        str, typer.Option(help="Boot image stream JSON, or the ConfigMap, from a file instead of the cluster.")
    ] = ""
    architecture: Annotated[Architecture, typer.Option(help="Architecture of the boot image.")] = Architecture.AARCH64
    timeout: Annotated[str, typer.Option(help="How long to wait in all (90s, 30m, 2h).")] = "2h"
    progress: Annotated[
        Progress,
        typer.Option(
            help="What is told on stderr: bars on a terminal (auto), plain lines, or JSON lines for programs."
        ),
    ] = Progress.auto
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Go on where the tool would ask.")] = False

    def carried(self) -> list[str]:
        """The flags that a following command needs to find the same image."""
        words = []
        for name in (
            "subscription", "resource_group", "location", "cloud", "infra_name",
            "gallery", "image_definition", "image_version", "os_stream", "stream_file",
        ):  # fmt: skip
            if value := getattr(self, name):
                words += [f"--{name.replace('_', '-')}", value]
        if self.architecture is not Architecture.AARCH64:
            words += ["--architecture", self.architecture.value]
        return words


def flags(*groups: type) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """A typer command from a function of dataclass values: each field of `groups` becomes an option."""

    def wrap(function: Callable[..., int]) -> Callable[..., int]:
        def command(**values: Any) -> int:
            return function(*(group(**_fields(group, values)) for group in groups))

        parameters = [parameter for group in groups for parameter in _parameters(group)]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return command

    return wrap


def _parameters(group: type) -> Iterator[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    for field in dataclasses.fields(group):
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        if default is dataclasses.MISSING:
            default = inspect.Parameter.empty
        yield inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name]
        )


def _fields(group: type, values: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: values[field.name] for field in dataclasses.fields(group)}


def seconds(text: str, flag: str) -> float:
    """A duration as kubectl takes it (`90s`, `1h30m`, a bare whole number is seconds, "" is 0). Raises UsageError."""
    unsigned = text.removeprefix("+")
    parts = [(text, "s")] if text.isascii() and text.isdecimal() else _DURATION.findall(unsigned)
    whole = "".join(number + unit for number, unit in parts)
    told = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if whole not in (unsigned, f"{unsigned}s") or told >= _LONGEST:
        raise UsageError(f"{flag}={text} is not a duration", "write it as 90s, 30m or 2h")
    return told


def pairs(words: Sequence[str], flag: str) -> dict[str, str]:
    """Repeated KEY=VALUE words; of a key that is given twice, the last value. Raises UsageError."""
    return {key: values[-1] for key, values in grouped(words, flag).items()}


def grouped(words: Sequence[str], flag: str) -> dict[str, list[str]]:
    """Repeated KEY=VALUE words, all values of a key. Raises UsageError."""
    found: dict[str, list[str]] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key and equals):
            raise UsageError(f"{flag} {word} is not KEY=VALUE", f"write {flag} KEY=VALUE")
        found.setdefault(key, []).append(value)
    return found
