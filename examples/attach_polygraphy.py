"""Attaches to the context of a Polygraphy runner. Needs a GPU and ``pip install polygraphy``.

python examples/attach_polygraphy.py
"""

from __future__ import annotations

import os
import sys

import trtcore
from trtcore.system.device import gpu_problem


def main() -> int:
    if problem := gpu_problem():
        print(f"skipped: {problem}")
        return 0
    try:
        import tensorrt as trt
    except ImportError:
        import tensorrt_rtx as trt

        # Polygraphy imports ``tensorrt``: TensorRT-RTX takes its place.
        os.environ["POLYGRAPHY_USE_TENSORRT_RTX"] = "1"
        sys.modules["tensorrt"] = trt
    try:
        from polygraphy.backend.trt import EngineFromBytes, TrtRunner
    except ImportError:
        print("skipped: Polygraphy is not installed; pip install polygraphy")
        return 0
    import numpy as np

    plan = trtcore.build_model("googlenet", precision="fp16", backend=trt.__name__)
    with TrtRunner(EngineFromBytes(plan.content)) as runner:
        feed = {
            name: np.zeros(meta.shape, trt.nptype(runner.engine.get_tensor_dtype(name)))
            for name, meta in runner.get_input_metadata().items()
        }
        with trtcore.attach(runner.context) as recorder:
            for _ in range(100):
                runner.infer(feed)
    longest = recorder.samples().mean(axis=0).argmax()
    print(f"{len(recorder.names)} layers, longest: {recorder.names[longest]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
