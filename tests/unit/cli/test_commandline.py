"""Help, errors and output that no title can turn into an attack on the terminal."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cyclopts import CycloptsError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

import segue_core
from segue.__main__ import main
from segue.application import build_app
from segue.commandline import printable, write_error, write_json
from segue.commands import COMMANDS, command_of, commands_below, every_command
from segue.errors import did_you_mean
from segue.usage import explain
from support.help_text import all_help


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("MONGODB_URI", raising=False)


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_every_command_shows_its_own_examples(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    described = commands_below(words[:-1])[words[-1]]
    assert described.summary in shown
    assert described.examples
    command = f"segue {' '.join(words)}"
    assert all(f"\n  {example}" in shown and command in example for example in described.examples)
    assert all(name in shown for name in described.subcommands)


def test_the_help_is_as_it_was_reviewed(request: pytest.FixtureRequest) -> None:
    golden = Path(__file__).with_name("help.txt")
    if request.config.getoption("--update-golden"):
        golden.write_text(all_help())
    assert all_help() == golden.read_text()


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr().out.split()
    assert all(name in shown for name in COMMANDS)


def test_the_version_is_that_of_the_distributions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"segue {segue_core.__version__}\n"


def test_help_imports_no_command() -> None:
    script = (
        "import sys; from segue.__main__ import main; code = main(['--help']); "
        "heavy = ('numpy', 'pymongo', 'pydantic', 'yaml', 'matplotlib'); "
        "sys.exit(code or ', '.join(name for name in heavy if name in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("aply", "there is no command 'aply'", "did you mean apply?"),
        ("zzz", "there is no command 'zzz'", "see: segue --help"),
        ("--bad get", "there is no option --bad", "see: segue get --help"),
        ("get --outptu wide", "there is no option --outptu", "did you mean --output?"),
        ("get --zzz", "there is no option --zzz", "see: segue get --help"),
        ("get -o jsn", "-o: 'jsn' is not a valid value", "did you mean json?"),
        ("get -o zzz", "-o: 'zzz' is not a valid value", "choose one of: table, wide, json, yaml"),
        ("get pods a b", "unexpected argument 'b'", "see: segue get --help"),
        ("rejected", "--catalogue is missing", "see: segue rejected --help"),
        ("rejected --catalogue", "--catalogue needs a value", "see: segue rejected --help"),
        (
            "rejected --catalogue a --reason Decode",
            "--reason: 'Decode' is not a valid value",
            "did you mean DecodeError?",
        ),
        ("--state", "--state needs a value", "see: segue --help"),
        ("logs", "TARGET is missing", "see: segue logs --help"),
        ("logs pod --tail two", "--tail: 'two' is not a whole number", "see: segue logs --help"),
        ("down --timeout soon", "--timeout: 'soon' is not a number", "see: segue down --help"),
        ("recommend --catalogue a --track b -n 0", "-n: 0 is below 1", "see: segue recommend --help"),
        (
            "recommend --catalogue a --track b --tempo fast",
            "--tempo: 'fast' is not a valid range; give one such as 1990..1999, 120.. or ..300",
            "see: segue recommend --help",
        ),
        (
            "recommend --catalogue a --track b --like c",
            "--track and --like exclude each other",
            "use --track ID for tracks like one, --like ID for a listener's likes, or --words TEXT",
        ),
        (
            "recommend --catalogue a",
            "--track or --like is missing",
            "use --track ID for tracks like one, --like ID for a listener's likes, or --words TEXT",
        ),
        ("validate -f", "-f needs a value", "see: segue validate --help"),
        ("validate -f --quiet", "-f: '--quiet' is an option, not a file", "see: segue validate --help"),
        ("models lst", "there is no command 'lst'", "did you mean list?"),
        ("models zzz", "there is no command 'zzz'", "see: segue models --help"),
        ("models --zzz", "there is no option --zzz", "see: segue models --help"),
        ("models diff 1", "B is missing", "see: segue models diff --help"),
        ("models diff 1 2", "--catalogue is missing", "see: segue models diff --help"),
        ("models activate --catalogue a", "VERSION is missing", "see: segue models activate --help"),
        ("models unpin 3 --catalogue a", "unexpected argument '3'", "see: segue models unpin --help"),
        ("completion tcsh", "SHELL: 'tcsh' is not a valid value", "choose one of: bash, zsh, fish"),
    ],
)
def test_errors_name_the_argument_and_the_way_out(
    words: str, message: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", f"error: {message}\n  hint: {hint}\n")


@given(
    words=st.lists(
        st.sampled_from(
            [
                *COMMANDS,
                "list",
                "diff",
                "pin",
                "-f",
                "--json",
                "--catalogue",
                "-",
                "--",
                "x",
                "",
                "é\udcff",
                "--=",
                "-o=",
                "[b]",
            ]
        )
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_words_end_in_a_traceback(words: list[str], tmp_path: Path) -> None:
    """Whatever the words, the parser either knows them or says what is wrong with them."""
    app = build_app({"SEGUE_STATE": str(tmp_path)})
    try:
        app.parse_args(words)
    except CycloptsError as error:
        explained = explain(error, COMMANDS, "segue --help")
        assert str(explained)
        assert explained.hint


def test_a_command_is_found_with_its_subcommand() -> None:
    assert command_of(["models", "pin", "3"]) == ("models", "pin")
    assert command_of(["models", "zzz"]) == ("models",)
    assert command_of(["get", "list"]) == ("get",)
    assert command_of(["list"]) == command_of([]) == ()


def test_the_state_directory_may_be_named_before_and_after_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (
        ["--state", str(tmp_path), "down"],
        ["down", "--state", str(tmp_path)],
        ["down", f"--state={tmp_path}"],
    ):
        assert main(words) == 0
        assert capsys.readouterr().out == f"nothing is running in {tmp_path}\n"


def test_the_last_of_several_values_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--state", str(tmp_path / "a"), "down", "--state", str(tmp_path / "b")]) == 0
    assert capsys.readouterr().out == f"nothing is running in {tmp_path / 'b'}\n"


def test_a_hyphen_reads_standard_input(repository: Path) -> None:
    manifest = (repository / "examples/demo/trackbatch.yaml").read_text()
    command = [sys.executable, "-m", "segue", "validate", "-f", "-"]
    done = subprocess.run(command, input=manifest, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "trackbatch/demo is valid\n", "")


def test_quiet_leaves_out_remarks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["get"]) == 0
    assert "no trackbatches" in capsys.readouterr().err
    assert main(["get", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in COMMANDS)
    assert "--catalogue" in script


def test_completion_is_installed_where_bash_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["completion", "bash", "--install"]) == 0
    path = tmp_path / ".local/share/bash-completion/completions/segue"
    assert "recommend" in path.read_text()
    assert str(path) in capsys.readouterr().out


def test_output_survives_a_terminal_without_unicode(tmp_path: Path) -> None:
    music = tmp_path / "Mu\N{SNOWMAN}sik"
    music.mkdir()
    (music / "song.mp3").touch()
    words = ["init", str(music), "--catalogue", "mine", "--output", str(tmp_path / "made")]
    environ = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-m", "segue", *words], env=environ, capture_output=True, check=False)
    assert (done.returncode, b"\\u2603" in done.stdout) == (0, True), done.stderr


def test_a_reader_may_leave_early() -> None:
    command = f"{sys.executable} -m segue --help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", [["rejected"], ["tracks"], ["recommend", "--track", "x"], ["map"]])
def test_before_anything_was_ingested_commands_say_what_to_do(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--catalogue", "demo"]) == 1
    shown = capsys.readouterr().err
    assert "there is no database" in shown
    assert "segue sync" in shown


def test_a_wrong_environment_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MONGODB_URI", "localhost:27017")
    assert main(["rejected", "--catalogue", "demo"]) == 2
    assert "must begin with mongodb://" in capsys.readouterr().err


def test_down_without_an_owner_is_not_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down"]) == 0
    assert "nothing is running" in capsys.readouterr().out


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    assert re.sub("[\u200c\u200d]", "", printable(text)).isprintable()


@pytest.mark.parametrize("name", ["می\u200cخواهم", "👨\u200d👩\u200d👧", "Música"])  # noqa: RUF001 - Persian
def test_an_id_is_printed_as_it_is_typed(name: str) -> None:
    assert printable(name) == name


def test_an_option_of_the_program_s_own_is_no_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tracks", "--catalog", "demo"]) == 2
    assert capsys.readouterr().err.endswith("hint: did you mean --catalogue?\n")


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
    assert did_you_mean("astle", known) == "did you mean castle or ardentryst-castle or battle?"
    assert did_you_mean("castel", known) == "did you mean castle?"
    assert did_you_mean("track6", known) == "did you mean drascula-track6?"
    assert did_you_mean("zzz", known) is None
    assert did_you_mean("a", known) is None
