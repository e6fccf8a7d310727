"""Music out of Debian packages, without installing them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mutagen

AUDIO = frozenset({".ogg", ".oga", ".mp3", ".wav", ".flac", ".opus"})
ARCHIVES = frozenset({".pk3", ".zip", ".love"})
MINIMUM_SECONDS = 30.0
EFFECTS_FROM = frozenset({"ardentryst", "mrrescue", "tumiki-fighters-data"})
EFFECT_SECONDS = (0.2, 4.0)
LARGEST_MEMBER_BYTES = 200 * 1024 * 1024


class PackageError(Exception):
    """A package could not be had; the message says why."""


@dataclass(frozen=True)
class Fetched:
    """One package on disk."""

    package: str
    tracks: int
    is_new: bool


def game(package: str) -> str:
    """Name of the game that a package belongs to: ``drascula-music`` is of ``drascula``."""
    return re.sub(r"-(data|music)$", "", package)


def slug(text: str) -> str:
    """Lower-case letters, digits and single hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "untitled"


def run(command: list[str], directory: Path) -> None:
    """Run a tool quietly.

    Raises
    ------
    PackageError
        It failed; the message is the last line that it wrote.
    """
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise PackageError(f"{' '.join(command[:2])}: {lines[-1] if lines else f'exit code {done.returncode}'}")


def download(package: str, directory: Path) -> Path:
    """Fetch a package's file with apt-get, which checks its signature."""
    run(["apt-get", "download", "-q", package], directory)
    found = next(directory.glob(f"{package}_*.deb"), None)
    if found is None:
        raise PackageError(f"apt-get download {package} left no file")
    return found


def audio_members(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    """Audio files of an archive, huge ones left out."""
    for member in archive.infolist():
        if Path(member.filename).suffix.lower() in AUDIO and member.file_size <= LARGEST_MEMBER_BYTES:
            yield member


def audio_files(root: Path, scratch: Path) -> Iterator[Path]:
    """Audio files below a folder, those inside its archives too (written to ``scratch`` under names of our own)."""
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_symlink():
                continue
            if path.suffix.lower() in AUDIO:
                yield path
            elif path.suffix.lower() in ARCHIVES and zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    for member in audio_members(archive):
                        target = scratch / Path(member.filename).name
                        target.write_bytes(archive.read(member))
                        yield target


def seconds(path: Path) -> float:
    """Length of an audio file; 0 for one that cannot be read."""
    try:
        return float(mutagen.File(path).info.length)
    except (mutagen.MutagenError, AttributeError, OSError):
        return 0.0


def free_path(folder: Path, stem: str, suffix: str) -> Path:
    """Path in a folder that is not taken: a number is added to a name that is."""
    path, number = folder / f"{stem}{suffix}", 2
    while path.exists():
        path, number = folder / f"{stem}-{number}{suffix}", number + 1
    return path


def unpack(deb: Path, package: str, target: Path, scratch: Path) -> None:
    """Move a package's tracks and its licence into ``target``, and from a few packages one short effect."""
    root, inner = scratch / "root", scratch / "inner"
    inner.mkdir()
    run(["dpkg-deb", "-x", str(deb), str(root)], scratch)
    target.mkdir(parents=True)
    effects_wanted = package in EFFECTS_FROM
    for path in audio_files(root, inner):
        length = seconds(path)
        is_effect = effects_wanted and EFFECT_SECONDS[0] <= length <= EFFECT_SECONDS[1]
        if length < MINIMUM_SECONDS and not is_effect:
            continue
        effects_wanted = effects_wanted and not is_effect
        stem = f"{slug(game(package))}-{'effect-' if is_effect else ''}{slug(path.stem)}"
        shutil.move(path, free_path(target, stem, path.suffix.lower()))
    licence = root / "usr/share/doc" / package / "copyright"
    if licence.is_file():
        shutil.copyfile(licence, target / "copyright")


def fetch(package: str, music: Path) -> Fetched:
    """Bring one package's music to ``music/<package>``, whole or not at all.

    Raises
    ------
    PackageError
        It could not be downloaded or unpacked.
    """
    final = music / package
    is_new = not final.is_dir()
    if is_new:
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=music.resolve()) as scratch:
            work = Path(scratch)
            ready = work / "ready"
            unpack(download(package, work), package, ready, work)
            ready.rename(final)
    tracks = sum(path.suffix in AUDIO and "-effect-" not in path.name for path in final.iterdir())
    return Fetched(package, tracks, is_new)
