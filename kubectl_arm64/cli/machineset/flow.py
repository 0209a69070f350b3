"""Flags -> sources, image and sizes -> clones -> printed or applied."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_arm64.cli import manifest as kubectl
from kubectl_arm64.cli import target
from kubectl_arm64.cli.machineset import images
from kubectl_arm64.cli.machineset.applying import Application, above_one
from kubectl_arm64.cli.machineset.flags import MachinesetFlags
from kubectl_arm64.cli.machineset.making import Workshop
from kubectl_arm64.cli.machineset.ports import Azure, Ports
from kubectl_arm64.cli.machineset.sources import (
    Situation,
    check_cluster,
    check_user_data,
    from_cluster,
    from_file,
    look,
)
from kubectl_arm64.cli.machineset.waiting import Wait
from kubectl_arm64.cli.options import ConnectionFlags, ImageFlags
from kubectl_arm64.cli.pace import pace
from kubectl_arm64.cli.printing import Format, Output
from kubectl_arm64.cluster import ClusterFacts, Documents, opt_out_price, require
from kubectl_arm64.errors import Failure, UsageError
from kubectl_arm64.image import GalleryImage
from kubectl_arm64.machineset import Clone, location_of
from kubectl_arm64.plan import resolve

if TYPE_CHECKING:
    from kubectl_arm64.cli.invocation import Invocation
    from kubectl_arm64.cli.output import Streams


def command(
    connection: ConnectionFlags, image: ImageFlags, flags: MachinesetFlags, invocation: Invocation, streams: Streams
) -> int:
    """The command; its exit code."""

    def connect(facts: ClusterFacts) -> Azure:
        from kubectl_arm64.azure.session import connect

        session = connect(
            cloud_name=facts.cloud, subscription=facts.subscription, tenant=facts.tenant, environ=streams.environ
        )
        session.sign_in(storage=False)
        return session

    def publish(regions: Sequence[str], documents: Documents | None) -> object:
        from kubectl_arm64.cli import bootimage

        # stdout is the MachineSet's alone.
        quiet = replace(streams, out=io.StringIO())
        wanted = bootimage.BootimageFlags(target_region=list(regions), format=Format("name"))
        return bootimage.run(connection, image, wanted, invocation, quiet, documents)

    ports = Ports(
        cluster=lambda: target.connect(connection, streams),
        azure=connect,
        publish=publish,
        read_text=target.read_text,
        bootimage=invocation.next("bootimage", *image.carried(), *connection.carried()),
    )
    return run(image, flags, connection.namespace, ports, streams)


def run(image: ImageFlags, flags: MachinesetFlags, namespace: str, ports: Ports, streams: Streams) -> int:
    """The command on plain values; its exit code: with --diff as kubectl's, 0 same, 1 differs, above 1 failed."""
    try:
        return _run(image, flags, namespace, ports, streams)
    except Failure as failure:
        if flags.diff:
            raise above_one(failure) from None
        raise


def _run(image: ImageFlags, flags: MachinesetFlags, namespace: str, ports: Ports, streams: Streams) -> int:
    flags.check(image)
    if flags.file == image.stream_file == "-":
        raise UsageError("-f - and --stream-file - cannot both read standard input", "give one of them as a file")
    patience = pace(image.timeout, streams.environ)
    filed = from_file(flags.file, ports, namespace) if flags.file else []
    situation, warnings = look(image, flags, ports)
    streams.warn(warnings)
    sources = filed or [from_cluster(flags, situation, namespace)]
    streams.warn(check_cluster(filed, situation.facts.infra_name, refuse=flags.apply and not flags.force))
    if situation.cluster is not None:
        streams.warn(check_user_data(sources, situation.cluster, force=flags.force))
    wanted = _wanted(image, flags, situation, ports.bootimage)
    azure = None if flags.stands_alone else _azure(image, situation, ports)
    locations = sorted({location_of(source) for source in sources})
    chosen = images.check(azure.galleries, wanted, locations) if azure else images.Checked(wanted.image)
    if chosen.unready and not flags.publish:
        raise chosen.unready
    clones = Workshop(flags, namespace, situation, chosen, azure).clones(sources)
    streams.warn(list(dict.fromkeys(warning for clone in clones for warning in clone.warnings)))
    streams.warn(_price_of_opting_out(clones, situation))
    application = _application(clones, flags, situation, chosen.image)
    if chosen.unready and azure:
        if flags.writes_nothing:
            streams.warn([f"the boot image would be published first: {chosen.unready.what}"])
        else:
            _rehearse(clones, application)
            ports.publish(locations, situation.documents if situation.cluster else None)
            if left := images.check(azure.galleries, wanted, locations).unready:
                raise left
    code = _deliver(clones, flags, application, streams)
    if flags.wait and situation.cluster is not None:
        wait = Wait(situation.cluster, namespace, patience, streams)
        wait.until_ready([clone.name for clone in clones])
    return code


