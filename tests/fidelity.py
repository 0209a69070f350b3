"""Who judges which of the tool's operations: recordings, Swagger, and tests of tests/e2e that name what they judge."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.operations import OPERATIONS, in_swagger

E2E = Path(__file__).parent / "e2e"
# Column -> the files of its tests.
RUNNING = {
    "az": ("test_az.py",),
    "Azurite": ("test_azurite.py",),
    "kube-apiserver": ("test_apiserver.py", "test_roles.py"),
    "admission": ("test_admission.py",),
}

# Sent only in situations that the calls of tests/tour.py do not meet: file and test that meets it.
RARE = {
    "abort a copy": "test_azure_blobs.py",
    "delete an image version": "test_azure_resources.py",
    "get a user delegation key": "test_private_source.py",
    "list projects": "test_completion.py",
    "renew a lease": "test_azure_blobs.py",
}

# Operation -> the recordings whose answer the sandbox's is compared with (test_recordings_{arm,blob,entra}.py).
RECORDED: dict[str, tuple[str, ...]] = {
    "get a user delegation key": ("blob/auth/04-permission-mismatch-403", "blob/delegation-key/01-post-200"),
    "read a resource group": (
        "arm/error/authorization-failed-rg-403",
        "arm/resource-group/01-get-200",
    ),
    "read a provider's registration": (
        "arm/provider/01-get-compute-200",
        "arm/provider/03-get-registered-200",
    ),
    "read one's own permissions": (
        "arm/permissions/01-list-owner-200",
        "arm/permissions/02-list-roles-200",
    ),
    "ask whether an account's name is free": (
        "arm/storage-name/01-available-200",
        "arm/storage-name/02-already-exists-200",
    ),
    "read a storage account": ("arm/storage-account/08-get-404",),
    "create a storage account": (
        "arm/error/request-disallowed-by-policy-403",
        "arm/error/storage-account-already-taken-409",
        "arm/storage-account/01-put-202",
        "arm/storage-account/05-put-202-2025",
    ),
    "list an account's keys": ("arm/storage-account/07-listkeys-200",),
    "read a container": (
        "arm/blob-container/02-get-200",
        "arm/blob-container/03-get-404",
    ),
    "create a container": ("arm/blob-container/01-put-201",),
    "create a gallery": (
        "arm/gallery/01-put-201",
        "arm/gallery/04-put-again-200",
    ),
    "read an image definition": ("arm/image-definition/08-get-200-2025",),
    "create an image definition": (
        "arm/image-definition/01-put-201",
        "arm/image-definition/04-put-again-200",
        "arm/image-definition/09-put-201-architecture",
    ),
    "read an image version": (
        "arm/image-version-replicated/04-get-200",
        "arm/image-version-replicated/05-get-replicationstatus-200",
        "arm/image-version-vhd/05-get-200",
    ),
    "create an image version": (
        "arm/image-version-replicated/01-put-201",
        "arm/image-version-replicated/06-put-update-200",
        "arm/image-version-vhd/01-put-201",
    ),
    "delete an image version": ("arm/image-version-replicated/09-delete-202",),
    "look at an operation": (
        "arm/gallery/07-delete-location-200",
        "arm/image-definition/07-poll-200-2025",
        "arm/image-version-replicated/03-poll-succeeded-200",
        "arm/image-version-replicated/10-delete-poll-inprogress-200",
        "arm/image-version-vhd/02-poll-inprogress-200",
        "arm/image-version-vhd/04-poll-succeeded-200",
        "arm/storage-account/02-poll-202",
        "arm/storage-account/03-poll-200",
        "arm/storage-account/06-poll-200-2025",
    ),
    "list VM sizes": (
        "arm/skus/01-list-x64-200",
        "arm/skus/02-list-restricted-200",
        "arm/skus/03-list-arm64-southcentralus-200",
        "arm/skus/04-list-arm64-westcentralus-200",
    ),
    "discover a tenant": (
        "entra/discovery/01-instance-200",
        "entra/discovery/02-openid-configuration-200",
        "entra/discovery/03-wrong-tenant-400",
    ),
    "get a token": (
        "entra/token/01-client-secret-v1-200",
        "entra/token/02-client-secret-v2-200",
        "entra/token/03-wrong-tenant-400",
        "entra/token/04-invalid-secret-401",
        "entra/token/05-invalid-secret-401-2023",
        "entra/token/06-expired-secret-401",
    ),
    "look at a blob": (
        "blob/copy/02-head-200-success",
        "blob/copy/05-head-200-aborted",
        "blob/copy/11-vhd-head-pending-zero",
        "blob/copy/13-vhd-head-pending-half",
        "blob/copy/14-vhd-head-success",
        "blob/page-blob/02-head-200",
        "blob/page-blob/06-head-404",
    ),
    "list page ranges": (
        "blob/page-ranges/01-all-200",
        "blob/page-ranges/02-none-200",
        "blob/page-ranges/03-maxresults-200",
        "blob/page-ranges/04-maxresults-200",
        "blob/page-ranges/05-maxresults-200",
    ),
    "read a range": ("blob/page-blob/07-get-range-416",),
    "create a page blob": (
        "blob/page-blob/01-create-201",
        "blob/page-blob/05-create-bad-size-400",
        "blob/page-blob/04-create-exists-409",
    ),
    "copy pages from a URL": (
        "blob/page-from-url/01-put-201",
        "blob/page-from-url/03-source-if-match-412",
        "blob/page-from-url/04-source-if-none-match-304",
        "blob/page-from-url/05-dest-if-match-412",
        "blob/page-from-url/06-source-md5-400",
        "blob/page-from-url/07-source-private-401",
        "blob/page-from-url/08-source-oauth-201",
    ),
    "abort a copy": (
        "blob/copy/04-abort-204",
        "blob/copy/06-abort-409",
    ),
    "start an asynchronous copy": (
        "blob/copy/01-put-202-success",
        "blob/copy/03-external-put-202-pending",
        "blob/copy/10-vhd-put-202-pending",
        "blob/page-from-url/09-source-expired-401-2025",
        "blob/copy/09-source-condition-412",
    ),
}


@dataclass(frozen=True)
class Judged:
    """One operation, and by how many recordings or tests of each kind it is judged."""

    operation: str
    recordings: int
    swagger: bool
    tests: dict[str, int]

    @property
    def by_nobody(self) -> bool:
        return not (self.recordings or self.swagger or any(self.tests.values()))


def judged() -> list[Judged]:
    """A row for each operation, out of the sources alone: nothing is run."""
    named = {judge: [each for file in files for each in _named(E2E / file)] for judge, files in RUNNING.items()}
    return [
        Judged(
            operation,
            len(RECORDED.get(operation, ())),
            in_swagger(operation),
            {judge: names.count(operation) for judge, names in named.items()},
        )
        for operation in OPERATIONS
    ]


def _named(file: Path) -> Iterator[str]:
    """What the tests of a file say by @judges that they judge."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "judges":
                yield from (str(ast.literal_eval(argument)) for argument in decorator.args)
