"""Which step waits for which: first look at everything, then do what is missing."""

from __future__ import annotations

from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.errors import Denied, Failure, NotFinished
from kubectl_arm64.image import GalleryImage
from kubectl_arm64.pipeline.account_staging import AccountStaging
from kubectl_arm64.pipeline.choices import Azure, Choices
from kubectl_arm64.pipeline.disk_staging import DiskStaging
from kubectl_arm64.pipeline.gallery import GalleryStep
from kubectl_arm64.pipeline.image_definition import ImageDefinitionStep
from kubectl_arm64.pipeline.image_version import ImageVersionStep
from kubectl_arm64.pipeline.staging import Staging, Work, of_account, terms
from kubectl_arm64.pipeline.step import Pace, Reporter, State, begin
from kubectl_arm64.pipeline.steps import Found, Steps
from kubectl_arm64.pipeline.verification import Verification, WrongDigest
from kubectl_arm64.pipeline.vhd_removal import Leftover
from kubectl_arm64.plan import ImagePlan


class Publication:
    """One boot image on its way into a gallery."""

    def __init__(self, azure: Azure, plan: ImagePlan, choices: Choices, pace: Pace, report: Reporter) -> None:
        self._plan = plan
        self._choices = choices
        self._report = report
        self._steps = Steps(pace, report, wait=choices.wait)
        self._verification = _verification(plan, choices, pace, report)
        self._gallery = GalleryStep(azure.galleries, plan)
        self._definition = ImageDefinitionStep(azure.galleries, plan)
        self._version = ImageVersionStep(azure.galleries, plan, lambda: self._staging.source(), choices.sha256)
        pages = azure.source(choices.source_url)
        work = Work(plan, pages, SourceVhd(pages), self._steps, pace, report, self._verification, choices.parallel)
        self._account = AccountStaging(azure, work, choices)
        self._disk = DiskStaging(azure.disks, work, self._is_published, wait=choices.wait)
        self._of_gallery: Denied | None = None  # what a managed disk would not mend
        self._staging: Staging = self._disk if choices.staging == "disk" else self._account

    def survey(self) -> list[Found]:
        """Look at every resource that matters; write nothing. What would be refused later is refused now."""
        gallery = self._steps.look(self._gallery)
        definition = self._steps.look(self._definition, unless=gallery)
        version = self._steps.look(self._version, unless=definition)
        staging = self._staging.survey() if self._version.needs_vhd else []
        return [*staging, gallery, definition, version]

    def stage_on_disk(self, why: str) -> None:
        """Use no storage account; survey again. What there is of one is left as it is."""
        self._disk.why = why
        self._staging = self._disk

    @property
    def turned_to_disk(self) -> str:
        """Why the VHD goes onto a managed disk though that was not asked for, for people; "" where it does not."""
        return self._disk.turned_to

    @property
    def disk_id(self) -> str:
        """The managed disk that the image version was made from, "" where it was none."""
        return self._version.disk_id

    @property
    def vhd_deleted(self) -> bool:
        """Whether `publish` found no VHD any more, or deleted it."""
        return self._account.vhd_deleted

    def leftovers(self) -> list[Leftover]:
        """What is to be deleted when the surveyed image is ready. A managed disk is removed without being asked."""
        if self._staging is self._disk or self.disk_id:
            return []
        return self._account.leftovers(published=not self._version.needs_vhd)

    def publish(self) -> GalleryImage:
        """Do what the survey found missing; the image version, ready."""
        try:
            self._publish()
        except NotFinished:
            raise  # the next run still needs the keys, and switches them off
        except Exception:  # also what nobody foresaw: shared keys do not stay on for it
            self._account.abandon()
            raise
        if self.disk_id:
            self._disk.discard(self.disk_id)
        elif self._staging is self._account:
            self._account.close()
        return self._plan.image

    def _publish(self) -> None:
        if self._version.needs_vhd:
            self._stage()
        elif self._verification:
            self._verify_published(self._verification)
        self._steps.finish(begin(self._version, self._report))

    def _stage(self) -> None:
        try:
            self._copy()
        except Denied as denied:
            if not self._turns_to_disk(denied):
                raise
            self._account.abandon()
            self.stage_on_disk(denied.what)
            self._copy()

    def _turns_to_disk(self, denied: Denied) -> bool:
        """Whether a managed disk does what is denied here, and may be taken."""
        may = self._staging is self._account and self._choices.staging == "auto"
        return may and denied is not self._of_gallery and of_account(denied)

    def _copy(self) -> None:
        """The copy takes minutes: gallery and definition are made beside it, whoever copies."""
        self._staging.finish(self._staging.begin(), self._ensure_definition)

    def _ensure_definition(self) -> None:
        try:
            self._steps.ensure(self._gallery)
            self._steps.ensure(self._definition)
        except Denied as denied:
            self._of_gallery = denied
            raise

    def _verify_published(self, verification: Verification) -> None:
        """By the tag of the version that is there, else by the VHD that it was made from, where that was kept."""
        version = self._version
        if version.sha256 == verification.sha256:
            self._report.note(f"{version.title} was made from a VHD whose SHA-256 was verified")
            return
        if self.disk_id or not self._account.holds(version.blob_uri):
            raise Failure(
                f"{version.title} was made without --verify full, and its VHD is gone: nothing is left to verify",
                "leave out --verify full, or delete that version and run the same command again",
            )
        try:
            self._account.verify(verification)
        except WrongDigest as wrong:
            advice = "delete that version, and run the same command again to make both anew"
            raise Failure(f"{wrong.what}, and {version.title} was made from it", advice) from wrong

    def _is_published(self) -> bool:
        return self._version.observe().state is not State.MISSING and not self._version.needs_vhd


def _verification(plan: ImagePlan, choices: Choices, pace: Pace, report: Reporter) -> Verification | None:
    if not choices.sha256:
        return None
    release = plan.identity.release
    return Verification(choices.sha256, release, report, lambda title: terms(title, choices.parallel, pace, report))
