"""The lines that `segue serve` prints to try can be pasted, whatever the track's id is."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from segue.commands.service import examples, page_link
from segue.commands.service_key import ServiceKey


@pytest.mark.parametrize("track_id", ["castle", "It's a/b c", "Ünter 'den' \"Linden\""])
def test_the_shell_reads_the_printed_lines_as_they_are_meant(track_id: str) -> None:
    lines = examples("http://127.0.0.1:8000", Path("/srv/my music/key"), "demo", track_id)
    _, search, similar, like, recommendations = map(shlex.split, lines)
    assert all(words[:2] == ["curl", "-H"] for words in (search, similar, like, recommendations))
    assert json.loads(like[-1]) == {"events": [{"type": "like", "user": "me", "trackId": track_id}]}
    assert "/" not in similar[-1].removeprefix("http://127.0.0.1:8000/v1/tracks/").removesuffix(
        "/similar?catalogue=demo&limit=5"
    )


def test_the_link_to_the_page_has_the_key_where_no_server_sees_it(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("segue_abc\n", encoding="ascii")
    assert page_link("http://127.0.0.1:8000", ServiceKey(path)) == "http://127.0.0.1:8000/sign-in#key=segue_abc"
    assert page_link("http://[::1]:80", ServiceKey(path, "segue_new")).endswith("/sign-in#key=segue_new")
