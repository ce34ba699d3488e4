"""The networks that benchmarks of cost run: built in, or graphs whose large weights are constants.

``EXAMPLE_NETWORKS=FOLDER`` takes ``FOLDER/<name>.onnx`` instead, such as networks exported by
``zoo.py``. Where a graph is in neither place, there is GoogLeNet, which is built in.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path

BUILT_IN = "googlenet"
NAMES = (BUILT_IN, "resnet50", "vit_b_16", "bert_base")
_OWN = Path(__file__).parents[1] / "tests" / "data" / "networks"


def available(names: tuple[str, ...] = NAMES) -> tuple[str, ...]:
    """Those of some networks that can be had here."""
    return tuple(n for n in names if n == BUILT_IN or _exported(n).exists() or _packed(n).exists())


def source(name: str, folder: Path) -> str:
    """What trtcore is given for a network: its name, or a file, which may be written to a folder.

    Args:
        name: one of `available`.
        folder: where a packed graph is unpacked to.
    """
    if name == BUILT_IN:
        return name
    if (exported := _exported(name)).exists():
        return str(exported)
    path = folder / f"{name}.onnx"
    path.write_bytes(gzip.decompress(_packed(name).read_bytes()))
    return str(path)


def _exported(name: str) -> Path:
    given = os.environ.get("EXAMPLE_NETWORKS", "")
    # Without the variable, a path that never exists.
    return Path(given, f"{name}.onnx") if given else Path(os.devnull, name)


def _packed(name: str) -> Path:
    return _OWN / f"{name}.onnx.gz"
