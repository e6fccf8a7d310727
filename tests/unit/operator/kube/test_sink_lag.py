"""The operator asks a sink's pods how many records wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from segue_core.contract import Topic
from segue_jobs.sink.sink_metrics import SinkMetrics
from segue_operator.kinds.objects import Kind, Manifest
from segue_operator.kube import sink_lag
from segue_operator.kube.sink_lag import lag_in, metrics_address, read_lag
from support.workloads import manifest


def pod(address: str | None) -> Manifest:
    given = manifest(Kind.POD, "sink", {}, namespace="default")
    return given | ({"status": {"podIP": address}} if address else {})


@asynccontextmanager
async def pods(answer: Callable[[web.Request], web.StreamResponse]) -> AsyncIterator[int]:
    """Pods that answer on every address of the loopback network; yields their port."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return answer(request)

    application = web.Application()
    application.router.add_get("/metrics", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "0.0.0.0", 0)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_the_lag_of_all_pods_counts() -> None:
    waiting = {"127.0.0.1": 40, "127.0.0.2": 2}
    async with pods(lambda request: web.Response(text=f"segue_sink_lag_records {waiting[request.url.host]}\n")) as port:
        assert await read_lag([pod("127.0.0.1"), pod("127.0.0.2")], port) == 42


async def test_of_one_pod_without_an_answer_the_sum_is_unknown() -> None:
    def answer(request: web.Request) -> web.Response:
        return web.Response(text="segue_sink_lag_records 5\n", status=200 if request.url.host == "127.0.0.1" else 503)

    async with pods(answer) as port:
        assert await read_lag([pod("127.0.0.1"), pod("127.0.0.2")], port) is None
        assert await read_lag([pod("127.0.0.1"), pod(None)], port) is None
        assert await read_lag([pod("127.0.0.1")], port) == 5
    assert await read_lag([pod("127.0.0.1")], port) is None, "nobody listens any more"
    assert await read_lag([], port) is None


@pytest.mark.parametrize("text", ["", "<html>", "other 1\n", "segue_sink_lag_records x\n", "x" * 2_000_000])
async def test_what_is_no_lag_is_unknown(text: str) -> None:
    async with pods(lambda _: web.Response(text=text)) as port:
        assert await read_lag([pod("127.0.0.1")], port) is None


async def test_a_pod_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_lag, "ANSWER_SECONDS", 0.1)
    server = await asyncio.start_server(lambda _reader, _writer: asyncio.sleep(60), "127.0.0.1", 0)
    async with server:
        assert await read_lag([pod("127.0.0.1")], server.sockets[0].getsockname()[1]) is None


def test_a_sink_s_own_metrics_are_understood() -> None:
    metrics = SinkMetrics()
    metrics.show_lag({Topic.TRACKS: 7, Topic.REJECTED: 1})
    samples = (sample for family in metrics._lag.collect() for sample in family.samples)
    lines = (f'{sample.name}{{topic="{sample.labels["topic"]}"}} {sample.value}' for sample in samples)
    assert lag_in("\n".join(lines) + "\n") == 8


def test_addresses_of_either_kind() -> None:
    assert metrics_address(pod("10.1.2.3"), 8080) == "http://10.1.2.3:8080/metrics"
    assert metrics_address(pod("fd00::1"), 8080) == "http://[fd00::1]:8080/metrics"
    with pytest.raises(ValueError, match="address"):
        metrics_address(pod("evil.example"), 8080)
