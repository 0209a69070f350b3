"""kubectl's flags for how a result is printed, and what they come to.

Rules and words: k8s.io/cli-runtime/pkg/genericclioptions (print_flags.go, template_flags.go, jsonpath_flags.go).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from kubectl_arm64.errors import UsageError

if TYPE_CHECKING:
    from kubectl_arm64.cli.templates import Template


class Format(str):
    """A value of -o as typed: one of FORMATS, one of TEMPLATES with the template itself, or nothing."""

    FORMATS: ClassVar = ("name", "json", "yaml", "wide")
    TEMPLATES: ClassVar = (
        "jsonpath=", "jsonpath-as-json=", "jsonpath-file=",
        "go-template=", "go-template-file=", "template=", "templatefile=",
    )  # fmt: skip


@dataclass(frozen=True)
class Output:
    """How a result that is one thing is printed: `form` is one of Format's, without `=`."""

    form: str
    template: Template | None = None
    managed_fields: bool = field(default=False, compare=False)

    name: ClassVar[Output]
    json: ClassVar[Output]
    yaml: ClassVar[Output]
    wide: ClassVar[Output]


Output.name, Output.json, Output.yaml, Output.wide = map(Output, Format.FORMATS)


_NONE = Format()


@dataclass(frozen=True)
class PrintFlags:
    """The flags of a command that prints a result."""

    format: Annotated[Format, typer.Option("--output", "-o", parser=Format, help="How the result is printed.")] = _NONE
    template: Annotated[
        str, typer.Option(help="Template for -o, or the file that it stands in; alone, a go-template.")
    ] = ""
    allow_missing_template_keys: Annotated[
        bool,
        typer.Option(
            "--allow-missing-template-keys/--no-allow-missing-template-keys",
            help="What a template names and the result lacks is no error.",
        ),
    ] = True
    show_managed_fields: Annotated[
        bool, typer.Option("--show-managed-fields", help="Print managedFields too, as JSON or YAML.")
    ] = False

    @property
    def output(self) -> Output | None:
        """None where no flag asks for one. Raises InvalidInput for a template that cannot be read."""
        form, equals, text = self.format.partition("=")
        if self.template and equals:
            raise UsageError(f"-o {self.format} and --template both give a template", "give one of them")
        form = form or ("go-template" if self.template else "")
        if f"{form}=" not in Format.TEMPLATES:
            return Output(form, managed_fields=self.show_managed_fields) if form else None
        from kubectl_arm64.cli.templates import Template

        return Output(form, Template.read(form, self.template or text, strict=not self.allow_missing_template_keys))
