"""Suggestions for a mistyped id."""

from __future__ import annotations

from itertools import islice

from segue_core.contract.wording import similar
from segue_core.recommend.track_names import normalise_name
from segue_core.recommend.track_table import Tracks

_SEARCHED = 20_000
"""Names and ids that are compared at most: a mistyped id must not cost a million comparisons."""
_LONGEST = 200


def suggest(tracks: Tracks, text: str, count: int = 3) -> tuple[str, ...]:
    """Tracks whose name contains the text, then similar ids; of a large catalogue, only its first rows are searched."""
    wanted = normalise_name(text[:_LONGEST])
    near = dict(islice(tracks.row_of.items(), _SEARCHED))
    cards = (tracks.card(row) for row in near.values())
    named = (card for card in cards if len(wanted) > 2 and wanted in normalise_name(card.label))
    labels = [card.label for card in islice(named, count)]
    labels += [tracks.card(near[one]).label for one in similar(text[:_LONGEST], near, limit=count, cutoff=0.75)]
    return tuple(dict.fromkeys(labels))[:count]
