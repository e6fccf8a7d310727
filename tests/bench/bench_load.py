"""Load on the service: mixed requests at a steady rate over loopback, for a bounded time.

    python tests/bench/bench_load.py [--tracks 106574] [--rate 200] [--seconds 60]

It starts an embedded broker and database, stores a synthetic catalogue with a model, runs ``python -m segue_api``, and
sends requests at a fixed rate, whether or not earlier ones have been answered. It prints latencies by kind, errors,
memory before and after, and what happens at several times that rate.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from segue.servers.embedded import KafkaServer, MongoServer, free_port
from segue_core.contract import Env, Role
from segue_core.settings import MongoSettings
from segue_core.store.assignments import write_assignments
from segue_core.store.catalogues import change_active_model
from segue_core.store.database import Collection, connect, database
from segue_core.store.keys import create_key
from segue_core.store.pointer import Activate, ChangeNote
from segue_core.store.records import to_document
from segue_core.store.schema import prepare
from support.synthetic_model import train_model
from support.synthetic_tracks import store_tracks, synthetic_tracks

USERS = 500
MIX = {"similar": 30, "recommend": 40, "search": 10, "event": 20}
"""Of 100 requests."""
Ask = Callable[[aiohttp.ClientSession, random.Random], Awaitable[int]]
"""Returns the status."""


def fill(settings: MongoSettings, tracks: int) -> str:
    """Store a catalogue and its model; return a key."""
    records = list(synthetic_tracks("bench", tracks, genres=40))
    store_tracks(settings, records)
    model, assignments = train_model(records, k=32)
    with connect(settings) as client:
        target = database(client, settings)
        prepare(target)
        for start in range(0, len(assignments), 2000):
            write_assignments(client, settings, assignments[start : start + 2000])
        target[Collection.MODELS].insert_one({"_id": model.key, **to_document(model)})
        change_active_model(target, "bench", Activate(model=model.key), ChangeNote(by="bench", reason="bench"))
        return create_key(target, Role.ADMIN).token


@contextmanager
def service(environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The service as a process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "segue_api"], env={**os.environ, **environ}, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def megabytes(process: subprocess.Popen[bytes]) -> float:
    """Resident memory."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """Processor time so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asks(tracks: int) -> dict[str, Ask]:
    """How each kind is asked."""

    def track(chance: random.Random) -> str:
        return f"{chance.randrange(tracks):06d}"

    def user(chance: random.Random) -> str:
        return f"user-{chance.randrange(USERS)}"

    def event(chance: random.Random) -> dict[str, object]:
        kind = chance.choice(("like", "play", "skip", "dislike"))
        times = {"positionMs": 4000, "durationMs": 30_000} if kind in ("play", "skip") else {}
        return {"type": kind, "user": user(chance), "trackId": track(chance), **times}

    async def get(client: aiohttp.ClientSession, path: str, **query: str) -> int:
        async with client.get(path, params=query) as answer:
            await answer.read()
            return answer.status

    async def post(client: aiohttp.ClientSession, path: str, body: object) -> int:
        async with client.post(path, json=body) as answer:
            await answer.read()
            return answer.status

    return {
        "similar": lambda client, chance: get(client, f"/v1/tracks/{track(chance)}/similar"),
        "recommend": lambda client, chance: get(client, f"/v1/users/{user(chance)}/recommendations"),
        "search": lambda client, chance: get(client, "/v1/tracks", q=f"artist {chance.randrange(1000)}"),
        "event": lambda client, chance: post(client, "/v1/events", {"events": [event(chance)]}),
    }


async def load(client: aiohttp.ClientSession, tracks: int, rate: float, seconds: float) -> None:
    """Send requests at a rate and print how they were answered."""
    chance, kinds = random.Random(1), asks(tracks)
    times: dict[str, list[float]] = defaultdict(list)
    statuses: Counter[str] = Counter()
    running: set[asyncio.Task[None]] = set()

    async def one(kind: str) -> None:
        begun = time.perf_counter()
        try:
            status = str(await kinds[kind](client, chance))
        except (aiohttp.ClientError, TimeoutError) as error:
            status = type(error).__name__
        statuses[f"{kind} {status}"] += 1
        times[kind].append(time.perf_counter() - begun)

    begun = time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        (kind,) = chance.choices(list(MIX), list(MIX.values()))
        task = asyncio.create_task(one(kind))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    print(f"{rate:.0f} requests/s for {seconds:.0f} s; answered in {time.perf_counter() - begun:.1f} s")
    for kind, found in sorted(times.items()):
        p50, p99 = np.percentile(found, [50, 99]) * 1000
        print(f"  {kind:10} {len(found):6} requests   p50 {p50:7.1f} ms   p99 {p99:7.1f} ms")
    print("  " + ", ".join(f"{name}: {count}" for name, count in sorted(statuses.items())))


async def measure(
    base: str,
    token: str,
    process: subprocess.Popen[bytes],
    servers: Mapping[str, Callable[[], float | None]],
    options: argparse.Namespace,
) -> None:
    """Wait for the catalogue, then load the service, then overload it."""
    spent = {
        "service": lambda: processor_seconds(process),
        "client": time.process_time,
        **{name: lambda ask=ask: ask() or 0.0 for name, ask in servers.items()},
    }
    async with aiohttp.ClientSession(
        base,
        headers={"Authorization": f"Bearer {token}"},
        timeout=aiohttp.ClientTimeout(total=30),
        connector=aiohttp.TCPConnector(limit=200),
    ) as client:
        begun = time.perf_counter()
        while True:
            if await is_ready(client):
                break
            await asyncio.sleep(0.2)
        print(f"{options.tracks:,} tracks in service after {time.perf_counter() - begun:.1f} s")
        await load(client, options.tracks, options.rate, 5)
        memory, before = megabytes(process), {name: ask() for name, ask in spent.items()}
        await load(client, options.tracks, options.rate, options.seconds)
        each = {name: 1000 * (ask() - before[name]) / (options.rate * options.seconds) for name, ask in spent.items()}
        print("  processor time a request:", ", ".join(f"{name} {value:.1f} ms" for name, value in each.items()))
        print(f"  memory {memory:.0f} MB before, {megabytes(process):.0f} MB after")
        await load(client, options.tracks, options.rate * 5, 5)
        await asyncio.sleep(1)
        print(f"  after the overload: ready {await is_ready(client)}, memory {megabytes(process):.0f} MB")


async def is_ready(client: aiohttp.ClientSession) -> bool:
    """Whether the catalogue is in service."""
    try:
        async with client.get("/v1/tracks?limit=1") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


def main() -> None:
    """Run everything on servers of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=106_574)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        KafkaServer(Path(folder) / "kafka") as kafka,
        MongoServer(Path(folder) / "mongodb") as mongodb,
    ):
        port = free_port()
        token = fill(MongoSettings(uri=mongodb.uri), options.tracks)
        environ = {
            Env.KAFKA_BOOTSTRAP: kafka.bootstrap,
            Env.MONGODB_URI: mongodb.uri,
            Env.TOPIC_CREATE: "true",
            Env.API_PORT: str(port),
            Env.METRICS_PORT: str(free_port()),
        }
        with service(environ) as process:
            servers = {"broker": kafka.processor_seconds, "database": mongodb.processor_seconds}
            asyncio.run(measure(f"http://127.0.0.1:{port}", token, process, servers, options))


if __name__ == "__main__":
    main()
