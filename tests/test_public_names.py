"""The public names: what `__all__` promises is there, and nothing is promised twice."""

from __future__ import annotations

import inspect
import re
from importlib import metadata
from pathlib import Path

import pytest

import trtcore

ROOT = Path(__file__).parents[1]


def test_the_list_is_sorted_and_without_repeats() -> None:
    assert sorted(set(trtcore.__all__)) == trtcore.__all__
    assert set(trtcore.__all__) <= set(dir(trtcore))


@pytest.mark.parametrize("name", trtcore.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(trtcore, name)
    text = inspect.getdoc(value) or ""
    # A dataclass without words has its signature for them, an error those of its parent.
    assert not text.startswith(f"{name}(")
    assert value.__doc__ is not None
    assert text.splitlines()[0].endswith(".")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'profle_model'"):
        _ = trtcore.profle_model


def test_the_version_is_the_packages_and_the_changelogs() -> None:
    assert trtcore.__version__ == metadata.version("trtcore")
    assert "__version__" in dir(trtcore)
    (declared,) = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M)
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.findall(r"^## (\d\S+) - \d{4}-\d\d-\d\d$", changelog, re.M)[0] == declared
    # Another one is an editable install of before: `pip install -e .` takes the new version.
    assert trtcore.__version__ == declared
