"""docs/options.md, from the declarations; run to write it again."""

from __future__ import annotations

from pathlib import Path

from trtcore.api.options.declaring import Option
from trtcore.cli.declared import api_options

PAGE = Path(__file__).parent.parent / "docs" / "options.md"
HEAD = """\
# Options, on the command line and in Python

Those of `trtcore profile`; `build`, `inspect`, `convert` and `sweep` take the ones that mean
something to them, and so do the calls in Python. One that has no effect is refused.
`trtcore COMMAND --help` has those of a command, with what only concerns files and the terminal.
Written by `make schema`.
"""


def options_page() -> str:
    """A table for each group, in the order of ``--help``."""
    groups: dict[str, list[Option]] = {}
    for one in api_options():
        groups.setdefault(one.use.group, []).append(one)
    return HEAD + "".join(_table(group, options) for group, options in groups.items())


def _table(group: str, options: list[Option]) -> str:
    lines = [
        "",
        f"## {group[0].upper()}{group[1:]}",
        "",
        "| option | in Python | |",
        "|---|---|---|",
    ]
    lines += [f"| {_spelt(one)} | `{one.name}` | {_about(one)} |" for one in options]
    return "\n".join(lines) + "\n"


def _spelt(one: Option) -> str:
    value = one.metavar or ("{" + ",".join(one.choices) + "}" if one.choices else "")
    flags = [f"{one.spelling} {value}".strip(), *(f"--{short}" for short in one.short())]
    return ", ".join(f"`{flag}`".replace("|", "\\|") for flag in flags)


def _about(one: Option) -> str:
    return one.help_line.replace("|", "\\|").replace("<", "\\<")


if __name__ == "__main__":
    PAGE.write_text(options_page())
