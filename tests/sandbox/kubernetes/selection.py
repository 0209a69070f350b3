"""labelSelector and fieldSelector of a list or a watch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.sandbox.kubernetes.objects import Object
from tests.sandbox.kubernetes.status import bad_request

_TERM = re.compile(
    r"\s*(?:(?P<absent>!)\s*(?P<missing>[\w./-]+)"
    r"|(?P<key>[\w./-]+)\s*(?:(?P<op>==|!=|=)\s*(?P<value>[\w./-]*)"
    r"|\s+(?P<set>in|notin)\s*\((?P<values>[^)]*)\))?)\s*(?:,|$)"
)


def matches_labels(selector: str, labels: Mapping[str, str]) -> bool:
    """Equality- and set-based requirements; raises Refused (400) for anything else."""
    at, matches = 0, True
    while at < len(selector):
        term = _TERM.match(selector, at)
        if term is None:
            raise bad_request(f"unable to parse requirement: found '{selector[at:]}'")
        matches = matches and _holds(term, labels)
        at = term.end()
    return matches


def _holds(term: re.Match[str], labels: Mapping[str, str]) -> bool:
    if term["absent"]:
        return term["missing"] not in labels
    value = labels.get(term["key"])
    if term["set"]:
        listed = value in [each.strip() for each in term["values"].split(",")]
        return listed if term["set"] == "in" else not listed
    if term["op"]:
        return (value != term["value"]) if term["op"] == "!=" else (value == term["value"])
    return value is not None


def matches_fields(selector: str, each: Object) -> bool:
    """`selector` is of the form `path=value,path!=value` (see reading.check_selectors)."""
    for term in filter(None, selector.split(",")):
        path, sign, value = re.split(r"(!=|==?)", term, maxsplit=1)
        if (str(at(each, path) or "") == value) == (sign == "!="):
            return False
    return True


def at(each: Any, path: str) -> Any:
    r"""What stands at a dotted path (`\.` for a dot in a name), None where nothing does."""
    for name in re.split(r"(?<!\\)\.", path):
        each = each.get(name.replace("\\.", ".")) if isinstance(each, dict) else None
    return each
