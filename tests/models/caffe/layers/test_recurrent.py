"""LSTM with the marker of its fork, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from caffe_oracles import run_onnx

from trtcore.errors import ModelError
from trtcore.models.caffe.importer import load_caffe

MARKER = """layer { name: "cont" type: "ContinuationIndicator" top: "cont"
  continuation_indicator_param { time_step: 5 batch_size: 2 } }
"""


def lstm(rest="", bottoms='bottom: "x" bottom: "cont"'):
    return (
        f'layer {{ name: "it" type: "LSTM" {bottoms} top: "it" '
        f"recurrent_param {{ num_output: 4 {rest} }} }}"
    )


def test_marker_of_a_fork_is_a_constant(write_net):
    net = write_net(MARKER + lstm(), x=(5, 2, 3))
    (values,) = run_onnx(load_caffe(net, outputs=["cont"]).proto, {})
    np.testing.assert_array_equal(values, [[0, 0], *[[1, 1]] * 4])


def test_marker_is_not_read_and_that_is_said(write_net):
    model = load_caffe(write_net(lstm(), x=(5, 2, 3), cont=(5, 2)))
    assert [value.name for value in model.proto.graph.input] == ["x"]
    assert model.notes == (
        "layer 'it' (LSTM, line 3): 'cont' is not read, every sequence begins at the first step",
        "left out, not needed by any output: 'cont'",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            lstm("expose_hidden: true"),
            "takes two bottoms, without expose_hidden or a static input; "
            "no layer above can be an output",
        ),
        (
            lstm(bottoms='bottom: "cont" bottom: "x"'),
            "takes steps x batch x values, markers of steps x batch and a num_output, got "
            "5x2, 5x2x3 and 4",
        ),
    ],
)
def test_other_forms_are_refused(write_net, text, problem):
    net = write_net(text, x=(5, 2, 3), cont=(5, 2))
    with pytest.raises(ModelError) as caught:
        load_caffe(net)
    assert str(caught.value) == f"{net}: layer 'it' (LSTM, line 3): {problem}"