def _rehearse(clones: Sequence[Clone], application: Application | None) -> None:
    """An image costs time and money: it is published only for clones that the cluster will take."""
    if application is not None:
        for clone in clones:
            application.rehearse(clone)


def _price_of_opting_out(clones: Sequence[Clone], situation: Situation) -> list[str]:
    """What keeping the gallery image of enrolled clones, by opting them out, would cost the cluster."""
    managed = situation.facts.managed_boot_images
    price = opt_out_price(situation.facts)
    return [price] if price and any(managed.enrols(clone.manifest) for clone in clones) else []


def _azure(image: ImageFlags, situation: Situation, ports: Ports) -> Azure:
    """The cluster's subscription, where its machines look for images whatever a flag says; without one, the flag's."""
    facts = target.wishes(image).over(situation.facts)
    facts = replace(facts, subscription=situation.facts.subscription or facts.subscription)
    require(facts, "subscription")
    return ports.azure(facts)


def _wanted(image: ImageFlags, flags: MachinesetFlags, situation: Situation, bootimage: str) -> images.Wanted:
    """--image, else the version that `bootimage` makes of the same flags and cluster."""
    wishes = target.wishes(image)
    subscription = situation.facts.subscription or wishes.subscription
    if named := flags.gallery_image:
        return images.Wanted(named.in_subscription(subscription))
    plan = resolve(target.boot_image(image, situation.documents), wishes, situation.facts)
    return images.Wanted(plan.image.in_subscription(subscription), plan.identity, plan.location, bootimage)


def _application(
    clones: Sequence[Clone], flags: MachinesetFlags, situation: Situation, image: GalleryImage
) -> Application | None:
    """How the clones get to the cluster, None where they are printed. Raises Refused for those that must not."""
    if not (flags.apply or flags.diff):
        return None
    if situation.cluster is None:
        raise UsageError("there is no cluster to apply to", "give a kubeconfig")
    application = Application(situation.cluster, situation.live, flags.dry_run, flags.force_conflicts)
    if not flags.force:
        for clone in clones:
            application.check(clone, situation.facts.managed_boot_images, image)
    return application


def _deliver(clones: Sequence[Clone], flags: MachinesetFlags, application: Application | None, streams: Streams) -> int:
    if application is None:
        manifests = [clone.manifest for clone in clones]
        print(kubectl.shown(manifests, flags.output or Output.yaml), end="", file=streams.out)
        return 0
    if flags.diff:
        return _show_difference(clones, application, streams)
    applied = []
    for clone in clones:
        applied.append(application.apply(clone))
        if flags.output is None:
            print(applied[-1].line(flags.dry_run), file=streams.out)
    if flags.output:
        print(kubectl.shown([one.manifest for one in applied], flags.output), end="", file=streams.out)
    streams.out.flush()
    return 0


def _show_difference(clones: Sequence[Clone], application: Application, streams: Streams) -> int:
    differences = [application.diff(clone) for clone in clones]
    print("".join(differences), end="", file=streams.out)
    return 1 if any(differences) else 0
