"""What is not installed is named, with the extra that brings it; what should be installed is a defect."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from segue.__main__ import main
from segue.commands.requirements import check_installed
from segue.errors import UsageError
from segue.extras import missing_extra
from segue_operator.kinds.manifests import load_manifests

WITH_DATABASE = {"MONGODB_URI": "mongodb://127.0.0.1:9"}


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend that modules are not installed."""

    def hide(*names: str) -> None:
        monkeypatch.setattr("segue.extras.find_spec", lambda name: None if name in names else find_spec(name))

    return hide


def manifests(repository: Path, engine: str) -> list[dict[str, Any]]:
    """The demo's, with an engine."""
    found = [manifest for path in sorted((repository / "examples/demo").iterdir()) for manifest in load_manifests(path)]
    for manifest in found:
        if manifest["kind"] == "TrackBatch":
            manifest["spec"].setdefault("extraction", {})["engine"] = engine
    return found


@pytest.mark.parametrize(
    ("hidden", "engine", "environ", "message", "extra"),
    [
        (["secantus"], "Native", {}, "the embedded database (SecantusDB) is not installed", "segue[local]"),
        (["secantus", "librosa"], "Native", WITH_DATABASE, None, None),
        (["librosa"], "Librosa", {}, "the engine Librosa needs librosa, which is not installed", "segue[librosa]"),
        (["pyspark"], "Native", {}, "segue apply needs pyspark, which is not installed", "segue[local]"),
        (["segue_jobs"], "Native", {}, "segue apply needs segue_jobs, which is not installed", "segue[local]"),
    ],
)
def test_an_apply_says_what_it_lacks_before_it_starts_anything(
    hidden: Iterable[str],
    engine: str,
    environ: dict[str, str],
    message: str | None,
    extra: str | None,
    repository: Path,
    without: Callable[..., None],
) -> None:
    without(*hidden)
    if message is None:
        check_installed(manifests(repository, engine), environ)
        return
    with pytest.raises(UsageError) as caught:
        check_installed(manifests(repository, engine), environ)
    assert str(caught.value) == message
    assert f"pip install '{extra}'" in str(caught.value.hint)


def test_a_question_needs_the_embedded_database_that_holds_the_data(
    tmp_path: Path, without: Callable[..., None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MONGODB_URI", raising=False)
    (tmp_path / "mongodb").mkdir()
    without("secantus")
    assert main(["tracks", "--catalogue", "demo", "--state", str(tmp_path)]) == 2
    assert "the embedded database (SecantusDB) is not installed" in capsys.readouterr().err


def test_a_module_that_every_installation_has_is_not_explained_away() -> None:
    for error in (ModuleNotFoundError(name="segue.commands.gone"), ModuleNotFoundError(name="yaml"), ImportError("x")):
        assert missing_extra(error, "get") is None
