"""Training: quality of the latest models, and what a run is doing."""

from __future__ import annotations

from collections.abc import Sequence

from panels import (
    GREEN,
    RED,
    YELLOW,
    Json,
    Panel,
    Query,
    Row,
    bars,
    dashboard,
    label_variable,
    stat,
    timeline,
    timeseries,
)

CATALOGUE = '{catalogue=~"$catalogue"}'
RUN = 'namespace=~"$namespace", segue_dev_trainingrun=~"$run"'


def build() -> Json:
    """Dashboard of training."""
    return dashboard(
        "segue-training",
        "Segue / Training",
        "Training runs, the models that they published, and whether these became active.",
        [
            label_variable("namespace", "Namespace", "segue_train_phase", "namespace"),
            label_variable("run", "TrainingRun", 'segue_train_phase{namespace=~"$namespace"}', "segue_dev_trainingrun"),
            label_variable("catalogue", "Catalogue", "segue_operator_training_clusters", "catalogue"),
        ],
        [_runs(), _models(), _freshness(), _phases(), _executors()],
    )


def _runs() -> Row:
    return Row(
        "Runs",
        [
            _state("Running", "Submitted|Running|Retrying", "Runs that Spark has accepted.", ()),
            _state("Waiting", "Pending|Suspended", "Runs that are waiting for batches, or are suspended.", ()),
            _state("Succeeded", "Succeeded", "Runs that published a model.", ()),
            _state("Failed or blocked", "Failed|Blocked", "Runs that need attention.", [(1, RED)]),
            stat(
                "Last success",
                Query(f"time() - max(segue_operator_training_last_success_timestamp_seconds{CATALOGUE})"),
                unit="s",
                description="Time since any of the selected catalogues was trained.",
            ),
            stat(
                "Median duration",
                Query(
                    "histogram_quantile(0.5, sum by (le) (increase(segue_operator_run_duration_seconds_bucket"
                    '{kind="TrainingRun", outcome="succeeded"}[$__range])))'
                ),
                unit="s",
                description="From start to finish, of the runs that succeeded in the selected time range.",
            ),
        ],
    )


def _state(title: str, states: str, description: str, steps: Sequence[tuple[float, str]]) -> Panel:
    query = Query(f'sum(segue_operator_resources{{kind="TrainingRun", state=~"{states}"}})')
    return stat(title, query, description=description, steps=steps)


def _models() -> Row:
    return Row(
        "Models",
        [
            stat(
                "Promoted",
                Query(f"max by (catalogue) (segue_operator_training_promoted{CATALOGUE})", "{{catalogue}}"),
                description="Whether the catalogue's latest model is the active one.",
                mappings={"0": ("no", YELLOW), "1": ("yes", GREEN)},
                width=6,
            ),
            stat(
                "Active model",
                Query(f"max by (catalogue) (segue_operator_active_model_worse{CATALOGUE})", "{{catalogue}}"),
                description="Whether its lists are worse than when it was trained, as the last training found.",
                mappings={"0": ("as trained", GREEN), "1": ("worse", RED)},
                width=6,
            ),
            stat(
                "Clusters",
                Query(f"max by (catalogue) (segue_operator_training_clusters{CATALOGUE})", "{{catalogue}}"),
                description="The chosen k.",
                width=4,
            ),
            stat(
                "Tracks",
                Query(
                    'max by (catalogue) (segue_operator_training_tracks{catalogue=~"$catalogue", state="trained"})',
                    "{{catalogue}}",
                ),
                description="Tracks in the latest model.",
                width=4,
            ),
            stat(
                "Excluded",
                Query(
                    'max by (catalogue) (segue_operator_training_tracks{catalogue=~"$catalogue", state="excluded"})',
                    "{{catalogue}}",
                ),
                description="Tracks that are not in the model; the collection `assignments` has a reason for each.",
                steps=[(1, YELLOW)],
                width=4,
            ),
            timeseries(
                "Measures",
                Query(
                    f"max by (catalogue, metric) (segue_operator_training_metric{CATALOGUE})",
                    "{{catalogue}} {{metric}}",
                ),
                unit="short",
                description="Measures of the latest model over time; docs/architecture.md explains them.",
                width=16,
            ),
            bars(
                "Current measures",
                Query(
                    f"max by (catalogue, metric) (segue_operator_training_metric{CATALOGUE})",
                    "{{catalogue}} {{metric}}",
                ),
                description="The same measures as numbers.",
            ),
        ],
    )


