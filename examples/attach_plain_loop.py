"""Attaches to a loop of one's own over a TensorRT execution context. Needs a GPU.

python examples/attach_plain_loop.py
"""

from __future__ import annotations

import sys

import trtcore
from trtcore.system.device import gpu_problem


def main() -> int:
    if problem := gpu_problem():
        print(f"skipped: {problem}")
        return 0
    from cuda.bindings import runtime as cudart

    try:
        import tensorrt as trt
    except ImportError:
        import tensorrt_rtx as trt

    # Any plan will do; this one is of the built-in network.
    plan = trtcore.build_model("googlenet", precision="fp16", backend=trt.__name__)
    runtime = trt.Runtime(trt.Logger(trt.Logger.WARNING))
    engine = runtime.deserialize_cuda_engine(plan.content)
    context = engine.create_execution_context()
    buffers = []
    for index in range(engine.num_io_tensors):
        name = engine.get_tensor_name(index)
        size = trt.volume(context.get_tensor_shape(name)) * engine.get_tensor_dtype(name).itemsize
        status, address = cudart.cudaMalloc(size)
        assert not int(status), status
        cudart.cudaMemset(address, 0, size)
        context.set_tensor_address(name, address)
        buffers.append(address)
    _, stream = cudart.cudaStreamCreate()

    with trtcore.attach(context) as recorder:
        for _ in range(100):
            context.execute_async_v3(int(stream))
            cudart.cudaStreamSynchronize(stream)

    median_ms = sorted(recorder.samples().sum(axis=1))[50]
    print(f"{len(recorder.names)} layers, 100 iterations, median sum {median_ms:.3f} ms")
    for address in buffers:
        cudart.cudaFree(address)
    return 0


if __name__ == "__main__":
    sys.exit(main())
