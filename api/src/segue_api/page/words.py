"""Words that a network says of tracks, where people type them."""

from __future__ import annotations

from starlette.responses import Response

from segue_api.page.rendering import render
from segue_api.page.visit import Visit
from segue_core.recommend.question_errors import UnknownWordError


def refuse_words(visit: Visit, action: str, sounds: str, error: UnknownWordError) -> Response:
    """The page for words that no network can tell: it says which ones there are.

    Parameters
    ----------
    action
        Path of the page that was asked.
    """
    return render(
        visit.request, "unknown_words.html", visit=visit, status=400, action=action, sounds=sounds, problem=str(error)
    )
