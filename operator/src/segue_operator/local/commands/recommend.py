"""``segue recommend``: tracks like one track, or for a listener's likes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict

from rich.table import Table
from rich.text import Text

from segue_jobs.contract import Family
from segue_jobs.recommend.answer import Hit, Recommendations
from segue_jobs.recommend.errors import RecommendError
from segue_jobs.recommend.filters import Drop, Filters, Range
from segue_jobs.recommend.recommender import Recommender
from segue_operator.local.catalogue_view import explained, full_title, open_catalogue
from segue_operator.local.commandline import Command, Invocation, positive, printable, write_json
from segue_operator.local.errors import CommandExit
from segue_operator.local.render import cell, number, percent, table

TRACK_WIDTH = 36
"""Columns of a title at most where reasons stand beside it."""
_RULES = {
    Drop.SEED: "given as likes or dislikes",
    Drop.DUPLICATE: "the same recording as another",
    Drop.GENRE: "of other genres",
    Drop.YEAR: "of other or unknown years",
    Drop.TEMPO: "of another tempo",
    Drop.DURATION: "of another duration",
    Drop.ARTIST_CAP: "of artists that have their share",
    Drop.DISLIKED: "nearer to a dislike",
}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--catalogue", required=True, help="catalogue to recommend from")
    seeds = parser.add_mutually_exclusive_group(required=True)
    seeds.add_argument(
        "--track", action="append", metavar="ID", help="tracks like this one; repeatable, a list for each"
    )
    seeds.add_argument("--like", action="append", metavar="ID", help="tracks for who likes this one; repeatable")
    parser.add_argument(
        "--dislike", action="append", default=[], metavar="ID", help="keep away from this one; repeatable"
    )
    _add_filters(parser)
    parser.add_argument("-n", "--limit", type=positive, default=10, metavar="COUNT", help="how many (default: 10)")
    parser.add_argument("--artist-cap", type=positive, default=2, metavar="COUNT", help="of one artist (default: 2)")
    parser.add_argument(
        "--model", metavar="VERSION", help="by this model, for example demo:1 (default: the active one)"
    )
    parser.add_argument(
        "--why",
        action="store_true",
        help="each family's share of the similarity (they add up to 1), and what was left out by which rule",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_filters(parser: argparse.ArgumentParser) -> None:
    filters = parser.add_argument_group(
        "filters",
        "RANGE is FROM..TO, FROM.., ..TO or one number; a track whose value is unknown passes no filter for it",
    )
    filters.add_argument(
        "--genre",
        action="append",
        default=[],
        metavar="NAME",
        help="only of this genre; repeatable, for any of several",
    )
    for name, what in (("year", "of these years"), ("tempo", "of this tempo, in BPM"), ("duration", "so many seconds")):
        filters.add_argument(f"--{name}", type=_range, metavar="RANGE", help=f"only {what}")


def _range(text: str) -> Range:
    """``FROM..TO`` with either end left out, or one number, for argparse."""
    low, dots, high = text.partition("..")
    try:
        ends = [float(end) if end.strip() else None for end in ((low, high) if dots else (low, low))]
    except ValueError:
        ends = []
    if not any(end is not None for end in ends):
        raise argparse.ArgumentTypeError(f"{text!r} is no range such as 1990..1999, 120.. or ..300")
    try:
        return Range(*ends)
    except RecommendError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _filters(wanted: argparse.Namespace) -> Filters:
    return Filters(
        genres=tuple(wanted.genre), year=wanted.year, tempo_bpm=wanted.tempo, duration_seconds=wanted.duration
    )


def _title(hit: Hit) -> Text:
    text = Text(printable(hit.title or hit.track_id))
    if by := hit.artist or hit.album:
        text.append(f" — {printable(by)}")
    return text


def _print(call: Invocation, recommender: Recommender, answer: Recommendations) -> None:
    tracks = recommender.tracks
    for liked in (track_id for taste in answer.tastes for track_id in taste):
        row = tracks.row_of[liked]
        name = printable(full_title(tracks.cards[row]))
        cluster = int(tracks.clusters[row])
        seed = f"  {printable(liked)}, cluster {cluster}: {printable(recommender.cluster_names[cluster])}"
        call.console.print(Text.assemble("like ", (name, "bold"), (seed, "dim")), soft_wrap=True)
    call.console.print(_explained_table(answer) if call.arguments.why else _short_table(answer))
    if call.arguments.why:
        call.console.print(cell(_left_out(answer), "dim"), soft_wrap=True)
    if answer.note:
        call.notes.print(f"note: {answer.note}", soft_wrap=True)


def _left_out(answer: Recommendations) -> str:
    """How many tracks each rule took out of the list, in the order in which the rules look at a track."""
    parts = [f"{number(count)} {_RULES[rule]}" for rule, count in answer.dropped.items()]
    return f"left out: {', '.join(parts) or 'none'}"


def _numbers(hit: Hit) -> tuple[Text, Text]:
    """The score that orders the list (similarity as seen from both tracks), and the plain cosine."""
    return cell(f"{hit.score:.2f}", "bold"), cell(f"{hit.similarity:.2f}")


def _short_table(answer: Recommendations) -> Table:
    made = table("SCORE", "COSINE", "TRACK", "ID", right=("SCORE", "COSINE"))
    for hit in answer.hits:
        made.add_row(*_numbers(hit), _title(hit), cell(hit.track_id, "dim"))
    return made


def _explained_table(answer: Recommendations) -> Table:
    """Each hit's similarity, the families' shares in it, and in words how it differs from the like."""
    families = [family for family in Family if any(family in hit.why for hit in answer.hits)]
    shares = [family.upper() for family in families]
    made = table("SCORE", "COSINE", "TRACK", *shares, "WHY", right=("SCORE", "COSINE", *shares), wide=("WHY",))
    made.columns[2].max_width = TRACK_WIDTH
    for hit in answer.hits:
        made.add_row(
            *_numbers(hit),
            _title(hit).append(f"\n{printable(hit.track_id)}", style="dim"),
            *(cell(percent(hit.why.get(family, 0.0))) for family in families),
            cell(hit.words),
        )
    return made


def _document(answer: Recommendations) -> dict[str, object]:
    return {
        "model": answer.model,
        "tastes": answer.tastes,
        "hits": list(_hits(answer)),
        "dropped": dict(answer.dropped),
        "note": answer.note,
    }


def _hits(answer: Recommendations) -> Iterator[dict[str, object]]:
    for hit in answer.hits:
        fields = asdict(hit)
        names = {"track_id": "trackId"}
        yield {names.get(name, name): dict(value) if name == "why" else value for name, value in fields.items()}


def _run(call: Invocation) -> int:
    wanted = call.arguments
    questions = [[track] for track in wanted.track] if wanted.track else [wanted.like]
    recommender = open_catalogue(call, wanted.catalogue, wanted.model)
    with explained(recommender):
        answers = [
            recommender.recommend(
                likes, wanted.dislike, limit=wanted.limit, artist_cap=wanted.artist_cap, filters=_filters(wanted)
            )
            for likes in questions
        ]
    if wanted.json:
        documents = [_document(answer) for answer in answers]
        write_json(call.console, documents if len(documents) > 1 else documents[0])
        return CommandExit.OK
    for place, answer in enumerate(answers):
        if place:
            call.console.print()
        _print(call, recommender, answer)
    return CommandExit.OK


COMMAND = Command(
    examples=[
        "segue recommend --catalogue demo --track drascula-track6 --why",
        "segue recommend --catalogue demo --like ardentryst-castle --like mrrescue-roof --dislike noiz2sa-stg1 -n 5",
        "segue recommend --catalogue demo --track drascula-track6 --genre Orchestral --tempo 90..130 --duration ..300",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
