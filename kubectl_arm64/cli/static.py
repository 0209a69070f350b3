"""The command tree and its help, for what must start at once.

Rendered by `python -m scripts.reference` from commands.py and the commands' flags: change those.
"""
# ruff: noqa: E501

from __future__ import annotations

from kubectl_arm64.cli.argv import Command, Flag

_EVERYWHERE = (
    Flag("--as", everywhere=True, help="User to impersonate."),
    Flag("--as-group", "", "list", everywhere=True, help="Group to impersonate; repeatable."),
    Flag("--as-uid", everywhere=True, help="UID to impersonate."),
    Flag(
        "--as-user-extra",
        "",
        "list",
        everywhere=True,
        help="KEY=VALUE to impersonate as an extra of the user; repeatable.",
    ),
    Flag("--cache-dir", everywhere=True, help="kubectl's discovery cache, which this plugin does without."),
    Flag("--certificate-authority", everywhere=True, help="Path to a CA certificate of the API server."),
    Flag("--client-certificate", everywhere=True, help="Path to a client certificate for the API server."),
    Flag("--client-key", everywhere=True, help="Path to the key of the client certificate."),
    Flag("--cluster", everywhere=True, help="The name of the kubeconfig cluster to use."),
    Flag("--context", everywhere=True, help="The name of the kubeconfig context to use."),
    Flag(
        "--disable-compression",
        "",
        "switch",
        default="False",
        everywhere=True,
        help="No compressed responses; this plugin asks for none anyway.",
    ),
    Flag(
        "--insecure-skip-tls-verify",
        "",
        "switch",
        default="False",
        everywhere=True,
        help="Do not check the API server's certificate.",
    ),
    Flag("--kubeconfig", everywhere=True, help="Path to the kubeconfig file to use."),
    Flag("--kuberc", everywhere=True, help="kubectl's preferences, of which none is for plugins."),
    Flag("--log-flush-frequency", default="5s", everywhere=True, help="As for kubectl; this plugin logs at once."),
    Flag("--loglevel", "", "number", default="0", everywhere=True, help="oc's name for -v."),
    Flag(
        "--match-server-version",
        "",
        "switch",
        default="False",
        everywhere=True,
        help="Refused: a plugin has no Kubernetes version.",
    ),
    Flag("--namespace", "-n", default="openshift-machine-api", everywhere=True, help="Namespace of the MachineSets."),
    Flag("--password", everywhere=True, help="Password for basic authentication to the API server."),
    Flag("--profile", default="none", everywhere=True, help="Refused but for none: profiles are of kubectl itself."),
    Flag("--profile-output", default="profile.pprof", everywhere=True, help="File for --profile."),
    Flag("--request-timeout", default="0", everywhere=True, help="Time for one request to the API server (30s, 1m)."),
    Flag("--server", "-s", everywhere=True, help="Address and port of the API server."),
    Flag("--tls-server-name", everywhere=True, help="Name to check the API server's certificate for."),
    Flag("--token", everywhere=True, help="Bearer token for the API server."),
    Flag("--user", everywhere=True, help="The name of the kubeconfig user to use."),
    Flag("--username", everywhere=True, help="Username for basic authentication to the API server."),
    Flag(
        "--v",
        "-v",
        "number",
        default="0",
        everywhere=True,
        help="0 to 9: from 1 tracebacks, from 6 requests, never a secret.",
    ),
    Flag("--vmodule", everywhere=True, help="Logging by kubectl's source files, of which there are none here."),
    Flag(
        "--warnings-as-errors",
        "",
        "switch",
        default="False",
        everywhere=True,
        help="End with exit code 1 when the API server warned of anything.",
    ),
)

