"""What the source must be before anything is made for it: a page blob that holds a fixed VHD."""

from __future__ import annotations

from kubectl_arm64.copy import footer
from kubectl_arm64.copy.ports import BlobState, Source
from kubectl_arm64.errors import InvalidInput

_GZIP = b"\x1f\x8b"


class SourceVhd:
    """The VHD to copy, examined once and only when somebody asks; whoever copies it shares one."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._state: BlobState | None = None

    @property
    def url(self) -> str:
        """As given, query and all: for the service only."""
        return self._source.url

    @property
    def shown(self) -> str:
        """Without its query."""
        return self._source.shown

    @property
    def state(self) -> BlobState:
        """Size and ETag. Raises InvalidInput with what it is instead of a VHD in a page blob."""
        if self._state is None:
            self._state = _examine(self._source)
        return self._state

    def head(self) -> BlobState:
        """As it is at this moment, whatever it is. Raises Failure."""
        return self._source.head()

    def forget(self) -> None:
        """It changed: have it examined again."""
        self._state = None


def _examine(source: Source) -> BlobState:
    state = source.head()
    if state.size and source.read(0, 2) == _GZIP:
        raise InvalidInput(
            f"{source.shown} is compressed (gzip)",
            "decompress it and upload the .vhd as a page blob (az storage blob upload --type page)",
        )
    if state.kind != "PageBlob":
        raise InvalidInput(
            f"{source.shown} is a {state.kind}, and Azure makes images from page blobs only",
            "upload it as a page blob (az storage blob upload --type page)",
        )
    if state.size < footer.SIZE or state.size % footer.SIZE:
        raise InvalidInput(
            f"{source.shown} holds {state.size} bytes, which is not a multiple of 512: it is not a VHD",
            "name the .vhd with --source-url",
        )
    if wrong := footer.fault(source.read(state.size - footer.SIZE, footer.SIZE), state.size):
        raise InvalidInput(f"{source.shown} is not a fixed VHD: {wrong}", "name the right .vhd with --source-url")
    return state
