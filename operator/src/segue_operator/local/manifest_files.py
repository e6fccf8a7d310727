"""Manifests from the command line: all of them read and checked before anything is begun."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from segue_operator.api.manifests import SUFFIXES, ManifestError, load_manifests, validate
from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.api.trackbatch import TrackBatch
from segue_operator.local.errors import UsageError
from segue_operator.local.resources import short_name

STANDARD_INPUT = "-"
SERVER_FIELDS = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
"""Metadata that a server sets: in a manifest that was printed by ``get`` it is of an object that may be gone."""


def _expand(paths: Iterable[str]) -> Iterator[Path]:
    for given in paths:
        path = Path("/dev/stdin" if given == STANDARD_INPUT else given)
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())
            yield from files or [path]
        else:
            yield path


def read_manifests(paths: Iterable[str]) -> list[Manifest]:
    """Every manifest of the files and folders, in their order, each valid and of a name of its own.

    Raises
    ------
    UsageError
        With every problem of every file at once, a line each.
    """
    problems: list[str] = []
    found: dict[Key, tuple[Manifest, Path]] = {}
    for path in _expand(paths):
        try:
            manifests = load_manifests(path)
        except ManifestError as error:
            problems.append(str(error))
            continue
        for manifest in manifests:
            problems.extend(_check(manifest, path, found))
    if problems:
        count = f"{len(problems)} problems" if len(problems) > 1 else "a problem"
        raise UsageError(f"{count} in the manifests; nothing was begun\n" + "\n".join(f"  {text}" for text in problems))
    return [_as_written(manifest) for manifest, _ in found.values()]


def _as_written(manifest: Manifest) -> Manifest:
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in SERVER_FIELDS}
    return {name: value for name, value in manifest.items() if name != "status"} | {"metadata": metadata}


def _check(manifest: Manifest, path: Path, found: dict[Key, tuple[Manifest, Path]]) -> list[str]:
    try:
        validate(manifest)
    except ManifestError as error:
        name = (manifest.get("metadata") or {}).get("name") if isinstance(manifest.get("metadata"), dict) else None
        where = f"{path} ({manifest.get('kind')} {name})" if name else str(path)
        return [f"{where}: {problem}" for problem in error.problems]
    key = Key.of(manifest)
    if key in found:
        return [f"{path}: {short_name(key)} is in {found[key][1]} too: give one of them another name"]
    found[key] = (manifest, path)
    return []


# ---------------------------------------------------------------------------------------------------------- volumes


def parse_volumes(pairs: Iterable[str]) -> dict[str, Path]:
    """``CLAIM=DIR`` pairs as claims and absolute folders.

    Raises
    ------
    UsageError
        One has another form, names a claim twice, or its folder is missing.
    """
    volumes: dict[str, Path] = {}
    for pair in pairs:
        claim, separator, folder = pair.partition("=")
        if not separator or not claim or not folder:
            raise UsageError(f"--volume {pair}: it has the form CLAIM=DIR", "for example --volume music=/srv/music")
        path = Path(folder).expanduser()
        if not path.is_dir():
            raise UsageError(f"--volume {pair}: {path} is not a folder", "name the folder that stands for this claim")
        if volumes.setdefault(claim, path.resolve()) != path.resolve():
            raise UsageError(f"--volume gives the claim {claim!r} two folders", "keep one of them")
    return volumes


def check_sources(manifests: Sequence[Manifest], volumes: Mapping[str, Path]) -> None:
    """Check that the audio and metadata of every batch are there before any server is started.

    Raises
    ------
    UsageError
        A claim has no folder, or a path does not exist; every problem at once.
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
            problems.append(f"trackbatch/{batch.metadata.name} wants the volume claim {claim.claim_name!r}")
            continue
        problems.extend(_missing_paths(batch, volumes))
    if problems:
        options = " ".join(f"--volume {claim}=DIR" for claim in dict.fromkeys(missing))
        hint = f"say which folder stands for it here: {options}" if missing else "correct the paths in the manifest"
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