COMMANDS = {
    "bootimage": Command(
        "bootimage",
        "Publish OpenShift's boot image through Azure and print its resource ID",
        (
            Flag(
                "--output",
                "-o",
                choices=("name", "json", "yaml", "wide"),
                prefixes=(
                    "jsonpath=",
                    "jsonpath-as-json=",
                    "jsonpath-file=",
                    "go-template=",
                    "go-template-file=",
                    "template=",
                    "templatefile=",
                ),
                help="How the result is printed.",
            ),
            Flag("--template", help="Template for -o, or the file that it stands in; alone, a go-template."),
            Flag(
                "--allow-missing-template-keys",
                "",
                "switch",
                default="True",
                help="What a template names and the result lacks is no error.",
            ),
            Flag(
                "--show-managed-fields", "", "switch", default="False", help="Print managedFields too, as JSON or YAML."
            ),
            Flag("--source-url", help="URL of the VHD (default: the stream's)."),
            Flag("--storage-account", help="Storage account for the VHD (default: rhcos and a hash)."),
            Flag("--container", help="Container for the VHD (default: vhd)."),
            Flag(
                "--storage-auth",
                choices=("auto", "login", "key"),
                default="auto",
                help="How to reach the VHD's account: the sign-in's token, the account key, or auto.",
            ),
            Flag(
                "--staging",
                choices=("auto", "account", "disk"),
                default="auto",
                help="Where the VHD goes first: a storage account, a managed disk (no account, key or data role), or auto: an account, a disk where nothing else is allowed.",
            ),
            Flag("--target-region", "", "list", help="Another region to replicate the image version to; repeatable."),
            Flag("--tag", "", "list", help="KEY=VALUE for every resource that is made; repeatable."),
            Flag(
                "--copy",
                choices=("auto", "ranges", "async"),
                default="auto",
                help="How the VHD is copied: its data page by page (ranges), by Azure alone (async), or auto.",
            ),
            Flag(
                "--parallel",
                "",
                "number",
                default="32",
                help="Requests at a time while the VHD is copied page by page, 1 to 64.",
            ),
            Flag(
                "--verify",
                choices=("ranges", "full"),
                default="ranges",
                help="How the VHD is verified: size, page ranges, footer and ETag (ranges), or its SHA-256 too (full: its data passes through this client).",
            ),
            Flag(
                "--abort-copy",
                "",
                "switch",
                default="False",
                help="Abort another's pending copy into the same blob, or one of the VHD that stands still.",
            ),
            Flag(
                "--delete-vhd",
                "",
                "switch",
                default="False",
                help="When the image is ready, delete the VHD, and the storage account if this tool made it and it is empty (default: they stay).",
            ),
            Flag(
                "--no-wait",
                "",
                "switch",
                default="False",
                help="Start the work, do not wait for it (exit code 8 while it goes on).",
            ),
            Flag(
                "--dry-run",
                choices=("none", "client", "server"),
                bare="client",
                default="none",
                help="client or server: print the plan, which Azure is asked for, and write nothing.",
            ),
            Flag("--subscription", help="Azure subscription ID (default: the cluster's)."),
            Flag("--resource-group", help="Resource group (default: the cluster's)."),
            Flag("--location", help="Azure region (default: the cluster's)."),
            Flag("--cloud", help="Azure cloud, such as AzureUSGovernmentCloud (default: the cluster's)."),
            Flag("--infra-name", help="Infrastructure name to derive names from (default: the cluster's)."),
            Flag("--gallery", help="Azure Compute Gallery (default: rhcos_INFRA)."),
            Flag("--image-definition", help="Image definition (default: rhcos-arm64-gen2)."),
            Flag("--image-version", help="Image version (default: from the release)."),
            Flag("--os-stream", help="Operating system stream, such as rhel-10 (default: rhel-9)."),
            Flag("--stream-file", help="Boot image stream JSON, or the ConfigMap, from a file instead of the cluster."),
            Flag(
                "--architecture",
                choices=("aarch64", "x86_64"),
                default="aarch64",
                help="Architecture of the boot image.",
            ),
            Flag("--timeout", default="2h", help="How long to wait in all (90s, 30m, 2h)."),
            Flag(
                "--progress",
                choices=("auto", "plain", "json"),
                default="auto",
                help="What is told on stderr: bars on a terminal (auto), plain lines, or JSON lines for programs.",
            ),
            Flag("--yes", "-y", "switch", default="False", help="Go on where the tool would ask."),
            *_EVERYWHERE,
        ),
    ),
    "completion": Command(
        "completion",
        "Complete words in the shell, through kubectl, oc and directly",
        (
            Flag(
                "--directory", help="Folder of `install` and `uninstall` (default: the one that holds kubectl-arm64)."
            ),
            *_EVERYWHERE,
        ),
        ("bash", "fish", "install", "uninstall", "zsh"),
        needs_argument=True,
    ),
    "help": Command(
        "help", "Show the help of a command", (*_EVERYWHERE,), ("bootimage", "completion", "machineset", "version")
    ),
    "machineset": Command(
        "machineset",
        "Print, or apply, a worker MachineSet patched for ARM64",
        (
            Flag(
                "--output",
                "-o",
                choices=("name", "json", "yaml", "wide"),
                prefixes=(
                    "jsonpath=",
                    "jsonpath-as-json=",
                    "jsonpath-file=",
                    "go-template=",
                    "go-template-file=",
                    "template=",
                    "templatefile=",
                ),
                help="How the result is printed.",
            ),
            Flag("--template", help="Template for -o, or the file that it stands in; alone, a go-template."),
            Flag(
                "--allow-missing-template-keys",
                "",
                "switch",
                default="True",
                help="What a template names and the result lacks is no error.",
            ),
            Flag(
                "--show-managed-fields", "", "switch", default="False", help="Print managedFields too, as JSON or YAML."
            ),
            Flag("--from", help="MachineSet to clone (default: a plain worker's of the lowest zone)."),
            Flag("--filename", "-f", help="File with the MachineSet to clone, - for standard input."),
            Flag("--image", help="Resource ID of the image version (default: the one published for the cluster)."),
            Flag(
                "--publish",
                "",
                "switch",
                default="False",
                help="Publish the boot image first, where it is not, as bootimage does by its defaults.",
            ),
            Flag("--vm-size", help="ARM64 VM size (default: the nearest to the source's)."),
            Flag("--zone", help="Availability zone (default: the source's)."),
            Flag("--all-zones", "", "switch", default="False", help="One MachineSet for each zone."),
            Flag("--name", help="Name (default: the source's with -arm64)."),
            Flag("--replicas", "", "number", help="Number of machines (default: 1, or what the live set has)."),
            Flag(
                "--taint",
                "",
                "list",
                bare="multi-arch.openshift.io/arch=arm64:NoSchedule",
                help="KEY=VALUE:EFFECT on the nodes; alone, the multi-architecture taint. Repeatable.",
            ),
            Flag("--node-label", "", "list", help="KEY=VALUE on the nodes; repeatable."),
            Flag("--no-spot", "", "switch", default="False", help="Regular machines where the source has Spot VMs."),
            Flag("--apply", "", "switch", default="False", help="Apply it to the cluster instead of printing it."),
            Flag(
                "--wait",
                "",
                "switch",
                default="False",
                help="With --apply: wait until the nodes of its machines are Ready.",
            ),
            Flag(
                "--dry-run",
                choices=("none", "client", "server"),
                bare="client",
                default="none",
                help="With --apply: client or server.",
            ),
            Flag(
                "--diff",
                "",
                "switch",
                default="False",
                help="Show what --apply would change (exit code 1 when something).",
            ),
            Flag(
                "--force",
                "",
                "switch",
                default="False",
                help="Go on with what this tool did not make, or what may not boot.",
            ),
            Flag(
                "--force-conflicts", "", "switch", default="False", help="Take over fields that another manager owns."
            ),
            Flag("--subscription", help="Azure subscription ID (default: the cluster's)."),
            Flag("--resource-group", help="Resource group (default: the cluster's)."),
            Flag("--location", help="Azure region (default: the cluster's)."),
            Flag("--cloud", help="Azure cloud, such as AzureUSGovernmentCloud (default: the cluster's)."),
            Flag("--infra-name", help="Infrastructure name to derive names from (default: the cluster's)."),
            Flag("--gallery", help="Azure Compute Gallery (default: rhcos_INFRA)."),
            Flag("--image-definition", help="Image definition (default: rhcos-arm64-gen2)."),
            Flag("--image-version", help="Image version (default: from the release)."),
            Flag("--os-stream", help="Operating system stream, such as rhel-10 (default: rhel-9)."),
            Flag("--stream-file", help="Boot image stream JSON, or the ConfigMap, from a file instead of the cluster."),
            Flag(
                "--architecture",
                choices=("aarch64", "x86_64"),
                default="aarch64",
                help="Architecture of the boot image.",
            ),
            Flag("--timeout", default="2h", help="How long to wait in all (90s, 30m, 2h)."),
            Flag(
                "--progress",
                choices=("auto", "plain", "json"),
                default="auto",
                help="What is told on stderr: bars on a terminal (auto), plain lines, or JSON lines for programs.",
            ),
            Flag("--yes", "-y", "switch", default="False", help="Go on where the tool would ask."),
            *_EVERYWHERE,
        ),
    ),
    "options": Command("options", "List the flags that every command takes", (*_EVERYWHERE,)),
    "version": Command(
        "version",
        "Print the version",
        (
            Flag("--client", "", "switch", default="False", help="As for kubectl; this plugin tells no other version."),
            Flag("--output", "-o", choices=("json", "yaml"), help="How it is printed."),
            *_EVERYWHERE,
        ),
    ),
}

