"""How well lists are made, against what others use, on music that anyone can fetch: tracks of Debian's games.

Usage: python tests/bench/bench_quality.py [FOLDER] [--packages NAME ...]      (make bench-quality)

Fetches packages with 2 GB of music into FOLDER (default .segue/quality) and analyses the middle 30 s of each track.
Relevant is a track of the same game, without tracks of the same artist; then a track of the same artist, without those
of the same game. Intervals are 95 %, by bootstrap over games or artists.
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from os import environ
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue_core.contract import ANALYSED_FAMILIES, Engine, Family, WindowPosition
from segue_core.errors import ConfigurationError
from segue_core.features.layout import SAMPLE_RATE, weights
from segue_core.recommend.words import column_of, ranks, to_bytes
from segue_core.similarity.proximity import Moments, mutual_proximity_distance
from segue_jobs.extract.analyse import Analysis, Method, Request
from segue_jobs.extract.decode import Window, decode_window
from segue_jobs.extract.listening import prepare
from segue_jobs.extract.workers import Workers
from segue_jobs.learned.published import TAG_NAMES, find_ear, models_folder
from segue_jobs.train.whitening import (
    FOLDS,
    MINIMUM_ARTISTS,
    Scatter,
    choose_shrinkage,
    fold_of,
    total,
    whitening_matrix,
)
from support.quality import codes, hubs, precision

PACKAGES = (
    "amoebax-data", "ardentryst", "berusky2-data", "btanks-data", "colobot-common-sounds", "drascula-music",
    "enigma-data", "flare-game", "freedink-data", "freedroidrpg-data", "fretsonfire-songs-muldjord",
    "fretsonfire-songs-sectoid", "hedgewars-data", "hyperrogue-music", "lordsawar-data", "marsshooter-data",
    "mrrescue", "naev-data", "nexuiz-music", "noiz2sa-data", "openclonk-data", "planetblupi-music-ogg",
    "plee-the-bear-data", "singularity-music", "starfighter-data", "supertux-data", "supertuxkart-data",
    "trackballs-data", "tumiki-fighters-data", "ufoai-music", "warzone2100-music", "wesnoth-1.16-music",
    "widelands-data", "wizznic-data", "xmoto-data",
)  # fmt: skip
WINDOW = Window(WindowPosition.MIDDLE, 30.0, 5.0)
CLIP = 4.0
COMPONENTS = 32
GENRES = {
    "metal": "metal|death", "electronic": "electro|techno|trance|synth", "ambient": "ambient", "jazz": "jazz",
    "rock": r"\brock", "hip-hop": "hip.?hop|rap", "pop": r"\bpop", "folk": "folk|celtic", "blues": "blues",
    "punk": "punk", "house": "house", "country": "country",
}  # fmt: skip
"""Tag -> what a file's genre says if that is its style; one that matches several, or none, is not asked about."""

Rows = list[dict[str, str]]
Space = np.ndarray


