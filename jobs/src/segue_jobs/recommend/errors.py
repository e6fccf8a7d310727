"""Why a question cannot be answered, in words for the one who asked."""

from __future__ import annotations

from collections.abc import Sequence


class RecommendError(ValueError):
    """The question cannot be answered; the message says why and what to do."""


class UnknownTrackError(RecommendError):
    """No such track in the catalogue."""

    def __init__(self, catalogue: str, track_id: str, suggestions: Sequence[str]) -> None:
        self.track_id = track_id
        self.suggestions = tuple(suggestions)
        hint = f"; did you mean {' or '.join(self.suggestions)}?" if self.suggestions else ""
        super().__init__(f"catalogue {catalogue!r} has no track {track_id!r}{hint}")


class AbsentTrackError(RecommendError):
    """The track is known, but no part of the model."""

    def __init__(self, track_id: str, reason: str, message: str) -> None:
        self.track_id = track_id
        self.reason = reason
        super().__init__(f"track {track_id!r} cannot be compared: {reason}: {message}")


class UnknownGenreError(RecommendError):
    """No track has the genre."""

    def __init__(self, genre: str, suggestions: Sequence[str]) -> None:
        hint = f"; did you mean {' or '.join(map(repr, suggestions))}?" if suggestions else ""
        super().__init__(f"no track has the genre {genre!r}{hint}")


class EmptyCatalogueError(RecommendError):
    """The catalogue has no track that could be recommended."""


class NoModelError(RecommendError):
    """The catalogue has no such model, or none yet."""


class UnreadableModelError(RecommendError):
    """The model's documents are damaged, or of a version that this program does not know."""

    def __init__(self, model: str, problem: str) -> None:
        super().__init__(f"model {model!r} cannot be read: {problem}; choose another version or apply a TrainingRun")
