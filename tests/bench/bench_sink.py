"""Speed and memory of the sink: from a full topic to journalled documents, broker and database on the same machine.

Run: ``python tests/bench/bench_sink.py [RECORDS]`` (20,000 unless given). Prints records/s between the first and the
last commit, and the sink's largest resident memory; then the same for a replay, for records of a new recipe, and for
events of 500 listeners.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue.servers.embedded import KafkaServer, MongoServer
from segue_core.broker.topics import ensure_topics
from segue_core.contract import EventType, SinkFeed, Topic
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.records import EventRecord
from support.events import event
from support.sink import Group, SinkProcess
from support.tracks import produce, track_record

_LISTENERS = 500


def _peak_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _pause(sink: SinkProcess) -> None:
    if sink.process.poll() is not None:
        raise SystemExit(f"the sink ended:\n{sink.text()}")
    time.sleep(0.02)


def _measure(
    name: str, kafka: KafkaSettings, mongo: MongoSettings, directory: Path, feed: SinkFeed = SinkFeed.TRACKS
) -> None:
    with Group(kafka, feed) as group, SinkProcess(kafka, mongo, directory, only=feed) as sink:
        ends, begin = sum(group.ends().values()), sum(group.committed().values())
        first = begin
        while first == begin:
            _pause(sink)
            first = sum(group.committed().values())
        start = time.monotonic()
        while sum(group.committed().values()) < ends:
            _pause(sink)
        seconds = time.monotonic() - start
        peak = _peak_megabytes(sink.process.pid)
        sink.stop()
        print(f"{name}: {(ends - first) / seconds:,.0f} records/s over {ends - first:,} records, peak {peak:.0f} MB")


def _events(count: int) -> Iterator[EventRecord]:
    """Plays by listeners who come back to some hundred tracks each."""
    for number in range(count):
        yield event(
            number, EventType.PLAY, f"t{number * 7919 % 100_003 % 200}", user=f"listener {number * 31 % _LISTENERS}",
            minutes=number / 1_000, position_ms=150_000, duration_ms=200_000,
        )  # fmt: skip


def main(records: int) -> None:
    """Print the measurements."""
    with (
        tempfile.TemporaryDirectory() as folder,
        KafkaServer(Path(folder, "kafka")) as broker,
        MongoServer(Path(folder, "mongodb")) as database,
    ):
        kafka = KafkaSettings(bootstrap=broker.bootstrap, create_topics=True, partitions=4)
        mongo = MongoSettings(uri=database.uri)
        ensure_topics(kafka)
        produce(kafka, Topic.TRACKS, map(track_record, range(records)))
        _measure("new documents", kafka, mongo, Path(folder, "sink"))
        with Group(kafka) as group:
            group.reset()
        _measure("replay", kafka, mongo, Path(folder, "sink"))
        produce(kafka, Topic.TRACKS, (track_record(number, recipe="r2") for number in range(records // 4)))
        _measure("new recipe", kafka, mongo, Path(folder, "sink"))
        produce(kafka, Topic.EVENTS, _events(records))
        _measure("events", kafka, mongo, Path(folder, "sink"), SinkFeed.EVENTS)
        with Group(kafka, SinkFeed.EVENTS) as group:
            group.reset()
        _measure("events, replay", kafka, mongo, Path(folder, "sink"), SinkFeed.EVENTS)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
