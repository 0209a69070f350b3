"""`-o jsonpath=...` and `-o go-template=...`, given as such or in a file.

Rules and words: k8s.io/cli-runtime/pkg/genericclioptions (jsonpath_flags.go, template_flags.go).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubectl_arm64.errors import InvalidInput

FORMATS = ("go-template", "go-template-file", "jsonpath", "jsonpath-file")
_FILE = "-file"


@dataclass(frozen=True)
class Template:
    """A template that can be read; `language` is jsonpath or go-template."""

    language: str
    text: str

    @classmethod
    def read(cls, form: str, value: str) -> Template:
        """From one of FORMATS and what stands after its `=`. Raises InvalidInput in kubectl's words."""
        if not value:
            raise InvalidInput("template format specified but no template given", f"write -o {form}=...")
        template = cls(form.removesuffix(_FILE), _content(value) if form.endswith(_FILE) else value)
        if template.language == "jsonpath":
            from kubectl_arm64.cli import jsonpath

            jsonpath.check(template.text)
        else:
            from kubectl_arm64.cli import gotemplate

            gotemplate.check(template.text)
        return template

    def fill(self, document: Any) -> str:
        """The text that `document` (JSON values) makes of it. Raises InvalidInput."""
        if self.language == "jsonpath":
            from kubectl_arm64.cli import jsonpath

            return jsonpath.render(self.text, document)
        from kubectl_arm64.cli import gotemplate

        return gotemplate.render(self.text, document)


def _content(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InvalidInput(f"error reading --template {path}, open {path}: {why}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"error reading --template {path}, it is not UTF-8 text") from error
