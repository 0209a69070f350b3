"""Templates for results: jsonpath and go-template, given as such or in a file.

Rules and words: k8s.io/cli-runtime/pkg/genericclioptions (jsonpath_flags.go, template_flags.go).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubectl_arm64.errors import InvalidInput

_IN_FILES = {"go-template-file": "go-template", "templatefile": "go-template", "jsonpath-file": "jsonpath"}
_NAMES = {"template": "go-template"}


@dataclass(frozen=True)
class Template:
    """A template that can be read; `language` is jsonpath, jsonpath-as-json or go-template.

    `strict`: what it names and the document lacks is an error.
    """

    language: str
    text: str
    strict: bool = False

    @classmethod
    def read(cls, form: str, value: str, *, strict: bool = False) -> Template:
        """From a format of -o and what stands after its `=`. Raises InvalidInput in kubectl's words."""
        if not value:
            raise InvalidInput("template format specified but no template given", f"write -o {form}=...")
        text = _content(value) if form in _IN_FILES else value
        template = cls(_IN_FILES.get(form) or _NAMES.get(form, form), text, strict)
        if template.language == "go-template":
            from kubectl_arm64.cli import gotemplate

            gotemplate.check(template.text)
        else:
            from kubectl_arm64.cli import jsonpath

            jsonpath.check(template.text)
        return template

    def fill(self, document: Any) -> str:
        """The text that `document` (JSON values) makes of it. Raises InvalidInput."""
        if self.language == "go-template":
            from kubectl_arm64.cli import gotemplate

            return gotemplate.render(self.text, document, strict=self.strict)
        from kubectl_arm64.cli import jsonpath

        return jsonpath.render(self.text, document, strict=self.strict, as_json=self.language == "jsonpath-as-json")


def _content(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InvalidInput(f"error reading --template {path}, open {path}: {why}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"error reading --template {path}, it is not UTF-8 text") from error
