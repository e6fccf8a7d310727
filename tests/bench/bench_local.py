"""What the local runtime itself costs: servers until they are ready, and a TrackBatch whose programs do nothing.

Run: ``python tests/bench/bench_local.py``. The batch goes through the real controller and the real local cluster; the
programs in its pods are replaced by ones that leave their summary and end, so that the time is the runtime's own.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue.cluster.local_cluster import LocalCluster
from segue.commands.changes import check_stored
from segue.render.resources import is_true
from segue.servers.session import servers
from segue.state import State
from segue_core.contract import ExtractSummary, VerifySummary
from segue_core.contract.termination import Summary
from segue_operator.controller.controller import Controller
from segue_operator.kinds.conditions import is_finished
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.reconcile.dispatch import interests, plan
from segue_operator.reconcile.sink_plan import plan_sink
from support.children import PLAIN
from support.pipeline import batch_of

SUMMARIES: dict[str, Summary] = {
    "extract": ExtractSummary(listed=1, extracted=1),
    "verify": VerifySummary(listed=1, stored=1, extracted=1),
}


class IdlePrograms(LocalCluster):
    """The local cluster with programs that end at once, but for the sink, which waits to be ended."""

    async def create(self, manifest: Manifest) -> Manifest:
        return await super().create(_idle(manifest))

    async def apply(self, manifest: Manifest) -> Manifest:
        return await super().apply(_idle(manifest))


def _idle(manifest: Manifest) -> Manifest:
    template = manifest["spec"].get("template")
    if template is not None:
        container = template["spec"]["containers"][0]
        summary = SUMMARIES.get(container["name"])
        leave = None if summary is None else f'echo {shlex.quote(summary.encode())} > "$SEGUE_TERMINATION_LOG"'
        container |= {"command": ["sh", "-c", leave or "exec sleep 60"], "args": [], "env": [], "envFrom": []}
    return manifest


async def _run_batch(folder: Path) -> float:
    batch = batch_of(folder)
    key = Key(Kind.TRACK_BATCH, "default", "songs")
    start = time.monotonic()
    async with IdlePrograms(folder / "state", validate=check_stored) as cluster:
        controller = asyncio.create_task(
            Controller(cluster, PLAIN, plan=plan, interests=interests, plan_sink=plan_sink).run()
        )
        await cluster.apply(batch)
        async with asyncio.timeout(60):
            async for event in cluster.watch([Kind.TRACK_BATCH]):
                if Key.of(event.object) == key and is_finished(event.object):
                    if not is_true(event.object, "Succeeded"):
                        raise SystemExit(f"the batch failed: {event.object['status']['conditions']}")
                    break
        controller.cancel()
        await asyncio.gather(controller, return_exceptions=True)
    return time.monotonic() - start


def main() -> None:
    """Print the measurements."""
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("new folder", "again"):
            start = time.monotonic()
            with servers(State(Path(folder)), {}):
                print(f"broker and database ready, {name}: {time.monotonic() - start:.1f} s")
    with tempfile.TemporaryDirectory() as folder:
        print(f"runtime's own time for a TrackBatch: {asyncio.run(_run_batch(Path(folder))):.2f} s")


if __name__ == "__main__":
    main()
