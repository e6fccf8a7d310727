"""The few numbers that people watch, from the ``/metrics`` of running pods."""

from __future__ import annotations

import http.client
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from prometheus_client.parser import text_string_to_metric_families

from segue_core.contract import METRICS_PATH, ExtractSummary

SCRAPE_SECONDS = 1.0

Labels = tuple[tuple[str, str], ...]
Samples = Mapping[tuple[str, Labels], float]


def parse(text: str) -> dict[tuple[str, Labels], float]:
    """Samples by name and labels; nothing for text that is not an exposition."""
    try:
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    except (ValueError, KeyError, IndexError):
        return {}


def scrape(port: int) -> dict[tuple[str, Labels], float]:
    """Samples of a local pod; nothing if it does not answer, or ends while it does."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{METRICS_PATH}", timeout=SCRAPE_SECONDS) as answer:
            return parse(answer.read().decode("utf-8", "replace"))
    except (OSError, ValueError, http.client.HTTPException):
        return {}


def total(samples: Samples, name: str, **labels: str) -> float:
    """Sum of a metric's samples that carry these labels."""
    wanted = set(labels.items())
    return sum(value for (found, own), value in samples.items() if found == name and wanted <= set(own))


@dataclass(frozen=True)
class ShardProgress:
    """Progress of one shard."""

    listed: int
    extracted: int
    skipped: int
    rejected: int

    @property
    def done(self) -> int:
        """Tracks that have an outcome."""
        return self.extracted + self.skipped + self.rejected

    @classmethod
    def of_samples(cls, samples: Samples) -> ShardProgress | None:
        """Of a running pod; None until it has listed its tracks."""
        if not any(name == "segue_extract_tracks_listed" for name, _ in samples):
            return None
        outcomes = {
            outcome: int(total(samples, "segue_extract_tracks_total", outcome=outcome))
            for outcome in ("extracted", "skipped", "rejected")
        }
        return cls(int(total(samples, "segue_extract_tracks_listed")), **outcomes)

    @classmethod
    def of_summary(cls, summary: ExtractSummary) -> ShardProgress:
        """Of a pod that has ended."""
        return cls(summary.listed, summary.extracted, summary.skipped, summary.rejected)


@dataclass(frozen=True)
class SinkProgress:
    """What the sink has written, and what waits for it."""

    stored: int
    """Since its process started."""
    waiting: int
    carried: int = 0
    """What earlier processes of the same pod had stored when they were last asked."""

    @property
    def total(self) -> int:
        """Records stored by all processes of the pod."""
        return self.carried + self.stored

    def following(self, earlier: SinkProgress | None) -> SinkProgress:
        """The reading after an earlier one of the same pod: a restarted sink counts from zero again."""
        if earlier is None:
            return self
        return replace(self, carried=earlier.total if self.stored < earlier.stored else earlier.carried)

    @classmethod
    def of_samples(cls, samples: Samples) -> SinkProgress | None:
        """Of a running sink; None while it does not answer."""
        if not samples:
            return None
        return cls(
            stored=int(total(samples, "segue_sink_records_total", outcome="stored", topic="tracks")),
            waiting=int(total(samples, "segue_sink_lag_records")),
        )

    @classmethod
    def of_sinks(cls, sinks: Sequence[SinkProgress]) -> SinkProgress | None:
        """Of all sinks together: each has partitions of its own; None where there is none."""
        if not sinks:
            return None
        return cls(sum(sink.total for sink in sinks), sum(sink.waiting for sink in sinks))


@dataclass(frozen=True)
class BatchProgress:
    """A batch's shards taken together."""

    listed: int
    """Of all shards; estimated from the others until every shard has started."""
    done: int
    rejected: int
    skipped: int

    @classmethod
    def of_shards(cls, shards: Iterable[ShardProgress], count: int) -> BatchProgress | None:
        """Sum of the shards that have started; None before the first has."""
        started = list(shards)
        if not started:
            return None
        listed = sum(shard.listed for shard in started)
        if len(started) < count:
            listed = round(listed * count / len(started))
        return cls(
            listed=listed,
            done=sum(shard.done for shard in started),
            rejected=sum(shard.rejected for shard in started),
            skipped=sum(shard.skipped for shard in started),
        )


@dataclass(frozen=True)
class TrainProgress:
    """The current step of a training."""

    phase: str
    finished: int
    steps: int

    @classmethod
    def of_samples(cls, samples: Samples) -> TrainProgress | None:
        """Of a running driver; None before its first step."""
        phases = {
            dict(labels)["phase"]: value for (name, labels), value in samples.items() if name == "segue_train_phase"
        }
        running = next((phase for phase, value in phases.items() if value), None)
        if running is None:
            return None
        finished = sum(1 for name, _ in samples if name == "segue_train_phase_seconds")
        return cls(running, finished, len(phases))
