"""Blob storage reduced to its Protocols: one container and one source in a dictionary."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from kubectl_arm64.copy.ports import BlobState, CopyState, PageBlob
from kubectl_arm64.errors import Refused

RELEASE = "418.94.202602022246-0"
BLOB = f"rhcos-{RELEASE}-azure.aarch64.vhd"
SOURCE_URL = f"https://rhcos.blob.core.windows.net/imagebucket/{BLOB}"
MIB = 1 << 20


def footer(size: int = MIB, *, disk_type: int = 2, cookie: bytes = b"conectix") -> bytes:
    """A VHD footer of a disk of `size` bytes, with a right checksum."""
    body = bytearray(512)
    struct.pack_into(">8sIIQI4sI4sQQ", body, 0, cookie, 2, 0x10000, (1 << 64) - 1, 0, b"az  ", 1, b"Wi2k", size, size)
    struct.pack_into(">I", body, 60, disk_type)
    struct.pack_into(">I", body, 64, ~sum(body) & 0xFFFFFFFF)
    return bytes(body)


@dataclass
class FixedSource:
    """A source of a given state and tail."""

    state: BlobState = field(default_factory=lambda: BlobState(MIB + 512, "PageBlob", '"s1"'))
    tail: bytes = field(default_factory=footer)
    start: bytes = b"\0\0"
    url: str = SOURCE_URL

    @property
    def shown(self) -> str:
        return self.url.partition("?")[0]

    def head(self) -> BlobState:
        return self.state

    def read(self, offset: int, length: int) -> bytes:
        return self.start[:length] if offset == 0 else self.tail


@dataclass
class DictBlobs:
    """A container whose copies stay pending until the test ends them."""

    held: dict[str, BlobState] = field(default_factory=dict)
    tail: bytes = field(default_factory=footer)
    calls: list[str] = field(default_factory=list)

    def url(self, blob: str) -> str:
        return f"https://ours.blob.core.windows.net/vhd/{blob}"

    def head(self, blob: str) -> BlobState | None:
        return self.held.get(blob)

    def read(self, blob: str, offset: int, length: int) -> bytes:
        return self.tail

    def start_copy(
        self, blob: str, source: str, *, source_etag: str, metadata: Mapping[str, str], replace_etag: str | None
    ) -> CopyState:
        state = self.held.get(blob)
        if (state.etag if state else None) != replace_etag:
            raise Refused("the blob changed meanwhile")
        self.calls.append(f"copy if-match {source_etag}")
        copy = CopyState(f"copy-{len(self.calls)}", source.partition("?")[0], "pending", 0, MIB + 512)
        self.held[blob] = BlobState(MIB + 512, "PageBlob", f'"d{len(self.calls)}"', dict(metadata), copy)
        return copy

    def abort_copy(self, blob: str, copy_id: str) -> None:
        self.calls.append(f"abort {copy_id}")
        self.end(blob, "aborted")

    def names(self) -> Iterator[str]:
        return iter(self.held)

    def delete(self, blob: str, etag: str) -> None:
        self.calls.append(f"delete if-match {etag}")
        del self.held[blob]

    def page_blob(self, blob: str) -> PageBlob:
        raise NotImplementedError("pages are copied on the sandbox (tests/test_copy_engine.py)")

    def end(self, blob: str, status: str, description: str = "") -> None:
        """The pending copy comes to its end, or to a failure."""
        state = self.held[blob]
        assert state.copy
        done = state.copy.total if status == "success" else 0
        copy = replace(state.copy, status=status, done=done, description=description)
        self.held[blob] = replace(state, size=done, copy=copy, etag=state.etag.replace("d", "e"))
