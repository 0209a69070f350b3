"""YAML as kubectl reads it: what is text there is text here. Pure.

Rules: sigs.k8s.io/yaml, whose goyaml.v2 (resolve.go, decode.go) reads YAML 1.1 without dates, base 60 and `=`, takes
`y` and `n` for true and false, passes over tags of its reader's own, and reads the first document alone.
"""

from __future__ import annotations

import re
from math import isinf
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

if TYPE_CHECKING:
    from yaml import SafeLoader as _Base
else:
    # Tabs after a value are a matter of libyaml, as of Go; PyYAML's own scanner does not take them.
    _Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TAG = "tag:yaml.org,2002:"
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)")


class Loader(_Base):
    """A loader for `yaml.load`."""

    bool_values: ClassVar[dict[str, bool]] = {**yaml.SafeLoader.bool_values, "y": True, "n": False}

    def get_single_data(self) -> Any:
        """The first document, None where there is none."""
        return self.get_data() if self.check_node() else None


def _number(loader: Loader, node: yaml.ScalarNode) -> int | float | str:
    """What looks like a number: text where Go finds none in it."""
    text = str(loader.construct_scalar(node))
    plain = text.replace("_", "")
    if special := _SPECIAL.fullmatch(text):
        return float(special[1] + special[2])
    whole = _integer(plain)
    if whole is not None:
        return whole
    found = float(plain) if _FLOAT.fullmatch(plain) else float("inf")
    return text if isinf(found) else found


def _integer(plain: str) -> int | None:
    """Of 64 bits, by its prefix (0x, 0b, 0o, and 0 as octal too); None where it is none."""
    for base in (0, 8):
        try:
            found = int(plain, base)
        except ValueError:
            continue
        return found if plain.isascii() and -(2**63) <= found < 2**64 else None
    return None


def _scalar(loader: Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _untagged(loader: Loader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


_FOUND_BY = {
    "bool": (r"([yYnN]|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$", [*"yYnNtTfFoO"]),
    "null": (r"(~|null|Null|NULL|)$", [*"~nN", ""]),
    "merge": (r"<<$", ["<"]),
    "float": (r"[-+.0-9]", [*"-+.0123456789"]),
}
Loader.yaml_implicit_resolvers = {}
for _name, (_pattern, _first) in _FOUND_BY.items():
    Loader.add_implicit_resolver(_TAG + _name, re.compile(_pattern), _first)
Loader.add_constructor(_TAG + "float", _number)
Loader.add_constructor(_TAG + "merge", _scalar)  # as a value it is text
Loader.add_constructor(None, _untagged)
