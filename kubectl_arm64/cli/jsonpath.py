"""`-o jsonpath=TEMPLATE`, in kubectl's dialect: text with expressions in braces. Pure.

Rules: k8s.io/client-go/util/jsonpath, with missing keys allowed, as kubectl prints them. `*` and `..` go over a
mapping's keys in their order, where Go takes any. Outputs in the tests are those of kubectl 1.32.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kubectl_arm64.errors import InvalidInput

_ACTION = re.compile(r"""\{((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^{}"'])*)\}""")
_NAME = re.compile(r"(?:\\.|[^\s.\[\]\\{}()<>=!|&,\"'*@$?])+")
_RANGE = re.compile(r"range(?:\s+(.+))?", re.DOTALL)
_SLICE = re.compile(r"(-?\d*)(?::(-?\d*))?(?::(-?\d*))?")
_COMPARISON = re.compile(r"(==|!=|<=|>=|<|>)")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_QUOTED = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class _Fault(Exception):
    """What is wrong with a template, or with what it meets in the document."""


Step = Callable[[list[Any], Any], list[Any]]  # (where we are, the document) -> where we go


@dataclass(frozen=True)
class _Text:
    text: str


@dataclass(frozen=True)
class _Path:
    steps: tuple[Step, ...]

    def of(self, current: Any, document: Any) -> list[Any]:
        found = [current]
        for step in self.steps:
            found = step(found, document)
        return found


@dataclass(frozen=True)
class _Range:
    path: _Path
    body: tuple[_Node, ...]


_Node = _Text | _Path | _Range


def render(template: str, document: Any) -> str:
    """The template filled from `document` (JSON values). Raises InvalidInput in kubectl's words."""
    nodes = check(template)
    try:
        return "".join(_shown(nodes, document, document))
    except _Fault as fault:
        raise InvalidInput(f'error executing jsonpath "{template}": {fault}') from None


def check(template: str) -> tuple[_Node, ...]:
    """What the template consists of. Raises InvalidInput where it cannot be read."""
    try:
        return _parse(template)
    except _Fault as fault:
        raise InvalidInput(f"error parsing jsonpath {template}, {fault}") from None


# ---- template -> nodes


def _parse(template: str) -> tuple[_Node, ...]:
    """Nodes; a range that is not ended goes to the end, as kubectl has it."""
    open_ranges: list[_Path] = []
    bodies: list[list[_Node]] = [[]]

    def close() -> None:
        body = tuple(bodies.pop())
        bodies[-1].append(_Range(open_ranges.pop(), body))

    for action, text in _pieces(template):
        if not action:
            bodies[-1].append(_Text(text))
        elif ranged := _RANGE.fullmatch(text):
            open_ranges.append(_path(ranged[1] or ""))
            bodies.append([])
        elif text == "end":
            if not open_ranges:
                raise _Fault("not in range, nothing to end")
            close()
        else:
            bodies[-1].append(_constant(text) or _path(text))
    while open_ranges:
        close()
    return tuple(bodies[0])


def _pieces(template: str) -> Iterator[tuple[bool, str]]:
    """Text and actions in turn: (whether it stands in braces, what it says)."""
    at = 0
    while (start := template.find("{", at)) >= 0:
        yield False, template[at:start]
        action = _ACTION.match(template, start)
        if not action:
            raise _Fault("unclosed action")
        yield True, action[1].strip()
        at = action.end()
    yield False, template[at:]


def _constant(text: str) -> _Text | None:
    if _QUOTED.fullmatch(text):
        return _Text(_unquoted(text))
    if text in ("true", "false") or _NUMBER.fullmatch(text):
        return _Text(text)
    return None


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1])


