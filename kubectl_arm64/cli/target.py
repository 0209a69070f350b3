"""The cluster and the boot image that a command is about: flags and documents -> values."""

from __future__ import annotations

import errno
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from kubectl_arm64 import stream
from kubectl_arm64.cli.options import ConnectionFlags, ImageFlags, grouped, seconds
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.cluster import Documents
from kubectl_arm64.errors import Denied, InvalidInput, NotFound
from kubectl_arm64.names import check_names
from kubectl_arm64.plan import Wishes
from kubectl_arm64.stream import BootImage

if TYPE_CHECKING:
    from kubectl_arm64.openshift.client import Cluster

STANDARD_INPUT = "standard input"  # what `-` is called
BOOTIMAGES = "ConfigMap openshift-machine-config-operator/coreos-bootimages"


def connect(flags: ConnectionFlags, streams: Streams) -> Cluster:
    """The cluster of the current kubeconfig context, or of the one that flags name; its warnings go to stderr."""
    from kubectl_arm64.openshift.client import ConnectionOptions, connect

    flags.check()
    return connect(
        ConnectionOptions(
            kubeconfig=flags.kubeconfig,
            context=flags.context,
            cluster=flags.cluster,
            user=flags.user,
            server=flags.server,
            token=flags.token,
            username=flags.username,
            password=flags.password,
            client_certificate=flags.client_certificate,
            client_key=flags.client_key,
            certificate_authority=flags.certificate_authority,
            insecure_skip_tls_verify=flags.insecure_skip_tls_verify,
            tls_server_name=flags.tls_server_name,
            namespace=flags.namespace,
            as_user=flags.impersonate,
            as_groups=tuple(flags.impersonate_groups),
            as_uid=flags.impersonate_uid,
            as_user_extra=grouped(flags.impersonate_extra, "--as-user-extra"),
            request_timeout=seconds(flags.request_timeout, "--request-timeout"),
        ),
        environ=streams.environ,
        warn=streams.warn_of_server,
    )


def boot_image(flags: ImageFlags, documents: Documents) -> BootImage:
    """From --stream-file, else from the cluster. Raises NotFound, Denied or InvalidInput."""
    os_stream = flags.os_stream or None
    if flags.stream_file:
        where = STANDARD_INPUT if flags.stream_file == "-" else flags.stream_file
        return stream.from_text(read_text(flags.stream_file), where, flags.architecture, os_stream)
    if documents.bootimages is None:
        if why := documents.denied.get("bootimages"):
            raise Denied(why, "ask for the right to get it, or give the stream with --stream-file")
        raise NotFound(f"the cluster has no {BOOTIMAGES}", "give the stream with --stream-file")
    return stream.from_config_map(documents.bootimages, flags.architecture, os_stream)


def read_text(path: str) -> str:
    """A file's text; `-` is standard input, which may be asked for again. Raises InvalidInput."""
    name, advice = path, "give a file that exists, or - for standard input"
    if path == "-":
        name, advice = STANDARD_INPUT, "pipe a file's text in, or name the file"
    try:
        return (_read(sys.stdin) if path == "-" else Path(path).read_bytes()).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidInput(f"cannot read {name}: {reason}", advice) from error


@lru_cache(maxsize=1)
def _read(stdin: TextIO | None) -> bytes:
    """All that standard input holds, which can be read but once in a run. Raises OSError."""
    if stdin is None or stdin.closed:
        raise OSError(errno.EBADF, "it is closed")
    return stdin.buffer.read()


def wishes(flags: ImageFlags) -> Wishes:
    """What the shared flags ask for. Raises InvalidInput for a name that Azure does not take."""
    given = {
        "subscription": flags.subscription,
        "resource-group": flags.resource_group,
        "gallery": flags.gallery,
        "image-definition": flags.image_definition,
        "image-version": flags.image_version,
    }
    check_names({flag: name for flag, name in given.items() if name})
    return Wishes(
        subscription=flags.subscription,
        resource_group=flags.resource_group,
        location=flags.location,
        infra_name=flags.infra_name,
        cloud=flags.cloud,
        gallery=flags.gallery,
        definition=flags.image_definition,
        version=flags.image_version,
    )
