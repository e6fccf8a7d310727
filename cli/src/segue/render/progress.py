"""Watching resources at work: their progress, and what blocks them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime

from segue.cluster.pods import METRICS_PORT_ANNOTATION
from segue.render.pod_metrics import BatchProgress, Samples, ShardProgress, SinkProgress, TrainProgress, scrape
from segue.render.resources import at, is_true
from segue.render.tables import number
from segue_core.contract import ExtractSummary
from segue_core.contract.times import parse_timestamp
from segue_operator.controller.cluster import Cluster
from segue_operator.kinds.conditions import condition_of, is_finished
from segue_operator.kinds.constants import Annotation, Component, ConditionReason, Label, Phase
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.reconcile.outcome import hindrance_in

_OUTSIDE = (ConditionReason.BATCH_NOT_FOUND, ConditionReason.BATCH_INCOMPLETE, ConditionReason.SUSPEND_REQUESTED)
_AT_WORK = (ConditionReason.EXTRACTING, ConditionReason.VERIFYING, ConditionReason.SUBMITTED, ConditionReason.RUNNING)

_STEPS = {
    "read-ranges": "finding the tracks",
    "start-spark": "starting Spark",
    "load": "loading tracks from MongoDB",
    "publish": "publishing features to Kafka",
    "read-back": "reading them back",
    "scale": "scaling features",
    "choose": "choosing the number of clusters",
    "fit": "clustering",
    "assign": "assigning tracks to clusters",
    "measure": "measuring the lists",
    "promote": "deciding which model is active",
}
"""Words for the steps of a training."""


def with_hindrance(step: str, hindrance: str) -> str:
    """The hindrance, followed by the step in brackets; each may be empty."""
    return f"{hindrance} ({step})" if hindrance and step else hindrance or step


@dataclass(frozen=True)
class View:
    """What is shown of one resource."""

    key: Key
    phase: str
    reason: str
    message: str
    finished: bool
    succeeded: bool
    batch: BatchProgress | None = None
    sink: SinkProgress | None = None
    train: TrainProgress | None = None
    hindrance: str = ""
    """What blocks it, or a part of it; empty if nothing is known to."""
    since: datetime | None = None
    """Time since which it has made no progress, if known."""

    @property
    def movement(self) -> tuple[object, ...]:
        """Equal for two views if nothing has changed in between."""
        return (
            self.phase,
            self.reason,
            None if self.batch is None else (self.batch.listed, self.batch.done),
            None if self.sink is None else self.sink.stored,
            None if self.train is None else (self.train.phase, self.train.finished),
        )

    @property
    def amount(self) -> tuple[int, int] | None:
        """Done and all: tracks of a batch, steps of a training; None while that is unknown."""
        if self.batch is not None and self.batch.listed:
            return self.batch.done, self.batch.listed
        if self.train is not None:
            return self.train.finished, self.train.steps
        return None

    @property
    def is_stuck(self) -> bool:
        """Whether it waits for something that nothing here works on."""
        return self.phase == Phase.BLOCKED or self.reason in _OUTSIDE

    @property
    def step(self) -> str:
        """What happens now, in a few words, whatever blocks it."""
        if self.train is not None and not self.finished:
            return _STEPS.get(self.train.phase, self.train.phase)
        if self.batch is not None and not self.finished:
            return ", ".join(self._counts(self.batch))
        return "" if self.hindrance and self.reason != ConditionReason.RETRYING else self.message

    @property
    def note(self) -> str:
        """What happens now; what blocks it comes first."""
        return with_hindrance(self.step, "" if self.finished else self.hindrance)

    def _counts(self, batch: BatchProgress) -> list[str]:
        # The sink also writes what changed of known tracks, and what an interrupted attempt has sent.
        fresh = batch.done - batch.skipped - batch.rejected
        parts = [f"{number(min(self.sink.stored, fresh))} stored"] if self.sink else []
        if self.sink is not None and self.sink.waiting and self.phase == Phase.VERIFYING:
            parts.append(f"{number(self.sink.waiting)} waiting for the sink")
        parts += [f"{number(batch.skipped)} already known"] if batch.skipped else []
        parts += [f"{number(batch.rejected)} rejected"] if batch.rejected else []
        return parts


def _label(pod: Manifest, label: Label) -> str | None:
    value = at(pod, "metadata", "labels", str(label))
    return None if value is None else str(value)


@dataclass
class Watcher:
    """Reads a cluster's resources and their pods' metrics; remembers the last values of pods that are gone."""

    cluster: Cluster
    keys: tuple[Key, ...]
    _shards: dict[tuple[str, str], ShardProgress] = field(default_factory=dict)
    _sinks: dict[Key, SinkProgress] = field(default_factory=dict)
    """By pod; the batches of a namespace share them."""
    _stored_before: dict[Key, int] = field(default_factory=dict)
    """What the sinks had stored before a batch's first shard started."""
    _trainings: dict[tuple[str, int], TrainProgress] = field(default_factory=dict)
    """By run and attempt."""

    async def look(self) -> list[View]:
        """The current state of every resource."""
        pods = await self.cluster.list(Kind.POD)
        scraped = await asyncio.gather(*(self._scrape(pod) for pod in pods))
        for pod, samples in zip(pods, scraped, strict=True):
            self._remember(pod, samples)
        return [await self._view(key) for key in self.keys]

    @staticmethod
    async def _scrape(pod: Manifest) -> Samples:
        port = at(pod, "metadata", "annotations", METRICS_PORT_ANNOTATION)
        if port is None or at(pod, "status", "phase") != "Running":
            return {}
        return await asyncio.to_thread(scrape, int(port))

    def _remember(self, pod: Manifest, samples: Samples) -> None:
        batch, run, component = (
            _label(pod, label) for label in (Label.TRACK_BATCH, Label.TRAINING_RUN, Label.COMPONENT)
        )
        if component == Component.SINK and (sink := SinkProgress.of_samples(samples)):
            self._sinks[Key.of(pod)] = sink.following(self._sinks.get(Key.of(pod)))
        if run is not None and (train := TrainProgress.of_samples(samples)):
            self._trainings[run, int(_label(pod, Label.ATTEMPT) or 1)] = train
        if batch is None:
            return
        if component == Component.EXTRACT and (shard := ShardProgress.of_samples(samples) or _summary_of(pod)):
            index = at(pod, "metadata", "annotations", str(Annotation.JOB_COMPLETION_INDEX)) or "0"
            self._shards[batch, index] = shard

    def _sink_of(self, batch: Key, *, has_begun: bool) -> SinkProgress | None:
        """What the namespace's sinks have stored since a batch began."""
        sinks = [sink for pod, sink in self._sinks.items() if pod.namespace == batch.namespace]
        together = SinkProgress.of_sinks(sinks)
        if together is None or not has_begun:
            self._stored_before[batch] = together.total if together is not None else 0
            return together
        return replace(together, stored=together.stored - self._stored_before.get(batch, 0))

    async def _view(self, key: Key) -> View:
        resource = await self.cluster.get(key)
        if resource is None:
            return View(key, "Deleted", "Deleted", "it was deleted", finished=True, succeeded=False)
        shards = [shard for (batch, _), shard in self._shards.items() if batch == key.name]
        is_batch = key.kind is Kind.TRACK_BATCH
        summary = condition_of(resource, "Succeeded")
        hindrance, since = _hindrance(resource)
        return View(
            key,
            phase=str(at(resource, "status", "phase") or "Pending"),
            reason=str(summary.get("reason") or ""),
            message=str(summary.get("message") or ""),
            finished=is_finished(resource),
            succeeded=is_true(resource, "Succeeded"),
            batch=BatchProgress.of_shards(shards, at(resource, "spec", "extraction", "shards") or 1)
            if is_batch
            else None,
            sink=self._sink_of(key, has_begun=bool(shards)) if is_batch else None,
            train=None if is_batch else self._training_of(resource),
            hindrance=hindrance,
            since=since,
        )

    def _training_of(self, run: Manifest) -> TrainProgress | None:
        """The step of the running attempt; an earlier attempt is over."""
        attempts = at(run, "status", "attempts")
        if at(run, "status", "phase") != Phase.RUNNING or not attempts:
            return None
        return self._trainings.get((Key.of(run).name, attempts[-1]["number"]))


def _hindrance(resource: Manifest) -> tuple[str, datetime | None]:
    """What blocks a resource, and since when it has made no progress."""
    stalled, summary = condition_of(resource, "Stalled"), condition_of(resource, "Succeeded")
    if stalled.get("status") in ("True", "Unknown"):
        return str(stalled.get("message") or ""), parse_timestamp(stalled["lastTransitionTime"])
    is_at_work = summary.get("reason") in _AT_WORK
    return hindrance_in(str(summary.get("message") or "")) if is_at_work else "", None


def _summary_of(pod: Manifest) -> ShardProgress | None:
    statuses = at(pod, "status", "containerStatuses") or [{}]
    summary = ExtractSummary.decode(at(statuses[0], "state", "terminated", "message"))
    return ShardProgress.of_summary(summary) if summary is not None and summary.listed else None
