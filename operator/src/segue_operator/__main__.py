"""The command ``segue-operator``, which says so if its extra is not installed."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_OF_THE_EXTRA = frozenset({"aiohttp", "kopf", "kubernetes"})
_CONFIGURATION = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the operator; returns the exit code."""
    try:
        from segue_operator.kube.__main__ import main as run
    except ModuleNotFoundError as error:
        if error.name not in _OF_THE_EXTRA:
            raise
        sys.stderr.write(
            f"error: segue-operator needs {error.name}, which is not installed\n"
            "  hint: install segue-operator[kube]: pip install 'segue-operator[kube]'\n"
        )
        return _CONFIGURATION
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
