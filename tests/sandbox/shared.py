"""What every service is given: the one world and the knobs, read anew on every request (a reset swaps them)."""

from __future__ import annotations

from typing import Protocol

from tests.sandbox.knobs import Knobs
from tests.sandbox.world import World


class Shared(Protocol):
    world: World
    knobs: Knobs
