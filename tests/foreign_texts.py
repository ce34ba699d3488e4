"""Texts of other tools that several tests read."""

from __future__ import annotations

import json

GLOG = """\
I0820 22:20:21.502493  9094 caffe.cpp:360] Use GPU with device ID 0
I0820 22:20:21.502493  9094 caffe.cpp:397] *** Benchmark begins ***
I0820 22:20:21.502493  9094 caffe.cpp:398] Testing for 50 iterations.
I0820 22:20:21.502493  9094 caffe.cpp:426] Iteration: 1 forward-backward time: 12.3 ms.
I0820 22:20:21.502493  9094 caffe.cpp:409] Average time per layer: 
I0820 22:20:21.502493  9094 caffe.cpp:412]       data\tforward: 0.002 ms.
I0820 22:20:21.502493  9094 caffe.cpp:415]       data\tbackward: 0.001 ms.
I0820 22:20:21.502493  9094 caffe.cpp:412] data_data_0_split\tforward: 0.003 ms.
I0820 22:20:21.502493  9094 caffe.cpp:412]      conv1\tforward: 0.446 ms.
I0820 22:20:21.502493  9094 caffe.cpp:415]      conv1\tbackward: 0.81 ms.
I0820 22:20:21.502493  9094 caffe.cpp:420] Average Forward pass: 0.5 ms.
I0820 22:20:21.502493  9094 caffe.cpp:422] Average Backward pass: 0.9 ms.
I0820 22:20:21.502493  9094 caffe.cpp:424] Average Forward-Backward: 1.4 ms.
I0820 22:20:21.502493  9094 caffe.cpp:426] Total Time: 70 ms.
I0820 22:20:21.502493  9094 caffe.cpp:427] *** Benchmark ends ***
"""  # noqa: W291


def rows_text(*names: str) -> str:
    rows = [{"name": name, "timeMs": 1, "averageMs": 1, "percentage": 1} for name in names]
    return json.dumps(rows)
