"""Boot image stream metadata -> BootImage. Pure.

Format: coreos/stream-metadata-go; the ConfigMap openshift-machine-config-operator/coreos-bootimages
carries it in `stream`, and from 5.0 on one stream per operating system in `streams`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from kubectl_arm64 import yaml_text
from kubectl_arm64.errors import InvalidInput, Unsupported
from kubectl_arm64.image import MarketplaceImage
from kubectl_arm64.yaml_text import NotYaml

DEFAULT_OS_STREAM = "rhel-9"

_OPENSHIFT = re.compile(r"(?:^|-)(?P<major>\d+)\.(?P<minor>\d+)(?:\.|$)")
# RHEL 10 and later; 9 and what came before it (418.94..., 411.86...) are the default stream.
_LATER_RHEL = re.compile(r"^(?P<major>[1-3]\d)\.\d+\.\d{8}")
_VHD_NAME = re.compile(r"^rhcos-(?P<release>[\d.]+(?:-\d+)?)-azure\.(?P<architecture>\w+)\.vhd$")
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_ANOTHER = "name another with --stream-file"
_UNRELEASED = "0.0.1-snapshot"  # releaseVersion of a ConfigMap that no release has stamped


class Architecture(Enum):
    """A CPU architecture; the value is the stream's spelling."""

    AARCH64 = "aarch64"
    X86_64 = "x86_64"

    @property
    def kubernetes(self) -> str:
        """The spelling of `kubernetes.io/arch`."""
        return "arm64" if self is Architecture.AARCH64 else "amd64"

    @property
    def azure(self) -> str:
        """The spelling of an image definition's `architecture` and of CpuArchitectureType."""
        return "Arm64" if self is Architecture.AARCH64 else "x64"

    @property
    def shown(self) -> str:
        """The spelling for people."""
        return "ARM64" if self is Architecture.AARCH64 else "x86_64"


@dataclass(frozen=True)
class BootImage:
    """The VHD of one architecture that a stream names.

    `release` is as the stream spells it (`418.94.202602022246-0`, `9.6.20260217-1`). `url` is as given, with the
    SAS that a mirror's may carry: for the service only; `shown` is for people, tags and logs. It is "" where the stream
    tells the release alone.
    `sha256` is that of the uncompressed VHD, None where the stream tells another release's.
    """

    os_stream: str
    architecture: Architecture
    release: str
    url: str = field(repr=False)
    sha256: str | None = None
    marketplace: MarketplaceImage | None = None

    @property
    def shown(self) -> str:
        """The URL without its query."""
        return _without_query(self.url)

    def at(self, url: str) -> BootImage:
        """The same boot image from another place (--source-url): a mirror, or a build that its name tells.

        A file name of Red Hat's form is believed: its release replaces the stream's, whose digest then does not hold.
        Raises InvalidInput for a URL that cannot be a VHD's, or is another architecture's.
        """
        _check_url(url, "--source-url")
        url = _normalised(url)
        match = _VHD_NAME.fullmatch(unquote(urlsplit(url).path).rsplit("/", 1)[-1])
        if match and match["architecture"] != self.architecture.value:
            raise InvalidInput(
                f"{_without_query(url)} is a VHD for {match['architecture']}, not {self.architecture.value}",
                f"name the VHD for {self.architecture.value}, or another --architecture",
            )
        if match is None or match["release"] == self.release:
            return replace(self, url=url)
        release = match["release"]
        return replace(self, url=url, release=release, os_stream=_os_stream(release), sha256=None)


def from_config_map(
    document: Mapping[str, Any],
    architecture: Architecture,
    os_stream: str | None = None,
    where: str = "ConfigMap coreos-bootimages",
) -> BootImage:
    """The boot image that the ConfigMap coreos-bootimages names for `architecture`.

    Raises InvalidInput (broken JSON, unknown OS stream) or Unsupported (architecture or azure-disk missing).
    """
    data = _mapping(document.get("data"), f"{where}: data")
    named = _named_streams(data, where)
    version = str(data.get("releaseVersion") or "")
    if os_stream in named or (os_stream is None and "stream" not in data and named):
        chosen = os_stream or DEFAULT_OS_STREAM
        if chosen not in named:
            raise _unknown_os_stream(chosen, named, where)
        reader = _StreamReader(named[chosen], f"{where}, OS stream {chosen}", version)
        return reader.boot_image(architecture, chosen)
    if "stream" not in data:
        raise InvalidInput(f"{where} has no data.stream", "name the ConfigMap coreos-bootimages or a stream's JSON")
    stream = _parse_json(data["stream"], f"{where}: data.stream")
    image = _StreamReader(stream, where, version).boot_image(architecture)
    if os_stream not in (None, image.os_stream):
        raise _unknown_os_stream(str(os_stream), {*named, image.os_stream}, where)
    return image


