"""The public names: what `__all__` promises is there, and nothing is promised twice."""

from __future__ import annotations

import pytest

import trtcore


def test_the_list_is_sorted_and_without_repeats() -> None:
    assert sorted(set(trtcore.__all__)) == trtcore.__all__
    assert set(trtcore.__all__) <= set(dir(trtcore))


@pytest.mark.parametrize("name", trtcore.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(trtcore, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'profle_model'"):
        _ = trtcore.profle_model
