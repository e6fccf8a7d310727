"""What a report says of a catalogue: collected once, bounded for any size, for the page and for JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segue.render.resources import at
from segue_api.service.reach import Reach, measure_reach
from segue_core.contract.measures import MEASURES, Metric
from segue_core.recommend.drift import drift_of
from segue_core.recommend.feature_shift import FeatureShift, feature_shift
from segue_core.recommend.model_diff import Side
from segue_core.recommend.track_table import Label, Tracks
from segue_core.store.models import CatalogueDocument, ModelDocument
from segue_core.store.rejections import Rejection
from segue_operator.kinds.conditions import condition_of
from segue_operator.kinds.constants import TrainingRunCondition
from segue_operator.kinds.objects import Key, Kind, Manifest

MOST_CLUSTERS = 100
MOST_TRACKS = 25
MOST_RUNS = 5
TYPICAL = 3
MEASURES_SHOWN = {**MEASURES, Metric.ANTI_HUBS: "share of tracks that are in no other track's 10"}


@dataclass(frozen=True, kw_only=True)
class TrackLine:
    """A track, and in how many lists it is."""

    track_id: str
    title: str
    lists: int = 0


@dataclass(frozen=True, kw_only=True)
class MeasureLine:
    """A measure of the model and of the version before it."""

    name: str
    words: str
    value: float
    previous: float | None


@dataclass(frozen=True, kw_only=True)
class ClusterLine:
    """A cluster; its number is the permanent one."""

    number: int
    name: str
    tracks: int
    previous_tracks: int | None
    typical: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RejectedLine:
    """A reason for which tracks were rejected, with an example."""

    reason: str
    tracks: int
    path: str
    message: str


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """A TrainingRun of this machine: what it decided, and what has changed since."""

    name: str
    model: str
    promoted: bool
    decision: str
    since: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the owner of a catalogue wants to know of it."""

    catalogue: str
    made: str
    """When the report was made; RFC 3339, UTC."""
    model: str
    trained: str
    run: str
    trained_tracks: int
    previous_model: str | None
    is_active: bool
    pinned: bool
    decision: str
    """Why the active version is that; empty if nobody said."""
    tracks: int
    new_tracks: int
    unlike_tracks: int
    shift: FeatureShift | None
    """None if too few tracks are new, or the model does not say what it saw."""
    measures: tuple[MeasureLine, ...]
    clusters: tuple[ClusterLine, ...]
    """The largest first."""
    more_clusters: int
    """Clusters that are left out."""
    lists: int
    """Lists of similar tracks that were made to count who is in them."""
    every_track_asked: bool
    hubs: tuple[TrackLine, ...]
    never: tuple[TrackLine, ...]
    """Some of the tracks that are in none of the lists; empty unless every track was asked for its list."""
    never_tracks: int
    rejected: tuple[RejectedLine, ...]
    excluded: Mapping[str, int]
    """Tracks that are stored but not in the model, by reason."""
    runs: tuple[RunLine, ...]


def make_report(
    side: Side,
    *,
    previous: ModelDocument | None,
    pointer: CatalogueDocument | None,
    rejections: Iterable[Rejection],
    resources: Iterable[Manifest],
    made: str,
) -> Report:
    """Collect a report.

    Parameters
    ----------
    side
        The model, and the catalogue under it.
    previous
        The version to compare it with.
    rejections
        Of the catalogue, one for each file.
    resources
        What this machine has applied; runs of other catalogues are left out.
    """
    model, recommender, tracks = side.model, side.recommender, side.recommender.tracks
    reach, drift, clusters = measure_reach(recommender), drift_of(tracks), _clusters(side, previous)
    is_active = pointer is not None and pointer.active_model == model.key
    return Report(
        catalogue=recommender.catalogue,
        made=made,
        model=model.key,
        trained=model.created,
        run=model.run,
        trained_tracks=model.tracks,
        previous_model=None if previous is None else previous.key,
        is_active=is_active,
        pinned=bool(is_active and pointer is not None and pointer.pinned),
        decision=(pointer.reason or "") if is_active and pointer is not None else "",
        tracks=tracks.count,
        new_tracks=drift.new,
        unlike_tracks=drift.unlike,
        shift=feature_shift(tracks, recommender.space, model.feature_ranges),
        measures=_measures(model, previous),
        clusters=tuple(clusters[:MOST_CLUSTERS]),
        more_clusters=max(0, len(clusters) - MOST_CLUSTERS),
        lists=reach.lists,
        every_track_asked=reach.is_complete,
        hubs=_lines(tracks, list(reach.counts)[:MOST_TRACKS], reach),
        never=_lines(tracks, reach.never[:MOST_TRACKS], reach) if reach.is_complete else (),
        never_tracks=len(reach.never),
        rejected=_rejected(rejections),
        excluded={str(reason): count for reason, count in sorted(model.excluded_by_reason.items()) if count},
        runs=_runs(resources, recommender.catalogue),
    )


