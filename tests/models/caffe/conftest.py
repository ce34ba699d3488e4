"""Fixtures of the Caffe tests; the modules beside this file are importable by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from paths import DATA

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def deploy_files():
    """Folder with real deploy files."""
    return DATA / "caffe"


@pytest.fixture
def write_net(tmp_path):
    """Writes a prototxt, with four-axis inputs by name in front, and returns its path."""

    def write(text, name="net.prototxt", **inputs):
        shapes = {key: "".join(f"dim: {dim} " for dim in dims) for key, dims in inputs.items()}
        head = "".join(
            f'layer {{ name: "{key}" type: "Input" top: "{key}" '
            f"input_param {{ shape {{ {dims} }} }} }}\n"
            for key, dims in shapes.items()
        )
        path = tmp_path / name
        path.write_text(head + text)
        return path

    return write
