"""Fetches the published ear: ``python -m segue_jobs.learned.fetch FOLDER``, or ``segue models fetch``.

pip fetches the package from wherever it is set up to, and checks its hash; nothing is installed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from segue_core.contract import ExitCode
from segue_core.contract.wording import shorten
from segue_core.errors import ConfigurationError, ProgramError
from segue_jobs.learned.ear import EarFile
from segue_jobs.learned.published import PACKAGE, VERSION, WHEEL, WHEEL_SHA256, write_ear

_TIMEOUT_SECONDS = 600.0


def fetch(folder: Path, wheel: Path | None = None) -> EarFile:
    """Fetch the package and write the ear.

    Parameters
    ----------
    folder
        Where to write the network and its description.
    wheel
        The package, if it is here already, for machines without a network.

    Raises
    ------
    ConfigurationError
        The package is another one, or the folder cannot be written.
    ProgramError
        It cannot be fetched.
    """
    try:
        if wheel is not None:
            return write_ear(wheel.read_bytes(), folder)
        with tempfile.TemporaryDirectory(prefix="segue-fetch-") as scratch:
            return write_ear(_download(Path(scratch)).read_bytes(), folder)
    except OSError as error:
        raise ConfigurationError(f"cannot read {error.filename!r}: {error.strerror}") from error


def _download(scratch: Path) -> Path:
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{WHEEL_SHA256}\n", encoding="utf-8")
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--no-input", "--only-binary", ":all:", "--require-hashes", "-r", str(requirements), "--dest", str(scratch)),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ProgramError(f"pip did not fetch {WHEEL} within {_TIMEOUT_SECONDS:.0f} s") from error
    path = scratch / WHEEL
    if done.returncode or not path.is_file():
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise ProgramError(
            f"pip could not fetch {PACKAGE} {VERSION}: {shorten(lines[-1] if lines else 'it left no file', 300)}; "
            f"fetch {WHEEL} elsewhere, and name the file"
        )
    return path


def main(words: Sequence[str]) -> int:
    """Fetch into the folder that is named; an image is built with this."""
    if len(words) != 1:
        print("usage: python -m segue_jobs.learned.fetch FOLDER", file=sys.stderr)  # noqa: T201
        return ExitCode.CONFIGURATION
    try:
        file = fetch(Path(words[0]))
    except ProgramError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    print(f"{file.network}: {file.ear.licence}")  # noqa: T201
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
