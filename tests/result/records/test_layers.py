"""Which layers only let streams wait for each other."""

from __future__ import annotations

import pytest

from trtcore.result.records.layers import Layer, is_marker


class TestMarkers:
    @pytest.mark.parametrize(
        "layer",
        [
            Layer("__mye1_myl0_3", kind="signal"),
            Layer("__mye1_myl0_4", kind="WAIT"),
            Layer("stream 1 wait 3"),
            Layer("[signal]"),
        ],
    )
    def test_markers(self, layer):
        assert is_marker(layer)

    @pytest.mark.parametrize(
        "layer",
        [
            Layer("conv1"),
            Layer("wait", kind="Conv"),
            Layer("signal", nodes=("signal",)),
            Layer("signalling"),
            Layer("await_conv"),
        ],
    )
    def test_not_markers(self, layer):
        assert not is_marker(layer)