def full_name(track: Label) -> str:
    """Artist and title of a track; its id if it has neither."""
    return " — ".join(name for name in (track.artist, track.title) if name) or track.track_id


def _lines(tracks: Tracks, rows: Sequence[int], reach: Reach) -> tuple[TrackLine, ...]:
    labels = tracks.labels_of(np.array(rows, dtype=np.intp))
    return tuple(
        TrackLine(track_id=label.track_id, title=full_name(label), lists=reach.counts.get(row, 0))
        for row, label in zip(rows, labels, strict=True)
    )


def _measures(model: ModelDocument, previous: ModelDocument | None) -> tuple[MeasureLine, ...]:
    before = previous.metrics if previous is not None else {}
    return tuple(
        MeasureLine(name=str(name), words=words, value=model.metrics[name], previous=before.get(name))
        for name, words in MEASURES_SHOWN.items()
        if name in model.metrics
    )


def _clusters(side: Side, previous: ModelDocument | None) -> list[ClusterLine]:
    recommender, tracks = side.recommender, side.recommender.tracks
    sizes = np.bincount(tracks.clusters[tracks.present], minlength=side.model.k)
    before = {} if previous is None else dict(zip(previous.cluster_numbers, previous.cluster_sizes, strict=False))
    order = np.argsort(-sizes, kind="stable").tolist()
    return [
        ClusterLine(
            number=int(side.cluster_numbers[cluster]),
            name=recommender.cluster_names[cluster],
            tracks=int(sizes[cluster]),
            previous_tracks=before.get(int(side.cluster_numbers[cluster])),
            typical=tuple(map(full_name, tracks.labels_of(recommender.typical[cluster][:TYPICAL])))
            if place < MOST_CLUSTERS
            else (),
        )
        for place, cluster in enumerate(order)
    ]


def _rejected(rejections: Iterable[Rejection]) -> tuple[RejectedLine, ...]:
    counts, examples = Counter[str](), dict[str, Rejection]()
    for item in rejections:
        counts[item.reason] += 1
        examples.setdefault(item.reason, item)
    return tuple(
        RejectedLine(
            reason=reason, tracks=count, path=examples[reason].path or examples[reason].track_id,
            message=examples[reason].message,
        )
        for reason, count in counts.most_common()
    )  # fmt: skip


def _runs(resources: Iterable[Manifest], catalogue: str) -> tuple[RunLine, ...]:
    """The last runs of the catalogue that have a model, the newest first."""
    mine = (
        run
        for run in resources
        if Key.of(run).kind is Kind.TRAINING_RUN
        and at(run, "spec", "catalogue") == catalogue
        and at(run, "status", "model", "version")
    )
    newest = sorted(mine, key=lambda run: str(at(run, "status", "completionTime") or ""), reverse=True)
    return tuple(
        RunLine(
            name=Key.of(run).name,
            model=str(at(run, "status", "model", "version")),
            promoted=bool(at(run, "status", "decision", "promoted")),
            decision=str(at(run, "status", "decision", "reason") or ""),
            since=str(condition_of(run, TrainingRunCondition.RETRAIN_RECOMMENDED).get("message") or ""),
        )
        for run in newest[:MOST_RUNS]
    )
