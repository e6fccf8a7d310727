"""FMA's tree of genres: a track of a genre is one of the genres above it."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_core.contract import MetadataFormat
from segue_jobs.listing import cells
from segue_jobs.listing.genre_tree import GenreTree
from segue_jobs.listing.metadata import read_metadata

RAW_TRACKS = """\
track_id,album_title,artist_name,track_date_recorded,track_duration,track_genres,track_title,track_url
2,AWOL,Artist,11/26/2008,02:48,"[{'genre_id': '21', 'genre_title': 'Hip-Hop', 'genre_url': 'u'}]",Food,u
"""
TREE = """\
genre_id,#tracks,parent,title,top_level
21,8389,0,Hip-Hop,21
12,32923,0,Rock,12
25,9261,12,Punk,12
89,1858,25,Hardcore,12
7,1,8,Left,7
8,1,7,Right,7
"""


@pytest.mark.parametrize(
    ("numbers", "top", "genres"),
    [
        ("[89]", "Rock", ("Rock", "Hardcore", "Punk")),
        ("[89, 21]", "", ("Hardcore", "Hip-Hop", "Punk", "Rock")),
        ("[25]", "", ("Punk", "Rock")),
        ("[7]", "", ("Left", "Right")),
        ("[999, 'x', 21]", "", ("Hip-Hop",)),
        ("[]", "Rock", ("Rock",)),
    ],
)
def test_a_track_of_a_genre_is_also_one_of_the_genres_above_it(
    numbers: str, top: str, genres: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "genres.csv").write_text(TREE)
    tree = GenreTree.beside(tmp_path / "tracks.csv")
    assert tree.of_numbers(cells.literal(numbers), first=top) == genres


def test_raw_tracks_have_the_genres_above_theirs_too(tmp_path: Path) -> None:
    (tmp_path / "genres.csv").write_text(TREE.replace("21,8389,0,", "21,8389,12,"))
    (tmp_path / "tracks.csv").write_text(RAW_TRACKS)
    [row] = read_metadata(tmp_path / "tracks.csv", MetadataFormat.AUTO, {}).rows
    assert row.metadata.genres == ("Hip-Hop", "Rock")


@pytest.mark.parametrize("text", ["genre_id,title\n", "number,name\n1,Rock\n", "genre_id,title\n21,Hip-Hop\n"])
def test_a_genre_file_without_parents_is_no_tree(text: str, tmp_path: Path) -> None:
    (tmp_path / "genres.csv").write_text(text)
    assert GenreTree.beside(tmp_path / "tracks.csv").of_titles(["Hip-Hop"]) == ("Hip-Hop",)
