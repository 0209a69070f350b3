"""How a test of somebody else's judge says which of the tool's operations it judges (docs/fidelity.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tests.operations import OPERATIONS

Test = TypeVar("Test", bound=Callable[..., object])


def judges(*operations: str) -> Callable[[Test], Test]:
    """The decorated test judges these `operations`: `python -m scripts.fidelity` reads it out of the source.

    Raises LookupError for one that there is not.
    """
    if unknown := set(operations) - set(OPERATIONS):
        raise LookupError(f"no operations of the tool: {', '.join(sorted(unknown))}")
    return lambda test: test
