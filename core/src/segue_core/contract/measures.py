"""The measures of a model: their names in documents, summaries and metrics, and what they are in words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Metric(StrEnum):
    """Names of measures, in candidates, in the model document and in the summary."""

    PRECISION = "precisionAt10"
    SAME_ARTIST = "sameArtistAt10"
    RECALL = "recallAt10"
    REACH = "reachAt10"
    HUBNESS = "hubnessSkew"
    ANTI_HUBS = "antiHubShare"
    SMALLEST = "clusterSizeMin"
    LARGEST = "clusterSizeMax"
    SILHOUETTE = "silhouette"
    CHANCE = "chanceLevel"
    LIFT = "lift"
    CHURN = "churn"


MEASURES: Mapping[Metric, str] = {
    Metric.PRECISION: "same genre among 10 neighbours, other artists only",
    Metric.CHANCE: "the same by chance",
    Metric.SAME_ARTIST: "same artist among 10 neighbours",
    Metric.RECALL: "exact neighbours found in the nearest clusters",
    Metric.REACH: "share of tracks that are in another track's 10",
    Metric.HUBNESS: "hubs: skew of how often a track is in a list",
    Metric.SMALLEST: "smallest cluster, tracks",
    Metric.LARGEST: "largest cluster, tracks",
}
"""What people read of them, in tables and in the reasons of a decision; the order is that of tables."""
