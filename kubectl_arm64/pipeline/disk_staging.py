"""Staging on a managed disk: no storage account, no key, no data role."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kubectl_arm64.beside import Beside
from kubectl_arm64.errors import Denied, Failure, NotFinished
from kubectl_arm64.pipeline.disk import DiskStep
from kubectl_arm64.pipeline.ports import Disks
from kubectl_arm64.pipeline.staging import NO_RIGHT, POLICY, Work
from kubectl_arm64.pipeline.step import Begun
from kubectl_arm64.pipeline.steps import Found


class DiskStaging:
    """`overtaken` tells whether an image version is there meanwhile; `wait`: whether somebody waits for that.

    `why` is the reason where a disk was not asked for, "" where it was.
    """

    def __init__(self, disks: Disks, work: Work, overtaken: Callable[[], bool], *, wait: bool) -> None:
        self._work = work
        self._overtaken = overtaken
        self._wait = wait
        self._disk = DiskStep(disks, work.plan, work.pages, work.vhd, work.terms, work.pace, work.verification)
        self.why = ""

    @property
    def turned_to(self) -> str:
        """Why the VHD goes onto a managed disk though that was not asked for, for people; "" where it does not."""
        return f"{self.why}: the VHD goes onto {self._disk.title} instead" if self.why else ""

    def survey(self) -> list[Found]:
        return [self._work.with_source(self._work.steps.look(self._disk))]

    def begin(self) -> Begun:
        if self.why:
            self._work.report.note(self.turned_to)
        if not self._wait:
            self._work.report.note(f"{self._disk.title} is filled by this process: only what follows is not waited for")
        return self._work.steps.begin(self._disk)

    def finish(self, copy: Begun, meanwhile: Callable[[], None]) -> None:
        """Verified before the disk is closed. Another run may go on to the image version, and remove the disk."""
        with Beside(meanwhile):
            try:
                self._work.steps.attend(copy)
            except NotFinished:
                raise
            except Failure as failure:
                if self._overtaken():
                    return
                if not self.why or failure.code not in (POLICY, NO_RIGHT):
                    raise
                both = f"{self.why}; and for a managed disk in its place: {failure.what}"
                raise Denied(both, failure.advice, code=failure.code) from failure

    def source(self) -> Mapping[str, str]:
        return self._disk.source()

    def discard(self, disk_id: str) -> None:
        """Remove the disk. The image version stands, whatever becomes of it."""
        try:
            self._disk.discard(disk_id)
        except Failure as failure:
            self._work.report.note(f"{failure.what}: remove {self._disk.title} yourself, it is not needed any more")
