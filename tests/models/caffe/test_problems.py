"""One line for all that is wrong with a net: nothing hidden, nothing twice, no line too long."""

from __future__ import annotations

import pytest

from trtcore.errors import ModelError
from trtcore.models.caffe.net import Layer
from trtcore.models.caffe.problems import (
    MAX_MESSAGE,
    NOT_SUPPORTED,
    Problem,
    raise_first,
    raise_unsupported,
)


def problem(kind, name="it", line=1, reason=NOT_SUPPORTED):
    return Problem(Layer(name, kind, (), (), line, None), reason, reason == NOT_SUPPORTED)


def message(function, *arguments):
    with pytest.raises(ModelError) as caught:
        function("net.prototxt", *arguments)
    return str(caught.value)


def test_one_unsupported_layer():
    said = message(raise_unsupported, [problem("Python", "rois", 7)], ["conv5", "score"])
    assert said == (
        "net.prototxt: layer 'rois' (Python, line 7): this layer type is not supported; "
        "cut above with outputs=['conv5', 'score'], or cut_unsupported"
    )


def test_types_with_their_counts_and_what_else_is_not_supported():
    problems = [
        problem("Python", "a", 3),
        problem("LSTM", "l", 4, "takes two bottoms"),
        problem("Python", "b", 9),
        problem("ROIPooling", "c", 12),
    ]
    assert message(raise_unsupported, problems, []) == (
        "net.prototxt: 3 layer types are not supported: 2 Python (first 'a', line 3), "
        "1 LSTM ('l', line 4: takes two bottoms), 1 ROIPooling ('c', line 12); "
        "no layer above can be an output"
    )


@pytest.mark.parametrize("count", [1, 2, 5, 9, 14])
def test_every_type_is_named_whatever_the_length(count):
    problems = [problem(f"Unknown{i}", f"layer_number_{i}", i) for i in range(count)]
    outputs = [f"stage_{i}/output" for i in range(count)]
    said = message(raise_unsupported, problems, outputs)
    assert len(said) <= MAX_MESSAGE
    assert all(f"Unknown{i}" in said for i in range(count))
    assert "cut_unsupported" in said


def test_many_outputs_are_counted():
    problems = [problem("Python")]
    outputs = [f"conv{i}_mbox_loc" for i in range(20)]
    assert message(raise_unsupported, problems, outputs) == (
        "net.prototxt: layer 'it' (Python, line 1): this layer type is not supported; "
        "cut_unsupported takes the 20 outputs above, from 'conv0_mbox_loc' on"
    )


def test_wrong_layers_of_many_types_are_at_least_named():
    reason = "takes a bottom of 4 axes, got 1x2x3, which is one too few for what it does"
    problems = [problem(f"Kind{i}", f"layer{i}", i, reason) for i in range(8) for _ in range(2)]
    said = message(raise_first, problems)
    assert said == (
        f"net.prototxt: 16 problems: layer 'layer0' (Kind0, line 0): {reason} (and 1 more of its "
        "type); also in 2 Kind1 (line 1), 2 Kind2 (line 2), 2 Kind3 (line 3), 2 Kind4 (line 4), "
        "2 Kind5 (line 5), 2 Kind6 (line 6), 2 Kind7 (line 7)"
    ).replace("(Kind0, line 0)", "(Kind0)")


def test_nothing_is_raised_without_problems():
    raise_unsupported("net.prototxt", [], [])
    raise_first("net.prototxt", [])
