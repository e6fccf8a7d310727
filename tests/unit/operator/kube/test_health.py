"""The operator's port answers whoever asks, by either kind of address."""

from __future__ import annotations

import socket

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from segue_operator.kube.health import Health, serving

HOSTS = ["127.0.0.1", *(["[::1]"] if socket.has_dualstack_ipv6() else [])]


@pytest.mark.parametrize("host", HOSTS)
async def test_probes_are_answered_by_either_kind_of_address(host: str) -> None:
    health = Health()
    health.beat()
    async with serving(health, CollectorRegistry(), 0) as port, aiohttp.ClientSession() as client:
        for path, status in (("/healthz", 200), ("/readyz", 503), ("/metrics", 200)):
            async with client.get(f"http://{host}:{port}{path}") as answer:
                assert answer.status == status


async def test_a_port_that_is_taken_is_an_error() -> None:
    async with serving(Health(), CollectorRegistry(), 0) as port:
        with pytest.raises(OSError, match="in use"):
            async with serving(Health(), CollectorRegistry(), port):
                pass
