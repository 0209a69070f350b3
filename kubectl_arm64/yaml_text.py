"""Text -> what its YAML says. Every fault of the text is NotYaml. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class NotYaml(ValueError):
    """`problem` is what is wrong, which may quote the text; `line` and `column` count from 1, 0 where nobody knows."""

    def __init__(self, problem: str, line: int = 0, column: int = 0) -> None:
        super().__init__(problem)
        self.problem, self.line, self.column = problem, line, column

    @property
    def at(self) -> str:
        """`, line 3, column 7`, "" where nobody knows."""
        return f", line {self.line}, column {self.column}" if self.line else ""


def value(text: str, loader: Any = None) -> Any:
    """What the one document of `text` says, None where there is none. Raises NotYaml.

    `loader` is a class of PyYAML's, by default SafeLoader.
    """
    import yaml

    with _faults(yaml):
        return yaml.load(text, Loader=loader or yaml.SafeLoader)


def values(text: str, loader: Any = None) -> list[Any]:
    """The same of every document. Raises NotYaml."""
    import yaml

    with _faults(yaml):
        return list(yaml.load_all(text, Loader=loader or yaml.SafeLoader))


@contextmanager
def _faults(yaml: Any) -> Iterator[None]:
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise NotYaml(str(error.problem or error.context), line, column) from None
    except (yaml.YAMLError, ValueError) as error:  # a date such as 2026-13-45 is a ValueError of datetime's
        raise NotYaml(str(error)) from None
    except RecursionError:
        raise NotYaml("it is nested too deeply") from None
    except Exception:  # whatever converting `!!bool word` or `!!timestamp word` stumbles over
        raise NotYaml("a value is not what its tag says") from None
