"""No damaged file stops a shard: each becomes a track or a rejection with a reason."""

import threading

import numpy as np
import pytest

from segue_core.contract import Engine, WindowPosition
from segue_jobs.extract.analyse import Analysis, Method, Request
from segue_jobs.extract.decode import Window
from segue_jobs.extract.workers import Workers
from segue_jobs.listing.listed_tracks import Problem
from support.audio import write_tune
from support.encoded import stereo, write_as
from support.mutations import damaged_copies

METHOD = Method(Engine.NATIVE, Window(WindowPosition.MIDDLE, 10.0, 2.0), 1 << 30)


@pytest.mark.slow
def test_every_damaged_file_is_a_track_or_a_rejection_with_a_reason(tmp_path):
    originals = [write_tune(tmp_path / f"tune{suffix}", 6.0) for suffix in (".mp3", ".ogg", ".flac", ".wav", ".aiff")]
    originals.append(write_tune(tmp_path / "tune.opus", 6.0, 24_000))
    originals += [write_as(tmp_path / f"encoded{suffix}", stereo(6.0)) for suffix in (".m4a", ".wma", ".wv", ".mka")]
    copies = damaged_copies(originals, tmp_path, 250, seed=20)
    requests = [Request(path.name, path, METHOD) for path in copies]

    results = {
        request.track_id: result for request, result in Workers(2, Engine.NATIVE, 30.0).run(requests, threading.Event())
    }

    assert results.keys() == {request.track_id for request in requests}
    problems = [result for result in results.values() if isinstance(result, Problem)]
    analyses = [result for result in results.values() if isinstance(result, Analysis)]
    assert len(problems) + len(analyses) == len(copies)
    assert problems
    assert analyses
    assert all(problem.reason and problem.message for problem in problems)
    assert all(np.isfinite(np.concatenate(list(analysis.families.values()))).all() for analysis in analyses)
