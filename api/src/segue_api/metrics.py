"""The metrics of the service."""

from __future__ import annotations

import math
from collections import Counter as Counts
from collections.abc import Iterable
from time import time

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from segue_core.contract import EventType, Family
from segue_core.recommend.answer import Source
from segue_core.recommend.drift import Drift
from segue_core.recommend.feature_shift import FeatureShift
from segue_core.store.records import EventRecord

_RANKS = ((1, "1"), (5, "2-5"), (10, "6-10"), (20, "11-20"))
_LOWER_RANKS = "21+"
CLICKS = (EventType.LIKE, EventType.PLAY)
"""Events that say that a served track was wanted."""
OUTCOMES = ("loaded", "failed")


def rank_range(rank: int) -> str:
    """Range that a rank is counted in: few, so that there are few series."""
    return next((name for most, name in _RANKS if rank <= most), _LOWER_RANKS)


class ApiMetrics:
    """Metrics of one replica."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._requests = Histogram(
            "segue_api_request_seconds",
            "Time from a request's head to the end of its answer.",
            ["route", "status"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=registry,
        )
        self.waiting = Gauge("segue_api_waiting_requests", "Requests that wait for a thread.", registry=registry)
        self.streams = Gauge("segue_api_streams", "Audio files that are being sent.", registry=registry)
        self._loads = Counter(
            "segue_api_loads_total",
            "Models that were loaded, or failed to.",
            ["catalogue", "outcome"],
            registry=registry,
        )
        self.load_seconds = Histogram(
            "segue_api_load_seconds",
            "Time to load a model with its tracks.",
            buckets=(0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600),
            registry=registry,
        )
        self._model = Gauge(
            "segue_api_model_number", "Number of the model that answers.", ["catalogue"], registry=registry
        )
        self._created = Gauge(
            "segue_api_model_created_timestamp_seconds",
            "When the model that answers was made.",
            ["catalogue"],
            registry=registry,
        )
        self._stale = Gauge(
            "segue_api_model_stale",
            "1 while the active model cannot be served, so that an older one answers or none.",
            ["catalogue"],
            registry=registry,
        )
        self._tracks = Gauge("segue_api_tracks", "Tracks that can be recommended.", ["catalogue"], registry=registry)
        self._new = Gauge(
            "segue_api_new_tracks", "Tracks that the model was not trained on.", ["catalogue"], registry=registry
        )
        self._unlike = Gauge(
            "segue_api_unlike_tracks",
            "New tracks farther from the centre of their cluster than 99 % of the training's tracks.",
            ["catalogue"],
            registry=registry,
        )
        self._stability = Gauge(
            "segue_api_stability_index",
            "Largest population stability index of a family's features, of the new tracks against the training; NaN "
            "where too few are new.",
            ["catalogue", "family"],
            registry=registry,
        )
        self._shifted = Gauge(
            "segue_api_shifted_features_ratio",
            "Share of the features whose population stability index is above 0.2; NaN where too few tracks are new.",
            ["catalogue"],
            registry=registry,
        )
        self.arrivals = Counter(
            "segue_api_arrived_tracks_total", "Tracks that were added while the service ran.", registry=registry
        )
        self.events_lag = Gauge(
            "segue_api_events_lag_records",
            "Records of the topic events that this replica has not read; NaN while the broker does not answer.",
            registry=registry,
        )
        self._events = Counter("segue_api_events_total", "Events that were taken.", ["type"], registry=registry)
        self.events_given_up = Counter(
            "segue_api_events_given_up_total",
            "Events that are no longer in memory although the stored profiles have not seen them.",
            registry=registry,
        )
        self.profiles = Gauge("segue_api_profiles", "Listeners' profiles in memory.", registry=registry)
        self._hits = Counter(
            "segue_api_recommendations_total",
            "Recommended tracks, by what they were found with.",
            ["source"],
            registry=registry,
        )
        self._clicks = Counter(
            "segue_api_clicks_total",
            "Likes and plays of tracks that were served in a list, by their place in it.",
            ["rank"],
            registry=registry,
        )
        self._served = Gauge(
            "segue_api_catalogue_served_ratio",
            "Share of a catalogue's tracks that were in a list during the last day.",
            ["catalogue"],
            registry=registry,
        )
        for source in Source:
            self._hits.labels(source.value)
        for kind in EventType:
            self._events.labels(kind.value)
        for name in (*(name for _, name in _RANKS), _LOWER_RANKS):
            self._clicks.labels(name)

    def observe_request(self, route: str, status: int, seconds: float) -> None:
        """Count a request and its time."""
        self._requests.labels(route, str(status)).observe(seconds)

    def count_load(self, catalogue: str, *, loaded: bool) -> None:
        """Count an attempt to load a model."""
        self._loads.labels(catalogue, OUTCOMES[0] if loaded else OUTCOMES[1]).inc()
        self._stale.labels(catalogue).set(0 if loaded else 1)

    def show_model(self, catalogue: str, number: int, created: float) -> None:
        """Show which model answers."""
        self._model.labels(catalogue).set(number)
        self._created.labels(catalogue).set(created)

    def show_tracks(self, catalogue: str, tracks: int) -> None:
        """Show how many tracks can be recommended."""
        self._tracks.labels(catalogue).set(tracks)

    def show_drift(self, catalogue: str, drift: Drift) -> None:
        """Show how far a catalogue has moved away from what its model was trained on."""
        self._new.labels(catalogue).set(drift.new)
        self._unlike.labels(catalogue).set(drift.unlike)

    def show_shift(self, catalogue: str, families: Iterable[Family], shift: FeatureShift | None) -> None:
        """Show how the features of the new tracks differ from the training's."""
        for family in families:
            self._stability.labels(catalogue, family.value).set(math.nan if shift is None else shift.largest[family])
        self._shifted.labels(catalogue).set(math.nan if shift is None else shift.shifted)

    def count_event(self, event: EventRecord) -> None:
        """Count an event, and whether it answers a list."""
        self._events.labels(event.type.value).inc()
        if event.type in CLICKS and event.context is not None and event.context.rank is not None:
            self._clicks.labels(rank_range(event.context.rank)).inc()

    def count_hits(self, sources: Iterable[str]) -> None:
        """Count recommended tracks, by the values of `Source`."""
        for source, hits in Counts(sources).items():
            self._hits.labels(source).inc(hits)

    def show_served(self, catalogue: str, share: float) -> None:
        """Show the share of a catalogue that was served lately."""
        self._served.labels(catalogue).set(share)


class ServedTracks:
    """Which tracks were in a list during the last day, to the hour."""

    def __init__(self) -> None:
        self._hours: dict[str, dict[str, int]] = {}

    def note(self, catalogue: str, track_ids: Iterable[str], now: float | None = None) -> None:
        """Note tracks of a list."""
        hour = int((time() if now is None else now) // 3600)
        hours = self._hours.setdefault(catalogue, {})
        for track_id in track_ids:
            hours[track_id] = hour

    def share(self, catalogue: str, tracks: int, now: float | None = None) -> float:
        """Share of a catalogue's tracks; forgets what is older than a day."""
        earliest = int((time() if now is None else now) // 3600) - 23
        kept = {one: hour for one, hour in self._hours.get(catalogue, {}).copy().items() if hour >= earliest}
        self._hours[catalogue] = kept
        return min(1.0, len(kept) / tracks) if tracks else 0.0
