"""`--verify full`: the SHA-256 of the whole VHD in Azure, held against the one that the stream tells."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_arm64.copy.asynchronous import COMPLETE, WRONG_SHA256, is_ours
from kubectl_arm64.copy.digest import Digest, DiskDigest
from kubectl_arm64.copy.ports import PageBlob, PageTarget
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.errors import Failure
from kubectl_arm64.pipeline.step import Outcome, Reporter

_MIB = 1 << 20


class WrongDigest(Failure):
    """The disk's SHA-256 is `sha256`, which is not the release's."""

    def __init__(self, what: str, advice: str, sha256: str) -> None:
        super().__init__(what, advice)
        self.sha256 = sha256


class Verification:
    """`sha256` is what the VHD must have; `terms` are those of the step that is told of."""

    def __init__(self, sha256: str, release: str, report: Reporter, terms: Callable[[str], Terms]) -> None:
        self.sha256 = sha256
        self._release = release
        self._report = report
        self._terms = terms

    def check(self, name: str, target: PageTarget) -> None:
        """Read all of `target`, and say what that costs. Raises WrongDigest."""
        title = f"SHA-256 of {name}"
        disk = DiskDigest(target, self._terms(title))
        self._report.note(f"--verify full: {disk.data / _MIB:.0f} MiB of data pass through this client")
        self._report.started(title, Outcome.CREATED)
        found = disk.take()
        self._report.note(_cost(found))
        if found.sha256 != self.sha256:
            raise WrongDigest(
                f"{target.url} is not the VHD of release {self._release}: "
                f"its SHA-256 is {found.sha256}, the stream tells {self.sha256}",
                "it is not used: run the same command again to copy it anew; where that ends the same, the source is "
                "not what was released: name another with --source-url",
                found.sha256,
            )
        self._report.finished(title, Outcome.VERIFIED)

    def check_blob(self, name: str, blob: PageBlob) -> None:
        """The same of a blob in a storage account, which is marked where it is wrong."""
        try:
            self.check(name, blob)
        except WrongDigest as wrong:
            _mark(blob, wrong)
            raise


def _mark(blob: PageBlob, wrong: WrongDigest) -> None:
    """Write on a blob of ours that it is wrong, so that no run takes it for the VHD; another's is left as it is."""
    state = blob.head()
    if state is None:
        return
    if not is_ours(state.metadata):
        raise Failure(wrong.what, "this tool did not make it: delete it, or choose another --container") from wrong
    kept = {name: value for name, value in state.metadata.items() if name != COMPLETE}
    blob.set_metadata({**kept, WRONG_SHA256: wrong.sha256}, lease="")


def _cost(found: Digest) -> str:
    rate = found.fetched / _MIB / found.seconds if found.seconds else 0.0
    return (
        f"--verify full: downloaded {found.fetched / _MIB:.0f} MiB and hashed {found.size / _MIB:.0f} MiB "
        f"in {found.seconds:.1f} s ({rate:.1f} MiB/s downloaded)"
    )
