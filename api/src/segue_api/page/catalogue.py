"""Pages of the catalogue: search, a track, an artist, an album, a genre, a cluster, two tracks compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from segue_api.page.formats import clock
from segue_api.page.rendering import render
from segue_api.page.visit import Visit, opinions_of
from segue_api.page.words import refuse_words
from segue_api.problems import Problem, ProblemError
from segue_api.routes import clusters, names, tracks
from segue_api.service.browse import natural, rows_of_album, rows_of_artist, rows_of_genre
from segue_api.service.lists import tracks_of
from segue_api.wire.browse import NamedCount, NameListParameters
from segue_api.wire.common import CatalogueParameter, Name, Offset, Words
from segue_api.wire.models import Cluster, ClusterParameters
from segue_api.wire.tracks import PathParameters, SearchParameters, SimilarParameters, TrackAnswer, TrackParameters
from segue_core.recommend.question_errors import UnknownWordError
from segue_core.similarity.arrays import Integers

_PAGE = 50
_ARTISTS = 8
_GENRES = 30


class SearchQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Words of its names, words that a network says of it, and which page."""

    q: Words = ""
    sounds: Words = ""
    offset: Offset = 0


class TrackQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which track."""

    id: Name


class PairQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which two tracks."""

    a: Name
    b: Name


class NameQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which artist or genre, and which page."""

    name: Name
    offset: Offset = 0


class AlbumQuery(NameQuery, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which album, of which artist."""

    artist: Name | None = None


class ClusterQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which cluster, and which page."""

    number: int
    offset: Offset = 0


async def search(visit: Visit, query: SearchQuery) -> Response:
    """Find tracks and artists by words; without words, show genres and clusters to look into."""
    name, words, sounds = visit.served.name, query.q.strip(), query.sounds.strip()
    asked = SearchParameters(catalogue=name, q=words, sounds=sounds, limit=_PAGE, offset=query.offset)
    try:
        found = await visit.ask(tracks.search, asked)
    except UnknownWordError as error:
        return refuse_words(visit, "/search", sounds, error)
    people: Sequence[NamedCount] = ()
    genres: Sequence[NamedCount] = ()
    groups: Sequence[Cluster] = ()
    if not sounds:
        asked_names = NameListParameters(catalogue=name, q=words, limit=_ARTISTS)
        people = (await visit.ask(names.list_artists, asked_names)).names
        asked_names = NameListParameters(catalogue=name, q=words, limit=_GENRES)
        genres = (await visit.ask(names.list_genres, asked_names)).names
    if not sounds and not words:
        groups = (await visit.ask(clusters.list_clusters, CatalogueParameter(catalogue=name))).clusters
    return render(
        visit.request, "search.html", visit=visit, words=words, sounds=sounds, found=found, artists=people,
        genres=genres, clusters=groups, page=_PAGE, opinions=opinions_of(await visit.profile()),
    )  # fmt: skip


async def track(visit: Visit, query: TrackQuery) -> Response:
    """Show a track, and tracks like it."""
    name = visit.served.name
    found = await visit.ask(tracks.track, TrackParameters(catalogue=name, id=query.id))
    near = await visit.ask(tracks.similar, SimilarParameters(catalogue=name, id=query.id, limit=12))
    return render(
        visit.request, "track.html", visit=visit, found=found, near=near, facts=_facts(found),
        opinions=opinions_of(await visit.profile()),
    )  # fmt: skip


def _facts(found: TrackAnswer) -> list[tuple[str, str]]:
    """What is known of a track, for people."""
    track, facts = found.track, found.facts
    known = [
        ("Year", str(track.year) if track.year else ""),
        ("Tempo", f"{track.tempo_bpm:.0f} BPM" if track.tempo_bpm else ""),
        ("Length", clock(track.duration_seconds)),
    ]
    if facts is not None:
        loudness, rate = facts.loudness_db, facts.bit_rate_kbps
        known += [
            ("Key", " ".join(word for word in (facts.key, facts.mode) if word)),
            ("Loudness", "" if loudness is None else f"{loudness:.1f} dB"),
            (
                "File",
                " ".join(word for word in (facts.suffix or facts.codec, f"{rate} kbit/s" if rate else "") if word),
            ),
            ("Track", str(facts.track_number) if facts.track_number else ""),
        ]
    return [(label, value) for label, value in known if value]


async def pair(visit: Visit, query: PairQuery) -> Response:
    """Say why two tracks go together, or do not."""
    hop = await visit.ask(tracks.path, PathParameters(catalogue=visit.served.name, start=query.a, end=query.b, count=2))
    return render(
        visit.request, "pair.html", visit=visit, first=hop.steps[0].track, second=hop.steps[-1],
        opinions=opinions_of(await visit.profile()),
    )  # fmt: skip


async def artist(visit: Visit, query: NameQuery) -> Response:
    """Show an artist's tracks by album."""
    rows = await visit.compute(lambda: rows_of_artist(visit.served.recommender.tracks, query.name))
    shown = await _tracks(visit, rows, query.name, "artist")
    albums = list(dict.fromkeys(one.album for one in shown if one.album))
    return await _show_list(visit, query, shown, kind="artist", albums=albums)


async def album(visit: Visit, query: AlbumQuery) -> Response:
    """Show an album's tracks."""
    rows = await visit.compute(lambda: rows_of_album(visit.served.recommender.tracks, query.name, query.artist))
    shown = await _tracks(visit, rows, query.name, "album")
    return await _show_list(visit, query, shown, kind="album", artist=query.artist)


async def genre(visit: Visit, query: NameQuery) -> Response:
    """Show a genre's tracks."""
    rows = await visit.compute(lambda: rows_of_genre(visit.served.recommender.tracks, query.name))
    shown = await _tracks(visit, rows, query.name, "genre")
    return await _show_list(visit, query, shown, kind="genre")


async def cluster(visit: Visit, query: ClusterQuery) -> Response:
    """Show a cluster's tracks, the most typical first."""
    asked = ClusterParameters(catalogue=visit.served.name, number=query.number, limit=_PAGE, offset=query.offset)
    found = await visit.ask(clusters.get_cluster, asked)
    return render(
        visit.request, "cluster.html", visit=visit, found=found, page=_PAGE, offset=query.offset,
        opinions=opinions_of(await visit.profile()),
    )  # fmt: skip


async def _tracks(visit: Visit, rows: Integers, name: str, kind: str) -> Sequence[Any]:
    if not len(rows):
        raise ProblemError(Problem.UNKNOWN_NAME, f"catalogue {visit.served.name!r} has no {kind} {name!r}")
    return await visit.compute(lambda: sorted(tracks_of(visit.served, rows.tolist()), key=lambda one: natural(one.id)))


async def _show_list(visit: Visit, query: NameQuery, shown: Sequence[Any], **about: Any) -> Response:
    return render(
        visit.request, "group.html", visit=visit, name=query.name, total=len(shown), offset=query.offset, page=_PAGE,
        tracks=shown[query.offset : query.offset + _PAGE], opinions=opinions_of(await visit.profile()),
        **{"albums": [], "artist": None, **about},
    )  # fmt: skip
