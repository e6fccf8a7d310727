"""Serving: how fast and how well listeners are answered, and how soon what they do counts."""

from __future__ import annotations

from panels import (
    GREEN,
    RED,
    YELLOW,
    Json,
    Query,
    Row,
    bars,
    dashboard,
    heatmap,
    label_variable,
    stat,
    text_variable,
    timeseries,
)

NAMESPACE = 'namespace=~"$namespace"'
CATALOGUE = f'{NAMESPACE}, catalogue=~"$catalogue"'
REQUESTS = "segue_api_request_seconds"


def build() -> Json:
    """Dashboard of serving."""
    return dashboard(
        "segue-serving",
        "Segue / Serving",
        "The service that answers listeners: requests, models, events, and what is recommended.",
        [
            label_variable("namespace", "Namespace", "segue_api_profiles", "namespace"),
            label_variable("catalogue", "Catalogue", f"segue_api_tracks{{{NAMESPACE}}}", "catalogue"),
            text_variable("prefix", "Topic prefix", "segue"),
        ],
        [_overview(), _requests(), _models(), _events(), _recommendations()],
    )


def _overview() -> Row:
    return Row(
        "At a glance",
        [
            stat(
                "Requests",
                Query(f"sum(rate({REQUESTS}_count{{{NAMESPACE}}}[$__rate_interval]))"),
                unit="reqps",
                description="Requests per second, of all pods.",
            ),
            stat(
                "Share failed",
                Query(
                    f'(sum(rate({REQUESTS}_count{{{NAMESPACE}, status=~"5.."}}[$__rate_interval])) or vector(0)) '
                    f"/ clamp_min(sum(rate({REQUESTS}_count{{{NAMESPACE}}}[$__rate_interval])), 0.001)"
                ),
                unit="percentunit",
                description="Answers of 500 and above, 503 for an overload included.",
                steps=[(0.01, YELLOW), (0.05, RED)],
            ),
            stat(
                "99 % are faster than",
                Query(
                    f"histogram_quantile(0.99, sum by (le) (rate({REQUESTS}_bucket{{{NAMESPACE}}}[$__rate_interval])))"
                ),
                unit="s",
                description="From a request's head to the end of its answer.",
                steps=[(0.1, YELLOW), (0.5, RED)],
            ),
            stat(
                "Models that cannot be served",
                Query(f"sum(max by (catalogue) (segue_api_model_stale{{{CATALOGUE}}}))"),
                description="Catalogues whose active model cannot be read: an older one answers, or none.",
                steps=[(1, RED)],
            ),
            stat(
                "Behind the events",
                Query(f"max(segue_api_events_lag_records{{{NAMESPACE}}})"),
                description="Events that the slowest pod has not read yet: what a listener did elsewhere counts later.",
                steps=[(100, YELLOW), (1000, RED)],
            ),
            stat(
                "Listeners in memory",
                Query(f"max(segue_api_profiles{{{NAMESPACE}}})"),
                description="Profiles that the fullest pod holds.",
            ),
        ],
    )


def _requests() -> Row:
    return Row(
        "Requests",
        [
            timeseries(
                "By route",
                Query(f"sum by (route) (rate({REQUESTS}_count{{{NAMESPACE}}}[$__rate_interval]))", "{{route}}"),
                unit="reqps",
                description="Requests per second.",
                is_stacked=True,
            ),
            timeseries(
                "By status",
                Query(f"sum by (status) (rate({REQUESTS}_count{{{NAMESPACE}}}[$__rate_interval]))", "{{status}}"),
                unit="reqps",
                description="401 and 429 are wrong keys, 503 is an overload or a broker that does not answer.",
                is_stacked=True,
            ),
            heatmap(
                "Time to answer",
                f"sum by (le) (increase({REQUESTS}_bucket{{{NAMESPACE}}}[$__rate_interval]))",
                unit="s",
                description="All routes.",
            ),
            timeseries(
                "99 % by route",
                Query(
                    f"histogram_quantile(0.99, sum by (le, route) "
                    f"(rate({REQUESTS}_bucket{{{NAMESPACE}}}[$__rate_interval])))",
                    "{{route}}",
                ),
                unit="s",
                description="The slowest routes are those that search.",
            ),
            timeseries(
                "Waiting for a thread",
                Query(f"sum by (pod) (segue_api_waiting_requests{{{NAMESPACE}}})", "{{pod}}"),
                unit="short",
                description="A full queue answers 503 with Retry-After: more pods help.",
            ),
            timeseries(
                "Memory of the pods",
                Query(
                    'max by (pod) (container_memory_working_set_bytes{namespace=~"$namespace", container="api"})',
                    "{{pod}}",
                ),
                unit="bytes",
                description="Working set from the kubelet. While a model changes, two are in memory.",
            ),
        ],
    )