def _path(text: str) -> _Path:
    """`$`, `@`, `.name`, `..name`, `.*`, `[...]`, one after the other."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        rest = text[at:]
        if rest.startswith(".."):
            steps.append(_deep)
            # `..name` and `..*`: what follows is a step of its own.
            at += 1 if _NAME.match(rest, 2) or rest.startswith("*", 2) else 2
        elif name := _NAME.match(rest, 1) if rest.startswith(".") else None:
            steps.append(_field(re.sub(r"\\(.)", r"\1", name[0])))
            at += name.end()
        elif rest.startswith((".*", "*")):
            steps.append(_children)
            at += rest.index("*") + 1
        elif rest.startswith("["):
            inside = _bracket(rest)
            steps.append(_bracketed(inside))
            at += len(inside) + 2
        elif rest.startswith("$"):
            steps.append(_root)
            at += 1
        elif rest[0] in "@. \t\n":
            at += 1
        elif name := _NAME.match(rest):
            raise _Fault(f"unrecognized identifier {name[0]}")
        else:
            raise _Fault(f"unrecognized character in action: {rest[0]!r}")
    return _Path(tuple(steps))


def _bracket(text: str) -> str:
    """What stands between the first bracket and its own end."""
    depth, quote = 0, ""
    for index, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "[(":
            depth += 1
        elif character in "])":
            depth -= 1
            if depth == 0:
                return text[1:index]
    raise _Fault("unterminated filter" if text.startswith("[?") else "unterminated array")


def _bracketed(inside: str) -> Step:
    if inside.strip() == "*":
        return _children
    if inside.startswith("?(") and inside.endswith(")"):
        return _filter(inside[2:-1])
    steps = [_union_part(part.strip()) for part in _split(inside, ",")]
    return lambda found, document: [value for each in found for step in steps for value in step([each], document)]


def _union_part(part: str) -> Step:
    if part.startswith("'") and _QUOTED.fullmatch(part):
        return _field(_unquoted(part))
    bounds = _SLICE.fullmatch(part)
    if not bounds or not part:
        raise _Fault(f"invalid array index {part}")
    if ":" not in part:
        return _index(int(part))
    start, end, step = (int(bound) if bound else None for bound in bounds.groups())
    return _slice(start, end, step)


def _filter(condition: str) -> Step:
    """`@.name=="x"`, `@.a<$.b`, or `@.name` alone: it exists."""
    left, *comparison = _split_comparison(condition)
    one = _operand(left)
    if not comparison:
        return lambda found, document: [each for each in _elements(found) if one(each, document)]
    sign, right = comparison
    other = _operand(right)

    def passes(element: Any, document: Any) -> bool:
        lefts, rights = one(element, document), other(element, document)
        if len(lefts) > 1 or len(rights) > 1:
            raise _Fault("can only compare one element at a time")
        return bool(lefts and rights) and _compare(lefts[0], sign, rights[0])

    return lambda found, document: [each for each in _elements(found) if passes(each, document)]


def _operand(text: str) -> Callable[[Any, Any], list[Any]]:
    text = text.strip()
    if _QUOTED.fullmatch(text):
        return lambda element, document: [_unquoted(text)]
    if text in ("true", "false") or _NUMBER.fullmatch(text):
        return lambda element, document: [json.loads(text)]
    return _path(text).of


def _split_comparison(condition: str) -> list[str]:
    """Left, sign, right; the condition alone where it compares nothing. Signs in quotes and brackets are no signs."""
    depth = 0
    for part in re.finditer(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|[\[(]|[\])]|==|!=|<=|>=|<|>""", condition):
        if part[0] in "[(":
            depth += 1
        elif part[0] in "])":
            depth -= 1
        elif not depth and _COMPARISON.fullmatch(part[0]):
            return [condition[: part.start()], part[0], condition[part.end() :]]
    return [condition]


def _split(text: str, separator: str) -> list[str]:
    """Parts between separators that do not stand in quotes."""
    parts = [""]
    for piece in _QUOTED.split(text):
        if _QUOTED.fullmatch(piece):
            parts[-1] += piece
        else:
            first, *others = piece.split(separator)
            parts[-1] += first
            parts += others
    return parts


# ---- steps


def _root(found: list[Any], document: Any) -> list[Any]:
    return [document]


def _children(found: list[Any], document: Any) -> list[Any]:
    return [child for each in found for child in _inside(each)]


def _deep(found: list[Any], document: Any) -> list[Any]:
    return [value for each in found for value in _walk(each)]


def _walk(value: Any) -> Iterator[Any]:
    yield value
    for child in _inside(value):
        yield from _walk(child)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _field(name: str) -> Step:
    return lambda found, document: [each[name] for each in found if isinstance(each, dict) and name in each]


def _index(position: int) -> Step:
    def step(found: list[Any], document: Any) -> list[Any]:
        return [each[_within(position, each)] for each in map(_array, found)]

    return step


def _slice(start: int | None, end: int | None, stride: int | None) -> Step:
    def step(found: list[Any], document: Any) -> list[Any]:
        return [value for each in map(_array, found) for value in each[_bounds(each)]]

    def _bounds(array: list[Any]) -> slice:
        first, last = start or 0, len(array) if end is None else end
        first, last = (bound + len(array) if bound < 0 else bound for bound in (first, last))
        if first != len(array):
            _within(first, array)
        if first > last:
            raise _Fault(f"starting index {first} is greater than ending index {last}")
        if last:
            _within(last - 1, array)
        if stride is not None and stride <= 0:
            raise _Fault("step must be > 0")
        return slice(first, last, stride)

    return step


def _within(position: int, array: list[Any]) -> int:
    if not -len(array) <= position < len(array):
        raise _Fault(f"array index out of bounds: index {position}, length {len(array)}")
    return position


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _Fault(f"{_KINDS.get(type(value), 'value')} is not array or slice")
    return value


_KINDS = {str: "string", dict: "map", bool: "bool", int: "int64", float: "float64"}


def _elements(found: list[Any]) -> Iterator[Any]:
    """What a filter goes over."""
    for each in found:
        if not isinstance(each, list):
            raise _Fault(f"{_KINDS.get(type(each), 'value')} is not array or slice and cannot be filtered")
        yield from each


def _compare(left: Any, sign: str, right: Any) -> bool:
    if type(left) is not type(right) or isinstance(left, dict | list):
        raise _Fault("incompatible types for comparison")
    return _OPERATORS[sign](left, right)


# ---- nodes -> text


def _shown(nodes: Sequence[_Node], current: Any, document: Any) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, _Text):
            yield node.text
        elif isinstance(node, _Path):
            yield " ".join(_printed(value) for value in node.of(current, document))
        else:
            for element in node.path.of(current, document):
                yield from _shown(node.body, element, document)


def _printed(value: Any) -> str:
    """Text as it is; all else as Go's compact JSON, which escapes <, > and &."""
    if isinstance(value, str):
        return value
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
