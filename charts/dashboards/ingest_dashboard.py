"""Ingest: progress of the batches, rejected tracks, and whether the sink keeps up."""

from __future__ import annotations

from panels import (
    RED,
    YELLOW,
    Json,
    Panel,
    Query,
    Row,
    bars,
    dashboard,
    heatmap,
    label_variable,
    quantile,
    stat,
    text_variable,
    timeseries,
)

BATCH = 'namespace=~"$namespace", segue_dev_trackbatch=~"$batch"'
GROUP = 'consumergroup="$prefix.sink"'


def build() -> Json:
    """Dashboard of ingest."""
    return dashboard(
        "segue-ingest",
        "Segue / Ingest",
        "From audio files to documents: extraction, rejections, Kafka, the sink.",
        [
            label_variable("namespace", "Namespace", '{__name__=~"segue_(extract|sink)_.+"}', "namespace"),
            label_variable(
                "batch", "TrackBatch", 'segue_extract_tracks_listed{namespace=~"$namespace"}', "segue_dev_trackbatch"
            ),
            text_variable("prefix", "Topic prefix", "segue"),
        ],
        [_overview(), _extraction(), _kafka(), _sink()],
    )


def _overview() -> Row:
    return Row(
        "Batches",
        [
            _tracks("Listed", "listed", "Tracks of all batches that exist."),
            _tracks("Stored", "stored", "Tracks in MongoDB, as counted by verification."),
            _tracks("Rejected", "rejected", "Tracks rejected with a reason."),
            stat(
                "Share rejected",
                Query(
                    'sum(segue_operator_tracks{state="rejected"}) '
                    '/ clamp_min(sum(segue_operator_tracks{state="listed"}), 1)'
                ),
                unit="percentunit",
                description="A batch fails above its maxRejectedPercent.",
                steps=[(0.05, YELLOW), (0.2, RED)],
            ),
            bars(
                "What came and went",
                Query('sum by (state) (segue_operator_tracks{state=~"added|removed|moved|changed"})', "{{state}}"),
                description=(
                    "Tracks of the batches that exist: new or back, gone or broken, moved, encoded again. "
                    "A batch fails as TooManyMissing above its maxMissingPercent."
                ),
                width=12,
            ),
            stat(
                "Running",
                Query('sum(segue_operator_resources{kind="TrackBatch", state=~"Extracting|Verifying"})'),
                description="Batches that are being extracted or verified.",
            ),
            stat(
                "Failed or blocked",
                Query('sum(segue_operator_resources{kind="TrackBatch", state=~"Failed|Blocked"})'),
                description="Batches that need attention.",
                steps=[(1, RED)],
            ),
        ],
    )


def _tracks(title: str, state: str, description: str) -> Panel:
    return stat(title, Query(f'sum(segue_operator_tracks{{state="{state}"}})'), description=description)


def _extraction() -> Row:
    return Row(
        "Extraction",
        [
            timeseries(
                "Tracks",
                Query(
                    f"sum by (outcome) (rate(segue_extract_tracks_total{{{BATCH}}}[$__rate_interval]))", "{{outcome}}"
                ),
                unit="ops",
                description="Tracks per second. Skipped ones were extracted before, from the same audio and recipe.",
                is_stacked=True,
            ),
            timeseries(
                "Progress",
                Query(
                    f"sum by (segue_dev_trackbatch) (segue_extract_tracks_total{{{BATCH}}}) "
                    f"/ sum by (segue_dev_trackbatch) (segue_extract_tracks_listed{{{BATCH}}})",
                    "{{segue_dev_trackbatch}}",
                ),
                unit="percentunit",
                description="Of running shards: Prometheus no longer scrapes finished ones.",
            ),
            timeseries(
                "Rejected by reason",
                Query(
                    f"sum by (reason) (increase(segue_extract_rejected_total{{{BATCH}}}[$__rate_interval])) > 0",
                    "{{reason}}",
                ),
                unit="short",
                description="`segue rejected` and the collection `rejected` have path and sentence of each.",
                is_stacked=True,
            ),
            heatmap(
                "Time per track",
                f"sum by (le) (increase(segue_extract_track_seconds_bucket{{{BATCH}}}[$__rate_interval]))",
                unit="s",
                description="From a worker's start on a track to its result.",
            ),
            timeseries(
                "Audio read",
                Query(f"sum(rate(segue_extract_audio_bytes_total{{{BATCH}}}[$__rate_interval]))", "bytes of files"),
                unit="Bps",
                description="Size of the analysed files.",
            ),
            timeseries(
                "Memory of the shards",
                Query(
                    'max by (pod) (container_memory_working_set_bytes{namespace=~"$namespace", container="extract"})',
                    "{{pod}}",
                ),
                unit="bytes",
                description="Working set from the kubelet. A shard above its limit is killed and retried.",
            ),
            bars(
                "Rejected tracks of existing batches by reason",
                Query("sort_desc(sum by (reason) (segue_operator_rejected_tracks))", "{{reason}}"),
                description="As counted by verification. docs/operations.md explains the reasons.",
                width=24,
            ),
        ],
    )


