"""``python -m segue_api``: the service as a program, with its settings from the environment."""

from __future__ import annotations

import os

# More threads than one only get into each other's way in products of this size; numpy reads this when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys

import uvloop

from segue_api.program import main

if __name__ == "__main__":
    sys.exit(uvloop.run(main(os.environ)))
