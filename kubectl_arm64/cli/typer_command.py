"""Flags become values: typer's part of a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import typer
from typer.core import TyperCommand

from kubectl_arm64.cli.options import flags


def typed(groups: Sequence[type], receive: Callable[..., int]) -> TyperCommand:
    """Typer's command: it makes one value of each of the `groups` of flags and gives them to `receive`."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    # Help is rendered beforehand (static.py): typer's never shows.
    app.command(add_help_option=False)(flags(*groups)(receive))
    built = typer.main.get_command(app)
    assert isinstance(built, TyperCommand)
    return built


def call(command: TyperCommand, words: Sequence[str]) -> int:
    """What the command's function returns. Raises what it raises: typer's `main` would make exits of some of it."""
    with command.make_context(command.name, list(words)) as context:
        code: int = command.invoke(context)
    return code
