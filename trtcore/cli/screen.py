"""Standard output as rich writes to it; a file of its own, since `--help` does without rich."""

from __future__ import annotations

from rich.console import Console


class Screen(Console):
    """A console that leaves a closed pipe to the command line, which has an exit code for it."""

    def on_broken_pipe(self) -> None:
        """Called by rich while it handles the error, which it would answer by exiting with 1."""
        raise  # noqa: PLE0704

    @property
    def table_width(self) -> int | None:
        """Columns of the terminal; None where there is none, and lines may be of any length."""
        return self.width if self.is_terminal else None
