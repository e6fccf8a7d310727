"""The operator: whether it is alive, keeps up, and what it waits for."""

from __future__ import annotations

from panels import RED, YELLOW, Json, Query, Row, bars, dashboard, heatmap, label_variable, quantile, stat, timeseries

HERE = '{namespace=~"$namespace"}'
DONE = '{namespace=~"$namespace", result="done"}'
PODS = '{namespace=~"$namespace", container="operator", pod=~".*-operator-.*"}'


def build() -> Json:
    """Dashboard of the operator."""
    namespace = label_variable("namespace", "Namespace of the operator", "segue_operator_build_info", "namespace")
    return dashboard(
        "segue-operator",
        "Segue / Operator",
        "Whether the operator is alive, keeps up, and what it waits for.",
        [namespace],
        [_state(), _work(), _server(), _process()],
    )


def _state() -> Row:
    return Row(
        "State",
        [
            stat(
                "Heartbeat",
                Query(f"time() - max(segue_operator_heartbeat_timestamp_seconds{HERE})"),
                unit="s",
                description="Time since the event loop last ran; the liveness probe restarts a blocked operator.",
                steps=[(15, YELLOW), (60, RED)],
            ),
            stat(
                "Oldest data",
                Query(f"max(segue_operator_watch_age_seconds{HERE})"),
                unit="s",
                description="Of all kinds, the longest time since the objects were known to be current.",
                steps=[(600, YELLOW), (900, RED)],
            ),
            stat(
                "Kinds not served",
                Query(f"count(segue_operator_kind_served{HERE} == 0) or vector(0)"),
                description="Kinds that the API server does not serve: a CustomResourceDefinition is missing.",
                steps=[(1, RED)],
            ),
            stat(
                "Blocked",
                Query('sum(segue_operator_resources{namespace=~"$namespace", state="Blocked"})'),
                description="Resources that something outside hinders; their condition Succeeded says what.",
                steps=[(1, YELLOW)],
            ),
            stat(
                "Failed",
                Query('sum(segue_operator_resources{namespace=~"$namespace", state="Failed"})'),
                description="Failed resources that still exist.",
                steps=[(1, YELLOW)],
            ),
            stat(
                "Waiting keys",
                Query(f"sum(segue_operator_workqueue_depth{HERE})"),
                description="Resources that are waiting for a worker.",
                steps=[(100, YELLOW), (1000, RED)],
            ),
            timeseries(
                "Resources by state",
                Query(f"sum by (kind, state) (segue_operator_resources{HERE}) > 0", "{{kind}} {{state}}"),
                unit="short",
                description="All TrackBatches and TrainingRuns that exist.",
                is_stacked=True,
                width=16,
            ),
            timeseries(
                "Active and queued batches",
                Query(f"sum(segue_operator_batches_active{HERE})", "active"),
                Query(f"sum(segue_operator_batches_active_limit{HERE})", "limit"),
                Query(f"count(segue_operator_batch_queue_position{HERE}) or vector(0)", "queued"),
                unit="short",
                description="Batches that work at the same time, how many may, and how many wait for them.",
            ),
            bars(
                "Finished by reason",
                Query(
                    f"sum by (kind, reason) (increase(segue_operator_finished_total{HERE}[$__range])) > 0",
                    "{{kind}} {{reason}}",
                ),
                description="Finished in the selected time range. docs/operations.md explains the reasons.",
            ),
        ],
    )


