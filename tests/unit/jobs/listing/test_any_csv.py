"""Whatever the bytes of a CSV: it is refused with a sentence, or every row is a track or a rejection of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segue_core.contract import MetadataFormat, RowsWithoutAudio
from segue_core.errors import ConfigurationError
from segue_jobs.listing.audio_files import AudioFile
from segue_jobs.listing.join import join
from segue_jobs.listing.metadata import read_metadata

FILES = [AudioFile(path, size=1) for path in ("7.mp3", "007.mp3", "rock/a.mp3", "b.flac", "b.mp3")]
WORDS = st.sampled_from(
    [
        "id", "path", "title", "track_id", "7", "007", "\u0660\u0660\u0667", "7.0", "a", "rock/a.mp3", "../x", "[1,2]",
        '"', '""', '\\"', "", " ", "\0", "\ufeff", "é", "nan", "-1", "9" * 30, "x" * 600, "\u2028", "sep=;",
    ]
)  # fmt: skip
SEPARATORS = st.sampled_from([",", ";", "\t", "|", "\n", "\r\n", "\r", ",,,"])
TABLES = st.lists(st.tuples(WORDS, SEPARATORS), max_size=60).map(lambda parts: "".join(map("".join, parts)))
ENCODED = st.tuples(TABLES, st.sampled_from(["utf-8", "utf-16", "utf-8-sig", "cp1252", "utf-32"])).map(
    lambda pair: pair[0].encode(pair[1], "replace")
)


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv") / "tracks.csv"


@settings(max_examples=100, deadline=None)
@given(content=ENCODED | st.binary(max_size=300), wanted=st.sampled_from(MetadataFormat))
@example(content=b"id\n7\n007\n", wanted=MetadataFormat.FLAT)
@example(content=b'id,title\n7,"never closed', wanted=MetadataFormat.AUTO)
@example(content=b'""', wanted=MetadataFormat.AUTO)
@example(content=b"sep=;\n", wanted=MetadataFormat.AUTO)
@example(content=b"\xff\xfe", wanted=MetadataFormat.AUTO)
@example(content=b"id\n" + b"\0" * 50, wanted=MetadataFormat.FLAT)
def test_any_bytes_are_refused_or_every_row_is_accounted_for(csv: Path, content: bytes, wanted: MetadataFormat) -> None:
    csv.write_bytes(content)
    try:
        table = read_metadata(csv, wanted, {})
    except ConfigurationError as error:
        assert len(str(error)) < 3000  # noqa: PT017 - the other outcome is as good
        return
    listing = join(FILES, table, RowsWithoutAudio.REJECT)
    ids = [track.track_id for track in listing.tracks]
    assert len(ids) == len(set(ids)) >= len(table.rows)
    for track in listing.tracks:
        assert track.track_id.encode()
        assert len(track.track_id) <= 512
        assert track.problem is None or track.problem.message
    listed = [path for track in listing.tracks for path in track.candidates]
    assert sorted(listed) == sorted(file.path for file in FILES)


def test_a_line_of_100_megabytes_needs_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "tracks.csv"
    with path.open("wb") as file:
        file.write(b"id,title\n1,")
        for _ in range(100):
            file.write(b"x" * (1 << 20))
    code = (
        "import resource, sys; from pathlib import Path; from segue_core.contract import MetadataFormat\n"
        "from segue_jobs.listing.metadata import read_metadata\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_metadata(Path(sys.argv[1]), MetadataFormat.AUTO, {})\n"
        "except Exception as error:\n    print(type(error).__name__, end=' ')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000)"
    )
    shown = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["ConfigurationError", "True"]
