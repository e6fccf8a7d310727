"""Entry point of the training program, for ``python -m segue_jobs.train`` and for ``spark-submit`` with this file."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # spark-submit puts this folder first in the path, where its modules could shadow other packages
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).resolve().parent]

    from segue_core.contract import TrainArguments
    from segue_core.program import run
    from segue_jobs.train.main import main

    sys.exit(run(TrainArguments, main))
