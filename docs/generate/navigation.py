"""The site's navigation against its pages: the site generator does not compare them itself."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LISTED_ELSEWHERE = "decisions/0"
"""Pages that another page lists: the decisions, in their README."""


class NavigationError(ValueError):
    """Navigation and pages differ; the message names the pages."""


def check(config: Path, out: Path) -> None:
    """Compare the navigation of a configuration with the pages below a folder.

    Raises
    ------
    NavigationError
        An entry has no page, or a page has no entry.
    """
    entries = set(_pages(tomllib.loads(config.read_text("utf-8"))["project"]["nav"]))
    pages = {path.relative_to(out).as_posix() for path in out.rglob("*.md")}
    if missing := sorted(entries - pages):
        raise NavigationError(f"the navigation in {config.name} has no page for {', '.join(missing)}")
    if hidden := sorted(page for page in pages - entries if not page.startswith(LISTED_ELSEWHERE)):
        raise NavigationError(f"{config.name} does not list {', '.join(hidden)}: add them to nav")


def _pages(entry: Any) -> Iterator[str]:
    """Pages of a nested navigation: lists of tables, whose values are pages or lists."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, dict):
        yield from _pages(list(entry.values()))
    else:
        for one in entry:
            yield from _pages(one)
