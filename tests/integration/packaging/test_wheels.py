"""The wheels as a stranger gets them: what is in them, what they install, and what the commands then do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import segue_core
from segue.commands import every_command

pytestmark = pytest.mark.slow

DISTRIBUTIONS = {
    "core": "segue_core",
    "jobs": "segue_jobs",
    "operator": "segue_operator",
    "api": "segue_api",
    "cli": "segue",
}
HOMEPAGE = "https://example.org/music/segue"
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def wheels(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the wheels that `make wheels` builds."""
    folder = tmp_path_factory.mktemp("wheels")
    subprocess.run(["make", "-C", str(repository), "wheels", f"WHEELS={folder}", f"HOMEPAGE={HOMEPAGE}"], check=True)
    return folder


def wheel_of(wheels: Path, package: str) -> Path:
    (found,) = wheels.glob(f"{package}-*.whl")
    return found


def metadata_of(wheel: Path) -> Message:
    """What a wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


class Environment:
    """A virtual environment with nothing in it but what a test installs."""

    def __init__(self, folder: Path, wheels: Path, lock: Path) -> None:
        self.folder = folder
        self._wheels = wheels
        self._lock = lock
        subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)

    def install(self, *requirements: str, dry_run: bool = False) -> str:
        """Install, with our wheels by their paths and the rest in the locked versions; returns what uv says."""
        ours = {package: wheel_of(self._wheels, package).as_uri() for package in DISTRIBUTIONS.values()}
        constraints = self.folder / "ours.txt"
        constraints.write_text("".join(f"{package.replace('_', '-')} @ {uri}\n" for package, uri in ours.items()))
        command = [
            UV,
            "pip",
            "install",
            "--python",
            self.folder,
            "--constraint",
            self._lock,
            "--constraint",
            constraints,
        ]
        options = ["--dry-run"] if dry_run else []
        done = subprocess.run([*command, *options, *requirements], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def installed(self) -> set[str]:
        """Names of the distributions."""
        listed = subprocess.run(
            [UV, "pip", "freeze", "--python", self.folder], capture_output=True, text=True, check=True
        )
        return {re.split(r"[ =@]", line)[0].lower() for line in listed.stdout.splitlines()}

    def run(self, command: str, *words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this environment, away from the source tree."""
        environ = {"PATH": os.defpath, "HOME": str(self.folder), "COLUMNS": "100", **variables}
        program = [self.folder / "bin" / command, *words]
        return subprocess.run(
            program, cwd=self.folder, env=environ, capture_output=True, text=True, check=False, timeout=120
        )


