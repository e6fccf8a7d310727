"""The gauges of how the features of new tracks have moved."""

from __future__ import annotations

import math

from prometheus_client import CollectorRegistry

from segue_api.metrics import ApiMetrics
from segue_core.contract import Family
from segue_core.recommend.feature_shift import FeatureShift


def test_a_shift_is_shown_by_family_and_is_no_number_while_too_few_tracks_are_new() -> None:
    registry = CollectorRegistry()
    metrics, families = ApiMetrics(registry), (Family.TIMBRE, Family.RHYTHM)

    def shown() -> list[float | None]:
        labels = [{"catalogue": "c", "family": family.value} for family in families]
        by_family = [registry.get_sample_value("segue_api_stability_index", one) for one in labels]
        return [*by_family, registry.get_sample_value("segue_api_shifted_features_ratio", {"catalogue": "c"})]

    metrics.show_shift("c", families, None)
    assert all(value is not None and math.isnan(value) for value in shown())
    metrics.show_shift("c", families, FeatureShift({Family.TIMBRE: 0.5, Family.RHYTHM: 0.1}, 0.25))
    assert shown() == [0.5, 0.1, 0.25]