def _freshness() -> Row:
    changed = f"max by (catalogue) (segue_operator_changed_tracks{CATALOGUE})"
    trained = 'max by (catalogue) (segue_operator_training_tracks{catalogue=~"$catalogue", state="trained"})'
    unlike = f"max by (catalogue) (segue_api_unlike_tracks{CATALOGUE})"
    return Row(
        "Freshness",
        [
            stat(
                "Retraining",
                Query(f"max by (catalogue) (segue_operator_retrain_recommended{CATALOGUE})", "{{catalogue}}"),
                description="The condition RetrainRecommended of the catalogue's last run: enough tracks have changed.",
                mappings={"0": ("not needed", GREEN), "1": ("recommended", YELLOW)},
                width=6,
            ),
            stat(
                "Model age",
                Query(
                    f"time() - max by (catalogue) (segue_operator_training_last_success_timestamp_seconds{CATALOGUE})",
                    "{{catalogue}}",
                ),
                unit="s",
                description="Time since the last training of each catalogue.",
                width=6,
            ),
            stat(
                "Failed rounds",
                Query(f"max by (catalogue) (segue_operator_training_failed_rounds{CATALOGUE})", "{{catalogue}}"),
                description="Rounds of spec.retrain that failed since one succeeded. Each makes the pause longer.",
                steps=[(1, YELLOW), (3, RED)],
                width=6,
            ),
            stat(
                "Unlike tracks",
                Query(f"{unlike} / max by (catalogue) (segue_api_new_tracks{CATALOGUE} > 0)", "{{catalogue}}"),
                unit="percentunit",
                description="Share of the new tracks that sound like nothing in the training; by chance, 1 %.",
                steps=[(0.1, YELLOW)],
                width=6,
            ),
            timeseries(
                "Changed since the training",
                Query(f"{changed} / ({trained} > 0)", "{{catalogue}}"),
                unit="percentunit",
                description="Tracks that came, went or changed, as a share of those that were trained on.",
                steps=[(0.25, YELLOW)],
                width=12,
            ),
            timeseries(
                "Hubs and tracks that are never recommended",
                Query(_metric("hubnessSkew"), "{{catalogue}} hubs (skew)"),
                Query(_metric("antiHubShare"), "{{catalogue}} never recommended (share)"),
                unit="short",
                description="Of the latest model: skew of how often a track is in a list; share that is in none.",
                width=12,
            ),
        ],
    )


def _metric(name: str) -> str:
    return f'max by (catalogue) (segue_operator_training_metric{{catalogue=~"$catalogue", metric="{name}"}})'


def _phases() -> Row:
    return Row(
        "Current run",
        [
            timeline(
                "Phases",
                Query(f"max by (phase) (segue_train_phase{{{RUN}}})", "{{phase}}"),
                description="What the driver is doing.",
                width=16,
            ),
            bars(
                "Time per phase",
                Query(f"sort_desc(max by (phase) (segue_train_phase_seconds{{{RUN}}}))", "{{phase}}"),
                unit="s",
                description="Of finished phases.",
            ),
        ],
    )


def _executors() -> Row:
    return Row(
        "Spark",
        [
            timeseries(
                "Tasks",
                Query(f"sum(metrics_executor_activeTasks{{{RUN}}})", "active"),
                Query(
                    f"sum(rate(metrics_executor_completedTasks_total{{{RUN}}}[$__rate_interval]))", "completed a second"
                ),
                Query(f"sum(rate(metrics_executor_failedTasks_total{{{RUN}}}[$__rate_interval]))", "failed a second"),
                unit="short",
                description="Of all executors.",
            ),
            timeseries(
                "Storage memory",
                Query(f"sum by (executor_id) (metrics_executor_memoryUsed_bytes{{{RUN}}})", "executor {{executor_id}}"),
                unit="bytes",
                description="Cached blocks of each executor.",
            ),
            timeseries(
                "Garbage collection",
                Query(
                    "sum by (executor_id) (rate(metrics_executor_totalGCTime_seconds_total"
                    f"{{{RUN}}}[$__rate_interval]))",
                    "executor {{executor_id}}",
                ),
                unit="percentunit",
                description="Share of time. If it is high, executorMemory is too small.",
                steps=[(0.2, RED)],
            ),
            timeseries(
                "Shuffle",
                Query(f"sum(rate(metrics_executor_totalShuffleRead_bytes_total{{{RUN}}}[$__rate_interval]))", "read"),
                Query(
                    f"sum(rate(metrics_executor_totalShuffleWrite_bytes_total{{{RUN}}}[$__rate_interval]))", "written"
                ),
                unit="Bps",
                description="Data exchanged between executors.",
                width=12,
            ),
            timeseries(
                "Memory of the pods",
                Query(
                    'max by (pod) (container_memory_working_set_bytes{namespace=~"$namespace", '
                    'container=~"spark-kubernetes-(driver|executor)"})',
                    "{{pod}}",
                ),
                unit="bytes",
                description="Working set from the kubelet, including Python workers. A pod above its limit is killed.",
                width=12,
            ),
        ],
    )
