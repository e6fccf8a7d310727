"""A catalogue's tracks and model for commands: loaded from the database, its errors made the command line's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from segue_jobs.recommend.catalogue import load_catalogue
from segue_jobs.recommend.errors import (
    EmptyCatalogueError,
    NoModelError,
    RecommendError,
    UnknownTrackError,
    UnreadableModelError,
)
from segue_jobs.recommend.recommender import Recommender
from segue_jobs.recommend.tracks import Card
from segue_operator.local.commandline import Invocation
from segue_operator.local.errors import CommandError, UsageError, did_you_mean
from segue_operator.local.rejections import check_catalogue
from segue_operator.local.session import open_database


def open_catalogue(call: Invocation, catalogue: str, model: str | None = None) -> Recommender:
    """Load a catalogue with its active model, or the one that is named.

    Raises
    ------
    UsageError
        There is no such catalogue or model.
    CommandError
        The model's documents are damaged, or of a newer version of Segue.
    """
    with open_database(call.state, call.environ, call.title) as database:
        check_catalogue(database, catalogue)
        try:
            return load_catalogue(database, catalogue, model)
        except NoModelError as error:
            raise UsageError(
                str(error), "train one with a TrainingRun: segue apply -f; see: segue get models"
            ) from error
        except EmptyCatalogueError as error:
            raise UsageError(str(error), f"see what was rejected: segue rejected --catalogue {catalogue}") from error
        except UnreadableModelError as error:
            raise CommandError(str(error), "see which there are: segue get models") from error


@contextmanager
def explained(recommender: Recommender) -> Iterator[None]:
    """Turn a question's errors into the command line's, with similar ids."""
    try:
        yield
    except UnknownTrackError as error:
        hint = f"did you mean {' or '.join(error.suggestions)}?" if error.suggestions else None
        hint = hint or did_you_mean(error.track_id, recommender.tracks.row_of)
        message = f"catalogue {recommender.catalogue!r} has no track {error.track_id!r}"
        raise UsageError(
            message, hint or f"search for it: segue tracks TEXT --catalogue {recommender.catalogue}"
        ) from error
    except RecommendError as error:
        raise UsageError(str(error)) from error


def full_title(card: Card) -> str:
    """Title with artist, or with the album where the artist is unknown."""
    by = card.artist or card.album
    title = card.title or card.track_id
    return f"{title} — {by}" if by else title
