"""Azure Compute Gallery: galleries, image definitions and image versions, in wire form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_arm64.azure import versions
from kubectl_arm64.azure.failures import translated
from kubectl_arm64.azure.found import found_or_none
from kubectl_arm64.azure.operation import ArmOperation, accept
from kubectl_arm64.pipeline.ports import Resource

if TYPE_CHECKING:
    from azure.mgmt.compute import ComputeManagementClient

_VERSION: dict[str, Any] = {"api_version": versions.GALLERIES}


class ComputeGalleries:
    """The Galleries port of the pipeline."""

    def __init__(self, client: ComputeManagementClient) -> None:
        self._client = client

    def get(self, group: str, gallery: str) -> Resource | None:
        return found_or_none(
            lambda: self._client.galleries.get(group, gallery, **_VERSION), f"read gallery {gallery} in {group}"
        )

    def create(self, group: str, gallery: str, body: Resource) -> ArmOperation:
        begin = self._client.galleries.begin_create_or_update
        return accept(begin, group, gallery, body, doing=f"create gallery {gallery} in {group}", **_VERSION)

    def get_definition(self, group: str, gallery: str, definition: str) -> Resource | None:
        return found_or_none(
            lambda: self._client.gallery_images.get(group, gallery, definition, **_VERSION),
            f"read image definition {definition} of gallery {gallery}",
        )

    def list_definitions(self, group: str, gallery: str) -> list[Resource]:
        with translated(f"list the image definitions of gallery {gallery}"):
            return [one.as_dict() for one in self._client.gallery_images.list_by_gallery(group, gallery, **_VERSION)]

    def create_definition(self, group: str, gallery: str, definition: str, body: Resource) -> ArmOperation:
        begin = self._client.gallery_images.begin_create_or_update
        doing = f"create image definition {definition} in gallery {gallery}"
        return accept(begin, group, gallery, definition, body, doing=doing, **_VERSION)

    def get_version(self, group: str, gallery: str, definition: str, version: str) -> Resource | None:
        return found_or_none(
            lambda: self._client.gallery_image_versions.get(
                group, gallery, definition, version, expand="ReplicationStatus", **_VERSION
            ),
            f"read image version {definition}/{version} of gallery {gallery}",
        )

    def list_versions(self, group: str, gallery: str, definition: str) -> list[Resource]:
        with translated(f"list the image versions of {definition} in gallery {gallery}"):
            listed = self._client.gallery_image_versions.list_by_gallery_image(group, gallery, definition, **_VERSION)
            return [one.as_dict() for one in listed]

    def create_version(self, group: str, gallery: str, definition: str, version: str, body: Resource) -> ArmOperation:
        begin = self._client.gallery_image_versions.begin_create_or_update
        doing = f"create image version {definition}/{version} in gallery {gallery}"
        return accept(begin, group, gallery, definition, version, body, doing=doing, **_VERSION)

    def delete_version(self, group: str, gallery: str, definition: str, version: str) -> ArmOperation:
        begin = self._client.gallery_image_versions.begin_delete
        doing = f"delete image version {definition}/{version} of gallery {gallery}"
        return accept(begin, group, gallery, definition, version, doing=doing, **_VERSION)
