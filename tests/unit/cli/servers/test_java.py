"""Java is looked for before anything starts, and what is wrong with it is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.errors import LocalError
from segue.servers.java import find_java


def pretend_java(folder: Path, version: str) -> Path:
    """A ``java`` that only tells its version, as the real one does."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2021-10-19' >&2\n")
    program.chmod(0o755)
    return program


def test_java_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = pretend_java(tmp_path, "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java() == program


def test_an_old_java_is_named_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_java(tmp_path, "11.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(
        LocalError, match="is Java 11: Kafka and Spark need Java 17 or newer; install one and set JAVA_HOME"
    ):
        find_java()


def test_a_java_that_cannot_start_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = pretend_java(tmp_path, "17.0.1")
    program.write_text("#!/bin/sh\necho 'Could not reserve enough space\nfor code cache'\nexit 1\n")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(LocalError, match=r"does not start: Could not reserve enough space for code cache; .*ulimit -a"):
        find_java()


def test_a_missing_java_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalError, match="Java is missing: Kafka and Spark need Java 17 or newer; install it"):
        find_java()
