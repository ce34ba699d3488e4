"""docs/options.md, from the declarations; run to write it again."""

from __future__ import annotations

import re
from pathlib import Path

from option_sentences import GROUPS, SENTENCES

from trtcore.api.options.declaring import Option
from trtcore.cli.declared import api_options

PAGE = Path(__file__).parent.parent / "docs" / "options.md"
HEAD = """\
# Options, on the command line and in Python

Every option that says what is built and how it is measured, with its name in Python.
`trtcore profile` takes all of them. `build`, `inspect`, `convert` and `sweep` take those that mean
something to them, and so do the calls in Python. An option that would have no effect is refused.
Options that only concern files and the terminal are not here: `trtcore COMMAND --help` has them.
To get started, read [Profile a network](howto/profile.md). (`make schema` writes this page.)
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
        GROUPS[group],
        "",
        "| option | in Python | what it does |",
        "|---|---|---|",
    ]
    lines += [f"| {_spelt(one)} | `{one.name}` | {_about(one)} |" for one in options]
    return "\n".join(lines) + "\n"


def _spelt(one: Option) -> str:
    value = one.metavar or ("{" + ",".join(one.choices) + "}" if one.choices else "")
    flags = [f"{one.spelling} {value}".strip(), *(f"--{short}" for short in one.short())]
    return ", ".join(f"`{flag}`".replace("|", "\\|") for flag in flags)


def _about(one: Option) -> str:
    text = SENTENCES[one.name].format(help=_quoted(one.help_line))
    return text.replace("|", "\\|").replace("<", "\\<")


def _quoted(line: str) -> str:
    """The line of ``--help``, which has no marks: what has to be typed as it is, in code."""
    return re.sub(r"\S*[a-z_0-9]+[(:=][A-Za-z0-9:(,=/\[\]._)-]+", _in_code, line)


def _in_code(found: re.Match[str]) -> str:
    text = found[0]
    word = text.rstrip(",.;:")
    return f"`{word}`{text[len(word) :]}"


if __name__ == "__main__":
    PAGE.write_text(options_page())
