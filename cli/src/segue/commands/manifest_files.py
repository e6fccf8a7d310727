"""Manifests from the command line: all of them read and checked before anything starts."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from segue.errors import UsageError
from segue.render.resources import short_name
from segue_operator.kinds.manifests import SUFFIXES, ManifestError, load_manifests, validate
from segue_operator.kinds.messages import shorten
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kinds.trackbatch import TrackBatch

STANDARD_INPUT = "-"
AUDIO_SUFFIXES = frozenset((".aif", ".aiff", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".wma"))
"""Endings of most people's music."""
_LOOKED_AT = 2000
"""Files and folders that are looked at to tell music from manifests."""
_SHOWN_PROBLEMS = 20
_PROBLEM_LENGTH = 500
SERVER_FIELDS = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
"""Metadata that a server sets; a manifest printed by ``get`` has that of an object that may be gone."""


def _expand(paths: Iterable[str]) -> Iterator[Path]:
    for given in paths:
        path = Path("/dev/stdin" if given == STANDARD_INPUT else given)
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())
            yield from files or [path]
        else:
            yield path


def read_manifests(paths: Iterable[str]) -> list[Manifest]:
    """Read every manifest of the files and folders, in order; each is valid and has a name of its own.

    Raises
    ------
    UsageError
        One line for every problem of every file.
    """
    problems: list[str] = []
    found: dict[Key, tuple[Manifest, Path]] = {}
    for path in _expand(paths):
        _check_no_music(path)
        try:
            manifests = load_manifests(path)
        except ManifestError as error:
            problems.append(str(error))
            continue
        for manifest in manifests:
            problems.extend(_check(manifest, path, found))
    if problems:
        raise UsageError(_summary(problems))
    return [_as_written(manifest) for manifest, _ in found.values()]


def _check_no_music(path: Path) -> None:
    """Point a newcomer who names a folder of music, or a song, to what makes manifests of it."""
    if path.is_dir():
        is_music = _has_music(path)
        folder = path
    else:
        is_music = path.suffix.lower() in AUDIO_SUFFIXES
        folder = path.parent
    if is_music:
        what = "holds music, but no manifests" if path.is_dir() else "is music, not a manifest"
        quoted = shlex.quote(str(folder))
        raise UsageError(
            f"{path} {what}",
            f"segue sync {quoted} ingests it and trains; segue init {quoted} --catalogue NAME --output DIR only "
            "writes the manifests",
        )


def _has_music(folder: Path) -> bool:
    """Whether there is an audio file in a folder without manifests, or in one of the folders in it."""
    looked_at = 0
    for _, folders, files in os.walk(folder):
        if any(Path(name).suffix.lower() in AUDIO_SUFFIXES for name in files):
            return True
        looked_at += 1 + len(files)
        if looked_at > _LOOKED_AT:
            break
        folders.sort()
    return False


def _summary(problems: Sequence[str]) -> str:
    count = f"{len(problems):,} problems" if len(problems) > 1 else "a problem"
    lines = [f"  {shorten(text, _PROBLEM_LENGTH)}" for text in problems[:_SHOWN_PROBLEMS]]
    if len(problems) > _SHOWN_PROBLEMS:
        lines.append(f"  … and {len(problems) - _SHOWN_PROBLEMS:,} more")
    return "\n".join([f"{count} in the manifests", *lines])


def _as_written(manifest: Manifest) -> Manifest:
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in SERVER_FIELDS}
    return {name: value for name, value in manifest.items() if name != "status"} | {"metadata": metadata}


def _check(manifest: Manifest, path: Path, found: dict[Key, tuple[Manifest, Path]]) -> list[str]:
    try:
        validate(manifest)
    except ManifestError as error:
        name = (manifest.get("metadata") or {}).get("name") if isinstance(manifest.get("metadata"), dict) else None
        where = f"{path} ({manifest.get('kind')} {shorten(str(name), 60)})" if name else str(path)
        return [f"{where}: {problem}" for problem in error.problems]
    key = Key.of(manifest)
    if key in found:
        return [f"{path}: {short_name(key)} is also in {found[key][1]}: rename one of them"]
    found[key] = (manifest, path)
    return []


def line_of(paths: Iterable[str], key: Key, field: str) -> tuple[Path, int | None] | None:
    """The file that has a manifest, and the number of the line that sets a field; None for the line if none does.

    Returns
    -------
    None if no file has it, such as when it came from standard input.
    """
    for path in _expand(given for given in paths if given != STANDARD_INPUT):
        try:
            known = {Key.of(manifest) for manifest in load_manifests(path)}
            lines = path.read_text(encoding="utf-8").splitlines() if key in known else None
        except (ManifestError, OSError, ValueError, KeyError):
            continue  # it was changed while it was applied
        if lines is not None:
            found = (number for number, line in enumerate(lines, 1) if re.match(rf"\s*{re.escape(field)}\s*:", line))
            return path, next(found, None)
    return None


# ---------------------------------------------------------------------------------------------------------- volumes


def parse_volumes(pairs: Iterable[str]) -> dict[str, Path]:
    """``CLAIM=DIR`` pairs as claims and absolute folders.

    Raises
    ------
    UsageError
        A pair has another form, names a claim twice, or its folder is missing.
    """
    volumes: dict[str, Path] = {}
    for pair in pairs:
        claim, separator, folder = pair.partition("=")
        if not separator or not claim or not folder:
            raise UsageError(f"--volume {pair}: must have the form CLAIM=DIR", "for example --volume music=/srv/music")
        path = Path(folder).expanduser()
        if not path.is_dir():
            raise UsageError(f"--volume {pair}: {path} is not a folder", "name the local folder for this claim")
        if volumes.setdefault(claim, path.resolve()) != path.resolve():
            raise UsageError(f"--volume gives the claim {claim!r} two folders", "keep one of them")
    return volumes


def check_sources(manifests: Sequence[Manifest], volumes: Mapping[str, Path]) -> None:
    """Check that the audio and metadata of every batch are there before any server is started.

    Raises
    ------
    UsageError
        A claim has no folder, or a path does not exist; it lists every problem.
    """
    problems: list[str] = []
    missing: list[str] = []
    for manifest in manifests:
        if manifest["kind"] != Kind.TRACK_BATCH:
            continue
        batch = TrackBatch.model_validate(manifest)
        claim = batch.spec.source.volume.persistent_volume_claim
        if claim is not None and claim.claim_name not in volumes:
            missing.append(claim.claim_name)
            problems.append(f"trackbatch/{batch.metadata.name} needs the volume claim {claim.claim_name!r}")
            continue
        problems.extend(_missing_paths(batch, volumes))
    if problems:
        options = " ".join(f"--volume {claim}=DIR" for claim in dict.fromkeys(missing))
        mount = "mount the disk that has it, or correct the path in the manifest"
        hint = f"name the local folder for it: {options}" if missing else mount
        raise UsageError("\n  ".join(problems), hint)


def _missing_paths(batch: TrackBatch, volumes: Mapping[str, Path]) -> Iterator[str]:
    source, name = batch.spec.source, f"trackbatch/{batch.metadata.name}"
    if source.volume.host_path is not None:
        root = Path(source.volume.host_path.path)
    elif source.volume.persistent_volume_claim is not None:
        root = volumes[source.volume.persistent_volume_claim.claim_name]
    else:
        return
    if not (root / source.audio_path).is_dir():
        yield f"{name}: spec.source.audioPath: there is no folder {root / source.audio_path}"
    if source.metadata.path is not None and not (root / source.metadata.path).is_file():
        yield f"{name}: spec.source.metadata.path: there is no file {root / source.metadata.path}"