def _models() -> Row:
    return Row(
        "Models",
        [
            timeseries(
                "Tracks",
                Query(f"max by (catalogue) (segue_api_tracks{{{CATALOGUE}}})", "{{catalogue}}"),
                unit="short",
                description="Tracks that can be recommended.",
            ),
            timeseries(
                "New since the training",
                Query(f"max by (catalogue) (segue_api_new_tracks{{{CATALOGUE}}})", "{{catalogue}} new"),
                Query(f"max by (catalogue) (segue_api_unlike_tracks{{{CATALOGUE}}})", "{{catalogue}} unlike"),
                unit="short",
                description="Tracks that the model was not trained on, and those unlike all that it was trained on.",
            ),
            timeseries(
                "Shift of the new tracks' features",
                Query(
                    f"max by (catalogue, family) (segue_api_stability_index{{{CATALOGUE}}})", "{{catalogue}} {{family}}"
                ),
                unit="short",
                description="Largest population stability index of each family. Above 0.2, the values of a feature are "
                "spread otherwise than in the training. From 200 new tracks on.",
            ),
            timeseries(
                "Age of the model",
                Query(
                    f"time() - min by (catalogue) (segue_api_model_created_timestamp_seconds{{{CATALOGUE}}})",
                    "{{catalogue}}",
                ),
                unit="s",
                description="Time since the model that answers was made.",
            ),
            timeseries(
                "Models in service",
                Query(f"max by (pod, catalogue) (segue_api_model_number{{{CATALOGUE}}})", "{{catalogue}} {{pod}}"),
                unit="short",
                description="Pods differ only for the moment of a change.",
            ),
            timeseries(
                "Loads",
                Query(
                    f"sum by (outcome) (increase(segue_api_loads_total{{{CATALOGUE}}}[$__rate_interval]))",
                    "{{outcome}}",
                ),
                unit="short",
                description="Models that were loaded, or could not be.",
            ),
            timeseries(
                "Time to load",
                Query(
                    f"histogram_quantile(0.9, sum by (le) "
                    f"(rate(segue_api_load_seconds_bucket{{{NAMESPACE}}}[$__rate_interval])))",
                    "90 %",
                ),
                unit="s",
                description="From the first read of the database until the model answers.",
            ),
            timeseries(
                "Tracks that arrived",
                Query(f"sum(rate(segue_api_arrived_tracks_total{{{NAMESPACE}}}[$__rate_interval]))", "tracks"),
                unit="ops",
                description="Stored while the service ran, and placed into the model without training.",
            ),
        ],
    )


def _events() -> Row:
    return Row(
        "Events",
        [
            timeseries(
                "Events taken",
                Query(f"sum by (type) (rate(segue_api_events_total{{{NAMESPACE}}}[$__rate_interval]))", "{{type}}"),
                unit="ops",
                description="Acknowledged by the broker.",
                is_stacked=True,
            ),
            timeseries(
                "Events stored",
                Query(
                    f"sum by (type, effect) (rate(segue_sink_events_total{{{NAMESPACE}}}[$__rate_interval]))",
                    "{{type}} {{effect}}",
                ),
                unit="ops",
                description="Written to MongoDB with the listener's profile, in one transaction.",
                is_stacked=True,
            ),
            timeseries(
                "Waiting to be stored",
                Query('sum by (topic) (kafka_consumergroup_lag{consumergroup="$prefix.events"})', "{{topic}}"),
                unit="short",
                description="From Strimzi's Kafka exporter. They count in answers already: pods follow the topic.",
            ),
            timeseries(
                "Behind the topic",
                Query(f"max by (pod) (segue_api_events_lag_records{{{NAMESPACE}}})", "{{pod}}"),
                unit="short",
                description="Events that a pod has not read; nothing is shown while the broker does not answer.",
            ),
            timeseries(
                "Profiles written",
                Query(f"sum(rate(segue_sink_profiles_written_total{{{NAMESPACE}}}[$__rate_interval]))", "profiles"),
                unit="ops",
                description="One a listener and transaction.",
            ),
            timeseries(
                "Events given up",
                Query(f"sum(increase(segue_api_events_given_up_total{{{NAMESPACE}}}[$__rate_interval]))", "events"),
                unit="short",
                description="No longer in a pod's memory although no stored profile has them: the sink is far behind.",
                steps=[(1, RED)],
            ),
        ],
    )


def _recommendations() -> Row:
    return Row(
        "What is recommended",
        [
            timeseries(
                "Recommended by",
                Query(
                    f"sum by (source) (rate(segue_api_recommendations_total{{{NAMESPACE}}}[$__rate_interval]))",
                    "{{source}}",
                ),
                unit="ops",
                description="Long-term taste, the session, stated preferences, or the choice for a first visit.",
                is_stacked=True,
            ),
            bars(
                "Liked or played, by place",
                Query(f"sum by (rank) (increase(segue_api_clicks_total{{{NAMESPACE}}}[$__range]))", "{{rank}}"),
                description="Tracks of a list that a listener took up, by their place in it.",
            ),
            timeseries(
                "Share of the catalogue served",
                Query(
                    f"max by (catalogue) (segue_api_catalogue_served_ratio{{{CATALOGUE}}})",
                    "{{catalogue}}",
                ),
                unit="percentunit",
                description="Tracks that were in some list of one pod during the last day.",
                steps=[(0.0, YELLOW), (0.05, GREEN)],
            ),
        ],
    )
