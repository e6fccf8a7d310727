"""Processor time of a shard over files that are as they were, with a real broker and a real database.

Run: ``python tests/bench/bench_unchanged.py [TRACKS]`` (10,000 unless given). The tracks are copies of one record, each
with a small file of its own; the shard finds them all stored. Prints the processor time of the shard, its fork server
included.
"""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue.servers.embedded import KafkaServer, MongoServer
from segue_core.contract import Env, ExtractArguments
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Collection, Document, connect, database, ensure_indexes
from segue_core.store.records import TrackRecord, to_document, track_key
from segue_jobs.extract.file_stamp import stamp_of
from support.audio import write_tune
from support.extract import ExtractProcess, Produced

_AT_ONCE = 1000


def _documents(root: Path, one: TrackRecord, count: int) -> Iterator[Document]:
    data = (root / one.path).read_bytes()
    hour_ago = time.time() - 3600
    for number in range(count):
        path = root / f"{number // 12:04}" / f"{number:05}.flac"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data + number.to_bytes(4, "big"))
        os.utime(path, (hour_ago, hour_ago))
        name = path.relative_to(root).as_posix()
        assert one.file is not None
        file = msgspec.structs.replace(one.file, path=os.fsencode(name), size=path.stat().st_size, stamp=stamp_of(path))
        sha256 = hashlib.sha256(str(number).encode()).hexdigest()
        record = msgspec.structs.replace(
            one, track_id=name.removesuffix(".flac"), path=name, file=file, audio_sha256=sha256
        )
        yield {"_id": track_key("c", record.track_id), **to_document(record)}


def main(count: int) -> None:
    """Measure."""
    with (
        tempfile.TemporaryDirectory() as folder,
        KafkaServer(Path(folder) / "kafka") as kafka,
        MongoServer(Path(folder) / "mongodb") as mongo,
    ):
        root = Path(folder) / "music"
        write_tune(root / "one.flac", 5.0)
        os.utime(root / "one.flac", (time.time() - 3600,) * 2)
        broker = KafkaSettings(bootstrap=kafka.bootstrap, create_topics=True, partitions=2)
        settings = MongoSettings(uri=mongo.uri)
        batch = ExtractArguments(catalogue="c", batch="b", batch_uid="u", audio_root=str(root), minimum_seconds=1.0)
        environment = {Env.MONGODB_URI: settings.uri, Env.DATABASE: settings.database}
        ExtractProcess(Path(folder), batch, broker, environment).wait()
        (one,) = Produced(broker).tracks.values()
        with connect(settings) as client:
            target = database(client, settings)
            ensure_indexes(target)
            documents = list(_documents(root, one, count))
            for start in range(0, count, _AT_ONCE):
                target[Collection.TRACKS].insert_many(documents[start : start + _AT_ONCE])
        (root / "one.flac").unlink()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.monotonic()
        code, summary = ExtractProcess(Path(folder), batch, broker, environment).wait(3600)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        assert summary is not None
        print(f"{summary.listed:,} listed, {summary.skipped:,} skipped, {summary.extracted:,} extracted (exit {code})")
        print(f"{seconds:.2f} s of processor time, {time.monotonic() - started:.1f} s by the clock")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