def _kafka() -> Row:
    return Row(
        "Kafka",
        [
            timeseries(
                "Consumer lag",
                Query(f"sum by (topic) (kafka_consumergroup_lag{{{GROUP}}})", "{{topic}}"),
                unit="short",
                description="Records not stored yet, from Strimzi's Kafka exporter.",
                steps=[(10000, YELLOW), (100000, RED)],
            ),
            timeseries(
                "Consumer lag by partition",
                Query(
                    f"topk(12, sum by (topic, partition) (kafka_consumergroup_lag{{{GROUP}}}) > 0)",
                    "{{topic}}-{{partition}}",
                ),
                unit="short",
                description="If a single partition lags, its sink is stuck.",
            ),
            timeseries(
                "Produced",
                Query(
                    "sum by (topic) (rate(kafka_topic_partition_current_offset"
                    '{topic=~"$prefix[.].+"}[$__rate_interval]))',
                    "{{topic}}",
                ),
                unit="cps",
                description="Records per second on each topic.",
            ),
        ],
    )


def _sink() -> Row:
    return Row(
        "Sink",
        [
            stat(
                "Last commit",
                Query('time() - max(segue_sink_last_commit_timestamp_seconds{namespace=~"$namespace"} > 0)'),
                unit="s",
                description="Time since offsets were last committed. High only if records are waiting.",
                steps=[(300, YELLOW)],
                width=4,
            ),
            stat(
                "Waiting",
                Query('sum(segue_sink_lag_records{namespace=~"$namespace"})'),
                description="Records on the sinks' partitions that are not stored yet.",
                steps=[(10000, YELLOW), (100000, RED)],
                width=4,
            ),
            stat(
                "Sinks",
                Query('count(count by (pod) (segue_sink_records_total{namespace=~"$namespace"})) or vector(0)'),
                description="Sinks that Prometheus scrapes.",
                width=4,
            ),
            stat(
                "Failed transactions",
                Query('sum(increase(segue_sink_store_failures_total{namespace=~"$namespace"}[$__range]))'),
                description="In the selected time range. They are retried; nothing is lost.",
                steps=[(1, YELLOW)],
                width=6,
            ),
            stat(
                "Refused commits",
                Query('sum(increase(segue_sink_commit_failures_total{namespace=~"$namespace"}[$__range]))'),
                description="In the selected time range. The group has rebalanced, and the records are read again.",
                steps=[(1, YELLOW)],
                width=6,
            ),
            timeseries(
                "Records",
                Query(
                    "sum by (topic, outcome) (rate(segue_sink_records_total"
                    '{namespace=~"$namespace"}[$__rate_interval])) > 0',
                    "{{topic}} {{outcome}}",
                ),
                unit="ops",
                description="Records written or skipped per second.",
                is_stacked=True,
            ),
            timeseries(
                "Records per transaction",
                Query(
                    'sum(rate(segue_sink_batch_records_sum{namespace=~"$namespace"}[$__rate_interval])) '
                    '/ sum(rate(segue_sink_batch_records_count{namespace=~"$namespace"}[$__rate_interval]))',
                    "mean",
                ),
                unit="short",
                description="Small when little arrives, full when the sink catches up.",
            ),
            timeseries(
                "Time per transaction",
                Query(quantile(0.5, "segue_sink_batch_seconds"), "median"),
                Query(quantile(0.99, "segue_sink_batch_seconds"), "99 %"),
                unit="s",
                description="From the first attempt to MongoDB's journalled acknowledgement.",
                steps=[(10, YELLOW)],
            ),
        ],
    )
