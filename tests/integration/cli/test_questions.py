"""Commands that ask a catalogue, over a real database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pymongo import MongoClient

from segue.__main__ import main
from segue_core.contract import Reason, Stage
from segue_core.settings import MongoSettings
from segue_core.store.database import Collection, Document, database
from segue_core.store.records import RejectedRecord, rejected_key, to_document
from support.asked_catalogue import GENRE, TRACKS, ask

pytestmark = pytest.mark.usefixtures("asked_catalogue")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"$set": {"schemaVersion": 99}}, "its schema version is 99, but this program reads 1, 2 and 3"),
        ({"$unset": {"centres": ""}}, "centres"),
    ],
)
def test_a_model_that_cannot_be_read_is_named(
    change: Document,
    problem: str,
    mongo_client: MongoClient[Document],
    mongo_settings: MongoSettings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    database(mongo_client, mongo_settings)[Collection.MODELS].update_one({"_id": "fma:1"}, change)
    for command in (("tracks",), ("recommend", "--track", "000005"), ("map", "--output", "map.png")):
        assert main([*command, "--catalogue", "fma"]) == 1
        said = capsys.readouterr().err
        assert "model 'fma:1' cannot be read" in said
        assert problem in said
        assert "segue get models" in said


def test_recommendations_say_why_in_shares_that_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(ask(capsys, "recommend", "--catalogue", "fma", "--track", "000005", "-n", "5", "--json"))
    assert answer["model"] == "fma:1"
    assert len(answer["hits"]) == 5
    assert "000005" not in [hit["trackId"] for hit in answer["hits"]]
    assert all(sum(hit["why"].values()) == pytest.approx(1) for hit in answer["hits"])
    shown = ask(capsys, "recommend", "--catalogue", "fma", "--track", "000005", "-n", "5", "--why")
    assert all(hit["trackId"] in shown for hit in answer["hits"])
    assert all(family in shown for family in ("TIMBRE", "SPECTRAL", "HARMONY", "RHYTHM"))


def test_a_report_is_a_page_or_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert "wrote" in ask(capsys, "report", "--catalogue", "fma", "--html", str(page))
    written = page.read_text(encoding="utf-8")
    assert written.count("<circle") == TRACKS
    assert r"bad\x1b[31m.mp3" in written
    report = json.loads(ask(capsys, "report", "--catalogue", "fma", "--json"))
    assert (report["model"], report["is_active"], report["tracks"]) == ("fma:1", True, TRACKS)
    assert [line["reason"] for line in report["rejected"]] == ["DecodeError"]
    assert len(report["clusters"]) == 5
    assert main(["report", "--catalogue", "fma"]) == 2
    assert "--html FILE" in capsys.readouterr().err
    assert main(["report", "--catalogue", "fma", "--html", str(tmp_path / "none" / "report.html")]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_filters_hold_and_what_they_leave_out_is_accounted_for(capsys: pytest.CaptureFixture[str]) -> None:
    base = ("recommend", "--catalogue", "fma", "--track", "000005", "-n", "5")
    filters = (
        "--genre",
        "genre 1",
        "--genre",
        "Genre 2",
        "--year",
        "1980..1999",
        "--tempo",
        "100..",
        "--duration",
        "..200",
    )
    answer = json.loads(ask(capsys, *base, *filters, "--json"))
    assert len(answer["hits"]) == 5
    passing = [
        number
        for number in range(120)
        if number != 5 and GENRE[number] in (1, 2) and 1980 <= 1970 + number % 40 <= 1999
        and 60 + number >= 100 and 60 + 2 * number <= 200
    ]  # fmt: skip
    assert {int(hit["trackId"]) for hit in answer["hits"]} <= set(passing)
    rules = ("seed", "genre", "year", "tempo", "duration")
    assert sum(answer["dropped"][rule] for rule in rules) + len(passing) == 120
    shown = ask(capsys, *base, *filters, "--why")
    assert f"left out: 1 given as likes or dislikes, {answer['dropped']['genre']} of other genres, " in shown
    assert f"{answer['dropped']['tempo']} of another tempo" in shown
    assert "left out: 1 given as likes or dislikes" in ask(capsys, *base, "--why")
    assert "left out" not in ask(capsys, *base)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--year", "nineties"), "'nineties' is not a valid range"),
        (("--tempo", ".."), "'..' is not a valid range"),
        (("--duration", "300..100"), "give the smaller number first"),
        (("--tempo", "nan"), "'nan' is not a valid range"),
    ],
)
def test_an_invalid_range_is_explained(given: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recommend", "--catalogue", "fma", "--track", "000005", *given]) == 2
    assert said in capsys.readouterr().err


def test_a_list_can_be_played(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = ("recommend", "--catalogue", "fma", "--track", "000005", "-n", "5")
    hits = json.loads(ask(capsys, *base, "--json"))["hits"]
    assert [(hit["path"], hit["uri"]) for hit in hits] == [
        (f"{hit['trackId']}.flac", f"file:///m%20usic/{hit['trackId']}.flac") for hit in hits
    ]
    files = [f"/m usic/{hit['trackId']}.flac" for hit in hits]
    assert ask(capsys, *base, "--paths").splitlines() == files
    playlist = tmp_path / "list.m3u8"
    assert "SCORE" in ask(capsys, *base, "--m3u", str(playlist))
    assert [line for line in playlist.read_text().splitlines() if not line.startswith("#")] == files
    assert ask(capsys, *base, "--m3u", "-") == playlist.read_text()
    likes = json.loads(ask(capsys, "recommend", "--catalogue", "fma", "--like", str(playlist), "--json"))
    assert {one for taste in likes["tastes"] for one in taste} == {hit["trackId"] for hit in hits}


def test_a_track_is_found_by_its_other_file_and_by_a_link_to_its_file(
    mongo_client: MongoClient[Document],
    mongo_settings: MongoSettings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "five.flac").touch()
    (tmp_path / "link.flac").symlink_to(tmp_path / "music" / "five.flac")
    changes = {
        "source": f"hostPath{tmp_path}/music", "path": "five.flac",
        "alternatives": [{"path": "five.mp3", "message": "the other is better"}],
    }  # fmt: skip
    tracks = database(mongo_client, mongo_settings)[Collection.TRACKS]
    tracks.update_one({"_id": "fma:000005"}, {"$set": changes, "$unset": {"file": ""}})
    for typed in ("music/five.flac", "music/five.mp3", "link.flac"):
        found = ask(capsys, "recommend", "--catalogue", "fma", "--track", str(tmp_path / typed), "--json")
        assert json.loads(found)["tastes"] == [["000005"]]


def test_a_playlist_replaces_no_other_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song = tmp_path / "song.mp3"
    song.write_bytes(b"ID3")
    assert main(["recommend", "--catalogue", "fma", "--track", "000005", "--m3u", str(song)]) == 2
    assert "is not a playlist, and is not overwritten" in capsys.readouterr().err
    assert song.read_bytes() == b"ID3"


def test_music_is_named_as_people_name_it(capsys: pytest.CaptureFixture[str]) -> None:
    def liked(text: str) -> list[str]:
        answer = json.loads(ask(capsys, "recommend", "--catalogue", "fma", "--like", text, "--json"))
        return sorted(one for taste in answer["tastes"] for one in taste)

    assert liked("track 7") == ["000007"]
    assert liked("/somewhere/else/m usic/000007.flac") == ["000007"]
    assert liked("ARTIST 3") == ["000003", "000027", "000051", "000075", "000099"]
    for command in (("--like", "Track"), ("--track", "Trakc 7")):
        assert main(["recommend", "--catalogue", "fma", *command]) == 2
        said = capsys.readouterr().err
        assert f"  {command[0]} 0000" in said
        assert "hint: choose one of these" in said


def test_a_walk_goes_from_song_to_song(capsys: pytest.CaptureFixture[str]) -> None:
    walk = ("queue", "--catalogue", "fma", "--from", "Track 5", "-n", "6")
    steps = json.loads(ask(capsys, *walk, "--json"))["steps"]
    assert (steps[0]["trackId"], len(steps)) == ("000005", 6)
    assert ask(capsys, *walk, "--paths").splitlines() == [f"/m usic/{step['trackId']}.flac" for step in steps]
    shown = ask(capsys, *walk, "--to", "000008")
    assert "000008" in shown.splitlines()[-1]
    assert main(["queue", "--catalogue", "fma", "--from", "Artist 3"]) == 2
    assert "can mean 5 things" in capsys.readouterr().err


def test_tracks_are_listed_before_there_is_a_model(
    mongo_client: MongoClient[Document], mongo_settings: MongoSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    target = database(mongo_client, mongo_settings)
    for collection in (Collection.MODELS, Collection.CATALOGUES):
        target[collection].delete_many({})
    target[Collection.TRACKS].update_one({"_id": "fma:000007"}, {"$unset": {"metadata.title": ""}})
    assert main(["tracks", "--catalogue", "fma"]) == 0
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == TRACKS + 1
    assert "has no model yet" in shown.err
    (entry,) = json.loads(ask(capsys, "tracks", "000007", "--catalogue", "fma", "--json"))
    assert (entry["title"], entry["cluster"], entry["path"]) == ("000007", None, "000007.flac")
    assert main(["tracks", "--catalogue", "fma", "--typical", "1"]) == 2


def test_a_file_that_several_runs_rejected_is_listed_once(
    mongo_client: MongoClient[Document], mongo_settings: MongoSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    target = database(mongo_client, mongo_settings)
    for number in range(3):
        rejection = RejectedRecord(
            catalogue="fma", track_id="bad", batch="one", batch_uid=f"v{number}", shard=0, stage=Stage.DECODE,
            reason=Reason.SILENT, path="bad\x1b[31m.mp3", message=f"run {number}",
        )  # fmt: skip
        document = {"_id": rejected_key(rejection), **to_document(rejection), "kafka": {"timestamp": 10 + number}}
        target[Collection.REJECTED].insert_one(document)
    (rejected,) = json.loads(ask(capsys, "rejected", "--catalogue", "fma", "--json"))
    assert rejected["message"] == "run 2"


def test_several_tracks_get_a_list_each_and_likes_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    two = ("--track", "000005", "--track", "000006")
    assert len(json.loads(ask(capsys, "recommend", "--catalogue", "fma", *two, "--json"))) == 2
    likes = ("--like", "000005", "--like", "000006", "--dislike", "000007")
    answer = json.loads(ask(capsys, "recommend", "--catalogue", "fma", *likes, "--json"))
    found = {hit["trackId"] for hit in answer["hits"]}
    assert found.isdisjoint({"000005", "000006", "000007"})


def test_the_map_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = ask(capsys, "map", "--catalogue", "fma", "--output", str(tmp_path / "map.png"))
    assert "120 tracks in 5 clusters" in shown
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_tracks_are_found_by_their_names_and_clusters(capsys: pytest.CaptureFixture[str]) -> None:
    everything = json.loads(ask(capsys, "tracks", "--catalogue", "fma", "--json"))
    assert len(everything) == 120
    one = everything[7]
    found = json.loads(ask(capsys, "tracks", one["trackId"], "--catalogue", "fma", "--json"))
    assert found == [one]
    typical = json.loads(ask(capsys, "tracks", "--catalogue", "fma", "--typical", "1", "--json"))
    assert len({track["cluster"] for track in typical}) == len(typical) == 5
    assert len(ask(capsys, "tracks", "--catalogue", "fma").splitlines()) == 121


def test_rejections_are_listed_and_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    shown = ask(capsys, "rejected", "--catalogue", "fma")
    assert "bad\\x1b[31m.mp3" in shown
    assert "\x1b[31m" not in shown
    [rejected] = json.loads(ask(capsys, "rejected", "--catalogue", "fma", "--json"))
    assert (rejected["trackId"], rejected["reason"], rejected["uri"]) == ("bad", "DecodeError", None)
    assert ask(capsys, "rejected", "--catalogue", "fma", "--reason", "Silent") == "no track was rejected\n"


def test_models_are_listed_with_the_active_one(capsys: pytest.CaptureFixture[str]) -> None:
    header, row = (line.split() for line in ask(capsys, "get", "models").splitlines())
    assert header == ["NAME", "ACTIVE", "K", "TRACKS", "RUN", "CREATED"]
    assert row[:4] == ["fma:1", "yes", "5", "120"]
    assert len(json.loads(ask(capsys, "get", "model", "fma:1", "-o", "json"))["centres"]) == 5


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("recommend", "--catalogue", "fma", "--track", "00000-5"), "did you mean"),
        (("recommend", "--catalogue", "fma", "--track", "bad"), "DecodeError"),
        (("recommend", "--catalogue", "fma", "--like", "000005", "--dislike", "000005"), "both liked and disliked"),
        (("recommend", "--catalogue", "fna", "--track", "000005"), "did you mean fma?"),
        (("recommend", "--catalogue", "fma", "--track", "000005", "--model", "fma:9"), "segue get models"),
        (("map", "--catalogue", "fma", "--output", "/nowhere/map.png"), "there is no folder"),
        (("map", "--catalogue", "xyz"), "known catalogues: fma"),
        (("recommend", "--catalogue", "fma", "--track", "000005", "--genre", "Genra 1"), "did you mean 'genre 1'"),
        (("get", "model", "fma:2"), "did you mean fma:1?"),
    ],
)
def test_a_wrong_question_is_explained(command: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(list(command)) == 2
    assert said in capsys.readouterr().err
