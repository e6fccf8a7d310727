"""What the operator costs on Kubernetes: memory and CPU with many resources, time to the first child and to plan many.

Needs the cluster that ``KUBECONFIG`` names, with Segue's CRDs. Works in a namespace of its own, deleted in the end; no
pod of it is ever run by a kubelet.

Idle means that nothing happens to the resources: the operator looks at everything once in five minutes all the same,
and is asked for its health and metrics as by a kubelet and Prometheus. So less than ten minutes say little.

Run: ``MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=65536 KUBECONFIG=... python tests/bench/bench_operator.py
[--resources 1000] [--burst 200] [--seconds 600]``, with the chart's two variables for the C library.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import socket
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from segue.servers.embedded import free_port
from segue_operator.children.config import ChildConfig, KafkaAccess
from segue_operator.children.extract_job import build_extract_job
from segue_operator.children.verify_job import build_verify_job
from segue_operator.kinds.manifests import validate
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kube.access import load_configuration
from segue_operator.kube.client import APPLY, Client
from segue_operator.kube.paths import collection_path, object_path
from support.kubernetes_world import prepare_namespace
from support.manifests import track_batch
from support.paper_kubelet import NOWHERE, tell_status

TICKS = os.sysconf("SC_CLK_TCK")
CONFIG = ChildConfig(kafka=KafkaAccess(bootstrap="kafka:9092"))
STATUS = {
    "observedGeneration": 1,
    "phase": "Succeeded",
    "conditions": [
        {
            "type": type_,
            "status": status,
            "reason": reason,
            "message": message,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "observedGeneration": 1,
        }
        for type_, status, reason, message in (
            ("Succeeded", "True", "Completed", "all 1000 tracks are stored"),
            ("Failed", "False", "NotFailed", ""),
            ("Suspended", "False", "NotSuspended", ""),
            ("JobCreated", "True", "Created", ""),
            ("SinkReady", "False", "Removed", ""),
        )
    ],
    "tracks": {"listed": 1000, "extracted": 1000, "skipped": 0, "rejected": 0, "stored": 1000},
    "startTime": "2026-01-01T00:00:00Z",
    "completionTime": "2026-01-01T00:10:00Z",
}


async def in_parallel(calls: Iterable[Awaitable[object]], width: int = 16) -> None:
    """Await many calls, some at a time."""
    gate = asyncio.Semaphore(width)

    async def one(call: Awaitable[object]) -> None:
        async with gate:
            await call

    await asyncio.gather(*(one(call) for call in calls))


async def post(client: Client, manifest: Manifest) -> Manifest:
    key = Key.of(manifest)
    return await client.request("POST", collection_path(key.kind, key.namespace), about=key.kind, body=manifest)


async def finished_batch(client: Client, namespace: str, name: str) -> None:
    """A batch that has succeeded, with its two Jobs and a pod of each, as it stays in a cluster."""
    given = track_batch(name, podOverrides=NOWHERE)
    given["metadata"] = {"name": name, "namespace": namespace}
    batch = await post(client, given)
    body = {"apiVersion": batch["apiVersion"], "kind": batch["kind"], "status": STATUS}
    body["metadata"] = {"name": name, "namespace": namespace}
    query = {"fieldManager": "segue-operator", "force": "true"}
    path = f"{object_path(Key.of(batch))}/status"
    await client.request("PATCH", path, about="TrackBatch", query=query, body=body, content_type=APPLY)
    parsed: Any = validate(batch)
    for build in (build_extract_job, build_verify_job):
        job = build(parsed, CONFIG)
        job["spec"]["suspend"] = True
        made = await post(client, job)
        template = made["spec"]["template"]
        reference = {"apiVersion": "batch/v1", "kind": "Job", "controller": True}
        reference |= {name: made["metadata"][name] for name in ("name", "uid")}
        # A pod without the Job's own labels: its controller leaves it alone, the operator does not.
        labels = {k: v for k, v in template["metadata"]["labels"].items() if "batch.kubernetes.io" not in k}
        labels.pop("controller-uid", None)
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"generateName": f"{job['metadata']['name']}-", "namespace": namespace, "labels": labels},
            "spec": template["spec"] | {"schedulingGates": [{"name": "segue.dev/bench"}]},
        }
        path = collection_path(Kind.POD, namespace)
        await tell_status(client, await client.request("POST", path, about="Pod", body=pod))


@asynccontextmanager
async def operator(namespace: str, port: int) -> AsyncIterator[int]:
    """The operator as a process of its own; gives its id once it is ready."""
    environment = os.environ | {
        "KAFKA_BOOTSTRAP": "kafka:9092",
        "SEGUE_WATCH_NAMESPACES": namespace,
        "SEGUE_HTTP_PORT": str(port),
        "SEGUE_LOG_LEVEL": "WARNING",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "segue_operator.kube", env=environment)

    async def is_up() -> bool:
        if process.returncode is not None:
            sys.exit(f"error: the operator ended with {process.returncode} instead of starting: its log above says why")
        return await is_fine(port, "/readyz")

    try:
        await until(is_up, 120)
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def chosen_port(wanted: int | None) -> int:
    """The port that was asked for, or a free one; ends the program where it is taken."""
    if wanted is None:
        return free_port()
    try:
        with socket.create_server(("0.0.0.0", wanted)):
            return wanted
    except (OSError, OverflowError) as error:
        sys.exit(f"error: --port {wanted} cannot be used ({error}): name another, or none, and a free one is taken")


async def is_fine(port: int, path: str) -> bool:
    """Whether the operator's own port answers a path with 200."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return b" 200 " in answer.partition(b"\r\n")[0]


