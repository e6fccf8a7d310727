"""What a task of a training reads from Spark's batches."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa

from segue_jobs.train.placement import blocks


def batch(ids: list[str], units: list[list[float]], norms: list[float]) -> pa.RecordBatch:
    columns = [pa.array(ids, pa.string()), pa.array(units, pa.list_(pa.float64())), pa.array(norms, pa.float64())]
    return pa.RecordBatch.from_arrays(columns, names=["track_id", "unit", "norm"])


def test_batches_become_blocks_and_empty_ones_are_left_out() -> None:
    whole = batch(["a", "b", "c"], [[1, 0], [0, 1], [0.6, 0.8]], [2, 3, 4])
    first, second = blocks([whole.slice(0, 1), batch([], [], []), whole.slice(1, 2)])
    assert (first.track_ids, second.track_ids) == (("a",), ("b", "c"))
    np.testing.assert_array_equal(second.rows, np.array([[0, 1], [0.6, 0.8]], dtype=np.float32))
    np.testing.assert_array_equal(second.norms, np.array([3, 4], dtype=np.float32))
    assert (second.rows.dtype, second.norms.dtype) == (np.float32, np.float32)


def test_what_a_worker_imports_does_not_load_mllib() -> None:
    modules = ", ".join(f"segue_jobs.train.{name}" for name in ("artist_sums", "mongo_source", "placement"))
    program = f"import sys, {modules}; sys.exit('pyspark.ml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
