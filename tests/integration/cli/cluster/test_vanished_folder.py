"""A music folder that is gone, in the local cluster: the reason reaches whoever watches, at once and once."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from segue.cluster.api_server.object_files import read_objects
from segue.commands.bring_to_end import Request, bring_to_end
from segue.errors import CommandError
from segue.render.display import display
from segue.servers.session import Endpoints
from segue_operator.kinds.conditions import condition_of
from segue_operator.kinds.objects import Kind
from support.manifests import put, track_batch

NO_SERVERS = Endpoints("127.0.0.1:1", "mongodb://127.0.0.1:2/")


@pytest.mark.parametrize("terminal", [True, False])
async def test_a_folder_that_is_gone_is_named_at_once_and_not_again(tmp_path: Path, terminal: bool) -> None:
    output, music = io.StringIO(), tmp_path / "music"
    source = {"volume": {"hostPath": {"path": str(music)}}, "metadata": {"format": "Tags"}}
    request = Request((put(track_batch("songs", source=source), "metadata.uid", None),), {}, timeout_seconds=4)
    plain = {"markup": False, "highlight": False, "color_system": None}
    shown = display(Console(file=output, width=80, force_terminal=terminal, **plain))
    with pytest.raises(CommandError, match="timed out"):
        await bring_to_end(
            request, tmp_path / "state", NO_SERVERS, {}, display=shown, report=lambda _key, _change: None
        )
    reason = f"CreateContainerConfigError: hostPath {music} is not a folder on this machine"
    said = [line for line in output.getvalue().splitlines() if reason in line]
    assert len(said) == 1, output.getvalue()
    assert "trackbatch/songs: Extracting: waiting for pod songs-extract-0-" in said[0]
    stored = next(found for found in read_objects(tmp_path / "state") if found["kind"] == Kind.TRACK_BATCH)
    stalled, summary = condition_of(stored, "Stalled"), condition_of(stored, "Succeeded")
    assert (stalled["status"], stalled["reason"]) == ("Unknown", "PodWaiting")
    assert reason in stalled["message"]
    assert summary["message"].startswith("pod songs-extract-0-")
