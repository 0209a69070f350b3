"""`-o jsonpath=TEMPLATE`, in kubectl's dialect: text with expressions in braces. Pure.

Rules: k8s.io/client-go/util/jsonpath. `*` and `..` go over a mapping's keys in their order, where Go takes any. Outputs
in the tests are those of kubectl 1.34.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kubectl_arm64.cli import go_json
from kubectl_arm64.errors import InvalidInput

_ACTION = re.compile(r"""\{((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^{}"'])*)\}""")
_NAME = re.compile(r"(?:\\.|[^\s.\[\]\\{}()<>=!|&,\"'*@$?])+")
_RANGE = re.compile(r"range(?:\s+(.+))?", re.DOTALL)
_SLICE = re.compile(r"(-?\d*)(?::(-?\d*))?(?::(-?\d*))?")
_COMPARISON = re.compile(r"(==|!=|<=|>=|<|>)")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_QUOTED = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
_BRACKET = re.compile(rf"{_QUOTED.pattern}|[\[\]()]")
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


@dataclass(frozen=True)
class _World:
    """The whole document; `strict`: a name that is nowhere is a fault."""

    document: Any
    strict: bool = False


Step = Callable[[list[Any], _World], list[Any]]  # (where we are, in what) -> where we go


@dataclass(frozen=True)
class _Constant:
    value: str | bool | int | float


@dataclass(frozen=True)
class _Path:
    steps: tuple[Step, ...]

    def of(self, current: Any, world: _World) -> list[Any]:
        found = [current]
        for step in self.steps:
            found = step(found, world)
        return found


@dataclass(frozen=True)
class _Range:
    path: _Path
    body: tuple[_Node, ...]


_Node = _Constant | _Path | _Range


def render(template: str, document: Any, *, strict: bool = False, as_json: bool = False) -> str:
    """The template filled from `document` (JSON values). Raises InvalidInput in kubectl's words.

    `strict`: a key that is missing is an error; `as_json`: what each expression finds is a JSON array.
    """
    show = go_json.indented if as_json else _in_a_row
    try:
        return "".join(show(found) for found in _results(check(template), document, _World(document, strict)))
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
            bodies[-1] += [_Constant(text)] if text else []
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


def _constant(text: str) -> _Constant | None:
    if _QUOTED.fullmatch(text):
        return _Constant(_unquoted(text))
    if text in ("true", "false") or _NUMBER.fullmatch(text):
        return _Constant(_literal(text))
    return None


def _literal(text: str) -> bool | int | float:
    if text in ("true", "false"):
        return text == "true"
    number = float(text)
    return int(number) if number.is_integer() else number  # Go prints 1.0 as 1


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
    depth = 0
    for part in _BRACKET.finditer(text):
        if part[0] in "[(":
            depth += 1
        elif part[0] in "])":
            depth -= 1
            if depth == 0:
                return text[1 : part.start()]
    raise _Fault("unterminated filter" if text.startswith("[?") else "unterminated array")


def _bracketed(inside: str) -> Step:
    if inside.strip() == "*":
        return _children
    if inside.startswith("?(") and inside.endswith(")"):
        return _filter(inside[2:-1])
    steps = [_union_part(part.strip()) for part in _split(inside, ",")]
    return lambda found, world: [value for each in found for step in steps for value in step([each], world)]


def _union_part(part: str) -> Step:
    if part.startswith("'") and _QUOTED.fullmatch(part):
        return _field(_unquoted(part))
    bounds = _SLICE.fullmatch(part)
    if not bounds or not part:
        raise _Fault(f"invalid array index {part}")
    if ":" not in part:
        return _index(_whole(part))
    start, end, step = (_whole(bound) if bound else None for bound in bounds.groups())
    return _slice(start, end, step)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:  # a dash alone, or thousands of digits
        raise _Fault(f"array index {text} is not a number") from None


def _filter(condition: str) -> Step:
    """`@.name=="x"`, `@.a<$.b`, or `@.name` alone: it exists."""
    left, *comparison = _split_comparison(condition)
    one = _operand(left)
    if not comparison:
        return lambda found, world: [each for each in _elements(found) if one(each, _World(world.document))]
    sign, right = comparison
    other = _operand(right)

    def passes(element: Any, world: _World) -> bool:
        lefts, rights = one(element, world), other(element, world)
        if len(lefts) > 1 or len(rights) > 1:
            raise _Fault("can only compare one element at a time")
        return bool(lefts and rights) and _compare(lefts[0], sign, rights[0])

    return lambda found, world: [each for each in _elements(found) if passes(each, world)]


def _operand(text: str) -> Callable[[Any, _World], list[Any]]:
    text = text.strip()
    if _QUOTED.fullmatch(text):
        return lambda element, world: [_unquoted(text)]
    if text in ("true", "false") or _NUMBER.fullmatch(text):
        return lambda element, world: [_literal(text)]
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


def _root(found: list[Any], world: _World) -> list[Any]:
    return [world.document]


def _children(found: list[Any], world: _World) -> list[Any]:
    return [child for each in found for child in _inside(each)]


def _deep(found: list[Any], world: _World) -> list[Any]:
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
    def step(found: list[Any], world: _World) -> list[Any]:
        values = [each[name] for each in found if isinstance(each, dict) and name in each]
        if found and not values and world.strict:
            raise _Fault(f"{name} is not found")
        return values

    return step


def _index(position: int) -> Step:
    def step(found: list[Any], world: _World) -> list[Any]:
        return [each[_within(position, each)] for each in map(_array, found)]

    return step


def _slice(start: int | None, end: int | None, stride: int | None) -> Step:
    def step(found: list[Any], world: _World) -> list[Any]:
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
    if left is None or right is None:
        return False  # nothing compares with null, not even another one
    if type(left) is not type(right) or isinstance(left, dict | list):
        raise _Fault("incompatible types for comparison")
    return _OPERATORS[sign](left, right)


# ---- nodes -> text


def _results(nodes: Sequence[_Node], current: Any, world: _World) -> Iterator[list[Any]]:
    """What each node finds, node by node; a range's are those of its body, over and over."""
    for node in nodes:
        if isinstance(node, _Constant):
            yield [node.value]
        elif isinstance(node, _Path):
            yield node.of(current, world)
        else:
            for element in node.path.of(current, world):
                yield from _results(node.body, element, world)


def _in_a_row(values: Sequence[Any]) -> str:
    """Text as it is, all else as Go's JSON."""
    return " ".join(value if isinstance(value, str) else go_json.compact(value) for value in values)
