"""The demo as a newcomer runs it: script, manifests and Makefile of the repository, on a small catalogue."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.examples import load
from support.pipeline import Running
from support.processes import naming

pytestmark = pytest.mark.slow

STYLES, ARTISTS, TRACKS_AN_ARTIST = 5, 3, 2
TRACKS = STYLES * ARTISTS * TRACKS_AN_ARTIST
ODD_ONES = {"NoAudio": 1, "TooShort": 1, "UnsupportedFormat": 1}
LISTED = TRACKS + sum(ODD_ONES.values())


class Demo:
    """The demo in a state directory of its own, with music that is there already."""

    def __init__(self, repository: Path, folder: Path) -> None:
        self._repository = repository
        self._folder = folder
        self.state = folder / "state"
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        inherited = {
            name: value for name, value in os.environ.items() if name not in ("MONGODB_URI", "KAFKA_BOOTSTRAP")
        }
        self._environment = inherited | {"PATH": path, "SEGUE_STATE": str(self.state)}

    def run(self, *command: str) -> str:
        ended = subprocess.run(
            command, cwd=self._repository, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False, timeout=600,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout
        assert "Traceback" not in ended.stdout
        return ended.stdout

    @property
    def again(self) -> tuple[str, ...]:
        """Command that ingests the same catalogue again."""
        volume = f"demo-music={self.state / 'demo'}"
        return ("segue", "apply", "-f", "examples/demo/trackbatch.yaml", "--volume", volume, "--again")

    def begin(self, *command: str) -> Running:
        return Running(list(command), self._environment, self._folder / "command.log", directory=self._repository)


@pytest.fixture(scope="module")
def demo(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    demo = Demo(repository, tmp_path_factory.mktemp("demo"))
    synthesise_music = load(repository, "synthesise_music")
    options = ["--seconds", "8", "--tracks", str(TRACKS_AN_ARTIST)]
    assert synthesise_music.main([str(demo.state / "demo"), *options]) == 0
    return demo


@pytest.fixture(scope="module")
def shown(demo: Demo) -> str:
    return demo.run("examples/demo.sh")


def test_it_shows_progress_and_what_became_of_every_track(shown: str) -> None:
    assert re.search(r"^trackbatch/demo: Extracting", shown, re.MULTILINE)
    assert "trainingrun/demo: Running: clustering" in shown
    cells = [line.split() for line in shown.splitlines()]
    assert ["demo", str(LISTED), str(TRACKS), "0", str(LISTED - TRACKS), str(TRACKS)] in [line[:6] for line in cells]
    for reason, count in ODD_ONES.items():
        assert [reason, str(count)] in [line[:2] for line in cells]


def test_it_shows_the_models_figures(shown: str) -> None:
    assert re.search(rf"^model demo:1: {TRACKS} tracks in \d+ clusters, trained in ", shown, re.MULTILINE)
    for measure in ("same genre among 10 neighbours", "exact neighbours found in the nearest clusters", "hubs: skew"):
        assert re.search(rf"^{measure}.* -?\d+\.\d\d$", shown, re.MULTILINE)


def test_it_recommends_for_three_tracks_and_says_why(shown: str) -> None:
    lists = shown.split("\nlike ")[1:]
    assert len(lists) == 3
    for answer in lists:
        rows = re.findall(r"^ *\d\.\d\d +-?\d\.\d\d  \S.*? {2,}(-?\d+%.*)$", answer, re.MULTILINE)
        assert len(rows) == 5
        for reasons in rows:
            shares = [int(share) for share in re.findall(r"(-?\d+)%", reasons)]
            assert len(shares) == 4
            assert sum(shares) == pytest.approx(100, abs=3)
            assert re.search(r"%  +[a-z]", reasons)


def test_it_draws_a_map_and_says_what_to_try_next(demo: Demo, shown: str) -> None:
    assert f"clusters.png: {TRACKS} tracks in" in shown
    assert (demo.state / "demo" / "clusters.png").read_bytes().startswith(b"\x89PNG")
    last = shown.rstrip().splitlines()[-1].split(maxsplit=3)
    assert last == ["segue", "sync", "~/Music", "the same for a folder of your own"]


@pytest.mark.usefixtures("shown")
def test_a_second_demo_extracts_nothing_and_says_so(demo: Demo) -> None:
    second = demo.run("examples/demo.sh")
    assert "trackbatch/demo unchanged" in second
    assert "nothing to do: everything has finished already" in second
    assert "Extracting" not in second
    assert len(second.split("\nlike ")) == 4
    third = demo.run(*demo.again)
    row = ["demo", str(LISTED), "0", str(TRACKS), str(LISTED - TRACKS), str(TRACKS)]
    assert row in [line.split()[:6] for line in third.splitlines()]


@pytest.mark.usefixtures("shown")
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on this system")
def test_clean_ends_what_runs_and_removes_all_state(demo: Demo, repository: Path) -> None:
    clean = ("make", "--no-print-directory", "clean")
    if not (repository / ".venv" / "bin" / "segue").exists():
        pytest.skip("make clean ends processes by the segue of .venv, which is not there")
    with demo.begin(*demo.again) as running:
        running.wait_until(lambda: "Kafka and the database are ready" in running.text())
        assert f"ended process {running.process.pid}" in demo.run(*clean)
        assert running.wait() == 130
    assert not demo.state.exists()
    assert naming(demo.state) == []
