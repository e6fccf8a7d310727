"""Asks the pods of a sink how many records wait for them: each knows its own partitions."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Sequence

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from segue_core.contract import METRICS_PATH, METRICS_PORT
from segue_operator.kinds.objects import Key, Manifest

logger = logging.getLogger(__name__)

LAG_METRIC = "segue_sink_lag_records"
ANSWER_SECONDS = 2.0
MOST_BYTES = 1_000_000


async def read_lag(pods: Sequence[Manifest], port: int = METRICS_PORT) -> int | None:
    """Records that wait for all the pods together; None if there is no pod, or one of them does not answer."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session:
        lags = await asyncio.gather(*(_lag_of(session, pod, port) for pod in pods))
    known = [lag for lag in lags if lag is not None]
    return sum(known) if known and len(known) == len(lags) else None


async def _lag_of(session: aiohttp.ClientSession, pod: Manifest, port: int) -> int | None:
    try:
        async with session.get(metrics_address(pod, port), allow_redirects=False) as answer:
            return lag_in(await _bounded(answer.content))
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        why = str(error) or type(error).__name__
        logger.info("%s does not say how many records wait: %s", Key.of(pod), why)
        return None


def metrics_address(pod: Manifest, port: int) -> str:
    """Where a pod serves its metrics.

    Raises
    ------
    ValueError
        It has no address yet.
    """
    address = ipaddress.ip_address((pod.get("status") or {}).get("podIP") or "")
    host = f"[{address}]" if isinstance(address, ipaddress.IPv6Address) else str(address)
    return f"http://{host}:{port}{METRICS_PATH}"


def lag_in(text: str) -> int:
    """The sum of a pod's lag over its partitions.

    Raises
    ------
    ValueError
        The text is not a sink's metrics.
    """
    families = text_string_to_metric_families(text)
    values = [sample.value for family in families for sample in family.samples if sample.name == LAG_METRIC]
    if not values:
        raise ValueError(f"there is no {LAG_METRIC} in its metrics")
    return int(sum(values))


async def _bounded(content: aiohttp.StreamReader) -> str:
    read = bytearray()
    async for chunk in content.iter_chunked(65_536):
        read += chunk
        if len(read) > MOST_BYTES:
            raise ValueError(f"it answers with more than {MOST_BYTES:,} bytes")
    return read.decode("utf-8", "replace")