async def until(look: Callable[[], Awaitable[bool]], seconds: float, pause: float = 0.02) -> float:
    """Seconds until a look is true."""
    started = time.perf_counter()
    while not await look():
        if time.perf_counter() - started > seconds:
            raise TimeoutError(f"not within {seconds:.0f} s")
        await asyncio.sleep(pause)
    return time.perf_counter() - started


def resident(pid: int) -> str:
    """Resident memory, now and at most so far."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    now, most = (int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
    return f"{now:.0f} MB resident, at most {most:.0f} MB so far"


def cpu(pid: int) -> float:
    """CPU seconds so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def settled(pid: int) -> None:
    """Wait until the first look at everything is over."""
    while True:
        before = cpu(pid)
        await asyncio.sleep(5)
        if cpu(pid) - before < 0.1:
            return


async def idle(port: int, seconds: float) -> None:
    """Pass the time as in a cluster: with probes every 5 s and a scrape every 30 s."""
    ends = time.monotonic() + seconds
    for number in itertools.count():
        for path in ("/healthz", "/readyz", *(("/metrics",) if number % 6 == 0 else ())):
            if not await is_fine(port, path):
                raise RuntimeError(f"the operator does not answer {path} with 200")
        await asyncio.sleep(min(5.0, max(0.0, ends - time.monotonic())))
        if time.monotonic() >= ends:
            return


async def first_child(client: Client, namespace: str, name: str) -> float:
    """Seconds from apply to the extract Job."""
    batch = track_batch(name, podOverrides=NOWHERE)
    batch["metadata"] = {"name": name, "namespace": namespace}
    await post(client, batch)
    path = object_path(Key(Kind.JOB, namespace, f"{name}-extract"))

    async def there() -> bool:
        try:
            await client.request("GET", path, about="Job")
        except Exception:  # noqa: BLE001 - it is not there yet
            return False
        return True

    return await until(there, 60, 0.005)


async def burst(client: Client, namespace: str, count: int) -> float:
    """Seconds from applying many batches at once to the last extract Job and status."""
    manifests = [track_batch(f"burst-{number}", podOverrides=NOWHERE) for number in range(count)]
    for manifest in manifests:
        labels = {"segue.dev/bench": "burst"}
        manifest["metadata"] = {"name": manifest["metadata"]["name"], "namespace": namespace, "labels": labels}
    started = time.perf_counter()
    await in_parallel((post(client, manifest) for manifest in manifests), 32)

    async def all_planned() -> bool:
        query = {"labelSelector": "segue.dev/bench=burst"}
        path = collection_path(Kind.TRACK_BATCH, namespace)
        found = (await client.request("GET", path, about="TrackBatch", query=query))["items"]
        return sum(1 for one in found if (one.get("status") or {}).get("phase") == "Extracting") == count

    await until(all_planned, 300, 0.5)
    return time.perf_counter() - started


async def clean_up(client: Client, namespace: str) -> None:
    """Delete everything; the batches first, for a namespace waits for pods whose Jobs wait for the namespace."""
    try:
        await client.request("DELETE", collection_path(Kind.TRACK_BATCH, namespace), about="TrackBatch")
    finally:
        await client.request("DELETE", f"/api/v1/namespaces/{namespace}", about="Namespace")


async def measure(resources: int, burst_size: int, seconds: float, port: int) -> None:
    namespace = f"conf-{uuid.uuid4().hex[:8]}"
    async with Client(await load_configuration()) as client:
        await prepare_namespace(client, namespace)
        try:
            await in_parallel(finished_batch(client, namespace, f"done-{number}") for number in range(resources))
            print(f"{resources} finished TrackBatches with {2 * resources} Jobs and {2 * resources} pods")
            async with operator(namespace, port) as pid:
                started = cpu(pid)
                print(f"start: {started:.1f} s of CPU, {resident(pid)}")
                await settled(pid)
                print(f"settled: {cpu(pid):.1f} s of CPU, {resident(pid)}")
                before = cpu(pid)
                await idle(port, seconds)
                used = (cpu(pid) - before) / seconds
                print(f"idle for {seconds:.0f} s: {used * 1000:.0f} m CPU, {resident(pid)}")
                times = sorted([await first_child(client, namespace, f"one-{number}") for number in range(10)])
                print(f"apply to first child: median {times[5] * 1000:.0f} ms, worst {times[-1] * 1000:.0f} ms")
                took = await burst(client, namespace, burst_size)
                print(f"{burst_size} applied at once: all planned after {took:.1f} s, {resident(pid)}")
        finally:
            await clean_up(client, namespace)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resources", type=int, default=1000)
    parser.add_argument("--burst", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--port", type=int, help="of the operator's metrics and probes (default: a free one)")
    options = parser.parse_args()
    asyncio.run(measure(options.resources, options.burst, options.seconds, chosen_port(options.port)))


if __name__ == "__main__":
    main()
