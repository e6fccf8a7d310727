"""Processor time of a second `segue apply` over files that are as they were.

Run: ``python tests/bench/bench_unchanged.py [TRACKS]`` (10,000 unless given). Applies a batch of one file, stores
copies of its record, each with a small file of its own, and applies the batch again. Prints the processor time of the
command and its programs (shards, sink, verify), and apart from it that of the broker and the database.
"""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue.commands.init import make_manifests
from segue.servers.embedded import KafkaServer, MongoServer
from segue_core.contract import Env
from segue_core.settings import MongoSettings
from segue_core.store.database import Collection, Document, connect, database
from segue_core.store.records import TrackRecord, to_document, track_key
from segue_jobs.extract.file_stamp import stamp_of
from support.audio import write_tune

_AT_ONCE = 1000
_TICKS = os.sysconf("SC_CLK_TCK")


def _documents(root: Path, one: Document, count: int) -> Iterator[Document]:
    record = msgspec.convert(one, TrackRecord)
    assert record.file is not None
    data = (root / record.path).read_bytes()
    hour_ago = time.time() - 3600
    for number in range(count):
        path = root / f"{number // 12:04}" / f"{number:05}.flac"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data + number.to_bytes(4, "big"))
        os.utime(path, (hour_ago, hour_ago))
        name = path.relative_to(root).as_posix()
        file = msgspec.structs.replace(
            record.file, path=os.fsencode(name), size=path.stat().st_size, stamp=stamp_of(path)
        )
        sha256 = hashlib.sha256(str(number).encode()).hexdigest()
        track_id = name.removesuffix(".flac")
        copy = msgspec.structs.replace(record, track_id=track_id, path=name, file=file, audio_sha256=sha256)
        yield {**to_document(copy), "_id": track_key("c", track_id), "kafka": one["kafka"]}


def _apply(batch: Path, environment: Mapping[str, str]) -> tuple[float, float, list[str]]:
    """Processor time and time of one apply, and the table that it prints."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "segue", "--quiet", "apply", "-f", str(batch), "--again"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, time.monotonic() - started, done.stdout.splitlines()


def _servers_seconds() -> float:
    """Processor time of this process's descendants that are alive: the servers."""
    parents, seconds = {}, {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(entry.parent.name)
        parents[pid], seconds[pid] = int(fields[1]), (int(fields[11]) + int(fields[12])) / _TICKS
    total = 0.0
    for pid, own in seconds.items():
        ancestor = parents.get(pid)
        while ancestor and ancestor != os.getpid():
            ancestor = parents.get(ancestor)
        total += own if ancestor else 0.0
    return total


def main(count: int) -> None:
    """Measure."""
    with (
        tempfile.TemporaryDirectory() as folder,
        KafkaServer(Path(folder) / "kafka") as kafka,
        MongoServer(Path(folder) / "mongodb") as mongo,
    ):
        root, batch = Path(folder) / "music", Path(folder) / "trackbatch.yaml"
        write_tune(root / "one.flac", 6.0)
        os.utime(root / "one.flac", (time.time() - 3600,) * 2)
        batch.write_text(make_manifests(root, "c", count)["trackbatch.yaml"])
        environment = {
            **os.environ, "SEGUE_STATE": f"{folder}/state", Env.KAFKA_BOOTSTRAP: kafka.bootstrap,
            Env.MONGODB_URI: mongo.uri,
        }  # fmt: skip
        _apply(batch, environment)
        settings = MongoSettings(uri=mongo.uri)
        with connect(settings) as client:
            tracks = database(client, settings)[Collection.TRACKS]
            one = tracks.find_one({})
            assert one is not None
            documents = list(_documents(root, one, count - 1))
            for start in range(0, len(documents), _AT_ONCE):
                tracks.insert_many(documents[start : start + _AT_ONCE])
        for number in ("first", "second"):  # verification learns of the tracks in the first
            before = _servers_seconds()
            seconds, clock, table = _apply(batch, environment)
            print(f"{number}: {seconds:.2f} s of processor time, {clock:.1f} s by the clock")
            print(f"  broker and database: {_servers_seconds() - before:.2f} s of processor time")
            print(*(f"  {line}" for line in table if line.strip()), sep="\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
