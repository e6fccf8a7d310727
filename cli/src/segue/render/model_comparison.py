"""Two versions of a model compared, as tables or JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console

from segue.commandline import printable
from segue.render.results import measure
from segue.render.tables import number, percent, rows, table
from segue_core.contract.measures import MEASURES
from segue_core.recommend.model_diff import Cluster, ModelDiff, SeedDiff

_CAMEL = {
    "common_tracks": "commonTracks",
    "only_before": "onlyBefore",
    "only_after": "onlyAfter",
    "rank_shift": "rankShift",
    "most_changed": "mostChanged",
    "track_id": "trackId",
}


def diff_document(diff: ModelDiff) -> dict[str, object]:
    """A comparison as JSON."""
    document = asdict(diff)
    document["measures"] = {name: {"before": old, "after": new} for name, (old, new) in diff.measures.items()}
    return {_CAMEL.get(name, name): _camel(value) for name, value in document.items()}


def _camel(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_camel(entry) for entry in value]
    if isinstance(value, dict):
        return {_CAMEL.get(name, name): _camel(entry) for name, entry in value.items()}
    return value


def print_diff(console: Console, diff: ModelDiff) -> None:
    """Print a comparison."""
    console.print(_summary(diff), soft_wrap=True)
    shown = {name: words for name, words in MEASURES.items() if name in diff.measures}
    columns = (printable(diff.before).upper(), printable(diff.after).upper())
    if shown:
        lines = ([words, *(measure(name, value) for value in diff.measures[name])] for name, words in shown.items())
        console.print()
        console.print(rows(table("MEASURE", *columns, right=columns), lines))
    console.print()
    clusters = ([item.number, _cluster(item.before), _cluster(item.after)] for item in diff.clusters)
    console.print(rows(table("CLUSTER", *columns), clusters))
    if diff.most_changed:
        console.print()
        titles = ("CHANGED MOST", "ID", "SAME", "MOVED BY", "GONE", "NEW")
        seeds = (_seed(item) for item in diff.most_changed)
        console.print(rows(table(*titles, right=("SAME", "MOVED BY", "GONE", "NEW")), seeds))


def _summary(diff: ModelDiff) -> str:
    tracks = (
        f"{number(diff.common_tracks)} tracks are in both; {number(diff.only_before)} only in {diff.before}, "
        f"{number(diff.only_after)} only in {diff.after}"
    )
    if diff.overlap is None or diff.moved is None:
        return printable(f"{tracks}; there is nothing to compare")
    shift = "" if diff.rank_shift is None else f", which moved by {diff.rank_shift:.1f} places on average"
    return printable(
        f"of 10 recommendations, {10 * diff.overlap:.1f} are the same in both{shift} "
        f"({number(diff.seeds)} tracks asked); {percent(diff.moved)} of the tracks changed their cluster\n{tracks}",
        keep_lines=True,
    )


def _cluster(cluster: Cluster | None) -> str | None:
    return None if cluster is None else f"{cluster.name} ({number(cluster.tracks)})"


def _seed(item: SeedDiff) -> list[object]:
    title = " — ".join(name for name in (item.title or item.track_id, item.artist) if name)
    shift = None if item.rank_shift is None else f"{item.rank_shift:.1f}"
    return [title, item.track_id, percent(item.overlap), shift, len(item.gone), len(item.arrived)]
