"""A report as one page: no script, no network, everything foreign escaped.

Whatever a viewer leaves out, the text remains: without styles it is a plain document, without SVG it has no map.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from segue.commandline import printable
from segue.render.report_contents import ClusterLine, Report, TrackLine
from segue.render.report_map import draw_svg, drawn_rows
from segue.render.results import measure
from segue.render.tables import number, shorten
from segue_core.recommend.model_diff import Side
from segue_core.similarity.stability import SHIFTED

_LONGEST = 120
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --ink: #222; --faint: #666; --line: #ddd; --paper: #fbfaf7; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6e1; --faint: #a5a29b; --line: #444; --paper: #1d1d1f; } }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.15rem; }
p, td, th, li { font-size: .95rem; }
.faint { color: var(--faint); }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top; }
th { font-weight: 600; color: var(--faint); font-size: .85rem; overflow-wrap: normal; }
td { min-width: 4rem; }
.number { text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
svg { display: block; width: 100%; height: auto; margin-top: .5rem; border: 1px solid var(--line); border-radius: 6px; }
svg circle { fill-opacity: .75; }
svg text { font: 600 15px system-ui, sans-serif; text-anchor: middle; dominant-baseline: central; fill: var(--ink);
  stroke: var(--paper); stroke-width: 4px; paint-order: stroke; }
"""


def render_page(report: Report, side: Side) -> str:
    """The page as HTML.

    Parameters
    ----------
    side
        What the report is of, for the map.
    """
    parts = (
        *_head(report),
        *_map(report, side),
        *_clusters(report),
        *_measures(report),
        *_drift(report),
        *_reach(report),
        *_decisions(report),
        *_rejected(report),
        "</main>\n</body>\n</html>\n",
    )
    return "\n".join(parts)


def text(value: object) -> str:
    """Foreign text on the page: shortened, without control characters, escaped, and with a direction of its own."""
    return f"<bdi>{escape(shorten(printable(value), _LONGEST))}</bdi>"


