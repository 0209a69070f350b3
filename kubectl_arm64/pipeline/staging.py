"""Where the VHD lies in Azure before it becomes an image version: seen by the publication."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from kubectl_arm64.copy.ports import PageSource
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.errors import Denied
from kubectl_arm64.pipeline.blob_access import KEYS_FORBIDDEN, NO_DATA_ROLE
from kubectl_arm64.pipeline.step import Begun, Observed, Pace, Reporter, State
from kubectl_arm64.pipeline.steps import Found, Steps
from kubectl_arm64.pipeline.verification import Verification
from kubectl_arm64.plan import ImagePlan

POLICY = "RequestDisallowedByPolicy"
NO_RIGHT = "AuthorizationFailed"


class Staging(Protocol):
    """A storage account or a managed disk."""

    def survey(self) -> list[Found]:
        """Look, write nothing."""

    def begin(self) -> Begun:
        """Make what the copy needs, and start it."""

    def finish(self, copy: Begun, meanwhile: Callable[[], None]) -> None:
        """Await the copy, and verify it; `meanwhile` is done beside it."""

    def source(self) -> Mapping[str, str]:
        """What an image version is made from."""


@dataclass(frozen=True)
class Work:
    """What both kinds of staging work with: the plan, the source as pages and as a VHD, and this run's pace."""

    plan: ImagePlan
    pages: PageSource
    vhd: SourceVhd
    steps: Steps
    pace: Pace
    report: Reporter
    verification: Verification | None
    parallel: int

    def terms(self, title: str) -> Terms:
        """For the many requests of the step `title`."""
        return terms(title, self.parallel, self.pace, self.report)

    def with_source(self, found: Found) -> Found:
        """What cannot be copied is refused before anything is made for it."""
        if found.observed.state is State.MISSING:
            _ = self.vhd.state
        return found


def terms(title: str, parallel: int, pace: Pace, report: Reporter) -> Terms:
    def progress(done: int, total: int) -> None:
        report.progress(title, Observed(State.PENDING, progress=(done, total)))

    return Terms(parallel, progress, report.note, pace.clock, pace.sleep, pace.deadline)


def of_account(denied: Denied) -> bool:
    """Whether a storage account, its keys or its blobs may not be used; a managed disk needs none of them."""
    if denied.code == NO_RIGHT:
        return "Microsoft.Storage/" in denied.what
    return denied.code in (POLICY, KEYS_FORBIDDEN, NO_DATA_ROLE)