@pytest.fixture(scope="module")
def plain(repository: Path, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """`segue`, without an extra."""
    environment = Environment(tmp_path_factory.mktemp("plain") / "venv", wheels, repository / "requirements/dev.txt")
    environment.install("segue")
    return environment


@pytest.mark.parametrize(("folder", "package"), DISTRIBUTIONS.items())
def test_a_wheel_holds_its_sources_and_says_what_it_is(
    folder: str, package: str, repository: Path, wheels: Path
) -> None:
    with zipfile.ZipFile(wheel_of(wheels, package)) as wheel:
        names = set(wheel.namelist())
    metadata = metadata_of(wheel_of(wheels, package))
    source = repository / folder / "src"
    listed = subprocess.run(["git", "ls-files", "."], cwd=source, capture_output=True, text=True, check=True)
    assert {name for name in names if ".dist-info/" not in name} == set(listed.stdout.split())
    assert f"{package}/py.typed" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert metadata["Version"] == segue_core.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Summary"]
    assert f"Homepage, {HOMEPAGE}" in metadata.get_all("Project-URL", [])
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert len(str(metadata.get_payload())) > 100


@pytest.mark.parametrize("package", [package for package in DISTRIBUTIONS.values() if package != "segue_core"])
def test_wheels_require_each_other_in_their_own_version(package: str, wheels: Path) -> None:
    required = metadata_of(wheel_of(wheels, package)).get_all("Requires-Dist", [])
    versions = [
        re.sub(r"^segue(-\w+)?(\[.*?\])?", "", one).split(";")[0] for one in required if one.startswith("segue")
    ]
    assert set(versions) == {f"=={segue_core.__version__}"}


def test_without_an_extra_little_is_installed(plain: Environment) -> None:
    installed = plain.installed()
    assert {"segue", "segue-core", "segue-operator"} <= installed
    big = {
        "kopf",
        "librosa",
        "matplotlib",
        "numpy",
        "pandas",
        "pymongo",
        "pyspark",
        "scipy",
        "secantusdb",
        "segue-jobs",
    }
    assert installed & big == set()


def test_without_an_extra_manifests_are_checked(plain: Environment, repository: Path) -> None:
    shown = plain.run("segue", "--version")
    assert (shown.stdout, shown.stderr) == (f"segue {segue_core.__version__}\n", "")
    assert "recommend" in plain.run("segue", "--help").stdout
    checked = plain.run("segue", "validate", "-f", repository / "examples/demo")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "trackbatch/demo is valid" in checked.stdout
    assert plain.run("segue", "get").returncode == 0
    assert plain.run("segue", "down").returncode == 0
    assert "segue" in plain.run("segue", "completion", "bash").stdout


@pytest.mark.parametrize(
    ("words", "variables", "extra"),
    [
        ("apply -f examples/demo --volume demo-music=.", {}, "segue[local]"),
        ("apply -f examples/demo --volume demo-music=.", {"MONGODB_URI": "mongodb://127.0.0.1:9"}, "segue[local]"),
        ("init . --catalogue mine --output mine", {}, "segue[local]"),
        ("get models", {}, "segue[local]"),
        ("rejected --catalogue demo", {}, "segue[local]"),
        ("tracks --catalogue demo", {}, "segue[local]"),
        ("recommend --catalogue demo --track a", {}, "segue[local]"),
        ("map --catalogue demo", {}, "segue[plot]"),
    ],
)
def test_without_its_extra_a_command_says_what_to_install(
    words: str, variables: dict[str, str], extra: str, plain: Environment, repository: Path
) -> None:
    given = [str(repository / word) if word.startswith("examples/") else word for word in words.split()]
    done = plain.run("segue", *given, **variables)
    assert (done.returncode, done.stdout) == (2, "")
    error, hint = done.stderr.splitlines()
    assert re.fullmatch(rf"error: segue {given[0]} needs \w+, which is not installed", error)
    assert hint == f"  hint: install {extra}: pip install '{extra}'"


def test_the_help_of_every_command_needs_no_extra(plain: Environment) -> None:
    for words in every_command():
        shown = plain.run("segue", *words, "--help")
        assert (shown.returncode, shown.stderr) == (0, ""), words


def test_the_operator_says_that_it_needs_its_extra_and_then_runs(
    repository: Path, wheels: Path, tmp_path: Path
) -> None:
    environment = Environment(tmp_path / "venv", wheels, repository / "requirements/dev.txt")
    environment.install("segue-operator")
    refused = environment.run("segue-operator", "--help")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[1] == (
        "  hint: install segue-operator[kube]: pip install 'segue-operator[kube]'"
    )
    environment.install("segue-operator[kube]")
    shown = environment.run("segue-operator", "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "KAFKA_BOOTSTRAP" in shown.stdout
    assert environment.run("segue-operator", "--version").stdout == f"segue-operator {segue_core.__version__}\n"


@pytest.mark.parametrize(
    ("extra", "wanted"),
    [
        ("programs", {"pyspark"}),
        ("local", {"pyspark", "secantusdb"}),
        ("plot", {"matplotlib"}),
        ("librosa", {"pyspark", "librosa"}),
    ],
)
def test_an_extra_brings_what_it_is_for_and_no_other(extra: str, wanted: set[str], plain: Environment) -> None:
    said = plain.install(f"segue[{extra}]", dry_run=True)
    brought = {re.split(r"[ =@]", line.strip(" +"))[0].lower() for line in said.splitlines() if line.startswith(" +")}
    assert brought & {"librosa", "matplotlib", "pyspark", "secantusdb"} == wanted


def test_the_extra_plot_is_enough_to_ask_a_database_of_the_environment(
    repository: Path, wheels: Path, tmp_path: Path
) -> None:
    environment = Environment(tmp_path / "venv", wheels, repository / "requirements/dev.txt")
    environment.install("segue[plot]")
    done = environment.run("segue", "map", "--catalogue", "demo", MONGODB_URI="mongodb://127.0.0.1:9")
    assert done.returncode == 1
    assert "MONGODB_URI (127.0.0.1:9) does not answer" in done.stderr
