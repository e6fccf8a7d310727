"""Every ending that is listed stands in the documentation, and each in one group."""

from __future__ import annotations

import re
from pathlib import Path

from segue_jobs.listing.formats import AUDIO_EXTENSIONS, FILMS, LOSSLESS, LOSSY, PROTECTED

PAGE = Path(__file__).parents[4] / "docs" / "collections.md"


def test_the_page_lists_the_endings() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## Formats")[2].partition("The content decides")[0]
    assert set(re.findall(r"`(\.[a-z0-9]+)`", section)) == AUDIO_EXTENSIONS


def test_no_ending_is_in_two_groups() -> None:
    assert sum(map(len, (LOSSLESS, LOSSY, FILMS, PROTECTED))) == len(AUDIO_EXTENSIONS)
