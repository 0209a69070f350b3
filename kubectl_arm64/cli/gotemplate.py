"""`-o go-template=TEMPLATE`, by the library gotpl where it is installed; see docs/adr/0005-go-templates.md.

kubectl's own functions: k8s.io/cli-runtime/pkg/printers/template.go.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from kubectl_arm64.errors import InvalidInput, Unsupported

if TYPE_CHECKING:
    from types import ModuleType

_FOREIGN = re.compile(r"[^A-Za-z0-9+/\r\n]")


def check(template: str) -> None:
    """Raises InvalidInput where it cannot be read, Unsupported where there is no library to read it."""
    library = _library()
    try:
        _parsed(library, template)
    except library.TemplateError as error:
        raise InvalidInput(f"error parsing template {template}, {error}") from None


def render(template: str, document: Any, *, strict: bool = False) -> str:
    """The template filled from `document` (JSON values); `strict`: with all that it names. Raises InvalidInput."""
    library = _library()
    try:
        return str(_parsed(library, template, strict).render(document))
    except library.TemplateError as error:
        raise InvalidInput(f'error executing template "{template}": {error}') from None


def _library() -> ModuleType:
    try:
        import gotpl
    except ImportError:
        raise Unsupported(
            "-o go-template needs the Python package gotpl, which is not installed",
            "write the template as -o jsonpath=..., or install kubectl-arm64[go-template]",
        ) from None
    return gotpl


def _parsed(library: ModuleType, template: str, strict: bool = False) -> Any:
    return library.Template(
        template,
        name="output",
        functions={"exists": _exists, "base64decode": _base64decode},
        missing_key="error" if strict else "default",
    )


def _exists(item: Any, *keys: Any) -> bool:
    """Whether the path of keys and indices leads anywhere."""
    for key in keys:
        try:
            item = item[key]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _base64decode(text: str) -> str:
    """As Go decodes: line breaks are passed over, anything else that is not base64 is a fault of the template."""
    try:
        found = base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)
    except ValueError:
        raise ValueError(f"base64 decode failed: illegal base64 data at input byte {_illegal(text)}") from None
    return found.decode(errors="replace")


def _illegal(text: str) -> int:
    """Where the fault is: at the first byte that is not of the alphabet, else where the last, unfinished four begin."""
    foreign = _FOREIGN.search(text)
    return foreign.start() if foreign else len(text) - len(text) % 4
