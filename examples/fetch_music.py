"""Fetch real, freely licensed music out of Debian packages, without installing them.

Usage: python examples/fetch_music.py OUT [--packages NAME ...]

Writes ``OUT/music/<package>/<id>.ogg`` (tracks of 30 seconds or more), each package's licence beside them and
``OUT/tracks.csv``. A few short sound effects, a broken file and a row without audio are kept on purpose, to show what
becomes of them. A package that is there already is not fetched again. Exit code 3: too few tracks could be had.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import mutagen
from debian_music import AUDIO, Fetched, PackageError, fetch, game, slug
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

PACKAGES = (
    "drascula-music", "ardentryst", "wizznic-data", "amoebax-data", "noiz2sa-data", "tumiki-fighters-data", "mrrescue",
    "plee-the-bear-data", "btanks-data",
)  # fmt: skip
GAMES = {"btanks-data": "Battle Tanks", "mrrescue": "Mr. Rescue", "noiz2sa-data": "Noiz2sa"}
"""Names of games that their packages' names do not tell."""
ENOUGH_TRACKS = 20
TOO_FEW_FETCHED = 3
COLUMNS = ("id", "title", "artist", "album", "genre", "path")
TAGS = {
    "title": ("title", "TIT2"),
    "artist": ("artist", "TPE1"),
    "album": ("album", "TALB"),
    "genre": ("genre", "TCON"),
}


def heading(text: str) -> str:
    """A file's name as a title: ``here_comes_a_toy`` becomes ``Here Comes A Toy``, ``track6`` ``Track 6``."""
    words = re.sub(r"(?<=[a-z])(?=[0-9])", " ", re.sub(r"[_\-\s]+", " ", text)).strip()
    return words.title() if words.islower() or "_" in text else words


# ---------------------------------------------------------------------------------------------------------------
# Metadata


def first_tag(tags: object, names: tuple[str, ...]) -> str:
    """First non-empty value of a tag under any of its names."""
    for name in names:
        value = tags.get(name) if hasattr(tags, "get") else None
        value = getattr(value, "text", value)
        value = value[0] if isinstance(value, list) and value else value
        if value and str(value).strip():
            return " ".join(str(value).split())
    return ""


def describe(path: Path, music: Path) -> dict[str, str]:
    """One row of the CSV: the file's tags; title, album and genre fall back to its name and its game."""
    try:
        tags = mutagen.File(path).tags
    except (mutagen.MutagenError, AttributeError, OSError):
        tags = None
    row = {field: first_tag(tags, names) for field, names in TAGS.items()}
    package = path.parent.name
    album = GAMES.get(package) or heading(game(package))
    return {
        "id": path.stem,
        "title": row["title"] or heading(path.stem.removeprefix(f"{slug(game(package))}-")),
        "artist": row["artist"],
        "album": row["album"] or album,
        "genre": row["genre"].title() or album,
        "path": path.relative_to(music).as_posix(),
    }


def add_odd_ones(music: Path) -> list[dict[str, str]]:
    """A broken file, and a row whose audio is missing: real catalogues have both."""
    folder = music / "odd-ones"
    folder.mkdir(exist_ok=True)
    (folder / "odd-broken-download.ogg").write_bytes(b"OggS" + bytes(range(256)) * 16)
    album = {"artist": "", "album": "Odd ones", "genre": "Odd ones"}
    return [
        {"id": "odd-broken-download", "title": "Half a download", "path": "odd-ones/odd-broken-download.ogg", **album},
        {"id": "odd-lost-tape", "title": "A row without audio", "path": "odd-ones/odd-lost-tape.ogg", **album},
    ]


def write_table(rows: list[dict[str, str]], target: Path) -> None:
    """Write the CSV, and only if it changed."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: row["id"]))
    if not target.exists() or target.read_text(encoding="utf-8") != text.getvalue():
        target.write_text(text.getvalue(), encoding="utf-8")


def licences(copyright_file: Path) -> str:
    """Short names of the licences in a Debian copyright file."""
    if not copyright_file.is_file():
        return "unknown"
    text = copyright_file.read_text(encoding="utf-8", errors="replace")
    names = {name.strip() for name in re.findall(r"^License:[ \t]*(\S[^\n]*)$", text, re.MULTILINE)}
    if not names:
        return "in words of its own, see the file"
    shown = ", ".join(sorted(names)[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


# ---------------------------------------------------------------------------------------------------------------


def fetch_all(packages: list[str], music: Path, console: Console) -> tuple[list[Fetched], dict[str, str]]:
    """Fetch packages, two at a time; what failed comes back with its reason."""
    fetched, failed = [], {}
    columns = (TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("packages", total=len(packages))
        with ThreadPoolExecutor(2) as pool:
            jobs = {pool.submit(fetch, package, music): package for package in packages}
            for job in as_completed(jobs):
                try:
                    fetched.append(job.result())
                except (PackageError, OSError) as error:
                    failed[jobs[job]] = str(error)
                progress.advance(bar)
    return fetched, failed


def update_lists(console: Console) -> bool:
    """Refresh apt's lists, where this user may."""
    console.print("refreshing apt's package lists (apt-get update)")
    return subprocess.run(["apt-get", "update", "-qq"], capture_output=True, check=False).returncode == 0


def report(fetched: list[Fetched], failed: dict[str, str], out: Path, console: Console) -> None:
    """Say what is there and under which licences."""
    for item in sorted((item for item in fetched if item.is_new), key=lambda item: item.package):
        licence = licences(out / "music" / item.package / "copyright")
        line = f"  {item.package:22} {item.tracks:3} tracks  {licence}"
        console.print(line, highlight=False, soft_wrap=True)
    for package, reason in sorted(failed.items()):
        console.print(f"  {package:22} not available: {reason}", highlight=False, soft_wrap=True)
    total = sum(item.tracks for item in fetched)
    console.print(f"{total} tracks in {out}; each package's licence is in its file 'copyright'", soft_wrap=True)


def main(argv: list[str] | None = None) -> int:
    """Fetch, describe, report."""
    parser = argparse.ArgumentParser(description="Fetch real music out of Debian packages, without installing them.")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write to")
    parser.add_argument("--packages", nargs="+", default=list(PACKAGES), metavar="NAME", help="packages to take")
    arguments = parser.parse_args(argv)
    console = Console()
    music = arguments.out / "music"
    music.mkdir(parents=True, exist_ok=True)
    missing = [tool for tool in ("apt-get", "dpkg-deb") if not shutil.which(tool)]
    if missing and not all((music / package).is_dir() for package in arguments.packages):
        console.print(f"{' and '.join(missing)} not found: this system has no Debian packages", soft_wrap=True)
        return TOO_FEW_FETCHED
    fetched, failed = fetch_all(arguments.packages, music, console)
    if failed and update_lists(console):
        again, failed = fetch_all(sorted(failed), music, console)
        fetched += again
    if sum(item.tracks for item in fetched) < ENOUGH_TRACKS:
        report(fetched, failed, arguments.out, console)
        return TOO_FEW_FETCHED
    files = sorted(path for item in fetched for path in (music / item.package).iterdir() if path.suffix in AUDIO)
    write_table([describe(path, music) for path in files] + add_odd_ones(music), arguments.out / "tracks.csv")
    report(fetched, failed, arguments.out, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
