"""Columns as kubectl prints them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

_GAP = 3  # blanks between columns (k8s.io/cli-runtime/pkg/printers/tabwriter.go)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Names of columns in capitals, then the rows; an empty cell is `<none>`."""
    lines = [[column.upper() for column in columns], *([cell or "<none>" for cell in row] for row in rows)]
    widths = [max(len(line[index]) for line in lines) + _GAP for index in range(len(columns))]
    return "".join(
        "".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )
