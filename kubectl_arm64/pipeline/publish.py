"""Which step waits for which: first look at everything, then do what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from kubectl_arm64.copy.asynchronous import AsynchronousCopy
from kubectl_arm64.copy.by_ranges import RangeCopy
from kubectl_arm64.copy.ports import Blobs, PageSource
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.copy.terms import PARALLEL, Terms
from kubectl_arm64.errors import Denied, Failure, NotFinished
from kubectl_arm64.image import GalleryImage
from kubectl_arm64.pipeline.beside import Beside
from kubectl_arm64.pipeline.blob_access import KEYS_FORBIDDEN, NO_DATA_ROLE, SettlingBlobs
from kubectl_arm64.pipeline.container import ContainerStep
from kubectl_arm64.pipeline.disk import DiskStep
from kubectl_arm64.pipeline.gallery import GalleryStep
from kubectl_arm64.pipeline.image_definition import ImageDefinitionStep
from kubectl_arm64.pipeline.image_version import ImageVersionStep, blob_source
from kubectl_arm64.pipeline.ports import Disks, Galleries, Resource, StorageAccounts
from kubectl_arm64.pipeline.step import Begun, Observed, Outcome, Pace, Reporter, State, Step, begin, ensure, finish
from kubectl_arm64.pipeline.storage_account import SharedKeys, StorageAccountStep, allowed
from kubectl_arm64.pipeline.verification import Verification, WrongDigest
from kubectl_arm64.pipeline.vhd import Copier, VhdStep
from kubectl_arm64.pipeline.vhd_removal import Leftover, VhdRemoval
from kubectl_arm64.plan import ImagePlan

MISSING = Observed(State.MISSING)
POLICY = "RequestDisallowedByPolicy"
NO_RIGHT = "AuthorizationFailed"


class Azure(Protocol):
    """The Azure that a publication works in."""

    @property
    def storage_accounts(self) -> StorageAccounts: ...

    @property
    def disks(self) -> Disks: ...

    @property
    def galleries(self) -> Galleries: ...

    def blobs(self, account: Resource, container: str, auth: str, *, removes: bool = False) -> Blobs:
        """`auth`: login (the sign-in's token) or key (a SAS, signed with the account's key).

        Blobs can be listed and deleted only where that is what it is for (`removes`).
        """

    def source(self, url: str) -> PageSource: ...


@dataclass(frozen=True)
class Choices:
    """How to publish. `source_url` may carry a SAS; `auth` is login or key; `may_switch`: auth was chosen by auto.

    `copy`: ranges (page by page, `parallel` requests at a time), async, or auto: ranges, else async. Who does not
    wait is given async, since only that goes on without this process.

    `staging`: where the VHD goes before it becomes an image version: a storage account, a managed disk (this process
    copies page by page, whatever `copy` and `wait` say), or auto: an account, a disk where Azure denies the account.

    `sha256`: what the whole VHD is read and verified against; "" for what can be told without reading it.
    """

    source_url: str
    auth: str
    may_switch: bool = False
    abort_copy: bool = False
    delete_vhd: bool = False
    wait: bool = True
    copy: str = "async"
    parallel: int = PARALLEL
    staging: str = "account"
    sha256: str = ""

    @property
    def by_ranges(self) -> bool:
        """Whether this process copies."""
        return self.copy != "async" and self.wait


@dataclass(frozen=True)
class Found:
    """One step and what was seen of it."""

    step: Step
    observed: Observed


class Publication:
    """One boot image on its way into a gallery."""

    def __init__(self, azure: Azure, plan: ImagePlan, choices: Choices, pace: Pace, report: Reporter) -> None:
        self._azure = azure
        self._plan = plan
        self._choices = choices
        self._pace = pace
        self._report = report
        accounts, galleries = azure.storage_accounts, azure.galleries
        self._pages = azure.source(choices.source_url)
        self._source = SourceVhd(self._pages)
        self._keys = SharedKeys(accounts, plan, report)
        self._account = StorageAccountStep(accounts, plan, shared_keys=choices.auth == "key")
        self._container = ContainerStep(accounts, plan)
        self._vhd = VhdStep(plan.blob, self._copier, attended=choices.by_ranges)
        self._gallery = GalleryStep(galleries, plan)
        self._definition = ImageDefinitionStep(galleries, plan)
        self._version = ImageVersionStep(galleries, plan, self._version_source, choices.sha256)
        self._verification = self._verified_by(choices.sha256) if choices.sha256 else None
        self._removal = VhdRemoval(accounts, plan, lambda account: self._reach(account, removes=True), report)
        self._disk = DiskStep(azure.disks, plan, self._pages, self._source, self._terms, pace, self._verification)
        self._on_disk, self._why_disk = choices.staging == "disk", ""
        self._seen: dict[Step, Observed] = {}

    def survey(self) -> list[Found]:
        """Look at every resource that matters; write nothing. What would be refused later is refused now."""
        gallery = self._look(self._gallery)
        definition = self._look(self._definition, unless=gallery)
        version = self._look(self._version, unless=definition)
        if not self._version.needs_vhd:
            return [gallery, definition, version]
        return [*self._survey_staging(), gallery, definition, version]

    def _survey_staging(self) -> list[Found]:
        if self._on_disk:
            return [self._with_source(self._look(self._disk))]
        account = self._look(self._account)
        container = self._look(self._container, unless=account)
        return [account, container, self._look_at_vhd(unless=container)]

    def stage_on_disk(self, why: str) -> None:
        """Use no storage account; survey again. What there is of one is left as it is."""
        self._on_disk, self._why_disk = True, why

    @property
    def turned_to_disk(self) -> str:
        """Why the VHD goes onto a managed disk though that was not asked for, for people; "" where it does not."""
        return f"{self._why_disk}: the VHD goes onto {self._disk.title} instead" if self._why_disk else ""

    @property
    def disk_id(self) -> str:
        """The managed disk that the image version was made from, "" where it was none."""
        return self._version.disk_id

    @property
    def vhd_deleted(self) -> bool:
        """Whether `publish` found no VHD any more, or deleted it."""
        return self._removal.done

    def leftovers(self) -> list[Leftover]:
        """What is to be deleted when the surveyed image is ready. A managed disk is removed without being asked."""
        if not self._choices.delete_vhd or self._on_disk or self.disk_id:
            return []
        return self._removal.planned(published=not self._version.needs_vhd)

    def publish(self) -> GalleryImage:
        """Do what the survey found missing; the image version, ready."""
        try:
            self._publish()
        except NotFinished:
            raise  # the next run still needs the keys, and switches them off
        except Failure:
            self._keys.abandon()
            raise
        if self.disk_id:
            self._discard_disk()
        elif not self._on_disk:
            if self._choices.delete_vhd:
                self._removal.run()
            self._keys.close()
        return self._plan.image

    def _publish(self) -> None:
        if self._version.needs_vhd:
            # The copy takes minutes: gallery and definition are made beside it, whoever copies.
            copy = self._begin_copy()
            if self._on_disk:
                with Beside(self._ensure_definition):
                    self._finish_disk(copy)
            elif self._choices.by_ranges:
                with Beside(self._ensure_definition):
                    finish(copy, self._pace, self._report)
            else:
                self._ensure_definition()
                self._finish(copy)
            if self._verification and not self._on_disk:  # on a disk it is verified before that is closed
                self._verification.check_blob(self._vhd.title, self._blobs.page_blob(self._plan.blob))
        elif self._verification:
            self._verify_published(self._verification)
        self._finish(begin(self._version, self._report))

    def _verify_published(self, verification: Verification) -> None:
        """By the tag of the version that is there, else by the VHD that it was made from, where that was kept."""
        version = self._version
        if version.sha256 == verification.sha256:
            self._report.note(f"{version.title} was made from a VHD whose SHA-256 was verified")
            return
        if not self._is_vhd_kept():
            raise Failure(
                f"{version.title} was made without --verify full, and its VHD is gone: nothing is left to verify",
                "leave out --verify full, or delete that version and run the same command again",
            )
        try:
            verification.check_blob(self._vhd.title, self._blobs.page_blob(self._plan.blob))
        except WrongDigest as wrong:
            advice = "delete that version, and run the same command again to make both anew"
            raise Failure(f"{wrong.what}, and {version.title} was made from it", advice) from wrong

    def _is_vhd_kept(self) -> bool:
        steps: tuple[Step, ...] = (self._account, self._container, self._vhd)
        if self.disk_id or any(step.observe().state is not State.READY for step in steps):
            return False
        return self._version.blob_uri == blob_source(self._account_resource(), self._plan)["uri"]

    def _verified_by(self, sha256: str) -> Verification:
        return Verification(sha256, self._plan.identity.release, self._report, self._terms)

    def _ensure_definition(self) -> None:
        self._ensure(self._gallery)
        self._ensure(self._definition)

    def _begin_copy(self) -> Begun:
        if not self._on_disk:
            try:
                return self._begin_on_account()
            except Denied as denied:
                if self._choices.staging != "auto" or not of_account(denied):
                    raise
                self._keys.abandon()
                self.stage_on_disk(denied.what)
        if self._why_disk:
            self._report.note(self.turned_to_disk)
        if not self._choices.wait:
            self._report.note(f"{self._disk.title} is filled by this process: only what follows is not waited for")
        return begin(self._disk, self._report, self._seen.get(self._disk))

    def _begin_on_account(self) -> Begun:
        if self._ensure(self._account) is Outcome.CREATED and self._choices.auth == "key":
            self._keys.opened = True
        self._ensure(self._container)
        return begin(self._vhd, self._report, self._seen.get(self._vhd))

    def _finish_disk(self, begun: Begun) -> None:
        """Await the copy, unless another run has gone on from it to the image version, and removed the disk."""
        try:
            finish(begun, self._pace, self._report)
        except NotFinished:
            raise
        except Failure as failure:
            if self._version.observe().state is not State.MISSING:
                return
            if not self._why_disk or failure.code not in (POLICY, NO_RIGHT):
                raise
            both = f"{self._why_disk}; and for a managed disk in its place: {failure.what}"
            raise Denied(both, failure.advice, code=failure.code) from failure

    def _discard_disk(self) -> None:
        """The image version stands, whatever becomes of the disk."""
        try:
            self._disk.discard(self.disk_id)
        except Failure as failure:
            self._report.note(f"{failure.what}: remove {self._disk.title} yourself, it is not needed any more")

    def _ensure(self, step: Step) -> Outcome:
        return ensure(step, self._pace, self._report, self._seen.get(step))

    def _finish(self, begun: Begun) -> None:
        if not self._choices.wait and begun.last.state is not State.READY:
            note = f": {begun.last.note}" if begun.last.note else ""
            raise NotFinished(f"{begun.step.title} is not ready yet{note}")
        finish(begun, self._pace, self._report)

    def _look(self, step: Step, unless: Found | None = None) -> Found:
        """One look at a step; below a parent that is missing there is nothing to look at."""
        below_nothing = unless is not None and unless.observed.state is State.MISSING
        observed = MISSING if below_nothing else step.observe()
        self._seen[step] = observed
        return Found(step, observed)

    def _look_at_vhd(self, unless: Found) -> Found:
        resource = self._account.resource
        if resource and self._needs_window(resource):
            self._keys.check(resource)
            found = Found(self._vhd, Observed(State.MISSING, "not looked at: the account's shared keys are off"))
        else:
            found = self._look(self._vhd, unless)
        return self._with_source(found)

    def _with_source(self, found: Found) -> Found:
        if found.observed.state is State.MISSING:
            _ = self._source.state  # what cannot be copied is refused before anything is made for it
        return found

    def _needs_window(self, resource: Resource) -> bool:
        return self._choices.auth == "key" and not allowed(resource)

    def _account_resource(self) -> Resource:
        if self._account.resource is None:
            self._account.observe()
        assert self._account.resource is not None
        return self._account.resource

    def _version_source(self) -> Mapping[str, str]:
        return self._disk.source() if self._on_disk else blob_source(self._account_resource(), self._plan)

    def _reach(self, account: Resource, *, removes: bool = False) -> SettlingBlobs:
        """Access to the container, with shared keys switched on where they are needed."""
        choices, just_on = self._choices, False
        auth = choices.auth
        if auth == "key":
            try:
                just_on = self._keys.open(account)
            except Denied as denied:
                if not choices.may_switch or denied.code != POLICY:
                    raise
                self._report.note(f"{denied.what}: going on with the sign-in's own token")
                auth = "login"

        def access(auth: str) -> Blobs:
            return self._azure.blobs(account, self._plan.container, auth, removes=removes)

        return SettlingBlobs(
            access(auth),
            self._pace,
            self._report,
            keys_just_on=just_on,
            fallback=(lambda: access("login")) if auth == "key" and choices.may_switch else None,
        )

    @cached_property
    def _blobs(self) -> SettlingBlobs:
        return self._reach(self._account_resource())

    def _copier(self) -> Copier:
        choices, blobs = self._choices, self._blobs
        blob, release = self._plan.blob, self._plan.identity.release
        asynchronous = AsynchronousCopy(
            blobs,
            blob,
            self._source,
            release,
            abort_foreign=choices.abort_copy,
            note=self._report.note,
            clock=self._pace.clock,
        )
        if not choices.by_ranges:
            return asynchronous
        return RangeCopy(
            asynchronous,
            self._pages,
            self._source,
            lambda: blobs.page_blob(blob),
            release,
            self._terms(self._vhd.title),
            may_fall_back=choices.copy == "auto",
        )

    def _terms(self, title: str) -> Terms:
        def progress(done: int, total: int) -> None:
            self._report.progress(title, Observed(State.PENDING, progress=(done, total)))

        pace = self._pace
        return Terms(self._choices.parallel, progress, self._report.note, pace.clock, pace.sleep, pace.deadline)


def of_account(denied: Denied) -> bool:
    """Whether a storage account, its keys or its blobs may not be used; a managed disk needs none of them."""
    if denied.code == NO_RIGHT:
        return "Microsoft.Storage/" in denied.what
    return denied.code in (POLICY, KEYS_FORBIDDEN, NO_DATA_ROLE)
