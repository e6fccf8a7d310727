"""``segue demo``: synthesised music to recommendations, with nothing but this installation."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from segue.commandline import Call, Invocation
from segue.errors import CommandError, CommandExit

CATALOGUE, CLAIM = "demo", "demo-music"
_ASKED = 3
_MANIFESTS = ("trackbatch.yaml", "trainingrun.yaml")


def run(*, call: Call) -> int:
    """Make music, ingest it, train on it, and ask what sounds alike."""
    from segue.commands.apply_manifests import ApplyOptions, apply_manifests
    from segue.commands.manifest_files import read_manifests
    from segue.commands.requirements import check_installed

    manifests = _write_manifests(call)
    check_installed(read_manifests([str(manifests)]), call.environ)
    music = call.state.root / "demo"
    _step(call, f"Music, in {music}")
    _make_music(call, music)
    command = f"segue apply -f {manifests} --volume {CLAIM}={music}"
    _step(call, f"Ingest and train: {command}")
    again = _has_failed(call)
    options = ApplyOptions([str(manifests)], (f"{CLAIM}={music}",), again=again, timeout=None, as_json=False)
    if code := apply_manifests(call, options):
        return code
    _ask(call)
    _draw(call, music / "clusters.png")
    _step(call, "What to try next")
    call.console.print(_NEXT, soft_wrap=True)
    return CommandExit.OK


_NEXT = f"""\
  segue tracks --catalogue {CATALOGUE}
  segue recommend --catalogue {CATALOGUE} --like TITLE --dislike TITLE --why
  segue queue --catalogue {CATALOGUE} --from TITLE --m3u walk.m3u8
  segue rejected --catalogue {CATALOGUE}
  segue serve
  segue sync ~/Music"""


def _step(call: Invocation, text: str) -> None:
    call.console.print(f"\n== {text}", style="bold", soft_wrap=True)


def _write_manifests(call: Invocation) -> Path:
    """The manifests of the demo, where a person can read and change them."""
    folder = call.state.manifests / CATALOGUE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _MANIFESTS:
            if not (folder / name).exists():
                (folder / name).write_text(files("segue").joinpath("manifests", name).read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(
            f"cannot write to {folder}: {error.strerror}", "name another one with --state DIR"
        ) from error
    return folder


def _make_music(call: Invocation, music: Path) -> None:
    if (music / "tracks.csv").exists():
        call.console.print("it is there already")
        return
    from segue.commands.demo_music import synthesise

    count = synthesise(music, tell=not call.notes.quiet)
    call.console.print(f"{count} tracks: simple sounds of known styles, which numpy made; no licence binds them")


def _has_failed(call: Invocation) -> bool:
    from segue.cluster.api_server.object_files import read_objects
    from segue.render.resources import is_true

    return any(
        is_true(found, "Failed") for found in read_objects(call.state.root) if found["metadata"]["name"] == CATALOGUE
    )


def _ask(call: Invocation) -> None:
    from segue.commands.catalogue_view import open_catalogue
    from segue.render.recommendations import print_recommendations
    from segue.render.track_entries import typical_rows

    recommender = open_catalogue(call, CATALOGUE)
    for row in typical_rows(recommender, 1)[:_ASKED]:
        track_id = recommender.tracks.cards[row].track_id
        _step(call, f"segue recommend --catalogue {CATALOGUE} --track {track_id} --limit 5 --why")
        print_recommendations(call.console, recommender, recommender.similar(track_id, limit=5), why=True)


def _draw(call: Invocation, path: Path) -> None:
    from segue.commands import map as cluster_map

    if find_spec("matplotlib") is None:
        call.notes.print("\nno map: it needs the extra plot, pip install 'segue[plot]'")
        return
    _step(call, f"A map: segue map --catalogue {CATALOGUE} --output {path}")
    cluster_map.run(catalogue=CATALOGUE, output=path, call=call)