def _work() -> Row:
    return Row(
        "Work",
        [
            timeseries(
                "Passes",
                Query(
                    f"sum by (kind, result) (rate(segue_operator_reconcile_total{HERE}[$__rate_interval]))",
                    "{{kind}} {{result}}",
                ),
                unit="ops",
                description="Passes over resources per second, by result.",
            ),
            timeseries(
                "Failed passes",
                Query(
                    f"1 - sum by (kind) (rate(segue_operator_reconcile_total{DONE}[$__rate_interval])) "
                    f"/ sum by (kind) (rate(segue_operator_reconcile_total{HERE}[$__rate_interval]))",
                    "{{kind}}",
                ),
                unit="percentunit",
                description="Share of passes that ended with an error; they are retried with growing delays.",
                steps=[(0.1, RED)],
            ),
            timeseries(
                "Duration of a pass",
                Query(quantile(0.5, "segue_operator_reconcile_duration_seconds"), "median"),
                Query(quantile(0.99, "segue_operator_reconcile_duration_seconds"), "99 %"),
                unit="s",
                description="From taking a key to writing the status.",
            ),
            timeseries(
                "Wait for a worker",
                Query(quantile(0.5, "segue_operator_workqueue_latency_seconds"), "median"),
                Query(quantile(0.99, "segue_operator_workqueue_latency_seconds"), "99 %"),
                unit="s",
                description="From adding a key to the queue until a worker takes it.",
                steps=[(5, RED)],
            ),
            timeseries(
                "Queue",
                Query(f"sum(segue_operator_workqueue_depth{HERE})", "waiting"),
                Query(
                    f"sum(rate(segue_operator_workqueue_retries_total{HERE}[$__rate_interval]))", "put back a second"
                ),
                unit="short",
                description="Waiting keys, and keys returned to the queue after a failure.",
            ),
            heatmap(
                "Duration of resources",
                "sum by (le) (increase(segue_operator_run_duration_seconds_bucket"
                '{namespace=~"$namespace"}[$__rate_interval]))',
                unit="s",
                description="From start to finish.",
            ),
        ],
    )


def _server() -> Row:
    return Row(
        "API server",
        [
            timeseries(
                "Requests",
                Query(
                    f"sum by (verb, kind) (rate(segue_operator_api_requests_total{HERE}[$__rate_interval]))",
                    "{{verb}} {{kind}}",
                ),
                unit="reqps",
                description="Requests from the operator.",
                is_stacked=True,
            ),
            timeseries(
                "Failed requests",
                Query(
                    "sum by (code, verb, kind) (rate(segue_operator_api_requests_total"
                    '{namespace=~"$namespace", code!~"2.."}[$__rate_interval])) > 0',
                    "{{code}} {{verb}} {{kind}}",
                ),
                unit="reqps",
                description="0: no answer came. 403: the operator lacks a right. 404 and 409 are part of its work.",
            ),
            timeseries(
                "Duration of a request",
                Query(
                    quantile(0.99, "segue_operator_api_request_duration_seconds", "verb"),
                    "{{verb}} 99 %",
                ),
                unit="s",
                description="As measured by the operator.",
                steps=[(1, YELLOW)],
            ),
            timeseries(
                "Age of data",
                Query(f"max by (kind) (segue_operator_watch_age_seconds{HERE})", "{{kind}}"),
                unit="s",
                description="Time since each kind's objects were last known to be current.",
                steps=[(900, RED)],
                width=12,
            ),
            timeseries(
                "Repairs",
                Query(
                    f"sum by (kind) (increase(segue_operator_watch_repairs_total{HERE}[$__rate_interval]))", "{{kind}}"
                ),
                unit="short",
                description="Objects that an audit found to differ from what the watches had reported.",
                width=12,
            ),
        ],
    )


def _process() -> Row:
    return Row(
        "Process",
        [
            timeseries(
                "Memory",
                Query(f"max by (pod) (container_memory_working_set_bytes{PODS})", "{{pod}}"),
                unit="bytes",
                description="Working set from the kubelet; the container is killed at its limit.",
                width=12,
            ),
            timeseries(
                "CPU",
                Query(f"sum by (pod) (rate(container_cpu_usage_seconds_total{PODS}[$__rate_interval]))", "{{pod}}"),
                unit="cores",
                description="Cores in use, from the kubelet.",
                width=12,
            ),
        ],
    )
