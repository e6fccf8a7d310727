"""Why a question cannot be answered, worded for the person who asked."""

from __future__ import annotations

from collections.abc import Sequence

from segue_core.contract.wording import did_you_mean


class RecommendError(ValueError):
    """The question cannot be answered; the message says why and what to do."""


def _with_hint(message: str, suggestions: Sequence[str]) -> str:
    hint = did_you_mean(suggestions)
    return f"{message}; {hint}" if hint else message


class UnknownTrackError(RecommendError):
    """No such track in the catalogue."""

    def __init__(self, catalogue: str, track_id: str, suggestions: Sequence[str]) -> None:
        self.track_id = track_id
        self.suggestions = tuple(suggestions)
        super().__init__(_with_hint(f"catalogue {catalogue!r} has no track {track_id!r}", self.suggestions))


class AbsentTrackError(RecommendError):
    """The track is known, but is not in the model."""

    def __init__(self, track_id: str, reason: str, message: str) -> None:
        self.track_id = track_id
        self.reason = reason
        super().__init__(f"track {track_id!r} cannot be compared: {reason}: {message}")


class UnknownGenreError(RecommendError):
    """No track has the genre."""

    def __init__(self, genre: str, suggestions: Sequence[str]) -> None:
        super().__init__(_with_hint(f"no track has the genre {genre!r}", tuple(map(repr, suggestions))))


class UnknownWordError(RecommendError):
    """No tag is meant by the word."""

    def __init__(self, word: str, suggestions: Sequence[str], known: Sequence[str]) -> None:
        if known:
            message = f"no network can tell {word!r} here; these words are understood: {', '.join(known)}"
        else:
            message = "no network has heard these tracks: ingest them with extraction.learned to ask by words"
        super().__init__(_with_hint(message, tuple(map(repr, suggestions)) if known else ()))


class EmptyCatalogueError(RecommendError):
    """The catalogue has no tracks that could be recommended."""


class NoModelError(RecommendError):
    """The catalogue has no such model, or no model yet."""


class UnreadableModelError(RecommendError):
    """The model's documents are damaged, or have a schema version that this program does not know."""

    def __init__(self, model: str, problem: str) -> None:
        super().__init__(f"model {model!r} cannot be read: {problem}; choose another version or apply a TrainingRun")
