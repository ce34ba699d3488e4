"""The kinds of arrays that times come in, each named once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
"""Times as they were recorded."""

CountArray = NDArray[np.uint32]
"""How many times lie in each bucket of a histogram."""

Floats = NDArray[np.float64]
"""What is computed of times: sums of float32 would be off by 0.3 % after a million."""
