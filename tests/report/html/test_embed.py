"""Data in the page: JSON that cannot leave its element, packed numbers, and the policy."""

from __future__ import annotations

import base64
import hashlib
import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trtcore.report.html.embed import figure, packed, policy, safe_json

ANY_TEXT = st.text(st.characters(blacklist_categories=[]))  # lone surrogates too


@given(st.recursive(ANY_TEXT | st.integers() | st.none(), lambda part: st.lists(part, max_size=4)))
def test_json_is_inert_and_reads_back(value: object) -> None:
    text = safe_json(value)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text.encode("utf-8")) == value


def test_what_could_end_the_element() -> None:
    assert safe_json("</script><!--&\u2028") == ('"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028"')


def test_figures_have_five_digits_and_unknown_ones_are_null() -> None:
    assert figure(0.123456789) == 0.12346
    assert figure(float("nan")) is None
    assert figure(float("inf")) is None
    assert figure(None) is None


def test_packed_numbers_are_within_a_step() -> None:
    values = np.array([[0.1, 0.2, 0.3], [5.0, 5.0, 5.0]])
    low, high = values.min(axis=1), values.max(axis=1)
    steps = np.frombuffer(base64.b64decode(packed(values, low, high)), "<u2").reshape(2, 3)
    assert steps.tolist() == [[0, 32768, 65535], [0, 0, 0]]


def test_the_policy_allows_these_scripts_and_no_request() -> None:
    digest = base64.b64encode(hashlib.sha256(b"run()").digest()).decode()
    assert policy(["run()"]) == (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
