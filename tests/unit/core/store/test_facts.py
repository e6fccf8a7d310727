"""A track's facts survive JSON and BSON, within bounds; older records and older readers go on as before."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import bson
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from segue_core.store.facts import (
    MAXIMUM_NUMBER,
    MAXIMUM_PATH_BYTES,
    Cover,
    FileFacts,
    MusicBrainzIds,
    Root,
    SortNames,
)
from segue_core.store.records import Metadata, TrackRecord, encode, to_document
from segue_core.store.tracks import TrackRow
from support.tracks import track_record

words = st.none() | st.text(max_size=40)
identifiers = st.none() | st.uuids().map(str)
covers = st.builds(
    Cover,
    media_type=st.sampled_from(["image/jpeg", "image/png", "image/webp", "image/gif"]),
    name=st.none() | st.binary(min_size=1, max_size=255),
    offset=st.integers(0, 2**40),
    size=st.integers(0, 16 << 20),
    sha256=st.none() | st.just("0" * 64),
)
files = st.builds(
    FileFacts,
    path=st.binary(min_size=1, max_size=300),
    root=st.none() | st.builds(Root, volume=st.text(min_size=1, max_size=40), folder=st.text(max_size=40)),
    size=st.integers(0, 2**62),
    suffix=st.text(max_size=16),
    bit_rate_kbps=st.none() | st.integers(0, 10_000_000),
    cover=st.none() | covers,
)
metadata = st.builds(
    Metadata,
    album_artist=words,
    disc_number=st.none() | st.integers(1, MAXIMUM_NUMBER),
    track_number=st.none() | st.integers(1, MAXIMUM_NUMBER),
    sort=st.builds(SortNames, title=words, artist=words, album=words, album_artist=words),
    music_brainz=st.builds(MusicBrainzIds, recording=identifiers, artists=st.just(()) | st.tuples(st.uuids().map(str))),
    isrcs=st.just(()) | st.just(("DEA123456789",)),
)


class OlderRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a reader from before the facts knows of a record."""

    track_id: str
    path: str
    schema_version: int


def with_facts(**facts: Any) -> TrackRecord:
    added = datetime(2026, 1, 2, tzinfo=UTC)
    file = FileFacts(path=b"caf\xe9.mp3", root=Root(volume="hostPath/srv"), size=5, suffix="mp3")
    return msgspec.structs.replace(track_record(1), **{"added": added, "file": file, **facts})


@given(file=files, metadata=metadata)
def test_facts_survive_the_topic_and_the_database(file: FileFacts, metadata: Metadata) -> None:
    record = with_facts(file=file, metadata=metadata)
    assert msgspec.json.decode(encode(record), type=TrackRecord) == record
    options: bson.CodecOptions[dict[str, Any]] = bson.CodecOptions(tz_aware=True)
    stored = bson.decode(bson.encode(to_document(record)), options)
    assert msgspec.convert(stored, TrackRecord) == record
    row = TrackRow.of_document(stored)
    assert (row.file, row.added, row.metadata) == (file, record.added, metadata)


def test_a_record_from_before_is_read_as_it_was() -> None:
    old = {name: value for name, value in json.loads(encode(track_record(1))).items() if name not in ("file", "added")}
    old["metadata"] = {"title": "T", "genres": ["Rock"], "year": 1999}
    record = msgspec.json.decode(json.dumps(old), type=TrackRecord)
    assert (record.file, record.added, record.metadata.track_number) == (None, None, None)
    assert record.schema_version == track_record(1).schema_version
    row = TrackRow.of_document(old)
    assert (row.file, row.added) == (None, None)


def test_an_older_reader_ignores_the_facts() -> None:
    older = msgspec.json.decode(encode(with_facts()), type=OlderRecord)
    assert (older.track_id, older.path, older.schema_version) == ("1", "000/000001.mp3", 1)


def test_a_damaged_file_in_a_row_is_no_file() -> None:
    row = TrackRow.of_document({"file": {"path": 5}, "added": "yesterday"})
    assert (row.file, row.added) == (None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"file": {"path": "", "size": 1, "suffix": ""}},
        {"file": {"path": "QQ" * MAXIMUM_PATH_BYTES, "size": 1, "suffix": ""}},
        {"file": {"path": "?", "size": 1, "suffix": ""}},
        {"file": {"path": "QQ==", "size": -1, "suffix": ""}},
        {"file": {"path": "QQ==", "size": 10**30, "suffix": ""}},
        {"file": {"path": "QQ==", "size": 1, "suffix": "x" * 17}},
        {"file": {"path": "QQ==", "size": 1, "suffix": "", "root": {"volume": ""}}},
        {"file": {"path": "QQ==", "size": 1, "suffix": "", "cover": {"mediaType": "text/html"}}},
        {"file": {"path": "QQ==", "size": 1, "suffix": "", "cover": {"mediaType": "image/png", "size": 1 << 30}}},
        {"metadata": {"trackNumber": 0}},
        {"metadata": {"discNumber": 10**9}},
        {"metadata": {"albumArtist": "x" * 2001}},
        {"metadata": {"sort": {"title": "x" * 2001}}},
        {"metadata": {"isrcs": ["<script>"]}},
        {"metadata": {"isrcs": ["DEA123456789"] * 21}},
        {"metadata": {"musicBrainz": {"recording": "../../etc/passwd"}}},
        {"added": "2026-01-02T00:00:00"},
    ],
)
def test_what_is_out_of_bounds_is_refused(wrong: dict[str, Any]) -> None:
    value = json.dumps({**json.loads(encode(with_facts())), **wrong})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(value, type=TrackRecord)
