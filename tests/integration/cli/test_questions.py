"""Commands that ask a catalogue, over a real database."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from pymongo import MongoClient

from segue_jobs.contract import Reason, Stage
from segue_jobs.models import CatalogueDocument, model_key
from segue_jobs.records import RejectedRecord, TrackRecord, rejected_key, to_document
from segue_jobs.runtime.mongodb import Collection, Document, database, ensure_indexes
from segue_jobs.runtime.settings import MongoSettings
from segue_operator.local.__main__ import main
from support.synthetic_model import CREATED, train_model
from support.synthetic_tracks import synthetic_tracks, track_document

TRACKS, GENRES = 120, 4
GENRE = [number % (TRACKS // 5) % GENRES for number in range(TRACKS)]
"""By track: each artist has five tracks and keeps to one genre."""


def detailed(record: TrackRecord) -> TrackRecord:
    """Years from 1970 to 2009, tempi from 60 BPM, durations from 60 s, all by the track's number."""
    number = int(record.track_id)
    return msgspec.structs.replace(
        record,
        metadata=msgspec.structs.replace(record.metadata, year=1970 + number % 40),
        descriptors={"tempoBpm": 60.0 + number},
        audio=msgspec.structs.replace(record.audio, duration_seconds=60.0 + 2 * number),
    )


@pytest.fixture(autouse=True)
def catalogue(
    mongo_client: MongoClient[Document], mongo_settings: MongoSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = database(mongo_client, mongo_settings)
    ensure_indexes(target)
    records = [detailed(record) for record in synthetic_tracks("fma", TRACKS, genres=GENRES)]
    target[Collection.TRACKS].insert_many([track_document(record) for record in records])
    model, assignments = train_model(records, k=5)
    target[Collection.MODELS].insert_one({"_id": model_key("fma", 1), **to_document(model)})
    target[Collection.ASSIGNMENTS].insert_many(
        [{"_id": f"fma:1:{entry.track_id}", **to_document(entry)} for entry in assignments]
    )
    pointer = CatalogueDocument(catalogue="fma", active_model="fma:1", updated=CREATED)
    target[Collection.CATALOGUES].insert_one({"_id": "fma", **to_document(pointer)})
    rejection = RejectedRecord(
        catalogue="fma", track_id="bad", batch="one", batch_uid="u1", shard=0, stage=Stage.DECODE,
        reason=Reason.DECODE_ERROR, path="bad\x1b[31m.mp3", message="no frame",
    )  # fmt: skip
    target[Collection.REJECTED].insert_one({"_id": rejected_key(rejection), **to_document(rejection)})
    monkeypatch.setenv("MONGODB_URI", mongo_settings.uri)
    monkeypatch.setenv("SEGUE_DATABASE", mongo_settings.database)
    monkeypatch.setenv("SEGUE_STATE", str(tmp_path / "state"))


def ask(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    assert main(list(command)) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"$set": {"schemaVersion": 2}}, "its schema version is 2, this program reads 1"),
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
        (("--year", "nineties"), "'nineties' is no range such as 1990..1999"),
        (("--tempo", ".."), "'..' is no range"),
        (("--duration", "300..100"), "give the smaller number first"),
        (("--tempo", "nan"), "holds nothing"),
    ],
)
def test_a_range_that_is_none_is_explained(
    given: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["recommend", "--catalogue", "fma", "--track", "000005", *given])
    assert said in capsys.readouterr().err


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
    assert (rejected["trackId"], rejected["reason"]) == ("bad", "DecodeError")
    assert ask(capsys, "rejected", "--catalogue", "fma", "--reason", "Silent") == "no track was rejected\n"


def test_models_are_listed_with_the_active_one(capsys: pytest.CaptureFixture[str]) -> None:
    header, row = (line.split() for line in ask(capsys, "get", "models").splitlines())
    assert header == ["NAME", "ACTIVE", "K", "TRACKS", "RUN", "CREATED"]
    assert row[:4] == ["fma:1", "yes", "5", "120"]
    assert len(json.loads(ask(capsys, "get", "model", "fma:1", "-o", "json"))["centres"]) == 5


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("recommend", "--catalogue", "fma", "--track", "00005"), "did you mean"),
        (("recommend", "--catalogue", "fma", "--track", "bad"), "DecodeError"),
        (("recommend", "--catalogue", "fma", "--like", "000005", "--dislike", "000005"), "both liked and disliked"),
        (("recommend", "--catalogue", "fna", "--track", "000005"), "did you mean fma?"),
        (("recommend", "--catalogue", "fma", "--track", "000005", "--model", "fma:9"), "segue get models"),
        (("map", "--catalogue", "fma", "--output", "/nowhere/map.png"), "there is no folder"),
        (("map", "--catalogue", "xyz"), "there are: fma"),
        (("recommend", "--catalogue", "fma", "--track", "000005", "--genre", "Genra 1"), "did you mean 'genre 1'"),
        (("get", "model", "fma:2"), "did you mean fma:1?"),
    ],
)
def test_a_wrong_question_is_explained(command: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(list(command)) == 2
    assert said in capsys.readouterr().err
