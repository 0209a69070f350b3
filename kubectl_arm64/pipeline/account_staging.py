"""Staging in a storage account: account, container and page blob, and the window of its shared keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from kubectl_arm64.beside import Beside
from kubectl_arm64.copy.asynchronous import AsynchronousCopy
from kubectl_arm64.copy.by_ranges import RangeCopy
from kubectl_arm64.copy.ports import Blobs
from kubectl_arm64.errors import Denied
from kubectl_arm64.pipeline.blob_access import SettlingBlobs
from kubectl_arm64.pipeline.choices import Azure, Choices
from kubectl_arm64.pipeline.container import ContainerStep
from kubectl_arm64.pipeline.image_version import blob_source
from kubectl_arm64.pipeline.ports import Resource
from kubectl_arm64.pipeline.staging import POLICY, Work
from kubectl_arm64.pipeline.step import Begun, Observed, Outcome, State, Step
from kubectl_arm64.pipeline.steps import Found
from kubectl_arm64.pipeline.storage_account import SharedKeys, StorageAccountStep, allowed
from kubectl_arm64.pipeline.verification import Verification
from kubectl_arm64.pipeline.vhd import Copier, VhdStep
from kubectl_arm64.pipeline.vhd_removal import Leftover, VhdRemoval


class AccountStaging:
    """The VHD stays there when the image is ready, unless that is chosen otherwise."""

    def __init__(self, azure: Azure, work: Work, choices: Choices) -> None:
        self._azure = azure
        self._work = work
        self._choices = choices
        plan, accounts = work.plan, azure.storage_accounts
        self._keys = SharedKeys(accounts, plan, work.report)
        self._account = StorageAccountStep(accounts, plan, shared_keys=choices.auth == "key")
        self._container = ContainerStep(accounts, plan)
        self._vhd = VhdStep(plan.blob, self._copier, attended=choices.by_ranges)
        self._removal = VhdRemoval(accounts, plan, lambda account: self._reach(account, removes=True), work.report)

    @property
    def vhd_deleted(self) -> bool:
        """Whether `close` found no VHD any more, or deleted it."""
        return self._removal.done

    def survey(self) -> list[Found]:
        steps = self._work.steps
        account = steps.look(self._account)
        container = steps.look(self._container, unless=account)
        return [account, container, self._look_at_vhd(unless=container)]

    def begin(self) -> Begun:
        steps = self._work.steps
        if steps.ensure(self._account) is Outcome.CREATED and self._choices.auth == "key":
            self._keys.opened = True
        steps.ensure(self._container)
        return steps.begin(self._vhd)

    def finish(self, copy: Begun, meanwhile: Callable[[], None]) -> None:
        steps, verification = self._work.steps, self._work.verification
        if self._choices.by_ranges:
            with Beside(meanwhile):
                steps.attend(copy)
        else:
            meanwhile()
            steps.finish(copy)
        if verification:
            self.verify(verification)

    def source(self) -> Mapping[str, str]:
        return blob_source(self._resource(), self._work.plan)

    def holds(self, uri: str) -> bool:
        """Whether the VHD is still there, complete, and is the blob at `uri`."""
        steps: tuple[Step, ...] = (self._account, self._container, self._vhd)
        return all(step.observe().state is State.READY for step in steps) and self.source()["uri"] == uri

    def verify(self, verification: Verification) -> None:
        """Raises WrongDigest."""
        verification.check_blob(self._vhd.title, self._blobs.page_blob(self._work.plan.blob))

    def leftovers(self, *, published: bool) -> list[Leftover]:
        """What `close` will delete, if that is chosen."""
        return self._removal.planned(published=published) if self._choices.delete_vhd else []

    def close(self) -> None:
        """When the image version is ready."""
        if self._choices.delete_vhd:
            self._removal.run()
        self._keys.close()

    def abandon(self) -> None:
        """After a failure."""
        self._keys.abandon()

    def _look_at_vhd(self, unless: Found) -> Found:
        resource = self._account.resource
        if resource and self._choices.auth == "key" and not allowed(resource):
            self._keys.check(resource)
            found = self._work.steps.seen(
                self._vhd, Observed(State.MISSING, "not looked at: the account's shared keys are off")
            )
        else:
            found = self._work.steps.look(self._vhd, unless)
        return self._work.with_source(found)

    def _resource(self) -> Resource:
        if self._account.resource is None:
            self._account.observe()
        assert self._account.resource is not None
        return self._account.resource

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
                self._work.report.note(f"{denied.what}: going on with the sign-in's own token")
                auth = "login"

        def access(auth: str) -> Blobs:
            return self._azure.blobs(account, self._work.plan.container, auth, removes=removes)

        return SettlingBlobs(
            access(auth),
            self._work.pace,
            self._work.report,
            keys_just_on=just_on,
            fallback=(lambda: access("login")) if auth == "key" and choices.may_switch else None,
        )

    @cached_property
    def _blobs(self) -> SettlingBlobs:
        return self._reach(self._resource())

    def _copier(self) -> Copier:
        choices, blobs = self._choices, self._blobs
        blob, release = self._work.plan.blob, self._work.plan.identity.release
        terms = self._work.terms(self._vhd.title)
        asynchronous = AsynchronousCopy(
            blobs,
            blob,
            self._work.vhd,
            release,
            terms,
            pages=self._work.pages,
            abort_foreign=choices.abort_copy,
        )
        if not choices.by_ranges:
            return asynchronous
        return RangeCopy(
            asynchronous,
            self._work.pages,
            self._work.vhd,
            lambda: blobs.page_blob(blob),
            release,
            terms,
            may_fall_back=choices.copy == "auto",
        )
