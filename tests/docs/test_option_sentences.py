"""Every option and group of docs/options.md is told in sentences."""

from __future__ import annotations

import pytest
from option_sentences import GROUPS, SENTENCES

from trtcore.cli.declared import api_options

OPTIONS = list(api_options())


def test_each_option_and_group_has_its_own() -> None:
    assert sorted(SENTENCES) == sorted(one.name for one in OPTIONS)
    assert set(GROUPS) == {one.use.group for one in OPTIONS}


@pytest.mark.parametrize("text", [*SENTENCES.values(), *GROUPS.values()])
def test_sentences_begin_with_a_capital_and_end_with_a_full_stop(text: str) -> None:
    assert text[0].isupper()
    assert text.endswith(".")
