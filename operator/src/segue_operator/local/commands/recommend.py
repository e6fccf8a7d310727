"""``segue recommend``: tracks like one track, or for a listener's likes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict

from rich.text import Text

from segue_jobs.contract import Family
from segue_jobs.recommend.answer import Hit, Recommendations
from segue_jobs.recommend.filters import Filters
from segue_jobs.recommend.recommender import Recommender
from segue_operator.local.catalogue_view import explained, full_title, open_catalogue
from segue_operator.local.commandline import Command, Invocation, printable, write_json
from segue_operator.local.errors import CommandExit
from segue_operator.local.render import cell, percent, table


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is below 1")
    return value


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--catalogue", required=True, help="catalogue to recommend from")
    seeds = parser.add_mutually_exclusive_group(required=True)
    seeds.add_argument("--track", metavar="ID", help="tracks like this one")
    seeds.add_argument("--like", action="append", metavar="ID", help="tracks for who likes this one; repeatable")
    parser.add_argument(
        "--dislike", action="append", default=[], metavar="ID", help="keep away from this one; repeatable"
    )
    parser.add_argument("-n", "--limit", type=_positive, default=10, metavar="COUNT", help="how many (default: 10)")
    parser.add_argument("--artist-cap", type=_positive, default=2, metavar="COUNT", help="of one artist (default: 2)")
    parser.add_argument(
        "--model", metavar="VERSION", help="by this model, for example demo:1 (default: the active one)"
    )
    parser.add_argument("--why", action="store_true", help="each family's share of the similarity; they add up to 1")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _title(hit: Hit) -> Text:
    text = Text(printable(hit.title or hit.track_id))
    if by := hit.artist or hit.album:
        text.append(f"  {printable(by)}", style="dim")
    return text


def _print(call: Invocation, recommender: Recommender, answer: Recommendations) -> None:
    seeds = [
        card
        for taste in answer.tastes
        for card in (recommender.tracks.cards[recommender.tracks.row_of[i]] for i in taste)
    ]
    for word, cards in (("like", seeds),):
        for card in cards:
            cluster = recommender.tracks.clusters[recommender.tracks.row_of[card.track_id]]
            line = Text.assemble(f"{word} ", (printable(full_title(card)), "bold"), (f"  cluster {cluster}", "dim"))
            call.console.print(line, soft_wrap=True)
    families = (
        [family for family in Family if any(family in hit.why for hit in answer.hits)] if call.arguments.why else []
    )
    shares = [family.upper() for family in families]
    columns = ["#", "TRACK", "SIMILARITY", *shares, *(["CLUSTER", "WHY"] if call.arguments.why else []), "ID"]
    made = table(*columns, right=("#", "SIMILARITY", "CLUSTER", *shares))
    for place, hit in enumerate(answer.hits, start=1):
        row = [cell(place, "dim"), _title(hit), cell(f"{hit.similarity:.2f}", "bold")]
        row += [cell(percent(hit.why.get(family, 0.0))) for family in families]
        row += [cell(hit.cluster), cell(hit.words)] if call.arguments.why else []
        made.add_row(*row, cell(hit.track_id, "dim"))
    call.console.print(made)
    if answer.note:
        call.notes.print(f"note: {answer.note}", soft_wrap=True)


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
    likes = [wanted.track] if wanted.track else wanted.like
    recommender = open_catalogue(call, wanted.catalogue, wanted.model)
    with explained(recommender):
        answer = recommender.recommend(
            likes, wanted.dislike, limit=wanted.limit, artist_cap=wanted.artist_cap, filters=Filters()
        )
    if wanted.json:
        write_json(call.console, _document(answer))
    else:
        _print(call, recommender, answer)
    return CommandExit.OK


COMMAND = Command(
    examples=[
        "segue recommend --catalogue demo --track drascula-track6 --why",
        "segue recommend --catalogue demo --like ardentryst-castle --like mrrescue-roof --dislike noiz2sa-stg1 -n 5",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
