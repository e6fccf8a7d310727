"""numba's cache, for a user who can write only to the temporary folder, and for several processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import os, tempfile
from segue_jobs.extract.numba_cache import ensure_numba_cache
os.setgroups([]); os.setgid(65534); os.setuid(65534)
ensure_numba_cache()
folder = os.environ["NUMBA_CACHE_DIR"]
tempfile.TemporaryFile(dir=folder).close()
print(folder)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without a home")
def test_a_user_without_a_home_gets_a_folder_of_its_own() -> None:
    inherited = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    environment = inherited | {"HOME": "/nonexistent"}
    command = [sys.executable, "-c", CODE]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    folder = Path(shown.stdout.strip())
    assert folder.name.startswith("segue-numba-")
    assert not folder.exists()  # it goes with the program


def test_a_given_folder_is_kept() -> None:
    code = (
        "import os; from segue_jobs.extract.numba_cache import ensure_numba_cache; "
        "ensure_numba_cache(); print(os.environ['NUMBA_CACHE_DIR'])"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": "/given"}
    command = [sys.executable, "-c", code]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "/given"


def test_only_one_process_compiles_at_a_time(tmp_path: Path) -> None:
    code = (
        "import sys, time; from segue_jobs.extract.numba_cache import alone_with_numba_cache\n"
        "with alone_with_numba_cache():\n"
        "    print('in', flush=True); time.sleep(0.05); print('out', flush=True)"
    )
    record = tmp_path / "record"
    with record.open("ab") as shared:
        processes = [subprocess.Popen([sys.executable, "-c", code], stdout=shared) for _ in range(4)]
        assert [process.wait() for process in processes] == [0] * 4
    assert record.read_text().split() == ["in", "out"] * 4
