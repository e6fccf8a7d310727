"""Lay out the pages of the site in a folder: those of docs/, those from elsewhere in the tree, the generated ones.

Generated pages are made for every build and not committed, so they cannot be out of date. Pages that live elsewhere
(the READMEs, the changelog, …) stay there. Links between files of the repository become links between pages.
"""

from __future__ import annotations

import argparse
import posixpath
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import alerts
import commands
import kinds
import metrics
import navigation

ROOT = Path(__file__).resolve().parents[2]
DOCS = "docs/"
FILES = "files/"
"""Where the site has linked files that are not pages, such as manifests."""

ELSEWHERE: Mapping[str, str] = {
    "README.md": "index.md",
    "examples/README.md": "tutorials/examples.md",
    "charts/segue/README.md": "reference/chart-segue.md",
    "charts/segue-stack/README.md": "reference/chart-segue-stack.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "SECURITY.md": "project/security.md",
    "CODE_OF_CONDUCT.md": "project/code-of-conduct.md",
}
"""Pages from other folders: path in the repository to page of the site."""

GENERATED: Mapping[str, Callable[[Path], str]] = {
    "reference/trackbatch.md": lambda root: kinds.page(root, "trackbatches"),
    "reference/trainingrun.md": lambda root: kinds.page(root, "trainingruns"),
    "reference/commands.md": lambda _: commands.page(),
    "reference/metrics.md": lambda _: metrics.page(),
    "reference/alerts.md": alerts.page,
}

STYLE = "docs/generate/site.css"
CONFIGURATION = "zensical.toml"

_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")


class DeadLinkError(ValueError):
    """A page links to a file that the repository does not have; the message names both."""


def stage(root: Path, out: Path) -> None:
    """Write all pages below ``out``, which is emptied first.

    Raises
    ------
    DeadLinkError
        A link leads to no file of the repository.
    """
    shutil.rmtree(out, ignore_errors=True)
    own = [path.relative_to(root).as_posix() for path in (root / DOCS).rglob("*.md")]
    for source in (*own, *ELSEWHERE):
        _write(out / site_path(source), _page(root, out, source))
    shutil.copy(root / STYLE, out)
    for place, make in GENERATED.items():
        if (out / place).exists():
            raise FileExistsError(f"{place} is generated: remove docs/{place}")
        _write(out / place, make(root))


def site_path(path: str) -> str:
    """Where the site shows a file of the repository."""
    if path in ELSEWHERE:
        return ELSEWHERE[path]
    return path.removeprefix(DOCS) if path.startswith(DOCS) else FILES + path


def _page(root: Path, out: Path, source: str) -> str:
    here = posixpath.dirname(site_path(source))

    def lead(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[1]))
        place = site_path(target)
        if place not in GENERATED:
            _take_along(root / target, out / place, source)
        return posixpath.relpath(place, here or ".") + (match[2] or "")

    return _LINK.sub(lead, (root / source).read_text("utf-8"))


def _take_along(linked: Path, place: Path, source: str) -> None:
    """Copy a linked file that is not a page to where the site has it."""
    if not linked.is_file():
        raise DeadLinkError(f"{source} links to {linked}, which does not exist or is a folder: link to a file")
    if linked.suffix != ".md":
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(linked, place)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main() -> int:
    """Write the pages into the folder that the command line names; 1 when a link or the navigation is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder to write, emptied first")
    try:
        out = parser.parse_args().out
        stage(ROOT, out)
        navigation.check(ROOT / CONFIGURATION, out)
    except (DeadLinkError, navigation.NavigationError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
