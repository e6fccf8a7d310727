"""Compares two versions of a catalogue's model."""

from __future__ import annotations

from segue_api.ports import Store
from segue_api.problems import Problem, ProblemError
from segue_api.service.catalogues import Served
from segue_api.wire.comparison import ClusterDiff, DiffAnswer, MeasureDiff, SeedDiff
from segue_api.wire.tracks import Reference
from segue_core.recommend.model_diff import Side, diff_models
from segue_core.recommend.question_errors import NoModelError


def compare(store: Store, served: Served, before: str, after: str) -> DiffAnswer:
    """Compare two versions; the one in service is not loaded again.

    Raises
    ------
    ProblemError
        There is no such version.
    RecommendError
        A version cannot be loaded.
    StoreUnavailableError
        The database does not answer.
    """
    diff = diff_models(_side(store, served, before), _side(store, served, after))
    return DiffAnswer(
        catalogue=served.name,
        before=diff.before,
        after=diff.after,
        common_tracks=diff.common_tracks,
        only_before=diff.only_before,
        only_after=diff.only_after,
        seeds=diff.seeds,
        overlap=diff.overlap,
        rank_shift=diff.rank_shift,
        moved=diff.moved,
        measures=tuple(
            MeasureDiff(name=name, before=left, after=right) for name, (left, right) in diff.measures.items()
        ),
        clusters=tuple(
            ClusterDiff(
                number=one.number,
                before=one.before.name if one.before else None,
                before_tracks=one.before.tracks if one.before else None,
                after=one.after.name if one.after else None,
                after_tracks=one.after.tracks if one.after else None,
            )
            for one in diff.clusters
        ),
        most_changed=tuple(
            SeedDiff(
                seed=Reference(id=one.track_id, title=one.title, artist=one.artist),
                overlap=one.overlap,
                rank_shift=one.rank_shift,
                gone=one.gone,
                arrived=one.arrived,
            )
            for one in diff.most_changed
        ),
    )


def _side(store: Store, served: Served, key: str) -> Side:
    if key == served.model.key:
        return Side(served.model, served.recommender)
    try:
        document, recommender = store.load(served.name, key)
    except NoModelError as error:
        raise ProblemError(Problem.UNKNOWN_MODEL, str(error)) from error
    return Side(document, recommender)
