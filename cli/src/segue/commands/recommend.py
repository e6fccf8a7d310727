"""``segue recommend``: tracks like one track, or for a listener's likes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from segue.commandline import AsJson, Call, Catalogue, Invocation, Model, Positive, write_json
from segue.commands.filter_options import NO_FILTERS, FilterOptions, FilterSet
from segue.commands.playing import NO_PLAY, Play, PlayOptions
from segue.errors import CommandExit, UsageError
from segue.extras import check_programs

if TYPE_CHECKING:
    from segue_core.recommend.answer import Recommendations
    from segue_core.recommend.recommender import Recommender
    from segue_core.store.track_files import LocatedFile

_ANSWERING = (
    "segue.commands.catalogue_view",
    "segue.commands.known_volumes",
    "segue.commands.playing",
    "segue.commands.typed_tracks",
    "segue.render.recommendations",
)
_WAYS = "use --track ID for tracks like one, --like ID for a listener's likes, or --words TEXT"


def run(
    *,
    catalogue: Catalogue,
    track: Annotated[
        tuple[str, ...],
        Parameter(
            metavar="TRACK",
            help="tracks like this one: its id, title or file, or an artist, an album or a playlist (M3U); "
            "repeat it for a list each",
        ),
    ] = (),
    like: Annotated[
        tuple[str, ...],
        Parameter(
            metavar="TRACK", help="instead of --track: what the listener likes, named in the same way; repeatable"
        ),
    ] = (),
    dislike: Annotated[
        tuple[str, ...], Parameter(metavar="TRACK", help="keep away from this, named in the same way; repeatable")
    ] = (),
    options: FilterSet = NO_FILTERS,
    play: Play = NO_PLAY,
    limit: Annotated[Positive, Parameter(alias="-n", help="how many tracks")] = 10,
    artist_cap: Annotated[Positive, Parameter(help="how many tracks of one artist")] = 2,
    model: Model = None,
    why: Annotated[
        bool,
        Parameter(
            help="each family's share of the similarity (they add up to 1), and how many tracks each rule left out",
            show_default=False,
        ),
    ] = False,
    as_json: AsJson = False,
    call: Call,
) -> int:
    """Print one list for all likes, or a list for every track."""
    if track and like:
        raise UsageError("--track and --like exclude each other", _WAYS)
    if not (track or like) and (dislike or not options.words):
        raise UsageError("--track or --like is missing", _WAYS)
    play.check(as_json=as_json)
    check_programs("segue recommend", ("numpy", "pymongo"))
    from segue.commands.database_access import open_database

    with ExitStack() as stack:
        database = stack.enter_context(open_database(call, _import_recommender))
        from segue.commands.catalogue_view import explained, loaded_catalogue
        from segue.commands.known_volumes import located_files
        from segue.commands.typed_tracks import TypedTracks

        recommender = loaded_catalogue(call, database, catalogue, model)
        stack.enter_context(explained(recommender))
        typed = TypedTracks(call, database, recommender)
        questions: list[Sequence[str]] = [typed.find("--track", one) for one in track]
        if like:
            questions = [typed.find_all("--like", like)]
        disliked = typed.find_all("--dislike", dislike)
        answers = [
            recommender.recommend(likes, disliked, limit=limit, artist_cap=artist_cap, filters=options.filters)
            for likes in questions
        ]
        if not questions:
            answers = [_by_words(recommender, options, limit, artist_cap)]
        listed = {hit.track_id for answer in answers for hit in answer.hits}
        files = located_files(call, database, catalogue, listed)
    if as_json:
        _write_json(call, answers, files)
    elif not play.only_files:
        _print_lists(call, recommender, answers, why=why)
        if options.duration is not None:
            _tell_lengths(call, answers)
    _deliver(call, play, recommender, answers, files)
    return CommandExit.OK


def _import_recommender() -> None:
    """Import what answers and prints: it takes as long as a small database needs to start."""
    for module in _ANSWERING:
        import_module(module)


def _by_words(recommender: Recommender, options: FilterOptions, limit: int, artist_cap: int) -> Recommendations:
    from segue_core.recommend.by_words import recommend_by_words

    return recommend_by_words(recommender, options.words, limit=limit, artist_cap=artist_cap, filters=options.filters)


def _write_json(call: Invocation, answers: Sequence[Recommendations], files: dict[str, LocatedFile]) -> None:
    from segue.render.recommendations import recommendations_document

    documents = [recommendations_document(answer, files) for answer in answers]
    write_json(call.console, documents if len(documents) > 1 else documents[0])


def _print_lists(call: Invocation, recommender: Recommender, answers: Iterable[Recommendations], *, why: bool) -> None:
    from segue.render.recommendations import print_recommendations

    for place, answer in enumerate(answers):
        if place:
            call.console.print()
        print_recommendations(call.console, recommender, answer, why=why)
        if answer.note:
            call.notes.print(f"note: {answer.note}", soft_wrap=True)


def _tell_lengths(call: Invocation, answers: Iterable[Recommendations]) -> None:
    """Say whose length a filter by duration has looked at."""
    from segue_core.recommend.track_length import LengthSource

    lengths = [hit.length_from for answer in answers for hit in answer.hits]
    if stated := lengths.count(LengthSource.METADATA):
        rest = f", of the other {len(lengths) - stated} it is measured" if stated < len(lengths) else ""
        text = f"note: of {stated} tracks the duration is that of the metadata, because their files are clips{rest}"
        call.notes.print(text, soft_wrap=True)


def _deliver(
    call: Invocation,
    play: PlayOptions,
    recommender: Recommender,
    answers: Iterable[Recommendations],
    files: dict[str, LocatedFile],
) -> None:
    from segue.commands.playing import deliver, playable

    tracks = [playable(recommender, hit.track_id) for answer in answers for hit in answer.hits]
    deliver(call, play, tracks, {track_id: file.location for track_id, file in files.items()})
