"""How many requests may be under way: more while the service takes them, half as many when it does not. Pure.

Additive increase, multiplicative decrease, as TCP finds its share of a line (RFC 5681): the number doubles with each
round until the first trouble, and grows by one a round after it.
"""

from __future__ import annotations

_FIRST = 4


class Width:
    """From 1 to `most`. `generation` counts the halvings, so that one wave of troubles halves once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._width = float(min(_FIRST, most))
        self._probing = True
        self.generation = 0

    def __int__(self) -> int:
        return int(self._width)

    def succeeded(self) -> None:
        """One request went well."""
        self._width = min(self._most, self._width + (1.0 if self._probing else 1.0 / self._width))

    def troubled(self, generation: int) -> bool:
        """A request that began in `generation` met trouble; whether it is the first of a wave.

        What began before the last halving says nothing about the number since.
        """
        if generation != self.generation:
            return False
        self._width = max(1.0, self._width / 2)
        self._probing = False
        self.generation += 1
        return True