def from_text(text: str, where: str, architecture: Architecture, os_stream: str | None = None) -> BootImage:
    """The same from a file's text: stream JSON, or the ConfigMap as JSON or YAML. `where` names the file in errors."""
    document = _parse(text, where)
    if document.get("kind") == "ConfigMap" or "data" in document:
        return from_config_map(document, architecture, os_stream, where)
    if "architectures" not in document:
        found = str(document.get("kind") or "another document")
        raise InvalidInput(
            f"{where} is neither a boot image stream nor the ConfigMap coreos-bootimages: it is {found}",
            "`oc -n openshift-machine-config-operator get configmap coreos-bootimages -o yaml` writes one",
        )
    image = _StreamReader(document, where).boot_image(architecture)
    if os_stream not in (None, image.os_stream):
        raise _unknown_os_stream(str(os_stream), {image.os_stream}, where)
    return image


@dataclass(frozen=True)
class _StreamReader:
    """One stream's metadata, and the words for what is wrong with it."""

    stream: Mapping[str, Any]
    where: str
    version: str = ""  # releaseVersion of the ConfigMap

    def boot_image(self, architecture: Architecture, os_stream: str | None = None) -> BootImage:
        path = f"{self.where}: architectures.{architecture.value}"
        extensions = self._extensions(architecture)
        disk = _optional(extensions, "azure-disk", f"{path}.rhel-coreos-extensions")
        if not disk:
            raise self._without_image(architecture)
        path = f"{path}.rhel-coreos-extensions.azure-disk"
        release = _text(disk, "release", path)
        url = _text(disk, "url", path) if disk.get("url") else ""
        if url:
            _check_url(url, f"{path}.url")
        return BootImage(
            os_stream or _os_stream(release),
            architecture,
            release,
            url,
            self._sha256(architecture, release),
            _marketplace(extensions),
        )

    def _architecture(self, architecture: Architecture) -> Mapping[str, Any]:
        architectures = _mapping(self.stream.get("architectures"), f"{self.where}: architectures")
        return _optional(architectures, architecture.value, f"{self.where}: architectures")

    def _extensions(self, architecture: Architecture) -> Mapping[str, Any]:
        path = f"{self.where}: architectures.{architecture.value}"
        return _optional(self._architecture(architecture), "rhel-coreos-extensions", path)

    def _sha256(self, architecture: Architecture, release: str) -> str | None:
        """The VHD's digest stands with the artifact to download, which may be another build's."""
        azure = _lenient(self._architecture(architecture), "artifacts", "azure")
        if azure.get("release") != release:
            return None
        digest = str(_lenient(azure, "formats", "vhd.gz", "disk").get("uncompressed-sha256", "")).lower()
        return digest if _SHA256.fullmatch(digest) else None

    def _without_image(self, architecture: Architecture) -> Unsupported:
        what = f"{self._name()} has no {architecture.shown} boot image for Azure"
        number = self._openshift()
        if architecture is Architecture.AARCH64 and number is not None and number < (4, 11):
            return Unsupported(what, "4.11 is the first")
        return Unsupported(what, f"{self.where} names none: update the cluster, or name another with --stream-file")

    def _openshift(self) -> tuple[int, int] | None:
        """The OpenShift minor release: the ConfigMap's, else what the stream is called after."""
        for text in (self.version, str(self.stream.get("stream") or "")):
            if text != _UNRELEASED and (match := _OPENSHIFT.search(text)):
                return int(match["major"]), int(match["minor"])
        return None

    def _name(self) -> str:
        number = self._openshift()
        return (
            f"release {number[0]}.{number[1]}" if number else f"stream {self.stream.get('stream') or 'without a name'}"
        )


