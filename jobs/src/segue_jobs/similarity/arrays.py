"""Names for the array types of this room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.intp]
Booleans = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

BLOCK_ROWS = 8192
"""Rows that are worked on at once where a whole matrix in float64 would be too much."""
