"""A read whose 404 is an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from azure.core.exceptions import ResourceNotFoundError

from kubectl_arm64.azure.answers import answer_of
from kubectl_arm64.azure.failures import translated

# A 404 about the question, not about the thing.
_NO_ANSWER = ("SubscriptionNotFound", "InvalidResourceNamespace", "InvalidResourceType")


class Model(Protocol):
    """What the SDK deserialises to; `as_dict` is the wire form."""

    def as_dict(self) -> dict[str, Any]: ...


def found_or_none(read: Callable[[], Model], doing: str) -> dict[str, Any] | None:
    """The wire form of what `read` finds, None where it (or what holds it) does not exist."""
    with translated(doing):
        try:
            return read().as_dict()
        except ResourceNotFoundError as error:
            if answer_of(error).code in _NO_ANSWER:
                raise
            return None
