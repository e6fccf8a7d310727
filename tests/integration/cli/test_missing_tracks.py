"""Missing and forgotten tracks, over a real database."""

from __future__ import annotations

import io
import json

import pytest
from pymongo import MongoClient

from segue.__main__ import main
from segue_core.settings import MongoSettings
from segue_core.store.database import Database, Document, database
from segue_core.store.presence import Presence, SourcePresence, write_presence
from support.asked_catalogue import TRACKS, ask

pytestmark = pytest.mark.usefixtures("asked_catalogue")


def hide(target: Database, track_id: str) -> None:
    entry = SourcePresence(name="hostPath/m", path=f"{track_id}.mp3", present=False, since="2026-01-01T00:00:00Z")
    write_presence(
        target, [Presence(catalogue="fma", track_id=track_id, audio_sha256="a", sources=(entry,), hidden=True)]
    )


def test_a_missing_track_is_in_one_list_alone(
    mongo_client: MongoClient[Document], mongo_settings: MongoSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    hide(database(mongo_client, mongo_settings), "000007")
    present = {entry["trackId"] for entry in json.loads(ask(capsys, "tracks", "--catalogue", "fma", "--json"))}
    assert len(present) == TRACKS - 1
    assert "000007" not in present
    (missing,) = json.loads(ask(capsys, "tracks", "--catalogue", "fma", "--missing", "--json"))
    assert missing["trackId"] == "000007"
    assert missing["because"] == "its file 000007.mp3 has been missing from hostPath/m since 2026-01-01T00:00:00Z"
    assert main(["recommend", "--catalogue", "fma", "--track", "000007"]) == 2
    assert "has been missing from hostPath/m" in capsys.readouterr().err


def test_forgetting_asks_first_or_wants_yes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["forget", "nobody", "--catalogue", "fma"]) == 2
    assert "has no track 'nobody'" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["forget", "000007", "--catalogue", "fma"]) == 2
    assert "add --yes" in capsys.readouterr().err
    assert "1 forgotten" in ask(capsys, "forget", "000007", "--catalogue", "fma", "--yes")
    assert len(json.loads(ask(capsys, "tracks", "--catalogue", "fma", "--json"))) == TRACKS - 1