def _table(headers: Sequence[str], lines: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> Iterator[str]:
    """A table; its cells are HTML already."""

    def tag(name: str, header: str, cell: str) -> str:
        kind = ' class="number"' if header in right else ""
        return f"<{name}{kind}>{cell}</{name}>"

    yield "<table>\n<thead><tr>" + "".join(tag("th", header, header) for header in headers) + "</tr></thead>\n<tbody>"
    for line in lines:
        yield "<tr>" + "".join(tag("td", header, cell) for header, cell in zip(headers, line, strict=True)) + "</tr>"
    yield "</tbody>\n</table>"


def _head(report: Report) -> Iterator[str]:
    name = escape(printable(report.catalogue))
    yield f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}: report</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{name}</h1>"""
    state = "active and pinned" if report.pinned else "active" if report.is_active else "not active"
    yield (
        f"<p>Model {text(report.model)}, {state}: {number(report.trained_tracks)} tracks, trained "
        f"{text(report.trained)} by TrainingRun {text(report.run)}.<br>"
        f'<span class="faint">Report of {text(report.made)}.</span></p>'
    )


def _map(report: Report, side: Side) -> Iterator[str]:
    drawn = len(drawn_rows(side.recommender))
    part = "" if drawn == report.tracks else f" It shows {number(drawn)} of {number(report.tracks)}, evenly chosen."
    yield "<h2>Map</h2>"
    yield f'<p class="faint">Each dot is a track, near those that sound like it; the numbers are clusters.{part}</p>'
    yield draw_svg(side)


def _clusters(report: Report) -> Iterator[str]:
    yield "<h2>Clusters</h2>"
    before = ("Before",) if report.previous_model else ()
    headers = ("Cluster", "Sounds", "Typical tracks", "Tracks", *before)

    def line(cluster: ClusterLine) -> Iterator[str]:
        yield str(cluster.number)
        yield text(cluster.name)
        yield "<br>".join(map(text, cluster.typical))
        yield number(cluster.tracks)
        if before:
            yield "new" if cluster.previous_tracks is None else number(cluster.previous_tracks)

    yield from _table(headers, (tuple(line(one)) for one in report.clusters), right=("Tracks", "Before"))
    if report.more_clusters:
        yield f'<p class="faint">and {number(report.more_clusters)} smaller clusters.</p>'


def _measures(report: Report) -> Iterator[str]:
    yield "<h2>Measures</h2>"
    if not report.measures:
        yield "<p>This version has no measures.</p>"
        return
    versions = tuple(text(version) for version in (report.model, report.previous_model) if version)

    def value(name: str, given: float | None) -> str:
        return escape(measure(name, given) or "-")

    lines = (
        (text(one.words), *(value(one.name, given) for given in (one.value, one.previous)[: len(versions)]))
        for one in report.measures
    )
    yield from _table(("Measure", *versions), lines, right=versions)


def _drift(report: Report) -> Iterator[str]:
    yield "<h2>Drift</h2>"
    share = report.new_tracks / report.tracks if report.tracks else 0.0
    unlike = (
        f"; {number(report.unlike_tracks)} of them sound like nothing in it, which one in a hundred does by chance"
        if report.new_tracks
        else ""
    )
    yield (
        f"<p>{number(report.new_tracks)} of {number(report.tracks)} tracks ({share:.0%}) were not in the training "
        f"or have changed since{unlike}.</p>"
    )
    yield from (f"<p>{text(run.name)}: {_long(run.since)}</p>" for run in report.runs[:1] if run.since)
    if report.shift is not None:
        yield (
            f'<p class="faint">Of the features, {report.shift.shifted:.0%} have shifted: their population stability '
            f"index, of the new tracks against the training, is above {SHIFTED}.</p>"
        )
        lines = ((text(family), f"{index:.2f}") for family, index in report.shift.largest.items())
        yield from _table(("Family", "Largest index"), lines, right=("Largest index",))


def _reach(report: Report) -> Iterator[str]:
    asked = "of every track" if report.every_track_asked else f"of {number(report.lists)} tracks, evenly chosen"
    yield "<h2>Hubs</h2>"
    yield f'<p class="faint">Tracks that are in many lists of ten similar tracks, {asked}.</p>'
    yield from _table(("Track", "Id", "Lists"), (_track(one) for one in report.hubs), right=("Lists",))
    yield "<h2>Never recommended</h2>"
    if not report.every_track_asked:
        yield (
            f"<p>Not listed: {number(report.lists)} lists cannot tell for a catalogue of this size. "
            "The measures have the share of such tracks in the training's sample.</p>"
        )
        return
    if not report.never_tracks:
        yield "<p>Every track is in another track's list.</p>"
        return
    more = f", {number(len(report.never))} of them here" if len(report.never) < report.never_tracks else ""
    yield f'<p class="faint">{number(report.never_tracks)} tracks are in no list of ten{more}.</p>'
    yield from _table(("Track", "Id"), (_track(one)[:2] for one in report.never))


def _track(line: TrackLine) -> tuple[str, str, str]:
    return text(line.title), text(line.track_id), number(line.lists)


def _decisions(report: Report) -> Iterator[str]:
    if not (report.decision or report.runs):
        return
    yield "<h2>Decisions</h2>"
    if report.decision:
        yield f"<p>{text(report.model)} is active: {_long(report.decision)}</p>"
    if report.runs:
        lines = (
            (text(run.name), text(run.model), "active" if run.promoted else "not made active", _long(run.decision))
            for run in report.runs
        )
        yield from _table(("TrainingRun", "Model", "", "Because"), lines)


def _rejected(report: Report) -> Iterator[str]:
    yield "<h2>Rejected tracks</h2>"
    if not report.rejected:
        yield "<p>None.</p>"
    else:
        lines = ((text(one.reason), number(one.tracks), text(one.path), text(one.message)) for one in report.rejected)
        yield from _table(("Reason", "Tracks", "For example", "Because"), lines, right=("Tracks",))
    if report.excluded:
        left_out = ((text(reason), number(count)) for reason, count in report.excluded.items())
        yield "<h2>Stored, but not in the model</h2>"
        yield from _table(("Reason", "Tracks"), left_out, right=("Tracks",))


def _long(sentence: str) -> str:
    """A sentence, which may be longer than a title."""
    return f"<bdi>{escape(shorten(printable(sentence), 1024))}</bdi>"
