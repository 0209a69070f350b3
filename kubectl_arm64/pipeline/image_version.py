"""The image version, made from the VHD and replicated to its regions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from kubectl_arm64.errors import Failure, Refused
from kubectl_arm64.names import TAG, TAG_RELEASE, TAG_SHA256, TAG_SOURCE, normalise_location, source_tag
from kubectl_arm64.pipeline.managed_disk import is_disk
from kubectl_arm64.pipeline.ownership import is_ours, tags_of
from kubectl_arm64.pipeline.ports import Galleries, Resource
from kubectl_arm64.pipeline.step import Observed, Operation, State
from kubectl_arm64.plan import ImagePlan


class ImageVersionStep:
    """READY means: succeeded, of this release, in every wanted region.

    `source` is what it is made from (see `blob_source`); it is asked for only when a version is made. `verified` is
    the SHA-256 that its VHD was found to have before that, "" where nobody looked.
    """

    action = "Microsoft.Compute/galleries/images/versions/write"

    def __init__(
        self, galleries: Galleries, plan: ImagePlan, source: Callable[[], Mapping[str, str]], verified: str = ""
    ) -> None:
        self._galleries = galleries
        self._plan = plan
        self._source = source
        self._verified = {TAG_SHA256: verified} if verified else {}
        self._found: Resource | None = None
        self._goes = False  # it was seen on its way out

    @property
    def title(self) -> str:
        return f"image version {self._plan.definition.name}/{self._plan.version.name}"

    @property
    def needs_vhd(self) -> bool:
        """Whether, as last observed, there is nothing that could be awaited or extended."""
        return self._found is None or self._found["properties"].get("provisioningState") in ("Failed", "Deleting")

    @property
    def disk_id(self) -> str:
        """The managed disk that the version, as last observed, was made from; "" where it was none."""
        found = str(_source(self._found).get("id", "")) if self._found else ""
        return found if is_disk(found) else ""

    @property
    def blob_uri(self) -> str:
        """The blob that the version, as last observed, was made from; "" where it was none."""
        return _uri(self._found) if self._found else ""

    @property
    def sha256(self) -> str:
        """That of the VHD that the version, as last observed, was made from; "" where nobody verified it."""
        return str(tags_of(self._found).get(TAG_SHA256, "")) if self._found else ""

    def observe(self) -> Observed:
        plan = self._plan
        self._found = self._galleries.get_version(
            plan.resource_group, plan.gallery.name, plan.definition.name, plan.version.name
        )
        if self._found is None:
            return Observed(State.MISSING, "it was deleted", again=True) if self._goes else Observed(State.MISSING)
        self._check_content(self._found)
        state = str(self._found["properties"].get("provisioningState", ""))
        if state == "Failed":
            return self._failed(self._found)
        if state == "Deleting":  # by this run, by a killed one, or by somebody who will see it made again
            self._goes = True
            return Observed(State.PENDING, "being deleted; it is made again")
        if state != "Succeeded":
            return Observed(State.PENDING, replication_note(self._found) or state, replication(self._found))
        if absent := self._absent_regions(self._found):
            if not is_ours(self._found):
                raise Refused(
                    f"{self.title} is not in {', '.join(absent)}, and this tool did not make it",
                    "add it with `az sig image-version update --add publishingProfile.targetRegions name=REGION`",
                )
            return Observed(State.MISSING, f"to be replicated to {', '.join(absent)}")
        return Observed(State.READY, f"in {', '.join(regions(self._found))}")

    def start(self) -> Operation:
        plan = self._plan
        names = (plan.resource_group, plan.gallery.name, plan.definition.name, plan.version.name)
        self._goes = False
        if self._found is None:
            return self._galleries.create_version(*names, self._body(list(plan.regions)))
        if self.needs_vhd:
            return _Replacement(
                self._galleries.delete_version(*names),
                lambda: self._galleries.create_version(*names, self._body(list(plan.regions))),
            )
        return self._galleries.create_version(*names, self._extended(self._found))

    def _body(self, wanted: list[str]) -> dict[str, Any]:
        plan = self._plan
        return {
            "location": plan.location,
            "tags": {**plan.tags, **plan.identity.tags(), TAG_SOURCE: source_tag(plan.source), **self._verified},
            "properties": {
                "publishingProfile": {"targetRegions": [{"name": region} for region in wanted]},
                "storageProfile": {"osDiskImage": {"source": dict(self._source())}},
            },
        }

    def _extended(self, found: Resource) -> dict[str, Any]:
        """The version as it is, with the absent regions added; the service's own entries stay as they are."""
        properties = found["properties"]
        have = list(properties["publishingProfile"]["targetRegions"])
        added = [{"name": region} for region in self._absent_regions(found)]
        return {
            "location": found["location"],
            "tags": dict(tags_of(found)),
            "properties": {
                "publishingProfile": {"targetRegions": [*have, *added]},
                "storageProfile": {"osDiskImage": {"source": dict(_source(found) or self._source())}},
            },
        }

    def _check_content(self, found: Resource) -> None:
        """Raise Refused for a version of another release."""
        release = self._plan.identity.release
        if not holds_release(found, release):
            raise Refused(
                f"{self.title} holds {content(found)}, not release {release}",
                "publish under another name with --image-version, or delete that version",
            )

    def _failed(self, found: Resource) -> Observed:
        if not is_ours(found):
            raise Failure(
                f"{self.title} failed to publish, and this tool did not make it", "delete it, or use --image-version"
            )
        return Observed(State.MISSING, "an earlier attempt failed: it is deleted and made again")

    def _absent_regions(self, found: Resource) -> list[str]:
        have = set(regions(found))
        return [region for region in self._plan.regions if region not in have]


