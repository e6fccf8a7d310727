"""The service is told where the audio of each batch is, in words that its own reader takes."""

from __future__ import annotations

from pathlib import Path

from segue.cluster.api_server.object_files import ObjectFiles
from segue.commands.audio_volumes import audio_file, remember_audio, remember_stored_audio
from segue.state import State
from segue_api.service.audio_volumes import AudioVolumes
from segue_core.store.facts import Root
from support.manifests import track_batch, training_run


def batch(volume: dict[str, object], catalogue: str = "mine") -> dict[str, object]:
    source = {"volume": volume, "metadata": {"format": "Tags"}}
    manifest = track_batch(source=source)
    manifest["spec"]["catalogue"] = catalogue
    return manifest


def found(state: State, catalogue: str, volume: str) -> Path | None:
    volumes = AudioVolumes(audio_file(state))
    volumes.refresh()
    return volumes.find(catalogue, Root(volume=volume))


def test_folders_and_claims_are_found_by_the_names_that_records_have(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    claim = {"persistentVolumeClaim": {"claimName": "music"}}
    manifests = [batch({"hostPath": {"path": "/srv/music/"}}), batch(claim, "claimed"), training_run()]
    remember_audio(state, manifests, {"music": tmp_path})
    assert found(state, "mine", "hostPath/srv/music") == Path("/srv/music")
    assert found(state, "claimed", "persistentVolumeClaim/default/music") == tmp_path
    assert found(state, "mine", "persistentVolumeClaim/default/music") is None
    remember_audio(state, [batch({"hostPath": {"path": "/srv/more"}}), batch(claim, "claimed")], {})
    assert found(state, "mine", "hostPath/srv/more") == Path("/srv/more")
    assert found(state, "claimed", "persistentVolumeClaim/default/music") == tmp_path


def test_batches_from_before_are_found_and_a_damaged_file_is_written_anew(tmp_path: Path) -> None:
    state = State(tmp_path)
    manifest = batch({"hostPath": {"path": "/srv/music"}})
    ObjectFiles(state.root).write(manifest)
    audio_file(state).parent.mkdir()
    audio_file(state).write_text("{")
    remember_stored_audio(state)
    assert found(state, "mine", "hostPath/srv/music") == Path("/srv/music")
