"""Write docs/fidelity.md: what judges this tool and its sandbox, operation by operation, and what does not.

python -m scripts.fidelity
"""

from __future__ import annotations

from pathlib import Path

from tests.fidelity import RUNNING, Judged, judged

PAGE = Path(__file__).parents[1] / "docs" / "fidelity.md"

_HEAD = """\
<!-- Rendered by `python -m scripts.fidelity`. -->
# What is proved, and by whom

This tool was built without an Azure subscription and without an OpenShift cluster. Its tests run on a sandbox: an Azure
and an API server of its own (`tests/sandbox`). What such a double is worth is decided by others, who judge the sandbox,
the tool, or both:

- **recordings**: exchanges with the real Azure, published with Microsoft's own SDKs and tools. The sandbox gets the
  recorded request in the recorded situation, and must answer with the same status, headers, error code, and members of
  the body (`tests/test_recordings_arm.py`, `_blob.py` and `_entra.py`, which list what differs on purpose). The other
  way round, the tool sends nothing that no recorded client sends, but for a list with reasons
  (`tests/test_recordings_sent.py`).
- **Swagger**: every exchange with Resource Manager in the tests of the command line is held against the official
  description of its api-version; unknown and read-only properties are refused.
- **az**: the real Azure CLI types the documentation's sequence on the sandbox, and looks at what the tool made.
- **Azurite**: Microsoft's emulator of storage, asked the same by the tool's own blob client as the sandbox.
- **kube-apiserver**: a real one with OpenShift's CRDs and RBAC, asked the same as the sandbox's; the roles of
  `docs/roles.yaml` are enough there, and each right in them is needed.
- **admission**: OpenShift's own webhooks (machine-api-operator) admit what `machineset` makes, refuse what it refuses,
  and store what the sandbox stores.
- Besides, real `kubectl`, `oc` and `krew` install and run the archive of `make dist`.

Recordings and Swagger are not in this repository; where they are missing, the tests say so at the end of the run. The
others are built or installed by `make e2e`.

## Operation by operation

How many recordings or tests judge it. What only our own tests judge has a row of dashes.

"""

_TAIL = """\

## What has never met the real thing

- **No request of this tool has reached Azure**, no clone of a MachineSet an OpenShift cluster, and no machine has
  booted from an image that it published.
- **An ARM64 image definition and its version.** Recorded are x64 ones. That `architecture: Arm64` with the features
  `DiskControllerTypes` and `SecurityType` is taken, is told by Swagger and documentation alone.
- **An image version that fails** on a VHD. Its sentences are documented, not recorded.
- **Copying pages from a URL** under load. Recordings have single requests, and Azurite lacks the operation: limits,
  throttling and the speed in `docs/copy-benchmark.md` are the sandbox's, set by documented numbers.
- **Renewing a lease in a long copy**, and a run that is killed in the middle of one: the sandbox alone, though Azurite
  agrees on what each lease request answers.
- **Managed disks** (`--staging disk`): Swagger alone. How the service hands out write access, and what the disk's blob
  takes, is documented, not recorded.
- **Signing in** by managed identity, workload identity or `az`: of these only the tool's own tests have seen anything.
  Recorded is the sign-in by client secret.
- **Azure Government and China**, Azure Stack Hub, and Azure Red Hat OpenShift: documented names and rules alone.
- **Quota, policies and locks** of a real subscription, beyond the recorded refusals.
- **The Machine Config Operator, the autoscaler and the Machine API controllers**: a MachineSet is admitted and stored,
  but nothing here makes a machine of it. Admission is judged in one release's code; older releases by what is known of
  their differences.
- **OpenShift's sign-in and projects** (`oc login`, completion of `--namespace`): kube-apiserver has neither.
"""


def render() -> str:
    rows = judged()
    columns = ["operation", "recordings", "Swagger", *RUNNING]
    lines = [f"| {' | '.join(columns)} |", f"| --- |{' ---: |' * (len(columns) - 1)}", *map(_row, rows)]
    alone = sum(row.by_nobody for row in rows)
    count = f"\nOf {len(rows)} operations {len(rows) - alone} have a judge who is not us.\n"
    return _HEAD + "\n".join(lines) + "\n" + count + _TAIL


def _row(row: Judged) -> str:
    counts = [_count(row.recordings), "yes" if row.swagger else "-", *map(_count, row.tests.values())]
    return f"| {row.operation} | {' | '.join(counts)} |"


def _count(number: int) -> str:
    return str(number) if number else "-"


def main() -> None:
    PAGE.write_text(render(), encoding="utf-8")
    print(PAGE.name)


if __name__ == "__main__":
    main()
