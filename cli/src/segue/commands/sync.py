"""``segue sync``: a folder of music becomes a catalogue, and stays up to date."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from segue.commandline import Call, Invocation
from segue.errors import UsageError

_HEAD = "# `segue sync` writes this file again each time. To change it, delete this line first.\n"
_OTHERS = re.compile(r"[^a-z0-9]+")


def catalogue_name(folder: Path) -> str:
    """A catalogue's name from that of a folder: ``~/My Music`` is ``my-music``; ``music`` if no letter is left."""
    from segue.commands.init import LONGEST_NAME

    plain = unicodedata.normalize("NFKD", folder.name).encode("ascii", "ignore").decode().lower()
    name = _OTHERS.sub("-", plain)[:LONGEST_NAME].strip("-0123456789")
    return name or "music"


def run(
    folder: Annotated[Path, Parameter(help="folder with your music; all its subfolders are read")],
    /,
    *,
    catalogue: Annotated[
        str | None,
        Parameter(
            metavar="NAME",
            help="a name for it: lowercase letters, digits and '-' (default: after the folder)",
            show_default=False,
        ),
    ] = None,
    train: Annotated[
        bool, Parameter(help="train even if the model knows all that is there", show_default=False)
    ] = False,
    call: Call,
) -> int:
    """Write the two manifests, ingest what is new, and train if anything has changed."""
    from segue.commands.apply_manifests import ApplyOptions, apply_manifests
    from segue.commands.init import check_catalogue_name, checked_folder, make_manifests
    from segue.commands.known_training import KnownTraining

    music, found = checked_folder(folder)
    name = catalogue or catalogue_name(music)
    check_catalogue_name(name)
    output = call.state.manifests / name
    _write(call, output, music, make_manifests(music, name, found.tracks, _HEAD))
    say = call.notes if call.notes.quiet else call.console
    say.print(f"in {music}:", soft_wrap=True)
    for line in found.lines():
        say.print(f"  {line}", soft_wrap=True)
    say.print(f"catalogue {name}; its manifests are in {output}", soft_wrap=True)
    known = KnownTraining(call.state.trained / f"{name}.json", name)
    if train:
        known.forget()
    options = ApplyOptions([str(output)], (), again=True, timeout=None, as_json=False, known_training=known)
    code = apply_manifests(call, options)
    if not code:
        say.print(
            f"\nnext: segue tracks --catalogue {name}\n"
            f"      segue queue --catalogue {name} --from TITLE --m3u queue.m3u8",
            soft_wrap=True,
        )
    return code


def _write(call: Invocation, output: Path, music: Path, files: dict[str, str]) -> None:
    """Write the manifests, unless a person has changed them; one catalogue has one folder."""
    from segue.commands.manifest_files import read_manifests
    from segue.render.resources import at

    there = [output / name for name in files if (output / name).is_file()]
    for manifest in read_manifests(map(str, there)):
        known = at(manifest, "spec", "source", "volume", "hostPath", "path")
        if known is not None and Path(known) != music:
            raise UsageError(
                f"the catalogue {output.name!r} is already in sync with {known}",
                "name another one for this folder with --catalogue",
            )
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = output / name
            if path.is_file() and not path.read_text(encoding="utf-8").startswith(_HEAD):
                call.notes.print(f"{path} was changed by hand and is used as it is", soft_wrap=True)
            else:
                path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot write to {output}: {error.strerror}", "name another folder with --state DIR"
        ) from error
