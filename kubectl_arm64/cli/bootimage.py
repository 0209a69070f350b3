"""`kubectl arm64 bootimage`: publish the boot image through Azure, print its resource ID."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kubectl_arm64 import cluster, stream
from kubectl_arm64.cli import ground, target
from kubectl_arm64.cli.invocation import Invocation
from kubectl_arm64.cli.options import ConnectionFlags, DryRun, ImageFlags, Progress, pairs
from kubectl_arm64.cli.output import Streams, dump
from kubectl_arm64.cli.pace import pace
from kubectl_arm64.cli.printing import Output, PrintFlags
from kubectl_arm64.cli.progress import Report, reporter
from kubectl_arm64.cli.table import table
from kubectl_arm64.cluster import ClusterFacts, Documents
from kubectl_arm64.copy.terms import MOST_PARALLEL, PARALLEL
from kubectl_arm64.errors import Denied, NotFinished, SignInRequired, Unsupported, UsageError
from kubectl_arm64.image import GalleryImage, tells_generation_2
from kubectl_arm64.pipeline.choices import Choices
from kubectl_arm64.pipeline.publish import Publication
from kubectl_arm64.pipeline.staging import of_account
from kubectl_arm64.pipeline.step import State
from kubectl_arm64.pipeline.steps import Found
from kubectl_arm64.pipeline.vhd_removal import Leftover
from kubectl_arm64.plan import ImagePlan, Wishes, resolve

if TYPE_CHECKING:
    from kubectl_arm64.azure.session import Azure, Permissions


class StorageAuth(StrEnum):
    """The values of --storage-auth."""

    auto = "auto"
    login = "login"
    key = "key"


class CopyEngine(StrEnum):
    """The values of --copy."""

    auto = "auto"
    ranges = "ranges"
    async_ = "async"


class Staging(StrEnum):
    """The values of --staging."""

    auto = "auto"
    account = "account"
    disk = "disk"


BARE_VALUES = {"--dry-run": "client"}


class Verify(StrEnum):
    """The values of --verify."""

    ranges = "ranges"
    full = "full"


@dataclass(frozen=True)
class BootimageFlags(PrintFlags):
    """The flags of `bootimage` alone."""

    source_url: Annotated[str, typer.Option(help="URL of the VHD (default: the stream's).")] = ""
    storage_account: Annotated[str, typer.Option(help="Storage account for the VHD (default: rhcos and a hash).")] = ""
    container: Annotated[str, typer.Option(help="Container for the VHD (default: vhd).")] = ""
    storage_auth: Annotated[
        StorageAuth, typer.Option(help="How to reach the VHD's account: the sign-in's token, the account key, or auto.")
    ] = StorageAuth.auto
    staging: Annotated[
        Staging,
        typer.Option(
            help="Where the VHD goes first: a storage account, a managed disk (no account, key or data role), "
            "or auto: an account, a disk where nothing else is allowed."
        ),
    ] = Staging.auto
    target_region: Annotated[
        list[str], typer.Option(help="Another region to replicate the image version to; repeatable.")
    ] = field(default_factory=list)
    tag: Annotated[list[str], typer.Option(help="KEY=VALUE for every resource that is made; repeatable.")] = field(
        default_factory=list
    )
    copy: Annotated[
        CopyEngine,
        typer.Option(help="How the VHD is copied: its data page by page (ranges), by Azure alone (async), or auto."),
    ] = CopyEngine.auto
    parallel: Annotated[
        int, typer.Option(help=f"Requests at a time while the VHD is copied page by page, 1 to {MOST_PARALLEL}.")
    ] = PARALLEL
    verify: Annotated[
        Verify,
        typer.Option(
            help="How the VHD is verified: size, page ranges, footer and ETag (ranges), or its SHA-256 too "
            "(full: its data passes through this client)."
        ),
    ] = Verify.ranges
    abort_copy: Annotated[
        bool,
        typer.Option(
            "--abort-copy", help="Abort another's pending copy into the same blob, or one of the VHD that stands still."
        ),
    ] = False
    delete_vhd: Annotated[
        bool,
        typer.Option(
            "--delete-vhd",
            help="When the image is ready, delete the VHD, and the storage account if this tool made it and it is "
            "empty (default: they stay).",
        ),
    ] = False
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Start the work, do not wait for it (exit code 8 while it goes on).")
    ] = False
    dry_run: Annotated[
        DryRun, typer.Option(help="client or server: print the plan, which Azure is asked for, and write nothing.")
    ] = DryRun.none


def run(
    connection: ConnectionFlags,
    image: ImageFlags,
    flags: BootimageFlags,
    invocation: Invocation,
    streams: Streams,
    documents: Documents | None = None,
) -> GalleryImage | None:
    """Publish, or print the plan; the image version that is ready, None for a plan.

    `documents`: what was read of the cluster already, so that the image is for that very cluster.
    """
    wishes = replace(
        target.wishes(image),
        storage_account=flags.storage_account,
        container=flags.container,
        target_regions=tuple(flags.target_region),
        tags=pairs(flags.tag, "--tag"),
    )
    _check(flags)
    output = flags.output
    patience = pace(image.timeout, streams.environ)
    facts, boot, plan = _resolve(connection, image, flags, wishes, streams, documents)
    azure = _connect(wishes.over(facts), streams)
    with _told_how_to_go_on(invocation), _reporter(image, streams) as report:
        staging = _staging(flags)
        azure.sign_in(storage=staging != "disk" and flags.storage_auth is not StorageAuth.key)
        permissions = ground.check(azure, plan)
        unregistered = ""
        if staging != "disk":
            unregistered = ground.check_storage(azure, plan, permissions, or_disk=staging == "auto")
        on_disk = staging == "disk" or bool(unregistered)
        choices = Choices(
            source_url=boot.url,
            auth="key" if on_disk else ground.storage_auth(flags.storage_auth.value, azure, permissions, plan),
            # Who is known to have no data role goes onto a disk rather than to a token that is not let in.
            may_switch=flags.storage_auth is StorageAuth.auto and (permissions is None or staging != "auto"),
            abort_copy=flags.abort_copy,
            delete_vhd=flags.delete_vhd,
            wait=not flags.no_wait,
            copy=flags.copy.value,
            parallel=flags.parallel,
            staging=staging,
            sha256=_sha256(flags, boot),
        )
        publication = Publication(azure, plan, choices, patience, report)
        if unregistered:
            publication.stage_on_disk(unregistered)
        found = _survey(publication, choices, permissions)
        leftovers = publication.leftovers()
        lacking = ground.lacking(found, permissions, plan, leftovers, staging=staging, why_disk=unregistered)
        if flags.dry_run is DryRun.none:
            if lacking:
                raise lacking
            published = publication.publish()
    if flags.dry_run is not DryRun.none:
        streams.warn([line for line in (publication.turned_to_disk, str(lacking or "")) if line])
        _print_plan(plan, found, leftovers, output, streams)
        return None
    following = _following(plan, connection, image, flags, invocation)
    _print_result(_result(plan, publication), plan, output, following, streams)
    return published


def _reporter(image: ImageFlags, streams: Streams) -> Report:
    plain = image.progress is Progress.plain
    return reporter(streams.err, streams.environ, streams.events, plain=plain)


def _following(
    plan: ImagePlan, connection: ConnectionFlags, image: ImageFlags, flags: BootimageFlags, invocation: Invocation
) -> str:
    """The command that uses the image, "" where `machineset` has no use for it."""
    if image.architecture is not stream.Architecture.AARCH64:
        return ""
    carried = [*image.carried(), *connection.carried()]
    if flags.source_url:  # a release that the cluster's stream does not name is found by its ID alone
        return invocation.next("machineset", "--apply", "--image", plan.image.resource_id, *carried)
    return invocation.next("machineset", "--apply", *carried)


@contextmanager
def _told_how_to_go_on(invocation: Invocation) -> Iterator[None]:
    """What ends the run but not the work comes with the command that goes on from there."""
    again = invocation.without("--no-wait").again
    try:
        yield
    except NotFinished as unfinished:
        # Else it is Azure's work, and not this process's, that is not finished.
        so_far = "what is copied stays" if unfinished.repeats else "what Azure has begun goes on there"
        raise NotFinished(unfinished.what, f"{so_far}; go on with: {again}") from None
    except SignInRequired as failure:
        if failure.repeats:
            raise
        raise SignInRequired(failure.what, f"{failure.advice}; go on with: {again}", code=failure.code) from None


def _check(flags: BootimageFlags) -> None:
    if not 1 <= flags.parallel <= MOST_PARALLEL:
        raise UsageError(f"--parallel must be from 1 to {MOST_PARALLEL}, not {flags.parallel}")
    if flags.no_wait and flags.copy is CopyEngine.ranges:
        raise UsageError("--no-wait needs Azure's own copy", "leave out --copy=ranges")
    if flags.staging is Staging.disk and (of_accounts := _of_accounts(flags)):
        raise UsageError(f"{of_accounts} is of storage accounts", "leave it out, or leave out --staging=disk")


def _of_accounts(flags: BootimageFlags) -> str:
    """The first flag that a managed disk has no use for, "" where there is none."""
    given = {
        "--storage-account": flags.storage_account,
        "--container": flags.container,
        f"--storage-auth={flags.storage_auth.value}": flags.storage_auth is not StorageAuth.auto,
        "--copy=async": flags.copy is CopyEngine.async_,
        "--abort-copy": flags.abort_copy,
    }
    return next((flag for flag, used in given.items() if used), "")


def _resolve(
    connection: ConnectionFlags,
    image: ImageFlags,
    flags: BootimageFlags,
    wishes: Wishes,
    streams: Streams,
    documents: Documents | None,
) -> tuple[ClusterFacts, stream.BootImage, ImagePlan]:
    """What to publish and where. Everything that the cluster forbids is refused here, before any call to Azure."""
    facts = ClusterFacts()
    if documents is None and wishes.stand_alone and image.stream_file:
        documents = Documents()
    else:
        documents = documents or target.connect(connection, streams).read_documents()
        facts = cluster.facts(documents)
        streams.warn(cluster.check_bootimage_preconditions(facts, image.architecture))
    boot = target.boot_image(image, documents)
    if flags.source_url:
        boot = boot.at(flags.source_url)
    elif not boot.url:
        raise Unsupported(
            f"{image.stream_file or target.BOOTIMAGES} names release {boot.release} without a url",
            "name its VHD with --source-url",
        )
    _sha256(flags, boot)
    plan = resolve(boot, wishes, facts)
    if facts.resource_group and plan.resource_group.lower() != facts.resource_group.lower():
        streams.warn(
            [
                f"resource group {plan.resource_group} is not the cluster's ({facts.resource_group}): the cluster's "
                "identity needs Microsoft.Compute/galleries/images/versions/read there (role Reader) to make machines"
            ]
        )
    if not tells_generation_2(plan.image.resource_id):
        streams.warn(
            [
                f"image definition {plan.definition.name} does not have gen2 in its name: where the Machine Config "
                "Operator manages boot images it takes the image for generation 1 and degrades the cluster"
            ]
        )
    return facts, boot, plan


def _sha256(flags: BootimageFlags, boot: stream.BootImage) -> str:
    """What the whole disk is verified against, "" where that is not asked for."""
    if flags.verify is Verify.ranges:
        return ""
    if not boot.sha256:
        raise Unsupported(
            f"--verify full has nothing to compare with: no SHA-256 of the VHD of release {boot.release} in the stream",
            "leave it out (size, page ranges, footer and ETag are verified in any case), or give a stream that does "
            "with --stream-file",
        )
    return boot.sha256


def _connect(facts: ClusterFacts, streams: Streams) -> Azure:
    from kubectl_arm64.azure.session import connect

    return connect(
        cloud_name=facts.cloud, subscription=facts.subscription, tenant=facts.tenant, environ=streams.environ
    )


def _staging(flags: BootimageFlags) -> str:
    """Who names a storage account, or the copy that only an account takes, wants one used."""
    of_account = flags.storage_account or flags.copy is CopyEngine.async_
    return "account" if flags.staging is Staging.auto and of_account else flags.staging.value


def _survey(publication: Publication, choices: Choices, permissions: Permissions | None) -> list[Found]:
    """auto: a storage account, unless what the identity may do leaves a managed disk alone."""
    if choices.staging != "auto" or publication.turned_to_disk:
        return publication.survey()
    if why := ground.only_a_disk(permissions, (ground.READ_ACCOUNT, ground.LIST_KEYS)):
        publication.stage_on_disk(why)
        return publication.survey()
    try:
        found = publication.survey()
        why = ground.only_a_disk(permissions, ground.missing_actions(found))
    except Denied as denied:
        if not of_account(denied):
            raise
        why = denied.what
        if without_disk := ground.without_disk(permissions):
            raise Denied(f"{why}{without_disk}", denied.advice, code=denied.code) from denied
    if why:
        publication.stage_on_disk(why)
        return publication.survey()
    return found


def _print_plan(
    plan: ImagePlan, found: Sequence[Found], leftovers: Sequence[Leftover], output: Output | None, streams: Streams
) -> None:
    words = {State.MISSING: "create", State.PENDING: "wait for", State.READY: "exists"}
    rows = [
        {"action": words[one.observed.state], "resource": one.step.title, "note": one.observed.note} for one in found
    ]
    rows += [{"action": "delete", "resource": one.title, "note": one.note} for one in leftovers]
    rights = [one.step.action for one in found] + [one.action for one in leftovers]
    if output == Output.name:
        print(plan.image.resource_id, file=streams.out)
        return
    if output == Output.wide:
        lines = [(row["action"], row["resource"], row["note"], right) for row, right in zip(rows, rights, strict=True)]
        print(table(("action", "resource", "note", "permission"), lines), end="", file=streams.out)
        return
    if output is not None:
        dump({"resourceID": plan.image.resource_id, "source": plan.source, "steps": rows}, output, streams)
        return
    print(f"Release {plan.identity.release} ({plan.identity.architecture.value}) from {plan.source}", file=streams.out)
    print(f"in resource group {plan.resource_group}, {', '.join(plan.regions)}:", file=streams.out)
    for row in rows:
        note = f" ({row['note']})" if row["note"] else ""
        print(f"  {row['action']:<9} {row['resource']}{note}", file=streams.out)
    print(f"Result: {plan.image.resource_id}", file=streams.out)


def _print_result(
    result: dict[str, Any], plan: ImagePlan, output: Output | None, following: str, streams: Streams
) -> None:
    if output not in (None, Output.name, Output.wide):
        dump(result, output, streams)
        return
    print(plan.image.resource_id, file=streams.out)
    if output in (None, Output.wide) and following:
        # A person reads the hint with the result; a pipe gets the result alone.
        if streams.out.isatty():
            print(f"Next: {following}", file=streams.out)
        else:
            streams.say(f"Next: {following}")


def _result(plan: ImagePlan, publication: Publication) -> dict[str, Any]:
    on_disk = bool(publication.disk_id)
    account = {"storageAccount": plan.storage_account.name, "container": plan.container, "blob": plan.blob}
    return {
        "resourceID": plan.image.resource_id,
        "id": f"/subscriptions/{plan.subscription}{plan.image.resource_id}",
        "release": plan.identity.release,
        "architecture": plan.identity.architecture.azure,
        "osStream": plan.identity.os_stream,
        "location": plan.location,
        "regions": list(plan.regions),
        "source": plan.source,
        "staging": "disk" if on_disk else "account",
        **({} if on_disk or publication.vhd_deleted else account),
    }
