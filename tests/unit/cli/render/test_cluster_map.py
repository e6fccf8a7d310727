"""The map of a catalogue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from segue.render.cluster_map import draw
from segue.render.map_text import Lettering
from segue_core.similarity.projection import most_typical, project


@pytest.fixture
def vectors() -> np.ndarray:
    rows = np.random.default_rng(3).normal(size=(60, 9))
    rows[:30, 0] += 9
    rows[30:, 0] -= 9
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_the_projection_keeps_what_separates_most(vectors: np.ndarray) -> None:
    projection = project(vectors)
    first = projection.points[:, 0]
    assert min(first[:30]) > max(first[30:])
    assert projection.explained[0] > projection.explained[1] > 0
    assert sum(projection.explained) < 1


def test_the_same_model_gives_the_same_map(vectors: np.ndarray) -> None:
    mirrored = project(vectors[::-1])
    np.testing.assert_allclose(mirrored.points[::-1], project(vectors).points, atol=1e-9)


@pytest.mark.parametrize("rows", [np.ones((1, 4)), np.ones((5, 4)), np.arange(3.0).reshape(3, 1)])
def test_few_or_equal_tracks_are_a_map_too(rows: np.ndarray, tmp_path: Path) -> None:
    clusters = np.zeros(len(rows), dtype=int)
    drawing = draw(rows, clusters, ["x"] * len(rows), heading="small", output=tmp_path / "map.png")
    assert np.isfinite(drawing.projection.points).all()


def test_typical_tracks_are_near_the_middle_of_their_cluster() -> None:
    vectors = np.array([[0.0, 0], [1, 0], [2, 0], [9, 9]])
    assert most_typical(vectors, np.array([0, 0, 0, 1]), 0, 1) == [1]
    assert most_typical(vectors, np.array([0, 0, 0, 1]), 1, 3) == [3]


def test_the_picture_is_written(vectors: np.ndarray, tmp_path: Path) -> None:
    clusters = np.arange(60) % 15
    titles = [f"$x^{{{row}}} a title that is far too long to be shown in full" for row in range(60)]
    draw(vectors, clusters, titles, heading="a $ b", output=tmp_path / "map.png", names={0: "dark $"})
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.filterwarnings("error")
def test_names_in_any_script_are_drawn_without_a_warning(vectors: np.ndarray, tmp_path: Path) -> None:
    names = ["君が代", "مرحبا بالعالم", "🎉 party 😀", "한국어", "􏿿"]  # the last is a letter of no script
    titles = [names[row % len(names)] for row in range(60)]
    drawing = draw(vectors, np.arange(60) % 4, titles, heading="音楽", output=tmp_path / "map.png")
    assert drawing.lacks_letters
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("text", ["wide " * 40, "言" * 80, "W" * 300, "short"])
def test_a_text_ends_within_its_width(text: str) -> None:
    figure = Figure(figsize=(13, 8), dpi=150)
    FigureCanvasAgg(figure)
    written = Lettering([text]).write(figure, (0.75, 0.5), text, width=0.2, fontsize=9)
    assert written.get_window_extent().width <= 0.2 * figure.bbox.width
    assert len(written.get_text()) == len(text) if text == "short" else written.get_text().endswith("…")


def test_an_extension_of_no_picture_format_is_refused(vectors: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="docx"):
        draw(vectors, np.zeros(60, dtype=int), ["x"] * 60, heading="x", output=tmp_path / "map.docx")
