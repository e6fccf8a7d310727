"""Where a track's file is on this machine."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from segue_core.store.track_files import TrackFile

CLAIMS = {"music": "/srv/music"}


def facts(path: bytes, volume: str, folder: str = ".") -> dict[str, Any]:
    return {"path": base64.b64encode(path).decode(), "root": {"volume": volume, "folder": folder}}


@pytest.mark.parametrize(
    ("document", "location"),
    [
        ({"path": "a/b.mp3", "source": "hostPath/srv/ann/Music"}, b"/srv/ann/Music/a/b.mp3"),
        ({"path": "b.mp3", "source": "persistentVolumeClaim/default/music/rock"}, b"/srv/music/rock/b.mp3"),
        ({"path": "b.mp3", "source": "persistentVolumeClaim/default/music"}, b"/srv/music/b.mp3"),
        ({"path": r"caf\xe9.mp3", "file": facts(b"caf\xe9.mp3", "hostPath/m")}, b"/m/caf\xe9.mp3"),
        (
            {"path": "b.mp3", "source": "hostPath/old", "file": facts(b"b.mp3", "persistentVolumeClaim/x/music", "a")},
            b"/srv/music/a/b.mp3",
        ),
        ({"path": "b.mp3", "source": "persistentVolumeClaim/default/others"}, None),
        ({"path": "b.mp3", "source": "a name of one's own"}, None),
        ({"path": "b.mp3"}, None),
        ({"source": "hostPath/m"}, None),
        ({"path": "b.mp3", "source": "hostPath/m", "file": {"path": "!", "root": None}}, b"/m/b.mp3"),
    ],
)
def test_a_file_is_located_as_far_as_its_volume_is_known(document: dict[str, Any], location: bytes | None) -> None:
    assert TrackFile.of_document({"trackId": "t", **document}).located(CLAIMS).location == location
