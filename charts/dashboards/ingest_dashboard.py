"""Ingest: how far batches are, what is rejected, whether the sink keeps up."""

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
            _tracks("Stored", "stored", "Tracks in MongoDB, as the batches' verifications counted them."),
            _tracks("Rejected", "rejected", "Tracks that were rejected with a reason."),
            stat(
                "Rejected share",
                Query(
                    'sum(segue_operator_tracks{state="rejected"}) '
                    '/ clamp_min(sum(segue_operator_tracks{state="listed"}), 1)'
                ),
                unit="percentunit",
                description="A batch with more than its maxRejectedPercent fails.",
                steps=[(0.05, YELLOW), (0.2, RED)],
            ),
            stat(
                "At work",
                Query('sum(segue_operator_resources{kind="TrackBatch", state=~"Extracting|Verifying"})'),
                description="Batches that extract or verify.",
            ),
            stat(
                "Failed or blocked",
                Query('sum(segue_operator_resources{kind="TrackBatch", state=~"Failed|Blocked"})'),
                description="Batches that need somebody.",
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
                description="Tracks done a second. Skipped ones had been done before, with the same audio and recipe.",
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
                description="Of the shards that run now: shards that have ended are no longer scraped.",
            ),
            timeseries(
                "Rejected, by reason",
                Query(
                    f"sum by (reason) (increase(segue_extract_rejected_total{{{BATCH}}}[$__rate_interval])) > 0",
                    "{{reason}}",
                ),
                unit="short",
                description="`segue rejected` and the collection `rejected` have path and sentence of each.",
                is_stacked=True,
            ),
            heatmap(
                "Time of a track",
                f"sum by (le) (increase(segue_extract_track_seconds_bucket{{{BATCH}}}[$__rate_interval]))",
                unit="s",
                description="From a track's start in a worker to its result.",
            ),
            timeseries(
                "Audio read",
                Query(f"sum(rate(segue_extract_audio_bytes_total{{{BATCH}}}[$__rate_interval]))", "bytes of files"),
                unit="Bps",
                description="Of the files that were analysed.",
            ),
            timeseries(
                "Memory of the shards",
                Query(
                    'max by (pod) (container_memory_working_set_bytes{namespace=~"$namespace", container="extract"})',
                    "{{pod}}",
                ),
                unit="bytes",
                description="Working set by the kubelet. A shard beyond its limit is killed and tried again.",
            ),
            bars(
                "Rejected tracks of existing batches, by reason",
                Query("sort_desc(sum by (reason) (segue_operator_rejected_tracks))", "{{reason}}"),
                description="As verified; reasons are those of segue_jobs.contract.Reason.",
                width=24,
            ),
        ],
    )


def _kafka() -> Row:
    return Row(
        "Kafka",
        [
            timeseries(
                "Lag of the sinks' group",
                Query(f"sum by (topic) (kafka_consumergroup_lag{{{GROUP}}})", "{{topic}}"),
                unit="short",
                description="Records not yet stored, as Strimzi's Kafka exporter counts them.",
                steps=[(10000, YELLOW), (100000, RED)],
            ),
            timeseries(
                "Lag by partition",
                Query(
                    f"topk(12, sum by (topic, partition) (kafka_consumergroup_lag{{{GROUP}}}) > 0)",
                    "{{topic}}-{{partition}}",
                ),
                unit="short",
                description="One partition that lags alone has a sink that stands still.",
            ),
            timeseries(
                "Produced",
                Query(
                    "sum by (topic) (rate(kafka_topic_partition_current_offset"
                    '{topic=~"$prefix[.].+"}[$__rate_interval]))',
                    "{{topic}}",
                ),
                unit="cps",
                description="Records that arrive on each topic a second.",
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
                description="Time since offsets were last committed. Only old if something waits.",
                steps=[(300, YELLOW)],
                width=4,
            ),
            stat(
                "Waiting",
                Query('sum(segue_sink_lag_records{namespace=~"$namespace"})'),
                description="Records of the sinks' own partitions not yet stored.",
                steps=[(10000, YELLOW), (100000, RED)],
                width=4,
            ),
            stat(
                "Sinks",
                Query('count(count by (pod) (segue_sink_records_total{namespace=~"$namespace"})) or vector(0)'),
                description="Sinks that are scraped.",
                width=4,
            ),
            stat(
                "Transactions that failed",
                Query('sum(increase(segue_sink_store_failures_total{namespace=~"$namespace"}[$__range]))'),
                description="In the time shown. They are tried again; nothing is lost.",
                steps=[(1, YELLOW)],
                width=6,
            ),
            stat(
                "Commits that were refused",
                Query('sum(increase(segue_sink_commit_failures_total{namespace=~"$namespace"}[$__range]))'),
                description="In the time shown. The group has rebalanced; the records are read again.",
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
                description="Records written or passed over a second.",
                is_stacked=True,
            ),
            timeseries(
                "Records in a transaction",
                Query(
                    'sum(rate(segue_sink_batch_records_sum{namespace=~"$namespace"}[$__rate_interval])) '
                    '/ sum(rate(segue_sink_batch_records_count{namespace=~"$namespace"}[$__rate_interval]))',
                    "mean",
                ),
                unit="short",
                description="Small ones when little comes, full ones when it catches up.",
            ),
            timeseries(
                "Time of a transaction",
                Query(quantile(0.5, "segue_sink_batch_seconds"), "median"),
                Query(quantile(0.99, "segue_sink_batch_seconds"), "99 %"),
                unit="s",
                description="From its first attempt to MongoDB's journalled acknowledgement.",
                steps=[(10, YELLOW)],
            ),
        ],
    )
