"""Names for the array types."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.intp]
Compact = NDArray[np.int32]
"""Row or cell numbers, where there is one for every track."""
Booleans = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

BLOCK_ROWS = 8192
"""Rows to process at once, where a whole matrix in float64 would need too much memory."""
