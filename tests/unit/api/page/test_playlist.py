"""Playlists: one line stays one line, whatever names contain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segue_api.page.playlist import Entry, playlist


def test_an_entry_is_a_length_a_label_and_a_path() -> None:
    text = playlist("A to B", [Entry("a/b.flac", "Title", "Artist", 61.4), Entry("c.mp3", "", "", None)])
    assert text == "#EXTM3U\n#PLAYLIST:A to B\n#EXTINF:61,Artist - Title\na/b.flac\n#EXTINF:-1,\nc.mp3\n"


@given(st.text(), st.text(), st.text(min_size=1))
def test_names_cannot_add_lines_or_hide_their_path(title: str, artist: str, path: str) -> None:
    lines = playlist(title, [Entry(path, title, artist, 1.0)]).split("\n")
    assert len(lines) == 5
    assert len("".join(lines).splitlines()) == 1
    assert not lines[3].startswith("#")
