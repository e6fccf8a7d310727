"""What an apply needs on this machine beyond the command line itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from segue.errors import UsageError
from segue.extras import check_embedded_database, check_learned, check_librosa, check_programs
from segue_core.contract import PUBLISHED_EAR, Engine, Env
from segue_operator.kinds.objects import Kind, Manifest
from segue_operator.kinds.trackbatch import Extraction, TrackBatch

_OF_BATCHES = ("segue_jobs", "kafka", "numpy", "scipy", "pandas", "charset_normalizer", "soundfile", "soxr", "mutagen")
_OF_TRAINING = ("segue_jobs", "kafka", "numpy", "scipy", "pandas", "pyspark", "pyarrow")


def check_installed(manifests: Iterable[Manifest], environ: Mapping[str, str]) -> None:
    """Check that the programs of these manifests and the database can run, before anything is started.

    Raises
    ------
    UsageError
        Something is not installed; the hint names the extra that brings it.
    """
    for manifest in manifests:
        is_batch = manifest["kind"] == Kind.TRACK_BATCH
        check_programs("segue apply", _OF_BATCHES if is_batch else _OF_TRAINING)
        if is_batch:
            _check_extraction(TrackBatch.model_validate(manifest).spec.extraction, environ)
    if not environ.get(Env.MONGODB_URI):
        check_embedded_database()


def _check_extraction(extraction: Extraction, environ: Mapping[str, str]) -> None:
    if extraction.engine == Engine.LIBROSA:
        check_librosa()
    if extraction.learned is None:
        return
    check_learned()
    if extraction.learned.path is None:
        from segue_jobs.learned.published import is_fetched, models_folder

        if not is_fetched(models_folder(environ)):
            raise UsageError(
                f"extraction.learned needs the network {PUBLISHED_EAR}, which is not on this machine",
                "fetch it (29 MB): segue models fetch",
            )
