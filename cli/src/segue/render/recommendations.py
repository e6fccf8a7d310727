"""Recommendations as tables, with their reasons, or as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from segue.commandline import printable
from segue.render.listing import Kind, Listing
from segue.render.playlists import uri_of
from segue.render.tables import cell, full_title, number, percent
from segue_core.contract import Family
from segue_core.recommend.answer import Hit, Journey, Recommendations, Step
from segue_core.recommend.filters import Drop
from segue_core.recommend.recommender import Recommender
from segue_core.store.track_files import LocatedFile

TRACK_WIDTH = 36
"""Columns of a title at most where reasons stand beside it."""
_LEAST_TRACK, _LEAST_WHY = 20, 26
"""Columns of a title and of the reasons at least where they stand beside each other."""
_SHOWN_LIKES = 8
_RULES = {
    Drop.SEED: "given as likes or dislikes",
    Drop.DUPLICATE: "the same recording as another",
    Drop.PLAYED: "played lately",
    Drop.EXCLUDED: "excluded by the listener",
    Drop.OMITTED: "left out by the request",
    Drop.QUEUED: "coming up anyway",
    Drop.PREFERENCE: "outside of the listener's preferences",
    Drop.GENRE: "of other genres",
    Drop.YEAR: "of other or unknown years",
    Drop.TEMPO: "of another tempo",
    Drop.DURATION: "of another duration",
    Drop.WORDS: "of another sound",
    Drop.ARTIST_CAP: "of artists that have their share",
    Drop.DISLIKED: "nearer to a dislike",
}


def _title(track: Hit | Step) -> Text:
    text = Text(printable(track.title or track.track_id))
    if by := track.artist or track.album:
        text.append(f" — {printable(by)}")
    return text


def print_recommendations(console: Console, recommender: Recommender, answer: Recommendations, *, why: bool) -> None:
    """Print what was asked and the list, with reasons if ``why``."""
    liked = [track_id for taste in answer.tastes for track_id in taste]
    for track_id in liked[:_SHOWN_LIKES]:
        _print_like(console, recommender, track_id, why=why)
    if len(liked) > _SHOWN_LIKES:
        console.print(f"and {number(len(liked) - _SHOWN_LIKES)} more")
    if why:
        _print_explained(console, answer.hits)
        console.print(cell(_left_out(answer), "dim"), soft_wrap=True)
    else:
        _print_short(console, answer.hits)


def _print_like(console: Console, recommender: Recommender, track_id: str, *, why: bool) -> None:
    tracks = recommender.tracks
    row = tracks.row_of[track_id]
    name, cluster = printable(full_title(tracks.cards[row])), int(tracks.clusters[row])
    seed = f"  {printable(track_id)}, cluster {cluster}: {printable(recommender.cluster_names[cluster])}"
    console.print(Text.assemble("like ", (name, "bold"), (seed, "dim")), soft_wrap=True)
    if why and (said := tracks.estimates(row)):
        words = ", ".join(f"{printable(word)} {rank} %" for word, rank in said.items())
        console.print(cell(f"     estimated, rank in the catalogue: {words}", "dim"), soft_wrap=True)


def _left_out(answer: Recommendations) -> str:
    """How many tracks each rule took out of the list, in the order in which the rules look at a track."""
    parts = [f"{number(count)} {_RULES[rule]}" for rule, count in answer.dropped.items()]
    return f"left out: {', '.join(parts) or 'none'}"


def _numbers(hit: Hit) -> tuple[Text, Text]:
    """The score that orders the list (similarity as seen from both tracks), and the plain cosine."""
    return cell(f"{hit.score:.2f}", "bold"), cell(f"{hit.similarity:z.2f}")


def _print_short(console: Console, hits: Iterable[Hit]) -> None:
    columns = (("SCORE", Kind.NUMBER), ("COSINE", Kind.NUMBER), ("TRACK", Kind.TEXT), ("ID", Kind.WHOLE))
    Listing(columns, ((*_numbers(hit), _title(hit), cell(hit.track_id, "dim")) for hit in hits)).print(console)


def _print_explained(console: Console, hits: Sequence[Hit]) -> None:
    """Each hit's similarity, the families' shares in it, and in words how it differs from the like.

    The id stands below its track, as long as it is. In a narrow terminal, the shares and the words do so as well.
    """
    families = [family for family in Family if any(family in hit.why for hit in hits)]
    names = [family.upper() for family in families]
    left = console.width - len("SCORE  COSINE  ") - sum(len(name) + 2 for name in names) - 2
    beside = not console.is_terminal or left >= _LEAST_TRACK + _LEAST_WHY
    columns = [("SCORE", Kind.NUMBER), ("COSINE", Kind.NUMBER), ("TRACK", Kind.TEXT)]
    if beside:
        columns += [*((name, Kind.NUMBER) for name in names), ("WHY", Kind.PROSE)]
    lines, below = [], []
    for hit in hits:
        shares = [percent(hit.why.get(family, 0.0)) for family in families]
        title = _title(hit)
        title.truncate(
            min(TRACK_WIDTH, max(left - _LEAST_WHY, _LEAST_TRACK)) if beside else console.width, overflow="ellipsis"
        )
        lines.append([*_numbers(hit), title, *([*shares, hit.words] if beside else [])])
        told = ", ".join(f"{family} {share}" for family, share in zip(families, shares, strict=True))
        track_id = Text(printable(hit.track_id), style="dim")
        below.append([track_id] if beside else [track_id, Text(told), Text(hit.words)])
    Listing(columns, lines, below).print(console)


def print_journey(console: Console, journey: Journey) -> None:
    """Print a walk: each track, and how it differs from the one before."""
    columns = (
        ("", Kind.NUMBER),
        ("TRACK", Kind.TEXT),
        ("COSINE", Kind.NUMBER),
        ("ID", Kind.WHOLE),
        ("STEP", Kind.PROSE),
    )
    lines = (
        (str(place), _title(step), f"{1 - step.hop:.2f}" if place > 1 else None, cell(step.track_id, "dim"), step.words)
        for place, step in enumerate(journey.steps, 1)
    )
    Listing(columns, lines).print(console)


def file_fields(file: LocatedFile | None) -> dict[str, object]:
    """Where a track's file is, as JSON: below the audio folder, and as a URI that opens it on this machine."""
    if file is None:
        return {"path": None, "uri": None}
    return {"path": file.path, "uri": None if file.location is None else uri_of(file.location)}


def recommendations_document(answer: Recommendations, files: Mapping[str, LocatedFile]) -> dict[str, object]:
    """The answer as JSON."""
    return {
        "model": answer.model,
        "tastes": answer.tastes,
        "hits": list(_documents(answer.hits, files)),
        "dropped": dict(answer.dropped),
        "note": answer.note,
    }


def journey_document(journey: Journey, files: Mapping[str, LocatedFile]) -> dict[str, object]:
    """A walk as JSON."""
    steps = list(_documents(journey.steps, files))
    return {"model": journey.model, "steps": steps, "largestHop": journey.largest_hop, "note": journey.note}


def _documents(tracks: Iterable[Hit | Step], files: Mapping[str, LocatedFile]) -> Iterator[dict[str, object]]:
    for track in tracks:
        fields = {name: dict(value) if name == "why" else value for name, value in asdict(track).items()}
        names = {"track_id": "trackId", "length_seconds": "lengthSeconds", "length_from": "lengthFrom"}
        document = {names.get(name, name): value for name, value in fields.items()}
        yield {**document, **file_fields(files.get(track.track_id))}
