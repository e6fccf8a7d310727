"""Help, errors and output that no title can turn into an attack on the terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from segue_operator.local.__main__ import main
from segue_operator.local.commandline import printable, write_error, write_json
from segue_operator.local.commands import SUMMARIES, load_command
from segue_operator.local.errors import did_you_mean


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("MONGODB_URI", raising=False)


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_command_shows_an_example_of_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    shown = capsys.readouterr().out
    assert SUMMARIES[name][1:].split()[0] in shown
    examples = load_command(name).examples
    assert examples
    assert all(example in shown and f"segue {name}" in example for example in examples)


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr().out.split()
    assert all(name in shown for name in SUMMARIES)


def test_a_mistyped_command_is_corrected(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["aply"])
    assert capsys.readouterr().err == "error: there is no command 'aply'\n  hint: did you mean apply?\n"


def test_a_missing_option_points_to_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["rejected"])
    assert "--catalogue" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["rejected"], ["tracks"], ["recommend", "--track", "x"], ["map"]])
def test_before_anything_was_ingested_commands_say_what_to_do(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--catalogue", "demo"]) == 1
    shown = capsys.readouterr().err
    assert "there is no database" in shown
    assert "segue apply" in shown


def test_a_wrong_environment_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MONGODB_URI", "localhost:27017")
    assert main(["rejected", "--catalogue", "demo"]) == 2
    assert "must begin with mongodb://" in capsys.readouterr().err


def test_down_without_an_owner_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down"]) == 0
    assert "nothing is running" in capsys.readouterr().out


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    assert printable(text).isprintable()


def test_escape_sequences_of_a_title_are_shown_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    write_error("bad title \x1b[2J\r\udcff", "rename it")
    assert capsys.readouterr().err == "error: bad title \\x1b[2J\\r\\udcff\n  hint: rename it\n"


@given(st.text())
def test_json_survives_any_text(text: str) -> None:
    output = io.StringIO()
    write_json(Console(file=output), {"path": text})
    assert output.getvalue().encode()
    if text.isascii():
        assert json.loads(output.getvalue()) == {"path": text}


def test_suggestions_begin_with_names_that_contain_the_word() -> None:
    known = ["drascula-track6", "castle", "ardentryst-castle", "battle"]
    assert did_you_mean("astle", known) == "did you mean ardentryst-castle or castle or battle?"
    assert did_you_mean("castel", known) == "did you mean castle?"
    assert did_you_mean("track6", known) == "did you mean drascula-track6?"
    assert did_you_mean("zzz", known) is None
