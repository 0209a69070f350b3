"""The Azure Compute Gallery."""

from __future__ import annotations

from kubectl_arm64.names import TAG
from kubectl_arm64.pipeline.ownership import check_location, check_owner, provisioning
from kubectl_arm64.pipeline.ports import Galleries
from kubectl_arm64.pipeline.step import Observed, Operation, State
from kubectl_arm64.plan import ImagePlan


class GalleryStep:
    """One gallery; it may hold the images of many clusters."""

    action = "Microsoft.Compute/galleries/write"

    def __init__(self, galleries: Galleries, plan: ImagePlan) -> None:
        self._galleries = galleries
        self._plan = plan

    @property
    def title(self) -> str:
        return f"gallery {self._plan.gallery.name}"

    def observe(self) -> Observed:
        plan = self._plan
        gallery = self._galleries.get(plan.resource_group, plan.gallery.name)
        if gallery is None:
            return Observed(State.MISSING)
        check_owner(self.title, gallery, plan.gallery, "--gallery")
        there = str(gallery.get("location", ""))
        check_location(
            self.title,
            gallery,
            plan.location,
            f"publish from there with --location {there} --target-region {plan.location}, or choose another --gallery",
        )
        return provisioning(self.title, gallery)

    def start(self) -> Operation:
        plan = self._plan
        body = {"location": plan.location, "tags": {**plan.tags, TAG: "managed"}, "properties": {}}
        return self._galleries.create(plan.resource_group, plan.gallery.name, body)
