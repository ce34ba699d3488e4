"""Every message that is written out at a `raise` of a reader stands whole in some test.

Read from the sources, so it needs no run: the literal parts of a message, with anything in the
place of its values, have to end a text of the tests; what names the file may stand before it. It
does not see a message that is put together elsewhere and handed to `raise` by its name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import trtcore

ROOT, TESTS = Path(trtcore.__file__).parent, Path(__file__).parent
READERS = ("models", "result/readers", "cli/plan_file.py")
FOLDERS = ("models", "result", "cli", "wild")
"""Of the tests that read files."""
# By file and the first words, why no single text of a test holds it.
EXCEPTIONS = {
    ("models/onnx/external.py", "is outside the model's folder"): (
        "test_external.py compares it whole, in two parts: in Python and on the command line"
    ),
}
_VALUE = "\0"
_ANY = ".*"


def text_of(node: ast.expr) -> str:
    """A literal or an f-string, with a mark in the place of each value; ``""`` for the rest."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            text_of(part) if isinstance(part, ast.Constant) else _VALUE for part in node.values
        )
    return ""


def raised(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every message that a `raise` has as a literal or an f-string."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            text = text_of(node.exc.args[0])
            if text.replace(_VALUE, "").strip(" :,"):
                yield node.lineno, text


def pattern_of(text: str) -> str:
    """What the end of a test's text has to look like; it may stand in parentheses of another."""
    # The file or layer in front: tests add it around their tables.
    text = re.sub(rf"^(?:{_VALUE}(?:: |, )?)+", "", text)
    return _ANY.join(map(re.escape, text.split(_VALUE))) + r"\)?$"


def literals(source: str) -> Iterator[str]:
    """Every text of a test, on one line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and (text := text_of(node)):
            yield text.replace("\n", " ")


@cache
def texts() -> str:
    paths = (path for folder in FOLDERS for path in (TESTS / folder).rglob("*.py"))
    return "\n".join({text for path in paths for text in literals(path.read_text())})


def is_whole(text: str) -> bool:
    return re.search(pattern_of(text), texts(), re.MULTILINE) is not None


@cache
def sites() -> tuple[tuple[str, int, str], ...]:
    whole = [ROOT / place for place in READERS]
    paths = [path for one in whole for path in (sorted(one.rglob("*.py")) or [one])]
    return tuple(
        (str(path.relative_to(ROOT)), line, text)
        for path in paths
        for line, text in raised(path.read_text())
    )


def is_excepted(file: str, text: str) -> bool:
    return any(file == known and words in text for known, words in EXCEPTIONS)


def test_every_message_of_a_reader_stands_whole_in_a_test() -> None:
    found = sites()
    assert len(found) > 100
    missing = [
        f"{file}:{line}: {text.replace(_VALUE, '…')}"
        for file, line, text in found
        if not is_excepted(file, text) and not is_whole(text)
    ]
    assert missing == []


def test_no_exception_outlives_its_reason() -> None:
    found = sites()
    for file, words in EXCEPTIONS:
        (text,) = (text for name, _, text in found if name == file and words in text)
        assert not is_whole(text)


@pytest.mark.parametrize(
    ("source", "text", "is_found"),
    [
        ("raise E(f'{a}: has {b} rows')", "x: has 3 rows", True),
        ("raise E(f'{a}: has {b} rows')", "x: has 3 rows, no more", False),
        ("raise E(f'{a}: has {b} rows')", "has 3", False),
        ("raise E('one ' f'{a} ' 'two')", "(one 1 two)", True),
        ("raise E('one ' f'{a} ' 'two')", "one two", False),
    ],
)
def test_the_check_tells_whole_texts_from_parts(source: str, text: str, is_found: bool) -> None:
    ((_, message),) = raised(source)
    assert (re.search(pattern_of(message), text) is not None) is is_found


def test_what_has_no_text_of_its_own_is_no_site() -> None:
    assert list(raised("raise E(problem)\nraise E(f'{a}: {b}')\nraise E")) == []
