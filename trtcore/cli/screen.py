"""The rich console on standard output; a module of its own, as ``--help`` must not load rich."""

from __future__ import annotations

import os

from rich.console import Console


class Screen(Console):
    """A console that raises on a closed pipe, for which `trtcore.cli.main` has an exit code."""

    def __init__(self) -> None:
        # rich leaves bold and dim with NO_COLOR, which are escape codes as colours are.
        # Source: https://no-color.org, any value but an empty one.
        super().__init__(color_system=None if os.environ.get("NO_COLOR") else "auto")

    def on_broken_pipe(self) -> None:
        """Called by rich inside its handler of the error; the default exits with 1."""
        # Bare: re-raises the BrokenPipeError that rich is handling.
        raise  # noqa: PLE0704

    @property
    def table_width(self) -> int | None:
        """Columns of the terminal; None without one, where lines may be of any length."""
        return self.width if self.is_terminal else None