HELP = {
    "": """\
ARM64 boot images and MachineSets for OpenShift on Azure.

Available Commands:
  bootimage    Publish OpenShift's boot image through Azure and print its resource ID
  completion   Complete words in the shell, through kubectl, oc and directly
  help         Show the help of a command
  machineset   Print, or apply, a worker MachineSet patched for ARM64
  options      List the flags that every command takes
  version      Print the version

Usage:
  kubectl arm64 [flags] [options]

Use "kubectl arm64 <command> --help" for more information about a given command.
Use "kubectl arm64 options" for a list of global command-line options (applies to all commands).
""",
    "bootimage": """\
Publish OpenShift's boot image through Azure and print its resource ID.

A server-side copy of the image's VHD goes into a storage account, and from
there into an Azure Compute Gallery. What exists is found, what is missing is
made, what is not ours is refused: run it again to go on.

Examples:
  # Publish the boot image of the cluster of the current context
  kubectl arm64 bootimage --timeout=30m

  # Show what exists and what would be made, and write nothing
  kubectl arm64 bootimage --dry-run

  # Replicate it to another region, and tag what is made
  kubectl arm64 bootimage --target-region=westeurope --tag=cost-center=4711

  # Print the result for a program
  kubectl arm64 bootimage -o json

  # Print one field of the result
  kubectl arm64 bootimage -o jsonpath='{.location}'

Options:
    --abort-copy=false:
        Abort another's pending copy into the same blob, or one of the VHD that
        stands still.

    --allow-missing-template-keys=true:
        What a template names and the result lacks is no error.

    --architecture='aarch64':
        Architecture of the boot image. One of: (aarch64, x86_64).

    --cloud='':
        Azure cloud, such as AzureUSGovernmentCloud (default: the cluster's).

    --container='':
        Container for the VHD (default: vhd).

    --copy='auto':
        How the VHD is copied: its data page by page (ranges), by Azure alone
        (async), or auto. One of: (auto, ranges, async).

    --delete-vhd=false:
        When the image is ready, delete the VHD, and the storage account if this
        tool made it and it is empty (default: they stay).

    --dry-run='none':
        client or server: print the plan, which Azure is asked for, and write
        nothing. One of: (none, client, server). Without a value: client.

    --gallery='':
        Azure Compute Gallery (default: rhcos_INFRA).

    --image-definition='':
        Image definition (default: rhcos-arm64-gen2).

    --image-version='':
        Image version (default: from the release).

    --infra-name='':
        Infrastructure name to derive names from (default: the cluster's).

    --location='':
        Azure region (default: the cluster's).

    --no-wait=false:
        Start the work, do not wait for it (exit code 8 while it goes on).

    --os-stream='':
        Operating system stream, such as rhel-10 (default: rhel-9).

    -o, --output='':
        How the result is printed. One of: (name, json, yaml, wide,
        jsonpath=..., jsonpath-as-json=..., jsonpath-file=..., go-template=...,
        go-template-file=..., template=..., templatefile=...).

    --parallel=32:
        Requests at a time while the VHD is copied page by page, 1 to 64.

    --progress='auto':
        What is told on stderr: bars on a terminal (auto), plain lines, or JSON
        lines for programs. One of: (auto, plain, json).

    --resource-group='':
        Resource group (default: the cluster's).

    --show-managed-fields=false:
        Print managedFields too, as JSON or YAML.

    --source-url='':
        URL of the VHD (default: the stream's).

    --staging='auto':
        Where the VHD goes first: a storage account, a managed disk (no account,
        key or data role), or auto: an account, a disk where nothing else is
        allowed. One of: (auto, account, disk).

    --storage-account='':
        Storage account for the VHD (default: rhcos and a hash).

    --storage-auth='auto':
        How to reach the VHD's account: the sign-in's token, the account key, or
        auto. One of: (auto, login, key).

    --stream-file='':
        Boot image stream JSON, or the ConfigMap, from a file instead of the
        cluster.

    --subscription='':
        Azure subscription ID (default: the cluster's).

    --tag=[]:
        KEY=VALUE for every resource that is made; repeatable.

    --target-region=[]:
        Another region to replicate the image version to; repeatable.

    --template='':
        Template for -o, or the file that it stands in; alone, a go-template.

    --timeout='2h':
        How long to wait in all (90s, 30m, 2h).

    --verify='ranges':
        How the VHD is verified: size, page ranges, footer and ETag (ranges), or
        its SHA-256 too (full: its data passes through this client). One of:
        (ranges, full).

    -y, --yes=false:
        Go on where the tool would ask.

Usage:
  kubectl arm64 bootimage [options]

Use "kubectl arm64 options" for a list of global command-line options (applies to all commands).
""",
    "completion": """\
Complete words in the shell.

kubectl and oc ask programs named kubectl_complete-arm64 and oc_complete-arm64
on the PATH: `install` writes them, `uninstall` removes them (pip and pipx have
installed their own). `bash`, `zsh` and `fish` print a script that completes
kubectl-arm64 and oc-arm64 when they are called by those names.

Examples:
  # Let kubectl and oc complete this plugin
  kubectl arm64 completion install

  # Print the script for bash, to be sourced in ~/.bashrc
  kubectl arm64 completion bash

  # Print the script for zsh
  kubectl arm64 completion zsh

  # Print the script for fish
  kubectl arm64 completion fish

  # Remove what install has written
  kubectl arm64 completion uninstall

Options:
    --directory='':
        Folder of `install` and `uninstall` (default: the one that holds
        kubectl-arm64).

Usage:
  kubectl arm64 completion (bash|fish|install|uninstall|zsh) [options]

Use "kubectl arm64 options" for a list of global command-line options (applies to all commands).
""",
    "machineset": """\
Print, or apply, a worker MachineSet patched for ARM64.

A plain worker MachineSet of the cluster is the template. What ARM64 needs is
changed and nothing else: name and labels, image, VM size, the architecture that
the autoscaler is told.

Examples:
  # Print the MachineSet that --apply would apply
  kubectl arm64 machineset

  # Publish the boot image where it is missing, and apply
  kubectl arm64 machineset --publish --apply

  # Show what applying three machines would change (exit code 1: something)
  kubectl arm64 machineset --replicas=3 --diff

  # Let the API server judge one MachineSet for each zone, and keep none
  kubectl arm64 machineset --all-zones --apply --dry-run=server

  # Clone a certain MachineSet, with a certain size and a taint
  kubectl arm64 machineset --from=prod-7x2kq-worker-eastus1 --vm-size=Standard_D4ps_v6 --taint=arch=arm64:NoSchedule

Options:
    --all-zones=false:
        One MachineSet for each zone.

    --allow-missing-template-keys=true:
        What a template names and the result lacks is no error.

    --apply=false:
        Apply it to the cluster instead of printing it.

    --architecture='aarch64':
        Architecture of the boot image. One of: (aarch64, x86_64).

    --cloud='':
        Azure cloud, such as AzureUSGovernmentCloud (default: the cluster's).

    --diff=false:
        Show what --apply would change (exit code 1 when something).

    --dry-run='none':
        With --apply: client or server. One of: (none, client, server). Without
        a value: client.

    -f, --filename='':
        File with the MachineSet to clone, - for standard input.

    --force=false:
        Go on with what this tool did not make, or what may not boot.

    --force-conflicts=false:
        Take over fields that another manager owns.

    --from='':
        MachineSet to clone (default: a plain worker's of the lowest zone).

    --gallery='':
        Azure Compute Gallery (default: rhcos_INFRA).

    --image='':
        Resource ID of the image version (default: the one published for the
        cluster).

    --image-definition='':
        Image definition (default: rhcos-arm64-gen2).

    --image-version='':
        Image version (default: from the release).

    --infra-name='':
        Infrastructure name to derive names from (default: the cluster's).

    --location='':
        Azure region (default: the cluster's).

    --name='':
        Name (default: the source's with -arm64).

    --no-spot=false:
        Regular machines where the source has Spot VMs.

    --node-label=[]:
        KEY=VALUE on the nodes; repeatable.

    --os-stream='':
        Operating system stream, such as rhel-10 (default: rhel-9).

    -o, --output='':
        How the result is printed. One of: (name, json, yaml, wide,
        jsonpath=..., jsonpath-as-json=..., jsonpath-file=..., go-template=...,
        go-template-file=..., template=..., templatefile=...).

    --progress='auto':
        What is told on stderr: bars on a terminal (auto), plain lines, or JSON
        lines for programs. One of: (auto, plain, json).

    --publish=false:
        Publish the boot image first, where it is not, as bootimage does by its
        defaults.

    --replicas=:
        Number of machines (default: 1, or what the live set has).

    --resource-group='':
        Resource group (default: the cluster's).

    --show-managed-fields=false:
        Print managedFields too, as JSON or YAML.

    --stream-file='':
        Boot image stream JSON, or the ConfigMap, from a file instead of the
        cluster.

    --subscription='':
        Azure subscription ID (default: the cluster's).

    --taint=[]:
        KEY=VALUE:EFFECT on the nodes; alone, the multi-architecture taint.
        Repeatable. Without a value:
        multi-arch.openshift.io/arch=arm64:NoSchedule.

    --template='':
        Template for -o, or the file that it stands in; alone, a go-template.

    --timeout='2h':
        How long to wait in all (90s, 30m, 2h).

    --vm-size='':
        ARM64 VM size (default: the nearest to the source's).

    --wait=false:
        With --apply: wait until the nodes of its machines are Ready.

    -y, --yes=false:
        Go on where the tool would ask.

    --zone='':
        Availability zone (default: the source's).

Usage:
  kubectl arm64 machineset [options]

Use "kubectl arm64 options" for a list of global command-line options (applies to all commands).
""",
    "version": """\
Print the version.

Examples:
  # Print the version
  kubectl arm64 version

  # Print it for a program
  kubectl arm64 version -o json

Options:
    --client=false:
        As for kubectl; this plugin tells no other version.

    -o, --output='':
        How it is printed. One of: (json, yaml).

Usage:
  kubectl arm64 version [options]

Use "kubectl arm64 options" for a list of global command-line options (applies to all commands).
""",
    "help": """\
Show the help of a command.

Usage:
  kubectl arm64 help [command]
""",
    "options": """\
The following options can be passed to any command:

    --as='':
        User to impersonate.

    --as-group=[]:
        Group to impersonate; repeatable.

    --as-uid='':
        UID to impersonate.

    --as-user-extra=[]:
        KEY=VALUE to impersonate as an extra of the user; repeatable.

    --cache-dir='':
        kubectl's discovery cache, which this plugin does without.

    --certificate-authority='':
        Path to a CA certificate of the API server.

    --client-certificate='':
        Path to a client certificate for the API server.

    --client-key='':
        Path to the key of the client certificate.

    --cluster='':
        The name of the kubeconfig cluster to use.

    --context='':
        The name of the kubeconfig context to use.

    --disable-compression=false:
        No compressed responses; this plugin asks for none anyway.

    --insecure-skip-tls-verify=false:
        Do not check the API server's certificate.

    --kubeconfig='':
        Path to the kubeconfig file to use.

    --kuberc='':
        kubectl's preferences, of which none is for plugins.

    --log-flush-frequency='5s':
        As for kubectl; this plugin logs at once.

    --loglevel=0:
        oc's name for -v.

    --match-server-version=false:
        Refused: a plugin has no Kubernetes version.

    -n, --namespace='openshift-machine-api':
        Namespace of the MachineSets.

    --password='':
        Password for basic authentication to the API server.

    --profile='none':
        Refused but for none: profiles are of kubectl itself.

    --profile-output='profile.pprof':
        File for --profile.

    --request-timeout='0':
        Time for one request to the API server (30s, 1m).

    -s, --server='':
        Address and port of the API server.

    --tls-server-name='':
        Name to check the API server's certificate for.

    --token='':
        Bearer token for the API server.

    --user='':
        The name of the kubeconfig user to use.

    --username='':
        Username for basic authentication to the API server.

    -v, --v=0:
        0 to 9: from 1 tracebacks, from 6 requests, never a secret.

    --vmodule='':
        Logging by kubectl's source files, of which there are none here.

    --warnings-as-errors=false:
        End with exit code 1 when the API server warned of anything.
""",
}
