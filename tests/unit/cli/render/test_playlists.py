"""Playlists: what is written can be read again."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.render.playlists import PlaylistEntry, is_playlist, paths_in, playlist, uri_of

names = st.binary(min_size=1, max_size=30).map(lambda raw: raw.replace(b"\0", b"x").replace(b"/", b"x"))
locations = st.lists(names, min_size=1, max_size=4).map(lambda parts: b"/" + b"/".join(parts))


def test_a_playlist_names_each_file_with_its_title_and_length() -> None:
    written = playlist(
        [PlaylistEntry(b"/m/caf\xe9.mp3", "Caf\u00e9 - \u97f3", 61.4), PlaylistEntry(b"/m/b\n.ogg", "b\x1b", 0)]
    )
    assert written.split(b"\n") == [
        b"#EXTM3U",
        "#EXTINF:61,Caf\u00e9 - \u97f3".encode(),
        b"/m/caf\xe9.mp3",
        b"#EXTINF:-1,b\\x1b",
        b"file:///m/b%0A.ogg",
        b"",
    ]


@given(st.lists(locations, max_size=5))
def test_the_files_of_a_playlist_are_found_again(files: list[bytes]) -> None:
    written = playlist(PlaylistEntry(location, "x", 1) for location in files)
    assert [os.fsencode(path) for path in paths_in(written, "/elsewhere")] == [os.path.normpath(one) for one in files]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b"song.mp3", "/lists/song.mp3"),
        (b"../m/song.mp3", "/m/song.mp3"),
        (rb"..\m\song.mp3", "/m/song.mp3"),
        (b"file:///m/a%20b.mp3", "/m/a b.mp3"),
        (b"\xef\xbb\xbfsong.mp3", "/lists/song.mp3"),
    ],
)
def test_other_programs_playlists_are_understood(line: bytes, path: str) -> None:
    assert paths_in(line + b"\r\n", "/lists") == [path]


def test_streams_and_comments_are_no_files() -> None:
    assert paths_in(b"#EXTM3U\n\nhttp://radio/x.mp3\n#EXTINF:1,x\n", "/lists") == []


@given(st.binary(max_size=300))
def test_any_bytes_are_a_playlist_of_some_paths(raw: bytes) -> None:
    assert all(path.startswith("/") for path in paths_in(raw, "/lists"))


def test_a_playlist_is_told_by_its_ending() -> None:
    assert is_playlist("a/b.M3U8")
    assert is_playlist("x.m3u")
    assert not is_playlist("m3u")


def test_a_uri_is_ascii_and_exact() -> None:
    assert uri_of(b"/m/caf\xe9 #1.mp3") == "file:///m/caf%E9%20%231.mp3"