def rows_of(folder: Path, packages: list[str]) -> Rows:
    """Fetch the music, and read what its tags say."""
    fetch = [sys.executable, "examples/fetch_music.py", str(folder), "--packages", *packages]
    if subprocess.run(fetch, check=False).returncode:
        sys.exit("error: the music could not be fetched; see above")
    with (folder / "tracks.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if (folder / "music" / row["path"]).is_file()]


def analyse(folder: Path, rows: Rows) -> list[tuple[dict[str, str], Analysis]]:
    """Every different track that can be analysed, with learned features if the network is there."""
    try:
        ear = find_ear("musicnn-msd", None, models_folder(environ))
    except ConfigurationError as error:
        print(f"without learned features: {error}")
        ear = None
    method = Method(Engine.NATIVE, WINDOW, 1 << 30, ear)
    requests = [Request(row["id"], folder / "music" / row["path"], method) for row in rows]
    workers = Workers(2, Engine.NATIVE, 300.0, prepare=partial(prepare, file=ear))
    by_id = {row["id"]: row for row in rows}
    found = {
        result.audio_sha256: (by_id[request.track_id], result)
        for request, result in workers.run(requests, threading.Event())
        if isinstance(result, Analysis)
    }
    return sorted(found.values(), key=lambda entry: entry[0]["id"])


def standardised(values: np.ndarray) -> Space:
    """z-scores, clipped; constants become 0."""
    deviation = values.std(axis=0, ddof=1)
    return np.clip((values - values.mean(axis=0)) / np.where(deviation > 0, deviation, np.inf), -CLIP, CLIP)


def families_of(analyses: list[Analysis], families: tuple[Family, ...]) -> list[Space]:
    """The model's families as training scales and weighs them, many dimensions as principal components."""
    blocks = []
    for family in families:
        block = standardised(np.array([analysis.families[family] for analysis in analyses]))
        block *= np.array(weights(family, block.shape[1]))
        if family is Family.LEARNED:
            _, _, axes = np.linalg.svd(block - block.mean(axis=0), full_matrices=False)
            block = block @ axes[:COMPONENTS].T
        blocks.append(block)
    return blocks


def whitened(blocks: list[Space], artists: list[str]) -> list[Space] | None:
    """As training whitens families; None if there are too few artists."""
    made = []
    for block in blocks:
        folds = [Scatter.none(block.shape[1]) for _ in range(FOLDS)]
        for artist in sorted({name for name in artists if name}):
            own = Scatter.of_artist(block[[place for place, name in enumerate(artists) if name == artist]])
            folds[fold_of(artist)] += own
        if total(folds).artists < MINIMUM_ARTISTS:
            print(f"no whitening: {total(folds).artists} artists have two tracks; it needs {MINIMUM_ARTISTS}")
            return None
        moments = block.T @ block / len(block)
        made.append(block @ whitening_matrix(total(folds), choose_shrinkage(folds), moments))
    return made


def cosine(space: Space) -> np.ndarray:
    """(n, n) cosines."""
    unit = space / np.maximum(np.linalg.norm(space, axis=1, keepdims=True), 1e-12)
    return unit @ unit.T


def mutual(space: Space) -> np.ndarray:
    """(n, n) mutual proximity, as lists are ranked."""
    unit = (space / np.maximum(np.linalg.norm(space, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    every = Moments.of(unit).usual(unit, members=np.ones(len(unit), dtype=np.bool_))
    return np.stack(
        [
            -mutual_proximity_distance((1 - unit @ row).astype(np.float64), every.take(np.array([place])), every)
            for place, row in enumerate(unit)
        ]
    )


def librosa_usual(paths: list[Path]) -> np.ndarray:
    """Means and deviations of the features that scripts usually take, z-scored."""
    import librosa

    lines = []
    for path in paths:
        samples = window_of(path)
        parts = [
            librosa.feature.mfcc(y=samples, n_mfcc=20), librosa.feature.chroma_stft(y=samples),
            librosa.feature.spectral_centroid(y=samples), librosa.feature.spectral_rolloff(y=samples),
            librosa.feature.zero_crossing_rate(samples), librosa.feature.rms(y=samples),
        ]  # fmt: skip
        both = np.concatenate([part.mean(axis=1) for part in parts] + [part.std(axis=1) for part in parts])
        lines.append(np.append(both, librosa.feature.tempo(y=samples)[0]))
    return cosine(standardised(np.array(lines)))


def musly(paths: list[Path]) -> np.ndarray:
    """musly's own similarity of the same windows."""
    import pymusly

    jukebox = pymusly.MuslyJukebox()
    tracks = [jukebox.track_from_audiodata(window_of(path)) for path in paths]
    jukebox.set_style(tracks)
    known = list(zip(jukebox.add_tracks(tracks), tracks, strict=True))
    return -np.array([jukebox.compute_similarity(seed, known) for seed in known])


def bliss(paths: list[Path]) -> np.ndarray:
    """bliss' features of whole tracks, by its Euclidean distance."""
    import bliss_audio

    lines = np.array([bliss_audio.Song(str(path)).analysis for path in paths])
    return -np.linalg.norm(lines[:, None] - lines[None], axis=2)


def window_of(path: Path) -> np.ndarray:
    """The middle 30 s, mono, at the rate of the analysis."""
    return decode_window(path, WINDOW, None, lambda source: source.samples())[0]


def others(paths: list[Path]) -> Iterator[tuple[str, np.ndarray]]:
    """What others do; what is not installed, or does not run, is passed over with its reason."""
    programs: dict[str, tuple[str, Callable[[list[Path]], np.ndarray]]] = {
        "librosa, usual means and deviations, z, cosine": ("librosa", librosa_usual),
        "pymusly": ("pymusly", musly),
        "bliss-audio": ("bliss_audio", bliss),
    }
    for name, (module, scores) in programs.items():
        if find_spec(module) is None:
            print(f"without {name}: {module} is not installed")
            continue
        try:
            yield name, scores(paths)
        except Exception as error:  # noqa: BLE001 - whatever another program does not bear
            print(f"without {name}: {type(error).__name__}: {error}")


def genre_tags(entries: list[tuple[dict[str, str], Analysis]]) -> None:
    """How often the tag of a track's stated genre ranks first among the tags of genres."""
    heard = [(row["genre"], analysis.heard) for row, analysis in entries if analysis.heard is not None]
    if not heard:
        return
    column = column_of(((tuple(said.tags), to_bytes(said.tags)) for _, said in heard), TAG_NAMES)
    table = np.stack([ranks(column[:, TAG_NAMES.index(tag)], np.empty(0, np.intp)) for tag in GENRES], axis=1)
    asked = []
    for place, (genre, _) in enumerate(heard):
        fits = [tag for tag, pattern in GENRES.items() if re.search(pattern, genre.lower())]
        if len(fits) == 1:
            asked.append(int((table[place] > table[place, list(GENRES).index(fits[0])]).sum()))
    if asked:
        places = np.array(asked)
        print(
            f"\nstated genre among {len(GENRES)} tags, {len(asked)} tracks: first {(places == 0).mean():.2f}, in the "
            f"first three {(places < 3).mean():.2f}; by chance {1 / len(GENRES):.2f} and {3 / len(GENRES):.2f}"
        )


def main() -> None:
    """Fetch, analyse, measure, print a table."""
    parser = argparse.ArgumentParser(description="How well lists are made, against what others use.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".segue/quality"))
    parser.add_argument("--packages", nargs="+", default=list(PACKAGES), metavar="NAME")
    arguments = parser.parse_args()
    entries = analyse(arguments.folder, rows_of(arguments.folder, arguments.packages))
    analyses = [analysis for _, analysis in entries]
    paths = [arguments.folder / "music" / row["path"] for row, _ in entries]
    artists = [row["artist"].strip().lower() for row, _ in entries]
    game, artist = codes([path.parent.name for path in paths]), codes(artists)
    print(f"{len(entries)} tracks of {len(set(game))} games at {SAMPLE_RATE} Hz\n")
    print("| space | same game P@1 | P@5 | P@10 | same artist P@1 | P@5 | P@10 | skew | reach | anti-hubs |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")

    def report(name: str, scores: np.ndarray) -> None:
        figures = [*precision(scores, game, artist).values(), *precision(scores, artist, game).values()]
        print(f"| {name} | {' | '.join(map(str, figures))} | {' | '.join(f'{v:.2f}' for v in hubs(scores).values())} |")

    for name, scores in others(paths):
        report(name, scores)
    sets = {"four families": ANALYSED_FAMILIES}
    if all(analysis.heard is not None for analysis in analyses):
        sets |= {"learned alone": (Family.LEARNED,), "five families": tuple(Family)}
    for name, families in sets.items():
        blocks = families_of(analyses, families)
        report(f"{name}, cosine", cosine(np.hstack(blocks)))
        report(f"{name}, as served", mutual(np.hstack(blocks)))
        if (white := whitened(blocks, artists)) is not None:
            report(f"{name}, whitened, as served", mutual(np.hstack(white)))
    genre_tags(entries)


if __name__ == "__main__":
    main()