class _Replacement:
    """Delete, then create: one operation of two."""

    def __init__(self, deletion: Operation, create: Callable[[], Operation]) -> None:
        self._current = deletion
        self._create: Callable[[], Operation] | None = create

    def finished(self) -> bool:
        if not self._current.finished():
            return False
        if self._create is None:
            return True
        self._current, self._create = self._create(), None
        return False

    @property
    def retry_after(self) -> float | None:
        return self._current.retry_after


def blob_source(account: Resource, plan: ImagePlan) -> dict[str, str]:
    """The VHD in `account`. Never source.id for a blob: the service refuses it, or reads it as a managed disk."""
    endpoint = str(account["properties"]["primaryEndpoints"]["blob"]).rstrip("/")
    return {"storageAccountId": str(account["id"]), "uri": f"{endpoint}/{plan.container}/{plan.blob}"}


def _source(version: Resource) -> Mapping[str, Any]:
    profile = version["properties"].get("storageProfile") or {}
    return (profile.get("osDiskImage") or {}).get("source") or {}


def holds_release(version: Resource, release: str) -> bool:
    """Whether the version is of `release`: by our tag, else by the URI that somebody else made it from."""
    tags = tags_of(version)
    if TAG in tags:
        return bool(tags.get(TAG_RELEASE) == release)
    return release in unquote(urlsplit(_uri(version)).path)


def content(version: Resource) -> str:
    """What the version holds, for people."""
    tags = tags_of(version)
    if TAG in tags:
        return f"release {tags.get(TAG_RELEASE)}"
    return f"what somebody else made from {_uri(version).partition('?')[0] or 'an unknown source'}"


def _uri(version: Resource) -> str:
    """The blob that it was made from, "" where it was none."""
    return str(_source(version).get("uri", ""))


def regions(version: Resource) -> list[str]:
    """The target regions, normalised: the service answers display names."""
    profile = version["properties"].get("publishingProfile") or {}
    return [normalise_location(str(region["name"])) for region in profile.get("targetRegions") or ()]


def replication(version: Resource) -> tuple[int, int] | None:
    """Percent done and 100, over all regions; None where the service does not tell."""
    summary = _summary(version)
    if not summary:
        return None
    return sum(int(region.get("progress") or 0) for region in summary) // len(summary), 100


def replication_note(version: Resource) -> str:
    """`eastus 100 %, westeurope 40 %`."""
    return ", ".join(f"{region.get('region', '?')} {region.get('progress') or 0} %" for region in _summary(version))


def _summary(version: Resource) -> list[dict[str, Any]]:
    status = version["properties"].get("replicationStatus") or {}
    return [
        dict(region, region=normalise_location(str(region.get("region", "")))) for region in status.get("summary") or ()
    ]
