"""The api-version of every call, in one table: a new SDK must not change what a request means.

Galleries: the SDK's own default moves, and 2025-03-03 changed what an absent definition feature means.
"""

from __future__ import annotations

GALLERIES = "2024-03-03"
DISKS = "2024-03-02"
STORAGE = "2023-05-01"
SKUS = "2021-07-01"
RESOURCES = "2024-03-01"  # resource groups and provider registration
PERMISSIONS = "2022-04-01"
# The first that tells a copy source's failure apart from the destination's (x-ms-copy-source-status-code).
BLOB = "2025-01-05"