def _marketplace(extensions: Mapping[str, Any]) -> MarketplaceImage | None:
    """The image without a purchase plan for generation 2, the only one there is for aarch64; `{}` occurs."""
    image = _lenient(extensions, "marketplace", "azure", "no-purchase-plan", "hyperVGen2")
    parts = [image.get(key) for key in ("publisher", "offer", "sku", "version")]
    if not all(isinstance(part, str) and part for part in parts):
        return None
    return MarketplaceImage(*map(str, parts))


def _os_stream(release: str) -> str:
    match = _LATER_RHEL.match(release)
    return f"rhel-{match['major']}" if match else DEFAULT_OS_STREAM


def _named_streams(data: Mapping[str, Any], where: str) -> dict[str, Mapping[str, Any]]:
    if "streams" not in data:
        return {}
    streams = _parse_json(data["streams"], f"{where}: data.streams")
    return {name: _mapping(stream, f"{where}: data.streams.{name}") for name, stream in streams.items()}


def _unknown_os_stream(name: str, known: Any, where: str) -> InvalidInput:
    return InvalidInput(f"{where} has no OS stream {name}", f"it has {', '.join(sorted(known))}")


def _check_url(url: str, where: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InvalidInput(f"{where} is not a URL: {_without_query(url)}: {error}", "correct it") from error
    if parts.scheme != "https" or not parts.hostname:
        raise InvalidInput(f"{where} is not an https URL: {_without_query(url)}", "Azure copies from https only")
    if parts.username is not None or not parts.netloc.isascii():
        raise InvalidInput(f"{where} has a user name, or a host that is not ASCII", "name it without")
    if parts.path.endswith((".vhd.gz", ".vhd.xz", ".vhd.zst")):
        raise InvalidInput(f"{where} is compressed: {_without_query(url)}", "decompress it and name the .vhd")
    if not parts.path.endswith(".vhd"):
        raise InvalidInput(f"{where} does not name a .vhd: {_without_query(url)}", "name a fixed VHD in a page blob")


def _normalised(url: str) -> str:
    """As it goes into a request line and into metadata: its host in lower case, and nothing in it but ASCII."""
    parts = urlsplit(url)
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
    return urlunsplit(parts._replace(netloc=parts.netloc.lower(), path=path, fragment=""))


def _without_query(url: str) -> str:
    return url.partition("?")[0]


def _parse(text: str, where: str) -> Mapping[str, Any]:
    """JSON where it looks like JSON, so that its errors are told in JSON's terms; else YAML."""
    if text.lstrip().startswith("{"):
        return _parse_json(text, where)
    try:
        document = yaml_text.value(text)
    except NotYaml as fault:
        raise InvalidInput(f"{where}{fault.at}: broken YAML: {fault.problem}", _ANOTHER) from None
    return _mapping(document, where)


def _parse_json(text: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(text, str):
        raise InvalidInput(f"{where} is {_kind(text)}, not a text of JSON", _ANOTHER)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{where}, line {error.lineno}, column {error.colno}: broken JSON: {error.msg}",
            f"fetch it once more, or {_ANOTHER}",
        ) from error
    except RecursionError:
        raise InvalidInput(f"{where} is nested too deeply to be a stream", _ANOTHER) from None
    except ValueError as error:  # a number of thousands of digits
        raise InvalidInput(f"{where} is no stream: {error}", _ANOTHER) from None
    return _mapping(document, where)


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{where} is {_kind(value)}, not an object", _ANOTHER)
    return value


def _optional(parent: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    """The object at `key`, empty where there is none."""
    value = parent.get(key)
    return {} if value is None else _mapping(value, f"{where}.{key}")


def _lenient(parent: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """The object at a path, empty where anything on the way is missing or misshapen."""
    for key in keys:
        value = parent.get(key)
        if not isinstance(value, Mapping):
            return {}
        parent = value
    return parent


def _text(parent: Mapping[str, Any], key: str, where: str) -> str:
    value = parent.get(key)
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"{where}.{key} is {_kind(value)}, not a text", _ANOTHER)
    return value


def _kind(value: Any) -> str:
    if value is None or value == "":
        return "empty"
    words = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return words.get(type(value), f"a {type(value).__name__}")
